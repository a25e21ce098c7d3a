use std::collections::BTreeMap;
use std::time::Duration;

/// How long calls took: how many took about how long.
///
/// Durations are counted in buckets, eight for each power of two microseconds, so that what [`Latencies::quantile`] returns lies at most 6.3 % from what it
/// stands for, whatever the durations are, and what parts of a log tell can be added. This is what every store counts, in its own engine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Latencies {
    calls: BTreeMap<u16, u64>,
}

/// How many bits of a duration a bucket tells, beside the first.
const BITS: u32 = 3;

impl Latencies {
    /// Returns how long at most the given share of the calls took, from 0 to 1: 0.5 is the median. `None` where there is no call.
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let total = self.calls();
        // What a float says of more than 2^53 calls is near enough.
        let rank = (share.clamp(0.0, 1.0) * total as f64).ceil() as u64;
        let rank = rank.clamp(1, total.max(1));
        let mut seen = 0_u64;
        let bucket = self.calls.iter().find(|(_, calls)| {
            seen = seen.saturating_add(**calls);
            seen >= rank
        });
        bucket.map(|(bucket, _)| Duration::from_micros(middle(*bucket)))
    }

    /// Returns how many calls there are.
    pub fn calls(&self) -> u64 {
        self.calls
            .values()
            .fold(0, |sum, it| sum.saturating_add(*it))
    }

    /// Adds the calls of another part.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, calls) in &other.calls {
            self.add(*bucket, *calls);
        }
    }

    pub(crate) fn add(&mut self, bucket: u16, calls: u64) {
        if calls > 0 {
            let sum = self.calls.entry(bucket).or_default();
            *sum = sum.saturating_add(calls);
        }
    }

    /// Returns the bucket of a duration.
    pub(crate) fn bucket(micros: u64) -> u16 {
        // A column has no more.
        let micros = micros.min(i64::MAX.unsigned_abs());
        let Some(shift) = micros.checked_ilog2().and_then(|it| it.checked_sub(BITS)) else {
            // Less than 8: each is a bucket of its own.
            return u16::try_from(micros).unwrap_or_default();
        };
        let rest = (micros >> shift) & ((1 << BITS) - 1);
        u16::try_from(((u64::from(shift) + 1) << BITS) + rest).unwrap_or(u16::MAX)
    }

    /// Returns the shortest duration of a bucket, in microseconds.
    pub(crate) fn first_micros(bucket: u16) -> u64 {
        let (power, rest) = (u32::from(bucket) >> BITS, u64::from(bucket) & 7);
        match power.checked_sub(1) {
            None => rest,
            Some(shift) => ((1 << BITS) + rest).checked_shl(shift).unwrap_or(u64::MAX),
        }
    }
}

fn middle(bucket: u16) -> u64 {
    let first = Latencies::first_micros(bucket);
    let last = Latencies::first_micros(bucket + 1) - 1;
    first + (last - first) / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_begin_where_they_say_and_are_narrow() {
        let edges = (0..63).flat_map(|power| [(1_u64 << power) - 1, 1 << power, (1 << power) + 1]);
        let some = (0..5000).chain(edges).chain([u64::MAX]);
        for micros in some.map(|it| it.min(i64::MAX.unsigned_abs())) {
            let bucket = Latencies::bucket(micros);
            let (first, next) = (
                Latencies::first_micros(bucket),
                Latencies::first_micros(bucket + 1),
            );
            assert!((first..next).contains(&micros), "{micros}: {first}..{next}");
            let off = middle(bucket).abs_diff(micros) as f64;
            assert!(off <= micros as f64 * 0.063, "{micros}: {off}");
        }
    }

    #[test]
    fn quantiles_are_those_of_the_nearest_rank() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.quantile(0.5), None);
        for micros in 1..=7 {
            latencies.add(Latencies::bucket(micros), 1);
        }
        let at = |share| latencies.quantile(share).map(|it| it.as_micros());
        assert_eq!([0.0, 0.5, 0.6, 1.0, 7.0].map(at), [1, 4, 5, 7, 7].map(Some));
        let mut twice = latencies.clone();
        twice.merge(&latencies);
        assert_eq!(twice.calls(), 14);
        assert_eq!(twice.quantile(0.5), latencies.quantile(0.5));
    }
}
