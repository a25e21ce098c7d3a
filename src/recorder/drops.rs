use std::time::{Duration, Instant};

/// The counts are looked at so often.
const LOOK: Duration = Duration::from_secs(1);
/// So long apart are two warnings.
const APART: Duration = Duration::from_secs(10);

/// What of the drops has been warned of.
#[derive(Default)]
pub(super) struct Warnings {
    /// For each lane.
    told: Vec<u64>,
    looked: Option<Instant>,
    warned: Option<Instant>,
}

/// Entries that a lane has dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Drops {
    /// Its place among the lanes.
    pub(super) lane: usize,
    /// Since the last warning.
    pub(super) new: u64,
    pub(super) total: u64,
}

impl Warnings {
    /// Returns what is to be warned of, of the totals of all lanes.
    pub(super) fn look(&mut self, now: Instant, totals: impl FnOnce() -> Vec<u64>) -> Vec<Drops> {
        let is_over = |since: Option<Instant>, pause| {
            since.is_none_or(|it| now.saturating_duration_since(it) >= pause)
        };
        if !is_over(self.looked, LOOK) || !is_over(self.warned, APART) {
            return Vec::new();
        }
        self.looked = Some(now);
        let totals = totals();
        self.told.resize(totals.len(), 0);
        let lanes = totals.into_iter().zip(&mut self.told).enumerate();
        let drops = lanes.map(|(lane, (total, told))| Drops {
            lane,
            new: total.saturating_sub(std::mem::replace(told, total)),
            total,
        });
        let drops: Vec<_> = drops.filter(|it| it.new > 0).collect();
        if !drops.is_empty() {
            self.warned = Some(now);
        }
        drops
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drops_are_warned_of_once_and_not_more_often_than_every_ten_seconds() {
        let (begun, mut warnings) = (Instant::now(), Warnings::default());
        let mut look = |seconds, totals: &[u64]| {
            warnings.look(begun + Duration::from_secs(seconds), || totals.to_vec())
        };
        let drops = |lane, new, total| Drops { lane, new, total };
        assert_eq!(look(0, &[0, 0]), []);
        assert_eq!(look(1, &[0, 3]), [drops(1, 3, 3)]);
        assert_eq!(look(5, &[2, 9]), [], "too soon");
        assert_eq!(look(11, &[2, 9]), [drops(0, 2, 2), drops(1, 6, 9)]);
        assert_eq!(look(30, &[2, 9]), [], "nothing new");
        assert_eq!(look(31, &[4, 9]), [drops(0, 2, 4)]);
    }
}
