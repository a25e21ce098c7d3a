//! What tells of a person rather than lets someone in: the detectors that are off by default.

mod address;
mod email;
mod phone;
mod ssn;

use std::ops::Range;

use super::source::Source;
use super::{Detector, Detectors, Found};

/// Appends what those of them find that are on.
pub(super) fn find(on: Detectors, source: Source<'_>, found: &mut Vec<Found>) {
    let finders: [(Detector, Finder); 4] = [
        (Detector::Email, email::find),
        (Detector::Phone, phone::find),
        (Detector::IpAddress, address::find),
        (Detector::UsSsn, ssn::find),
    ];
    for (detector, find) in finders {
        if !on.is_on(detector) {
            continue;
        }
        let mut until = 0;
        for at in 0..source.len() {
            if at >= until
                && let Some(Range { start, end }) = find(source, at)
            {
                until = end;
                found.push(Found {
                    start,
                    end,
                    detector,
                });
            }
        }
    }
}

/// Looks for something at a place of a text.
type Finder = fn(Source<'_>, usize) -> Option<Range<usize>>;
