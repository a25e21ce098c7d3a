use std::time::Duration;

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::json;

use super::*;

const SECRET: &[u8] = b"a secret of at least 32 bytes, for tests";
const ISSUER: &str = "https://login.example.com";
const LIST: &str = "/api-log/v1/entries";

// Signed by keys that nobody has any more, until 2023-11-14T22:13:20Z.
const RSA_KEY: &str = "-----BEGIN PUBLIC KEY-----\n\
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA0tubq89Dx+z0p0bac9MR
kr+fisq1Sbe/n3LBPMaFEbXJntDBpd2Zgg3fyNp/NF41MdUeIHVouUFdC8IjIvTM
E+rL2I5RdiKFqJ4RDl4z4A55mLmoA8DsucHcLbaHkTdqBbSqWMiFWlN0W3Rh+hmr
n0zrb8mdQNcrkO7HyQbCCbffzbzSgKXheg6FjFA3vFGfAlbna4uHkAnwtbsyHQ5k
pdeYfcyprF9HbjrZnwcW/t8CaPxWxzTDewp4eXTUI0YrIcFQmipMViShbPvTidoi
syVB4W8aTkh942ArNmtjOEAOanJCvMMFVzf73Y7bTJTKNn4+rLymIukpoB9MaT8W
1QIDAQAB\n\
-----END PUBLIC KEY-----\n";
const RSA_TOKEN: &str = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUuY29tIiwiYXVkIjoiYXBpLWxvZyIsInN1YiI6InVzZXJfMSIsIm9yZ19pZCI6Im9yZ19hIiwiZXhwIjoxNzAwMDAwMDAwfQ.qTov2cLGnGTf9KPxnWei3PM8nHlBANc_-_-KNw0TdudcWn5-DUj9yLGXMO6wK8zZm4H2Uif758hrotXd4dVzBa52GtiNPLrV5sDV_za9-7ikIn5fHpHDUV16Gzhy_SgogU_Yzerh3o6Qp_bpr-Rnhldc68ORVFdF_YZ6x0XF1TlpukvgEQMSpjjG09Gkc444ekatBiovcXoPj8TQ8R-Y_1V4kAum1ZpbOa6rczaoRkswumxI9r2Uyd7KlmkVEElgim3D-GPJEHpSHOcjXnt1PHESdrSrVIj_5NM1tXNf4wbzc87AHLAGrgo2_IG1wppeCRhR8NBFR3YhqUzRfXDSJw";

const EC_KEY: &str = "-----BEGIN PUBLIC KEY-----\n\
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEbAJ344i87Iaa6m7de5SNqw7l5vKm
62vLjnMkiqO/zyzEcnhviHdH9jIaSdlgzGE4Yw+jffvWiSL4wWufUTVhvQ==\n\
-----END PUBLIC KEY-----\n";
const EC_TOKEN: &str = "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUuY29tIiwiYXVkIjoiYXBpLWxvZyIsInN1YiI6InVzZXJfMSIsIm9yZ19pZCI6Im9yZ19hIiwiZXhwIjoxNzAwMDAwMDAwfQ.MsTZd4gSJWhsG34tvwoT5HaNUK9JIH15oQPBPjsq4S-n6vPztVXq7mwOQ49aF6rMwdMAIYGuVs3NS2SXjEXj9A";

const ED_KEY: &str = "-----BEGIN PUBLIC KEY-----\n\
MCowBQYDK2VwAyEAsf7QKmxbmzG+umop5K8uMJQCN5v8QPkueMwF6Dleqjs=\n\
-----END PUBLIC KEY-----\n";
const ED_TOKEN: &str = "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUuY29tIiwiYXVkIjoiYXBpLWxvZyIsInN1YiI6InVzZXJfMSIsIm9yZ19pZCI6Im9yZ19hIiwiZXhwIjoxNzAwMDAwMDAwfQ.mlYb4zjp-gY3bW8WFMak80xHWRXVKgXleiNt3mFdR73zytApUFmlKp_Bat0R9C1r1LoPN8diSBTSH-b2LFPEDw";

fn key() -> JwtKey {
    JwtKey::new(JwtAlgorithm::Hs256, SECRET).unwrap()
}

fn readers(key: JwtKey) -> JwtBuilder {
    let readers = JwtAccess::builder(key).issuer(ISSUER).audience("api-log");
    readers
        .organisation_claim("org_id")
        .clock(ManualClock::new(at(60)))
}

/// Seconds from the time of the tests on.
fn from_now(seconds: i64) -> i64 {
    at(60).as_micros() / 1_000_000 + seconds
}

/// The claims of a reader of a tenant, with others in their place; null takes one away.
fn claims(changes: Value) -> Value {
    let mut claims = json!({
        "iss": ISSUER, "aud": "api-log", "sub": "user_1", "org_id": "org_a", "exp": from_now(60),
    });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
        .as_object_mut()
        .unwrap()
        .retain(|_, value| !value.is_null());
    claims
}

fn signed(claims: &Value) -> String {
    let secret = EncodingKey::from_secret(SECRET);
    encode(&Header::new(Algorithm::HS256), claims, &secret).unwrap()
}

/// A token of any header, signed with any secret, or with none.
fn forged(header: &Value, claims: &Value, secret: Option<&[u8]>) -> String {
    let part = |value: &Value| base64(value.to_string().as_bytes());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = secret.map(|secret| {
        let secret = EncodingKey::from_secret(secret);
        jsonwebtoken::crypto::sign(message.as_bytes(), &secret, Algorithm::HS256).unwrap()
    });
    format!("{message}.{}", signature.unwrap_or_default())
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk
            .iter()
            .fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - chunk.len()));
        let letter = |at: usize| char::from(LETTERS[(bits >> (18 - 6 * at)) as usize & 63]);
        text.extend((0..=chunk.len()).map(letter));
    }
    text
}

async fn decided(readers: JwtBuilder, token: &str) -> Result<Reader, Denial> {
    let (parts, ()) = Request::new(()).into_parts();
    readers
        .build()
        .unwrap()
        .authorize(&parts, Some(token))
        .await
}

#[tokio::test]
async fn right_token_gives_the_scope_of_its_claims_and_the_subject_as_id() {
    let reader = decided(readers(key()), &signed(&claims(json!({}))))
        .await
        .unwrap();
    assert_eq!(reader.scope, Scope::organisation("org_a").unwrap());
    assert_eq!(reader.id.as_deref(), Some("user_1"));

    let token = signed(&claims(
        json!({ "env": "production", "uid": "jane", "aud": ["x", "api-log"] }),
    ));
    let narrowed = readers(key()).environment_claim("env").actor_claim("uid");
    let reader = decided(narrowed, &token).await.unwrap();
    let scope = Scope::organisation("org_a")
        .unwrap()
        .environment("production");
    assert_eq!(reader.scope, scope.by_actor("jane"));

    let own = JwtAccess::builder(key()).issuer(ISSUER).audience("api-log");
    let own = own.actor_claim("sub").clock(ManualClock::new(at(60)));
    let reader = decided(own, &token).await.unwrap();
    assert_eq!(reader.scope, Scope::actor("user_1").unwrap());
}

#[tokio::test]
async fn keys_of_every_kind_check_their_own_tokens_and_no_others() {
    let keys = [
        (JwtAlgorithm::Rs256, RSA_KEY, RSA_TOKEN),
        (JwtAlgorithm::Es256, EC_KEY, EC_TOKEN),
        (JwtAlgorithm::EdDsa, ED_KEY, ED_TOKEN),
    ];
    for (algorithm, pem, own) in keys {
        for (_, _, token) in keys {
            let key = JwtKey::new(algorithm, pem).unwrap();
            let decided = decided(readers(key), token).await;
            assert_eq!(decided.is_ok(), token == own, "{algorithm:?}");
        }
    }
    let both = readers(key()).key(JwtKey::new(JwtAlgorithm::EdDsa, ED_KEY).unwrap());
    assert!(decided(both, ED_TOKEN).await.is_ok());
    let rsa = JwtKey::new(JwtAlgorithm::Ps256, RSA_KEY).unwrap();
    assert!(
        decided(readers(rsa), RSA_TOKEN).await.is_err(),
        "another padding"
    );
}

#[tokio::test]
async fn token_without_signature_or_of_a_confused_algorithm_is_refused() {
    let right = claims(json!({}));
    let wrong: &[u8] = b"another secret of at least 32 bytes long";
    let ed = || JwtKey::new(JwtAlgorithm::EdDsa, ED_KEY).unwrap();
    let hs = |name: &str| json!({ "alg": name, "typ": "JWT" });
    assert!(
        decided(readers(key()), &forged(&hs("HS256"), &right, Some(SECRET)))
            .await
            .is_ok()
    );
    for (key, token) in [
        (key(), forged(&hs("none"), &right, None)),
        (key(), forged(&hs("None"), &right, None)),
        (key(), forged(&hs("none"), &right, Some(SECRET))),
        (key(), forged(&hs("HS256"), &right, None)),
        (key(), forged(&hs("HS256"), &right, Some(wrong))),
        (key(), forged(&hs("HS512"), &right, Some(SECRET))),
        (key(), forged(&hs("RS256"), &right, Some(SECRET))),
        (
            key(),
            forged(
                &json!({ "alg": "HS256", "crit": ["exp"] }),
                &right,
                Some(SECRET),
            ),
        ),
        (
            key(),
            forged(&json!({ "typ": "JWT" }), &right, Some(SECRET)),
        ),
        // The public key as the secret.
        (ed(), forged(&hs("HS256"), &right, Some(ED_KEY.as_bytes()))),
        (ed(), forged(&hs("EdDSA"), &right, Some(ED_KEY.as_bytes()))),
        (key(), ED_TOKEN.to_owned()),
        (key(), String::new()),
        (key(), "..".to_owned()),
        (key(), "a.b.c".to_owned()),
        (key(), "a.b.c.d".to_owned()),
        (key(), "\u{1f600}.\u{1f600}.\u{1f600}".to_owned()),
        (key(), "e30.".repeat(1000)),
    ] {
        assert_eq!(
            decided(readers(key), &token).await,
            Err(Denial::Unauthenticated),
            "{token}"
        );
    }
}

#[tokio::test]
async fn token_of_another_time_issuer_or_audience_is_refused() {
    for (changes, right) in [
        (json!({ "exp": from_now(1) }), true),
        (json!({ "exp": from_now(1) as f64 + 0.5 }), true),
        (json!({ "exp": from_now(0) }), false),
        (json!({ "exp": from_now(-1000) }), false),
        (json!({ "exp": null }), false),
        (json!({ "exp": "never" }), false),
        (json!({ "exp": -1 }), false),
        (json!({ "nbf": from_now(0) }), true),
        (json!({ "nbf": from_now(1) }), false),
        (json!({ "nbf": "soon" }), false),
        (json!({ "iss": "https://login.example.org" }), false),
        (json!({ "iss": null }), false),
        (json!({ "iss": 1 }), false),
        (json!({ "aud": "another" }), false),
        (json!({ "aud": [] }), false),
        (json!({ "aud": null }), false),
        (json!({ "sub": null }), false),
        (json!({ "sub": "" }), false),
        (json!({ "sub": 7 }), false),
    ] {
        let got = decided(readers(key()), &signed(&claims(changes.clone()))).await;
        match right {
            true => assert!(got.is_ok(), "{changes}"),
            false => assert_eq!(got, Err(Denial::Unauthenticated), "{changes}"),
        }
    }
    let lenient = || readers(key()).leeway(Duration::from_secs(30));
    for (changes, right) in [
        (json!({ "exp": from_now(-29) }), true),
        (json!({ "exp": from_now(-30) }), false),
        (json!({ "nbf": from_now(30) }), true),
        (json!({ "nbf": from_now(31) }), false),
    ] {
        let got = decided(lenient(), &signed(&claims(changes.clone()))).await;
        assert_eq!(got.is_ok(), right, "{changes}");
    }
}

#[tokio::test]
async fn claim_that_is_missing_or_no_text_denies_and_never_widens() {
    let bound = || readers(key()).environment_claim("env").actor_claim("uid");
    let whole = json!({ "env": "production", "uid": "jane" });
    assert!(
        decided(bound(), &signed(&claims(whole.clone())))
            .await
            .is_ok()
    );
    for name in ["org_id", "env", "uid"] {
        for value in [
            json!(null),
            json!(""),
            json!(1),
            json!(["org_a"]),
            json!({}),
            json!(true),
        ] {
            let mut changes = whole.clone();
            changes[name] = value;
            let got = decided(bound(), &signed(&claims(changes.clone()))).await;
            assert_eq!(got, Err(Denial::Forbidden), "{changes}");
        }
    }
}

#[tokio::test]
async fn everything_is_for_those_alone_whose_claim_has_the_value_that_was_told() {
    let readers = || readers(key()).everything_where("roles", "operator");
    for (roles, everything) in [
        (json!("operator"), true),
        (json!(["reader", "operator"]), true),
        (json!("operators"), false),
        (json!("reader operator"), false),
        (json!(["reader"]), false),
        (json!([["operator"]]), false),
        (json!({ "operator": true }), false),
        (json!(null), false),
    ] {
        let token = signed(&claims(json!({ "roles": roles })));
        let scope = decided(readers(), &token).await.unwrap().scope;
        assert_eq!(scope == Scope::all(), everything, "{roles}");
    }
    let token = signed(&claims(json!({ "roles": "operator", "org_id": null })));
    assert_eq!(
        decided(readers(), &token).await.unwrap().scope,
        Scope::all()
    );
    let token = signed(&claims(json!({ "roles": "reader", "org_id": null })));
    assert_eq!(decided(readers(), &token).await, Err(Denial::Forbidden));
}

#[test]
fn settings_that_let_in_too_many_are_errors_of_build() {
    let bare = || JwtAccess::builder(key());
    let named = || bare().issuer(ISSUER).audience("api-log");
    assert!(named().organisation_claim("org_id").build().is_ok());
    for wrong in [
        bare().organisation_claim("org_id"),
        bare().issuer(ISSUER).organisation_claim("org_id"),
        bare().audience("api-log").organisation_claim("org_id"),
        named().issuer("").organisation_claim("org_id"),
        named(),
        named().environment_claim("env"),
        named().organisation_claim(""),
        named().everything_where("role", ""),
        named().everything_where("", "operator"),
        named()
            .organisation_claim("org_id")
            .leeway(Duration::from_secs(601)),
    ] {
        assert_eq!(wrong.build().unwrap_err().kind(), ErrorKind::Configuration);
    }
    for (algorithm, key) in [
        (JwtAlgorithm::Hs256, "short"),
        (JwtAlgorithm::Hs256, RSA_KEY),
        (
            JwtAlgorithm::Hs512,
            "32 bytes are not enough for 512 bits of hash",
        ),
        (JwtAlgorithm::Rs256, ED_KEY),
        (JwtAlgorithm::Es256, RSA_KEY),
        (
            JwtAlgorithm::EdDsa,
            "no PEM at all, but long enough for that",
        ),
    ] {
        let wrong = JwtKey::new(algorithm, key).map_err(|error| error.kind());
        assert_eq!(wrong.err(), Some(ErrorKind::Configuration), "{algorithm:?}");
    }
    let printed = format!(
        "{:?} {:?}",
        key(),
        named().organisation_claim("org_id").build()
    );
    assert!(!printed.contains("secret of"), "{printed}");
}

#[tokio::test]
async fn refusal_of_a_token_says_nothing_of_what_was_wrong() {
    let readers = readers(key()).build().unwrap();
    let api = LogApi::new(SpyStore::new(Vec::new())).access(readers);
    let api = api.format(Lago::new()).format(Native).build().unwrap();
    let ended = signed(&claims(json!({ "exp": from_now(-1) })));
    let foreign = signed(&claims(json!({ "iss": "else" })));
    let mut replies = Vec::new();
    for token in [&*ended, &foreign, "a.b.c", "not-a-token"] {
        let got = get_as(&api, token, "/api/v1/api_logs").await;
        assert_eq!(got.status, 401);
        replies.push(got.text);
    }
    replies.dedup();
    assert_eq!(replies.len(), 1);
    let got = get_as(&api, &signed(&claims(json!({}))), LIST).await;
    assert_eq!(got.status, 200);
    let got = get_as(&api, &signed(&claims(json!({ "org_id": null }))), LIST).await;
    assert_eq!(got.status, 403);
}
