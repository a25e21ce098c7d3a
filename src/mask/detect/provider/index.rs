use super::clouds::CLOUDS;
use super::code::CODE;
use super::money::MONEY;
use super::rule::Rule;
use super::special;
use super::talk::TALK;

const GROUPS: [&[Rule]; 4] = [CLOUDS, CODE, MONEY, TALK];
const COUNT: usize = CLOUDS.len() + CODE.len() + MONEY.len() + TALK.len();
const ASCII: usize = 128;

/// All rules by the first byte of their mark, and where those of each begin.
struct Index {
    rules: [Rule; COUNT],
    starts: [u16; ASCII + 1],
}

static INDEX: Index = {
    let mut rules = [CLOUDS[0]; COUNT];
    let mut starts = [0; ASCII + 1];
    let mut count = 0;
    let mut first = 0;
    while first < ASCII {
        starts[first] = count as u16;
        let mut group = 0;
        while group < GROUPS.len() {
            let mut at = 0;
            while at < GROUPS[group].len() {
                if GROUPS[group][at].prefix[0] as usize == first {
                    rules[count] = GROUPS[group][at];
                    count += 1;
                }
                at += 1;
            }
            group += 1;
        }
        first += 1;
    }
    starts[ASCII] = count as u16;
    Index { rules, starts }
};

/// Returns the rules whose mark begins with a byte.
pub(super) fn rules(first: u8) -> &'static [Rule] {
    let start = |at: usize| INDEX.starts.get(at).copied().map_or(COUNT, usize::from);
    let first = usize::from(first);
    INDEX
        .rules
        .get(start(first)..start(first + 1))
        .unwrap_or_default()
}

/// Which two bytes begin a mark: bits of the second by the first.
pub(in crate::mask::detect) const LEADS: [u128; 128] = {
    let mut table = [0; 128];
    let mut group = 0;
    while group < GROUPS.len() {
        let mut at = 0;
        while at < GROUPS[group].len() {
            let prefix = GROUPS[group][at].prefix;
            table[prefix[0] as usize] |= 1 << prefix[1];
            at += 1;
        }
        group += 1;
    }
    let mut at = 0;
    while at < special::LEADS.len() {
        let [first, second] = *special::LEADS[at];
        table[first as usize] |= 1 << second;
        at += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_found_by_the_first_byte_of_its_mark() {
        let mut count = 0;
        for first in 0..=u8::MAX {
            let rules = rules(first);
            assert!(rules.iter().all(|it| it.prefix[0] == first), "{first}");
            count += rules.len();
        }
        assert_eq!(count, COUNT);
    }
}
