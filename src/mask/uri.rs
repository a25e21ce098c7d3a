//! Secrets in URLs: userinfo, matrix parameters, query and fragment.
//!
//! Userinfo becomes `****`. Backslashes and repeated slashes before an authority are read as browsers read them. A fragment that looks
//! like parameters is masked as a query, since OAuth's implicit flow returns tokens there. The rest keeps its bytes.

use super::{Pass, STARS, pairs};

const USERINFO: &str = "userinfo";

/// Tells whether there is a character without which a URL has nothing to mask.
pub(super) fn has_marks(text: &str) -> bool {
    text.bytes()
        .any(|byte| matches!(byte, b'?' | b'#' | b'@' | b';'))
}

/// Masks a URL or a relative reference. Returns `None` where it stays as it is.
///
/// Of one that was `cut` in its authority nothing after the scheme is kept, because userinfo shows by the `@` that ends it.
pub(super) fn mask(text: &str, cut: bool, level: u8, pass: &mut Pass<'_>) -> Option<String> {
    if !cut && !has_marks(text) {
        return None;
    }
    if let Some(masked) = mask_torn_userinfo(text, cut, pass) {
        return Some(masked);
    }
    let (before, fragment) = split(text, '#');
    let (hierarchy, query) = split(before, '?');
    let ends_here = |last: bool| cut && last;
    let hierarchy_masked = mask_hierarchy(
        hierarchy,
        ends_here(query.is_none() && fragment.is_none()),
        level,
        pass,
    );
    let query_masked =
        query.and_then(|it| pairs::mask(it, ends_here(fragment.is_none()), level, pass));
    let fragment_masked = fragment.and_then(|it| mask_fragment(it, cut, level, pass));
    if hierarchy_masked.is_none() && query_masked.is_none() && fragment_masked.is_none() {
        return None;
    }
    let mut out = hierarchy_masked.unwrap_or_else(|| hierarchy.to_owned());
    for (mark, was, is) in [('?', query, query_masked), ('#', fragment, fragment_masked)] {
        if let Some(was) = was {
            out.push(mark);
            out.push_str(is.as_deref().unwrap_or(was));
        }
    }
    Some(out)
}

/// Masks userinfo that holds a raw `/`, `?` or `#`, which ends the authority early: it shows by a port that is none.
fn mask_torn_userinfo(text: &str, cut: bool, pass: &mut Pass<'_>) -> Option<String> {
    let start = authority_start(text)?;
    let (lead, rest) = text.split_at(start);
    let authority = rest.split(['/', '\\', '?', '#']).next()?;
    let (_, port) = authority.rsplit_once(':')?;
    let is_port = port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit());
    if is_port || authority.contains('@') || authority.ends_with(']') {
        return None;
    }
    let (userinfo, after) = match rest.rfind('@') {
        Some(at) => rest.split_at(at),
        None if cut => (rest, ""),
        None => return None,
    };
    pass.report
        .masked(|| USERINFO.to_owned(), USERINFO, userinfo.len());
    let after = after.split(['?', '#', ';']).next().unwrap_or_default();
    Some(format!("{lead}{STARS}{after}"))
}

/// Masks the userinfo of an authority such as `user:secret@host:80`.
pub(super) fn mask_authority(authority: &str, pass: &mut Pass<'_>) -> Option<String> {
    let (userinfo, host) = authority.rsplit_once('@')?;
    pass.report
        .masked(|| USERINFO.to_owned(), USERINFO, userinfo.len());
    Some(format!("{STARS}@{host}"))
}

/// Masks the matrix parameters of a path, as in `/a;jsessionid=x/b`.
pub(super) fn mask_path(path: &str, level: u8, pass: &mut Pass<'_>) -> Option<String> {
    let mut out = String::new();
    let mut copied = 0;
    for (at, _) in path.match_indices(';') {
        let rest = &path[at + 1..];
        let end = at + 1 + rest.find(['/', ';']).unwrap_or(rest.len());
        if let Some(masked) = pairs::mask(&path[at + 1..end], false, level, pass) {
            out.push_str(&path[copied..=at]);
            out.push_str(&masked);
            copied = end;
        }
    }
    (copied > 0).then(|| out + &path[copied..])
}

fn mask_hierarchy(text: &str, cut: bool, level: u8, pass: &mut Pass<'_>) -> Option<String> {
    let start = authority_start(text);
    let (lead, rest) = text.split_at(start.unwrap_or(0));
    let end = match start {
        Some(_) => rest.find(['/', '\\']).unwrap_or(rest.len()),
        None => 0,
    };
    let (authority, path) = rest.split_at(end);
    if cut && start.is_some() && path.is_empty() {
        pass.report
            .masked(|| USERINFO.to_owned(), USERINFO, authority.len());
        return Some(format!("{lead}{STARS}"));
    }
    let authority_masked = mask_authority(authority, pass);
    let path_masked = mask_path(path, level, pass);
    if authority_masked.is_none() && path_masked.is_none() {
        return None;
    }
    let authority = authority_masked.as_deref().unwrap_or(authority);
    let path = path_masked.as_deref().unwrap_or(path);
    Some(format!("{lead}{authority}{path}"))
}

/// Returns where the authority begins: after the first two or more slashes that follow a colon or the beginning.
fn authority_start(text: &str) -> Option<usize> {
    let is_slash = |byte: &&u8| matches!(byte, b'/' | b'\\');
    let slashes = |at: usize| text.as_bytes()[at..].iter().take_while(is_slash).count();
    let starts = std::iter::once(0).chain(text.match_indices(':').map(|(at, _)| at + 1));
    let web = |at: usize| {
        let scheme = &text[..at.saturating_sub(1)];
        let begins = scheme
            .rfind(|letter: char| !letter.is_ascii_alphanumeric())
            .map_or(0, |at| at + 1);
        // Browsers read `https:user@host` and `https:/user@host` as absolute too.
        ["http", "https", "ws", "wss", "ftp"].iter().any(|known| {
            scheme
                .get(begins..)
                .is_some_and(|it| it.eq_ignore_ascii_case(known))
        })
    };
    starts
        .map(|at| (at, slashes(at)))
        .find(|&(at, count)| count >= 2 || at > 0 && web(at))
        .map(|(at, count)| at + count)
}

fn mask_fragment(fragment: &str, cut: bool, level: u8, pass: &mut Pass<'_>) -> Option<String> {
    let (route, query) = split(fragment, '?');
    match query {
        Some(query) => {
            let query = pairs::mask(query, cut, level, pass)?;
            Some(format!("{route}?{query}"))
        }
        None if fragment.contains('=') => pairs::mask(fragment, cut, level, pass),
        None => None,
    }
}

fn split(text: &str, mark: char) -> (&str, Option<&str>) {
    match text.split_once(mark) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::pass;
    use super::*;

    #[test]
    fn t9_userinfo_and_secret_parameters_are_masked_wherever_they_stand() {
        let m = "%5BMASKED%5D";
        for (text, shown) in [
            (
                "https://me:canary@x.test/a?b=c",
                "https://****@x.test/a?b=c".to_owned(),
            ),
            ("https://canary@x.test", "https://****@x.test".to_owned()),
            ("//me:canary@x.test/", "//****@x.test/".to_owned()),
            (
                "https:\\\\me:canary@x.test",
                "https:\\\\****@x.test".to_owned(),
            ),
            ("https:/me:canary@x.test", "https:/****@x.test".to_owned()),
            (
                "https://me:ca@nary@x.test:80/",
                "https://****@x.test:80/".to_owned(),
            ),
            (
                "postgres://me:ca/na?r#y@db/x",
                "postgres://****@db/x".to_owned(),
            ),
            (
                "/cb?code=canary&state=canary",
                format!("/cb?code={m}&state={m}"),
            ),
            (
                "https://x.test/#access_token=canary&expires_in=5",
                format!("https://x.test/#access_token={m}&expires_in=5"),
            ),
            (
                "https://x.test/#/a?token=canary",
                format!("https://x.test/#/a?token={m}"),
            ),
            (
                "/a;jsessionid=canary/b;v=1?x",
                format!("/a;jsessionid={m}/b;v=1?x"),
            ),
            (
                "https://x.test?token=canary",
                format!("https://x.test?token={m}"),
            ),
        ] {
            let masked = pass(|pass| mask(text, false, 0, pass));
            assert_eq!(masked.as_deref(), Some(shown.as_str()), "{text}");
        }
    }

    #[test]
    fn harmless_urls_stay() {
        for text in [
            "/",
            "/@me/b",
            "https://x.test:8080/a@b?e=a@b.c#top",
            "mailto:a@b.c",
            "/a;v=1/b",
            "https://[::1]:80/?q",
            "?page=2",
            "git@host:a/b",
            "a:b@c",
        ] {
            assert_eq!(pass(|pass| mask(text, false, 0, pass)), None, "{text}");
        }
    }
}
