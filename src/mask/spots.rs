//! Secrets that show by their value: what the detectors find in a text is replaced, and the rest of it stays.

use super::condition::Condition;
use super::detect::{self, Detector, Detectors};
use super::names::{Names, RuleId};
use super::replacement::Replacement;
use super::report::Report;
use super::{MASKED, Pass};
use crate::entry::{Masked, Place};

/// Which detectors are on, where, and what stands in the place of their finds.
pub(super) struct Finders {
    pub(super) everywhere: Detectors,
    pub(super) rules: Vec<FinderRule>,
}

/// A rule of the user about one detector.
pub(super) struct FinderRule {
    pub(super) detector: Detector,
    pub(super) condition: Condition,
    pub(super) replacement: Replacement,
    pub(super) fits_route: bool,
    pub(super) counts: bool,
}

impl Finders {
    pub(super) fn begin(&mut self, route: &str) {
        for rule in &mut self.rules {
            rule.fits_route = rule.condition.fits_route(route);
        }
    }

    /// Returns those that are on in this place.
    pub(super) fn enter(&mut self, place: Place) -> Detectors {
        let mut on = self.everywhere;
        for rule in &mut self.rules {
            rule.counts = rule.fits_route && rule.condition.fits_place(place);
            if rule.counts {
                on = on.with(rule.detector);
            }
        }
        on
    }

    fn replacement(&self, detector: Detector) -> Replacement {
        let mut rules = self.rules.iter();
        rules
            .find(|it| it.counts && it.detector == detector)
            .map_or(Replacement::Fixed, |it| it.replacement)
    }
}

impl Pass<'_> {
    /// Tells whether a detector, a pattern or a template may find something in a whole text. It errs on the side of yes.
    pub(super) fn may_find(&self, text: &str) -> bool {
        self.may_find_of(detect::classes(text), text.len())
    }

    /// As [`Self::may_find`], of a text whose bytes are of these classes.
    pub(super) fn may_find_of(&self, classes: u8, length: usize) -> bool {
        self.looks_at_all() || self.detectors.may_find(classes, length)
    }

    /// Tells whether there are rules that may find something in any text.
    #[inline]
    pub(super) fn looks_at_all(&self) -> bool {
        self.patterns.is_on() || self.has_segments()
    }

    /// Replaces what the detectors and the patterns find in a decoded text. Returns `None` where it stays as it is.
    pub(super) fn mask_found(&mut self, text: &str, cut: bool) -> Option<String> {
        self.mask_found_of(text, detect::classes(text), cut)
    }

    /// As [`Self::mask_found`], of a text whose bytes are of these classes.
    pub(super) fn mask_found_of(&mut self, text: &str, classes: u8, cut: bool) -> Option<String> {
        let masked = match cut || self.may_find_of(classes, text.len()) {
            true => self.mask_what_is_found(text, cut),
            false => None,
        };
        if !self.patterns.is_on() {
            return masked;
        }
        let shown = masked.as_deref().unwrap_or(text);
        self.mask_patterns(shown, cut).or(masked)
    }

    /// Replaces what the detectors find in a decoded text in which they may find something.
    pub(super) fn mask_what_is_found(&mut self, text: &str, cut: bool) -> Option<String> {
        let mut found = std::mem::take(&mut self.found);
        self.detectors.find(text, cut, &mut found);
        let mut out = String::new();
        let mut copied = 0;
        for spot in &found {
            let secret = text.get(spot.start..spot.end).unwrap_or_default();
            out.push_str(text.get(copied..spot.start).unwrap_or_default());
            let is_cut = cut && spot.end == text.len();
            let replacement = self.finders.replacement(spot.detector);
            let shown = match is_cut {
                true => None,
                false => replacement.of(secret, self.hash),
            };
            out.push_str(shown.as_deref().unwrap_or(MASKED));
            self.report
                .masked(String::new, spot.detector.as_str(), secret.len());
            copied = spot.end;
        }
        let masked = (!found.is_empty()).then(|| out + text.get(copied..).unwrap_or_default());
        found.clear();
        self.found = found;
        masked
    }

    /// Returns a decoded name with marks in the place of what is found in it, if anything is. A rule is asked of it as well: the end of a token can
    /// read as words of something harmless.
    pub(super) fn name_with_marks(&mut self, name: &str) -> Option<String> {
        let mark = self.report.mark();
        let masked = self.mask_found(name, false);
        self.report.forget(&mark);
        masked
    }

    /// Decides on a text that names another value of the fields, and on what shows of it.
    pub(super) fn decide_sibling(
        &mut self,
        name: &str,
        decide: impl Fn(&Names, &str) -> Option<RuleId>,
    ) -> Option<RuleId> {
        let rule = decide(self.fields, name);
        rule.or_else(|| {
            let masked = self.name_with_marks(name)?;
            decide(self.fields, &masked)
        })
    }

    /// Ends the masking of an entry. Returns what was masked: the first spots and how many there were. Pointers hold names, in which finds are
    /// replaced as well.
    pub(super) fn finish(mut self) -> (Vec<Masked>, u64) {
        let report = std::mem::replace(&mut self.report, Report::new());
        let (mut spots, count) = report.finish();
        for spot in &mut spots {
            let cut = spot.pointer.strip_suffix(Report::CUT);
            let pointer = cut.unwrap_or(&spot.pointer);
            if let Some(pointer) = self.mask_found(pointer, cut.is_some()) {
                let end = cut.map_or("", |_| Report::CUT);
                spot.pointer = pointer + end;
            }
        }
        (spots, count)
    }

    /// Returns the name of the detector or pattern of a whole number, and what stands in its place where that is not the mark.
    pub(super) fn find_number(&self, digits: &str) -> Option<(&str, Option<String>)> {
        let Some(detector) = self.detectors.find_number(digits) else {
            return self.pattern_of_number(digits);
        };
        let shown = self.finders.replacement(detector).of(digits, self.hash);
        Some((detector.as_str(), shown))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{pass, pass_with};
    use super::super::{Rule, Rules, headers, inside, json, path};
    use super::*;
    use crate::capture::Fields;

    const CARD: &str = "4111 1111 1111 1111";

    fn json(text: &str, pass: &mut Pass<'_>) -> String {
        let document = json::mask(text, 0, pass).unwrap();
        document.text.unwrap_or_else(|| text.to_owned())
    }

    #[test]
    fn find_is_replaced_and_the_text_around_it_stays() {
        pass(|pass| {
            assert_eq!(
                inside::mask(&format!("paid by {CARD}, decoy"), false, 0, pass).as_deref(),
                Some("paid by [MASKED], decoy")
            );
            assert_eq!(
                path::mask_segments("/cards/4111111111111111/decoy", false, 0, pass).as_deref(),
                Some("/cards/%5BMASKED%5D/decoy")
            );
            let mut fields = Fields::default();
            fields.push("x-any", format!("card {CARD}").as_bytes(), false);
            let shown = headers::mask(&fields, Place::RequestHeader, pass);
            assert_eq!(shown.get("x-any"), Some("card [MASKED]"));
        });
    }

    #[test]
    fn find_in_json_is_replaced_in_texts_numbers_names_and_pointers() {
        let mut rules = Rules::default()
            .hash_key([7; 32])
            .rule(Rule::field("vip").replace_with(Replacement::Remove))
            .compile()
            .unwrap();
        let (mut pass, _) = rules.pass("");
        let text = format!(
            r#"{{"note":"a \u0034111 1111 1111 1111 b","n":4111111111111111,"m":-4111111111111111,"{CARD}":{{"otp":1}},"a":["{CARD}"]}}"#
        );
        assert_eq!(
            json(&text, &mut pass),
            r#"{"note":"a [MASKED] b","n":"[MASKED]","m":-4111111111111111,"[MASKED]":{"otp":"[MASKED]"},"a":["[MASKED]"]}"#
        );
        let named = format!(r#"{{"b":1,"{CARD} value":2,"name":"old_vip"}}"#);
        assert_eq!(
            json(&named, &mut pass),
            r#"{"b":1,"name":"old_vip"}"#,
            "a member that is removed leaves nothing of its name"
        );
        let (spots, count) = pass.finish();
        let pointers: Vec<_> = spots.iter().map(|it| it.pointer.as_str()).collect();
        assert_eq!(
            pointers[..5],
            ["/note", "/n", "/[MASKED]", "/[MASKED]/otp", "/a/0"]
        );
        assert_eq!((count, spots[1].rule.as_str()), (7, "payment card"));
    }

    #[test]
    fn t3_text_that_was_cut_shows_no_beginning_of_a_find() {
        pass(|pass| {
            let masked = inside::mask("paid by 4111 1111 11", true, 0, pass);
            assert_eq!(masked.as_deref(), Some("paid by [MASKED]"));
            let document = json::mask_cut(r#"{"note":"paid by 4111 1111 11"#, 0, pass).unwrap();
            assert_eq!(
                document.text.as_deref(),
                Some(r#"{"note":"paid by [MASKED]"#)
            );
        });
    }

    #[test]
    fn detector_is_turned_off_and_on_by_rules() {
        let off = Rules::default().ignore(Detector::Card);
        let stays = |pass: &mut Pass<'_>| inside::mask(CARD, false, 0, pass).is_none();
        assert!(pass_with(&off, stays));
        let back = Rule::detector(Detector::Card)
            .only_in(Place::RequestBody)
            .replace_with(Replacement::LastFour);
        pass_with(&off.rule(back), |pass| {
            pass.enter(Place::ResponseBody);
            assert!(stays(pass));
            pass.enter(Place::RequestBody);
            let masked = inside::mask(CARD, false, 0, pass);
            assert_eq!(masked.as_deref(), Some("****1111"));
        });
    }
}
