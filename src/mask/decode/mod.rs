//! Content codings, undone for the log. The wire is untouched.
//!
//! Comes in: the kept bytes of a coded body. Goes out: what they decode to, for the maskers of `body`, or why it is withheld.
//!
//! What is trusted:
//!
//! - A whole body decodes to its end: every checksum holds, and nothing follows. Anything else is malformed and withheld as a whole.
//! - Of a body that was cut, nobody can tell what the missing rest would have said. It is decoded as far as it goes, and masked as text that was cut. Zstandard
//!   gives whole blocks only.
//!
//! What bounds the work, whatever the bytes say:
//!
//! - Output: the policy's limit, so that a body takes the same room in the log whether it came coded or not. What is longer is cut there.
//! - Ratio: what a coding yields past [`meter::HARMLESS_BYTES`], at more than [`meter::MOST_RATIO`] bytes for each coded byte read, is a bomb; it is
//!   withheld and counted. What comes to a quarter of that at the limit is decoded on for [`meter::JUDGED_BYTES`], to tell. Of codings in a row each one is held to it, against the bytes on the wire.
//! - Each coding yields at most [`meter::MOST_BYTES`], and reads and writes in small chunks. Between them time is looked at: past
//!   [`meter::MOST_WORK`] the bytes end there, as if the body had been cut.
//! - Memory: what is kept, and a window for each coding: 32 KiB for gzip and deflate, 16 MiB for brotli (its large windows are refused), 8 MiB for
//!   Zstandard (the most that RFC 9659 allows), and one block.
//!
//! The decoders are pure Rust, and a panic of theirs is a malformed body.

mod brotli;
mod deflate;
mod meter;
mod zstd;

#[cfg(test)]
mod tests;

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

use crate::capture::{Coded, Coding};
use crate::clock::{Clock, SystemClock};
use crate::contain::contain;
use crate::entry::{CutReason, WithheldReason};

use meter::{Guard, Meter, Source, Stop};

/// The bytes that a decoder is given at a time. Small, so that it does not read far ahead of what it yields: by what it has read its ratio is known.
const CHUNK: usize = 256;

/// What a coded body decodes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decoded {
    pub(super) bytes: Vec<u8>,
    /// Why these are not all bytes.
    pub(super) cut: Option<CutReason>,
}

/// Decodes a body.
pub(super) fn decode(coded: &Coded) -> Result<Decoded, WithheldReason> {
    decode_by(coded, &SystemClock::default())
}

fn decode_by(coded: &Coded, clock: &dyn Clock) -> Result<Decoded, WithheldReason> {
    contain(|| run(coded, clock)).unwrap_or(Err(WithheldReason::Malformed))
}

fn run(coded: &Coded, clock: &dyn Clock) -> Result<Decoded, WithheldReason> {
    let meter = Meter::new(coded.cut.is_some(), clock);
    let mut source: Box<dyn BufRead + '_> = Box::new(Source::new(&coded.bytes, &meter));
    for coding in coded.codings.last_first() {
        let guard = Guard::new(decoder(coding, source, &meter), &meter);
        source = Box::new(BufReader::with_capacity(CHUNK, guard));
    }
    let mut bytes = Vec::new();
    if read(&mut *source, coded.limit, &meter, &mut bytes).is_err() {
        match meter.stopped() {
            Some(Stop::Expands) => return Err(WithheldReason::Expands),
            Some(Stop::Full) => {}
            None => return Err(WithheldReason::Malformed),
        }
    }
    let is_over = bytes.len() > coded.limit || meter.stopped().is_some() || meter.is_late();
    bytes.truncate(coded.limit);
    // Room that was never used would be held for as long as the entry, and counted nowhere.
    bytes.shrink_to_fit();
    let cut = is_over.then_some(CutReason::Limit).or(coded.cut);
    Ok(Decoded { bytes, cut })
}

/// Reads one byte more than the limit, and of what looks like a bomb so much that it is known as one.
fn read(
    source: &mut dyn BufRead,
    limit: usize,
    meter: &Meter<'_>,
    bytes: &mut Vec<u8>,
) -> io::Result<()> {
    let most = limit.max(meter::HARMLESS_BYTES).saturating_add(1);
    let read = source.take(most as u64).read_to_end(bytes)?;
    if read == most && meter.looks_like_a_bomb(read) {
        io::copy(&mut source.take(meter::JUDGED_BYTES), &mut io::sink())?;
    }
    Ok(())
}

fn decoder<'a, R: BufRead + 'a>(
    coding: Coding,
    source: R,
    meter: &'a Meter<'a>,
) -> Box<dyn Read + 'a> {
    match coding {
        Coding::Gzip => Box::new(MultiGzDecoder::new(source)),
        Coding::Deflate => Box::new(deflate::Deflate::new(source)),
        Coding::Brotli => Box::new(brotli::Brotli::new(source)),
        Coding::Zstd => Box::new(zstd::Zstd::new(source, meter)),
    }
}
