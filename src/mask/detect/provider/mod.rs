//! The keys and tokens of vendors that mark them.
//!
//! A key begins after anything but a letter or a digit with the vendor's mark, and goes on with as many characters of its alphabet as the
//! vendor makes. Where the vendor does not say that the length is fixed, longer ones count too, and shorter ones by some. Words are told from
//! keys by their digits: a key without one in its first [`PROBE`] characters is too rare to hide all words for it.

mod clouds;
mod code;
mod index;
mod money;
mod rule;
mod special;
mod talk;

use std::ops::Range;

use super::source::Source;
pub(super) use index::lead;
use rule::Rule;
pub(super) use special::{
    is_id_of_amazon, last, last_for_amazon, last_for_azure, secret_before_amazon, secret_of_amazon,
    secret_of_azure,
};

/// How many characters are looked at to tell a key from words.
const PROBE: usize = 48;

/// Looks for a key that begins there. What was found up to `known` does not count as a word before it.
pub(super) fn find(source: Source<'_>, at: usize, known: usize) -> Option<Range<usize>> {
    index::rules(source.from(at))
        .filter_map(|rule| rule.find(source, at, known))
        .chain(special::find(source, at))
        .max_by_key(|it| it.end)
}

impl Rule {
    fn find(&self, source: Source<'_>, at: usize, known: usize) -> Option<Range<usize>> {
        if self.apart && at > known + 1 && is_joined(source, at) {
            return None;
        }
        if !source.starts_with(at, self.prefix) {
            return (self.shows == 0 && source.begins(at, self.prefix))
                .then(|| source.open(at))
                .flatten();
        }
        let body = at + self.prefix.len();
        let start = at + self.shows;
        let least = usize::from(self.least);
        let most = self.most.map_or(usize::MAX, usize::from);
        let probe = source.run(body, self.set, most.min(least.max(PROBE)));
        if source.is_cut_at(probe) {
            return source.open(start);
        }
        if probe - body < least || !self.asks.are_met(source.slice(body..probe)) {
            return None;
        }
        let end = source.run(probe, self.set, most.saturating_sub(probe - body));
        if source.is_cut_at(end) {
            return source.open(start);
        }
        let tail = source.slice(body..end).iter().rev();
        let end = end - tail.take_while(|byte| b".-:!?*".contains(byte)).count();
        (end - body >= least && !source.is_word(end)).then_some(start..end)
    }
}

/// Tells whether a word before goes on there, with a dash, dot or underscore between.
fn is_joined(source: Source<'_>, at: usize) -> bool {
    source.before(at).is_some_and(|byte| b"-._".contains(&byte))
        && at
            .checked_sub(2)
            .is_some_and(|before| source.is_word(before))
}
