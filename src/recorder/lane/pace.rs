use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::Duration;

use serde::Serialize;

const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(5);
/// How long is waited between two tries of a sink that only its operator can mend.
const BROKEN: Duration = Duration::from_secs(30);
/// After so many failures in a row the sink is told to be down.
const DOWN_AFTER: u32 = 5;

/// How a sink fares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SinkState {
    /// Its last write was stored, or there was none.
    #[default]
    Up,
    /// Its last write failed in a way that may pass, and is repeated soon.
    Failing,
    /// Its last writes, five at least, failed in a way that may pass. One is tried from time to time.
    Down,
    /// It says itself that it cannot store anything before somebody mends it: wrong credentials, a wrong schema. One write is tried every 15 to 30 seconds.
    Broken,
}

/// The pauses between the tries of a sink that fails: the circuit is open while they last.
#[derive(Default)]
pub(super) struct Pace {
    failures: u32,
    state: SinkState,
    chance: RandomState,
}

impl Pace {
    pub(super) fn state(&self) -> SinkState {
        self.state
    }

    /// Notes that a write was stored.
    pub(super) fn stored(&mut self) {
        self.failures = 0;
        self.state = SinkState::Up;
    }

    /// Notes a failure that may pass, and returns how long to wait: it doubles, less up to a half by chance, so that many writers do not come at once.
    pub(super) fn failed(&mut self) -> Duration {
        let doubled = FIRST.saturating_mul(1 << self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        self.state = match self.failures >= DOWN_AFTER {
            true => SinkState::Down,
            false => SinkState::Failing,
        };
        self.jittered(doubled.min(LONGEST))
    }

    /// Notes that the sink cannot be written to before somebody mends it, and returns how long to wait.
    pub(super) fn broken(&mut self) -> Duration {
        self.failures = self.failures.saturating_add(1);
        self.state = SinkState::Broken;
        self.jittered(BROKEN)
    }

    fn jittered(&self, pause: Duration) -> Duration {
        let chance = self.chance.hash_one(self.failures) % 512;
        pause - pause.mul_f64(chance as f64 / 1024.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_to_the_longest_less_up_to_a_half() {
        let mut pace = Pace::default();
        let pauses: Vec<_> = (0..10).map(|_| pace.failed()).collect();
        let mut whole = FIRST;
        for pause in pauses {
            assert!(
                pause <= whole && pause >= whole / 2,
                "{pause:?} of {whole:?}"
            );
            whole = (whole * 2).min(LONGEST);
        }
        assert_eq!(pace.state(), SinkState::Down);
        assert!(pace.broken() >= BROKEN / 2);
        assert_eq!(pace.state(), SinkState::Broken);
        pace.stored();
        assert_eq!(pace.state(), SinkState::Up);
        assert!(pace.failed() <= FIRST);
    }
}
