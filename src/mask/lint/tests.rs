use super::*;
use crate::entry::Place;
use Replacement::{Fixed, LastFour, Pseudonym, Remove, Token};

const KEY: [u8; 32] = *b"0123456789abcdefghijklmnopqrstuv";

#[track_caller]
fn warns(rules: Rules, of: &str, says: &str) {
    let warnings: Vec<_> = rules.lint().iter().map(Warning::to_string).collect();
    let [one] = warnings.as_slice() else {
        panic!("{warnings:#?}")
    };
    assert!(one.contains(of) && one.contains(says), "{one}");
}

#[track_caller]
fn is_silent(rules: Rules) {
    assert_eq!(rules.lint(), []);
}

fn rules<const N: usize>(list: [Rule; N]) -> Rules {
    list.into_iter()
        .fold(Rules::default().hash_key(KEY), Rules::rule)
}

#[test]
fn default_rules_and_rules_that_do_something_have_no_warnings() {
    is_silent(Rules::default());
    is_silent(
        Rules::default()
            .header("X-Partner")
            .query("invite")
            .field("internal_code")
            .plain_text("text/csv")
            .only_headers(["x-partner"]),
    );
    is_silent(rules([
        Rule::header("x-api-key").replace_with(Pseudonym),
        Rule::header("authorization"),
        Rule::cookie("theme").replace_with(LastFour),
        Rule::field("password").replace_with(Remove),
        Rule::field("internal code")
            .only_in(Place::RequestBody)
            .replace_with(Token),
        Rule::field("internal code")
            .on_route("/a/*")
            .replace_with(LastFour),
        Rule::field("internal code"),
        Rule::field("id").on_route("/secret/*"),
        Rule::field("pin"),
        Rule::field("api key").replace_with(LastFour),
    ]));
}

#[test]
fn rule_after_one_that_fits_all_it_fits_is_told() {
    let says = "is never asked, because";
    let field = || Rule::field("internal code");
    warns(
        rules([field(), field().replace_with(LastFour)]),
        "field(\"internal code\")",
        says,
    );
    warns(
        rules([
            field(),
            Rule::field("internalCode")
                .on_route("/a")
                .replace_with(Remove),
        ]),
        "internalCode",
        says,
    );
    warns(
        rules([
            Rule::field("partner").replace_with(LastFour),
            Rule::header("x-partner").only_in(Place::RequestHeader),
        ]),
        "header(\"x-partner\")",
        says,
    );
    is_silent(rules([
        Rule::field("partner").replace_with(LastFour),
        Rule::header("x-partner"),
    ]));
    is_silent(rules([
        field().on_route("/a/*").replace_with(LastFour),
        field().on_route("/*"),
    ]));
    is_silent(rules([
        field().only_in(Place::Query),
        field().replace_with(LastFour),
    ]));
}

#[test]
fn rule_that_the_defaults_apply_the_same_way_is_told() {
    warns(
        rules([Rule::field("password")]),
        "field(\"password\")",
        "take it out unless",
    );
    warns(
        rules([Rule::header("x-otp")]),
        "header(\"x-otp\")",
        "what the defaults hide",
    );
    warns(
        rules([Rule::cookie("sid")]),
        "cookie(\"sid\")",
        "every cookie",
    );
    is_silent(rules([Rule::header("x-api-key")]));
    is_silent(rules([
        Rule::field("password").only_in(Place::RequestBody),
        Rule::field("password").replace_with(Remove),
    ]));
}

#[test]
fn place_without_effect_is_told() {
    let says = "has no effect in `Place::RequestBody`";
    warns(
        rules([Rule::header("x-a").only_in(Place::RequestBody)]),
        "header(\"x-a\")",
        says,
    );
    warns(
        rules([Rule::field("x a").only_in(Place::Authority)]),
        "field",
        "Place::Authority",
    );
    is_silent(rules([Rule::query("x a").only_in(Place::RequestBody)]));
}

#[test]
fn sealed_name_with_another_replacement_is_told() {
    let says = "always hidden as a whole";
    warns(
        rules([Rule::field("cvv").replace_with(LastFour)]),
        "field(\"cvv\")",
        says,
    );
    warns(
        rules([Rule::query("pin").replace_with(Pseudonym)]),
        "query(\"pin\")",
        says,
    );
    is_silent(rules([Rule::field("cvv").replace_with(Fixed)]));
}

#[test]
fn route_that_no_path_is_like_is_told() {
    for route in ["users/*", "https://x.test/a", "/a?b=*", "/a b"] {
        warns(
            rules([Rule::field("x a").on_route(route)]),
            route,
            "counts on no route",
        );
    }
    warns(
        rules([Rule::field("x a").on_route("*")]),
        "field",
        "counts on every route",
    );
    is_silent(rules([Rule::field("x a")
        .on_route("*/reset")
        .on_route("/a/{id}")]));
}

#[test]
fn rule_that_hides_most_of_a_log_is_told() {
    for name in ["id", "x", "Name", "data", "value"] {
        warns(rules([Rule::field(name)]), name, "most of a log");
    }
    is_silent(rules([
        Rule::field("patient id"),
        Rule::query("id"),
        Rule::header("id"),
    ]));
}

#[test]
fn template_or_detector_that_is_wrong_or_stands_there_twice_is_told() {
    let segment = |template: &str| Rule::segment(template);
    warns(
        rules([segment("/{*rest}")]),
        "segment(\"/{*rest}\")",
        "hides every path",
    );
    let twice = [segment("/s/{a}"), segment("/s/{a}").on_route("/a")];
    warns(rules(twice), "segment", "stands before already");
    let removed = segment("/s/{a}").replace_with(Remove);
    warns(rules([removed]), "segment", "leaves the mark");
    is_silent(rules([segment("/s/{a}").on_route("/a"), segment("/s/{a}")]));
}

#[test]
fn pseudonyms_that_do_not_compare_are_told() {
    let rule = || Rule::field("internal code").replace_with(Pseudonym);
    warns(
        Rules::default()
            .rule(rule())
            .rule(Rule::field("b b").replace_with(Pseudonym)),
        "internal code",
        "`hash_key`",
    );
    warns(
        Rules::default().rule(rule()).hash_key([3; 32]),
        "",
        "one byte repeated",
    );
}

#[test]
fn rule_of_a_header_that_is_left_out_is_told() {
    warns(
        Rules::default().header("x-a").only_headers(["x-b"]),
        "header(\"x-a\")",
        "`only_headers` leaves the field out",
    );
}

#[test]
fn detector_that_is_on_anyway_is_warned_of() {
    let rule = || Rule::detector(crate::mask::Detector::Card);
    warns(rules([rule()]), "detector(Detector::Card)", "leave it out");
    is_silent(rules([rule().replace_with(LastFour)]));
    is_silent(rules([rule().only_in(Place::Query)]).ignore(crate::mask::Detector::Card));
}
