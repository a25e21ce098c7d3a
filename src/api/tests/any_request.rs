//! Requests made up at random: the property that `fuzz/` looks into for longer.

use futures_util::FutureExt;
use proptest::prelude::*;

use super::served::{document, mount, parameters, rich, served};
use super::truth::Truth;
use super::*;
use crate::testing::sample;

const ACCEPTED: &str = "1|2xx|GET|post|true|ASC|2020-01-01|2020-01-01T00:00:00Z|-90d|event|user|project|kebab|[*]|a,b|path";
const BROKEN: &str = "%00|%ff|%F0%9F%98%80|'|%25|_|99999999999999999999|-1|%5B%5D|=|%|%4";

/// What a request is made of; the numbers choose among what is served.
#[derive(Clone, Debug)]
struct Made {
    route: usize,
    entry: u32,
    /// For each parameter: which one it is, what follows its name, and its value.
    query: Vec<(usize, &'static str, String)>,
    tail: String,
    inflection: String,
    held: String,
}

fn made() -> impl Strategy<Value = Made> {
    let encoded =
        |text: String| -> String { form_urlencoded::byte_serialize(text.as_bytes()).collect() };
    let value = prop_oneof![
        4 => ACCEPTED,
        2 => BROKEN,
        2 => any::<String>().prop_map(encoded),
    ];
    let suffix = prop_oneof![9 => Just(""), 1 => Just("[]"), 1 => Just("x")];
    let query = proptest::collection::vec((any::<usize>(), suffix, value), 0..5);
    let tail = prop_oneof![9 => Just(String::new()), 1 => "[/a-z%0-9.]{0,8}"];
    let header = || {
        prop_oneof![
            "[ -~]{0,12}",
            Just("*".to_owned()),
            Just("camel".to_owned())
        ]
    };
    (any::<usize>(), 0_u32..120, query, tail, header(), header()).prop_map(
        |(route, entry, query, tail, inflection, held)| Made {
            route,
            entry,
            query,
            tail,
            inflection,
            held,
        },
    )
}

#[test]
fn any_request_gets_an_answer_that_is_none_of_our_failures_and_as_documented() {
    let api = mount(builder(SpyStore::new(rich()))).build().unwrap();
    let document = document(&api, ALL).now_or_never().unwrap();
    let truth = std::cell::RefCell::new(Truth::of(&api).now_or_never().unwrap());
    let formats = served();
    let routes: Vec<_> = formats
        .iter()
        .flat_map(|format| format.routes.iter().map(move |route| (format, route)))
        .collect();
    proptest!(ProptestConfig::with_cases(1500), |(made in made())| {
        let (format, route) = routes[made.route % routes.len()];
        let names = parameters(&document, route.template());
        let path = format.paths(route, sample::id(made.entry)).remove(0);
        let query = made.query.iter().map(|(number, suffix, value)| {
            let name = names.get(number % names.len().max(1)).map_or("any", String::as_str);
            format!("{name}{suffix}={value}")
        });
        let query: Vec<String> = query.collect();
        let uri = format!("{path}{}?{}", made.tail, query.join("&"));
        let Ok(uri) = http::Uri::try_from(uri) else { return Ok(()) };
        let mut request = format.request("GET", ALL, &uri.to_string());
        for (name, value) in [("key-inflection", &made.inflection), ("if-none-match", &made.held)] {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        let got = send(&api, request).now_or_never().unwrap();
        prop_assert!(got.status.as_u16() < 500, "{} {uri}", got.status);
        if made.tail.is_empty() {
            let held = truth.borrow_mut().check(route.template(), &got);
            prop_assert!(held.is_ok(), "{uri}: {held:?}");
        }
    });
}
