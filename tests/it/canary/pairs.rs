//! Pairs of queries and forms, and paths.
//!
//! A new kind of secret is one line of [`PAIRS`] or [`PATHS`].

use super::names;
use super::plant::{Kinds, Plant};
use super::seek::{URL_SAFE, base64};

type Make = fn(&mut Plant) -> String;

/// Pairs that hold a secret.
pub(crate) const PAIRS: &[(&str, Make)] = &[
    ("named", |it| {
        format!(
            "{}={}",
            encode(it.one_of(names::SECRET)),
            encode(&it.secret())
        )
    }),
    ("odd name", |it| {
        format!("{}={}", encode(it.one_of(names::ODD)), encode(&it.secret()))
    }),
    ("raw", |it| {
        format!(
            "{}={}",
            it.one_of(&["token", "api_key", "code", "key", "sig"]),
            it.canary()
        )
    }),
    ("brackets", |it| {
        format!(
            "{}={}",
            it.one_of(&[
                "user[password]",
                "a[][token]",
                "user%5Bpassword%5D",
                "a[b][secret][]"
            ]),
            encode(&it.secret())
        )
    }),
    ("list of brackets", |it| {
        format!("tokens[]={}&tokens[]={}", encode(&it.secret()), it.canary())
    }),
    ("repeated", |it| {
        format!(
            "token=&token={}&token={}",
            encode(&it.secret()),
            it.canary()
        )
    }),
    ("encoded name", |it| {
        format!("pass%77ord={}", encode(&it.secret()))
    }),
    ("name encoded twice", |it| {
        format!("pass%2577ord={}", it.canary())
    }),
    ("spaces", |it| format!("api+key={}", encode(&it.secret()))),
    ("graphql", |it| {
        let query = encode("mutation A($p: String!) { a(password: $p) { id } }");
        let variables = format!("{{\"p\":\"{}\"}}", it.canary());
        format!("query={query}&variables={}", encode(&variables))
    }),
    ("oauth", |it| {
        format!("code={}&state={}", it.canary(), it.canary())
    }),
    ("aws", |it| {
        format!(
            "X-Amz-Credential={}&X-Amz-Signature={}&X-Amz-Expires=60",
            it.canary(),
            it.canary()
        )
    }),
    ("after a semicolon", |it| {
        format!("a=1;token={}", it.canary())
    }),
    ("json", |it| {
        format!(
            "data={}",
            encode(&format!("{{\"password\":\"{}\"}}", it.canary()))
        )
    }),
    ("url", |it| {
        format!(
            "next={}",
            encode(&format!(
                "https://me:{}@x.test/?token={}",
                it.canary(),
                it.canary()
            ))
        )
    }),
    ("url encoded twice", |it| {
        format!(
            "next={}",
            encode(&encode(&format!("https://x.test/?token={}", it.canary())))
        )
    }),
    ("form", |it| {
        format!("data={}", encode(&format!("a=1&password={}", it.canary())))
    }),
    ("base64", |it| {
        format!(
            "data={}",
            base64(
                format!("{{\"a\":1,\"password\":\"{}\"}}", it.canary()).as_bytes(),
                URL_SAFE
            )
        )
    }),
    ("named by another", |it| {
        format!("key=DB_PASSWORD&value={}", encode(&it.secret()))
    }),
    ("named by a later one", |it| {
        format!("value={}&type=plain&name=API_TOKEN", encode(&it.secret()))
    }),
    ("digits", |it| {
        format!(
            "{}={}",
            it.one_of(&["pin", "cvv", "card_number"]),
            it.digits()
        )
    }),
    ("uuid", |it| format!("api_key=demo_live_{}", it.uuid())),
];

/// Paths that hold a secret, with the route's template.
pub(crate) const PATHS: Kinds<(String, Option<&'static str>)> = &[
    ("matrix parameter", |it| {
        (format!("/a;jsessionid={}/b", it.canary()), None)
    }),
    ("pair in a segment", |it| {
        (format!("/a/token={}/b", it.canary()), None)
    }),
    ("userinfo in the path", |it| {
        (format!("/proxy/https://me:{}@x.test/a", it.canary()), None)
    }),
    ("encoded url", |it| {
        (
            format!(
                "/go/{}",
                encode(&format!("https://x.test/?token={}", it.canary()))
            ),
            None,
        )
    }),
    ("segment of the route", |it| {
        (
            format!("/reset/{}/done", it.canary()),
            Some("/reset/{token}/done"),
        )
    }),
    ("colon of the route", |it| {
        (format!("/keys/{}", it.canary()), Some("/keys/:api_key"))
    }),
    ("rest of the route", |it| {
        (
            format!("/a/{}/{}", it.canary(), it.canary()),
            Some("/a/{*secret}"),
        )
    }),
    ("encoded segment of the route", |it| {
        (
            format!("/reset/{}", encode(&it.secret())),
            Some("/reset/{password}"),
        )
    }),
    ("digits of the route", |it| {
        (format!("/pin/{}", it.digits()), Some("/pin/{pin}"))
    }),
];

/// Makes a query or a form of a few pairs.
pub(crate) fn pairs(plant: &mut Plant) -> String {
    let mut all = Vec::new();
    for _ in 0..=plant.below(3) {
        all.push(harmless(plant));
        let (place, make) = plant.one_of(PAIRS);
        plant.enter(place);
        // Pairs that decide on others have a document of their own.
        let decides = matches!(place, "oauth" | "named by another" | "named by a later one");
        if decides && all.len() > 1 {
            continue;
        }
        all.push(make(plant));
        if decides {
            break;
        }
    }
    all.push(harmless(plant));
    all.join("&")
}

/// Makes a harmless pair.
pub(crate) fn harmless(plant: &mut Plant) -> String {
    plant.enter("harmless pair");
    let (name, decoy) = (plant.one_of(names::HARMLESS), plant.decoy());
    // In brackets, what is said about a secret counts as the secret.
    let is_about = name.contains("password");
    let name = encode(name);
    let shapes = [
        "N=D",
        "N=D",
        "N[]=D",
        "N[a][b]=D",
        "N=a+D%20b",
        "N=https%3A%2F%2Fx.test%2FD",
        "N=D%26",
        "N=é",
        "N=1;D",
        "D",
    ];
    let shape = match plant.one_of(&shapes) {
        "N[]=D" | "N[a][b]=D" if is_about => "N=D",
        shape => shape,
    };
    if shape == "N=é" {
        return format!("{name}={}&{decoy}", encode("é"));
    }
    shape.replace('D', &decoy).replace('N', &name)
}

/// Percent-encodes all but letters and digits.
pub(crate) fn encode(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}
