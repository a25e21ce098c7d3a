use super::{Malformed, references};

/// A start tag or the tag of an empty element.
pub(super) struct Tag<'t> {
    pub(super) name: &'t str,
    pub(super) attributes: Vec<Attribute<'t>>,
}

pub(super) struct Attribute<'t> {
    pub(super) name: &'t str,
    /// With its references.
    pub(super) value: &'t str,
    /// Where the space before it begins.
    pub(super) start: usize,
    /// Where the value begins, after its quote.
    pub(super) value_start: usize,
}

impl Attribute<'_> {
    pub(super) fn value_end(&self) -> usize {
        self.value_start + self.value.len()
    }

    /// Returns where it ends, with its quote.
    pub(super) fn end(&self) -> usize {
        self.value_end() + 1
    }

    pub(super) fn is_namespace(&self) -> bool {
        self.name == "xmlns" || self.name.starts_with("xmlns:")
    }
}

/// Returns a name without its prefix.
pub(super) fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// Reads a tag from its `<` to its `>`.
pub(super) fn read(source: &str, start: usize, end: usize) -> Result<Tag<'_>, Malformed> {
    let tag = source.get(start..end).unwrap_or_default();
    let content = tag.strip_prefix('<').and_then(|it| it.strip_suffix('>'));
    let content = content.ok_or(Malformed)?;
    let content = content.strip_suffix('/').unwrap_or(content);
    let attributes = attributes(content, start + 1)?;
    let name = name(content)?;
    Ok(Tag { name, attributes })
}

/// Reads the attributes after a name.
pub(super) fn attributes(content: &str, from: usize) -> Result<Vec<Attribute<'_>>, Malformed> {
    let mut attributes = Vec::new();
    let mut rest = &content[name(content)?.len()..];
    loop {
        let start = from + content.len() - rest.len();
        let trimmed = rest.trim_start_matches(is_space);
        if trimmed.is_empty() {
            break;
        }
        if trimmed.len() == rest.len() {
            return Err(Malformed);
        }
        let name = name(trimmed)?;
        let after = trimmed[name.len()..].trim_start_matches(is_space);
        let after = after.strip_prefix('=').ok_or(Malformed)?;
        let after = after.trim_start_matches(is_space);
        let quote = after.chars().next().filter(|it| matches!(it, '"' | '\''));
        let quoted = &after[quote.ok_or(Malformed)?.len_utf8()..];
        let length = quote.and_then(|it| quoted.find(it)).ok_or(Malformed)?;
        let (value, after) = quoted.split_at(length);
        if value.contains('<') || !value.chars().all(references::is_character) {
            return Err(Malformed);
        }
        attributes.push(Attribute {
            name,
            value,
            start,
            value_start: from + content.len() - quoted.len(),
        });
        rest = &after[1..];
    }
    let mut names: Vec<_> = attributes.iter().map(|it| it.name).collect();
    names.sort_unstable();
    match names.windows(2).any(|two| two[0] == two[1]) {
        true => Err(Malformed),
        false => Ok(attributes),
    }
}

/// Returns the name that a text begins with.
pub(super) fn name(text: &str) -> Result<&str, Malformed> {
    let is_part = |it: char| {
        it.is_ascii_alphanumeric() || "_-.:".contains(it) || !it.is_ascii() && !it.is_whitespace()
    };
    let length = text.find(|it| !is_part(it)).unwrap_or(text.len());
    let name = &text[..length];
    let begins = |it: char| !it.is_ascii() || it.is_ascii_alphabetic() || it == '_' || it == ':';
    match name.starts_with(begins) && !name.ends_with(':') {
        true => Ok(name),
        false => Err(Malformed),
    }
}

pub(super) fn is_space(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\n' | '\r')
}
