//! The queue beside a list that is gone through from end to end.

use proptest::prelude::*;
use tokio::sync::oneshot;

use super::*;
use crate::testing::sample;

const LONGEST: Duration = Duration::from_millis(50);

#[derive(Clone, Debug)]
enum Step {
    Push { bytes: usize, is_urgent: bool },
    Take { entries: usize, bytes: usize },
    PutBack,
    Wait(u64),
    Expire,
    Marker,
    LoseAll,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kept {
    order: u64,
    bytes: usize,
    is_urgent: bool,
}

/// What the queue should be.
struct Model {
    limits: Limits,
    /// By their order.
    room: Vec<Kept>,
    waiting: Vec<(Instant, Kept)>,
    next: u64,
}

/// What has become of an entry: whether its ticket has been answered, and how.
type Tickets = Vec<(oneshot::Receiver<bool>, Option<bool>)>;

fn bytes(kept: &[Kept]) -> usize {
    kept.iter().map(|it| it.bytes).sum()
}

impl Model {
    fn fits(&self, kept: &[Kept], more: usize) -> bool {
        kept.is_empty()
            || kept.len() < self.limits.entries && bytes(kept) + more <= self.limits.bytes
    }

    /// Returns those that are dropped.
    fn push(&mut self, now: Instant, bytes: usize, is_urgent: bool) -> Vec<u64> {
        let comes = Kept {
            order: self.next,
            bytes,
            is_urgent,
        };
        self.next += 1;
        let waits = matches!(self.limits.when_full, WhenFull::WaitAtMost(_));
        let waiting: Vec<_> = self.waiting.iter().map(|(_, it)| *it).collect();
        let must_wait = !waiting.is_empty() || !self.fits(&self.room, bytes);
        if waits && must_wait && self.fits(&waiting, bytes) {
            self.waiting.push((now + LONGEST, comes));
            return Vec::new();
        }
        let of = |is_urgent| self.room.iter().filter(move |it| it.is_urgent == is_urgent);
        let gives_way: Vec<_> = match (self.limits.when_full, is_urgent) {
            (WhenFull::DropOldest, true) => of(false).chain(of(true)).copied().collect(),
            (WhenFull::DropOldest, false) => of(false).copied().collect(),
            (_, true) => of(false).rev().copied().collect(),
            (_, false) => Vec::new(),
        };
        for count in 0..=gives_way.len() {
            let gone = &gives_way[..count];
            let stays = self.room.iter().filter(|it| !gone.contains(it));
            let mut stays: Vec<_> = stays.copied().collect();
            if self.fits(&stays, bytes) {
                stays.push(comes);
                self.room = stays;
                return gone.iter().map(|it| it.order).collect();
            }
        }
        vec![comes.order]
    }

    fn take(&mut self, entries: usize, most: usize) -> Vec<Kept> {
        let mut taken = Vec::new();
        while taken.len() < entries && bytes(&taken) < most && !self.room.is_empty() {
            taken.push(self.room.remove(0));
        }
        while let Some((_, first)) = self.waiting.first()
            && self.fits(&self.room, first.bytes)
        {
            self.room.push(self.waiting.remove(0).1);
            self.room.sort_by_key(|it| it.order);
        }
        taken
    }
}

fn held(kept: Kept, since: Instant, ticket: Option<Ticket>) -> Held {
    Held {
        bytes: kept.bytes,
        is_urgent: kept.is_urgent,
        ..Held::new(Arc::new(sample::plain(1)), Arc::new(()), ticket, since)
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        12 => (1_usize..40, any::<bool>()).prop_map(|(bytes, is_urgent)| Step::Push { bytes, is_urgent }),
        1 => (1_usize..200).prop_map(|bytes| Step::Push { bytes, is_urgent: true }),
        3 => (1_usize..6, 1_usize..120).prop_map(|(entries, bytes)| Step::Take { entries, bytes }),
        2 => Just(Step::PutBack),
        2 => (0_u64..40).prop_map(Step::Wait),
        2 => Just(Step::Expire),
        1 => Just(Step::Marker),
        1 => Just(Step::LoseAll),
    ];
    prop::collection::vec(step, 1..120)
}

fn limits() -> impl Strategy<Value = Limits> {
    let when_full = prop_oneof![
        Just(WhenFull::DropNewest),
        Just(WhenFull::DropOldest),
        Just(WhenFull::WaitAtMost(LONGEST)),
    ];
    (1_usize..8, 1_usize..120, when_full, any::<bool>()).prop_map(
        |(entries, bytes, when_full, holds_until_safe)| Limits {
            journals: false,
            entries,
            bytes,
            when_full,
            holds_until_safe,
        },
    )
}

/// Looks which tickets have been answered since the last look.
fn look(tickets: &mut Tickets) {
    for (receiver, answer) in tickets {
        if answer.is_none() {
            *answer = receiver.try_recv().ok();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn queue_does_what_a_plain_list_does(limits in limits(), steps in steps()) {
        let mut queue = Queue::new(limits);
        let mut model = Model { limits, room: Vec::new(), waiting: Vec::new(), next: 0 };
        let mut now = Instant::now();
        let mut tickets = Tickets::new();
        let mut taken: Vec<Held> = Vec::new();
        let mut slack = 0;
        for step in steps {
            match step {
                Step::Push { bytes, is_urgent } => {
                    let (ticket, receiver) = Ticket::new();
                    tickets.push((receiver, None));
                    let kept = Kept { order: 0, bytes, is_urgent };
                    let dropped = queue.push(held(kept, now, Some(ticket)));
                    let gone = model.push(now, bytes, is_urgent);
                    prop_assert_eq!(dropped, gone.len());
                    look(&mut tickets);
                    for order in gone {
                        // Nobody waits any more for what had room, where room is all that was asked for.
                        let (_, answer) = &tickets[order as usize];
                        let had_room = !limits.holds_until_safe && order + 1 < model.next;
                        prop_assert!(*answer == Some(false) || had_room && *answer == Some(true));
                    }
                }
                Step::Take { entries, bytes } => {
                    taken = queue.take(entries, bytes);
                    let wanted = model.take(entries, bytes);
                    let orders: Vec<_> = taken.iter().map(|it| it.order).collect();
                    let wanted: Vec<_> = wanted.iter().map(|it| it.order).collect();
                    prop_assert_eq!(orders, wanted);
                }
                Step::PutBack => {
                    let back = std::mem::take(&mut taken);
                    let kept = |it: &Held| Kept { order: it.order, bytes: it.bytes, is_urgent: it.is_urgent };
                    let orders: Vec<_> = back.iter().map(kept).collect();
                    slack += back.len();
                    prop_assert_eq!(queue.put_back(back), 0);
                    look(&mut tickets);
                    for it in &orders {
                        prop_assert!(tickets[it.order as usize].1.is_some(), "nobody waits for it");
                    }
                    model.room.extend(orders);
                    model.room.sort_by_key(|it| it.order);
                }
                Step::Wait(millis) => now += Duration::from_millis(millis),
                Step::Expire => {
                    let expired = queue.expire(now);
                    let is_over = |(until, _): &&(Instant, Kept)| *until <= now;
                    let count = model.waiting.iter().take_while(is_over).count();
                    let wanted: Vec<_> = model.waiting.drain(..count).map(|(_, it)| it.order).collect();
                    let orders: Vec<_> = expired.iter().map(|it| it.order).collect();
                    prop_assert_eq!(&orders, &wanted);
                    expired.into_iter().for_each(Held::lose);
                    look(&mut tickets);
                    for order in orders {
                        prop_assert_eq!(tickets[order as usize].1, Some(false));
                    }
                }
                Step::Marker => {
                    let (ticket, receiver) = Ticket::new();
                    tickets.push((receiver, None));
                    let kept = Kept { order: model.next, bytes: 1, is_urgent: true };
                    queue.push_marker(held(kept, now, Some(ticket)));
                    model.room.push(kept);
                    model.next += 1;
                    slack += 1;
                }
                Step::LoseAll => {
                    prop_assert_eq!(queue.lose_all(), model.room.len() + model.waiting.len());
                    model.room.clear();
                    model.waiting.clear();
                    slack = 0;
                }
            }
            let waiting: Vec<_> = model.waiting.iter().map(|(_, it)| *it).collect();
            prop_assert_eq!(queue.len(), model.room.len());
            prop_assert_eq!(queue.bytes(), bytes(&model.room));
            prop_assert_eq!(queue.total(), model.room.len() + waiting.len());
            prop_assert_eq!(queue.next(), model.next);
            let first = model.room.iter().chain(&waiting).map(|it| it.order).min();
            prop_assert_eq!(queue.first(), first.unwrap_or(model.next));
            prop_assert_eq!(queue.next_expiry(), model.waiting.first().map(|it| it.0));
            prop_assert!(queue.len() <= limits.entries + slack, "bounded by count");
            prop_assert!(waiting.len() <= limits.entries, "bounded by count");
            let is_bounded = |kept: &[Kept]| kept.len() <= 1 || bytes(kept) <= limits.bytes;
            prop_assert!(slack > 0 || is_bounded(&model.room), "bounded by bytes");
            prop_assert!(is_bounded(&waiting), "bounded by bytes");
        }
        // Whoever waits is answered in the end, and with the truth.
        let left: Vec<_> = model.room.iter().chain(model.waiting.iter().map(|it| &it.1)).map(|it| it.order).collect();
        look(&mut tickets);
        for order in &left {
            let (_, answer) = &tickets[*order as usize];
            let had_room = model.room.iter().any(|it| it.order == *order);
            prop_assert!(answer.is_none() || had_room, "it waits for room");
        }
        queue.lose_all();
        drop(taken);
        look(&mut tickets);
        prop_assert!(tickets.iter().all(|(_, answer)| answer.is_some()));
    }
}

#[test]
fn queue_that_nobody_takes_from_says_so_to_who_waits() {
    let mut queue = Queue::new(Limits {
        journals: false,
        entries: 4,
        bytes: 100,
        when_full: WhenFull::DropNewest,
        holds_until_safe: true,
    });
    let (ticket, mut kept) = Ticket::new();
    let entry = Kept {
        order: 0,
        bytes: 1,
        is_urgent: false,
    };
    queue.push(held(entry, Instant::now(), Some(ticket)));
    let taken = queue.take(1, 1);
    queue.is_closed = true;
    assert_eq!(queue.put_back(taken), 1);
    assert_eq!(kept.try_recv(), Ok(false));
    let (ticket, mut kept) = Ticket::new();
    assert_eq!(queue.push(held(entry, Instant::now(), Some(ticket))), 1);
    assert_eq!(kept.try_recv(), Ok(false));
}

#[test]
fn start_that_cannot_be_written_down_says_so_to_who_waits() {
    let mut queue = Queue::new(Limits {
        journals: true,
        entries: 1,
        bytes: 100,
        when_full: WhenFull::DropNewest,
        holds_until_safe: true,
    });
    let start = || {
        let (ticket, kept) = Ticket::new();
        let entry = Kept {
            order: 0,
            bytes: 1,
            is_urgent: false,
        };
        (held(entry, Instant::now(), Some(ticket)), kept)
    };
    let ((first, mut has_room), (second, mut has_none)) = (start(), start());
    queue.begin([first, second].into_iter());
    assert!(has_room.try_recv().is_err(), "it waits");
    assert_eq!(has_none.try_recv(), Ok(false));
    queue.is_closed = true;
    queue.lose_all();
    assert_eq!(has_room.try_recv(), Ok(false));
    let (late, mut kept) = start();
    queue.begin(std::iter::once(late));
    assert_eq!(kept.try_recv(), Ok(false));
    queue.end((0..MOST_ENDED + 10).map(|_| EntryId::MIN));
    assert_eq!(queue.ended.len(), MOST_ENDED);
}

#[test]
fn none_gives_way_for_one_that_has_no_room_anyway() {
    for when_full in [WhenFull::DropNewest, WhenFull::DropOldest] {
        let mut queue = Queue::new(Limits {
            journals: false,
            entries: 10,
            bytes: 100,
            when_full,
            holds_until_safe: false,
        });
        let comes = |bytes, is_urgent| {
            let order = 0;
            held(
                Kept {
                    order,
                    bytes,
                    is_urgent,
                },
                Instant::now(),
                None,
            )
        };
        assert_eq!(queue.push(comes(60, true)), 0);
        for _ in 0..4 {
            assert_eq!(queue.push(comes(10, false)), 0);
        }
        let too_large = comes(50, when_full == WhenFull::DropNewest);
        assert_eq!(queue.push(too_large), 1, "it alone");
        assert_eq!((queue.len(), queue.bytes()), (5, 100));
    }
}
