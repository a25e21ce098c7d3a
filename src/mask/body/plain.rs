//! Text that the rules let stay: each line for itself, since nobody can tell more of it.
//!
//! A line that says a secret may go on in the next ones, as lists and blocks of YAML, folded fields, continued and multi-line texts do: what is
//! indented deeper goes with it, what follows a `\` at its end, and everything up to the quotes that end it. Beside `name: DB_PASSWORD` the
//! line of `value` goes.

use crate::mask::names::{Named, Role, RuleId};
use crate::mask::{Pass, WITHHELD, authorization, inside, prose};

/// The most bytes that are looked at of a line that ends in a name.
const MAX_NAME_BYTES: usize = 128;
/// Quotes around texts of several lines.
const LONG_QUOTES: [&str; 3] = ["\"\"\"", "'''", "```"];

/// What the lines before say of the next ones.
#[derive(Default)]
struct Open<'t> {
    /// The last line that is not empty.
    before: &'t str,
    /// How deep the line is indented under which everything goes.
    under: Option<usize>,
    /// The quotes up to which everything goes.
    quotes: Option<&'static str>,
    /// Whether the last line was changed and goes on.
    goes_on: bool,
    /// How deep the line is indented that names the value beside it, and which values it names.
    names: Option<(usize, Named)>,
}

/// Masks the lines of a text. Returns `None` where it stays as it is.
pub(in crate::mask) fn mask(text: &str, cut: bool, pass: &mut Pass<'_>) -> Option<String> {
    let mut out = String::new();
    let (mut copied, mut start) = (0, 0);
    let mut open = Open::default();
    for line in text.split_inclusive(['\n', '\r']) {
        let end = start + line.len();
        let content = line.trim_end_matches(['\n', '\r']);
        let is_cut = cut && end == text.len() && content.len() == line.len();
        if !content.trim().is_empty() {
            let masked = match open.hides(content, pass) {
                true => {
                    pass.report.masked(String::new, "plain text", content.len());
                    Some(WITHHELD.to_owned())
                }
                false => inside::mask(content, is_cut, 0, pass),
            };
            open.take(content, masked.as_deref(), pass);
            if let Some(masked) = masked {
                out.push_str(text.get(copied..start).unwrap_or_default());
                out.push_str(&masked);
                copied = start + content.len();
            }
        }
        start = end;
    }
    (copied > 0).then(|| out + text.get(copied..).unwrap_or_default())
}

impl<'t> Open<'t> {
    /// Tells whether a line goes with those before.
    fn hides(&mut self, line: &str, pass: &mut Pass<'_>) -> bool {
        let spaces = line.len() - line.trim_start_matches(is_space).len();
        let is_item = line.trim_start().starts_with("- ");
        let is_under = |from: usize| spaces > from || spaces == from && is_item;
        self.under = self.under.filter(|&from| is_under(from));
        let depth = depth(line);
        let is_item = depth > spaces;
        self.names = self.names.filter(|&(at, _)| at == depth && !is_item);
        let named = |(_, named): (usize, Named)| named.rule(role(line, pass)).is_some();
        let is_value = self.names.is_some_and(named);
        let is_named = is_named(self.before, line, pass);
        if is_value || is_named {
            let from = if is_named { self.before } else { line };
            self.under = self.under.or(Some(self::depth(from)));
            return true;
        }
        self.quotes.is_some() || self.goes_on || self.under.is_some()
    }

    /// Takes a line, and what stands in its place where it was changed.
    fn take(&mut self, line: &'t str, masked: Option<&str>, pass: &mut Pass<'_>) {
        let is_withheld = masked == Some(WITHHELD);
        // Of a line of a log, what is indented under it is a trace.
        if is_withheld && self.under.is_none() && begins_with_a_secret(line, pass) {
            self.under = Some(depth(line));
        }
        self.goes_on = masked.is_some() && line.trim_end().ends_with('\\');
        self.quotes = match self.quotes {
            Some(quotes) if line.contains(quotes) => None,
            None if is_withheld || is_named(line, "x", pass) => LONG_QUOTES
                .into_iter()
                .find(|it| line.matches(*it).count() % 2 == 1),
            quotes => quotes,
        };
        let role = role(line, pass);
        if role.names()
            && let Some(rule) = rule_of_value(line, pass)
        {
            let depth = depth(line);
            let (_, mut named) = self.names.filter(|it| it.0 == depth).unwrap_or_default();
            named.take(role, Some(rule));
            self.names = Some((depth, named));
        }
        self.before = line.trim_end();
    }
}

/// Returns how deep the name of a line is indented, after the marks of items.
fn depth(line: &str) -> usize {
    let mut rest = line.trim_start_matches(is_space);
    while let Some(item) = rest.strip_prefix("- ") {
        rest = item.trim_start_matches(is_space);
    }
    line.len() - rest.len()
}

fn is_space(letter: char) -> bool {
    matches!(letter, ' ' | '\t')
}

/// Splits a line at its first sign.
fn pair(line: &str) -> Option<(&str, &str)> {
    let line = line.get(depth(line)..)?;
    let (name, value) = line.split_once([':', '='])?;
    Some((name.trim_matches(is_around), value.trim_matches(is_around)))
}

fn is_around(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '"' | '\'' | '>' | '/')
}

/// Returns what the name of a line is to the line beside it.
fn role(line: &str, pass: &mut Pass<'_>) -> Role {
    match pair(line) {
        Some((name, _)) if name.len() <= MAX_NAME_BYTES => pass.fields.known(name).role,
        _ => Role::None,
    }
}

fn begins_with_a_secret(line: &str, pass: &mut Pass<'_>) -> bool {
    let name = pair(line).map_or("", |(name, _)| name);
    name.len() <= MAX_NAME_BYTES && pass.fields.known(name).rule.is_some()
}

fn rule_of_value(line: &str, pass: &Pass<'_>) -> Option<RuleId> {
    let (_, value) = pair(line).filter(|(_, value)| value.len() <= MAX_NAME_BYTES)?;
    pass.fields.decide_once(value)
}

/// Tells whether the line before ends in a secret's name and a sign, so that this one is the value.
pub(in crate::mask) fn is_named(before: &str, line: &str, pass: &mut Pass<'_>) -> bool {
    let from = before.len().saturating_sub(2 * MAX_NAME_BYTES)..before.len();
    let from = from.into_iter().find(|&at| before.is_char_boundary(at));
    let before = &before[from.unwrap_or(0)..];
    let without_comment = before.rsplit_once(" #").map(|(text, _)| text);
    let mut signs = [Some(before), without_comment].into_iter().flatten();
    !line.trim().is_empty() && signs.any(|it| names_the_next(sign(it), pass))
}

/// Tells whether text is a secret's name and a sign.
fn names_the_next(sign: &str, pass: &mut Pass<'_>) -> bool {
    if !sign.ends_with([':', '=']) {
        return false;
    }
    let from = (sign.len().saturating_sub(MAX_NAME_BYTES)..sign.len())
        .find(|&at| sign.is_char_boundary(at));
    let name = &sign[from.unwrap_or(0)..sign.len() - 1];
    // `=` says more than `:`, which stands in sentences too.
    prose::says_a_secret(&format!("{name}=x"), false, pass.fields)
}

/// Leaves out what may stand between a sign and the end of its line: quotes, a scheme, and a tag, an anchor or the kind of a block of YAML.
fn sign(line: &str) -> &str {
    let mut rest = line;
    loop {
        rest = rest.trim_end_matches([' ', '\t', '"', '\'', '`']);
        let Some(at) = rest.rfind([' ', '\t']) else {
            return rest.trim_end_matches(['|', '>', '-']);
        };
        let word = &rest[at + 1..];
        match word.starts_with(['|', '>', '!', '&', '-']) || authorization::is_scheme(word) {
            true => rest = &rest[..at],
            false => return rest.trim_end_matches(['|', '>', '-']),
        }
    }
}
