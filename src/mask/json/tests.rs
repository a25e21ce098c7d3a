use proptest::prelude::*;
use serde_json::Value;

use super::super::tests::pass;
use super::*;

mod bound;
mod cut;
mod large;
mod late;
mod pointed;
mod removed;

const CANARY: &str = "canary7f3a91c5";

fn masked(source: &str) -> Result<String, Malformed> {
    let document = pass(|pass| mask(source, 0, pass))?;
    Ok(document.text.unwrap_or_else(|| source.to_owned()))
}

fn masked_cut(source: &str) -> Result<String, Malformed> {
    let document = pass(|pass| mask_cut(source, 0, pass))?;
    Ok(document.text.unwrap_or_else(|| source.to_owned()))
}

#[track_caller]
fn shows(source: &str, shown: &str) {
    assert_eq!(masked(source).as_deref(), Ok(shown), "{source}");
}

#[test]
fn bytes_that_are_not_masked_are_kept() {
    for same in [
        r#" { "a" : 1.50e+3 , "b":[ true,false , null,"x\/\u00e9\ud83d\ude00\n" ],"c":{ },"d":[] } "#,
        "0",
        "-0.0",
        "\"a\"",
        "[]",
        "\n[1,2]\t",
        r#"{"max_tokens":5,"author":"a","lone":"\ud800"}"#,
        "\"{}\"",
        "{\"é\":\"\u{7f}\u{2028}\"}",
    ] {
        shows(same, same);
        let document = pass(|pass| mask(same, 0, pass)).unwrap();
        assert_eq!(document.text, None, "{same} is not copied");
    }
}

#[test]
fn t8_secret_values_of_any_type_are_replaced_as_a_whole() {
    for value in [
        "1234",
        "-1.5e3",
        "true",
        "null",
        "\"x\"",
        "\"\"",
        "{}",
        "[]",
        r#"{"a":[1,{"b":"}"}],"token":"x"}"#,
        r#"["]",[[]],{}]"#,
    ] {
        shows(
            &format!(r#"{{"a":1,"pin": {value} ,"b":2}}"#),
            r#"{"a":1,"pin": "[MASKED]" ,"b":2}"#,
        );
        shows(
            &format!(r#"[{{"secret":{value}}},{value}]"#),
            &format!(r#"[{{"secret":"[MASKED]"}},{}]"#, masked(value).unwrap()),
        );
    }
}

#[test]
fn t7_duplicate_and_escaped_names_are_masked() {
    shows(
        r#"{"password":"a","password":"b"}"#,
        r#"{"password":"[MASKED]","password":"[MASKED]"}"#,
    );
    shows(
        r#"{"pass\u0077ord":"a","\u0070\u0061ss\u0057ORD":1}"#,
        r#"{"pass\u0077ord":"[MASKED]","\u0070\u0061ss\u0057ORD":"[MASKED]"}"#,
    );
    shows(
        r#"{"pass\u200bword":"a","\ud83d\ude00_token":"b","pass\ud800word":"c"}"#,
        r#"{"pass\u200bword":"[MASKED]","\ud83d\ude00_token":"[MASKED]","pass\ud800word":"[MASKED]"}"#,
    );
}

#[test]
fn token_shows_its_shape_and_a_password_does_not() {
    let token = "persona_production_61bd73de-ce28-4a1b-8c3d-0123456789ab";
    shows(
        &format!(r#"{{"api_key":"{token}","password":"{token}"}}"#),
        r#"{"api_key":"persona_production_61bd73de-ce28-****-****-************","password":"[MASKED]"}"#,
    );
}

#[test]
fn t4_what_breaks_the_grammar_is_malformed() {
    for wrong in [
        "",
        " ",
        "{",
        "[",
        "[1,]",
        "{\"a\":1,}",
        "{,}",
        "[,1]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\" 1}",
        "{a:1}",
        "{'a':1}",
        "[1 2]",
        "1 2",
        "{} {}",
        "[1]]",
        "[1}",
        "{\"a\":1]",
        "// c\n{}",
        "{}/* c */",
        "01",
        "1.",
        ".5",
        "+1",
        "1e",
        "1e+",
        "-",
        "--1",
        "NaN",
        "Infinity",
        "tru",
        "True",
        "nul",
        "\"a",
        "\"\\x\"",
        "\"\\u12g4\"",
        "\"\\u12\"",
        "\"\n\"",
        "\"\u{1}\"",
        "\u{feff}{}",
        "{\"password\":\"x\"",
        "{\"password\":tru}",
        "{\"password\":{\"a\":01}}",
        "\u{a0}1",
        "1\u{b}",
    ] {
        assert_eq!(masked(wrong), Err(Malformed), "{wrong:?}");
        assert!(serde_json::from_str::<Value>(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn t6_json_inside_strings_is_masked_down_to_three_levels() {
    let inner = format!(r#"{{"user":"decoy","password":"{CANARY}"}}"#);
    let mut document = inner;
    for level in 1..=6 {
        document = serde_json::to_string(&serde_json::json!({ "data": document, "decoy": level }))
            .unwrap();
        let shown = masked(&document).unwrap();
        assert!(!shown.contains(CANARY), "{level}: {shown}");
        assert!(serde_json::from_str::<Value>(&shown).is_ok());
        assert_eq!(shown.contains("user"), level <= 3, "{level}: {shown}");
    }
}

#[test]
fn string_that_only_begins_as_json_stays_unless_it_names_a_secret() {
    for stays in [
        "[draft] title",
        "{name}",
        "[a-z]\\\\d+",
        "{{ user }}",
        " [1, 2",
        "\\\"quoted\\\" text",
        "[",
        "{\\\"a\\\":1",
        "[INFO] page: 2",
        "see \\\"password\\\" below",
    ] {
        let document = format!(r#"{{"a":"{stays}"}}"#);
        shows(&document, &document);
    }
    for withheld in [
        format!("[x] password: {CANARY}"),
        format!("{{password={CANARY}}}"),
        format!("{{'token': '{CANARY}'}}"),
        format!("{{\\\"pass\\\\u0077ord\\\": \\\"{CANARY}\\\",}}"),
        format!("got {{\\\"password\\\": \\\"{CANARY}\\\"}}"),
        format!("mutation {{ login(password: '{CANARY}') }}"),
    ] {
        let document = format!(r#"{{"a":"{withheld}","b":1}}"#);
        shows(&document, r#"{"a":"[WITHHELD]","b":1}"#);
    }
    shows(
        &format!(r#"{{"log":" {{\"decoy\":1,\"password\":\"{CANARY}"}}"#),
        r#"{"log":" {\"decoy\":1,\"password\":\"[MASKED]\""}"#,
    );
}

#[test]
fn url_in_a_string_loses_userinfo_and_secret_parameters() {
    shows(
        r#"{"a":"postgres://me:canary@db/x","b":"https://x.test/?page=2&token=canary#top"}"#,
        r#"{"a":"postgres://****@db/x","b":"https://x.test/?page=2&token=%5BMASKED%5D#top"}"#,
    );
}

#[test]
fn pointers_name_the_masked_spots() {
    let source = r#"{"a/b":[0,{"pin":12}],"s":"{\"token\":1}","k":{"secret":[1]}}"#;
    let spots = pass(|pass| {
        mask(source, 0, pass).unwrap();
        std::mem::replace(&mut pass.report, super::super::report::Report::new()).finish()
    });
    let spots: Vec<_> = spots
        .0
        .iter()
        .map(|it| (it.pointer.as_str(), it.rule.as_str(), it.bytes))
        .collect();
    assert_eq!(
        spots,
        [
            ("/a~1b/1/pin", "pin", 2),
            ("/s/token", "token", 1),
            ("/k/secret", "secret", 3)
        ]
    );
}

#[test]
fn t3_no_cut_shows_four_bytes_of_a_secret() {
    let document = format!(
        r#"{{"decoy":"é😀 \ud83d\ude00 \u00e9","n":-12.5e3,"password":"{CANARY}é\n","list":[{{"pin":918273645}},true],"pass\u0077ord":["{CANARY}",{{"x":"{CANARY}"}}],"inner":"{{\"decoy\":[1,2],\"token\":\"{CANARY}\",\"in\":\"{{\\\"secret\\\":\\\"{CANARY}\\\"}}\"}}","url":"https://me:{CANARY}@host/a?x=1&api_key={CANARY}#access_token={CANARY}","ssn":null,"end":1}}"#
    );
    assert!(serde_json::from_str::<Value>(&document).is_ok());
    let whole = masked(&document).unwrap();
    for end in (0..=document.len()).filter(|&end| document.is_char_boundary(end)) {
        let cut = &document[..end];
        let shown = masked_cut(cut).unwrap_or_else(|_| panic!("{cut}"));
        for part in ["cana", "7f3a", "91c5", "9182", "7364"] {
            assert!(!shown.contains(part), "{cut} shows {shown}");
        }
        let lead = shown
            .bytes()
            .zip(whole.bytes())
            .take_while(|(a, b)| a == b)
            .count();
        let tail = &shown[lead..];
        assert!(
            tail.len() < 24,
            "{end}: {shown} is not the beginning of {whole}"
        );
    }
    assert_eq!(masked_cut(&document).unwrap(), whole);
}

#[test]
fn cut_document_ends_at_the_last_certain_point() {
    for (cut, shown) in [
        ("", ""),
        ("{\"a\":1,\"pass", "{\"a\":1,"),
        ("{\"password\"", "{\"password\""),
        ("{\"password\":", "{\"password\":"),
        ("{\"password\":\"", "{\"password\":\"[MASKED]\""),
        ("{\"password\":12", "{\"password\":\"[MASKED]\""),
        ("{\"password\":{\"a\":[", "{\"password\":\"[MASKED]\""),
        ("{\"a\":12", "{\"a\":"),
        ("{\"a\":tr", "{\"a\":"),
        ("{\"a\":true", "{\"a\":true"),
        ("{\"a\":\"xy\\", "{\"a\":\"xy"),
        ("{\"a\":\"xy\\u00", "{\"a\":\"xy"),
        ("{\"a\":\"xy\\ud83d\\ude", "{\"a\":\"xy"),
        ("{\"a\":\"https://me:can", "{\"a\":\"https://****"),
    ] {
        assert_eq!(masked_cut(cut).as_deref(), Ok(shown), "{cut}");
    }
    for wrong in ["{\"a\":1,}", "{\"password\":\"x\",]", "[1,2] x"] {
        assert_eq!(masked_cut(wrong), Err(Malformed), "{wrong}");
    }
}

#[test]
fn t25_depth_of_100_000_is_masked_in_linear_time_and_bits() {
    let deep = format!("{}\"x\"{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(masked(&deep).as_deref(), Ok(deep.as_str()));
    let objects = format!(
        "{}{{\"password\":\"{CANARY}\"}}{}",
        "{\"a\":".repeat(100_000),
        "}".repeat(100_000)
    );
    let shown = masked(&objects).unwrap();
    assert!(!shown.contains(CANARY) && shown.contains(MASKED_STRING));
    let open = "{\"a\":".repeat(13_000);
    assert_eq!(masked_cut(&open).as_deref(), Ok(open.as_str()));
    assert_eq!(masked(&open), Err(Malformed));
    let hidden = format!("{{\"secret\":{}", "[".repeat(100_000));
    assert_eq!(
        masked_cut(&hidden).as_deref(),
        Ok("{\"secret\":\"[MASKED]\"")
    );
}

const MASKED_STRING: &str = "\"[MASKED]\"";

fn json() -> impl Strategy<Value = Value> {
    let name = prop_oneof![
        // Letters that make no secret's name by chance.
        "[abef]{0,6}",
        Just("é\"\\".to_owned()),
        Just("\u{1}😀".to_owned())
    ];
    let text = prop_oneof![
        // Without what marks a URL or a sentence about a secret.
        "[ -~&&[^@:=<>?#%\\\\]]{0,12}",
        "\\PC{0,8}",
        Just("{\"a\":[1]}".to_owned()),
        Just("[x".to_owned())
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..5)
                .prop_map(|it| Value::Object(it.into_iter().collect())),
        ]
    })
}

/// Puts a secret field beside every object and into every list.
fn plant(value: &mut Value, name: &str) {
    match value {
        Value::Object(map) => {
            map.values_mut().for_each(|it| plant(it, name));
            map.insert(
                name.to_owned(),
                serde_json::json!([CANARY, { "x": CANARY }]),
            );
        }
        Value::Array(list) => {
            list.iter_mut().for_each(|it| plant(it, name));
            list.push(serde_json::json!({ name: CANARY, "decoy": 1 }));
        }
        _ => {}
    }
}

proptest! {
    #[test]
    fn no_canary_survives_and_the_output_is_json(mut value in json(), name in prop_oneof![Just("password"), Just("api_key"), Just("apiKey")], cut in any::<prop::sample::Index>()) {
        plant(&mut value, name);
        let compact = value.to_string();
        let pretty = serde_json::to_string_pretty(&value).unwrap();
        for source in [&compact, &pretty] {
            let shown = masked(source).unwrap();
            prop_assert!(!shown.contains("cana"));
            prop_assert!(serde_json::from_str::<Value>(&shown).is_ok());
            prop_assert_eq!(&masked(&shown).unwrap(), &shown, "masking is idempotent");
            let mut end = cut.index(source.len() + 1);
            while !source.is_char_boundary(end) { end -= 1; }
            prop_assert!(!masked_cut(&source[..end]).unwrap().contains("cana"));
        }
    }

    #[test]
    fn grammar_is_that_of_serde_json(source in "[\\[\\]{}:,\"a1 \\\\ntrue.e+-]{0,12}") {
        let theirs = serde_json::from_str::<serde::de::IgnoredAny>(&source).is_ok();
        prop_assert_eq!(pass(|pass| mask(&source, 0, pass)).is_ok(), theirs);
    }
}
