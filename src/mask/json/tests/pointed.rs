use super::super::super::tests::pass_with;
use super::*;
use crate::entry::Place;
use crate::mask::{Replacement, Rule, Rules};

fn with(pointers: &[&str]) -> Rules {
    let rules = Rules::default().hash_key([7; 32]);
    pointers
        .iter()
        .fold(rules, |rules, it| rules.rule(Rule::pointer(*it)))
}

fn masked_by(rules: &Rules, source: &str, cut: bool) -> String {
    let document = pass_with(rules, |pass| match cut {
        true => mask_cut(source, 0, pass),
        false => mask(source, 0, pass),
    });
    document.unwrap().text.unwrap_or_else(|| source.to_owned())
}

#[test]
fn pointer_leads_to_its_place_and_to_no_other() {
    let m = "\"[MASKED]\"";
    for (pointer, source, shown) in [
        (
            "/a",
            r#"{"a":1,"b":{"a":1},"A":1}"#,
            r#"{"a":M,"b":{"a":1},"A":1}"#,
        ),
        (
            "/a/b",
            r#"{"a":{"b":[1],"c":2},"b":3}"#,
            r#"{"a":{"b":M,"c":2},"b":3}"#,
        ),
        (
            "/a/*/b",
            r#"{"a":[{"b":1},{"c":{"b":1}},{"b":true}]}"#,
            r#"{"a":[{"b":M},{"c":{"b":1}},{"b":M}]}"#,
        ),
        (
            "/a/*/b",
            r#"{"a":{"x":{"b":null},"y":[{"b":1}]}}"#,
            r#"{"a":{"x":{"b":M},"y":[{"b":1}]}}"#,
        ),
        ("/1", r#"[0,"x",2]"#, r#"[0,M,2]"#),
        ("/1", r#"{"1":0,"01":0}"#, r#"{"1":M,"01":0}"#),
        (
            "/10/0",
            r#"[0,1,2,3,4,5,6,7,8,9,[10,11],[0]]"#,
            r#"[0,1,2,3,4,5,6,7,8,9,[M,11],[0]]"#,
        ),
        (
            "/**/x",
            r#"{"x":1,"a":[{"x":[2]},[[{"x":3}]]],"y":{"z":4}}"#,
            r#"{"x":M,"a":[{"x":M},[[{"x":M}]]],"y":{"z":4}}"#,
        ),
        ("/a/**", r#"{"a":{"b":1},"c":2}"#, r#"{"a":M,"c":2}"#),
        (
            "/a/**/**/b",
            r#"{"a":{"b":1,"c":{"c":{"b":1}}},"b":2}"#,
            r#"{"a":{"b":M,"c":{"c":{"b":M}}},"b":2}"#,
        ),
        (
            "/**/a/*/b",
            r#"{"a":{"a":{"a":{"b":1},"b":2}},"b":3}"#,
            r#"{"a":{"a":{"a":{"b":M},"b":M}},"b":3}"#,
        ),
        ("", r#"{"a":1}"#, "M"),
        ("/", r#"{"":1,"a":{"":2}}"#, r#"{"":M,"a":{"":2}}"#),
        (
            "/a~1b/~0/~01",
            r#"{"a/b":{"~":{"~1":1,"/":2}}}"#,
            r#"{"a/b":{"~":{"~1":M,"/":2}}}"#,
        ),
        (
            "/é/k\"",
            r#"{"\u00e9":{"k\"":"x","k":"y"}}"#,
            r#"{"\u00e9":{"k\"":M,"k":"y"}}"#,
        ),
        ("/a", r#"{"a":1,"a":2}"#, r#"{"a":M,"a":M}"#),
        ("/has_x", r#"{"has_x":true}"#, r#"{"has_x":M}"#),
        ("/a", r#"{"b":"{\"a\":1}"}"#, r#"{"b":"{\"a\":1}"}"#),
        ("/*/*", r#"[1,[2,{"a":3}],{"b":4}]"#, r#"[1,[M,M],{"b":M}]"#),
        ("/a/b/c", r#"{"a":{"b":1}}"#, r#"{"a":{"b":1}}"#),
    ] {
        let shown = shown.replace('M', m);
        assert_eq!(
            masked_by(&with(&[pointer]), source, false),
            shown,
            "{pointer}"
        );
    }
}

#[test]
fn pointers_are_matched_together_the_first_deciding_and_sealed_names_stay_sealed() {
    let rules = Rules::default()
        .hash_key([7; 32])
        .rule(Rule::pointer("/a/b").replace_with(Replacement::LastFour))
        .rule(Rule::pointer("/**/b").replace_with(Replacement::Remove))
        .rule(Rule::pointer("/card/cvv").replace_with(Replacement::LastFour))
        .rule(Rule::pointer("/pair/value").replace_with(Replacement::LastFour));
    assert_eq!(
        masked_by(
            &rules,
            r#"{"a":{"b":"abcdefgh1234"},"c":{"b":"x"},"card":{"cvv":"abcdefgh1234"},"pair":{"value":"abcdefgh1234","name":"cvv"},"l":[{"b":1,"value":2}]}"#,
            false
        ),
        r#"{"a":{"b":"****1234"},"c":{},"card":{"cvv":"[MASKED]"},"pair":{"value":"[MASKED]","name":"cvv"},"l":[{"value":2}]}"#
    );
    let gone = Rules::default().rule(Rule::pointer("/value").replace_with(Replacement::Remove));
    assert_eq!(
        masked_by(&gone, r#"{"a":1,"value":"x","name":"pin"}"#, false),
        r#"{"a":1,"name":"pin"}"#
    );
    let many: Vec<_> = (0..64).map(|it| format!("/x/{it}/y{it}")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    let items: Vec<_> = (0..64)
        .map(|it| format!("{{\"y{it}\":1,\"y{}\":2}}", it + 1))
        .collect();
    let shown: Vec<_> = (0..64)
        .map(|it| format!("{{\"y{it}\":\"[MASKED]\",\"y{}\":2}}", it + 1))
        .collect();
    assert_eq!(
        masked_by(
            &with(&many),
            &format!("{{\"x\":[{}]}}", items.join(",")),
            false
        ),
        format!("{{\"x\":[{}]}}", shown.join(","))
    );
}

#[test]
fn pointer_counts_in_its_place_and_on_its_route() {
    let rule = Rule::pointer("/a")
        .only_in(Place::ResponseBody)
        .on_route("/x/*");
    let mut compiled = Rules::default().rule(rule).compile().unwrap();
    let mut hides = |route: &str, place: Place| {
        let (mut pass, _) = compiled.pass(route);
        pass.enter(place);
        mask(r#"{"a":1}"#, 0, &mut pass).unwrap().text.is_some()
    };
    assert!(hides("/x/1", Place::ResponseBody));
    assert!(!hides("/x/1", Place::RequestBody));
    assert!(!hides("/y/1", Place::ResponseBody));
    assert!(hides("/x/2", Place::ResponseBody));
}

#[test]
fn t6_deeper_than_is_followed_a_pointer_of_any_depth_hides_all() {
    let rules = with(&["/**/x", "/a/b"]);
    for (levels, shows) in [(200, true), (300, false), (100_000, false)] {
        let source = format!(
            "{}{{\"x\":1,\"y\":\"decoy\"}}{}",
            "[".repeat(levels),
            "]".repeat(levels)
        );
        let shown = masked_by(&rules, &source, false);
        assert!(!shown.contains("\"x\":1"), "{levels}");
        assert_eq!(shown.contains("decoy"), shows, "{levels}");
        assert!(shown.matches('[').count() >= levels.min(256));
    }
    let other = with(&["/a/b"]);
    let deep = format!("{}1{}", "{\"a\":".repeat(1000), "}".repeat(1000));
    assert_eq!(masked_by(&other, &deep, false), deep);
    let after = format!("[{}0{},{{\"x\":1}}]", "[".repeat(400), "]".repeat(400));
    assert!(masked_by(&rules, &after, false).ends_with(",{\"x\":\"[MASKED]\"}]"));
}

#[test]
fn t3_no_cut_shows_what_a_pointer_hides() {
    let source = r#"{"d":[{"a":{"h":"canary7f3a91c5","n":12}},{"a":{"h":["canary7f3a91c5",{"x":1}]}}],"e":{"f":{"c":"canary7f3a91c5"}},"g":1}"#;
    let fixed = with(&["/d/*/a/h", "/**/c"]);
    let gone = |pointer| Rule::pointer(pointer).replace_with(Replacement::Remove);
    let removed = Rules::default().rule(gone("/d/*/a/h")).rule(gone("/**/c"));
    for end in 0..=source.len() {
        for rules in [&fixed, &removed] {
            let shown = masked_by(rules, &source[..end], true);
            assert!(!shown.contains("cana"), "{shown}");
        }
    }
    assert_eq!(
        masked_by(&removed, source, false),
        r#"{"d":[{"a":{"n":12}},{"a":{}}],"e":{"f":{}},"g":1}"#
    );
}

#[test]
fn t26_pointers_take_linear_time() {
    // A quadratic walk over any of these takes many seconds in a debug build.
    let pointers: Vec<_> = (0..64)
        .map(|it| format!("/**/a/**/b/*/c{it}/**/d"))
        .collect();
    let pointers: Vec<_> = pointers.iter().map(String::as_str).collect();
    let rules = with(&pointers);
    for unit in ["{\"a\":", "{\"b\":", "[", "{\"a\":[{\"b\":[{\"c1\":"] {
        let text = unit.repeat(60_000 / unit.len());
        pass_with(&rules, |pass| assert!(mask_cut(&text, 0, pass).is_ok()));
    }
}

proptest! {
    #[test]
    fn pointer_to_a_value_hides_that_value_alone(value in json(), pick in any::<prop::sample::Index>(), star in any::<prop::sample::Index>()) {
        let mut all = Vec::new();
        pointers(&value, &mut Vec::new(), &mut all);
        let chosen = &all[pick.index(all.len())];
        let mut steps: Vec<_> = chosen.iter().map(|it| it.replace('~', "~0").replace('/', "~1")).collect();
        prop_assume!(chosen.iter().all(|it| it != "*" && it != "**"));
        let exact = steps.iter().map(|it| format!("/{it}")).collect::<String>();
        let source = value.to_string();
        let plain = masked_by(&Rules::default(), &source, false);
        let mut expected: Value = serde_json::from_str(&plain).unwrap();
        if let Some(place) = expected.pointer_mut(&exact) {
            *place = Value::from("[MASKED]");
        }
        let shown: Value = serde_json::from_str(&masked_by(&with(&[&exact]), &source, false)).unwrap();
        prop_assert_eq!(&shown, &expected, "{}", exact);
        if !steps.is_empty() {
            let at = star.index(steps.len());
            steps[at] = "*".to_owned();
            let wild = steps.iter().map(|it| format!("/{it}")).collect::<String>();
            let shown: Value = serde_json::from_str(&masked_by(&with(&[&wild]), &source, false)).unwrap();
            let place = shown.pointer(&exact);
            prop_assert_eq!(place, Some(&Value::from("[MASKED]")), "{}", wild);
        }
    }
}

/// Collects the steps to every value.
fn pointers(value: &Value, steps: &mut Vec<String>, all: &mut Vec<Vec<String>>) {
    all.push(steps.clone());
    let mut step = |name: String, value: &Value| {
        steps.push(name);
        pointers(value, steps, all);
        steps.pop();
    };
    match value {
        Value::Object(map) => map.iter().for_each(|(name, it)| step(name.clone(), it)),
        Value::Array(list) => list
            .iter()
            .enumerate()
            .for_each(|(at, it)| step(at.to_string(), it)),
        _ => {}
    }
}
