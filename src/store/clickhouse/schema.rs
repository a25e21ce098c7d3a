//! The table: its columns, its keys, and why they are so.

use clickhouse::Row;
use serde::Deserialize;

use super::builder::{ClickHouseStoreBuilder, Engine};
use super::condition::{Sql, Value};
use super::day;
use super::server::Server;
use crate::error::{Error, ErrorKind};

const FAILED: &str = "the table cannot be prepared";

/// The version of the schema, as the table's comment has it.
pub(super) const VERSION: u32 = 1;

/// What the comment begins with.
pub(super) const COMMENT: &str = "tower-api-log schema ";

/// The name, the type and the codec of every column, in the order of the table.
pub(super) const COLUMNS: [(&str, &str, &str); 29] = [
    ("organisation", "String", "ZSTD(1)"),
    ("id", "UInt128", "ZSTD(3)"),
    ("version", "UInt64", "Delta(8), ZSTD(1)"),
    ("created_at", "Int64", "Delta(8), ZSTD(1)"),
    ("kind", "LowCardinality(String)", "ZSTD(1)"),
    ("method", "LowCardinality(String)", "ZSTD(1)"),
    ("path", "String", "ZSTD(1)"),
    ("route", "LowCardinality(String)", "ZSTD(1)"),
    ("status", "Int32", "T64, ZSTD(1)"),
    ("project", "String", "ZSTD(1)"),
    ("environment", "LowCardinality(String)", "ZSTD(1)"),
    ("actor", "String", "ZSTD(1)"),
    ("client_ip", "String", "ZSTD(1)"),
    ("user_agent", "String", "ZSTD(1)"),
    ("request_id", "String", "ZSTD(1)"),
    ("api_version", "LowCardinality(String)", "ZSTD(1)"),
    ("actor_kind", "LowCardinality(String)", "ZSTD(1)"),
    ("session", "String", "ZSTD(1)"),
    ("api_key", "String", "ZSTD(1)"),
    ("outcome", "LowCardinality(String)", "ZSTD(1)"),
    ("micros", "Int64", "T64, ZSTD(1)"),
    ("category", "LowCardinality(String)", "ZSTD(1)"),
    ("action", "LowCardinality(String)", "ZSTD(1)"),
    ("ref_id", "String", "ZSTD(1)"),
    ("exchange", "String", "ZSTD(1)"),
    ("weight", "UInt32", "ZSTD(1)"),
    ("head", "String", "ZSTD(1)"),
    ("request_text", "String", "ZSTD(1)"),
    ("response_text", "String", "ZSTD(1)"),
];

/// What is not stored but shown to who looks at the table by hand.
const ALIASES: [(&str, &str, &str); 2] = [
    (
        "time",
        "DateTime64(6, 'UTC')",
        "fromUnixTimestamp64Micro(created_at, 'UTC')",
    ),
    (
        "uuid",
        "UUID",
        "toUUID(replaceRegexpOne(lower(leftPad(hex(id), 32, '0')), '(.{8})(.{4})(.{4})(.{4})(.{12})', '\\\\1-\\\\2-\\\\3-\\\\4-\\\\5'))",
    ),
];

/// A page reads some granules whole, and one of all organisations a granule for each entry, so that they are an eighth of the rows of the default and a
/// twentieth of its bytes. Of entries of 3 KB, half a MiB makes such a page 85 ms and the table 9 % larger than two make it, with 126 ms.
const GRANULES: &str = "index_granularity = 1024, index_granularity_bytes = 524288";

/// A day that is past becomes one part: what merges copies of an entry then has nothing to do, and what was deleted leaves the files.
const MERGES: &str =
    "min_age_to_force_merge_seconds = 86400, min_age_to_force_merge_on_partition_only = 1";

/// Returns the statements that create what the store needs.
pub(super) fn ddl(settings: &ClickHouseStoreBuilder) -> Vec<String> {
    let (entries, held) = (entries(settings), held(settings));
    let mut made = vec![held, entries];
    if let (true, Some(cluster)) = (settings.distributed, &settings.cluster) {
        let tables = [
            (
                settings.held_table(),
                settings.local_held_table(),
                HELD.to_owned(),
                "cityHash64(id)",
            ),
            // All of an organisation on one shard, as are the copies of an entry.
            (
                settings.table(),
                settings.local_table(),
                columns(false),
                "cityHash64(organisation)",
            ),
        ];
        let on_cluster = settings.on_cluster();
        made.extend(tables.map(|(table, local, columns, shard)| {
            let local = local.trim_matches('`');
            format!(
                "CREATE TABLE IF NOT EXISTS {table}{on_cluster}\n(\n{columns}\n)\nENGINE = Distributed('{cluster}', currentDatabase(), '{local}', {shard})\nCOMMENT '{COMMENT}{VERSION}'"
            )
        }));
    }
    made
}

/// The columns of what is held.
const HELD: &str = "    id UInt128,\n    version UInt64,\n    held UInt8";

fn held(settings: &ClickHouseStoreBuilder) -> String {
    let (table, on_cluster) = (settings.local_held_table(), settings.on_cluster());
    let engine = engine(settings, "_held");
    format!(
        "CREATE TABLE IF NOT EXISTS {table}{on_cluster}\n(\n{HELD}\n)\nENGINE = {engine}\nORDER BY id\nCOMMENT '{COMMENT}{VERSION}'"
    )
}

fn engine(settings: &ClickHouseStoreBuilder, of: &str) -> String {
    match &settings.engine {
        Engine::MergeTree => "ReplacingMergeTree(version)".to_owned(),
        Engine::Replicated => "ReplicatedReplacingMergeTree(version)".to_owned(),
        Engine::ReplicatedAt { path, replica } => {
            let (path, replica) = (quoted(&format!("{path}{of}")), quoted(replica));
            format!("ReplicatedReplacingMergeTree({path}, {replica}, version)")
        }
    }
}

fn entries(settings: &ClickHouseStoreBuilder) -> String {
    let (table, on_cluster) = (settings.local_table(), settings.on_cluster());
    let (columns, engine, day) = (columns(true), engine(settings, ""), day::sql());
    let window = match settings.engine {
        // The others have one by default.
        Engine::MergeTree => "non_replicated_deduplication_window = 1000, ",
        Engine::Replicated | Engine::ReplicatedAt { .. } => "",
    };
    let ttl = settings.keep_days.map_or_else(String::new, |days| {
        // Held within what the type of times has.
        format!(
            "TTL toDateTime(least(greatest(intDiv(created_at, 1000000), 0), 4102444799), 'UTC') + toIntervalDay({days})\n"
        )
    });
    let fsync = match settings.fsync {
        true => "fsync_after_insert = 1, fsync_part_directory = 1, ",
        false => "",
    };
    // `created_at * 0` adds nothing to the key. What the key is made of has its least and largest value kept of every part.
    format!(
        "CREATE TABLE IF NOT EXISTS {table}{on_cluster}\n(\n{columns},\n    INDEX by_id id TYPE bloom_filter(0.001) GRANULARITY 1,\n    INDEX id_range id TYPE minmax GRANULARITY 1,\n    INDEX by_time created_at TYPE minmax GRANULARITY 1\n)\nENGINE = {engine}\nPARTITION BY ({day}, created_at * 0)\nORDER BY (organisation, id)\n{ttl}SETTINGS {window}{fsync}ttl_only_drop_parts = 1, {MERGES}, {GRANULES}\nCOMMENT '{COMMENT}{VERSION}'",
    )
}

/// Creates what there is not, and checks what there is.
pub(super) async fn prepare(
    server: &Server,
    settings: &ClickHouseStoreBuilder,
) -> Result<(), Error> {
    // Looked at first, so that a table of a newer version is left alone and none is created where one is.
    if settings.migrate && comment(server).await?.is_none() {
        for statement in ddl(settings) {
            server.execute(FAILED, &Sql::new(statement)).await?;
        }
    }
    check(server).await
}

/// Checks that the table is there, of this version, with the columns of this version.
pub(super) async fn check(server: &Server) -> Result<(), Error> {
    let Some(comment) = comment(server).await? else {
        return Err(wrong(
            "the table does not exist; connect with migrate(true), or create it as ddl() says",
        ));
    };
    let version = comment.strip_prefix(COMMENT).map(str::parse::<u32>);
    match version {
        Some(Ok(VERSION)) => {}
        Some(Ok(_)) => return Err(wrong("the table was made by a newer version of this crate")),
        _ => {
            return Err(wrong(
                "the table is not one of this store: its comment does not say so",
            ));
        }
    }
    let mut sql = Sql::new(
        "SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = ",
    );
    sql.bind(Value::Text(server.table().trim_matches('`').to_owned()));
    let there = server.all::<Column>(FAILED, &sql).await?;
    for (name, kind, _) in COLUMNS {
        match there.iter().find(|column| column.name == name) {
            Some(column) if column.kind == kind => {}
            Some(_) => {
                return Err(wrong(&format!(
                    "the column {name} of the table must be {kind}"
                )));
            }
            None => return Err(wrong(&format!("the table lacks the column {name}, {kind}"))),
        }
    }
    Ok(())
}

#[derive(Row, Deserialize)]
struct Column {
    name: String,
    #[serde(rename = "type")]
    kind: String,
}

/// Returns the comment of the table, if there is one.
async fn comment(server: &Server) -> Result<Option<String>, Error> {
    let mut sql = Sql::new(
        "SELECT comment FROM system.tables WHERE database = currentDatabase() AND name = ",
    );
    sql.bind(Value::Text(server.table().trim_matches('`').to_owned()));
    let comments = server.all::<String>(FAILED, &sql).await?;
    Ok(comments.into_iter().next())
}

fn wrong(message: &str) -> Error {
    Error::new(ErrorKind::Schema, message.to_owned())
}

fn columns(with_codecs: bool) -> String {
    let stored = COLUMNS.map(|(name, kind, codec)| match with_codecs {
        true => format!("    {name} {kind} CODEC({codec})"),
        false => format!("    {name} {kind}"),
    });
    let shown = ALIASES.map(|(name, kind, is)| format!("    {name} {kind} ALIAS {is}"));
    [stored.join(",\n"), shown.join(",\n")].join(",\n")
}

/// Returns a text as a literal.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}
