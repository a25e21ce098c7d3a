use super::condition::Sql;
use super::*;
use crate::entry::Kind;
use crate::query::{PathPattern, StatusRange};

const URL: &str = "http://log:made-up@127.0.0.1/logs";

fn ddl(builder: &ClickHouseStoreBuilder) -> String {
    builder.ddl().unwrap().join(";\n")
}

#[test]
fn one_server_has_two_plain_tables() {
    let ddl = ddl(&ClickHouseStore::builder(URL).table_name("calls"));
    assert_eq!(ddl.matches("CREATE TABLE IF NOT EXISTS").count(), 2);
    for part in [
        "CREATE TABLE IF NOT EXISTS `calls`\n",
        "CREATE TABLE IF NOT EXISTS `calls_held`\n",
        "ENGINE = ReplacingMergeTree(version)\nPARTITION BY (toYYYYMMDD(",
        "ORDER BY (organisation, id)\nSETTINGS non_replicated_deduplication_window = 1000",
        "ttl_only_drop_parts = 1",
        "COMMENT 'tower-api-log schema 1'",
    ] {
        assert!(ddl.contains(part), "{part} is not in {ddl}");
    }
    for part in ["ON CLUSTER", "TTL ", "Distributed", "fsync", "Replicated"] {
        assert!(!ddl.contains(part), "{part} is in {ddl}");
    }
}

#[test]
fn replicas_of_a_cluster_have_replicated_tables() {
    let builder = ClickHouseStore::builder(URL).cluster("{cluster}");
    let replicated = ddl(&builder.clone().engine(Engine::Replicated));
    assert_eq!(replicated.matches(" ON CLUSTER '{cluster}'").count(), 2);
    assert!(replicated.contains("ENGINE = ReplicatedReplacingMergeTree(version)"));
    assert!(!replicated.contains("non_replicated_deduplication_window"));

    let at = builder.engine(Engine::ReplicatedAt {
        path: "/clickhouse/{shard}/o'clock".into(),
        replica: "{replica}".into(),
    });
    let at = ddl(&at);
    assert!(
        at.contains(
            "ReplicatedReplacingMergeTree('/clickhouse/{shard}/o\\'clock', '{replica}', version)"
        ),
        "{at}"
    );
    assert!(
        at.contains("('/clickhouse/{shard}/o\\'clock_held', '{replica}', version)"),
        "{at}"
    );
}

#[test]
fn shards_have_tables_of_their_own_below_distributed_ones() {
    let ddl = ddl(&ClickHouseStore::builder(URL)
        .distributed("logs")
        .keep_days(30)
        .fsync(true));
    assert_eq!(ddl.matches("CREATE TABLE IF NOT EXISTS").count(), 4);
    assert_eq!(ddl.matches(" ON CLUSTER 'logs'").count(), 4);
    for part in [
        "EXISTS `api_log_local` ON",
        "EXISTS `api_log` ON",
        "ENGINE = Distributed('logs', currentDatabase(), 'api_log_local', cityHash64(organisation))",
        "ENGINE = Distributed('logs', currentDatabase(), 'api_log_held_local', cityHash64(id))",
        "+ toIntervalDay(30)\n",
        "fsync_after_insert = 1, fsync_part_directory = 1",
    ] {
        assert!(ddl.contains(part), "{part} is not in {ddl}");
    }
}

#[test]
fn settings_out_of_their_range_are_refused_by_name() {
    let builder = || ClickHouseStore::builder(URL);
    let long = "x".repeat(64);
    let zero = std::time::Duration::ZERO;
    for (wrong, name) in [
        (builder().table_name("a`b"), "table_name"),
        (builder().table_name(""), "table_name"),
        (builder().table_name("1a"), "table_name"),
        (builder().table_name(long), "table_name"),
        (builder().cluster("a'b"), "cluster"),
        (builder().distributed(""), "cluster"),
        (builder().keep_days(0), "keep_days"),
        (builder().read_timeout(zero), "read_timeout"),
        (builder().write_timeout(zero), "write_timeout"),
        (builder().upkeep_timeout(zero), "upkeep_timeout"),
        (ClickHouseStore::builder("localhost"), "URL"),
    ] {
        let error = wrong.ddl().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn builder_shows_neither_login_nor_values_of_settings() {
    let builder = ClickHouseStore::builder(URL).setting("secret_setting", "hidden value");
    let debug = format!("{builder:?}");
    assert!(
        debug.contains("127.0.0.1") && debug.contains("secret_setting"),
        "{debug}"
    );
    assert!(
        !debug.contains("made-up") && !debug.contains("hidden"),
        "{debug}"
    );
}

#[test]
fn nothing_from_outside_is_part_of_a_question() {
    let hostile = "org' OR 1=1 --";
    let mut filter = Filter::new();
    filter.organisations = vec![hostile.into()];
    filter.actors = vec![hostile.into(), "two".into()];
    filter.paths = vec![
        PathPattern::new(hostile),
        PathPattern::new(format!("{hostile}*")),
    ];
    filter.statuses = vec![StatusRange { from: 500, to: 599 }];
    filter.kinds = vec![Kind::Exchange];
    filter.text = Some(hostile.into());
    let mut sql = Sql::matching([&filter]).unwrap();
    sql.has_text(&filter).unwrap();
    let text = sql.text();
    assert!(!text.contains("org'") && !text.contains("OR 1=1"), "{text}");
    assert!(text.contains("organisation = {v"), "{text}");
    assert!(sql.values().count() >= 6);
}

#[test]
fn pieces_keep_their_values_when_they_are_put_together() {
    let mut filter = Filter::new();
    filter.organisations = vec!["one".into()];
    let one = Sql::matching([&filter]).unwrap();
    let mut twice = Sql::new("(");
    twice.append(one.clone()).sql(") OR (").append(one).sql(")");
    let place = |number: usize| format!("organisation = {{v{number}:String}}");
    assert_eq!(
        twice.text(),
        format!("(1 = 1 AND {}) OR (1 = 1 AND {})", place(0), place(1))
    );
    assert_eq!(twice.values().count(), 2);
}
