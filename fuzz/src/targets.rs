//! One function for each target.

use serde_json::value::RawValue;

use crate::door::{body, hides, holds, raw};
use crate::plant::Plant;
use crate::{fields, json as documents, multipart as forms, pairs, spoilt};

/// Splits an input into what it is and what follows.
fn is_raw(input: &[u8]) -> (bool, &[u8]) {
    match input.split_first() {
        Some((b'r', rest)) => (true, rest),
        Some((_, rest)) => (false, rest),
        None => (true, input),
    }
}

fn is_json(bytes: &[u8]) -> bool {
    serde_json::from_slice::<&RawValue>(bytes).is_ok()
}

/// A document of JSON, alone or one a line.
pub fn json(input: &[u8]) {
    let (is_raw, rest) = is_raw(input);
    if is_raw {
        let masked = raw("application/json", rest);
        if is_json(rest) {
            let masked = masked.expect("JSON can be masked");
            assert!(is_json(masked.as_bytes()), "{masked}");
        }
        raw("application/x-ndjson", rest);
        return;
    }
    let mut plant = Plant::of_bytes(rest);
    let plant = &mut plant;
    match plant.below(3) {
        0 => {
            let document = documents::document(plant);
            let shown = body("application/json", document.as_bytes());
            let text = shown.text().expect("a document of JSON can be masked");
            assert!(is_json(text.as_bytes()), "{text}");
            holds(&shown, plant, true);
        }
        1 => {
            let lines = [documents::document(plant), documents::document(plant)];
            let lines = lines.map(|line| line.replace('\n', ""));
            let shown = body("application/x-ndjson", lines.join("\n").as_bytes());
            let text = shown.text().expect("lines of JSON can be masked");
            assert!(text.lines().all(|line| is_json(line.as_bytes())), "{text}");
            holds(&shown, plant, true);
        }
        _ => {
            let (_, make) = plant.one_of(documents::MEMBERS);
            let secret = make(plant);
            let mut before = format!("{{\"title\":\"{}\",", plant.decoy()).into_bytes();
            let mut after = format!(",\"city\":[\"{}\"]}}", plant.decoy()).into_bytes();
            let is_spoilt = spoilt::around(plant, &mut before, &mut after);
            let document = [&before[..], secret.as_bytes(), &after[..]].concat();
            let content_type =
                plant.one_of(&["application/json", "application/x-ndjson", "text/json"]);
            let shown = body(content_type, &document);
            holds(&shown, plant, !is_spoilt);
        }
    }
}

/// A form.
pub fn form(input: &[u8]) {
    const TYPE: &str = "application/x-www-form-urlencoded";
    let (is_raw, rest) = is_raw(input);
    if is_raw {
        raw(TYPE, rest);
        return;
    }
    let mut plant = Plant::of_bytes(rest);
    let plant = &mut plant;
    if plant.chance(50) {
        let form = pairs::pairs(plant);
        let shown = body(TYPE, form.as_bytes());
        let text = shown.text().expect("a form can be masked");
        let names = |text: &str| {
            let names = text
                .split('&')
                .map(|it| it.split('=').next().unwrap_or_default());
            names.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(names(text), names(&form), "names stay");
        holds(&shown, plant, true);
        return;
    }
    let (_, make) = plant.one_of(pairs::PAIRS);
    let secret = make(plant);
    let mut before = pairs::harmless(plant).into_bytes();
    let mut after = pairs::harmless(plant).into_bytes();
    let is_spoilt = spoilt::around(plant, &mut before, &mut after);
    let form = [&before[..], b"&", secret.as_bytes(), b"&", &after[..]].concat();
    holds(&body(TYPE, &form), plant, !is_spoilt);
}

/// A form of several parts.
pub fn multipart(input: &[u8]) {
    let (is_raw, rest) = is_raw(input);
    if is_raw {
        raw("multipart/form-data; boundary=b", rest);
        return;
    }
    let mut plant = Plant::of_bytes(rest);
    let plant = &mut plant;
    if plant.chance(50) {
        let (content_type, form) = forms::form(plant);
        let shown = body(&content_type, &form);
        let text = shown.text().expect("a form can be masked");
        assert!(text.ends_with("--\r\n"), "{text}");
        raw(&content_type, &form);
        holds(&shown, plant, true);
        return;
    }
    let (head, content) = forms::part(plant);
    let secret = [
        b"\r\n--b\r\n",
        head.as_bytes(),
        b"\r\n\r\n",
        &content[..],
        b"\r\n--b",
    ]
    .concat();
    let part = |decoy: String| {
        format!("\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\n{decoy}")
    };
    let mut before = format!("--b{}", part(plant.decoy())).into_bytes();
    let mut after = format!("{}\r\n--b--\r\n", part(plant.decoy())).into_bytes();
    let is_spoilt = spoilt::around(plant, &mut before, &mut after);
    let form = [&before[..], &secret, &after[..]].concat();
    holds(
        &body("multipart/form-data; boundary=b", &form),
        plant,
        !is_spoilt,
    );
}

/// Text that is kept as it is, but for what it holds.
pub fn text(input: &[u8]) {
    let (is_raw, rest) = is_raw(input);
    if is_raw {
        for content_type in [
            "text/plain",
            "text/event-stream",
            "text/csv",
            "application/graphql",
            "text/html",
            "",
        ] {
            raw(content_type, rest);
        }
        return;
    }
    let mut plant = Plant::of_bytes(rest);
    let plant = &mut plant;
    let decoy = plant.decoy();
    if plant.chance(25) {
        let canary = plant.canary();
        let query = format!("mutation {{ {decoy} login(password: \"{canary}\") {{ id }} }}");
        holds(&body("application/graphql", query.as_bytes()), plant, true);
        return;
    }
    let document = documents::document(plant).replace('\n', "");
    let (content_type, text) = match plant.below(3) {
        0 => (
            "text/event-stream",
            format!(": {decoy}\nevent: a\ndata: {document}\n\n"),
        ),
        1 => (
            "text/event-stream",
            format!(
                "data: {}\n\ndata:{document}\r\n\r\n",
                documents::text(&decoy)
            ),
        ),
        _ => (
            "text/plain",
            document.replacen('{', &format!("{{\"a\":\"{decoy}\","), 1),
        ),
    };
    let mut before = Vec::new();
    let mut after = Vec::new();
    let is_spoilt = content_type != "text/plain" && spoilt::around(plant, &mut before, &mut after);
    let text = [&before[..], text.as_bytes(), &after[..]].concat();
    holds(&body(content_type, &text), plant, !is_spoilt);
}

/// XML.
pub fn xml(input: &[u8]) {
    let (is_raw, rest) = is_raw(input);
    if is_raw {
        for content_type in ["application/xml", "text/xml", "application/soap+xml"] {
            raw(content_type, rest);
        }
        return;
    }
    let mut plant = Plant::of_bytes(rest);
    let plant = &mut plant;
    let mut text =
        String::from(plant.one_of(&["", "<?xml version=\"1.0\"?>", "\u{feff}", "<!-- a -->"]));
    text.push_str("<u xmlns:n='x'>");
    for _ in 0..=plant.below(4) {
        let (name, decoy, canary) = (
            plant.one_of(&["password", "n:Token", "apiKey", "ClientSecret"]),
            plant.decoy(),
            plant.canary(),
        );
        text.push_str(&match plant.below(6) {
            0 => format!("<title>{decoy}</title><{name}>{canary}</{name}>"),
            1 => format!("<a b='{decoy}'/><{name}><![CDATA[{canary}]]></{name}>"),
            2 => format!("<a {name}='{canary}'>{decoy}</a>"),
            3 => format!("<{name}><b c=\"{canary}\">{canary}</b></{name}><c>{decoy}</c>"),
            4 => format!("<a>{decoy}</a><a>https://me:{canary}@x.test/</a>"),
            _ => format!("<a>{decoy}</a><entry key=\"password\">{canary}</entry>"),
        });
    }
    text.push_str("</u>");
    let shown = body("application/xml", text.as_bytes());
    holds(&shown, plant, true);
}

/// Header fields, a query and a path, through the layer.
pub fn header(input: &[u8]) {
    let (is_raw, rest) = is_raw(input);
    if is_raw {
        let (name, value) = rest.split_at(
            rest.len()
                .min(usize::from(rest.first().copied().unwrap_or(0) % 32)),
        );
        let Ok(name) = http::HeaderName::from_bytes(name) else {
            return;
        };
        let Ok(value) = http::HeaderValue::from_bytes(value) else {
            return;
        };
        let mut once = crate::layer::fields(vec![(name, value)]);
        let again = once.iter().map(|(name, value)| {
            let name = http::HeaderName::from_bytes(name.as_bytes());
            Some((name.ok()?, http::HeaderValue::from_str(value).ok()?))
        });
        if let Some(again) = again.collect::<Option<Vec<_>>>() {
            let twice = crate::layer::fields(again);
            // Bytes that are not UTF-8 are read as ISO-8859-1 once; of text that was encoded no more is looked into than a few levels.
            once.retain(|(_, value)| value.is_ascii() && !value.contains('%'));
            assert!(
                once.iter().all(|it| twice.contains(it)),
                "{once:?} {twice:?}"
            );
        }
        return;
    }
    let mut plant = Plant::of_bytes(rest);
    let mut all = Vec::new();
    for (name, value) in fields::fields(&mut plant, 6) {
        let mut value = http::HeaderValue::try_from(value).expect("a value of a field");
        value.set_sensitive(name.ends_with('!'));
        all.push((
            http::HeaderName::from_static(name.trim_end_matches('!')),
            value,
        ));
    }
    let shown = format!("{:?}", crate::layer::fields(all));
    hides(&shown);
    for decoy in &plant.decoys {
        assert!(
            shown.contains(&decoy.text),
            "{} is hidden in {shown}",
            decoy.place
        );
    }
}
