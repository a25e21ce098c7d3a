//! What the layout of the SQLite store was chosen by.
//!
//! Every layout takes the same rows (about 2 KB: 12 request headers, two bodies of about 550 bytes, 50 organisations, 5,000
//! actors, a random request id on each) in batches of 1000, one transaction a batch, WAL, `synchronous = NORMAL`. CPU is of the
//! one thread, from `/proc/thread-self/schedstat`, making the rows not counted; reads are medians with the operating system's cache warm.
//! The figures that decided are in the notes of `src/store/sqlite/schema.rs`.

use std::fmt::Write;
use std::time::{Duration, Instant};

use rusqlite::{Connection, params};

use crate::figures::{cpu_time, size};

const BATCH: u64 = 1000;
const COLUMNS: &str = "created_at INTEGER, kind TEXT, method TEXT, path TEXT, route TEXT, status INTEGER, organisation TEXT, \
    project TEXT, environment TEXT, actor TEXT, client_ip TEXT, user_agent TEXT, request_id TEXT, api_version TEXT";
const NAMES: &str = "created_at, kind, method, path, route, status, organisation, project, environment, actor, client_ip, \
    user_agent, request_id, api_version";
const DETAIL: &str = "head TEXT, request_text TEXT, response_text TEXT";

#[derive(Clone, Copy)]
enum Shape {
    /// One table with everything, rows by number, ids in an index.
    Wide,
    /// One table with everything, clustered by id.
    WideClustered,
    /// What is filtered on, clustered by id; the rest in a second table, clustered by id.
    TwoClustered,
    /// What is filtered on, clustered by id; the rest in a second table, by number.
    TwoMixed,
    /// What is filtered on, and the rest in a second table; rows of both by the same number, ids in an index.
    TwoNumbered,
}

const ORGANISATION: &str =
    "CREATE INDEX o ON entry (organisation, id) WHERE organisation IS NOT NULL;";
const REQUEST: &str = "CREATE INDEX r ON entry (request_id, id) WHERE request_id IS NOT NULL;";
const ACTOR: &str = "CREATE INDEX a ON entry (actor, id) WHERE actor IS NOT NULL;";
const FAILED: &str = "CREATE INDEX s ON entry (id, status) WHERE status >= 400;";

pub(crate) fn compare(rows: u64) {
    println!(
        "{rows} rows; insert: wall and CPU us a row, the last 10 % apart; reads and the deletion of 1000 rows: us\n"
    );
    println!(
        "| layout | page | body | indexes | wall | CPU | last | B/row | newest 50 | tenant 50 | no match | count | get | by request | delete 1000 |"
    );
    println!("|---|--:|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    use Shape::{TwoClustered, TwoMixed, TwoNumbered, Wide, WideClustered};
    for page_kib in [4, 8, 16] {
        for shape in [Wide, WideClustered, TwoClustered, TwoNumbered, TwoMixed] {
            run(shape, page_kib, 550, "organisation", &[ORGANISATION], rows);
        }
    }
    for shape in [Wide, TwoClustered, TwoMixed] {
        run(shape, 16, 3000, "organisation", &[ORGANISATION], rows / 4);
    }
    for (name, indexes) in [
        ("none", &[][..]),
        ("+ failed", &[ORGANISATION, FAILED]),
        ("+ failed, actor", &[ORGANISATION, FAILED, ACTOR]),
        ("+ failed, request id", &[ORGANISATION, FAILED, REQUEST]),
        ("all", &[ORGANISATION, FAILED, ACTOR, REQUEST]),
    ] {
        run(TwoMixed, 16, 550, name, indexes, rows);
    }
}

fn run(
    shape: Shape,
    page_kib: u32,
    body_bytes: usize,
    index_name: &str,
    indexes: &[&str],
    rows: u64,
) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bench.db");
    let mut db = Connection::open(&path).unwrap();
    db.execute_batch(&format!(
        "PRAGMA page_size = {}; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536; PRAGMA secure_delete = ON;",
        page_kib * 1024
    ))
    .unwrap();
    db.execute_batch(&ddl(shape)).unwrap();
    db.execute_batch(&indexes.concat()).unwrap();

    let (mut wall, mut cpu, mut last) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    for batch in 0..rows / BATCH {
        let made: Vec<Row> = (batch * BATCH..(batch + 1) * BATCH)
            .map(|number| Row::new(number, body_bytes))
            .collect();
        let (start, start_cpu) = (Instant::now(), cpu_time());
        insert(shape, &mut db, &made, batch * BATCH);
        let spent = cpu_time() - start_cpu;
        wall += start.elapsed();
        cpu += spent;
        if batch >= rows / BATCH * 9 / 10 {
            last += spent;
        }
    }
    db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let micros = |time: Duration, rows: u64| time.as_secs_f64() * 1e6 / rows as f64;
    print!(
        "| {} | {page_kib} | {body_bytes} | {index_name} | {:.1} | {:.1} | {:.1} | {} |",
        name(shape),
        micros(wall, rows),
        micros(cpu, rows),
        micros(last, rows / 10),
        size(&path) / rows
    );
    read(shape, &db, rows);
    let start = Instant::now();
    db.execute_batch(&delete(shape, rows)).unwrap();
    println!(" {:.0} |", start.elapsed().as_secs_f64() * 1e6);
}

fn name(shape: Shape) -> &'static str {
    match shape {
        Shape::Wide => "one table, numbered",
        Shape::WideClustered => "one table, clustered",
        Shape::TwoClustered => "two tables, clustered",
        Shape::TwoMixed => "two tables, clustered and numbered",
        Shape::TwoNumbered => "two tables, numbered",
    }
}

fn ddl(shape: Shape) -> String {
    match shape {
        Shape::Wide => {
            format!(
                "CREATE TABLE entry (seq INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, {COLUMNS}, {DETAIL});"
            )
        }
        Shape::WideClustered => {
            format!("CREATE TABLE entry (id BLOB PRIMARY KEY, {COLUMNS}, {DETAIL}) WITHOUT ROWID;")
        }
        Shape::TwoClustered => format!(
            "CREATE TABLE entry (id BLOB PRIMARY KEY, {COLUMNS}) WITHOUT ROWID;
             CREATE TABLE detail (id BLOB PRIMARY KEY, {DETAIL}) WITHOUT ROWID;"
        ),
        Shape::TwoMixed => format!(
            "CREATE TABLE entry (id BLOB PRIMARY KEY, {COLUMNS}, seq INTEGER) WITHOUT ROWID;
             CREATE TABLE detail (seq INTEGER PRIMARY KEY, {DETAIL});"
        ),
        Shape::TwoNumbered => format!(
            "CREATE TABLE entry (seq INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, {COLUMNS});
             CREATE TABLE detail (seq INTEGER PRIMARY KEY, {DETAIL});"
        ),
    }
}

fn insert(shape: Shape, db: &mut Connection, rows: &[Row], mut seq: u64) {
    let transaction = db.transaction().unwrap();
    {
        let one = format!(
            "INSERT INTO entry (id, {NAMES}, head, request_text, response_text)
             VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18) ON CONFLICT (id) DO NOTHING"
        );
        let narrow = format!(
            "INSERT INTO entry (id, {NAMES}) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15) ON CONFLICT (id) DO NOTHING"
        );
        let mixed = narrow
            .replace(") VALUES", ", seq) VALUES")
            .replace("?15)", "?15,?16)");
        let split = !matches!(shape, Shape::Wide | Shape::WideClustered);
        let first = match shape {
            Shape::Wide | Shape::WideClustered => &one,
            Shape::TwoMixed => &mixed,
            Shape::TwoClustered | Shape::TwoNumbered => &narrow,
        };
        let mut first = transaction.prepare(first).unwrap();
        let mut second = split.then(|| {
            transaction
                .prepare("INSERT INTO detail VALUES (?1,?2,?3,?4)")
                .unwrap()
        });
        for row in rows {
            let columns = params![
                row.id,
                row.at,
                "exchange",
                "POST",
                row.path,
                "/api/v1/inquiries/{id}",
                row.status,
                row.organisation,
                None::<&str>,
                "production",
                row.actor,
                row.ip,
                AGENT,
                row.request_id,
                "v1"
            ];
            match &mut second {
                None => {
                    let texts = params![row.head, row.request, row.response];
                    let all: Vec<&dyn rusqlite::ToSql> =
                        columns.iter().chain(texts).copied().collect();
                    first.execute(&all[..]).unwrap();
                }
                Some(second) if matches!(shape, Shape::TwoMixed) => {
                    seq += 1;
                    let seq = seq as i64;
                    let number: [&dyn rusqlite::ToSql; 1] = [&seq];
                    let all: Vec<&dyn rusqlite::ToSql> =
                        columns.iter().chain(&number).copied().collect();
                    if first.execute(&all[..]).unwrap() == 1 {
                        second
                            .execute(params![seq, row.head, row.request, row.response])
                            .unwrap();
                    }
                }
                Some(second) => {
                    if first.execute(columns).unwrap() == 1 {
                        match shape {
                            Shape::TwoClustered => {
                                second.execute(params![row.id, row.head, row.request, row.response])
                            }
                            _ => {
                                let seq = transaction.last_insert_rowid();
                                second.execute(params![seq, row.head, row.request, row.response])
                            }
                        }
                        .unwrap();
                    }
                }
            }
        }
    }
    transaction.commit().unwrap();
}

fn read(shape: Shape, db: &Connection, rows: u64) {
    let from = match shape {
        Shape::Wide | Shape::WideClustered => "entry",
        Shape::TwoClustered => "entry JOIN detail USING (id)",
        Shape::TwoMixed | Shape::TwoNumbered => "entry JOIN detail USING (seq)",
    };
    let page = |filter: &str| {
        format!(
            "SELECT id, {NAMES}, head, request_text, response_text FROM {from} WHERE {filter} ORDER BY id DESC LIMIT 51"
        )
    };
    let middle = Row::new(rows / 2, 0);
    print!(" {:.0} |", median(db, 50, &page("true"), &[]));
    print!(
        " {:.0} |",
        median(db, 50, &page("organisation = ?1"), &[&"org_7"])
    );
    print!(" {:.0} |", median(db, 3, &page("status = ?1"), &[&299]));
    print!(
        " {:.0} |",
        median(
            db,
            3,
            "SELECT count(*) FROM entry WHERE status >= ?1",
            &[&400]
        )
    );
    print!(" {:.1} |", median(db, 200, &page("id = ?1"), &[&middle.id]));
    print!(
        " {:.0} |",
        median(db, 3, &page("request_id = ?1"), &[&middle.request_id])
    );
}

fn median(db: &Connection, times: usize, sql: &str, values: &[&dyn rusqlite::ToSql]) -> f64 {
    let mut statement = db.prepare(sql).unwrap();
    let mut took: Vec<f64> = (0..=times)
        .map(|_| {
            let start = Instant::now();
            let mut rows = statement.query(values).unwrap();
            while let Some(row) = rows.next().unwrap() {
                for column in 0..row.as_ref().column_count() {
                    std::hint::black_box(row.get_ref(column).unwrap());
                }
            }
            start.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    took.sort_by(f64::total_cmp);
    took[took.len() / 2]
}

fn delete(shape: Shape, rows: u64) -> String {
    let mut last = String::new();
    for byte in Row::new(1000.min(rows), 0).id {
        write!(last, "{byte:02x}").unwrap();
    }
    let detail = match shape {
        Shape::Wide | Shape::WideClustered => String::new(),
        Shape::TwoClustered => format!("DELETE FROM detail WHERE id < x'{last}';"),
        Shape::TwoMixed | Shape::TwoNumbered => {
            format!("DELETE FROM detail WHERE seq IN (SELECT seq FROM entry WHERE id < x'{last}');")
        }
    };
    format!("BEGIN; {detail} DELETE FROM entry WHERE id < x'{last}'; COMMIT;")
}

const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";

struct Row {
    id: [u8; 16],
    at: i64,
    path: String,
    status: u16,
    organisation: String,
    actor: String,
    ip: String,
    request_id: String,
    head: String,
    request: String,
    response: String,
}

impl Row {
    fn new(number: u64, body_bytes: usize) -> Self {
        let random = mix(number);
        let at = 1_700_000_000_000_000 + number as i64 * 1000;
        let mut id = [0; 16];
        id[..8].copy_from_slice(&(((at as u64 / 1000) << 16) | 0x7000).to_be_bytes());
        id[8..].copy_from_slice(&random.to_be_bytes());
        let text = |salt: u64, bytes: usize| {
            let mut text = String::with_capacity(bytes + 40);
            while text.len() < bytes {
                write!(
                    text,
                    "{{\"k{:x}\":\"v\"}},",
                    mix(random ^ salt ^ text.len() as u64)
                )
                .unwrap();
            }
            text
        };
        Self {
            id,
            at,
            path: format!("/api/v1/inquiries/inq_{:x}", random >> 16),
            status: if random.is_multiple_of(50) { 404 } else { 200 },
            organisation: format!("org_{}", random % 50),
            actor: format!("user_{}", mix(random) % 5000),
            ip: format!("203.0.113.{}", random % 256),
            request_id: format!("{:016x}{:016x}", mix(random), random),
            head: text(1, 800),
            request: text(2, body_bytes),
            response: text(3, body_bytes),
        }
    }
}

fn mix(mut value: u64) -> u64 {
    value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
