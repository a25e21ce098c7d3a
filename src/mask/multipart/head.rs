use std::borrow::Cow;

use super::super::media_type::{MediaType, parameters};

/// What a client chooses of what shows of a part's header.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    Name,
    FileName,
    Type,
}

/// What a part's header says.
#[derive(Default)]
pub(super) struct Head {
    pub(super) content_type: Option<String>,
    pub(super) name: String,
    /// The `name*` of RFC 5987, which forms may not have and some readers take.
    pub(super) extended_name: Option<String>,
    pub(super) is_file: bool,
    file_name: Option<String>,
    /// Whether the content is not encoded, and its name is read alike by all.
    pub(super) is_plain: bool,
}

impl Head {
    /// Reads a header; `None` where it has two dispositions, is not UTF-8, or is that of a form's part and has no disposition.
    pub(super) fn read(head: &[u8], is_form: bool) -> Option<Self> {
        let head = std::str::from_utf8(head).ok()?;
        let goes_on = |line: &str| line.starts_with([' ', '\t']);
        let head = match is_form {
            // Readers of forms differ in whether they take lines that go on in the next.
            true if head.lines().any(goes_on) => return None,
            true => Cow::Borrowed(head),
            false => Cow::Owned(unfolded(head)),
        };
        let (mut disposition, mut content_type, mut is_plain) = (None, None, true);
        for line in head.lines() {
            let (name, value) = line.split_once(':')?;
            let value = value.trim();
            let is = |known: &str| name.trim().eq_ignore_ascii_case(known);
            let twice = match () {
                () if is("content-disposition") => disposition.replace(value).is_some(),
                () if is("content-type") => content_type.replace(value).is_some(),
                () if is("content-transfer-encoding") => {
                    let plain = ["7bit", "8bit", "binary"];
                    is_plain = plain.iter().any(|it| it.eq_ignore_ascii_case(value));
                    false
                }
                () => false,
            };
            if twice {
                return None;
            }
        }
        let content_type = content_type.map(str::to_owned);
        let Some(disposition) = disposition else {
            return (!is_form).then(|| Self {
                content_type,
                is_plain,
                ..Self::default()
            });
        };
        let parameters = parameters(disposition.split_once(';').map_or("", |(_, rest)| rest));
        let get = |name: &str| {
            let mut all = parameters.iter().filter(|(known, _)| known == name);
            let first = all.next().map(|(_, value)| value.clone());
            (first, all.next().is_some())
        };
        let in_pieces = |(name, _): &(String, String)| {
            name.strip_prefix("name*").is_some_and(|it| !it.is_empty())
        };
        let (name, name_twice) = get("name");
        let name = name.unwrap_or_default();
        let is_odd =
            disposition.contains('\\') || name.contains("=?") || parameters.iter().any(in_pieces);
        let extended = get("name*").0;
        let file_name = get("filename").0.or_else(|| get("filename*").0);
        (!name_twice).then(|| Self {
            content_type,
            // `utf-8'en'name`
            extended_name: extended.map(|it| it.rsplit('\'').next().unwrap_or_default().to_owned()),
            name,
            is_file: file_name.is_some(),
            file_name,
            is_plain: is_plain && !is_odd,
        })
    }

    /// Writes the header. Of what a client chose in it, `mask` is asked what shows instead.
    pub(super) fn write(
        &self,
        out: &mut String,
        is_form: bool,
        mut mask: impl FnMut(Said, &str) -> Option<String>,
    ) {
        let quoted = |text: &str| text.replace('"', "%22").replace(['\r', '\n'], " ");
        if is_form {
            let shown = mask(Said::Name, &self.name);
            let name = quoted(shown.as_deref().unwrap_or(&self.name));
            out.push_str(&format!("Content-Disposition: form-data; name=\"{name}\""));
        } else if self.is_file {
            out.push_str("Content-Disposition: attachment");
        }
        if let Some(name) = &self.file_name {
            let shown = mask(Said::FileName, name);
            let shown = quoted(shown.as_deref().unwrap_or(name));
            out.push_str(&format!("; filename=\"{shown}\""));
        }
        if is_form || self.is_file {
            out.push_str("\r\n");
        }
        if let Some(media_type) = self.content_type.as_deref().and_then(MediaType::parse) {
            let shown = mask(Said::Type, media_type.essence());
            let shown = shown.as_deref().unwrap_or(media_type.essence());
            out.push_str(&format!("Content-Type: {shown}\r\n"));
        }
    }
}

/// Joins lines that begin with a space to those before them (RFC 5322 section 2.2.3).
fn unfolded(head: &str) -> String {
    let mut out = String::with_capacity(head.len());
    for line in head.lines() {
        if !out.is_empty() {
            out.push_str(match line.starts_with([' ', '\t']) {
                true => " ",
                false => "\n",
            });
        }
        out.push_str(line.trim());
    }
    out
}
