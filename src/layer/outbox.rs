use crate::capture::{CapturedEvent, Item, Outbox};
use crate::recorder::{DropReason, Intake, Parcel, is_own_thread};

impl Outbox for Intake<Item> {
    fn late(&self) {
        self.shared().ledger.late_note();
    }

    fn note_refused(&self) {
        self.shared().ledger.note_refused();
    }

    fn event_seen(&self) {
        self.shared().ledger.seen(1);
    }

    fn event_refused(&self) {
        self.shared().ledger.dropped(DropReason::Refused, 1);
    }

    fn event_over_budget(&self) {
        self.shared().ledger.dropped(DropReason::OverBudget, 1);
    }

    fn push(&self, event: CapturedEvent) -> bool {
        if is_own_thread() {
            self.shared().ledger.filtered();
            return false;
        }
        Intake::push(self, Parcel::urgent(Item::Event(Box::new(event))))
    }
}
