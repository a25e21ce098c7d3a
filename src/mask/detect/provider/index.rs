use super::clouds::CLOUDS;
use super::code::CODE;
use super::money::MONEY;
use super::rule::Rule;
use super::special;
use super::talk::TALK;
use crate::mask::detect::leads::Leads;

const GROUPS: [&[Rule]; 4] = [CLOUDS, CODE, MONEY, TALK];
const COUNT: usize = CLOUDS.len() + CODE.len() + MONEY.len() + TALK.len();
const ASCII: usize = 128;

/// All rules by the first byte of their mark, and where those of each begin.
struct Index {
    rules: [Rule; COUNT],
    leads: [Lead; COUNT],
    starts: [u16; ASCII + 1],
}

/// The first four bytes of a mark, or as many as it has.
#[derive(Clone, Copy)]
struct Lead {
    bytes: u32,
    mask: u32,
}

impl Lead {
    const fn of(mark: &[u8]) -> Self {
        let mut lead = Self { bytes: 0, mask: 0 };
        let mut at = 0;
        while at < mark.len() && at < 4 {
            lead.bytes |= (mark[at] as u32) << (8 * at);
            lead.mask |= 0xff << (8 * at);
            at += 1;
        }
        lead
    }
}

static INDEX: Index = {
    let mut rules = [CLOUDS[0]; COUNT];
    let mut leads = [Lead::of(b""); COUNT];
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
                    leads[count] = Lead::of(rules[count].prefix);
                    count += 1;
                }
                at += 1;
            }
            group += 1;
        }
        first += 1;
    }
    starts[ASCII] = count as u16;
    Index {
        rules,
        leads,
        starts,
    }
};

/// Returns the rules whose mark begins as the text does: up to four bytes of both, or as many as there are.
pub(super) fn rules(text: &[u8]) -> impl Iterator<Item = &'static Rule> {
    let start = |at: usize| INDEX.starts.get(at).copied().map_or(COUNT, usize::from);
    let first = text.first().map_or(ASCII, |&first| usize::from(first));
    let range = start(first)..start(first + 1);
    let rules = INDEX.rules.get(range.clone()).unwrap_or_default();
    let leads = INDEX.leads.get(range).unwrap_or_default();
    let this = Lead::of(text);
    let fits = move |lead: &Lead| (lead.bytes ^ this.bytes) & lead.mask & this.mask == 0;
    let all = leads.iter().zip(rules);
    all.filter_map(move |(lead, rule)| fits(lead).then_some(rule))
}

/// Adds the marks.
pub(in crate::mask::detect) const fn lead(mut leads: Leads) -> Leads {
    let mut group = 0;
    while group < GROUPS.len() {
        let mut at = 0;
        while at < GROUPS[group].len() {
            leads = leads.with(GROUPS[group][at].prefix);
            at += 1;
        }
        group += 1;
    }
    let mut at = 0;
    while at < special::LEADS.len() {
        leads = leads.with(special::LEADS[at].as_bytes());
        at += 1;
    }
    leads
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_found_by_the_first_bytes_of_its_mark() {
        for rule in GROUPS.concat() {
            let found = |text: &[u8]| rules(text).any(|it| it.prefix == rule.prefix);
            let text = [rule.prefix, b"!!!!"].concat();
            for end in 1..=text.len() {
                assert!(found(&text[..end]), "{:?}", &text[..end]);
            }
            for at in 0..rule.prefix.len().min(4) {
                let mut other = text.clone();
                other[at] = b'?';
                assert!(!found(&other), "{other:?}");
            }
        }
        assert!(rules(b"").next().is_none() && rules(b"\xff").next().is_none());
    }
}
