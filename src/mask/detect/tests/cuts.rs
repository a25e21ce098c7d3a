use proptest::collection::vec;
use proptest::prelude::*;

use super::corpus::cases;
use super::generate::{Random, harmless, secret};
use super::*;

/// The most bytes of the beginning of a secret that may show before it is known for one.
const MOST_SHOWN: usize = 3;

/// What texts are put together of: secrets and harmless values by their names in the corpus, and the rest as it is.
const SECRETS: &str = "aws aws-secret gcp gcp-refresh azure-storage github github-fine gitlab slack slack-hook stripe svix openai twilio pypi \
    mailgun mailchimp telegram discord airtable vault-old terraform payment-intent azure-ad persona clickhouse card:visa card:visa:space \
    card:mastercard:dash card:amex:space card:diners:dot card:maestro19:space card:visa:nbsp card:visa13 iban:de iban:gb:space iban:mt:lower \
    track1 track2 jwt jwt:none jwt:jwe pem:rsa pem:any:escaped pem:pgp pem:openssh:open pem:ec:base64 pem:der basic opaque:24 letters sanctum \
    secret-uuid email phone phone:nanp ip ip:6 ssn";
const HARMLESS: &str = "uuid sha1 ms us ean imei base64 cursor stripe-intent snowflake";
const PLAIN: &str = "| |  |.|,|-|_|/|:|=|\"|'|\\|\\n|\\u0022|%|%20|%3D|;|?|^|~|+|(|)|[|]|{|}|@|a|Z|7|41|4111|0.|Bearer|Bearer |Basic |Token |bearer: |\
    -----|-----BEGIN |-----BEGIN RSA PRIVATE KEY-----|-----END |\n|AKIA|eyJ|eyJh|ghp_|sk-|key-|pat|bot1234567:|B4|%B4|;4|=2512|^NAME^|\
    AccountKey=|hooks.slack.com/services/|Private-Lines: 2\n|LS0tLS1CRUdJTi|MII|DE89|GB|us1|-us12|Q~|1//0|[MASKED]|****|é|\u{a0}|😀|http://|www.|+1 ";

fn text() -> impl Strategy<Value = String> {
    let secrets: Vec<_> = SECRETS.split_whitespace().collect();
    let harmless_names: Vec<_> = HARMLESS.split_whitespace().collect();
    let plain: Vec<_> = PLAIN.split('|').collect();
    let piece = (0..100_u8, any::<prop::sample::Index>());
    (vec(piece, 0..10), any::<u32>()).prop_map(move |(pieces, seed)| {
        let mut random = Random::new(u64::from(seed) + 1);
        let make = |(kind, index): (u8, prop::sample::Index)| match kind {
            0..25 => secret(index.get::<&str>(&secrets), &mut random).unwrap(),
            25..30 => harmless(index.get::<&str>(&harmless_names), &mut random),
            _ => (*index.get::<&str>(&plain)).to_owned(),
        };
        pieces.into_iter().map(make).collect()
    })
}

fn is_hidden(at: usize, found: &[Found]) -> bool {
    found.iter().any(|it| (it.start..it.end).contains(&at))
}

/// Checks each cut of a text. Where two secrets run into each other, the end of the text may be the beginning of the second.
#[track_caller]
fn check_all_cuts(on: Detectors, text: &str, may_touch: bool) {
    let whole = found(on, text, false);
    for end in (0..text.len()).filter(|&end| text.is_char_boundary(end)) {
        let part = found(on, &text[..end], true);
        let sure = if may_touch {
            end.saturating_sub(MOST_SHOWN)
        } else {
            end
        };
        for it in whole.iter().filter(|it| it.start + MOST_SHOWN < end) {
            let stays = (it.start..it.end.min(sure)).find(|&at| !is_hidden(at, &part));
            let (cut, it) = (&text[..end], &text[it.start..it.end]);
            assert_eq!(stays, None, "of {it:?} shows in {cut:?}");
        }
    }
}

/// Each detector alone, the default, and all.
fn settings() -> impl Iterator<Item = Detectors> {
    let alone = Detector::ALL.map(|it| Detectors { on: it.bit() });
    alone.into_iter().chain([detectors(false), detectors(true)])
}

#[track_caller]
fn check_again(on: Detectors, text: &str, cut: bool) {
    let once = masked(on, text, cut);
    assert_eq!(found(on, &once, false), [], "{once:?} of {text:?}");
}

#[track_caller]
fn check_gate(on: Detectors, text: &str) {
    let classes = text
        .bytes()
        .fold(0, |all, byte| all | CLASS[usize::from(byte)]);
    assert!(
        on.may_find(classes, text.len()) || found(on, text, false).is_empty(),
        "{text:?}"
    );
}

#[test]
fn t3_secret_that_is_cut_anywhere_shows_nothing() {
    for case in cases(3) {
        settings().for_each(|on| check_all_cuts(on, &case.text, false));
    }
}

#[test]
fn text_in_which_the_finds_are_replaced_holds_no_further_ones() {
    for case in cases(4) {
        for on in settings() {
            check_again(on, &case.text, false);
            check_again(on, &case.text, true);
        }
    }
}

#[test]
fn what_stands_right_behind_a_find_is_looked_at_as_the_beginning_of_a_word() {
    let hex = "4b1f0c9d2e7a86355bd1c4f7e0a98362";
    let second = [
        ["ke", "y-", hex].concat(),
        ["sk", "-", hex].concat(),
        "4111111111111111".to_owned(),
    ];
    let firsts: Vec<_> = SECRETS.split_whitespace().collect();
    let mut random = Random::new(11);
    for first in firsts.iter().map(|it| secret(it, &mut random).unwrap()) {
        // The secret beside a key of Amazon shows only by that.
        if found(detectors(true), &first, false).is_empty() {
            continue;
        }
        for (joint, second) in [".", "-", "_", ":", "/", "\\n", "%2E", " "]
            .into_iter()
            .flat_map(|joint| second.iter().map(move |second| (joint, second)))
        {
            let text = [&first, joint, second].concat();
            for on in settings().filter(|on| !found(*on, &first, false).is_empty()) {
                check_again(on, &text, false);
            }
            let finds = found(detectors(true), &text, false);
            if !finds.iter().any(|it| it.end == first.len()) {
                continue;
            }
            let both = masked(detectors(true), &text, false);
            assert!(!both.contains(second.as_str()), "{both} of {text}");
        }
    }
}

#[test]
fn gate_lets_every_text_with_a_find_through() {
    for case in cases(5) {
        settings().for_each(|on| check_gate(on, &case.text));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn t3_any_text_that_is_cut_anywhere_shows_nothing_of_what_is_hidden_of_the_whole(text in text()) {
        check_all_cuts(detectors(false), &text, true);
        check_all_cuts(detectors(true), &text, true);
    }

    #[test]
    fn any_text_in_which_the_finds_are_replaced_holds_no_further_ones(text in text()) {
        check_again(detectors(false), &text, false);
        check_again(detectors(false), &text, true);
        check_again(detectors(true), &text, false);
    }

    #[test]
    fn gate_lets_any_text_with_a_find_through(text in text()) {
        check_gate(detectors(false), &text);
        check_gate(detectors(true), &text);
    }
}
