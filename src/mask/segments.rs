//! Templates of paths whose segments are hidden, as `/reset/{token}`, for services without routes and for URLs of others.
//!
//! A path is compared as the most forgiving server would read it: percent-decoded, in any case, without empty segments, `.` and `..`, without
//! matrix parameters, with an encoded slash taken for one. What is hidden is the whole segment as it was sent.

use super::condition::Condition;
use super::replacement::Replacement;
use super::rule::What;
use super::rules::Rules;
use super::{MASKED, Pass, pairs};
use crate::entry::Place;
use crate::error::Error;

const MAX_ENCODINGS: usize = 4;
/// The most segments of a path that are compared; a longer one is compared in its beginning, and hidden from there on.
const MAX_SEGMENTS: usize = 256;

/// The templates of all rules.
#[derive(Default)]
pub(super) struct Segments {
    rules: Vec<SegmentRule>,
    /// Whether one counts in the present place.
    is_on: bool,
}

struct SegmentRule {
    template: Template,
    condition: Condition,
    replacement: Replacement,
    fits_route: bool,
    counts: bool,
}

/// `/reset/{token}`, in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template {
    text: String,
    parts: Vec<Part>,
    /// Whether the last part is `{*rest}`.
    hides_rest: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// In lower case.
    Fixed(String),
    Any,
    /// With its name in braces.
    Hidden(String),
}

impl Template {
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        let wrong = || {
            Error::configuration(
                "the template of a segment's rule is a path with at least one hidden segment, as /reset/{token}, /files/*/{key} or /s/{*rest}",
            )
        };
        let path = text.strip_prefix('/').ok_or_else(wrong)?;
        let path = path.strip_suffix('/').unwrap_or(path);
        let mut parts = Vec::new();
        let mut hides_rest = false;
        for part in path.split('/') {
            if hides_rest {
                return Err(wrong());
            }
            let name = part.strip_prefix('{').and_then(|it| it.strip_suffix('}'));
            hides_rest = name.is_some_and(|it| it.starts_with('*'));
            parts.push(match name {
                Some(name) if is_name(name.trim_start_matches('*')) => {
                    Part::Hidden(part.to_owned())
                }
                None if part == "*" => Part::Any,
                None if !part.is_empty() && !part.contains(['{', '}', '*', '?', '#']) => {
                    Part::Fixed(part.to_lowercase())
                }
                _ => return Err(wrong()),
            });
        }
        if !parts.iter().any(|it| matches!(it, Part::Hidden(_))) {
            return Err(wrong());
        }
        Ok(Self {
            text: text.to_owned(),
            parts,
            hides_rest,
        })
    }

    /// Tells whether every path fits.
    pub(super) fn fits_all(&self) -> bool {
        self.hides_rest && self.parts.len() == 1
    }

    /// Returns the part of each step of a path that fits. Of a path that was cut the beginning is enough.
    fn fit<'t>(&'t self, steps: &[Step], cut: bool) -> Option<Vec<&'t Part>> {
        let (given, wanted) = (steps.len(), self.parts.len());
        let is_long_enough = given >= wanted || cut && given > 0;
        if !is_long_enough || given > wanted && !self.hides_rest {
            return None;
        }
        let last = self.parts.last()?;
        let parts = (0..given).map(|at| self.parts.get(at).unwrap_or(last));
        let parts: Vec<_> = parts.collect();
        let mut both = steps.iter().zip(&parts).enumerate();
        let fits = both.all(|(at, (step, part))| match part {
            Part::Fixed(text) => {
                *text == step.text || cut && at + 1 == given && text.starts_with(&step.text)
            }
            Part::Any | Part::Hidden(_) => true,
        });
        fits.then_some(parts)
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|it| it.is_alphanumeric() || it == '_' || it == '-')
}

/// A segment as a server may read it.
struct Step {
    /// Decoded and in lower case.
    text: String,
    /// Which segment of the path it is, or is in.
    segment: usize,
}

/// Reads a path as the most forgiving server would.
fn steps(path: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for (segment, raw) in path.split(['/', '\\']).enumerate() {
        let decoded = decoded(raw);
        for piece in decoded.split(['/', '\\']) {
            let piece = piece.split(';').next().unwrap_or_default();
            match piece {
                "" | "." => {}
                ".." => {
                    steps.pop();
                }
                _ if steps.len() <= MAX_SEGMENTS => steps.push(Step {
                    text: piece.to_lowercase(),
                    segment,
                }),
                _ => return steps,
            }
        }
    }
    steps
}

fn decoded(raw: &str) -> String {
    let mut text = raw.to_owned();
    for _ in 0..MAX_ENCODINGS {
        if !text.contains('%') {
            break;
        }
        text = percent_encoding::percent_decode_str(&text)
            .decode_utf8_lossy()
            .into_owned();
    }
    text
}

impl Rules {
    /// Compiles the templates.
    pub(super) fn segments(&self) -> Result<Segments, Error> {
        let mut rules = Vec::new();
        for rule in &self.rules {
            if let What::Segment(template) = &rule.what {
                rules.push(SegmentRule {
                    template: Template::parse(template)?,
                    condition: rule.condition.clone(),
                    replacement: rule.replacement,
                    fits_route: true,
                    counts: rule.condition.is_always(),
                });
            }
        }
        let is_on = rules.iter().any(|it| it.counts);
        Ok(Segments { rules, is_on })
    }
}

impl Segments {
    pub(super) fn begin(&mut self, route: &str) {
        for rule in &mut self.rules {
            rule.fits_route = rule.condition.fits_route(route);
        }
    }

    /// Lets none count until the next place: what comes is a template itself.
    pub(super) fn pause(&mut self) {
        for rule in &mut self.rules {
            rule.counts = false;
        }
        self.is_on = false;
    }

    pub(super) fn enter(&mut self, place: Place) {
        for rule in &mut self.rules {
            rule.counts = rule.fits_route && rule.condition.fits_place(place);
        }
        self.is_on = self.rules.iter().any(|it| it.counts);
    }
}

impl Pass<'_> {
    /// Tells whether a template counts in the present place.
    pub(super) fn has_segments(&self) -> bool {
        self.segments.is_on
    }

    /// Hides the segments of a path that a template names. Returns `None` where it stays as it is.
    pub(super) fn mask_by_template(&mut self, path: &str, cut: bool) -> Option<String> {
        if !self.has_segments() {
            return None;
        }
        let steps = steps(path);
        let mut segments: Vec<_> = path.split(['/', '\\']).map(|it| (it, None)).collect();
        for rule in self.segments.rules.iter().filter(|it| it.counts) {
            let Some(parts) = rule.template.fit(&steps, cut) else {
                continue;
            };
            for (step, part) in steps.iter().zip(parts) {
                if let (Part::Hidden(name), Some((raw, shown @ None))) =
                    (part, segments.get_mut(step.segment))
                {
                    let is_last = cut && path.ends_with(*raw);
                    let value = pairs::decoded(raw);
                    let new = (!is_last).then(|| rule.replacement.of(&value, self.hash));
                    *shown = Some(new.flatten().unwrap_or_else(|| MASKED.to_owned()));
                    self.report
                        .masked(|| name.clone(), &rule.template.text, raw.len());
                }
            }
        }
        // More segments than are compared.
        let from = steps.get(MAX_SEGMENTS).map(|it| it.segment);
        if let Some(from) = from
            && segments.iter().any(|(_, shown)| shown.is_some())
        {
            for (_, shown) in segments.iter_mut().skip(from) {
                shown.get_or_insert_with(|| MASKED.to_owned());
            }
        }
        segments
            .iter()
            .any(|(_, shown)| shown.is_some())
            .then(|| written(path, &segments))
    }
}

/// Writes a path with what stands in the place of its segments.
fn written(path: &str, segments: &[(&str, Option<String>)]) -> String {
    let mut out = String::with_capacity(path.len());
    let mut at = 0;
    for (raw, shown) in segments {
        match shown {
            Some(shown) => out.push_str(&pairs::encoded(shown)),
            None => out.push_str(raw),
        }
        at += raw.len();
        out.push_str(path.get(at..at + 1).unwrap_or_default());
        at += 1;
    }
    out
}

#[cfg(test)]
mod tests;
