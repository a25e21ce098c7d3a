//! Paths: parameters in their segments, URLs that are percent-encoded in one, and what the route says of a segment.

use super::{MASKED, Pass, inside, pairs};

/// Masks the segments of a path: those that a template names, matrix parameters (`/a;jsessionid=x`), pairs (`/token=x`), names before a colon (`/token:x1`) and
/// encoded text.
pub(super) fn mask_segments(
    path: &str,
    cut: bool,
    level: u8,
    pass: &mut Pass<'_>,
) -> Option<String> {
    let hidden = pass.mask_by_template(path, cut);
    let shown = hidden.as_deref().unwrap_or(path);
    mask_each(shown, cut, level, pass).or(hidden)
}

fn mask_each(path: &str, cut: bool, level: u8, pass: &mut Pass<'_>) -> Option<String> {
    if !cut && !path.contains(['=', '%']) && !has_names(path) && !pass.may_find(path) {
        return None;
    }
    let mut out = String::new();
    let mut copied = 0;
    let mut start = 0;
    for segment in path.split('/') {
        let end = start + segment.len();
        if let Some(masked) = mask_segment(segment, cut && end == path.len(), level, pass) {
            out.push_str(&path[copied..start]);
            out.push_str(&masked);
            copied = end;
        }
        start = end + 1;
    }
    (copied > 0).then(|| out + &path[copied..])
}

fn mask_segment(segment: &str, cut: bool, level: u8, pass: &mut Pass<'_>) -> Option<String> {
    if let Some(masked) = mask_parameters(segment, cut, level, pass) {
        return Some(masked);
    }
    let masked = match segment.contains('%') || has_names(segment) {
        true => inside::mask(&pairs::decoded(segment), cut, level, pass)?,
        false => pass.mask_found(segment, cut)?,
    };
    Some(pairs::encoded(&masked))
}

/// Tells whether a colon stands within a segment.
pub(super) fn has_names(path: &str) -> bool {
    let bytes = path.as_bytes();
    let mut colons = memchr::memchr_iter(b':', bytes);
    colons.any(|at| bytes.get(at + 1).is_some_and(|it| *it != b'/'))
}

/// Masks the pairs between semicolons.
pub(super) fn mask_parameters(
    text: &str,
    cut: bool,
    level: u8,
    pass: &mut Pass<'_>,
) -> Option<String> {
    if !text.contains('=') {
        return None;
    }
    let mut out = String::new();
    let mut copied = 0;
    let mut start = 0;
    for piece in text.split(';') {
        let end = start + piece.len();
        if let Some(masked) = pairs::mask(piece, cut && end == text.len(), level, pass) {
            out.push_str(&text[copied..start]);
            out.push_str(&masked);
            copied = end;
        }
        start = end + 1;
    }
    (copied > 0).then(|| out + &text[copied..])
}

/// Masks the segments that the route's template, as `/reset/{token}`, gives a secret's name.
///
/// A path that is shorter than its template is that of a nested service and is read from its end.
pub(super) fn mask_by_route(path: &str, route: &str, pass: &mut Pass<'_>) -> Option<String> {
    if !route.contains(['{', ':', '*', '<']) {
        return None;
    }
    let segments: Vec<_> = path.split('/').collect();
    let names: Vec<_> = route.split('/').collect();
    let offset = names.len().saturating_sub(segments.len());
    let mut masked = segments.clone();
    for (at, name) in names.iter().enumerate() {
        let Some(rule) = secret_of(name, pass) else {
            continue;
        };
        let from = at.saturating_sub(offset).min(segments.len());
        let to = match name.contains('*') {
            true => segments.len(),
            false => (from + 1).min(segments.len()),
        };
        for segment in masked.iter_mut().take(to).skip(from) {
            let shape = pass.fields.shape(rule);
            if !segment.is_empty() && shape.hides(&pairs::decoded(segment)) {
                let rule = pass.fields.rule_name(rule);
                pass.report
                    .masked(|| (*name).to_owned(), rule, segment.len());
                *segment = MASKED;
            }
        }
    }
    let changed = masked != segments;
    let encode = |segment: &&str| match *segment == MASKED {
        true => pairs::encoded(MASKED),
        false => (*segment).to_owned(),
    };
    changed.then(|| masked.iter().map(encode).collect::<Vec<_>>().join("/"))
}

/// Returns the rule of a segment of a template: `{token}`, `{*token}`, `{token}.json`, `:token`, `*token` or `<token>`.
fn secret_of(segment: &str, pass: &mut Pass<'_>) -> Option<super::names::RuleId> {
    let segment = match segment.strip_prefix([':', '*']) {
        Some(name) => return pass.fields.decide(name),
        None => segment,
    };
    segment
        .split(['{', '<'])
        .skip(1)
        .filter_map(|it| it.split(['}', '>', ':']).next())
        .find_map(|name| pass.fields.decide(name.trim_start_matches('*')))
}

#[cfg(test)]
mod tests {
    use super::super::tests::pass;
    use super::*;

    #[test]
    fn route_names_the_secret_segments_of_a_path() {
        for (path, route, shown) in [
            ("/a/x1", "/a/{token}", Some("/a/%5BMASKED%5D")),
            ("/a/x/b", "/a/:token/b", Some("/a/%5BMASKED%5D/b")),
            ("/a/x.json", "/a/{token}.json", Some("/a/%5BMASKED%5D")),
            (
                "/a/x/y/",
                "/a/{*secret}",
                Some("/a/%5BMASKED%5D/%5BMASKED%5D/"),
            ),
            ("/x", "/nested/{api_key}", Some("/%5BMASKED%5D")),
            ("/a/x", "/a/{id}", None),
            ("/a/DE", "/a/{code}", None),
            ("/a/918273", "/a/{code}", Some("/a/%5BMASKED%5D")),
            ("/", "/a/{token}", None),
            ("", "/{token}", None),
        ] {
            let masked = pass(|pass| mask_by_route(path, route, pass));
            assert_eq!(masked.as_deref(), shown, "{path} {route}");
        }
    }

    #[test]
    fn t9_what_a_segment_says_after_a_colon_is_withheld() {
        for (path, shown) in [
            ("/a/api_key:x7f3/b", Some("/a/%5BWITHHELD%5D/b")),
            ("/token%3Ax7f3", Some("/%5BWITHHELD%5D")),
            ("/v1/tokens:revoke", None),
            ("/v1/secrets/a:access", None),
            ("/at/10:20:30/x", None),
            ("/urn:isbn:0451450523", None),
            ("/users:7f3", None),
        ] {
            let masked = pass(|pass| mask_segments(path, false, 0, pass));
            assert_eq!(masked.as_deref(), shown, "{path}");
            let again = pass(|pass| mask_segments(shown.unwrap_or(path), false, 0, pass));
            assert_eq!(again, None, "{path}");
        }
        let url = |text: &str| pass(|pass| inside::mask(text, false, 0, pass));
        assert_eq!(
            url("https://x.test:8080/api_key:x7f3/b").as_deref(),
            Some("https://x.test:8080/%5BWITHHELD%5D/b")
        );
        assert_eq!(url("https://x.test:8080/a:b/c"), None);
    }
}
