//! What tells of a person rather than lets someone in: the detectors that are off by default.

mod address;
mod email;
mod phone;
mod ssn;

use std::ops::Range;

use super::source::Source;
use super::{Detector, Detectors, Found, unite, words};

/// How often they look again at what is left between finds.
const MOST_PASSES: usize = 4;

/// Adds what those of them find that are on, between what was found and is in order.
pub(super) fn find(on: Detectors, source: Source<'_>, found: &mut Vec<Found>, first: usize) {
    let finders: [(Detector, Finder); 4] = [
        (Detector::Email, email::find),
        (Detector::Phone, phone::find),
        (Detector::IpAddress, address::find),
        (Detector::UsSsn, ssn::find),
    ];
    for _ in 0..MOST_PASSES {
        let mut is_new = false;
        for (detector, find) in finders {
            if on.is_on(detector) && find_between(detector, find, source, found, first) {
                unite(found, first);
                is_new = true;
            }
        }
        if !is_new {
            break;
        }
        if words::behind(on, source, found, first) {
            unite(found, first);
        }
    }
}

/// Adds what one of them finds between what was found, each stretch for itself, as if nothing stood around it: what is replaced around it
/// says nothing any more. Tells whether there was anything.
fn find_between(
    detector: Detector,
    find: Finder,
    source: Source<'_>,
    found: &mut Vec<Found>,
    first: usize,
) -> bool {
    let known = found.len();
    let mut start = 0;
    for next in first..=known {
        let (end, after) = match found.get(next) {
            Some(it) if next < known => (it.start, it.end),
            _ => (source.len(), source.len()),
        };
        // What goes on at the end of the text may have begun as something else.
        let cut = source.cut && after == source.len();
        let mut stretch = Source::new(source.slice(start..end), cut);
        if end < after {
            stretch.least = 1;
        }
        let mut at = 0;
        while at < stretch.len() {
            match find(stretch, at) {
                Some(range) => {
                    at = range.end;
                    found.push(Found {
                        start: start + range.start,
                        end: start + range.end,
                        detector,
                    });
                }
                None => at += 1,
            }
        }
        start = after;
    }
    found.len() > known
}

/// Looks for something at a place of a text.
type Finder = fn(Source<'_>, usize) -> Option<Range<usize>>;
