use super::rule::{Asks, Rule, key};
use crate::mask::detect::source::{BASE64, DOT, HEX, UPPER_NUM, URL64, WORD};

/// All rules.
pub(super) const RULES: &[&[Rule]] = &[CLOUDS, CODE];

const CLOUDS: &[Rule] = &[
    key("AKIA", 16)
        .of(UPPER_NUM)
        .exactly()
        .asking(Asks::Nothing),
    key("ASIA", 16)
        .of(UPPER_NUM)
        .exactly()
        .asking(Asks::Nothing),
    key("AIza", 35).of(URL64).exactly(),
    key("GOCSPX-", 28).of(URL64),
    key("ya29.", 20).of(URL64.and(DOT)),
    key("AccountKey=", 40).of(BASE64).showing_the_mark(),
];

const CODE: &[Rule] = &[
    key("ghp_", 30),
    key("gho_", 30),
    key("ghu_", 30),
    key("ghs_", 30),
    key("ghr_", 30),
    key("github_pat_", 40).of(WORD),
    key("glpat-", 20).of(URL64.and(DOT)),
    key("sk_live_", 16),
    key("sk_test_", 16),
    key("rk_live_", 16),
    key("rk_test_", 16),
    key("shpat_", 32).of(HEX),
];

/// Which two bytes begin a mark: bits of the second by the first.
pub(in crate::mask::detect) const LEADS: [u128; 128] = {
    let mut table = [0; 128];
    let mut group = 0;
    while group < RULES.len() {
        let mut at = 0;
        while at < RULES[group].len() {
            let prefix = RULES[group][at].prefix;
            table[prefix[0] as usize] |= 1 << prefix[1];
            at += 1;
        }
        group += 1;
    }
    table
};
