use std::sync::atomic::AtomicUsize;

use super::*;
use crate::capture::{Budget, Outbox};
use crate::clock::SystemClock;

/// Counts what it is told.
#[derive(Default)]
struct Counts {
    late: AtomicUsize,
    notes_refused: AtomicUsize,
    seen: AtomicUsize,
    refused: AtomicUsize,
    over_budget: AtomicUsize,
    pushed: Mutex<Vec<CapturedEvent>>,
}

impl Outbox for Arc<Counts> {
    fn late(&self) {
        self.late.fetch_add(1, Ordering::Relaxed);
    }

    fn note_refused(&self) {
        self.notes_refused.fetch_add(1, Ordering::Relaxed);
    }

    fn event_seen(&self) {
        self.seen.fetch_add(1, Ordering::Relaxed);
    }

    fn event_refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    fn event_over_budget(&self) {
        self.over_budget.fetch_add(1, Ordering::Relaxed);
    }

    fn push(&self, event: CapturedEvent) -> bool {
        self.pushed.lock().unwrap().push(event);
        true
    }
}

fn log(is_held: bool) -> (ApiLog, Arc<Counts>) {
    let counts = Arc::<Counts>::default();
    let clock = Arc::new(SystemClock::default());
    let desk = Desk::new(clock, Budget::new(1 << 20), Box::new(counts.clone()));
    let id = is_held.then_some(EntryId::MIN);
    (ApiLog::new(Arc::new(desk), id, is_held, None), counts)
}

fn count(counter: &AtomicUsize) -> usize {
    counter.load(Ordering::Relaxed)
}

fn event() -> AuditEvent {
    AuditEvent::new("project", "updated")
}

#[test]
fn call_after_the_end_changes_nothing_and_is_counted() {
    let (log, counts) = log(true);
    log.actor(Actor::user("user_1"));
    let told = log.close().context.unwrap();
    assert_eq!(told.actor.unwrap().id, "user_1");
    log.organisation("org_1");
    log.exclude();
    log.note("a", "b");
    assert_eq!(log.event(event()), None);
    assert_eq!((count(&counts.late), count(&counts.notes_refused)), (4, 0));
    assert_eq!((count(&counts.seen), count(&counts.refused)), (1, 1));
    let told = log.close();
    assert!(!told.is_excluded && told.context.is_none() && told.events.is_empty());
}

#[test]
fn long_text_is_cut_between_characters() {
    let (log, _) = log(true);
    log.session("é".repeat(1_000_000) + "a");
    log.actor(Actor::user("a".to_owned() + &"😀".repeat(1_000)));
    log.note("n".repeat(2_000), "v".repeat(2_000));
    let told = log.close();
    let context = told.context.unwrap();
    assert_eq!(context.session.unwrap().len(), ApiLog::MAX_TEXT_BYTES);
    assert_eq!(context.actor.unwrap().id.len(), 1021);
    assert_eq!(
        (told.notes[0].name.len(), told.notes[0].value.len()),
        (1024, 1024)
    );
}

#[test]
fn notes_and_events_past_the_bound_are_refused_and_counted() {
    let (log, counts) = log(true);
    for _ in 0..ApiLog::MAX_NOTES + 2 {
        log.note("a", "b");
    }
    for _ in 0..500 {
        assert!(log.event(event()).is_some());
    }
    assert_eq!(log.take_events().unwrap().events.len(), 500);
    let told = (0..600).filter(|_| log.event(event()).is_some()).count();
    assert_eq!(told, 500, "the bound is of the whole exchange");
    assert_eq!(count(&counts.notes_refused), 2);
    assert_eq!((count(&counts.seen), count(&counts.refused)), (1_100, 100));
    let told = log.close();
    assert_eq!((told.notes.len(), told.events.len()), (32, 500));
}

#[test]
fn event_without_room_is_counted_as_over_budget() {
    let (log, counts) = log(true);
    let big = event().data(&"a".repeat(60_000));
    let told = (0..20).filter(|_| log.event(big.clone()).is_some()).count();
    assert!((10..20).contains(&told), "{told}");
    assert_eq!(count(&counts.over_budget), 20 - told);
    assert_eq!(log.close().events.len(), told);
}

#[test]
fn events_wait_for_the_layer_and_take_what_was_said_by_then() {
    let (log, counts) = log(true);
    assert!(log.take_events().is_none());
    let id = log.event(event());
    log.organisation("org_1");
    let Waiting { events, context } = log.take_events().unwrap();
    assert_eq!(Some(events[0].id), id);
    assert_eq!(events[0].exchange, log.exchange_id());
    assert_eq!(context.unwrap().organisation.as_deref(), Some("org_1"));
    assert!(log.take_events().is_none() && counts.pushed.lock().unwrap().is_empty());
}

#[test]
fn events_that_no_layer_comes_for_are_handed_over_at_once() {
    let (log, counts) = log(false);
    log.organisation("org_1");
    let id = log.event(event());
    let pushed = counts.pushed.lock().unwrap();
    let origin = pushed[0].origin.as_ref().unwrap();
    let told = origin.told.as_ref().unwrap();
    assert_eq!((Some(pushed[0].id), log.exchange_id()), (id, None));
    assert_eq!(told.organisation.as_deref(), Some("org_1"));
}
