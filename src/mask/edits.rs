/// Replacements in a text, made in any order.
#[derive(Default)]
pub(super) struct Edits {
    list: Vec<Edit>,
}

struct Edit {
    start: usize,
    end: usize,
    text: Box<str>,
}

impl Edits {
    /// Puts another text in the place of this part.
    pub(super) fn replace(&mut self, start: usize, end: usize, text: impl Into<Box<str>>) {
        let text = text.into();
        self.list.push(Edit { start, end, text });
    }

    /// Returns the text up to here; `None` where it is all of the source as it is. Of parts within each other the outer one counts.
    pub(super) fn apply(mut self, source: &str, certain: usize) -> Option<String> {
        if self.list.is_empty() && certain == source.len() {
            return None;
        }
        self.list
            .sort_by_key(|it| (it.start, std::cmp::Reverse(it.end)));
        let mut out = String::with_capacity(certain);
        let mut copied = 0;
        for edit in self.list {
            if edit.start >= copied && edit.start < certain {
                out.push_str(source.get(copied..edit.start).unwrap_or_default());
                out.push_str(&edit.text);
                copied = edit.end;
            }
        }
        out.push_str(source.get(copied..certain).unwrap_or_default());
        Some(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outer_part_counts_and_what_is_uncertain_is_left_out() {
        let mut edits = Edits::default();
        edits.replace(6, 7, "x");
        edits.replace(2, 4, "inner");
        edits.replace(1, 5, "-");
        edits.replace(1, 2, "first");
        assert_eq!(edits.apply("0123456789", 6).as_deref(), Some("0-5"));
        assert_eq!(Edits::default().apply("01", 2), None);
        assert_eq!(Edits::default().apply("01", 1).as_deref(), Some("0"));
    }
}
