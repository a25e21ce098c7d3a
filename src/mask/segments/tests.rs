use super::*;
use crate::capture::Fields;
use crate::mask::tests::{Sample, pass_with};
use crate::mask::{Masker, Replacement, Rule, Rules, headers, inside};

const M: &str = "%5BMASKED%5D";

fn rules() -> Rules {
    ["/reset/{token}", "/a/*/{key}/x", "/s/{*rest}"]
        .into_iter()
        .fold(Rules::default(), |rules, it| rules.rule(Rule::segment(it)))
}

#[track_caller]
fn shows(path: &str, shown: &str) {
    let masked = pass_with(&rules(), |pass| {
        pass.enter(Place::Path);
        pass.mask_by_template(path, false)
    });
    assert_eq!(masked.as_deref().unwrap_or(path), shown, "{path}");
}

#[test]
fn segments_that_a_template_names_are_hidden_and_others_stay() {
    for (path, shown) in [
        ("/reset/canary", format!("/reset/{M}")),
        ("/reset/canary/", format!("/reset/{M}/")),
        ("/a/decoy/canary/x", format!("/a/decoy/{M}/x")),
        ("/s/canary", format!("/s/{M}")),
        ("/s/canary/canary2/c", format!("/s/{M}/{M}/{M}")),
    ] {
        shows(path, &shown);
    }
    for path in [
        "/reset",
        "/reset/",
        "/reset/a/b",
        "/b/reset/a",
        "/a/b/c",
        "/a/b/c/y",
        "/s",
        "/",
        "",
    ] {
        shows(path, path);
    }
}

#[test]
fn t9_path_that_a_forgiving_server_reads_alike_is_hidden_alike() {
    for (path, shown) in [
        ("/RESET/canary", format!("/RESET/{M}")),
        ("/res%65t/canary", format!("/res%65t/{M}")),
        ("/res%2565t/canary", format!("/res%2565t/{M}")),
        ("//reset//canary", format!("//reset//{M}")),
        ("/b/../reset/./canary", format!("/b/../reset/./{M}")),
        ("/reset;v=1/canary;a=b", format!("/reset;v=1/{M}")),
        ("/reset%2Fcanary", format!("/{M}")),
        ("/reset\\canary", format!("/reset\\{M}")),
        ("\\reset/can%2Fary/..", format!("\\reset/{M}/..")),
    ] {
        shows(path, &shown);
    }
}

#[test]
fn path_of_a_request_and_of_urls_anywhere_is_hidden() {
    let mut sample = Sample::new();
    sample.request[1] = (":path", "/reset/canary?page=1".to_owned());
    for name in ["referer", "location", "x-original-url"] {
        sample
            .request
            .push((name, "https://x.test/reset/canary".to_owned()));
        sample
            .response
            .push((name, "/reset/canary?page=2#top".to_owned()));
    }
    sample
        .response
        .push(("content-type", "application/json".to_owned()));
    sample.response_body =
        r#"{"link":"go to https://x.test/reset/canary, or //x.test/s/canary/1"}"#.to_owned();
    let entry = Masker::new(&rules())
        .unwrap()
        .exchange(sample.captured())
        .entry;
    let stored = serde_json::to_string(&entry).unwrap();
    assert!(!stored.contains("canary"), "{stored}");
    let exchange = entry.exchange().unwrap();
    assert_eq!(exchange.request.path, format!("/reset/{M}"));
    let shown = exchange.request.headers.get("referer");
    assert_eq!(shown, Some(&*format!("https://x.test/reset/{M}")));
    let shown = exchange.response.as_ref().unwrap().headers.get("location");
    assert_eq!(shown, Some(&*format!("/reset/{M}?page=2#top")));
    let told = exchange
        .masked
        .iter()
        .find(|it| it.place == Place::Path)
        .unwrap();
    assert_eq!((&*told.pointer, &*told.rule), ("{token}", "/reset/{token}"));
}

#[test]
fn replacement_and_condition_of_a_template_count() {
    let rule = || Rule::segment("/k/{key}");
    let masked = |rule: Rule, place| {
        pass_with(&Rules::default().hash_key([7; 32]).rule(rule), |pass| {
            pass.enter(place);
            pass.mask_by_template("/k/demo_live_4k8Zq0Rw7Yt2Lm5Xp9Bc", false)
        })
    };
    let token = rule().replace_with(Replacement::Token);
    assert_eq!(
        masked(token, Place::Path).as_deref(),
        Some("/k/demo_live_****")
    );
    let removed = rule().replace_with(Replacement::Remove);
    assert_eq!(masked(removed, Place::Path), Some(format!("/k/{M}")));
    let pseudonym = rule().replace_with(Replacement::Pseudonym);
    assert!(
        masked(pseudonym, Place::Path)
            .unwrap()
            .starts_with("/k/hmac.")
    );
    assert_eq!(
        masked(rule().only_in(Place::RequestHeader), Place::Path),
        None
    );
    assert_eq!(masked(rule().on_route("/other"), Place::Path), None);
}

#[test]
fn t3_url_that_was_cut_within_its_path_shows_no_beginning_of_a_hidden_segment() {
    pass_with(&rules(), |pass| {
        pass.enter(Place::RequestBody);
        for (text, shown) in [
            (
                "see https://x.test/reset/can",
                format!("see https://x.test/reset/{M}"),
            ),
            (
                "https://x.test/a/decoy/can",
                format!("https://x.test/a/decoy/{M}"),
            ),
        ] {
            let masked = inside::mask(text, true, 0, pass);
            assert_eq!(masked.as_deref(), Some(shown.as_str()), "{text}");
        }
        let mut fields = Fields::default();
        fields.push("x-a", b"/b/c", false);
        let shown = headers::mask(&fields, Place::RequestHeader, pass);
        assert_eq!(shown.get("x-a"), Some("/b/c"));
    });
}

#[test]
fn long_path_takes_linear_time_and_its_end_is_hidden() {
    let path = format!("/s{}/canary", "/b".repeat(100_000));
    let masked = pass_with(&rules(), |pass| pass.mask_by_template(&path, false)).unwrap();
    assert!(!masked.contains("canary"));
}

#[test]
fn template_that_cannot_be_meant_is_refused() {
    for wrong in [
        "",
        "reset/{token}",
        "/reset",
        "/a/{*rest}/b",
        "/a/x{b}",
        "/{}",
        "/a//{b}",
        "/{a}?b",
        "/**/{a}",
        "/{a b}",
    ] {
        assert!(Template::parse(wrong).is_err(), "{wrong}");
        assert!(Masker::new(&Rules::default().rule(Rule::segment(wrong))).is_err());
    }
    assert!(Template::parse("/{*rest}").unwrap().fits_all());
}
