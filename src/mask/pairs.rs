//! `name=value` pairs between `&`: queries, fragments and forms.
//!
//! Names are percent-decoded before they are decided on, each part in brackets for itself. A secret value is replaced in place by
//! `%5BMASKED%5D`, or by what shows of a token; every other byte stays. A value reaches up to the next `&`; in one that is not secret, pairs
//! after `;` are looked at as well, since some servers separate by it. `state` is secret beside OAuth's `code`.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::names::{RuleId, Shape};
use super::{MASKED, Pass, inside, token};

/// What stays as it is in a replaced value.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'*');
const STATE: &str = "oauth state";

/// Masks pairs. Returns `None` where they stay as they are.
pub(super) fn mask(text: &str, cut: bool, level: u8, pass: &mut Pass<'_>) -> Option<String> {
    let oauth = text.split('&').any(|pair| pair.starts_with("code="));
    let mut walk = Walk {
        text,
        cut,
        level,
        oauth,
        out: String::new(),
        copied: 0,
    };
    let mut start = 0;
    for pair in text.split('&') {
        let end = start + pair.len();
        walk.pair(start, end, pass);
        start = end + 1;
    }
    (walk.copied > 0).then(|| walk.out + text.get(walk.copied..).unwrap_or_default())
}

/// The state of one pass.
struct Walk<'t> {
    text: &'t str,
    cut: bool,
    level: u8,
    /// Whether there is a parameter `code`.
    oauth: bool,
    out: String,
    /// Up to where the text is in `out`, as it was or replaced.
    copied: usize,
}

impl Walk<'_> {
    fn pair(&mut self, start: usize, end: usize, pass: &mut Pass<'_>) {
        let pair = self.text.get(start..end).unwrap_or_default();
        let Some((name, value)) = pair.split_once('=') else {
            return;
        };
        if self.secret(name, end - value.len(), end, pass)
            || self.inside(name, end - value.len(), end, pass)
            || !value.contains(';')
        {
            return;
        }
        let mut at = start;
        for piece in pair.split(';') {
            let piece_end = at + piece.len();
            if let (true, Some((name, value))) = (at > start, piece.split_once('=')) {
                let from = piece_end - value.len();
                if self.secret(name, from, end, pass) {
                    return;
                }
                self.inside(name, from, piece_end, pass);
            }
            at = piece_end + 1;
        }
    }

    /// Replaces the value of a secret name.
    fn secret(&mut self, name: &str, from: usize, end: usize, pass: &mut Pass<'_>) -> bool {
        let value = self.text.get(from..end).unwrap_or_default();
        if value.is_empty() {
            return false;
        }
        let name = decoded(name);
        let masked = match pass.pairs.decide_bracketed(&name) {
            Some(rule) => {
                pass.report.masked(
                    || name.into_owned(),
                    pass.pairs.rule_name(rule),
                    value.len(),
                );
                replacement(value, rule, self.is_cut(end), pass)
            }
            None if self.oauth && name == "state" => {
                pass.report.masked(|| name.into_owned(), STATE, value.len());
                encoded(MASKED)
            }
            None => return false,
        };
        self.replace(from, end, &masked);
        true
    }

    /// Masks JSON or a URL in a value.
    fn inside(&mut self, name: &str, from: usize, end: usize, pass: &mut Pass<'_>) -> bool {
        let value = self.text.get(from..end).unwrap_or_default();
        let mark = |byte| {
            matches!(
                byte,
                b'%' | b'{' | b'[' | b'"' | b'/' | b'?' | b'#' | b'@' | b'\\'
            )
        };
        if !value.bytes().any(mark) {
            return false;
        }
        let value = decoded(value);
        // `return_to=account?token=…` is a relative reference.
        let relative = value.contains('?')
            && !value.contains(char::is_whitespace)
            && !value.starts_with(['{', '[', '"']);
        let base = pass.report.descend(&decoded(name));
        let masked = match relative {
            true => inside::mask_reference(&value, self.is_cut(end), self.level, pass),
            false => inside::mask(&value, self.is_cut(end), self.level, pass),
        };
        pass.report.leave(base);
        if let Some(masked) = &masked {
            self.replace(from, end, &encoded(masked));
        }
        masked.is_some()
    }

    fn is_cut(&self, end: usize) -> bool {
        self.cut && end == self.text.len()
    }

    fn replace(&mut self, from: usize, end: usize, masked: &str) {
        let before = self.text.get(self.copied..from).unwrap_or_default();
        self.out.push_str(before);
        self.out.push_str(masked);
        self.copied = end;
    }
}

fn replacement(value: &str, rule: RuleId, cut: bool, pass: &Pass<'_>) -> String {
    let shown = (!cut && pass.pairs.shape(rule) == Shape::Token)
        .then(|| token::shown(&decoded(value)))
        .flatten();
    encoded(shown.as_deref().unwrap_or(MASKED))
}

fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains(['%', '+']) {
        return Cow::Borrowed(text);
    }
    let spaced = text.replace('+', " ");
    Cow::Owned(percent_decode_str(&spaced).decode_utf8_lossy().into_owned())
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::tests::pass;
    use super::*;

    #[track_caller]
    fn shows(text: &str, shown: &str) {
        let masked = pass(|pass| mask(text, false, 0, pass));
        assert_eq!(masked.as_deref().unwrap_or(text), shown, "{text}");
    }

    #[test]
    fn t7_t9_secret_parameters_are_masked_in_place_and_the_rest_keeps_its_bytes() {
        let m = "%5BMASKED%5D";
        shows(
            "a=%c3%A9+b&token=canary&&c",
            &format!("a=%c3%A9+b&token={m}&&c"),
        );
        shows(
            "api_key=canary&API-KEY=canary",
            &format!("api_key={m}&API-KEY={m}"),
        );
        shows("user[password]=canary&x", &format!("user[password]={m}&x"));
        shows(
            "user%5Bpass%77ord%5D=canary%2B",
            &format!("user%5Bpass%77ord%5D={m}"),
        );
        shows(
            "token[value]=canary&secret[]=canary&secret[]=b",
            &format!("token[value]={m}&secret[]={m}&secret[]={m}"),
        );
        shows("token=can;ary=1&b=1", &format!("token={m}&b=1"));
        shows("a=1;token=can;ary&b=2", &format!("a=1;token={m}&b=2"));
        shows("code=canary&state=canary", &format!("code={m}&state={m}"));
        shows(
            "X-Amz-Signature=c&X-Amz-Credential=c&X-Amz-Security-Token=c&X-Amz-Date=d",
            &format!(
                "X-Amz-Signature={m}&X-Amz-Credential={m}&X-Amz-Security-Token={m}&X-Amz-Date=d"
            ),
        );
        shows(
            "AWSAccessKeyId=c&Signature=c&sig=c&X-Goog-Signature=c",
            &format!("AWSAccessKeyId={m}&Signature={m}&sig={m}&X-Goog-Signature={m}"),
        );
        shows("authorization=Bearer+canary", &format!("authorization={m}"));
        for same in [
            "",
            "page[after]=x",
            "state=open",
            "token=&a",
            "token",
            "max_tokens=5",
            "country_code=de",
            "a=1;b=2",
            "=x",
        ] {
            shows(same, same);
        }
    }

    #[test]
    fn t9_json_and_urls_in_a_value_are_masked_inside() {
        shows(
            "payload=%7B%22password%22%3A%22canary%22%2C%22a%22%3A1%7D",
            "payload=%7B%22password%22%3A%22%5BMASKED%5D%22%2C%22a%22%3A1%7D",
        );
        shows(
            "filter={\"password\":\"canary\"}",
            "filter=%7B%22password%22%3A%22%5BMASKED%5D%22%7D",
        );
        shows(
            "next=https%3A%2F%2Fme%3Acanary%40x%2F",
            "next=https%3A%2F%2F%2A%2A%2A%2A%40x%2F"
                .replace("%2A", "*")
                .as_str(),
        );
        shows(
            "next=account?token=canary",
            "next=account%3Ftoken%3D%255BMASKED%255D",
        );
        shows("q={draft}&r=[1]&e=a@b.c", "q={draft}&r=[1]&e=a@b.c");
    }

    #[test]
    fn token_in_a_query_shows_its_shape() {
        shows(
            "api_key=persona_production_61bd73de-ce28-4a1b-8c3d-0123456789ab",
            "api_key=persona_production_61bd73de-ce28-****-****-************",
        );
    }

    #[test]
    fn t3_cut_pairs_show_no_beginning_of_a_secret() {
        let form = "a=1&token=canary7f3a&next=https%3A%2F%2Fme%3Acanary7f3a%40x%2F%3Ftoken%3Dcanary7f3a&p=%7B%22pin%22%3A%22canary7f3a%22";
        for end in 0..=form.len() {
            let masked = pass(|pass| mask(&form[..end], true, 0, pass));
            let shown = masked.as_deref().unwrap_or(&form[..end]);
            assert!(!shown.contains("cana"), "{shown}");
        }
    }
}
