use super::*;

const LOGIN: &str = "mutation L($p: String!, $n: Int) { login(password: $p, name: $n) { token } }";

/// Asserts what shows of the variables of a request.
#[track_caller]
fn binds(query: &str, variables: &str, shown: &str) {
    let query = Value::from(query);
    shows(
        &format!(r#"{{"query":{query},"variables":{variables}}}"#),
        &format!(r#"{{"query":{query},"variables":{shown}}}"#),
    );
    shows(
        &format!(r#"[{{"variables" : {variables},"id":1,"query":{query}}}, {{}}]"#),
        &format!(r#"[{{"variables" : {shown},"id":1,"query":{query}}}, {{}}]"#),
    );
}

#[test]
fn t6_variable_that_a_secret_argument_takes_is_a_secret_under_its_own_name() {
    let m = "[MASKED]";
    binds(
        LOGIN,
        r#"{"p":"canary","n":7}"#,
        &format!(r#"{{"p":"{m}","n":7}}"#),
    );
    binds(
        LOGIN,
        r#"{ "n" : "p" , "\u0070":{"a":["canary"]}}"#,
        &format!(r#"{{ "n" : "p" , "\u0070":"{m}"}}"#),
    );
    binds(
        "mutation($a: X) { a(input: {user: {password: $a, id: $b}}) }",
        r#"{"a":"canary","b":"b"}"#,
        &format!(r#"{{"a":"{m}","b":"b"}}"#),
    );
    shows(
        r#"{"query":"{a(tokens:[$a,{x:$b}],c:[$c])}","variables":{"a":"canary","b":"canary","c":["c"]}}"#,
        &format!(
            r#"{{"query":"{{a(tokens:\"{m}\",c:[$c])}}","variables":{{"a":"{m}","b":"{m}","c":["c"]}}}}"#
        ),
    );
    binds(
        "query A { a(b: $b) } mutation B { ...F @x(pin: $b) } fragment F on T { c(secret: $c) }",
        r#"{"b":1234,"c":"canary","d":[]}"#,
        &format!(r#"{{"b":"{m}","c":"{m}","d":[]}}"#),
    );
    binds(
        "mutation { put(value: $v, key: \"DB_PASSWORD\") put(value: $w, key: \"colour\") }",
        r#"{"v":"canary","w":"red"}"#,
        &format!(r#"{{"v":"{m}","w":"red"}}"#),
    );
    binds(
        LOGIN,
        r#"[{"p":"canary","n":1},{"n":{"p":2},"p":"canary"}]"#,
        &format!(r#"[{{"p":"{m}","n":1}},{{"n":{{"p":2}},"p":"{m}"}}]"#),
    );
    binds(
        LOGIN,
        r#""{\"p\":\"canary\",\"n\":7}""#,
        &format!(r#""{{\"p\":\"{m}\",\"n\":7}}""#),
    );
}

#[test]
fn variables_of_a_query_that_nobody_can_read_are_withheld_and_of_none_their_own_names_count() {
    let m = "[MASKED]";
    for query in ["query($p: X { a(b: $p) }", "login", "{ a(b: 'c') }"] {
        for variables in [r#"{"p":"canary"}"#, r#"["canary"]"#, r#""{}""#] {
            binds(query, variables, &format!("\"{m}\""));
        }
        binds(query, "null", "null");
    }
    let own = r#"{"p":"decoy","password":"[MASKED]"}"#;
    binds("", r#"{"p":"decoy","password":"canary"}"#, own);
    shows(
        r#"{"variables":{"p":"decoy","password":"canary"},"extensions":{"persistedQuery":{"version":1}}}"#,
        &format!(r#"{{"variables":{own},"extensions":{{"persistedQuery":{{"version":1}}}}}}"#),
    );
}

#[test]
fn members_that_are_no_variables_of_the_request_stay() {
    let query = Value::from(LOGIN);
    for same in [
        format!(r#"{{"query":{query},"variables":{{"n":{{"p":1}}}},"p":"decoy"}}"#),
        format!(r#"[{{"query":{query}}},{{"variables":{{"p":"decoy"}}}}]"#),
        r#"{"mutation":"delF508","variables":{"p":"decoy"}}"#.to_owned(),
        r#"{"variables":[{"key":"A","value":"decoy"}]}"#.to_owned(),
        r#"{"query":"{a(b:$p)}","variables":{"p":"decoy","q":{}}}"#.to_owned(),
    ] {
        shows(&same, &same);
    }
}

#[test]
fn t3_request_that_is_cut_anywhere_shows_no_variable_that_is_a_secret() {
    let query = Value::from(LOGIN);
    for source in [
        format!(r#"{{"query":{query},"variables":{{"n":1,"p":"canary"}},"x":[1]}}"#),
        format!(r#"[{{"variables":{{"n":1,"p":"canary"}},"x":[1],"query":{query}}}, 1]"#),
        format!(r#"{{"variables":"{{\"n\":1,\"p\":\"canary\"}}","query":{query}}}"#),
    ] {
        for end in 1..source.len() {
            let shown = masked_cut(&source[..end]).unwrap();
            assert!(!shown.contains("can"), "{shown} of {}", &source[..end]);
        }
    }
}

#[test]
fn requests_are_read_as_deep_as_siblings_are_and_deeper_ones_show_no_variables() {
    for (depth, value) in [
        (0, "decoy"),
        (254, "decoy"),
        (255, "[MASKED]"),
        (9000, "[MASKED]"),
    ] {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        let request = |p: &str, n: &str| {
            let query = Value::from(LOGIN);
            format!(r#"{open}{{"variables":{{"p":"{p}","n":"{n}"}},"query":{query}}}{close}"#)
        };
        let shown = masked(&request("canary", "decoy")).unwrap();
        match value {
            "decoy" => assert_eq!(shown, request("[MASKED]", value)),
            _ => assert!(shown.contains(r#""variables":"[MASKED]""#), "{shown}"),
        }
    }
}

#[test]
fn t25_requests_of_many_variables_take_linear_time_and_nesting_is_bounded() {
    let names: String = (0..2000).map(|it| format!("a(pin: $v{it}) ")).collect();
    let query = format!("{{ {names} }}");
    binds(&query, r#"{"other":"canary"}"#, "\"[MASKED]\"");
    let many = r#""variables":{"a":1},"#.repeat(20_000);
    let source = format!(r#"{{{many}"query":{}}}"#, Value::from(LOGIN));
    shows(&source, &source);
    let mut source = "x".repeat(100_000);
    for _ in 0..6 {
        let query = format!("{{a(b:{})}}", Value::from(source));
        source = format!(r#"{{"query":{},"variables":{{}}}}"#, Value::from(query));
    }
    assert!(masked(&source).unwrap().contains("[WITHHELD]"));
    let (open, close) = (r#"{"variables":"#.repeat(10_000), "}".repeat(10_000));
    let source = format!("{open}1{close}");
    assert!(masked(&source).unwrap().contains("[MASKED]"));
}
