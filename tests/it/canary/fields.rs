//! Header and trailer fields.
//!
//! A new kind of secret is one line of [`FIELDS`].

use super::pairs::encode;
use super::plant::Plant;
use super::seek::{STANDARD, base64};

/// A field's name and value.
type Field = (&'static str, String);
type Make = fn(&mut Plant) -> Field;

const KEYS: &[&str] = &[
    "x-api-key",
    "api-key",
    "apikey",
    "x-auth-token",
    "x-access-token",
    "x-amz-security-token",
    "x-goog-api-key",
    "x-csrf-token",
    "x-xsrf-token",
    "x-vault-token",
    "private-token",
    "ocp-apim-subscription-key",
    "x-functions-key",
    "x-forwarded-access-token",
    "dpop",
    "x-hub-signature-256",
    "stripe-signature",
    "x-my-secret",
    "x-session-id",
    "token",
    "authentication-info",
    "x-amzn-oidc-data",
];

/// Fields that hold a secret. A name with `!` at its end is marked as sensitive.
pub(crate) const FIELDS: &[(&str, Make)] = &[
    ("bearer", |it| {
        (
            "authorization",
            format!(
                "{} {}",
                it.one_of(&["Bearer", "bEaReR", "Token", "ApiKey"]),
                it.visible()
            ),
        )
    }),
    ("basic", |it| {
        (
            "authorization",
            format!(
                "Basic {}",
                base64(format!("me:{}", it.canary()).as_bytes(), STANDARD)
            ),
        )
    }),
    ("digest", |it| {
        (
            "authorization",
            format!("Digest username=\"a\", response=\"{}\"", it.canary()),
        )
    }),
    ("aws", |it| {
        (
            "authorization",
            format!(
                "AWS4-HMAC-SHA256 Credential={}/x, Signature={}",
                it.canary(),
                it.canary()
            ),
        )
    }),
    ("unknown scheme", |it| {
        (
            "authorization",
            format!("{} {}", it.visible(), it.visible()),
        )
    }),
    ("no scheme", |it| ("authorization", it.visible())),
    ("proxy", |it| {
        ("proxy-authorization", format!("Basic {}", it.visible()))
    }),
    ("forwarded credentials", |it| {
        (
            "x-forwarded-authorization",
            format!("Bearer {}", it.visible()),
        )
    }),
    ("uuid", |it| {
        (
            "authorization",
            format!("Bearer persona_production_{}", it.uuid()),
        )
    }),
    ("key", |it| (it.one_of(KEYS), it.visible())),
    ("metadata of gRPC", |it| {
        ("x-auth-token-bin", base64(it.canary().as_bytes(), STANDARD))
    }),
    ("json in metadata of gRPC", |it| {
        (
            "x-meta-bin",
            base64(
                format!("{{\"a\":1,\"password\":\"{}\"}}", it.canary()).as_bytes(),
                STANDARD,
            ),
        )
    }),
    ("sensitive", |it| ("x-anything!", it.visible())),
    ("cookies", |it| {
        (
            "cookie",
            format!(
                "a={}; theme={}; {}; b=\"{};{}\"",
                it.canary(),
                it.canary(),
                it.canary(),
                it.canary(),
                it.canary()
            ),
        )
    }),
    ("cookie", |it| {
        ("cookie", format!("__Host-sid={}", it.visible()))
    }),
    ("set-cookie", |it| {
        (
            "set-cookie",
            format!(
                "sid={}; Path=/; HttpOnly; X={}; Max-Age=5",
                it.visible(),
                it.canary()
            ),
        )
    }),
    ("set-cookie without a name", |it| {
        ("set-cookie", format!("{}; Secure", it.visible()))
    }),
    ("referer", |it| {
        let (user, token, decoy) = (it.canary(), it.canary(), it.decoy());
        (
            "referer",
            format!("https://u:{user}@x.test/{decoy}?token={token}"),
        )
    }),
    ("location", |it| {
        let decoy = it.decoy();
        (
            "location",
            format!(
                "/{decoy}?code={}&state={}#id_token={}",
                it.canary(),
                it.canary(),
                it.canary()
            ),
        )
    }),
    ("link", |it| {
        let decoy = it.decoy();
        (
            "link",
            format!(
                "<https://x.test/{decoy}?token={}>; rel=\"next\", </b?api_key={}>",
                it.canary(),
                it.canary()
            ),
        )
    }),
    ("refresh", |it| {
        ("refresh", format!("0; url=/a?token={}", it.canary()))
    }),
    ("content-location", |it| {
        ("content-location", format!("/a;jsessionid={}", it.canary()))
    }),
    ("forwarded target", |it| {
        ("x-original-url", format!("/a?password={}", it.canary()))
    }),
    ("forwarded host", |it| {
        ("x-forwarded-host", format!("me:{}@x.test", it.canary()))
    }),
    ("json", |it| {
        let decoy = it.decoy();
        (
            "hx-trigger",
            format!("{{\"title\":\"{decoy}\",\"token\":\"{}\"}}", it.canary()),
        )
    }),
    ("parameter", |it| {
        ("x-any", format!("a=1, token={}", it.marked()))
    }),
    ("encoded parameter", |it| {
        ("x-any", format!("pass%77ord={}", it.canary()))
    }),
    ("encoded json", |it| {
        (
            "x-any",
            encode(&format!("{{\"password\":\"{}\"}}", it.canary())),
        )
    }),
    ("base64", |it| {
        (
            "x-userinfo",
            base64(
                format!("{{\"a\":1,\"password\":\"{}\"}}", it.canary()).as_bytes(),
                STANDARD,
            ),
        )
    }),
    ("bearer elsewhere", |it| {
        ("x-upstream", format!("bearer {}", it.canary()))
    }),
    ("challenge", |it| {
        (
            "www-authenticate",
            format!("Negotiate {}", base64(it.canary().as_bytes(), STANDARD)),
        )
    }),
    ("subprotocol", |it| {
        ("sec-websocket-protocol", format!("chat, {}", it.visible()))
    }),
    ("signature", |it| {
        (
            "signature",
            format!("keyid=\"a\", signature=\"{}\"", it.canary()),
        )
    }),
    ("user agent", |it| {
        let decoy = it.decoy();
        (
            "user-agent",
            format!("{decoy}/1.0 (+https://x.test/?token={})", it.canary()),
        )
    }),
];

/// Names of fields whose value is harmless.
const HARMLESS: &[&str] = &[
    "x-any",
    "accept-language",
    "x-tenant",
    "from",
    "etag",
    "x-author",
    "x-compass",
    "server",
    "x-monkey",
    "idempotency-key",
    "vary",
];

/// Makes a harmless field.
pub(crate) fn harmless(plant: &mut Plant) -> Field {
    plant.enter("harmless field");
    let decoy = plant.decoy();
    let shapes = [
        "D",
        "D",
        "a D b",
        "D, D;q=0.5",
        "\"D\"",
        "https://x.test/D?page=2",
        "D; a=1",
        "Tue, 15 Nov 1994 08:12:31 GMT D",
    ];
    (
        plant.one_of(HARMLESS),
        plant.one_of(&shapes).replace('D', &decoy),
    )
}

/// Makes the fields of one message: harmless ones, secrets and duplicates of them.
pub(crate) fn fields(plant: &mut Plant, most: u32) -> Vec<Field> {
    let mut all = Vec::new();
    for _ in 0..plant.below(most + 1) {
        all.push(harmless(plant));
        if plant.chance(60) {
            let (place, make) = plant.one_of(FIELDS);
            plant.enter(place);
            all.push(make(plant));
            if plant.chance(20) {
                all.push(make(plant));
            }
        }
    }
    all
}
