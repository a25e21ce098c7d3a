use std::time::{Duration, Instant};

use serde_json::json;

use super::super::document;
use super::super::tests::pass;
use super::*;
use crate::capture::Json;
use crate::entry::Place;

/// Masks two values as the texts of their JSON, and compares them.
fn change_of(before: &str, after: &str) -> Change {
    let text = |text: &str| Json::Text(text.into());
    pass(|pass| {
        let before = document::mask(&text(before), Place::EventBefore, pass);
        let after = document::mask(&text(after), Place::EventAfter, pass);
        change(Some(before), Some(after))
    })
}

/// What is listed, as `pointer: before -> after`.
fn listed(change: &Change) -> Vec<String> {
    let shown = |value: &Option<Value>| value.as_ref().map_or("-".to_owned(), Value::to_string);
    let line = |it: &ChangedField| {
        format!(
            "{}: {} -> {}",
            it.pointer,
            shown(&it.before),
            shown(&it.after)
        )
    };
    change.fields.iter().map(line).collect()
}

#[track_caller]
fn lists(before: Value, after: Value, wanted: &[&str]) {
    let change = change_of(&before.to_string(), &after.to_string());
    assert_eq!(listed(&change), wanted, "{before} {after}");
    assert_eq!(change.fields_count, wanted.len() as u64);
}

#[test]
fn spots_that_differ_are_listed_with_both_values() {
    lists(json!({ "a": 1 }), json!({ "a": 1 }), &[]);
    lists(json!(1), json!("1"), &[r#": 1 -> "1""#]);
    lists(
        json!({ "same": [1], "a": 1, "gone": null, "b": { "c": true } }),
        json!({ "same": [1], "a": 2, "new": null, "b": { "c": false } }),
        &[
            "/a: 1 -> 2",
            "/b/c: true -> false",
            "/gone: null -> -",
            "/new: - -> null",
        ],
    );
    lists(
        json!({ "a/b": 1, "~": 1, "": 1 }),
        json!({ "a/b": 2, "~": 2, "": 2 }),
        &["/: 1 -> 2", "/a~1b: 1 -> 2", "/~0: 1 -> 2"],
    );
    lists(json!({ "a": {} }), json!({ "a": [] }), &["/a: {} -> []"]);
}

#[test]
fn lists_are_compared_between_their_common_beginning_and_end() {
    lists(
        json!(["a", "b", "c"]),
        json!(["a", "x", "b", "c"]),
        &[r#"/1: - -> "x""#],
    );
    lists(
        json!(["a", "b", "c"]),
        json!(["c"]),
        &[r#"/0: "a" -> -"#, r#"/1: "b" -> -"#],
    );
    lists(
        json!([{ "id": 1 }, { "id": 2, "n": 1 }, { "id": 3 }]),
        json!([{ "id": 1 }, { "id": 2, "n": 2 }, { "id": 3 }]),
        &["/1/n: 1 -> 2"],
    );
    lists(json!([1, 1, 1]), json!([1, 1]), &["/2: 1 -> -"]);
    lists(json!([]), json!([[]]), &["/0: - -> []"]);
}

#[test]
fn secret_that_changed_is_listed_and_neither_value_nor_inner_names_show() {
    lists(
        json!({ "password": "canary-1", "n": 1 }),
        json!({ "password": "canary-2", "n": 1 }),
        &[r#"/password: "[MASKED]" -> "[MASKED]""#],
    );
    lists(
        json!({ "secrets": { "canary-1": 1 } }),
        json!({ "secrets": { "canary-1": 1, "canary-2": [2] } }),
        &[r#"/secrets: "[MASKED]" -> "[MASKED]""#],
    );
    lists(
        json!({ "pin": 1234 }),
        json!({ "pin": { "new": 5678 } }),
        &[r#"/pin: "[MASKED]" -> "[MASKED]""#],
    );
    lists(
        json!([{ "name": "a", "value": { "canary": 1 } }]),
        json!([{ "name": "password", "value": { "canary": 2 } }]),
        &[
            r#"/0/name: "a" -> "password""#,
            r#"/0/value: {"canary":1} -> "[MASKED]""#,
        ],
    );
    lists(
        json!({ "password": "same" }),
        json!({ "password": "same" }),
        &[],
    );
}

#[test]
fn members_of_what_was_not_there_are_new_and_what_was_withheld_is_not_compared() {
    let one = || {
        let text = json!({ "a": 1, "token": "canary" }).to_string();
        pass(|pass| document::mask(&Json::Text(text.into()), Place::EventAfter, pass))
    };
    let created = change(None, Some(one()));
    assert_eq!(
        listed(&created),
        ["/a: - -> 1", r#"/token: - -> "[MASKED]""#]
    );
    assert_eq!(created.before, Value::Null);
    let deleted = change(Some(one()), None);
    assert_eq!(listed(&deleted)[0], "/a: 1 -> -");
    let large = pass(|pass| document::mask(&Json::TooLarge(None), Place::EventAfter, pass));
    let unknown = change(Some(one()), Some(large));
    assert_eq!((unknown.fields.len(), unknown.fields_count), (0, 0));
    assert_eq!(unknown.after, "[WITHHELD]");
}

#[test]
fn the_first_spots_are_listed_and_all_are_counted() {
    let many = |value: u32| {
        let members = (0..500).map(|name| (name.to_string(), json!(value)));
        Value::Object(members.collect()).to_string()
    };
    let change = change_of(&many(1), &many(2));
    assert_eq!(
        (change.fields.len(), change.fields_count),
        (Change::MAX_FIELDS, 500)
    );

    let name = "n".repeat(2_000);
    let long = |value: u32| json!({ &name: [value], "short": value }).to_string();
    let change = change_of(&long(1), &long(2));
    assert_eq!(listed(&change), ["/short: 1 -> 2"]);
    assert_eq!(
        change.fields_count, 2,
        "a pointer past the bound is counted"
    );
}

#[test]
fn duplicate_names_count_once_and_deep_values_are_one_spot() {
    let change = change_of(r#"{"a":1,"a":2}"#, r#"{"a":3,"a":2}"#);
    assert_eq!(change.fields_count, 0, "the last one counts");
    let change = change_of(
        r#"{"token":{},"token":"x"}"#,
        r#"{"token":"x","token":{"y":1}}"#,
    );
    assert_eq!(listed(&change), [r#"/token: "[MASKED]" -> "[MASKED]""#]);

    let deep = |levels: usize, leaf: &str| "[".repeat(levels) + leaf + &"]".repeat(levels);
    let change = change_of(&deep(60, "1"), &deep(60, "2"));
    assert_eq!(change.fields[0].pointer, "/0".repeat(MAX_STEPS));
    let change = change_of(&deep(30_000, "1"), &deep(30_000, "2"));
    assert_eq!(
        (change.fields[0].pointer.as_str(), change.fields_count),
        ("", 1)
    );
}

#[test]
fn hostile_documents_take_linear_time() {
    let begun = Instant::now();
    let lists =
        |value: u32| "[".repeat(90) + &format!("{value},").repeat(10_000) + "0" + &"]".repeat(90);
    let turned = |first: &str| format!("[{first}{}]", ",[1]".repeat(15_000));
    let names = |value: u32| {
        let members: Vec<_> = (0..5_000)
            .map(|it| format!("\"{it:x}\":{{\"{value}\":0}}"))
            .collect();
        format!("{{{}}}", members.join(","))
    };
    for (before, after) in [
        (lists(1), lists(2)),
        (turned("2"), turned("3,4")),
        (names(1), names(2)),
        (deep_object(1), deep_object(2)),
    ] {
        assert!(change_of(&before, &after).fields_count > 0);
    }
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
}

/// Long names on every level, with a change at the very end.
fn deep_object(leaf: u32) -> String {
    let name = "n".repeat(600);
    let open = format!("{{\"{name}\":");
    open.repeat(90) + &leaf.to_string() + &"}".repeat(90)
}
