use super::replacement::Replacement;
use super::{Pass, STARS, allow};

const RULE: &str = "cookie";
/// The most digits of an age in seconds.
const MAX_AGE_BYTES: usize = 12;

/// Masks `Cookie`: names stay, values go.
pub(super) fn mask(value: &str, pass: &mut Pass<'_>) -> String {
    let mut out = String::with_capacity(value.len());
    let mut rest = Some(value);
    while let Some(text) = rest {
        let (pair, after) = next_pair(text);
        mask_pair(pair.trim(), "cookie", &mut out, pass);
        rest = after;
    }
    out
}

/// Masks `Set-Cookie`: the name and the attributes that are known and well-formed stay.
pub(super) fn mask_set(value: &str, pass: &mut Pass<'_>) -> String {
    let (pair, after) = next_pair(value);
    let mut out = String::with_capacity(value.len());
    mask_pair(pair.trim(), "set-cookie", &mut out, pass);
    if out.is_empty() {
        return out;
    }
    for attribute in after.into_iter().flat_map(|after| after.split(';')) {
        let attribute = attribute.trim();
        out.push_str("; ");
        match is_known(attribute) && pass.mask_found(attribute, false).is_none() {
            true => out.push_str(attribute),
            false => {
                pass.report
                    .masked(|| "set-cookie".to_owned(), RULE, attribute.len());
                out.push_str(STARS);
            }
        }
    }
    out
}

/// Splits at the next semicolon. After a quote that is left open nothing is certain, so that all the rest is one pair.
fn next_pair(text: &str) -> (&str, Option<&str>) {
    let Some((pair, after)) = text.split_once(';') else {
        return (text, None);
    };
    let value = pair.split_once('=').map_or("", |(_, value)| value.trim());
    let open = value.starts_with('"') && (value.len() == 1 || !value.ends_with('"'));
    match open {
        true => (text, None),
        false => (pair, Some(after)),
    }
}

fn mask_pair(pair: &str, field: &str, out: &mut String, pass: &mut Pass<'_>) {
    if pair.is_empty() {
        return;
    }
    let named = pair
        .split_once('=')
        .filter(|(name, value)| is_name(name.trim()) && !is_padding(name.trim(), value));
    let (name, value) = named.map_or(("", pair), |(name, value)| (name.trim(), value));
    if !pass.allowed.cookie(name) {
        pass.report
            .masked(|| field.to_owned(), allow::RULE, pair.len());
        return;
    }
    let pointer = || [field, if name.is_empty() { "" } else { " " }, name].concat();
    let own = named.and_then(|_| pass.cookies.decide(name));
    let rule = own.map_or(RULE, |rule| pass.cookies.rule_name(rule));
    let replacement = own.map_or(Replacement::Fixed, |rule| pass.cookies.replacement(rule));
    let is_removed = replacement == Replacement::Remove;
    let shown = replacement.of(value.trim(), pass.hash);
    if is_removed || !pass.stays(value.trim(), shown.as_deref().unwrap_or(STARS)) {
        pass.report.masked(pointer, rule, value.len());
    }
    if is_removed {
        return;
    }
    if !out.is_empty() {
        out.push_str("; ");
    }
    if named.is_some() {
        let found = pass.mask_found(name, false);
        out.push_str(found.as_deref().unwrap_or(name));
        out.push('=');
    }
    out.push_str(shown.as_deref().unwrap_or(STARS));
}

/// Tells whether a name is a token of RFC 9110, with brackets as PHP has them.
fn is_name(name: &str) -> bool {
    name.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~[]".contains(&byte))
}

/// Tells whether `=` ends a cookie without a name: as the padding of base64 does, or alone after what is long for a name.
fn is_padding(name: &str, value: &str) -> bool {
    const LONG: usize = 20;
    value == "=" || value.is_empty() && name.len() >= LONG
}

/// Tells whether an attribute is one of RFC 6265bis with a value of its kind: anything else may be a second cookie.
fn is_known(attribute: &str) -> bool {
    let (name, value) = match attribute.split_once('=') {
        Some((name, value)) => (name.trim(), Some(value.trim())),
        None => (attribute, None),
    };
    let is = |known: &str| name.eq_ignore_ascii_case(known);
    let all =
        |fits: fn(u8) -> bool| value.is_some_and(|it| it.len() <= 255 && it.bytes().all(fits));
    let one_of = |known: &[&str]| {
        value.is_some_and(|value| known.iter().any(|it| it.eq_ignore_ascii_case(value)))
    };
    match value {
        None => attribute.is_empty() || is("secure") || is("httponly") || is("partitioned"),
        Some(value) if is("max-age") => {
            value.len() <= MAX_AGE_BYTES && all(|it| it.is_ascii_digit() || it == b'-')
        }
        Some(_) if is("expires") => {
            all(|it| it.is_ascii_alphanumeric() || b" ,:-+".contains(&it))
                && value.is_some_and(|it| it.len() <= 40)
        }
        Some(_) if is("domain") => all(|it| it.is_ascii_alphanumeric() || b".-".contains(&it)),
        Some(value) if is("path") => {
            value.starts_with('/') && all(|it| it.is_ascii_graphic() && !b",=\"".contains(&it))
        }
        Some(_) if is("samesite") => one_of(&["strict", "lax", "none"]),
        Some(_) if is("priority") => one_of(&["low", "medium", "high"]),
        Some(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::pass;
    use super::*;

    #[test]
    fn t1_cookie_names_stay_and_values_go() {
        for (value, shown) in [
            ("sid=canary; theme=canary", "sid=****; theme=****"),
            ("a=canary=canary;b=", "a=****; b=****"),
            ("canary", "****"),
            ("canary canary=x", "****"),
            ("a=\"canary;canary=1\"; b=canary", "a=****"),
            ("a=\"canary\"; b=canary", "a=****; b=****"),
            ("=canary", "=****"),
            ("Y2FuYXJ5==; a=", "****; a=****"),
            ("Y2FuYXJ5Y2FuYXJ5Y2FuYXJ=", "****"),
            ("4111111111111111=canary; b=canary", "[MASKED]=****; b=****"),
        ] {
            assert_eq!(pass(|pass| mask(value, pass)), shown, "{value}");
        }
    }

    #[test]
    fn t1_set_cookie_keeps_known_attributes_and_nothing_else() {
        let plain = "; Path=/a; Domain=example.com; Max-Age=60; Expires=Wed, 21 Oct 2015 07:28:00 GMT; Secure; HttpOnly; SameSite=Lax";
        assert_eq!(
            pass(|pass| mask_set(&format!("sid=canary{plain}"), pass)),
            format!("sid=****{plain}")
        );
        for (value, shown) in [
            ("a=canary; Path=/, b=canary; Secure", "a=****; ****; Secure"),
            ("a=canary; canary", "a=****; ****"),
            ("a=canary; Token=canary", "a=****; ****"),
            ("a=canary; Max-Age=canary", "a=****; ****"),
            ("a=canary; Max-Age=918273645546372819", "a=****; ****"),
            ("a=canary; Path=/4111111111111111/", "a=****; ****"),
            ("a=\"canary; Path=/canary", "a=****"),
        ] {
            assert_eq!(pass(|pass| mask_set(value, pass)), shown, "{value}");
        }
    }
}
