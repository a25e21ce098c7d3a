//! What the application says to the page: checked here, and written into its head as `<meta>` elements.

use std::borrow::Cow;

use http::Uri;

use crate::error::Error;

/// Where the settings stand in the page.
pub(super) const PLACE: &str = "<!-- settings -->";
/// What the trace's id stands for in a link.
const TRACE_ID: &str = "{trace_id}";

/// What the application says to the page.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    pub(super) title: Option<Cow<'static, str>>,
    pub(super) trace_link: Option<Cow<'static, str>>,
    pub(super) session_module: Option<Cow<'static, str>>,
    /// Which methods are replayed, where any is: `safe` or `all`.
    pub(super) replay: Option<&'static str>,
}

impl Settings {
    /// The longest title in characters.
    pub(super) const MAX_TITLE_CHARS: usize = 100;

    pub(super) fn check(&self) -> Result<(), Error> {
        let wrong = |text: &'static str| Err(Error::configuration(text));
        if let Some(title) = &self.title
            && (title.trim().is_empty()
                || title.chars().count() > Self::MAX_TITLE_CHARS
                || title.chars().any(char::is_control))
        {
            return wrong(
                "the explorer's title must have 1 to 100 characters and no control characters",
            );
        }
        if let Some(link) = &self.trace_link
            && !is_trace_link(link)
        {
            return wrong(
                "the explorer's trace link must be an http or https address with {trace_id} in its path, query or fragment",
            );
        }
        if let Some(path) = &self.session_module
            && !is_own_path(path)
        {
            return wrong(
                "the explorer's session module must be a path of the same origin, as /app/session.js",
            );
        }
        Ok(())
    }

    /// Puts the settings into the page.
    pub(super) fn page(&self, page: &str) -> String {
        let settings = [
            ("title", self.title.as_deref()),
            ("trace-link", self.trace_link.as_deref()),
            ("session", self.session_module.as_deref()),
            ("replay", self.replay),
        ];
        let mut metas = String::new();
        for (name, content) in settings {
            if let Some(content) = content {
                metas.push_str("<meta name=\"api-log:");
                metas.push_str(name);
                metas.push_str("\" content=\"");
                escape(content, &mut metas);
                metas.push_str("\">");
            }
        }
        page.replacen(PLACE, &metas, 1)
    }
}

/// Tells whether a trace's id can be put into a link, and the link be followed: it goes to the host that the application says, whatever the id is.
fn is_trace_link(link: &str) -> bool {
    let scheme = ["https://", "http://"]
        .iter()
        .find_map(|scheme| link.strip_prefix(scheme));
    let Some(rest) = scheme else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // A fragment is none that `Uri` reads.
    let filled = link.replace(TRACE_ID, "0").replace('#', "");
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"\"'<>\\^`{|}".contains(&byte);
    rest[host.len()..].contains(TRACE_ID)
        && !host.contains(['{', '@'])
        && filled.bytes().all(plain)
        && filled
            .parse::<Uri>()
            .is_ok_and(|uri| uri.host().is_some_and(|host| !host.is_empty()))
}

/// Tells whether a browser looks for a path where the page came from.
fn is_own_path(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~!$()*+,;=:@%?&".contains(&byte);
    path.len() > 1 && path.starts_with('/') && !path.starts_with("//") && path.bytes().all(plain)
}

/// Appends a text as the value of an attribute in double quotes.
fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
}
