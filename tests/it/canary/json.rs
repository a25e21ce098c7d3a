//! JSON documents of any depth and breadth, with secrets among harmless members.
//!
//! A new kind of secret is one line of [`MEMBERS`].

use super::names;
use super::plant::Plant;
use super::seek::{STANDARD, URL_SAFE, base64};

type Make = fn(&mut Plant) -> String;

/// Members that hold a secret, as the text of one or more members of an object.
pub(crate) const MEMBERS: &[(&str, Make)] = &[
    ("named", |it| {
        let name = it.one_of(names::SECRET);
        member(name, &text(&it.secret()))
    }),
    ("odd name", |it| {
        let name = it.one_of(names::ODD);
        member(name, &text(&it.secret()))
    }),
    ("number", |it| {
        let name = it.one_of(&["pin", "cvv", "card_number", "otp", "secret"]);
        member(name, &it.digits())
    }),
    ("list", |it| {
        let name = it.one_of(&[
            "passwords",
            "secrets",
            "api_keys",
            "accessTokens",
            "recovery_codes",
        ]);
        let (a, b, c) = (text(&it.secret()), text(&it.secret()), it.digits());
        member(name, &format!("[{a}, [{b}], {{\"a\":{c}}}, null]"))
    }),
    ("object", |it| {
        let name = it.one_of(&["credentials", "secret", "clientSecret", "private_key"]);
        let (a, b, inner) = (it.secret(), it.chaff(), it.canary());
        member(
            name,
            &format!("{{\"title\":{},\"{b}\":[{}]}}", text(&a), text(&inner)),
        )
    }),
    ("escaped name", |it| {
        let (name, at) = (it.one_of(names::SECRET), it.below(4));
        format!("{}:{}", escaped(name, at), text(&it.secret()))
    }),
    ("escaped value", |it| {
        let (name, secret, at) = (it.one_of(names::SECRET), it.secret(), it.below(4));
        format!("{}:{}", text(name), escaped(&secret, at))
    }),
    ("twice", |it| {
        let name = it.one_of(names::SECRET);
        let (a, b) = (text(&it.secret()), text(&it.secret()));
        format!("{},{}", member(name, &a), member(name, &b))
    }),
    ("first harmless, then secret", |it| {
        let name = it.one_of(names::SECRET);
        format!(
            "{},{}",
            member(name, "null"),
            member(name, &text(&it.secret()))
        )
    }),
    ("name, then value", |it| {
        let (how, name) = (
            it.one_of(&["name", "key", "field", "header"]),
            it.one_of(&["DB_PASSWORD", "Authorization", "api_key"]),
        );
        let secret = text(&it.secret());
        member(
            "env",
            &format!(
                "[{{{},{}}}]",
                member(how, &text(name)),
                member("value", &secret)
            ),
        )
    }),
    ("value, then name", |it| {
        let secret = text(&it.secret());
        member(
            "env",
            &format!("[{{\"value\":{secret},\"type\":\"plain\",\"name\":\"API_TOKEN\"}}]"),
        )
    }),
    ("pairs", |it| {
        let secret = text(&it.secret());
        member(
            "headers",
            &format!("[[\"Accept\",\"*/*\"],[\"X-Api-Key\",{secret}]]"),
        )
    }),
    ("json patch", |it| {
        let secret = text(&it.secret());
        member(
            "patch",
            &format!("[{{\"op\":\"add\",\"path\":\"/user/password\",\"value\":{secret}}}]"),
        )
    }),
    ("json in a string", |it| {
        let levels = 1 + it.below(5);
        let name = it.one_of(names::SECRET);
        let mut inner = format!(
            "{{{},{}}}",
            member("b", "1"),
            member(name, &text(&it.secret()))
        );
        for _ in 0..levels {
            inner = format!("{{{}}}", member("payload", &text(&inner)));
        }
        member("payload", &text(&inner))
    }),
    ("form in a string", |it| {
        let secret = it.marked();
        member(
            "body",
            &text(&format!("grant_type=password&username=a&password={secret}")),
        )
    }),
    ("userinfo", |it| {
        let (scheme, secret) = (
            it.one_of(&["https", "postgres", "amqp", "redis", "ftp"]),
            it.canary(),
        );
        member(
            "endpoint",
            &text(&format!("{scheme}://user:{secret}@db.test:5432/a")),
        )
    }),
    ("url", |it| {
        let secret = it.canary();
        let decoy = it.decoy();
        member(
            "next",
            &text(&format!(
                "https://x.test/{decoy}?a=1&access_token={secret}#top"
            )),
        )
    }),
    ("url with a fragment", |it| {
        let secret = it.canary();
        member("href", &text(&format!("/callback#id_token={secret}&b=2")))
    }),
    ("log line", |it| {
        let secret = it.marked();
        member(
            "line",
            &text(&format!("login user=jane password={secret} ok")),
        )
    }),
    ("sentence", |it| {
        let secret = it.marked();
        member("message", &text(&format!("your password: {secret}")))
    }),
    ("header line", |it| {
        let secret = it.canary();
        member(
            "curl",
            &text(&format!(
                "curl -H 'Authorization: Bearer {secret}' https://x.test"
            )),
        )
    }),
    ("bearer after a space", |it| {
        let secret = it.canary();
        member("auth_type", &text(&format!(" \tBearer {secret}")))
    }),
    ("bearer", |it| {
        let secret = it.canary();
        member("auth_type", &text(&format!("Bearer {secret}")))
    }),
    ("jwt", |it| {
        let head = base64(b"{\"alg\":\"none\"}", URL_SAFE);
        let claims = format!("{{\"sub\":\"{}\"}}", it.canary());
        let signature = it.canary();
        member(
            "blob",
            &text(&format!(
                "{head}.{}.{signature}",
                base64(claims.as_bytes(), URL_SAFE)
            )),
        )
    }),
    ("base64", |it| {
        let letters = it.one_of(&[STANDARD, URL_SAFE]);
        let inner = format!("{{\"a\":1,\"password\":\"{}\"}}", it.canary());
        member("blob", &text(&base64(inner.as_bytes(), letters)))
    }),
    ("xml", |it| {
        let secret = it.canary();
        member(
            "soap",
            &text(&format!("<u><ns:Password a='1'>{secret}</ns:Password></u>")),
        )
    }),
    ("connection string", |it| {
        let secret = it.marked();
        member(
            "dial",
            &text(&format!("Server=db;User Id=sa;Password={secret};Timeout=5")),
        )
    }),
    ("graphql variables", |it| {
        let query = "mutation A($p: String!, $n: Int, $o: [X!]) { a(n: $n, input: {password: $p}) { id } b(credential: $o) }";
        let (a, b) = (text(&it.secret()), text(&it.secret()));
        let variables = format!("{{\"n\":1,\"p\":{a},\"o\":[{b}]}}");
        let variables = match it.chance(30) {
            true => text(&variables),
            false => variables,
        };
        let query = member("query", &text(query));
        let variables = member("variables", &variables);
        let request = match it.chance(50) {
            true => format!("{{{query},{variables}}}"),
            false => format!("{{{variables},\"id\":1,{query}}}"),
        };
        member("requests", &format!("[{request}]"))
    }),
    ("short names of name and value", |it| {
        let secret = text(&it.secret());
        member("tags", &format!("[{{\"k\":\"password\",\"v\":{secret}}}]"))
    }),
    ("graphql", |it| {
        let secret = it.canary();
        let more = it.canary();
        let query = format!("mutation {{ login(name: \"a\", password: \"{secret}\") {{ id }} }}");
        format!(
            "{},{}",
            member("query", &text(&query)),
            member("variables", &format!("{{\"password\":\"{more}\"}}"))
        )
    }),
    ("doubtful name", |it| {
        let name = it.one_of(names::DOUBTFUL);
        member(name, &text(&it.canary()))
    }),
    ("uuid", |it| {
        let (name, uuid) = (it.one_of(&["api_key", "access_token", "token"]), it.uuid());
        member(name, &text(&format!("persona_production_{uuid}")))
    }),
];

/// Makes a document with one to three secrets, and decoys all around.
pub(crate) fn document(plant: &mut Plant) -> String {
    let mut secrets: Vec<_> = (0..=plant.below(3))
        .map(|_| plant.one_of(MEMBERS))
        .collect();
    // Of two alike a reader may keep one, and lose the decoys of the other.
    secrets.sort_by_key(|(place, _)| *place);
    secrets.dedup_by_key(|(place, _)| *place);
    let breadth = 1 + plant.below(5);
    let mut whole = object(plant, 3, breadth, &mut secrets);
    while !secrets.is_empty() {
        let more = object(plant, 1, 1, &mut secrets);
        whole = format!("{{{},{}}}", member("rest", &more), member("first", &whole));
    }
    if plant.chance(5) {
        let depth = plant.below(200) as usize;
        whole = format!("{}{whole}{}", "[".repeat(depth), "]".repeat(depth));
    }
    whole
}

/// Makes an object of decoys that takes some of the secrets.
fn object(
    plant: &mut Plant,
    depth: u32,
    breadth: u32,
    secrets: &mut Vec<(&'static str, Make)>,
) -> String {
    let mut members = Vec::new();
    // A reader keeps one member of each name.
    let mut harmless_names = names::HARMLESS.to_vec();
    let mut name = |plant: &mut Plant| {
        let at = plant.below(u32::try_from(harmless_names.len()).unwrap());
        harmless_names.swap_remove(at as usize)
    };
    for at in 0..breadth {
        let is_wanted = plant.chance(60) || at + 1 == breadth;
        if is_wanted && let Some((place, make)) = secrets.pop() {
            plant.enter(place);
            members.push(make(plant));
            let beside = harmless(plant);
            members.push(member(name(plant), &beside));
        }
        let (name, number) = (name(plant), plant.below(1000));
        let value = match plant.below(if depth > 0 { 10 } else { 8 }) {
            0 => number.to_string(),
            1 => format!("-{number}.5e-3"),
            2 => plant
                .one_of(&["true", "false", "null", "[]", "{}", "\"\""])
                .to_owned(),
            3 => format!("[{},{},1]", harmless(plant), harmless(plant)),
            4..8 => harmless(plant),
            8 => object(plant, depth - 1, 1 + number % 3, secrets),
            _ => format!(
                "[{},{}]",
                object(plant, depth - 1, 1, secrets),
                harmless(plant)
            ),
        };
        members.push(member(name, &value));
    }
    let comma = plant.one_of(&[",", ", ", " ,\n  "]);
    format!("{{{}}}", members.join(comma))
}

/// Makes a harmless text.
fn harmless(plant: &mut Plant) -> String {
    plant.enter("harmless member");
    let decoy = plant.decoy();
    let shapes = [
        "{}",
        "{}",
        "{}",
        "a {} b",
        "é {} 😀",
        "https://x.test/{}?page=2",
        "{}@x.test",
        "/v1/{}",
        "{}: done",
        "2026-01-31T10:20:30Z {}",
        "see {}, it is 10:20",
        "<b>{}</b>",
        "{}=1",
        "a\n{}\t\"b\"",
        "the token of {} has expired",
    ];
    text(&plant.one_of(&shapes).replace("{}", &decoy))
}

pub(crate) fn member(name: &str, value: &str) -> String {
    format!("{}:{value}", text(name))
}

/// Writes a string.
pub(crate) fn text(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

/// Writes a string with escapes for all of it, for every fourth unit, or for the first.
fn escaped(text: &str, how: u32) -> String {
    let mut out = String::from("\"");
    for (at, unit) in text.encode_utf16().enumerate() {
        let plain = char::from_u32(unit.into())
            .filter(|it| it.is_ascii_graphic() && !matches!(it, '"' | '\\'));
        let is_escaped = how == 0 || how == 1 && at % 4 == 0 || how == 2 && at == 0;
        match plain.filter(|_| !is_escaped) {
            Some(letter) => out.push(letter),
            None if at % 2 == 0 => out.push_str(&format!("\\u{unit:04x}")),
            None => out.push_str(&format!("\\u{unit:04X}")),
        }
    }
    out + "\""
}
