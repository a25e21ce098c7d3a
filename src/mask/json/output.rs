use std::cmp::Reverse;

use super::text;
use crate::mask::MASKED;

/// The text that is made of a source: its bytes but for what is replaced and taken out. Nothing is copied before that.
pub(super) struct Output<'t> {
    source: &'t str,
    text: String,
    /// Up to where the source is in the text, as it was or replaced.
    copied: usize,
    /// Whether the comma that follows is taken out as well.
    drops_comma: bool,
    /// What is replaced in the text itself, because its name came after it.
    late: Vec<Late>,
}

/// A place of the text that is replaced in the end.
struct Late {
    start: usize,
    end: usize,
    change: Change,
}

enum Change {
    /// To a string of this content, or of the mark.
    Shows(Option<Box<str>>),
    /// To nothing.
    Removes { is_first: bool },
}

impl<'t> Output<'t> {
    pub(super) fn new(source: &'t str) -> Self {
        Self {
            source,
            text: String::new(),
            copied: 0,
            drops_comma: false,
            late: Vec::new(),
        }
    }

    /// Puts a string in the place of source: of this content, or of the mark.
    pub(super) fn replace(&mut self, start: usize, end: usize, content: Option<&str>) {
        self.copy_up_to(start);
        push_string(content, &mut self.text);
        self.copied = end;
    }

    /// Lets the caller write what stands in the place of source.
    pub(super) fn rewrite(&mut self, start: usize, end: usize, write: impl FnOnce(&mut String)) {
        self.copy_up_to(start);
        write(&mut self.text);
        self.copied = end;
    }

    /// Takes a member out, from the comma before it, or, where it is the first, up to the comma after it. `shown` is where that comma is in the text, if
    /// the member's name was rewritten.
    pub(super) fn remove(&mut self, lead: usize, shown: Option<usize>, end: usize, first: bool) {
        self.copy_up_to(lead);
        if let Some(shown) = shown {
            self.text.truncate(shown);
        }
        self.copied = end;
        self.drops_comma = first;
    }

    /// Passes a comma between members. Tells whether it was taken out.
    #[inline]
    pub(super) fn comma(&mut self, at: usize) -> bool {
        if self.drops_comma {
            self.copied = at + 1;
        }
        std::mem::take(&mut self.drops_comma)
    }

    /// Passes the end of an object.
    #[inline]
    pub(super) fn end(&mut self) {
        self.drops_comma = false;
    }

    /// Returns where a place of the source stands, or will stand, in the text.
    pub(super) fn position(&self, at: usize) -> usize {
        self.text.len() + at.saturating_sub(self.copied)
    }

    /// Replaces in the end what stands between two positions.
    pub(super) fn replace_late(&mut self, start: usize, end: usize, content: Option<String>) {
        // Where it was taken out by then.
        if start > end {
            return;
        }
        let change = Change::Shows(content.map(String::into_boxed_str));
        self.late.push(Late { start, end, change });
    }

    /// Takes in the end a member out that stands between two positions.
    pub(super) fn remove_late(&mut self, lead: usize, end: usize, is_first: bool) {
        let change = Change::Removes { is_first };
        self.late.push(Late {
            start: lead,
            end,
            change,
        });
    }

    /// Returns the text up to a place of the source, or `None` where it is all of the source.
    pub(super) fn finish(mut self, certain: usize) -> Option<String> {
        if self.copied == 0 && self.late.is_empty() && certain == self.source.len() {
            return None;
        }
        self.copy_up_to(certain);
        if self.late.is_empty() {
            return Some(self.text);
        }
        Some(self.with_late_changes())
    }

    /// Makes the late changes, but for those that stand within another.
    fn with_late_changes(mut self) -> String {
        self.late.sort_by_key(|it| (it.start, Reverse(it.end)));
        let text = &self.text;
        let mut out = String::with_capacity(text.len());
        let mut copied = 0;
        for Late { start, end, change } in &self.late {
            if *end <= copied {
                continue;
            }
            // The comma before it may be the one that another member took along.
            let is_clipped = *start < copied;
            out.push_str(text.get(copied..*start).unwrap_or_default());
            copied = *end;
            match change {
                Change::Shows(content) => push_string(content.as_deref(), &mut out),
                Change::Removes { is_first } if *is_first || is_clipped => {
                    let rest = text.get(copied..).unwrap_or_default();
                    let after = rest.trim_start_matches([' ', '\n', '\t', '\r']);
                    if after.starts_with(',') {
                        copied = text.len() - after.len() + 1;
                    }
                }
                Change::Removes { .. } => {}
            }
        }
        out.push_str(text.get(copied..).unwrap_or_default());
        out
    }

    /// Copies the source up to here. Nothing is copied twice.
    fn copy_up_to(&mut self, end: usize) {
        if self.text.is_empty() {
            self.text.reserve(self.source.len() + MASKED.len());
        }
        self.text
            .push_str(self.source.get(self.copied..end).unwrap_or_default());
        self.copied = self.copied.max(end);
    }
}

fn push_string(content: Option<&str>, out: &mut String) {
    out.push('"');
    match content {
        Some(content) => text::encode(content, out),
        None => out.push_str(MASKED),
    }
    out.push('"');
}
