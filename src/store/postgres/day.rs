use std::time::SystemTime;

use jiff::civil::Date;

use crate::clock::Timestamp;
use crate::entry::EntryId;

/// A day in UTC, counted from 1970: the range of ids of one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Day(i64);

const MILLIS: i64 = 86_400_000;
const MICROS: i64 = MILLIS * 1000;

impl Day {
    /// 2020-01-01. Ids before have one partition among them all.
    pub(super) const FIRST: Self = Self(18_262);
    /// 2099-12-31. Ids after have one partition among them all.
    pub(super) const LAST: Self = Self(47_481);

    /// Returns the day of an id by the time that it carries, if it has a partition of its own.
    pub(super) fn of(id: EntryId) -> Option<Self> {
        let millis = u128::from_be_bytes(*id.as_bytes()) >> 80;
        let day = Self(i64::try_from(millis).ok()? / MILLIS);
        (Self::FIRST..=Self::LAST).contains(&day).then_some(day)
    }

    /// Returns the day of a time, held within those that have partitions.
    pub(super) fn at(time: Timestamp) -> Self {
        Self(time.as_micros().div_euclid(MICROS)).clamp(Self::FIRST, Self::LAST)
    }

    /// Returns the day that it is.
    pub(super) fn today() -> Self {
        Self::at(SystemTime::now().into())
    }

    /// Returns the smallest id that can be made on the day, and the smallest one behind it.
    pub(super) fn ids(self) -> (EntryId, EntryId) {
        (self.first_id(), Self(self.0 + 1).first_id())
    }

    /// Returns the day some days later, or earlier, held within those that have partitions.
    pub(super) fn after(self, days: i64) -> Self {
        Self(self.0 + days).clamp(Self::FIRST, Self::LAST)
    }

    /// Returns this day and some after it.
    pub(super) fn and_ahead(self, days: u16) -> impl Iterator<Item = Self> {
        self.up_to(self.after(days.into()))
    }

    /// Returns the days from this one to another.
    pub(super) fn up_to(self, last: Self) -> impl Iterator<Item = Self> {
        (self.0..=last.0).map(Self)
    }

    /// Returns the date as `20261122`.
    pub(super) fn digits(self) -> String {
        let days = jiff::Span::new().days(i32::try_from(self.0).unwrap_or_default());
        let epoch = Date::constant(1970, 1, 1);
        epoch
            .checked_add(days)
            .unwrap_or(epoch)
            .strftime("%Y%m%d")
            .to_string()
    }

    /// The version bits of a UUID are left out: an id of any kind lies in the day that its first 48 bits say.
    fn first_id(self) -> EntryId {
        let millis = u128::from((self.0 * MILLIS).unsigned_abs());
        EntryId::from_bytes((millis << 80).to_be_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::sample;

    #[test]
    fn ids_lie_within_their_day_and_at_its_edges() {
        let day = Day::of(sample::id(1)).unwrap();
        assert_eq!(day.digits(), "20261122");
        assert_eq!(day, Day::at(sample::start()));
        let (first, next) = day.ids();
        assert!(first <= sample::id(1) && sample::id(1) < next);
        assert_eq!(Day::of(first), Some(day));
        assert_eq!(Day::of(next).unwrap().digits(), "20261123");
    }

    #[test]
    fn days_have_partitions_from_2020_to_2099() {
        assert_eq!(Day::FIRST.digits(), "20200101");
        assert_eq!(Day::LAST.digits(), "20991231");
        assert_eq!(Day::of(EntryId::MIN), None);
        assert_eq!(Day::of(EntryId::MAX), None);
        assert_eq!(Day::of(Day::FIRST.ids().0), Some(Day::FIRST));
        assert_eq!(Day::of(Day::LAST.ids().1), None);
        assert_eq!(Day::at(Timestamp::MIN), Day::FIRST);
        assert_eq!(Day::at(Timestamp::MAX), Day::LAST);
        assert_eq!(Day::LAST.and_ahead(9).count(), 1);
        assert_eq!(Day::FIRST.and_ahead(9).count(), 10);
    }
}
