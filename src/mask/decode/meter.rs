use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::time::Duration;

use super::CHUNK;
use crate::clock::Clock;

/// What may come out whatever the ratio.
pub(super) const HARMLESS_BYTES: usize = 64 * 1024;

/// The most bytes for each coded byte that was read, past the harmless ones.
pub(super) const MOST_RATIO: u64 = 200;

/// What is decoded past the limit of what looks like a bomb.
pub(super) const JUDGED_BYTES: u64 = 1024 * 1024;

/// The most bytes that one coding yields.
pub(super) const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// The most time that one body takes.
pub(super) const MOST_WORK: Duration = Duration::from_millis(100);

/// The most of it that passes between two looks at the clock; what is longer, the thread was not running.
const MOST_STEP: Duration = Duration::from_millis(5);

/// The bytes that a decoder yields at a time.
const MOST_READ: usize = 16 * 1024;

/// What the decoding of one body has taken so far.
pub(super) struct Meter<'c> {
    clock: &'c dyn Clock,
    looked: Cell<Duration>,
    worked: Cell<Duration>,
    /// Whether the body was cut when it was captured.
    was_cut: bool,
    coded_bytes: Cell<u64>,
    has_run_dry: Cell<bool>,
    stopped: Cell<Option<Stop>>,
}

/// Why the decoding was stopped by force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// It yields too much for what it is.
    Expands,
    /// It yields too much.
    Full,
}

impl<'c> Meter<'c> {
    pub(super) fn new(was_cut: bool, clock: &'c dyn Clock) -> Self {
        Self {
            clock,
            looked: Cell::new(clock.monotonic()),
            worked: Cell::default(),
            was_cut,
            coded_bytes: Cell::default(),
            has_run_dry: Cell::default(),
            stopped: Cell::default(),
        }
    }

    pub(super) fn stopped(&self) -> Option<Stop> {
        self.stopped.get()
    }

    /// Tells whether the body ended for want of time.
    pub(super) fn is_late(&self) -> bool {
        self.worked.get() > MOST_WORK
    }

    /// Tells whether a decoder that found no end found none because the rest is missing.
    pub(super) fn rest_is_missing(&self) -> bool {
        (self.was_cut || self.is_late()) && self.has_run_dry.get()
    }

    /// Takes note of all that one coding has yielded so far; an error where that is too much.
    pub(super) fn yielded(&self, bytes: u64) -> io::Result<()> {
        self.look();
        let most = self.coded_bytes.get().saturating_mul(MOST_RATIO);
        let stop = match bytes {
            _ if bytes > most.max(HARMLESS_BYTES as u64) => Stop::Expands,
            _ if bytes > MOST_BYTES => Stop::Full,
            _ => return Ok(()),
        };
        self.stopped.set(Some(stop));
        Err(io::ErrorKind::FileTooLarge.into())
    }

    pub(super) fn looks_like_a_bomb(&self, bytes: usize) -> bool {
        bytes as u64 > self.coded_bytes.get().saturating_mul(MOST_RATIO / 4)
    }

    fn look(&self) {
        let now = self.clock.monotonic();
        let step = now.saturating_sub(self.looked.replace(now));
        self.worked.set(self.worked.get() + step.min(MOST_STEP));
    }
}

/// The coded bytes, given out in small chunks until they end or the time is up.
pub(super) struct Source<'a> {
    rest: &'a [u8],
    meter: &'a Meter<'a>,
}

impl<'a> Source<'a> {
    pub(super) fn new(bytes: &'a [u8], meter: &'a Meter<'a>) -> Self {
        Self { rest: bytes, meter }
    }
}

impl BufRead for Source<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.meter.look();
        if self.meter.is_late() {
            self.rest = &[];
        }
        self.meter.has_run_dry.set(self.rest.is_empty());
        Ok(&self.rest[..self.rest.len().min(CHUNK)])
    }

    fn consume(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
        let coded = self.meter.coded_bytes.get() + bytes as u64;
        self.meter.coded_bytes.set(coded);
    }
}

impl Read for Source<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(out)?;
        self.consume(read);
        Ok(read)
    }
}

/// Holds a decoder to the bounds, and lets it end where the rest is missing.
pub(super) struct Guard<'a, R> {
    inner: R,
    yielded: u64,
    meter: &'a Meter<'a>,
}

impl<'a, R> Guard<'a, R> {
    pub(super) fn new(inner: R, meter: &'a Meter<'a>) -> Self {
        Self {
            inner,
            yielded: 0,
            meter,
        }
    }
}

impl<R: Read> Read for Guard<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let room = out.len().min(MOST_READ);
        let read = match self.inner.read(&mut out[..room]) {
            Err(_) if self.meter.stopped().is_none() && self.meter.rest_is_missing() => 0,
            read => read?,
        };
        self.yielded += read as u64;
        self.meter.yielded(self.yielded)?;
        Ok(read)
    }
}
