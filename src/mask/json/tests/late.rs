use super::super::super::report::Report;
use super::super::super::tests::pass_with;
use super::*;
use crate::mask::{Replacement, Rule, Rules};

type Spots = Vec<(String, String, usize)>;

fn spots(source: &str) -> (Spots, u64) {
    let (spots, count) = pass(|pass| {
        mask(source, 0, pass).unwrap();
        std::mem::replace(&mut pass.report, Report::new()).finish()
    });
    let spot = |it: &crate::entry::Masked| {
        (
            it.pointer.clone(),
            it.rule.to_string(),
            usize::try_from(it.bytes).unwrap(),
        )
    };
    (spots.iter().map(spot).collect(), count)
}

#[test]
fn value_before_its_name_is_replaced_whatever_it_is() {
    let m = "\"[MASKED]\"";
    for value in [
        "1",
        "true",
        "null",
        "\"x\"",
        "\"\"",
        "{}",
        "[1,{\"a\":[]}]",
        "{\"password\":\"x\"}",
    ] {
        shows(
            &format!(r#"{{"value": {value} ,"name":"pin"}}"#),
            &format!(r#"{{"value": {m} ,"name":"pin"}}"#),
        );
        shows(
            &format!(
                r#"[{{"a":"é","value":{value},"b":{{"value":{value},"name":"pin"}},"name":"pin"}}]"#
            ),
            &format!(r#"[{{"a":"é","value":{m},"b":{{"value":{m},"name":"pin"}},"name":"pin"}}]"#),
        );
    }
    shows(
        r#"{"value":"{\"value\":1,\"name\":\"pin\",\"b\":2}","name":"a"}"#,
        r#"{"value":"{\"value\":\"[MASKED]\",\"name\":\"pin\",\"b\":2}","name":"a"}"#,
    );
    shows(
        r#"{"value":{"value":{"value":1,"name":"pin"},"name":"pin"},"name":"pin"}"#,
        r#"{"value":"[MASKED]","name":"pin"}"#,
    );
    shows(
        r#"{"password":1,"value":{"password":2},"values":3,"token":4,"key":"pin","password":5}"#,
        r#"{"password":"[MASKED]","value":"[MASKED]","values":"[MASKED]","token":"[MASKED]","key":"pin","password":"[MASKED]"}"#,
    );
}

#[test]
fn value_before_a_doubtful_name_is_decided_by_its_shape() {
    shows(
        r#"{"value":"open","name":"state"}"#,
        r#"{"value":"open","name":"state"}"#,
    );
    shows(
        r#"{"value":"4k8Zq0Rw7Yt2Lm5Xp9Bc","name":"state"}"#,
        r#"{"value":"[MASKED]","name":"state"}"#,
    );
    shows(
        r#"{"value":{"password":"x","a":1},"name":"state"}"#,
        r#"{"value":{"password":"[MASKED]","a":1},"name":"state"}"#,
    );
}

#[test]
fn report_tells_a_late_value_once_and_in_its_place() {
    let source =
        r#"{"pin":1,"x":{"value":{"pin":2,"ssn":3},"token":4,"value":5,"name":"pin"},"otp":6}"#;
    let spot = |pointer: &str, rule: &str, bytes| (pointer.to_owned(), rule.to_owned(), bytes);
    assert_eq!(
        spots(source),
        (
            vec![
                spot("/pin", "pin", 1),
                spot("/x/value", "pin", 17),
                spot("/x/token", "token", 1),
                spot("/x/value", "pin", 1),
                spot("/otp", "otp", 1),
            ],
            5
        )
    );
    let many = format!(
        "[{}0]",
        r#"{"value":{"a":1,"pin":1},"name":"pin"},"#.repeat(300)
    );
    let (spots, count) = spots(&many);
    assert_eq!(
        (spots.len(), count),
        (crate::entry::Exchange::MAX_MASKED, 300)
    );
    assert!(
        spots
            .iter()
            .all(|(pointer, _, _)| pointer.ends_with("/value"))
    );
}

#[test]
fn number_and_text_show_what_the_rule_lets_show_in_valid_json() {
    let rules = Rules::default()
        .hash_key([7; 32])
        .rule(Rule::field("account").replace_with(Replacement::LastFour));
    for (source, shown) in [
        (r#"{"account":123456789012}"#, r#"{"account":"****9012"}"#),
        (r#"{"account":1234}"#, r#"{"account":"[MASKED]"}"#),
        (r#"{"account":[123456789012]}"#, r#"{"account":"[MASKED]"}"#),
        (
            r#"{"account":"12345678a\"\\\n"}"#,
            r#"{"account":"[MASKED]"}"#,
        ),
        (
            r#"{"account":"123456789\"a\\b"}"#,
            r#"{"account":"****\"a\\b"}"#,
        ),
        (
            r#"{"value":"123456789\"a\\b","name":"account"}"#,
            r#"{"value":"****\"a\\b","name":"account"}"#,
        ),
        (
            r#"{"name":"account","value":123456789012}"#,
            r#"{"name":"account","value":"****9012"}"#,
        ),
    ] {
        let masked = pass_with(&rules, |pass| mask(source, 0, pass)).unwrap();
        assert_eq!(masked.text.as_deref(), Some(shown), "{source}");
    }
}

#[test]
fn many_names_before_the_one_that_counts_do_not_hide_it() {
    let ids: String = (0..60).map(|it| format!("\"a{it}_id\":\"x\",")).collect();
    shows(
        &format!(r#"{{{ids}"name":"pin","value":1}}"#),
        &format!(r#"{{{ids}"name":"pin","value":"[MASKED]"}}"#),
    );
}
