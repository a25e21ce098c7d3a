//! `name=value` pairs between `&`: queries, fragments and forms.
//!
//! Names are percent-decoded, as often as they are encoded, before they are decided on, each part in brackets for itself. A secret value is
//! replaced in place by `%5BMASKED%5D`, or by what shows of a token; every other byte stays. A value reaches up to the next `&`; in one that
//! is not secret, pairs after `;` are looked at as well, since some servers separate by it. `state` is secret beside OAuth's `code`, and
//! `value` beside `key=DB_PASSWORD`.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::graphql::Bound;
use super::names::{Named, Role, RuleId};
use super::split::{split, split_once};
use super::{MASKED, Pass, Replacement, inside};

mod escapes;
mod userinfo;
mod variables;

/// What stays as it is in a replaced value.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'*');
const STATE: &str = "oauth state";
/// How often a name is decoded.
const MAX_ENCODINGS: usize = 4;

/// Masks pairs. Returns `None` where they stay as they are.
pub(super) fn mask(text: &str, cut: bool, level: u8, pass: &mut Pass<'_>) -> Option<String> {
    let mut walk = Walk {
        text,
        cut,
        level,
        oauth: false,
        named: Named::default(),
        bound: None,
        out: String::new(),
        copied: 0,
    };
    walk.look_around(pass);
    let mut start = 0;
    for pair in split(text, b'&') {
        let end = start + pair.len();
        walk.pair(start, end, pass);
        start = end + 1;
    }
    (walk.copied > 0).then(|| walk.out + text.get(walk.copied..).unwrap_or_default())
}

/// What becomes of a secret value.
struct Secret {
    rule: String,
    shown: String,
    /// Whether the pair is left out instead.
    is_removed: bool,
}

/// The state of one pass.
struct Walk<'t> {
    text: &'t str,
    cut: bool,
    level: u8,
    /// Whether there is a parameter `code`.
    oauth: bool,
    /// The rules of the names that other parameters give to `value`.
    named: Named,
    /// Which of the `variables` are secrets by the `query` beside them.
    bound: Option<Box<Bound>>,
    out: String,
    /// Up to where the text is in `out`, as it was or replaced.
    copied: usize,
}

impl Walk<'_> {
    /// Looks for pairs that decide on others.
    fn look_around(&mut self, pass: &mut Pass<'_>) {
        if !self.cut && pass.elsewhere.is_none() && !self.text.contains('&') {
            return;
        }
        self.look_for_variables(pass);
        let mut holds = false;
        let mut names = Vec::new();
        for (name, value) in split(self.text, b'&').filter_map(|it| split_once(it, b'=')) {
            let name = decoded(name);
            self.oauth |= name == "code";
            let role = pass.pairs.known(&name).role;
            holds |= role.holds();
            if role.names() {
                names.push((value, role));
            }
        }
        for (name, role) in names.into_iter().filter(|_| holds) {
            let name = decoded(name);
            let mut rule = pass.pairs.decide_once(&name);
            if rule.is_none()
                && let Some(shown) = pass.name_with_marks(&name)
            {
                rule = pass.pairs.decide_once(&shown);
            }
            self.named.take(role, rule);
        }
        if self.cut && holds {
            // A name may have been cut off.
            self.named.take(Role::Names, Some(RuleId::UNNAMED));
        }
    }

    fn pair(&mut self, start: usize, end: usize, pass: &mut Pass<'_>) {
        let pair = self.text.get(start..end).unwrap_or_default();
        let Some((name, value)) = split_once(pair, b'=') else {
            if self.lists(pair, pass) {
                self.inside("", start, end, pass);
            } else {
                self.not_listed("", start, end, pass);
            }
            return;
        };
        let from = end - value.len();
        if self.secret(name, from, end, pass) {
            return;
        }
        if self.variables(name, from, end, pass) {
            return;
        }
        if self.userinfo(name, value, start, end, pass) {
            return;
        }
        self.name(start, from - 1, pass);
        if !self.shows_all(pass) {
            let mut more = split(value, b';').filter_map(|it| split_once(it, b'='));
            if !self.lists(name, pass) || more.any(|(inner, _)| !self.lists(inner, pass)) {
                self.not_listed(name, from, end, pass);
                return;
            }
        }
        // A secret after a semicolon reaches up to the end as well.
        let mut at = start;
        for piece in split(pair, b';') {
            let piece_end = at + piece.len();
            if let (true, Some((inner, value))) = (at > start, split_once(piece, b'=')) {
                let inner_from = piece_end - value.len();
                let value = self.text.get(inner_from..end).unwrap_or_default();
                let (inner_name, cut) = (decoded(inner), self.is_cut(end));
                if self.replacement(&inner_name, value, cut, pass).is_some() {
                    self.inside_pieces(name, from, at - 1, pass);
                    self.secret(inner, inner_from, end, pass);
                    return;
                }
            }
            at = piece_end + 1;
        }
        self.inside_pieces(name, from, end, pass);
    }

    /// Tells whether the value of a name may show, as far as there is a list. What a text holds shows where the text does.
    fn lists(&self, name: &str, pass: &Pass<'_>) -> bool {
        self.shows_all(pass) || pass.pairs.lists_bracketed(&decoded(name))
    }

    /// Tells whether there is no list here.
    fn shows_all(&self, pass: &Pass<'_>) -> bool {
        self.level > 0 || !pass.pairs.is_limited()
    }

    /// Replaces a value, or a word without a name, that no list lets show.
    fn not_listed(&mut self, name: &str, from: usize, end: usize, pass: &mut Pass<'_>) {
        let value = self.text.get(from..end).unwrap_or_default();
        if pass.stays(&decoded(value), MASKED) {
            self.replace(from, end, value);
        } else if from < end {
            let name = decoded(name);
            let shown = self.shown_name(&name, pass);
            let rule = pass.pairs.rule_name(RuleId::NOT_LISTED);
            pass.report.masked(|| shown.into_owned(), rule, end - from);
            self.replace(from, end, &encoded(MASKED));
        }
    }

    /// Masks what a value holds as a whole, else what the pairs between its semicolons hold.
    fn inside_pieces(&mut self, name: &str, from: usize, end: usize, pass: &mut Pass<'_>) {
        if self.inside(name, from, end, pass) {
            return;
        }
        let value = self.text.get(from..end).unwrap_or_default();
        let mut at = from;
        for piece in split(value, b';').skip_while(|_| !value.contains(';')) {
            let piece_end = at + piece.len();
            if let Some((name, value)) = split_once(piece, b'=') {
                self.inside(name, piece_end - value.len(), piece_end, pass);
            }
            at = piece_end + 1;
        }
    }

    /// Replaces the value of a secret name.
    fn secret(&mut self, name: &str, from: usize, end: usize, pass: &mut Pass<'_>) -> bool {
        let start = from - name.len() - 1;
        let value = self.text.get(from..end).unwrap_or_default();
        if value.is_empty() {
            return false;
        }
        let name = decoded(name);
        let Some(secret) = self.replacement(&name, value, self.is_cut(end), pass) else {
            return false;
        };
        let is_same = pass.stays(&decoded(value), &decoded(&secret.shown));
        if !secret.is_removed && is_same {
            self.name(start, from - 1, pass);
            self.replace(from, end, value);
            return true;
        }
        let shown = self.shown_name(&name, pass);
        pass.report
            .masked(|| shown.into_owned(), &secret.rule, value.len());
        match secret.is_removed && self.level == 0 && self.begins_pair(start) {
            true => self.remove(start, end),
            false => {
                self.name(start, from - 1, pass);
                self.replace(from, end, &secret.shown);
            }
        }
        true
    }

    /// Masks what a name holds, which may be more than a name: `{"token":"x="}` as a query is a name and a value too.
    fn name(&mut self, start: usize, end: usize, pass: &mut Pass<'_>) {
        let name = self.text.get(start..end).unwrap_or_default();
        if (inside::may_hold(name) || pass.may_find(name))
            && let Some(masked) = inside::mask(&decoded(name), false, self.level, pass)
        {
            self.replace(start, end, &encoded(&masked));
        }
    }

    /// Returns what shows of a decoded name in a report.
    fn shown_name<'n>(&self, name: &'n str, pass: &mut Pass<'_>) -> Cow<'n, str> {
        if !inside::may_hold(name) && !pass.may_find(name) {
            return Cow::Borrowed(name);
        }
        let mark = pass.report.mark();
        let masked = inside::mask(name, false, self.level, pass);
        pass.report.forget(&mark);
        masked.map_or(Cow::Borrowed(name), Cow::Owned)
    }

    /// Tells whether a name is the first of its pair, and not one after a semicolon.
    fn begins_pair(&self, start: usize) -> bool {
        let before = start
            .checked_sub(1)
            .and_then(|at| self.text.as_bytes().get(at));
        before.is_none_or(|&byte| byte == b'&')
    }

    /// Leaves out a pair with the `&` after it, or the one before the last pair.
    fn remove(&mut self, start: usize, end: usize) {
        self.replace(start, end, "");
        match end < self.text.len() {
            true => self.copied = end + 1,
            false if self.out.ends_with('&') => {
                self.out.pop();
            }
            false => {}
        }
    }

    /// Returns what becomes of the value of a name, if it is secret.
    fn replacement(
        &self,
        name: &str,
        value: &str,
        cut: bool,
        pass: &mut Pass<'_>,
    ) -> Option<Secret> {
        let rule = decide(name, pass);
        let rule = rule.or_else(|| self.named.rule(pass.pairs.known(name).role));
        let is_answer = |value: &str| super::names::asks(name) && is_bool(value);
        if let Some(rule) = rule {
            let value = decoded(value);
            let shape = pass.pairs.shape(rule);
            if cut || shape.hides(&value) && !is_answer(&value) {
                let shown = match cut {
                    true => None,
                    false => pass.stands_for_parameter(rule, &value),
                };
                return Some(Secret {
                    rule: pass.pairs.rule_name(rule).to_owned(),
                    shown: encoded(shown.as_deref().unwrap_or(MASKED)),
                    is_removed: pass.pairs.replacement(rule) == Replacement::Remove,
                });
            }
        }
        (self.oauth && name == "state").then(|| Secret {
            rule: STATE.to_owned(),
            shown: encoded(MASKED),
            is_removed: false,
        })
    }

    /// Masks what a value holds.
    fn inside(&mut self, name: &str, from: usize, end: usize, pass: &mut Pass<'_>) -> bool {
        let value = self.text.get(from..end).unwrap_or_default();
        let cut = self.is_cut(end);
        if !cut && !inside::may_hold_or_be_found(value, pass) {
            return false;
        }
        let value = match cut {
            true => decoded(without_half_escape(value)),
            false => decoded(value),
        };
        let mark = pass.report.mark();
        let masked = inside::mask(&value, cut, self.level, pass);
        if masked.is_some() {
            let name = decoded(name);
            let shown = self.shown_name(&name, pass);
            pass.report.under(&mark, || shown.into_owned());
        }
        if let Some(masked) = &masked {
            self.replace(from, end, &encoded(masked));
        }
        masked.is_some()
    }

    fn is_cut(&self, end: usize) -> bool {
        self.cut && end == self.text.len()
    }

    fn replace(&mut self, from: usize, end: usize, masked: &str) {
        let before = self.text.get(self.copied..from).unwrap_or_default();
        self.out.push_str(before);
        self.out.push_str(masked);
        self.copied = end;
    }
}

/// Decides on a decoded name, and on what it is when it is decoded again.
pub(super) fn decide(name: &str, pass: &mut Pass<'_>) -> Option<RuleId> {
    let known = pass.pairs.known(name);
    if known.rule.is_some() {
        return known.rule;
    }
    let shown = match pass.may_find_of(known.classes, name.len()) {
        true => pass.name_with_marks(name),
        false => None,
    };
    if !known.may_have_signs() && shown.is_none() {
        return None;
    }
    let shown = shown.and_then(|it| pass.pairs.decide_bracketed(&it));
    let mut rule = shown.or_else(|| pass.pairs.decide_bracketed(name));
    let mut name = Cow::Borrowed(name);
    for _ in 1..MAX_ENCODINGS {
        if rule.is_some() || !name.contains('%') {
            break;
        }
        name = Cow::Owned(escapes::unescaped(&name));
        rule = pass.pairs.decide_bracketed(&name);
    }
    rule
}

/// Leaves out an escape that was cut within.
fn without_half_escape(text: &str) -> &str {
    let tail = text.len().saturating_sub(2);
    match text.as_bytes().get(tail..).unwrap_or_default() {
        [b'%', _] => text.get(..tail).unwrap_or(text),
        [.., b'%'] => text.get(..text.len() - 1).unwrap_or(text),
        _ => text,
    }
}

fn is_bool(value: &str) -> bool {
    ["true", "false", "0", "1"].contains(&value)
}

pub(super) fn decoded(text: &str) -> Cow<'_, str> {
    const SHORT: usize = 16;
    let bytes = text.as_bytes();
    let is_coded = match bytes.len() <= SHORT {
        true => bytes.iter().any(|it| matches!(it, b'%' | b'+')),
        false => memchr::memchr2(b'%', b'+', bytes).is_some(),
    };
    match is_coded {
        true => Cow::Owned(escapes::unescaped(&text.replace('+', " "))),
        false => Cow::Borrowed(text),
    }
}

pub(super) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

#[cfg(test)]
mod tests;
