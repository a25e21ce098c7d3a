use crate::entry::Place;
use crate::error::ErrorKind;
use crate::mask::tests::{Sample, pass_with};
use crate::mask::{Masker, Rules, cookies, headers, pairs};

mod kinds;

fn body(rules: Rules, content_type: &str, body: &str) -> String {
    let shown = Masker::new(&rules).unwrap();
    let shown = { shown }.body(Some(content_type), body.as_bytes());
    shown.text().unwrap_or("withheld").to_owned()
}

#[test]
fn only_listed_fields_of_json_show_and_all_below_them() {
    let rules = || Rules::default().only_fields(["id", "user_name", "errors"]);
    for (text, shown) in [
        (r#"{"id":7,"a":8}"#, r#"{"id":7,"a":"[MASKED]"}"#),
        (
            r#"{"a":{"b":[1,{"id":2,"c":null}],"ID":"x"}}"#,
            r#"{"a":{"b":["[MASKED]",{"id":2,"c":"[MASKED]"}],"ID":"x"}}"#,
        ),
        (
            r#"{"errors":[{"a":1,"b":{"c":[true]}}],"a":true}"#,
            r#"{"errors":[{"a":1,"b":{"c":[true]}}],"a":"[MASKED]"}"#,
        ),
        (
            r#"[{"id":1},"x",[["y"]]]"#,
            r#"[{"id":1},"[MASKED]",[["[MASKED]"]]]"#,
        ),
        (r#""x""#, r#""[MASKED]""#),
        (
            r#"{"i\u0064":1,"userName":2}"#,
            r#"{"i\u0064":1,"userName":2}"#,
        ),
        (
            r#"{"id":{"password":"canary","x":1}}"#,
            r#"{"id":{"password":"[MASKED]","x":1}}"#,
        ),
        (r#"{"id":"{\"a\":1}"}"#, r#"{"id":"{\"a\":1}"}"#),
        (r#"{"a":"{\"id\":1}"}"#, r#"{"a":"[MASKED]"}"#),
        (
            r#"{"id\u0000password":1}"#,
            r#"{"id\u0000password":"[MASKED]"}"#,
        ),
        (r#"{"id":[1],"a":[2]}"#, r#"{"id":[1],"a":["[MASKED]"]}"#),
        (r#"[{"id":[{}]},3]"#, r#"[{"id":[{}]},"[MASKED]"]"#),
        (r#"{"":1,"-":2}"#, r#"{"":"[MASKED]","-":"[MASKED]"}"#),
    ] {
        assert_eq!(body(rules(), "application/json", text), shown, "{text}");
    }
    let none = Rules::default().only_fields([""; 0]);
    assert_eq!(
        body(none, "application/json", r#"{"id":1}"#),
        r#"{"id":"[MASKED]"}"#
    );
}

#[test]
fn only_listed_fields_of_forms_and_queries_show() {
    let rules = || Rules::default().only_fields(["page", "filter"]);
    let m = "%5BMASKED%5D";
    for (text, shown) in [
        ("page=1&q=canary", format!("page=1&q={m}")),
        (
            "filter[a]=1&b[filter][]=2&b[c]=3",
            format!("filter[a]=1&b[filter][]=2&b[c]={m}"),
        ),
        ("page=1;q=canary&p%61ge=2", format!("page={m}&p%61ge=2")),
        ("canary&page=1", format!("{m}&page=1")),
        ("page=&q=", "page=&q=".to_owned()),
        ("filter[token]=canary", format!("filter[token]={m}")),
        ("page={\"a\":1}", "page={\"a\":1}".to_owned()),
    ] {
        let masked = pass_with(&rules(), |pass| {
            pass.enter(Place::Query);
            pairs::mask(text, false, 0, pass)
        });
        assert_eq!(masked.as_deref().unwrap_or(text), shown, "{text}");
    }
    let form = "application/x-www-form-urlencoded";
    assert_eq!(
        body(rules(), form, "page=1&q=canary"),
        format!("page=1&q={m}")
    );
}

#[test]
fn only_listed_fields_of_multipart_bodies_show() {
    let rules = Rules::default().only_fields(["page", "id"]);
    let part = |head: &str, content: &str| {
        format!("--b\r\nContent-Disposition: form-data; {head}\r\n\r\n{content}\r\n")
    };
    let whole = [
        part("name=\"page\"", "decoy"),
        part("name=\"q\"", "canary"),
        part("name=\"f\"; filename=\"canary.txt\"", "canary"),
    ]
    .concat()
        + "--b\r\nContent-Disposition: form-data; name=\"j\"\r\nContent-Type: application/json\r\n\r\n{\"id\":\"decoy\",\"a\":\"canary\"}\r\n--b--\r\n";
    let shown = body(rules, "multipart/form-data; boundary=b", &whole);
    assert!(!shown.contains("canary"), "{shown}");
    assert_eq!(shown.matches("decoy").count(), 2, "{shown}");
}

#[test]
fn only_listed_headers_show_and_what_others_tell_does_not_come_around_it() {
    let rules = Rules::default().only_headers(["X-Decoy", "set-cookie", "authorization"]);
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let mut sample = Sample::new();
    for (name, value) in [
        ("user-agent", "canary"),
        ("x-request-id", "canary"),
        ("traceparent", trace),
        ("x-canary", "1"),
        ("authorization", "Bearer canary"),
    ] {
        sample.request.push((name, value.to_owned()));
        sample.response.push((name, value.to_owned()));
        sample.trailers.push((name, value.to_owned()));
    }
    let entry = Masker::new(&rules)
        .unwrap()
        .exchange(sample.captured())
        .entry;
    let stored = serde_json::to_string(&entry).unwrap();
    assert!(
        !stored.contains("canary") && !stored.contains("4bf92f"),
        "{stored}"
    );
    assert!(!stored.contains("user-agent"));
    let exchange = entry.exchange().unwrap();
    assert_eq!(
        exchange.request.headers.get("authorization"),
        Some("Bearer ****")
    );
    assert_eq!(exchange.request.headers.len(), 2);
    let left_out = |it: &&crate::entry::Masked| it.rule == "not listed";
    assert_eq!(
        exchange.masked.iter().filter(left_out).count(),
        4,
        "one a message"
    );
    assert!(entry.context.client_ip.is_some(), "the peer's");
}

#[test]
fn urls_in_headers_show_only_listed_parameters() {
    let rules = Rules::default().only_fields(["page"]);
    let mut fields = crate::capture::Fields::default();
    fields.push("referer", b"https://x.test/a?page=1&q=canary", false);
    fields.push("accept", b"text/html;q=0.5", false);
    let shown = pass_with(&rules, |pass| {
        headers::mask(&fields, Place::RequestHeader, pass)
    });
    assert_eq!(
        shown.get("referer"),
        Some("https://x.test/a?page=1&q=%5BMASKED%5D")
    );
    assert_eq!(shown.get("accept"), Some("text/html;q=0.5"));
}

#[test]
fn address_that_a_left_out_header_tells_is_not_told() {
    let networks = ["192.0.2.0/24"];
    let trusted = crate::capture::TrustedNetworks::parse(networks, Default::default()).unwrap();
    for (rules, client) in [
        (Rules::default(), Some("198.51.100.7".parse().unwrap())),
        (Rules::default().only_headers(["x-decoy"]), None),
    ] {
        let mut sample = Sample::new();
        sample
            .request
            .push(("x-forwarded-for", "198.51.100.7".to_owned()));
        sample
            .request
            .push(("x-forwarded-proto", "https".to_owned()));
        let mut masker = Masker::behind(&rules, trusted.clone()).unwrap();
        let entry = masker.exchange(sample.captured()).entry;
        assert_eq!(entry.context.client_ip, client);
        assert_eq!(
            entry.exchange().unwrap().request.scheme.is_some(),
            client.is_some()
        );
    }
}

#[test]
fn only_listed_cookies_show_their_names() {
    let rules = Rules::default().only_cookies(["theme"]);
    let shown = pass_with(&rules, |pass| {
        (
            cookies::mask("theme=a; canary=b; canary; THEME=c", pass),
            cookies::mask_set("canary=b; Path=/canary", pass),
            cookies::mask_set("theme=b; Path=/", pass),
        )
    });
    assert_eq!(shown.0, "theme=****; THEME=****");
    assert_eq!(shown.1, "");
    assert_eq!(shown.2, "theme=****; Path=/");
}

#[test]
fn listed_name_without_a_letter_or_digit_is_refused() {
    for wrong in [
        Rules::default().only_headers(["--"]),
        Rules::default().only_cookies([""]),
        Rules::default().only_fields(["a", "_"]),
    ] {
        let error = Masker::new(&wrong).err().map(|it| it.kind());
        assert_eq!(error, Some(ErrorKind::Configuration));
    }
}
