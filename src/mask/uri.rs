//! Secrets in URLs: userinfo, parameters in the path, query and fragment.
//!
//! Userinfo becomes `****`, in every authority of a text in which URLs follow each other or stand in a path. Backslashes and repeated
//! slashes before an authority are read as browsers read them. A fragment that looks like parameters is masked as a query, since OAuth's
//! implicit flow returns tokens there. The rest keeps its bytes.

use super::{Pass, STARS, pairs, path};

const USERINFO: &str = "userinfo";

/// Tells whether there is a character without which a URL has nothing to mask.
pub(super) fn has_marks(text: &str) -> bool {
    text.bytes()
        .any(|byte| matches!(byte, b'?' | b'#' | b'@' | b';' | b'=' | b'%'))
}

/// Tells whether there is a `://`.
pub(super) fn has_scheme(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut colons = memchr::memchr_iter(b':', bytes);
    colons.any(|at| bytes[at + 1..].starts_with(b"//"))
}

/// Tells whether text has an authority that may begin with userinfo.
pub(super) fn may_have_userinfo(text: &str) -> bool {
    text.contains('@') && has_authority(text)
}

/// Tells whether text has an authority.
pub(super) fn has_authority(text: &str) -> bool {
    authority_start(text, 0).is_some()
}

/// Tells whether a secret's pair begins before the mark by which text looks like a URL, so that the mark may be the secret's: `password=a?b`.
pub(super) fn is_in_a_secret(text: &str, pass: &mut Pass<'_>) -> bool {
    if memchr::memchr(b'=', text.as_bytes()).is_none() {
        return false;
    }
    let end = [text.find(['?', '#']), text.find("://")]
        .into_iter()
        .flatten()
        .min();
    let head = end.map_or(text, |end| &text[..end]);
    let begins = head.find(['=', '/', '\\', ':']);
    let has_pairs = begins.is_some_and(|at| head.as_bytes().get(at) == Some(&b'='));
    let mut names = head
        .match_indices('=')
        .filter_map(|(at, _)| head[..at].rsplit(['&', ';', '=']).next());
    has_pairs && names.any(|name| pairs::decide(&pairs::decoded(name), pass).is_some())
}

/// Masks a URL or a relative reference. Returns `None` where it stays as it is.
///
/// Of one that was `cut` in its authority nothing after the scheme is kept, because userinfo shows by the `@` that ends it.
pub(super) fn mask(text: &str, cut: bool, level: u8, pass: &mut Pass<'_>) -> Option<String> {
    if let Some(masked) = mask_torn_userinfo(text, cut, level, pass) {
        return Some(masked);
    }
    if !cut && !has_marks(text) && !path::has_names(text) && !pass.has_segments() {
        return None;
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

/// Masks userinfo that holds a raw `/`, `?` or `#`, which ends the authority early, or of which the `@` is encoded: both show by a port that
/// is none.
fn mask_torn_userinfo(text: &str, cut: bool, level: u8, pass: &mut Pass<'_>) -> Option<String> {
    let start = authority_start(text, 0)?;
    let (lead, rest) = text.split_at(start);
    let authority = rest.split(['/', '\\', '?', '#']).next()?;
    let (_, port) = authority.split(';').next()?.rsplit_once(':')?;
    let is_port = port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit());
    if is_port || authority.contains('@') || authority.ends_with(']') {
        return None;
    }
    let (userinfo, after) = match rest.rfind('@') {
        Some(at) => rest.split_at(at),
        None if cut => (rest, ""),
        None => (authority, ""),
    };
    pass.report
        .masked(|| USERINFO.to_owned(), USERINFO, userinfo.len());
    let after = after.split(['?', '#', ';']).next().unwrap_or_default();
    // It ends where an authority begins, and so has none that is torn.
    let masked = mask(lead, false, level, pass);
    let lead = masked.as_deref().unwrap_or(lead);
    Some(format!("{lead}{STARS}{after}"))
}

/// Masks the userinfo of an authority such as `user:secret@host:80`, and the parameters after it as JDBC writes them.
fn mask_authority(authority: &str, level: u8, pass: &mut Pass<'_>) -> Option<String> {
    let (userinfo, host) = match authority.rsplit_once('@') {
        Some((userinfo, host)) => {
            let is_masked = userinfo == STARS;
            if !is_masked {
                pass.report
                    .masked(|| USERINFO.to_owned(), USERINFO, userinfo.len());
            }
            (Some(is_masked), host)
        }
        None => (None, authority),
    };
    let masked = path::mask_parameters(host, false, level, pass);
    let host = masked.as_deref().unwrap_or(host);
    match userinfo {
        None => masked,
        Some(true) if masked.is_none() => None,
        Some(_) => Some(format!("{STARS}@{host}")),
    }
}

/// Masks what says it is an authority: its userinfo, what is found in its host, and all of it where it is no host.
pub(super) fn mask_host(authority: &str, pass: &mut Pass<'_>) -> Option<String> {
    let masked = mask_userinfo(authority, pass);
    let shown = masked.as_deref().unwrap_or(authority);
    pass.mask_found(shown, false).or(masked)
}

fn mask_userinfo(authority: &str, pass: &mut Pass<'_>) -> Option<String> {
    if authority.contains(['/', '\\', '?', '#', '=']) {
        pass.report
            .masked(|| USERINFO.to_owned(), USERINFO, authority.len());
        return Some(STARS.to_owned());
    }
    let at = authority.rfind('@').map(|at| at + 1);
    let encoded = authority.rfind("%40").map(|at| at + 3);
    let end = at.max(encoded)?;
    pass.report
        .masked(|| USERINFO.to_owned(), USERINFO, end - 1);
    Some(format!("{STARS}@{}", &authority[end..]))
}

/// Masks what stands before the query.
fn mask_hierarchy(text: &str, cut: bool, level: u8, pass: &mut Pass<'_>) -> Option<String> {
    let mut out = String::new();
    let mut copied = 0;
    let mut replace = |from: usize, to: usize, masked: Option<String>| {
        if let Some(masked) = masked {
            out.push_str(&text[copied..from]);
            out.push_str(&masked);
            copied = to;
        }
    };
    let mut at = 0;
    let mut next = authority_start(text, 0);
    while let Some(start) = next {
        replace(
            at,
            start,
            path::mask_segments(&text[at..start], false, level, pass),
        );
        let end = start
            + text[start..]
                .find(['/', '\\'])
                .unwrap_or(text.len() - start);
        let authority = &text[start..end];
        let masked = match cut && end == text.len() {
            true => {
                pass.report
                    .masked(|| USERINFO.to_owned(), USERINFO, authority.len());
                Some(STARS.to_owned())
            }
            false => mask_authority(authority, level, pass),
        };
        replace(start, end, masked);
        at = end;
        // The colon of `a.test,https://b.test` ends an authority.
        next = authority_start(text, end.saturating_sub(1).max(start));
    }
    let masked = path::mask_segments(&text[at..], cut, level, pass);
    replace(at, text.len(), masked);
    (copied > 0).then(|| out + &text[copied..])
}

/// Masks the path of a request's target, which may hold URLs and begins with an authority only where there is a password in it.
pub(super) fn mask_path(path: &str, pass: &mut Pass<'_>) -> Option<String> {
    let lead = path.len() - path.trim_start_matches(['/', '\\']).len();
    let first = path[lead..].split(['/', '\\']).next().unwrap_or_default();
    let userinfo = first.rsplit_once('@').map(|(userinfo, _)| userinfo);
    if lead > 1 && userinfo.is_some_and(|it| it.contains(':')) {
        return mask_hierarchy(path, false, 0, pass);
    }
    let masked = mask_hierarchy(&path[lead..], false, 0, pass)?;
    Some(format!("{}{masked}", &path[..lead]))
}

/// Returns where the next authority begins: after the first two or more slashes that follow a colon or the beginning.
fn authority_start(text: &str, from: usize) -> Option<usize> {
    let is_slash = |byte: &&u8| matches!(byte, b'/' | b'\\');
    let slashes = |at: usize| text.as_bytes()[at..].iter().take_while(is_slash).count();
    let colons = memchr::memchr_iter(b':', &text.as_bytes()[from..]);
    let starts = (from == 0)
        .then_some(0)
        .into_iter()
        .chain(colons.map(|at| from + at + 1));
    let web = |at: usize| {
        let scheme = &text.as_bytes()[..at - 1];
        // Browsers read `https:user@host` and `https:/user@host` as absolute too.
        ["http", "https", "ws", "wss", "ftp"].iter().any(|known| {
            let begins = scheme.len().checked_sub(known.len());
            begins.is_some_and(|begins| {
                scheme[begins..].eq_ignore_ascii_case(known.as_bytes())
                    && !begins
                        .checked_sub(1)
                        .is_some_and(|before| scheme[before].is_ascii_alphanumeric())
            })
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
                "/cb?token=canary&to=https://me:ca/nary@x.test/",
                format!("/cb?token={m}&to=https://****@x.test/"),
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
            "https://****@x.test/a",
            "a:b@c",
        ] {
            assert_eq!(pass(|pass| mask(text, false, 0, pass)), None, "{text}");
        }
    }
}
