use super::RuleId;

/// The parts of names that count anywhere in a name, found in one pass over it.
#[derive(Default)]
pub(super) struct Parts {
    /// In the order in which they win.
    parts: Vec<(String, RuleId)>,
    /// For each first byte the parts that begin with it.
    by_first: Vec<Vec<usize>>,
}

impl Parts {
    pub(super) fn add(&mut self, part: &str, id: RuleId) {
        let Some(&first) = part.as_bytes().first() else {
            return;
        };
        self.by_first.resize(256, Vec::new());
        if let Some(parts) = self.by_first.get_mut(usize::from(first)) {
            parts.push(self.parts.len());
        }
        self.parts.push((part.to_owned(), id));
    }

    /// Returns the rule of the first part in the list that a name holds and that counts.
    pub(super) fn find(&self, name: &str, counts: impl Fn(&RuleId) -> bool) -> Option<RuleId> {
        let bytes = name.as_bytes();
        let mut best = self.parts.len();
        for (at, &byte) in bytes.iter().enumerate() {
            let parts = self.by_first.get(usize::from(byte))?;
            // Those that begin here, up to the best so far.
            let found = parts.iter().find(|&&part| {
                self.parts.get(part).is_some_and(|(text, id)| {
                    bytes
                        .get(at..)
                        .is_some_and(|it| it.starts_with(text.as_bytes()))
                        && counts(id)
                })
            });
            best = found.map_or(best, |&found| best.min(found));
        }
        self.parts.get(best).map(|(_, id)| *id)
    }
}

/// Says of most words that a map has none of them, before they are hashed.
#[derive(Default)]
pub(super) struct Filter {
    /// For each first byte the lengths that there are.
    lengths: Vec<u64>,
}

impl Filter {
    pub(super) fn add(&mut self, word: &str) {
        self.lengths.resize(256, 0);
        if let Some(&first) = word.as_bytes().first()
            && let Some(lengths) = self.lengths.get_mut(usize::from(first))
        {
            *lengths |= Self::bit(word);
        }
    }

    #[inline]
    pub(super) fn may_have(&self, word: &str) -> bool {
        let first = word.as_bytes().first().map(|&it| usize::from(it));
        let lengths = first.and_then(|it| self.lengths.get(it));
        lengths.is_some_and(|it| it & Self::bit(word) != 0)
    }

    fn bit(word: &str) -> u64 {
        1 << word.len().min(63)
    }
}

/// A list of words.
pub(super) struct Listed {
    filter: Filter,
    words: &'static [&'static str],
}

impl Listed {
    pub(super) fn new(words: &'static [&'static str]) -> Self {
        let mut filter = Filter::default();
        words.iter().for_each(|it| filter.add(it));
        Self { filter, words }
    }

    pub(super) fn has(&self, word: &str) -> bool {
        self.filter.may_have(word) && self.words.contains(&word)
    }
}
