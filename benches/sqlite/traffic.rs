//! A million calls of many tenants, as a service may have them: the same ones on every run.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::LazyLock;

use serde_json::json;
use tower_api_log::entry::{
    Actor, BodyRecord, Context, EntryKind, EventRecord, Exchange, Outcome, RequestRecord,
    ResponseRecord, Timing,
};
use tower_api_log::testing::Random;
use tower_api_log::{EntryId, LogEntry, Timestamp};

const ORGANISATIONS: u32 = 300;
const ACTORS: u32 = 20_000;
const AGENTS: u32 = 5_000;
const ADDRESSES: u32 = 30_000;
const RESOURCES: [&str; 12] = [
    "accounts",
    "cases",
    "customers",
    "documents",
    "events",
    "inquiries",
    "invoices",
    "plans",
    "reports",
    "subscriptions",
    "templates",
    "wallets",
];
const VERSIONS: [&str; 3] = ["2024-02-01", "2025-10-20", "2026-06-01"];
const RARE_EVERY: u64 = 100_003;
const BODY_BYTES: usize = 550;
const HEADER_BYTES: usize = 67;

/// A milliseconds after each other.
pub(crate) fn time(number: u64) -> Timestamp {
    Timestamp::from_micros(1_795_348_800_000_000 + number as i64 * 1000)
}

/// Returns the id of the `number`th entry.
pub(crate) fn id(number: u64) -> EntryId {
    let mut bytes = *EntryId::first_at(time(number)).as_bytes();
    let random = Random::new(number ^ 0x5eed).number().to_be_bytes();
    bytes[9..].copy_from_slice(&random[1..]);
    EntryId::from_bytes(bytes)
}

/// Makes the `number`th entry: 3 of 100 are events, and one of 100,003 has values that no other has.
pub(crate) fn entry(number: u64) -> LogEntry {
    let mut random = Random::new(number);
    let actor = skewed(&mut random, ACTORS);
    // The largest tenant has 15 of 100 calls, and the actors belong to one tenant each.
    let share = f64::from(actor) / f64::from(ACTORS);
    let organisation = (share.powf(1.5) * f64::from(ORGANISATIONS)) as u32;
    let resource = skewed(&mut random, 12);
    let resource_id = format!(
        "{}_{:016x}",
        &RESOURCES[resource as usize][..3],
        random.number()
    );
    let mut context = Context::default();
    context.actor = Some(match actor % 5 {
        0 => Actor::service(format!("key_user_{actor}")),
        _ => Actor::user(format!("user_{actor}")).email(format!("user_{actor}@example.com")),
    });
    context.session = random
        .chance(40)
        .then(|| format!("ses_{actor}_{}", number >> 16));
    context.api_key = random
        .chance(60)
        .then(|| format!("key_{organisation}_{}", actor % 3));
    context.organisation = Some(format!("org_{organisation}"));
    context.project = Some(format!("prj_{organisation}_{}", actor % 4));
    let environment = if random.chance(90) {
        "production"
    } else {
        "sandbox"
    };
    context.environment = Some(environment.into());
    context.request_id = Some(format!("{:016x}{:016x}", random.number(), random.number()));
    context.client_ip = Some(address(skewed(&mut random, ADDRESSES)));
    context.user_agent = Some(agent(skewed(&mut random, AGENTS)));
    context.api_version = Some(VERSIONS[organisation as usize % 3].into());
    let kind = match random.chance(3) {
        true => event(&mut random, number, resource_id),
        false => exchange(&mut random, resource, &resource_id),
    };
    let mut entry = LogEntry::new(id(number), time(number), context, kind);
    if number % RARE_EVERY == RARE_EVERY / 2 {
        rename(&mut entry, "rare");
    }
    entry
}

/// Makes an entry with a value of every column that `name` makes its own; an event or an exchange.
pub(crate) fn named(name: &str, number: u64) -> LogEntry {
    let mut random = Random::new(number);
    let mut entry = entry(1);
    entry.kind = match number % 2 {
        0 => event(&mut random, number, String::new()),
        _ => exchange(&mut random, 1, ""),
    };
    rename(&mut entry, name);
    entry
}

fn rename(entry: &mut LogEntry, name: &str) {
    let some = || Some(name.to_owned());
    let context = &mut entry.context;
    context.actor = Some(Actor::user(name));
    (context.session, context.api_key, context.request_id) = (some(), some(), some());
    (context.organisation, context.project) = (some(), some());
    (context.environment, context.user_agent, context.api_version) = (some(), some(), some());
    context.client_ip = Some(address(0x10_0000 + name.len() as u32));
    match &mut entry.kind {
        EntryKind::Exchange(exchange) => {
            exchange.request.method = name.to_uppercase();
            exchange.request.path = format!("/{name}/path");
            exchange.request.route = Some(format!("/{name}/{{id}}"));
            exchange.response.as_mut().unwrap().status = 400 + 10 * name.len() as u16;
            exchange.timing.to_last_byte_micros = 100_000_000 * name.len() as u64;
        }
        EntryKind::Event(event) => {
            (event.category, event.action, event.ref_id) = (name.into(), name.into(), some());
            event.exchange = Some(EntryId::from_bytes([name.len() as u8; 16]));
        }
        _ => {}
    }
}

fn event(random: &mut Random, number: u64, ref_id: String) -> EntryKind {
    let categories = [
        "project",
        "user",
        "release",
        "integration",
        "billing",
        "token",
        "role",
        "document",
    ];
    let category = categories[skewed(random, 8) as usize];
    let mut event = EventRecord::new(
        category,
        random.pick(&["created", "updated", "deleted", "invited", "published"]),
    );
    event.ref_id = Some(ref_id);
    event.exchange = Some(id(number.saturating_sub(1)));
    event.data = json!({"note": noise(random, BODY_BYTES)});
    EntryKind::Event(Box::new(event))
}

/// One of 60 routes: five of each resource.
fn exchange(random: &mut Random, resource: u32, resource_id: &str) -> EntryKind {
    let name = RESOURCES[resource as usize];
    let calls = [
        ("GET", true),
        ("GET", false),
        ("POST", false),
        ("PUT", true),
        ("DELETE", true),
    ];
    let (method, with_id) = calls[skewed(random, 5) as usize];
    let collection = format!("/api/v1/{name}");
    let mut request = RequestRecord::default();
    request.method = method.into();
    request.path = match with_id {
        true => format!("{collection}/{resource_id}"),
        false => collection.clone(),
    };
    request.route = Some(match with_id {
        true => format!("{collection}/{{id}}"),
        false => collection,
    });
    request.version = "1.1".into();
    for _ in 0..12 {
        request.headers.push("x-header", plain(random));
    }
    let failed = random.chance(2);
    let status = match failed {
        true => random.pick(&[400, 401, 403, 404, 404, 404, 422, 422, 429, 500, 502]),
        false => random.pick(&[200, 200, 200, 201, 204]),
    };
    let outcome = match random.below(1000) {
        0 => Outcome::ALL[random.below(Outcome::ALL.len() as u32) as usize],
        _ => Outcome::Completed,
    };
    let mut exchange = Exchange::new(request, outcome, Timing::default());
    // From 1 ms to some seconds, few of them long.
    let long = f64::from(random.below(1 << 20)) / f64::from(1 << 20);
    exchange.timing.to_last_byte_micros =
        (1_000.0 / (1.0001 - long)) as u64 + u64::from(random.below(1000));
    exchange.request_body = body(noise(random, BODY_BYTES));
    let mut response = ResponseRecord::default();
    response.status = status;
    exchange.response = Some(response);
    exchange.response_body = body(noise(random, BODY_BYTES));
    EntryKind::Exchange(Box::new(exchange))
}

fn body(text: &str) -> BodyRecord {
    BodyRecord::Whole {
        bytes_seen: text.len() as u64,
        text: text.into(),
    }
}

fn address(number: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from(0xcb00_0000 + number))
}

fn agent(number: u32) -> String {
    format!(
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.{number}.0",
        number % 40
    )
}

/// Returns a number below `end`; small ones are many times more frequent.
fn skewed(random: &mut Random, end: u32) -> u32 {
    let even = f64::from(random.below(1 << 20)) / f64::from(1 << 20);
    (even * even * f64::from(end)) as u32
}

/// Returns a value of a header.
fn plain(random: &mut Random) -> &'static str {
    static PLAIN: LazyLock<String> = LazyLock::new(|| {
        let mut random = Random::new(2);
        (0..5_000)
            .map(|_| format!("{:x}; q=0.8, ", random.number()))
            .collect()
    });
    let start = random.below((PLAIN.len() - HEADER_BYTES) as u32) as usize;
    &PLAIN[start..start + HEADER_BYTES]
}

/// Returns some JSON-like text, cut from a long one.
fn noise(random: &mut Random, bytes: usize) -> &'static str {
    static NOISE: LazyLock<String> = LazyLock::new(|| {
        let mut random = Random::new(1);
        (0..50_000)
            .map(|_| format!("{{\"k{:x}\":\"v\"}},", random.number()))
            .collect()
    });
    let start = random.below((NOISE.len() - bytes) as u32) as usize;
    &NOISE[start..start + bytes]
}
