use std::sync::{Arc, Mutex};

use super::budget::Reservation;
use super::captured::{CapturedBody, Coded, Kept};
use super::coding::Codings;
use super::fields::Fields;
use crate::entry::{CutReason, SkipReason};

/// Keeps the first bytes of a body that passes, and counts all of them.
///
/// The bytes are copied: what is kept is then exactly what is counted against the budget, in one piece for the masker, and no
/// connection's read buffer stays pinned by a small slice of it.
pub(crate) struct Tap {
    limit: Result<usize, SkipReason>,
    codings: Codings,
    expected: Option<u64>,
    bytes_seen: u64,
    kept: Vec<u8>,
    cut: Option<CutReason>,
    was_polled: bool,
    has_ended: bool,
    trailers: Fields,
    reservation: Reservation,
}

/// A tap that the service's side of a body and the record of its exchange share.
pub(crate) type SharedTap = Arc<Mutex<Tap>>;

/// The first room taken for a body of unknown length, in bytes.
const STEP: usize = 4 * 1024;

impl Tap {
    /// Makes a tap for a body of which `limit` bytes are kept and whose length, if known, is `expected`.
    pub(crate) fn new(
        limit: Result<usize, SkipReason>,
        expected: Option<u64>,
        reservation: Reservation,
    ) -> Self {
        Self {
            limit,
            codings: Codings::default(),
            expected,
            bytes_seen: 0,
            kept: Vec::new(),
            cut: None,
            was_polled: false,
            has_ended: false,
            trailers: Fields::default(),
            reservation,
        }
    }

    /// Says under which codings the body comes.
    #[must_use]
    pub(crate) fn coded(mut self, codings: Option<Codings>) -> Self {
        self.codings = codings.unwrap_or_default();
        self
    }

    pub(crate) fn polled(&mut self) {
        self.was_polled = true;
    }

    /// Takes what it may of one data frame.
    pub(crate) fn data(&mut self, data: &[u8]) {
        self.bytes_seen = self.bytes_seen.saturating_add(data.len() as u64);
        let (Ok(limit), None) = (self.limit, self.cut) else {
            return;
        };
        let room = limit.saturating_sub(self.kept.len());
        let wanted = &data[..data.len().min(room)];
        if !self.make_room(wanted.len(), limit) {
            self.cut = Some(CutReason::Budget);
            return;
        }
        self.kept.extend_from_slice(wanted);
        if wanted.len() < data.len() {
            self.cut = Some(CutReason::Limit);
        }
    }

    pub(crate) fn trailers(&mut self, trailers: &http::HeaderMap) {
        let size = Fields::size_of(trailers);
        if self.reservation.grow_head(size) {
            self.trailers = Fields::with_capacity(size);
            self.trailers.extend(trailers);
        }
        self.has_ended = true;
    }

    pub(crate) fn ended(&mut self) {
        self.has_ended = true;
    }

    /// Tells whether the body has come to its end or to its declared length.
    pub(crate) fn is_complete(&self) -> bool {
        self.has_ended
            || self
                .expected
                .is_some_and(|expected| self.bytes_seen >= expected)
    }

    /// Keeps no more than another policy, known late, says.
    pub(crate) fn narrow(&mut self, limit: Result<usize, SkipReason>) {
        match (self.limit, limit) {
            (Ok(_), Err(_)) => self.kept = Vec::new(),
            (Ok(_), Ok(limit)) if limit < self.kept.len() => {
                self.kept.truncate(limit);
                self.cut = Some(CutReason::Limit);
            }
            _ => {}
        }
        self.limit = self.limit.and_then(|own| limit.map(|other| own.min(other)));
    }

    /// Gives out what was kept, and keeps no more from now on.
    pub(crate) fn take(&mut self) -> (CapturedBody, Fields, Reservation) {
        let kept = std::mem::take(&mut self.kept);
        let unfinished = (!self.is_complete()).then_some(CutReason::Unfinished);
        let kept = match (self.limit, self.cut.or(unfinished)) {
            _ if self.bytes_seen == 0 && self.is_complete() => Kept::Nothing,
            _ if !self.was_polled => Kept::Skipped(SkipReason::Unread),
            (Err(reason), _) => Kept::Skipped(reason),
            (Ok(_), Some(CutReason::Budget)) if kept.is_empty() => {
                Kept::Skipped(SkipReason::Budget)
            }
            (Ok(limit), cut) if !self.codings.is_empty() => Kept::Coded(Coded {
                bytes: kept,
                cut,
                codings: self.codings,
                limit,
            }),
            (Ok(_), Some(reason)) => Kept::Prefix(kept, reason),
            (Ok(_), None) => Kept::All(kept),
        };
        self.limit = Err(SkipReason::Policy);
        let body = CapturedBody {
            bytes_seen: self.bytes_seen,
            kept,
        };
        let empty = self.reservation.empty_sibling();
        let reservation = std::mem::replace(&mut self.reservation, empty);
        (body, std::mem::take(&mut self.trailers), reservation)
    }

    /// Makes room for `more` bytes: for a short body at once, else by doubling, so that a client who declares much and sends
    /// little holds little.
    fn make_room(&mut self, more: usize, limit: usize) -> bool {
        let needed = self.kept.len() + more;
        let room = self.kept.capacity();
        if needed <= room {
            return true;
        }
        let expected = self
            .expected
            .and_then(|expected| usize::try_from(expected).ok());
        let step = expected
            .map_or(STEP, |expected| expected.min(4 * STEP))
            .max(2 * room);
        let target = needed.max(step).min(limit);
        let granted = self.reservation.grow(target - room);
        if granted {
            self.kept.reserve_exact(target - self.kept.len());
        }
        granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Budget;

    fn tap(limit: usize, expected: Option<u64>, budget: usize) -> Tap {
        let mut tap = Tap::new(Ok(limit), expected, Budget::new(budget).reserve(0).unwrap());
        tap.polled();
        tap
    }

    #[test]
    fn body_past_the_limit_is_counted_and_cut() {
        let mut tap = tap(5, None, 1 << 20);
        tap.data(b"abc");
        tap.data(b"defg");
        tap.data(b"hij");
        tap.ended();
        let (body, ..) = tap.take();
        assert_eq!(body.bytes_seen, 10);
        assert!(matches!(body.kept, Kept::Prefix(kept, CutReason::Limit) if kept == b"abcde"));
    }

    #[test]
    fn body_of_exactly_the_limit_is_whole() {
        let mut tap = tap(3, Some(3), 1 << 20);
        tap.data(b"abc");
        assert!(tap.is_complete(), "the declared length is an end");
        assert!(matches!(tap.take().0.kept, Kept::All(kept) if kept == b"abc"));
    }

    #[test]
    fn used_up_budget_leaves_a_prefix_or_nothing() {
        let mut cut = tap(100_000, None, 8 * STEP);
        for _ in 0..10 {
            cut.data(&[b'a'; STEP]);
        }
        cut.ended();
        let (body, _, reservation) = cut.take();
        assert_eq!(body.bytes_seen, 10 * STEP as u64);
        assert!(
            matches!(body.kept, Kept::Prefix(kept, CutReason::Budget) if kept.len() == 4 * STEP)
        );
        assert!(reservation.bytes() <= 7 * STEP);

        let mut none = tap(100_000, None, 100);
        none.data(&[b'a'; STEP]);
        none.ended();
        assert!(matches!(
            none.take().0.kept,
            Kept::Skipped(SkipReason::Budget)
        ));
    }

    #[cfg(feature = "decompress")]
    #[test]
    fn coded_body_is_kept_with_its_codings_and_the_limit_of_what_it_decodes_to() {
        let mut headers = http::HeaderMap::new();
        headers.insert("content-encoding", http::HeaderValue::from_static("gzip"));
        let codings = Codings::of(&headers);
        let mut tap = tap(4, None, 1000).coded(codings);
        tap.data(b"abcdef");
        tap.narrow(Ok(3));
        tap.ended();
        let Kept::Coded(coded) = tap.take().0.kept else {
            panic!("it is coded")
        };
        assert_eq!(
            (coded.bytes, coded.cut),
            (b"abc".to_vec(), Some(CutReason::Limit))
        );
        assert_eq!((Some(coded.codings), coded.limit), (codings, 3));
    }

    #[test]
    fn narrowed_tap_forgets_what_it_should_not_have_kept() {
        let kept = |limit| {
            let mut tap = tap(10, None, 1000);
            tap.data(b"abcdef");
            tap.narrow(limit);
            tap.data(b"g");
            tap.ended();
            tap.take().0.kept
        };
        assert!(matches!(kept(Ok(3)), Kept::Prefix(kept, CutReason::Limit) if kept == b"abc"));
        assert!(matches!(kept(Ok(100)), Kept::All(kept) if kept == b"abcdefg"));
        assert!(matches!(
            kept(Err(SkipReason::Policy)),
            Kept::Skipped(SkipReason::Policy)
        ));
    }

    #[test]
    fn what_is_reserved_is_what_is_allocated() {
        for expected in [None, Some(3_000), Some(10_000), Some(1 << 40)] {
            let mut tap = tap(50_000, expected, 1 << 20);
            for _ in 0..10 {
                tap.data(&[b'a'; 999]);
            }
            assert_eq!(tap.reservation.bytes(), tap.kept.capacity(), "{expected:?}");
        }
    }

    #[test]
    fn unread_unfinished_and_empty_bodies_are_told_apart() {
        let reservation = || Budget::new(1000).reserve(0).unwrap();
        let mut unread = Tap::new(Ok(10), Some(5), reservation());
        assert!(matches!(
            unread.take().0.kept,
            Kept::Skipped(SkipReason::Unread)
        ));
        let mut unfinished = tap(10, Some(5), 1000);
        unfinished.data(b"ab");
        assert!(matches!(
            unfinished.take().0.kept,
            Kept::Prefix(_, CutReason::Unfinished)
        ));
        let mut empty = tap(10, None, 1000);
        empty.ended();
        assert!(matches!(empty.take().0.kept, Kept::Nothing));
    }
}
