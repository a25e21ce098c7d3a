//! Lago's table and questions (`api_logs`, 2025-06) beside ours over the same rows: one service's calls of 20 organisations in ten days.

use clickhouse::Client;
use tower_api_log::query::{Filter, PathPattern, Position, StatusRange};
use tower_api_log::store::ClickHouseStore;
use tower_api_log::{EntryId, LogQuery, LogStore, Scope, Timestamp};

use crate::clickhouse::{connect, execute, number, url};
use crate::figures::Times;
use crate::proxy::Proxy;

const START: i64 = 1_792_000_000_000;
const SPAN: i64 = 10 * 86_400_000;
const SAMPLES: u32 = 100;

const LAGO: &str = "CREATE TABLE IF NOT EXISTS lago (request_id String, organization_id String, api_key_id String, api_version String,
    client String, request_body Map(String, String), request_response Map(String, Nullable(String)), request_path String,
    request_origin String, http_method Enum8('get' = 1, 'post' = 2, 'put' = 3, 'delete' = 4), http_status UInt32,
    logged_at DateTime64(3), created_at DateTime64(3))
    ENGINE = MergeTree PRIMARY KEY (organization_id, api_key_id, request_id, logged_at)
    ORDER BY (organization_id, api_key_id, request_id, logged_at) SETTINGS default_compression_codec = 'LZ4'";

pub(crate) async fn run(rows: u64) {
    let client = connect(&url());
    execute(&client, "CREATE DATABASE IF NOT EXISTS lago").await;
    let client = client
        .with_database("lago")
        .with_setting("max_execution_time", "3600");
    let proxy = Proxy::new(url().trim_end_matches("/default"));
    let connect = async |url: &str| {
        let builder = ClickHouseStore::builder(&format!("{url}/lago"));
        let builder = builder.setting("wait_end_of_query", "1");
        builder.connect().await.unwrap()
    };
    let stores = Stores {
        timed: connect(url().trim_end_matches("/default")).await,
        heard: connect(proxy.url()).await,
        proxy,
    };
    execute(&client, LAGO).await;
    if number(&client, "SELECT count() FROM lago").await != rows {
        fill(&client, rows).await;
    }
    sizes(&client, rows).await;
    println!("| question | rows read | ms | Lago: rows read | ms |");
    println!("|---|--:|--:|--:|--:|");
    ask(&stores, &client, rows).await;
}

/// The store as it is, and one whose answers are listened to for the rows that the server read.
struct Stores {
    timed: ClickHouseStore,
    heard: ClickHouseStore,
    proxy: Proxy,
}

/// Makes the rows of both tables: the calls and their answers, of which ours keeps the text and Lago's a map.
async fn fill(client: &Client, rows: u64) {
    for table in ["api_log", "lago"] {
        execute(client, &format!("TRUNCATE TABLE {table}")).await;
    }
    execute(client, "DROP TABLE IF EXISTS made").await;
    execute(client, &made(rows)).await;
    let ours = "INSERT INTO api_log (organisation, id, version, created_at, kind, method, path, route, status, api_version, api_key,
        user_agent, request_text, response_text, micros, head, outcome, weight)
        SELECT organisation, id, 70000000000000000 - intDiv(ms, 1000), ms * 1000, 'exchange', upper(verb), path, route, status, 'v1', api_key, agent,
        request, response, micros, concat('{\"version\":\"1.1\",\"request_body\":{\"state\":\"whole\",\"text\":\"\",\"bytes_seen\":', toString(length(request)),
        '},\"response\":{},\"response_body\":{\"state\":\"whole\",\"text\":\"\",\"bytes_seen\":', toString(length(response)),
        '},\"outcome\":\"completed\",\"timing\":{\"to_last_byte_micros\":', toString(micros), '}}'), 'completed', 1 FROM made";
    execute(client, ours).await;
    let lago = "INSERT INTO lago SELECT toString(generateUUIDv4(n)), organisation, api_key, 'v1', agent,
        JSONExtract(request, 'Map(String, String)'), JSONExtract(response, 'Map(String, Nullable(String))'), path,
        'https://api.example.com', verb, status, fromUnixTimestamp64Milli(ms), fromUnixTimestamp64Milli(ms) FROM made";
    execute(client, lago).await;
    for table in ["api_log", "lago"] {
        execute(client, &format!("OPTIMIZE TABLE {table} FINAL")).await;
    }
    execute(client, "DROP TABLE made").await;
}

fn made(rows: u64) -> String {
    format!("CREATE VIEW made AS WITH {START} + intDiv(n * {SPAN}, {rows}) AS millis,
        cityHash64(n, 1) AS a, cityHash64(n, 2) AS b, cityHash64(n, 3) AS c, cityHash64(n, 4) AS d,
        ['customers', 'invoices', 'events', 'plans', 'wallets', 'subscriptions'][a % 6 + 1] AS kind,
        concat(substring(kind, 1, 3), '_', lower(hex(b))) AS object,
        concat('\"external_id\":\"', lower(hex(a)), '\",\"name\":\"Customer ', toString(c % 100000), '\",\"currency\":\"EUR\",\"amount_cents\":',
            toString(d % 1000000)) AS fields
        SELECT n, toInt64(millis) AS ms, concat('org_', toString(b % 20)) AS organisation, concat('key_', toString(b % 60)) AS api_key,
            bitShiftLeft(toUInt128(millis), 80) + bitShiftLeft(toUInt128(0x7000 + a % 4096), 64) + bitShiftLeft(toUInt128(2), 62) + bitAnd(d, 4611686018427387903) AS id,
            ['post', 'put', 'delete', 'post'][c % 4 + 1] AS verb, concat('/api/v1/', kind) AS route,
            if(verb = 'post', route, concat(route, '/', object)) AS path, concat('lago-client/1.', toString(c % 40)) AS agent,
            toInt32([200, 200, 200, 201, 200, 200, 404, 422, 200, 500][d % 10 + 1]) AS status, toInt64(1000 + c % 200000) AS micros,
            concat('{{\"', kind, '\":{{', fields, ',\"country\":\"DE\",\"billing_time\":\"calendar\",\"net_payment_term\":30}}}}') AS request,
            concat('{{\"', kind, '\":{{\"lago_id\":\"', object, '\",', fields, ',\"created_at\":\"', toString(fromUnixTimestamp64Milli(ms, 'UTC')),
                '\",\"billing_configuration\":{{\"payment_provider\":\"stripe\",\"sync\":true,\"document_locale\":\"en\"}},\"status\":\"active\",\"taxes\":[]}}}}') AS response
        FROM (SELECT number AS n FROM numbers({rows}))")
}

async fn sizes(client: &Client, rows: u64) {
    let size = async |table: &str| {
        let sql = format!(
            "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database = 'lago' AND table = '{table}'"
        );
        number(client, &sql).await
    };
    let (ours, lago) = (size("api_log").await, size("lago").await);
    println!(
        "{rows} rows: {} MiB, {} bytes each; Lago's {} MiB, {} bytes each: {:.0} %\n",
        ours >> 20,
        ours / rows,
        lago >> 20,
        lago / rows,
        ours as f64 / lago as f64 * 100.0
    );
}

async fn ask(stores: &Stores, client: &Client, rows: u64) {
    let org = || LogQuery::new(Scope::organisation("org_3").unwrap()).limit(50);
    let newest = stores.timed.list(&org()).await.unwrap();
    let lago = |more: &str, order: &str| {
        format!(
            "SELECT * FROM lago WHERE organization_id = 'org_3' {more} ORDER BY logged_at DESC {order}"
        )
    };

    let (ours, read) = pages(stores, org()).await;
    let newest_of_theirs = theirs(client, &lago("", "LIMIT 50 OFFSET 0")).await;
    line(
        "the newest page of 50 of an organisation",
        read,
        &ours,
        &newest_of_theirs,
    );

    // 50,000 entries of the organisation lie before it.
    let back = SPAN / (rows / 20).max(1) as i64 * 50_000;
    let deep = Position::After(EntryId::first_at(millis(START + SPAN - back)));
    let (ours, read) = pages(stores, org().position(deep)).await;
    let theirs_deep = theirs(client, &lago("", "LIMIT 50 OFFSET 50000")).await;
    line("the thousandth page", read, &ours, &theirs_deep);

    let mut filter = Filter::new();
    filter.statuses = vec![StatusRange { from: 400, to: 499 }];
    filter.paths = vec![PathPattern::new("/api/v1/customers/*")];
    (filter.from, filter.to) = (
        Some(millis(START + SPAN / 2)),
        Some(millis(START + SPAN * 7 / 10)),
    );
    let (ours, read) = pages(stores, org().filter(filter)).await;
    let more = format!(
        "AND http_status BETWEEN 400 AND 499 AND request_path LIKE '/api/v1/customers/%' AND logged_at BETWEEN fromUnixTimestamp64Milli(toInt64({})) AND fromUnixTimestamp64Milli(toInt64({}))",
        START + SPAN / 2,
        START + SPAN * 7 / 10
    );
    let theirs_filtered = theirs(client, &lago(&more, "LIMIT 50 OFFSET 0")).await;
    line(
        "by status, path and two days",
        read,
        &ours,
        &theirs_filtered,
    );

    let id = newest.entries[25].id;
    let mut times = Times::default();
    for _ in 0..SAMPLES {
        let found = times.wait(stores.timed.get(&Scope::all(), id)).await;
        assert!(found.unwrap().is_some());
    }
    stores.proxy.rows_read();
    stores.heard.get(&Scope::all(), id).await.unwrap();
    let read = stores.proxy.rows_read();
    let request: String = client
        .query_raw("SELECT request_id FROM lago WHERE organization_id = 'org_3' LIMIT 1")
        .fetch_one()
        .await
        .unwrap();
    let more = format!("AND request_id = '{request}'");
    line(
        "an entry by its id",
        read,
        &times,
        &theirs(client, &lago(&more, "LIMIT 1")).await,
    );

    let all = LogQuery::new(Scope::all()).limit(50);
    let (ours, read) = pages(stores, all.position(deep)).await;
    println!(
        "| a page of all organisations | {read} | {} | | |",
        ours.print()
    );
}

fn millis(millis: i64) -> Timestamp {
    Timestamp::from_micros(millis * 1000)
}

fn line(what: &str, read: u64, ours: &Times, theirs: &(Times, u64)) {
    println!(
        "| {what} | {read} | {} | {} | {} |",
        ours.print(),
        theirs.1,
        theirs.0.print()
    );
}

async fn pages(stores: &Stores, query: LogQuery) -> (Times, u64) {
    stores.heard.list(&query).await.unwrap();
    stores.proxy.rows_read();
    stores.heard.list(&query).await.unwrap();
    let read = stores.proxy.rows_read();
    let mut times = Times::default();
    for _ in 0..SAMPLES {
        let page = times.wait(stores.timed.list(&query)).await.unwrap();
        assert_eq!(page.entries.len(), 50);
    }
    (times, read)
}

async fn theirs(client: &Client, sql: &str) -> (Times, u64) {
    let (mut times, mut read) = (Times::default(), 0);
    for _ in 0..SAMPLES / 5 {
        let client = client.clone().with_setting("wait_end_of_query", "1");
        let asking = async {
            let mut bytes = client.query_raw(sql).fetch_bytes("RowBinary").unwrap();
            bytes.collect().await.unwrap();
            bytes.summary().and_then(|it| it.read_rows()).unwrap_or(0)
        };
        read = times.wait(asking).await;
    }
    (times, read)
}
