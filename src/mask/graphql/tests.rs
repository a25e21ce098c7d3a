use super::super::tests::pass;
use super::*;

fn masked(text: &str, cut: bool, told: Told) -> Result<String, Malformed> {
    let masked = pass(|pass| mask(text, cut, told, 0, pass));
    masked.map(|it| it.unwrap_or_else(|| text.to_owned()))
}

#[track_caller]
fn shows(text: &str, shown: &str) {
    assert_eq!(masked(text, false, Told::ByItself).as_deref(), Ok(shown));
}

const DOCUMENT: &str = r#"mutation Login($token: String = "canary", $list: [[Int!]!]! = [1, 2], $n: Int = 5 @x(pin: 1)) @live(secret: "canary") {
  password: login(email: "a@b.c", password: "can\"ary", pin: 1234, code: "DE") { token ... on User @include(if: $n) { secret } ...Rest }
  b: set(input: {user: {api_key: """can "ary" \""" x""", tokens: ["canary", {a: 1}], role: ADMIN}, password: $token, secret: CANARY, has_password: true, pwd: null}) @skip(if: false)
  c: put(key: "DB_PASSWORD", value: "canary") put(value: {a: "canary"}, name: "token") put(name: "colour", value: "red")
  d: get(next: "https://me:canary@x.test/", data: "{\"pin\":1}", t: """a
  b""") # the canary
}
#
fragment Rest on User { id }"#;

const SHOWN: &str = r##"mutation Login($token: String = "[MASKED]", $list: [[Int!]!]! = [1, 2], $n: Int = 5 @x(pin: "[MASKED]")) @live(secret: "[MASKED]") {
  password: login(email: "a@b.c", password: "[MASKED]", pin: "[MASKED]", code: "DE") { token ... on User @include(if: $n) { secret } ...Rest }
  b: set(input: {user: {api_key: "[MASKED]", tokens: "[MASKED]", role: ADMIN}, password: $token, secret: "[MASKED]", has_password: true, pwd: null}) @skip(if: false)
  c: put(key: "DB_PASSWORD", value: "[MASKED]") put(value: "[MASKED]", name: "token") put(name: "colour", value: "red")
  d: get(next: "https://****@x.test/", data: "{\"pin\":\"[MASKED]\"}", t: """a
  b""") #
}
#
fragment Rest on User { id }"##;

#[test]
fn t6_literals_of_secret_arguments_are_masked_and_the_rest_keeps_its_bytes() {
    shows(DOCUMENT, SHOWN);
}

#[test]
fn defaults_of_variables_that_secret_arguments_take_are_masked() {
    shows(
        r#"mutation($p: String = "canary", $i: In = {a: "canary", b: [1]} @x(y: 1), $n: Int = 5, $z: String = null) { a(password: $p, n: $n, secret: $z) b(credential: $i) }"#,
        r#"mutation($p: String = "[MASKED]", $i: In = "[MASKED]" @x(y: 1), $n: Int = 5, $z: String = null) { a(password: $p, n: $n, secret: $z) b(credential: $i) }"#,
    );
    shows(
        r#"query($v: String = "canary", $w: String = "red") { a(value: $v, key: "DB_PASSWORD") b(key: "colour", value: $w) }"#,
        r#"query($v: String = "[MASKED]", $w: String = "red") { a(value: $v, key: "DB_PASSWORD") b(key: "colour", value: $w) }"#,
    );
    let cut = r#"mutation($p: String = "canary", $n: Int = 4711) { a(b: 1, c: "#;
    let shown = masked(cut, true, Told::ByItself);
    let expected = r#"mutation($p: String = "[MASKED]", $n: Int = "[MASKED]") { a(b: 1, c: "#;
    assert_eq!(shown.as_deref(), Ok(expected));
}

#[test]
fn harmless_documents_keep_their_bytes() {
    for text in [
        "{me{id}}",
        "{ user(id: 4, at: \"10:20\") { name, token, friends(first: 10) { id } } }",
        "query($token: String!, $password: String) { user(token: $token, password: $password) { id } }",
        "subscription On @a @b(c: 1) { d }",
        "query Q { a(x: -1.5e3, y: [], z: {}, e: ENUM, s: \"\", b: \"\"\"\"\"\") ...F ... { g } ... @include(if: true) { h } }",
        "query A { a } query B { b }\n#\nfragment F on T @d { x }",
        "\u{feff}query { password: hash(of: 1) }",
    ] {
        shows(text, text);
    }
}

#[test]
fn text_that_is_no_document_is_malformed() {
    for text in [
        "",
        "query",
        "query the database for a password",
        "query { a",
        "query { a } }",
        "query { a(b) }",
        "query { a(b: ) }",
        "query { a(b: 'canary') }",
        "query { a(b: 01) }",
        "query { a(b: 1x) }",
        "query { a(b: \"can\nary\") }",
        "query { a(b: \"can\\xary\") }",
        "query { a: }",
        "query { a b: \"canary\" }",
        "query ($a: Int = ) { a }",
        "query { a(b: [1) }",
        "{a: 1}",
        "{\"a\": 1}",
        "{password: canary}",
        "{ a { password : canary } }",
        "{ a { password # x\n : canary } }",
        "{draft",
        "type A { password: String }",
        "query { a \u{1} }",
    ] {
        assert_eq!(
            masked(text, false, Told::ByItself),
            Err(Malformed),
            "{text}"
        );
    }
    let sure = masked("{password: canary}", false, Told::ByItsType);
    assert_eq!(sure.as_deref(), Ok("{password: canary}"));
}

#[test]
fn t3_document_that_was_cut_shows_no_beginning_of_a_secret() {
    for end in 1..DOCUMENT.len() {
        if !DOCUMENT.is_char_boundary(end) || end < "mutation".len() {
            continue;
        }
        let shown = masked(&DOCUMENT[..end], true, Told::ByItself);
        let shown = shown.unwrap_or_else(|_| panic!("{end}"));
        assert!(
            !shown.contains("cana") && !shown.contains("CANA") && !shown.contains("123"),
            "{end}: {shown}"
        );
    }
    let cut = "query { a(b: \"decoy\", token: \"can";
    assert_eq!(
        masked(cut, true, Told::ByItself).as_deref(),
        Ok("query { a(b: \"decoy\", token: ")
    );
}

#[test]
fn t25_depth_is_bounded_and_long_documents_take_linear_time() {
    let deep = "{a".repeat(100_000);
    assert_eq!(masked(&deep, true, Told::ByItself), Err(Malformed));
    let lists = format!("query{{a(b:{}", "[".repeat(100_000));
    assert_eq!(masked(&lists, true, Told::ByItself), Err(Malformed));
    for unit in [
        "a ",
        "a(b:1)",
        "a(pin:1)",
        "#\n",
        "...",
        "a@b(c:\"\\u0041\")",
        "\"\"\"",
        ",",
    ] {
        let text = format!("query {{ {} }}", unit.repeat(100_000 / unit.len()));
        let _ = masked(&text, false, Told::ByItself);
        let _ = masked(&text, true, Told::ByItself);
    }
}

#[test]
fn documents_are_told_by_their_first_word() {
    for text in [
        "{a}",
        " query{a}",
        "# x\n\n mutation A",
        "fragment",
        "subscription(",
    ] {
        assert!(begins(text), "{text}");
    }
    for text in ["", "queries", "a query", "# query", "type A", "\"query\""] {
        assert!(!begins(text), "{text}");
    }
}
