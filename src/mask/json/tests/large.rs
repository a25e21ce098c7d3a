use super::*;

#[test]
fn t25_million_names_and_a_number_of_a_megabyte_stay_and_cost_no_copy() {
    let mut names = String::from("{");
    for number in 0..1_000_000 {
        names.push_str(&format!("\"{number}\":1,"));
    }
    names.push_str("\"a\":2}");
    let digits = format!(
        "[{},-0.{}e+1]",
        "9".repeat(1_000_000),
        "7".repeat(1_000_000)
    );
    for source in [&names, &digits] {
        let document = pass(|pass| mask(source, 0, pass)).unwrap();
        assert_eq!((document.text, document.complete), (None, true));
    }
    let hidden = format!("{{\"pin\":{}}}", &digits[1..1_000_001]);
    shows(&hidden, "{\"pin\":\"[MASKED]\"}");
}

#[test]
fn t25_late_values_to_a_depth_of_20_000_are_replaced_once() {
    let levels = 20_000;
    for name in ["pin", "a"] {
        let source = format!(
            "{}1{}",
            "{\"value\":".repeat(levels),
            format!(",\"name\":\"{name}\"}}").repeat(levels)
        );
        let shown = masked(&source).unwrap();
        match name {
            "a" => assert_eq!(shown, source),
            _ => assert_eq!(shown, "{\"value\":\"[MASKED]\",\"name\":\"pin\"}"),
        }
    }
}

#[test]
fn t16_zero_bytes_marks_and_odd_text_in_names_and_values_stay_or_are_masked() {
    shows(
        r#"{"pass\u0000word":"a","password\u0000x":"b","x\u0000y":"c"}"#,
        r#"{"pass\u0000word":"[MASKED]","password\u0000x":"[MASKED]","x\u0000y":"c"}"#,
    );
    shows(
        "{\"\u{feff}password\":1,\"pаsswоrd\":2,\"ｐａｓｓｗｏｒｄ\":3,\"𝓉ℴ𝓀ℯ𝓃\":4,\"имя\":5}",
        "{\"\u{feff}password\":\"[MASKED]\",\"pаsswоrd\":\"[MASKED]\",\"ｐａｓｓｗｏｒｄ\":\"[MASKED]\",\"𝓉ℴ𝓀ℯ𝓃\":\"[MASKED]\",\"имя\":5}",
    );
    for stays in [
        "\"\u{7f}\u{80}\u{7ff}\u{800}\u{ffff}\u{10000}\u{10ffff}\"",
        "\"\\u0000\\ud800\\udfff\"",
    ] {
        shows(stays, stays);
    }
    assert_eq!(masked("\u{0}{}"), Err(Malformed));
    assert_eq!(masked("{}\u{0}"), Err(Malformed));
}
