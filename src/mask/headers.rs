//! Header and trailer fields.
//!
//! Masked: credentials of every scheme, cookies value by value, fields whose name holds a secret's words, and what was marked
//! by `HeaderValue::set_sensitive`. A field with a parameter of a secret's name is masked as a whole. Every other value is masked inside,
//! so that `Referer`, `Location`, `Link`, `Refresh` and fields that nobody has heard of are treated alike.

use std::borrow::Cow;

use super::names::RuleId;
use super::replacement::Replacement;
use super::{Pass, STARS, allow, authorization, cookies, inside, pairs, presets, token, uri};
use crate::capture::{Field, Fields};
use crate::entry::{Headers, Place};

/// Subprotocols of WebSocket that may show; others may be a token, for which browsers have no better place.
const SUBPROTOCOLS: &[&str] = &[
    "graphql-ws",
    "graphql-transport-ws",
    "mqtt",
    "mqttv3.1",
    "soap",
    "wamp",
    "wamp.2.json",
    "wamp.2.msgpack",
    "v10.stomp",
    "v11.stomp",
    "v12.stomp",
    "json",
    "chat",
    "xmpp",
    "sip",
    "amqp",
    "ocpp1.6",
    "ocpp2.0",
    "ocpp2.0.1",
    "binary",
    "base64.binary.k8s.io",
    "binary.k8s.io",
    "channel.k8s.io",
    "v4.channel.k8s.io",
    "v5.channel.k8s.io",
    "actioncable-v1-json",
    "access_token",
    "bearer",
    "vite-hmr",
];

/// Masks the fields of a message.
pub(super) fn mask(fields: &Fields, place: Place, pass: &mut Pass<'_>) -> Headers {
    let size = fields.regular().map(|it| it.name.len() + it.value.len());
    let (count, bytes) = size.fold((0, 0), |(count, sum), size| (count + 1, sum + size));
    let mut headers = Headers::with_capacity(count, bytes);
    let mut left_out = None;
    for field in fields.regular() {
        pass.enter(place);
        if !pass.allowed.header(field.name) {
            *left_out.get_or_insert(0) += field.value.len();
            continue;
        }
        let found = pass.mask_found(field.name, false);
        let name = found.as_deref().unwrap_or(field.name);
        let value = text(field.value);
        match own_rule(&field, &value, place, pass) {
            Some(Shown::As(masked)) => headers.push(name, &masked),
            Some(Shown::Removed) => {}
            None => {
                let masked = mask_field(&field, &value, pass);
                let shown = masked.as_deref().unwrap_or(&value);
                let mark = pass.report.mark();
                let found = pass.mask_patterns(shown, false);
                pass.report.under(&mark, || field.name.to_owned());
                headers.push(name, found.as_deref().unwrap_or(shown));
            }
        }
    }
    if let Some(bytes) = left_out {
        pass.enter(place);
        pass.report.masked(String::new, allow::RULE, bytes);
    }
    headers
}

/// What becomes of a field that a rule of the user is about.
enum Shown {
    As(String),
    Removed,
}

/// Applies a rule of the user, which comes before what is known of the field.
fn own_rule(field: &Field<'_>, value: &str, place: Place, pass: &mut Pass<'_>) -> Option<Shown> {
    let bare = field.name.strip_suffix("-bin").unwrap_or(field.name);
    let rule = pass
        .headers
        .decide(bare)
        .filter(|&it| pass.headers.is_own(it))?;
    let name = || field.name.to_owned();
    pass.report
        .masked(name, pass.headers.rule_name(rule), value.len());
    Some(match pass.headers.replacement(rule) {
        Replacement::Remove => Shown::Removed,
        Replacement::Fixed => Shown::As(STARS.to_owned()),
        shown => {
            let masked = authorization::mask(value, |it| shown.of(it, pass.hash));
            if shown == Replacement::Pseudonym && place == Place::RequestHeader {
                pass.api_key.see(field.name, &masked);
            }
            Shown::As(masked)
        }
    })
}

/// Reads a value as UTF-8, else as ISO-8859-1, in which every byte is a character.
fn text(value: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(value) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => value.iter().map(|&byte| char::from(byte)).collect(),
    }
}

fn mask_field(field: &Field<'_>, value: &str, pass: &mut Pass<'_>) -> Option<String> {
    let name = field.name;
    let whole = |pass: &mut Pass<'_>, rule: &str| {
        pass.report.masked(|| name.to_owned(), rule, value.len());
    };
    if field.sensitive {
        whole(pass, "sensitive");
        return Some(STARS.to_owned());
    }
    match name {
        "authorization" | "proxy-authorization" => {
            whole(pass, "authorization");
            return Some(authorization::mask(value, token::shown));
        }
        "cookie" => return Some(cookies::mask(value, pass)),
        "set-cookie" => return Some(cookies::mask_set(value, pass)),
        "www-authenticate" | "proxy-authenticate" => {
            if let Some(masked) = authorization::mask_challenge(value) {
                whole(pass, "authorization");
                return Some(masked);
            }
        }
        "host" | "x-forwarded-host" | "x-original-host" => {
            return uri::mask_host(value, pass);
        }
        "sec-websocket-protocol" => return mask_subprotocols(name, value, pass),
        _ if presets::HARMLESS_HEADERS.contains(&name) => {
            let mark = pass.report.mark();
            let found = pass.mask_found(value, false);
            pass.report.under(&mark, || name.to_owned());
            return found;
        }
        _ => {}
    }
    // Binary metadata of gRPC.
    let bare = name.strip_suffix("-bin").unwrap_or(name);
    if let Some(rule) = pass.headers.decide(bare)
        && pass.headers.shape(rule).hides(value)
    {
        let shown = replacement(value, rule, pass);
        pass.report.masked(
            || name.to_owned(),
            pass.headers.rule_name(rule),
            value.len(),
        );
        return Some(shown);
    }
    mask_inside(name, value, pass)
}

fn replacement(value: &str, rule: RuleId, pass: &Pass<'_>) -> String {
    match pass.headers.replacement(rule) {
        Replacement::Token => authorization::mask(value, token::shown),
        _ if rule_is_credentials(rule, pass) => authorization::mask(value, token::shown),
        _ => STARS.to_owned(),
    }
}

/// Tells whether a field such as `X-Forwarded-Authorization` holds what `Authorization` holds.
fn rule_is_credentials(rule: RuleId, pass: &Pass<'_>) -> bool {
    pass.headers.rule_name(rule) == "authorization"
}

fn mask_subprotocols(name: &str, value: &str, pass: &mut Pass<'_>) -> Option<String> {
    let known = |item: &str| SUBPROTOCOLS.iter().any(|it| it.eq_ignore_ascii_case(item));
    let items: Vec<_> = value.split(',').map(str::trim).collect();
    if items.iter().all(|item| known(item)) {
        return None;
    }
    pass.report
        .masked(|| name.to_owned(), "subprotocol", value.len());
    let shown = items
        .iter()
        .map(|item| if known(item) { item } else { STARS });
    Some(shown.collect::<Vec<_>>().join(", "))
}

/// Masks what a value holds.
fn mask_inside(name: &str, value: &str, pass: &mut Pass<'_>) -> Option<String> {
    let is_harmless = presets::HARMLESS_PARAMETERS.contains(&name);
    if !is_harmless && let Some(masked) = mask_parameters(name, value, pass) {
        return Some(masked);
    }
    // Pairs are decided on; `q=0.9;a=b` holds no more.
    let holds_more = inside::holds_more_than_pairs(value) && !inside::is_time(value);
    if !holds_more && !pass.may_find(value) {
        return None;
    }
    let mark = pass.report.mark();
    // Before anything else, because what stands in a text is not held against the list of fields.
    let listed = match pass.pairs.is_limited() {
        true => inside::mask_references(value, false, 0, pass),
        false => None,
    };
    let text = listed.as_deref().unwrap_or(value);
    let masked = match is_harmless {
        true => {
            let masked = inside::mask_references(text, false, 0, pass);
            let shown = masked.as_deref().unwrap_or(text);
            pass.mask_found(shown, false).or(masked)
        }
        false => inside::mask(text, false, 0, pass),
    };
    pass.report.under(&mark, || name.to_owned());
    masked.or(listed)
}

/// Masks a value as a whole where it has a secret parameter, as `keyid="…", signature="…"` or `a=1,token=…`.
fn mask_parameters(name: &str, value: &str, pass: &mut Pass<'_>) -> Option<String> {
    if !value.contains('=') {
        return None;
    }
    let rule = value
        .split(is_between)
        .filter(|word| !is_url(word))
        .flat_map(|word| word.split([',', ';', '&']))
        .filter_map(|parameter| parameter.split_once('='))
        .find_map(|(parameter, value)| {
            let rule = pass.fields.decide(&pairs::decoded(parameter))?;
            pass.fields.shape(rule).hides(value).then_some(rule)
        });
    let mut words = value.split(is_between);
    let rule = match rule {
        Some(rule) => pass.fields.rule_name(rule),
        None if words.any(|it| is_url(it) && uri::is_in_a_secret(it, pass)) => "embedded text",
        None => return None,
    };
    pass.report.masked(|| name.to_owned(), rule, value.len());
    Some(STARS.to_owned())
}

/// Tells what stands between the words of a value, of which a parameter is one.
fn is_between(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '<' | '>' | '"' | '\'' | '(' | ')')
}

fn is_url(word: &str) -> bool {
    uri::has_scheme(word) || word.contains('?') || word.starts_with(['/', '#'])
}

#[cfg(test)]
mod tests {
    use super::super::tests::pass;
    use super::*;

    #[track_caller]
    fn shows(name: &str, value: &[u8], shown: &str) {
        let mut fields = Fields::default();
        fields.push(name, value, false);
        let headers = pass(|pass| mask(&fields, Place::RequestHeader, pass));
        assert_eq!(headers.get(name), Some(shown), "{name}");
    }

    #[test]
    fn t1_usual_key_headers_are_masked() {
        for name in "x-api-key api-key apikey x-auth-token x-access-token x-amz-security-token x-goog-api-key x-csrf-token x-xsrf-token \
            x-vault-token api_token api-token x-gitlab-token private-token x-shopify-access-token ocp-apim-subscription-key \
            x-functions-key authentication-info x-forwarded-authorization x-forwarded-access-token x-amzn-oidc-data cf-access-jwt-assertion dpop \
            x-hub-signature x-hub-signature-256 x-signature stripe-signature x-my-secret x-session-id x-auth x-master-key x-rapidapi-key \
            x-user-password x-goog-iap-jwt-assertion token secret x-otp"
            .split_whitespace()
        {
            shows(name, b"canary-7f3a91c5", STARS);
        }
        shows(
            "x-api-key",
            b"persona_production_61bd73de-ce28-4a1b-8c3d-0123456789ab",
            "persona_production_61bd73de-ce28-****-****-************",
        );
        shows("x-forwarded-authorization", b"Basic canary", "Basic ****");
        shows("authorization", b"Bearer can\xffary", "Bearer ****");
    }

    #[test]
    fn harmless_headers_stay() {
        for (name, value) in [
            ("accept", "application/json, text/plain;q=0.5"),
            ("user-agent", "decoy/1.0 (+https://decoy.test/bot.html)"),
            ("access-control-allow-credentials", "true"),
            ("idempotency-key", "decoy-1"),
            ("sec-websocket-key", "decoy"),
            ("sec-websocket-protocol", "graphql-ws, chat"),
            ("www-authenticate", "Bearer realm=\"decoy\""),
            ("x-ratelimit-remaining-tokens", "5"),
            ("link", "<https://x.test/?page=2>; rel=\"next\""),
            ("from", "jane@doe.test"),
            ("etag", "\"decoy\""),
            ("content-type", "multipart/form-data; boundary=decoy"),
            ("cache-control", "max-age=5, private"),
            ("author", "decoy"),
            ("x-monkey", "decoy"),
            ("forwarded", "for=192.0.2.1;proto=https;host=x.test"),
            ("content-disposition", "form-data; name=\"decoy\""),
            ("x-any", "ZGVjb3k=="),
        ] {
            shows(name, value.as_bytes(), value);
        }
        shows("x-name", b"caf\xe9", "café");
        shows("x-name", "café".as_bytes(), "café");
    }

    #[test]
    fn t9_urls_and_json_in_any_header_are_masked_inside() {
        let m = "%5BMASKED%5D";
        shows(
            "referer",
            b"https://me:canary@x.test/a?token=canary&b=1",
            &format!("https://****@x.test/a?token={m}&b=1"),
        );
        shows(
            "location",
            b"/cb?code=canary&state=canary",
            &format!("/cb?code={m}&state={m}"),
        );
        shows(
            "refresh",
            b"0; url=/a?token=canary",
            &format!("0; url=/a?token={m}"),
        );
        shows(
            "link",
            b"<https://x.test/?token=canary>; rel=\"next\", </b?api_key=canary>",
            &format!("<https://x.test/?token={m}>; rel=\"next\", </b?api_key={m}>"),
        );
        shows(
            "x-original-url",
            b"/a?password=canary",
            &format!("/a?password={m}"),
        );
        shows(
            "hx-trigger",
            b"{\"token\":\"canary\",\"a\":1}",
            "{\"token\":\"[MASKED]\",\"a\":1}",
        );
        shows("sec-websocket-protocol", b"chat, canary.7f3a", "chat, ****");
    }
}
