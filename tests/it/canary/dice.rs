//! Where the choices of a generator come from.

use tower_api_log::testing::Random;

/// Chance of a seed, or the bytes of a fuzzer, of which each decides on something.
pub(crate) enum Dice {
    Seed(Random),
    Bytes { bytes: Vec<u8>, at: usize },
}

impl Dice {
    pub(crate) fn of(seed: u64) -> Self {
        let mut random = Random::new(seed);
        random.number();
        Self::Seed(random)
    }

    /// Takes what bytes say, and 0 behind them.
    pub(crate) fn bytes(bytes: &[u8]) -> Self {
        let bytes = bytes.to_vec();
        Self::Bytes { bytes, at: 0 }
    }

    pub(crate) fn number(&mut self) -> u64 {
        match self {
            Self::Seed(random) => random.number(),
            Self::Bytes { .. } => self.read(8),
        }
    }

    /// Returns a number below `end`.
    pub(crate) fn below(&mut self, end: u32) -> u32 {
        match self {
            Self::Seed(random) => random.below(end),
            Self::Bytes { .. } => {
                let width = [(1 << 8, 1), (1 << 16, 2)]
                    .iter()
                    .find(|(most, _)| end <= *most);
                (self.read(width.map_or(4, |(_, width)| *width)) % u64::from(end.max(1))) as u32
            }
        }
    }

    fn read(&mut self, width: usize) -> u64 {
        let Self::Bytes { bytes, at } = self else {
            return 0;
        };
        let taken = bytes.iter().skip(*at).take(width);
        let number = taken.fold(0, |number, byte| number << 8 | u64::from(*byte));
        *at += width;
        number
    }
}
