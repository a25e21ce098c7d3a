//! `text/event-stream` (WHATWG HTML, server-sent events): event by event.
//!
//! - The lines of an event's `data` are joined and masked as JSON. What is no JSON is withheld, event by event, unless the rules let the type
//!   stay; a number, `[DONE]` and one short word, which say that a stream goes on or ends, stay as they are.
//! - An event's name stays where it looks like one, its `id` is looked into. Of comments a short word and a time stay. Other lines, which readers
//!   pass over, are withheld.
//! - Where only listed names show, what is no JSON is withheld but for `[DONE]`, and so are comments; `id` and `retry` count as names, and an
//!   event's name stays as names do.
//! - The masked stream is a stream; events in which nothing is masked keep their bytes. A text that comes in pieces, one an event, is masked
//!   piece by piece.

use super::edits::Edits;
use super::names::RuleId;
use super::{Pass, WITHHELD, body, inside, json, token};

mod lines;

use lines::{Field, Line, Lines};

/// The most letters of a word that stays.
const MAX_WORD: usize = 16;
/// The most bytes of an event's name.
const MAX_NAME_BYTES: usize = 64;
/// The most bytes of an `id` that is looked into.
const MAX_ID_BYTES: usize = 256;
/// The most digits of a time in milliseconds.
const MAX_RETRY_BYTES: usize = 10;
/// Ends the streams of OpenAI and of those who do as they do.
const DONE: &str = "[DONE]";

/// Masks a stream, or the beginning of one. Returns `None` where it stays as it is.
pub(super) fn mask(text: &str, cut: bool, is_plain: bool, pass: &mut Pass<'_>) -> Option<String> {
    let mut walk = Walk {
        text,
        is_plain,
        data: Vec::new(),
        number: 0,
        edits: Edits::default(),
        pass,
    };
    for line in Lines::new(text) {
        // The rest of the line is missing, and with it what it says.
        let is_torn = cut && line.next == text.len() && line.next == line.end;
        match line.field(text) {
            Field::End => walk.event(false),
            Field::Data(_) => walk.data.push(line),
            _ if is_torn => walk.edits.replace(line.start, line.end, ""),
            field => walk.line(line, field),
        }
    }
    walk.event(cut);
    walk.edits.apply(text, text.len())
}

struct Walk<'t, 'p, 'm> {
    text: &'t str,
    is_plain: bool,
    /// The lines of data of the present event.
    data: Vec<Line>,
    number: usize,
    edits: Edits,
    pass: &'p mut Pass<'m>,
}

impl<'t> Walk<'t, '_, '_> {
    fn slice(&self, start: usize, end: usize) -> &'t str {
        self.text.get(start..end).unwrap_or_default()
    }

    /// Masks a line that is not data.
    fn line(&mut self, line: Line, field: Field) {
        let (value, stays) = match field {
            Field::Event(value) => (value, is_name(self.slice(value, line.end))),
            Field::Id(value) if self.pass.fields.lists("id") => {
                let id = self.slice(value, line.end);
                let masked = inside::mask(id, false, 0, self.pass);
                if let Some(masked) = &masked {
                    self.edits.replace(value, line.end, masked.as_str());
                }
                let is_id = id.len() <= MAX_ID_BYTES && !id.contains(char::is_whitespace);
                (value, masked.is_some() || is_id)
            }
            Field::Id(value) => (value, value == line.end),
            Field::Retry(value) => {
                let retry = self.slice(value, line.end);
                let is_number = retry.bytes().all(|byte| byte.is_ascii_digit());
                (value, is_number && retry.len() <= MAX_RETRY_BYTES)
            }
            Field::Comment(value) => (value, is_harmless(self.slice(value, line.end))),
            _ => (line.start, false),
        };
        let is_listed = match field {
            Field::Id(_) => self.pass.fields.lists("id"),
            Field::Retry(_) => self.pass.fields.lists("retry"),
            Field::Comment(_) => !self.pass.fields.is_limited(),
            _ => true,
        };
        if self.slice(value, line.end).trim() == WITHHELD {
            return;
        }
        if !is_listed && value < line.end {
            self.edits.replace(value, line.end, WITHHELD);
            self.not_listed(line.end - value);
        } else if !stays {
            let bytes = line.end - value;
            self.pass.report.masked(String::new, "event stream", bytes);
            let lead = if field == Field::Other { ": " } else { "" };
            self.edits
                .replace(value, line.end, format!("{lead}{WITHHELD}"));
        }
    }

    /// Masks the data of the event that ends here, or whose rest is missing.
    fn event(&mut self, cut: bool) {
        let lines = std::mem::take(&mut self.data);
        let Some(first) = lines.first() else {
            return;
        };
        let values = lines.iter().map(|line| match line.field(self.text) {
            Field::Data(value) => self.slice(value, line.end),
            _ => "",
        });
        let data = values.collect::<Vec<_>>().join("\n");
        let (mark, number) = (self.pass.report.mark(), self.number);
        let masked = self.mask_data(&data, cut);
        self.pass.report.under(&mark, || format!("/{number}"));
        self.number += 1;
        let Some(masked) = masked else {
            return;
        };
        let lead = match first.field(self.text) {
            Field::Data(value) => self.slice(first.start, value),
            _ => "data: ",
        };
        // A line without a colon is data as well.
        let lead = if lead.ends_with([':', ' ']) {
            lead
        } else {
            "data: "
        };
        let end = match self.slice(first.end, first.next) {
            "" => "\n",
            end => end,
        };
        let text: Vec<_> = masked.split('\n').map(|it| format!("{lead}{it}")).collect();
        self.edits.replace(first.start, first.end, text.join(end));
        for line in lines.iter().skip(1) {
            self.edits.replace(line.start, line.next, "");
        }
    }

    /// Reports text that no list lets show.
    fn not_listed(&mut self, bytes: usize) {
        let rule = self.pass.fields.rule_name(RuleId::NOT_LISTED);
        self.pass.report.masked(String::new, rule, bytes);
    }

    fn mask_data(&mut self, data: &str, cut: bool) -> Option<String> {
        let mark = self.pass.report.mark();
        let masked = match cut {
            true if data.trim_start().starts_with(['{', '[', '"']) => {
                json::mask_cut(data, 0, self.pass)
            }
            true => Err(json::Malformed),
            false => json::mask(data, 0, self.pass),
        };
        if let Ok(document) = masked {
            return document.text;
        }
        self.pass.report.forget(&mark);
        let is_limited = self.pass.fields.is_limited();
        let is_sign = data.trim() == DONE || !is_limited && is_word(data);
        if ["", WITHHELD].contains(&data.trim()) || !cut && is_sign {
            return None;
        }
        if is_limited {
            self.not_listed(data.len());
            return Some(WITHHELD.to_owned());
        }
        if self.is_plain {
            return body::plain::mask(data, cut, self.pass);
        }
        self.pass
            .report
            .masked(String::new, "event stream", data.len());
        Some(WITHHELD.to_owned())
    }
}

/// Tells whether text is one short word, such as `ping`.
fn is_word(text: &str) -> bool {
    let text = text.trim();
    text.len() <= MAX_WORD && text.bytes().all(|it| it.is_ascii_lowercase())
}

/// Tells whether an event's name is a name and no token.
fn is_name(text: &str) -> bool {
    let part = |it: u8| it.is_ascii_alphanumeric() || b"_-.:/".contains(&it);
    text.len() <= MAX_NAME_BYTES && text.bytes().all(part) && !token::is_opaque(text)
}

/// Tells whether a comment is a short word, a time, or both, as `: ping - 2024-01-01 10:20:30`.
fn is_harmless(comment: &str) -> bool {
    let mut words = 0;
    comment.split([' ', '\t']).all(|it| {
        let is_date = it.len() == "2024-01-01".len()
            && it.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        let is_time = it.contains(':') && it.starts_with(|it: char| it.is_ascii_digit());
        match it {
            "" | "-" => true,
            _ if is_date || is_time && inside::is_time(it) => true,
            _ => {
                words += 1;
                words == 1 && is_word(&it.replace('-', ""))
            }
        }
    })
}

#[cfg(test)]
mod tests;
