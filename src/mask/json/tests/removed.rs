use super::super::super::tests::pass_with;
use super::*;
use crate::mask::{Replacement, Rule, Rules};

fn rules() -> Rules {
    let removes = |name: &str| Rule::field(name).replace_with(Replacement::Remove);
    Rules::default()
        .rule(removes("ssn"))
        .rule(removes("internal_note"))
}

fn shown(source: &str, cut: bool) -> Result<String, Malformed> {
    let document = pass_with(&rules(), |pass| match cut {
        true => mask_cut(source, 0, pass),
        false => mask(source, 0, pass),
    })?;
    Ok(document.text.unwrap_or_else(|| source.to_owned()))
}

#[test]
fn removed_member_takes_its_name_and_the_right_comma_along() {
    for (source, left) in [
        (r#"{"ssn":1}"#, r#"{}"#),
        (r#"{ "ssn" : 1 }"#, r#"{ }"#),
        (r#"{"ssn":1,"a":2}"#, r#"{"a":2}"#),
        (r#"{"a":2,"ssn":1}"#, r#"{"a":2}"#),
        (r#"{"a":2,"ssn":[1,{"b":2}],"c":3}"#, r#"{"a":2,"c":3}"#),
        (
            r#"{"ssn":1,"ssn":2,"a":3,"ssn":4,"b":5,"ssn":6}"#,
            r#"{"a":3,"b":5}"#,
        ),
        (r#"{"ssn":1,"ssn":{"ssn":[]}}"#, r#"{}"#),
        (
            r#"{"a":{"ssn":1},"b":{"ssn":1,"c":2}}"#,
            r#"{"a":{},"b":{"c":2}}"#,
        ),
        (r#"{"ssn":{"x":1},"a":{"b":1},"ssn":3}"#, r#"{"a":{"b":1}}"#),
        (r#"[{"ssn":1},{"ssn":2},3]"#, r#"[{},{},3]"#),
        ("{\n  \"ssn\": 1,\n  \"a\": 2\n}", "{\n  \"a\": 2\n}"),
        ("{\n  \"a\": 2,\n  \"ssn\": 1\n}", "{\n  \"a\": 2\n}"),
        (
            "{\n  \"a\": 2,\n  \"ssn\": 1,\n  \"b\": 3\n}",
            "{\n  \"a\": 2,\n  \"b\": 3\n}",
        ),
        (r#"{"ssn":1 , "password":2}"#, r#"{ "password":"[MASKED]"}"#),
        (r#"{"password":2,"ssn":1}"#, r#"{"password":"[MASKED]"}"#),
        (r#"["ssn",1]"#, r#"["ssn",1]"#),
        (r#"[["ssn",1],["a",2]]"#, r#"[["ssn","[MASKED]"],["a",2]]"#),
        (r#"{"a":"{\"ssn\":1,\"b\":2}"}"#, r#"{"a":"{\"b\":2}"}"#),
    ] {
        assert_eq!(shown(source, false).as_deref(), Ok(left), "{source}");
        assert!(serde_json::from_str::<Value>(left).is_ok());
    }
}

#[test]
fn removed_member_that_a_sibling_names_keeps_that_name() {
    for (source, left) in [
        (r#"{"name":"ssn","value":1}"#, r#"{"name":"ssn"}"#),
        (r#"{"value":1,"name":"ssn"}"#, r#"{"name":"ssn"}"#),
        (r#"{"value":1,"val":[2],"name":"ssn"}"#, r#"{"name":"ssn"}"#),
        (
            r#"{"a":1,"value":1,"default":2,"name":"ssn"}"#,
            r#"{"a":1,"name":"ssn"}"#,
        ),
        (
            r#"{"value":{"value":1,"name":"ssn"},"name":"a"}"#,
            r#"{"value":{"name":"ssn"},"name":"a"}"#,
        ),
        (
            r#"{"value":{"value":1,"name":"pin"},"name":"ssn"}"#,
            r#"{"name":"ssn"}"#,
        ),
        (
            r#"{"ssn":0,"value":1,"ssn":0,"name":"ssn"}"#,
            r#"{"name":"ssn"}"#,
        ),
        (
            r#"{"value":1,"ssn":0,"name":"ssn","ssn":0}"#,
            r#"{"name":"ssn"}"#,
        ),
    ] {
        assert_eq!(shown(source, false).as_deref(), Ok(left), "{source}");
    }
}

#[test]
fn removed_member_whose_name_holds_a_secret_goes_with_it() {
    let name = ["4111", "1111", "1111", "1111 ssn"].concat();
    for (source, left) in [
        (r#"{"NAME":1}"#, r#"{}"#),
        (r#"{"a":1, "NAME":[1,2],"b":2}"#, r#"{"a":1,"b":2}"#),
        (r#"{"NAME":1,"a":{"NAME":{"x":1}},"NAME":2}"#, r#"{"a":{}}"#),
        (
            r#"{"a":1,"NAME value":"x","name":"ssn"}"#,
            r#"{"a":1,"name":"ssn"}"#,
        ),
    ] {
        let source = source.replace("NAME value", "4111111111111111 value");
        let source = source.replace("NAME", &name);
        assert_eq!(shown(&source, false).as_deref(), Ok(left), "{source}");
    }
}

#[test]
fn removed_member_of_a_cut_document_leaves_nothing_of_it() {
    let source =
        r#"{"a":1,"ssn":"canary","b":{"ssn":[1,2],"c":3,"internal_note":{"x":"canary"}},"d":4}"#;
    for end in 0..=source.len() {
        let left = shown(&source[..end], true).unwrap();
        assert!(!left.contains("cana") && !left.contains("[1,2"), "{left}");
        assert!(!left.contains("ssn\":"), "{left}");
    }
    assert_eq!(
        shown(source, true).as_deref(),
        Ok(r#"{"a":1,"b":{"c":3},"d":4}"#)
    );
    for (end, left) in [(21, r#"{"a":1"#), (22, r#"{"a":1,"#), (13, r#"{"a":1"#)] {
        assert_eq!(shown(&source[..end], true).as_deref(), Ok(left));
    }
}

proptest! {
    #[test]
    fn what_is_left_is_the_document_without_the_members(mut value in json(), pretty in any::<bool>()) {
        let mut planted: Value = serde_json::from_str(&masked(&value.to_string()).unwrap()).unwrap();
        plant(&mut value, "ssn");
        let source = match pretty {
            true => serde_json::to_string_pretty(&value).unwrap(),
            false => value.to_string(),
        };
        let left: Value = serde_json::from_str(&shown(&source, false).unwrap()).unwrap();
        plant_decoys(&mut planted);
        prop_assert_eq!(left, planted);
    }
}

/// What [`plant`] leaves of lists when its members are gone.
fn plant_decoys(value: &mut Value) {
    match value {
        Value::Object(map) => map.values_mut().for_each(plant_decoys),
        Value::Array(list) => {
            list.iter_mut().for_each(plant_decoys);
            list.push(serde_json::json!({ "decoy": 1 }));
        }
        _ => {}
    }
}
