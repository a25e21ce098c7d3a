//! Which names are those of secrets.
//!
//! A name is split into words at case changes (`apiKey`, `APIKey`), between letters and digits and at everything that is
//! neither, and compared in lower case. Letters that are ASCII ones in another form or look like them count as those, see [`letters`], and invisible
//! characters as nothing. A rule is a list of words too, and [`Fit`] says where in the name they must stand. A name that ends in what is said *about* a secret, such as
//! `password_policy`, is not a secret's, unless a rule of the user takes it.
//!
//! Decisions are kept in a cache of bounded size, so that a client that sends new names costs time
//! linear in what it sends, bounded memory, and the others their speed only for a while, see [`cache`]. The maps are the standard library's, keyed by
//! SipHash.

mod cache;
mod letters;
mod list;
mod parts;
mod pointers;
mod role;
mod words;

use std::num::NonZeroU32;

use super::allow::{self, Listed};
use super::condition::Condition;
use super::detect;
use super::replacement::Replacement;
use super::{presets, token};
use crate::entry::Place;
use list::List;
pub(super) use pointers::Pointers;
pub(super) use role::{Named, Role};
use words::Words;

/// The most digits of a count of PINs, which have four themselves.
const MAX_COUNT: usize = 3;

/// A rule about names.
#[derive(Clone)]
pub(super) struct NameRule {
    /// The rule's words as written in the table or by the user; also its name in reports.
    pub(super) name: String,
    pub(super) fit: Fit,
    pub(super) shape: Shape,
    pub(super) replacement: Replacement,
    /// Whether it comes from the user.
    pub(super) own: bool,
}

/// Where a rule's words must stand in a name. Every fit also takes the name that is the same without its separators.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// Anywhere, as whole words in a row; the last also in the plural.
    Words,
    /// At the end, digits aside; also in the plural.
    Last,
    /// The whole name; also in the plural.
    Alone,
    /// Anywhere in the name without its separators, even within a word.
    Inside,
    /// The end of the last word, unless what stands before it is one of these.
    Ending(&'static [&'static str]),
}

/// Which values of a name are hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Every one.
    Whole,
    /// Every one, and no rule of the user keeps anything of it: a card's security code, track or PIN (PCI DSS 3.3.1).
    Sealed,
    /// As `Sealed`, but for a count: the name is that of several secrets, of which none is as short.
    SealedOrCount,
    /// All but numbers: the name is that of secrets and of how many there are.
    NoNumber,
    /// A text that [`super::token::is_opaque`]: the name is as often harmless.
    Opaque,
    /// As `Opaque`, and where it is 6 to 8 digits: the name may be that of a one-time code.
    Code,
}

impl Shape {
    /// Tells whether a text of this shape is replaced.
    pub(super) fn hides(self, text: &str) -> bool {
        match self {
            Self::Whole | Self::Sealed => true,
            Self::SealedOrCount => text.len() > MAX_COUNT || text.parse::<u16>().is_err(),
            Self::NoNumber => text.parse::<f64>().is_err(),
            Self::Opaque => token::is_opaque(text),
            Self::Code => token::is_opaque(text) || token::is_one_time(text),
        }
    }

    /// Tells whether no rule of the user keeps anything of a value.
    pub(super) fn is_sealed(self) -> bool {
        matches!(self, Self::Sealed | Self::SealedOrCount)
    }

    /// Tells whether objects and lists are replaced too.
    pub(super) fn hides_all(self) -> bool {
        !matches!(self, Self::Opaque | Self::Code)
    }
}

/// What is known of a name.
#[derive(Clone, Copy)]
pub(super) struct Known {
    pub(super) rule: Option<RuleId>,
    pub(super) role: Role,
    /// Whether it ends as a rule of several words does.
    pub(super) ends_rule: bool,
    /// The classes of its bytes, see [`detect::CLASS`].
    pub(super) classes: u8,
}

impl Known {
    /// Tells whether the name may have a bracket or a percent sign.
    pub(super) fn may_have_signs(self) -> bool {
        self.classes & detect::SIGNS != 0
    }
}

/// A rule of one [`Names`]: its layer and its place there, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RuleId(NonZeroU32);

impl RuleId {
    /// The rule of a value whose name was cut off.
    pub(super) const UNNAMED: Self = Self::new(u8::MAX, u16::MAX);
    /// The rule of a value that no list lets show.
    pub(super) const NOT_LISTED: Self = Self::new(u8::MAX, u16::MAX - 1);

    /// The rule of the variables of a GraphQL request that nobody could read.
    pub(super) const UNREAD: Self = Self::new(u8::MAX, u16::MAX - 2);

    /// The layer of the rules by pointer.
    const POINTERS: u8 = u8::MAX - 1;

    const fn new(layer: u8, index: u16) -> Self {
        let word = (layer as u32) << 16 | index as u32;
        Self(NonZeroU32::MIN.saturating_add(word))
    }

    fn pointer(index: u16) -> Self {
        Self::new(Self::POINTERS, index)
    }

    fn layer(self) -> u8 {
        ((self.0.get() - 1) >> 16) as u8
    }

    fn index(self) -> u16 {
        (self.0.get() - 1) as u16
    }

    /// Tells whether the rule is one by pointer.
    pub(super) fn is_pointer(self) -> bool {
        self.layer() == Self::POINTERS
    }

    /// Returns the layer, and the rule's place in it.
    pub(super) fn position(self) -> (usize, usize) {
        (usize::from(self.layer()), usize::from(self.index()))
    }
}

/// The lists of rules of one kind of place: those of the user, by the condition under which they count, and the defaults.
pub(super) struct Names {
    /// Whether a rule is a single letter.
    has_letters: bool,
    /// In the order in which they are asked.
    layers: Vec<Layer>,
    /// The only names whose values show; `None` where all may.
    listed: Option<Listed>,
    /// Whether the list counts in the present place.
    limits: bool,
    pointers: Pointers,
}

struct Layer {
    list: List,
    condition: Condition,
    fits_route: bool,
    counts: bool,
}

impl Names {
    /// Compiles lists of rules, of which those that stand first win.
    pub(super) fn new(layers: Vec<(Condition, Vec<NameRule>)>) -> Self {
        let layer = |(number, (condition, rules)): (usize, (Condition, _))| Layer {
            // There are never as many, see `Rules::compile`.
            list: List::new(u8::try_from(number).unwrap_or(u8::MAX), rules),
            fits_route: true,
            counts: condition.is_always(),
            condition,
        };
        let is_letter = |rule: &NameRule| squashed(&rule.name).chars().count() < 2;
        Self {
            has_letters: layers.iter().any(|(_, rules)| rules.iter().any(is_letter)),
            layers: layers.into_iter().enumerate().map(layer).collect(),
            listed: None,
            limits: false,
            pointers: Pointers::default(),
        }
    }

    /// Tells whether a single letter may be a secret's name.
    pub(super) fn has_letters(&self) -> bool {
        self.has_letters
    }

    /// Adds rules by pointer.
    pub(super) fn with_pointers(mut self, pointers: Pointers) -> Self {
        self.pointers = pointers;
        self
    }

    /// Returns the rules by pointer.
    pub(super) fn pointers(&self) -> &Pointers {
        &self.pointers
    }

    /// Lets only the values of these names show.
    pub(super) fn only(mut self, listed: Option<Listed>) -> Self {
        self.listed = listed;
        self
    }

    /// Tells whether only the values of listed names show.
    pub(super) fn is_limited(&self) -> bool {
        self.limits
    }

    /// Lets everything show, if a name around it is listed, until what this returns is put back.
    pub(super) fn lift_limit(&mut self, is_listed: bool) -> bool {
        let limits = self.limits;
        self.limits &= !is_listed;
        limits
    }

    pub(super) fn restore_limit(&mut self, limits: bool) {
        self.limits = limits;
    }

    /// Tells whether the values of a decoded name may show.
    pub(super) fn lists(&self, name: &str) -> bool {
        let listed = self.listed.as_ref().filter(|_| self.limits);
        listed.is_none_or(|it| it.contains(&squashed(name)))
    }

    /// Tells whether the values of a parameter's name may show, of which each part in brackets counts as a name around the next.
    pub(super) fn lists_bracketed(&self, name: &str) -> bool {
        !self.limits || name.split(['[', ']']).any(|part| self.lists(part))
    }

    /// Lets those rules count from now on that are meant for this route.
    pub(super) fn begin(&mut self, route: &str) {
        for layer in &mut self.layers {
            layer.fits_route = layer.condition.fits_route(route);
        }
        self.pointers.begin(route);
    }

    /// Lets those rules count from now on that are meant for this place.
    pub(super) fn enter(&mut self, place: Place) {
        for layer in &mut self.layers {
            layer.counts = layer.fits_route && layer.condition.fits_place(place);
        }
        self.pointers.enter(place);
        let has_no_fields = [
            Place::Authority,
            Place::Path,
            Place::Note,
            Place::EventTitle,
            Place::EventError,
            Place::EventAlert,
        ];
        self.limits = self.listed.is_some() && !has_no_fields.contains(&place);
    }

    /// Returns what is known of a decoded name.
    #[inline]
    pub(super) fn known(&mut self, name: &str) -> Known {
        match self.layers.as_mut_slice() {
            [defaults] => defaults.list.known(name),
            _ => self.known_of_several(name),
        }
    }

    #[inline(never)]
    fn known_of_several(&mut self, name: &str) -> Known {
        let mut known = Known {
            rule: None,
            role: Role::None,
            ends_rule: false,
            classes: detect::classes(name),
        };
        for layer in self.layers.iter_mut().filter(|it| it.counts) {
            let found = layer.list.known(name);
            let is_sealed = |id| layer.list.rule(id).is_some_and(|it| it.shape.is_sealed());
            known.rule = found
                .rule
                .filter(|&id| is_sealed(id))
                .or(known.rule)
                .or(found.rule);
            known.role = found.role;
            known.ends_rule |= found.ends_rule;
        }
        known
    }

    /// Returns the rule that a decoded name falls under.
    pub(super) fn decide(&mut self, name: &str) -> Option<RuleId> {
        self.known(name).rule
    }

    /// Decides without the cache, for text that is a name by chance.
    pub(super) fn decide_once(&self, name: &str) -> Option<RuleId> {
        let layers = self.layers.iter().filter(|it| it.counts);
        let mut found = layers.filter_map(|it| it.list.decide_once(name));
        let first = found.next()?;
        let sealed = found.find(|&id| self.shape(id).is_sealed());
        Some(sealed.unwrap_or(first))
    }

    /// Returns the rule of a parameter's name, of which each part in brackets counts as a name of its own.
    pub(super) fn decide_bracketed(&mut self, name: &str) -> Option<RuleId> {
        self.decide(name).or_else(|| {
            name.contains(['[', ']'])
                .then(|| {
                    name.split(['[', ']'])
                        .filter(|part| !part.is_empty())
                        .find_map(|part| self.decide(part))
                })
                .flatten()
        })
    }

    /// Returns the rule's name, for reports.
    pub(super) fn rule_name(&self, id: RuleId) -> &str {
        match self.rule(id) {
            Some(rule) => &rule.name,
            None if id == RuleId::NOT_LISTED => allow::RULE,
            None if id == RuleId::UNREAD => "variables",
            None => "name cut off",
        }
    }

    /// Returns which values the rule hides.
    pub(super) fn shape(&self, id: RuleId) -> Shape {
        self.rule(id).map_or(Shape::Whole, |rule| rule.shape)
    }

    /// Returns what the rule puts in the place of a value.
    pub(super) fn replacement(&self, id: RuleId) -> Replacement {
        self.rule(id)
            .map_or(Replacement::Fixed, |rule| rule.replacement)
    }

    /// Tells whether the rule is the user's.
    pub(super) fn is_own(&self, id: RuleId) -> bool {
        self.rule(id).is_some_and(|rule| rule.own)
    }

    fn rule(&self, id: RuleId) -> Option<&NameRule> {
        match id.is_pointer() {
            true => self.pointers.rule(usize::from(id.index())),
            false => self.layers.get(usize::from(id.layer()))?.list.rule(id),
        }
    }

    #[cfg(test)]
    fn defaults(&self) -> &List {
        &self.layers.last().unwrap().list
    }
}

/// Returns a name in lower case without its separators.
pub(super) fn squashed(name: &str) -> String {
    Words::of(name).squashed().to_owned()
}

/// Tells whether a name such as `has_password` asks what `true` or `false` answers.
pub(super) fn asks(name: &str) -> bool {
    let words = Words::of(name);
    let first = words.get(0).unwrap_or_default();
    presets::QUESTIONS.contains(&first)
}

#[cfg(test)]
mod tests;
