use crate::entry::{Exchange, Masked, Place};

/// The longest pointer of a report; longer ones are cut.
const MAX_POINTER_BYTES: usize = 256;

/// What has been masked in one exchange so far.
pub(super) struct Report {
    spots: Vec<Masked>,
    count: u64,
    place: Place,
}

/// A state of the report to return to.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    spots: usize,
    count: u64,
}

impl Report {
    /// Ends a pointer that was cut.
    pub(super) const CUT: &'static str = "…";

    pub(super) fn new() -> Self {
        Self {
            spots: Vec::new(),
            count: 0,
            place: Place::Authority,
        }
    }

    /// Says where the next spots are.
    pub(super) fn enter(&mut self, place: Place) {
        self.place = place;
    }

    /// Lets the pointers since then begin with a step as well, which is asked for only if there are any.
    pub(super) fn under(&mut self, since: &Mark, step: impl FnOnce() -> String) {
        if self.spots.len() == since.spots {
            return;
        }
        let step = step();
        for spot in self.spots.iter_mut().skip(since.spots) {
            spot.pointer = joined(&step, &spot.pointer);
        }
    }

    /// Reports one spot; `pointer` is asked for only while the list has room.
    pub(super) fn masked(&mut self, pointer: impl FnOnce() -> String, rule: &str, bytes: usize) {
        self.count += 1;
        if self.has_room() {
            let pointer = shortened(pointer());
            self.spots
                .push(Masked::new(self.place, pointer, rule, bytes));
        }
    }

    /// Tells whether the pointer of the next spot will be asked for.
    pub(super) fn has_room(&self) -> bool {
        self.spots.len() < Exchange::MAX_MASKED
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn mark(&self) -> Mark {
        Mark {
            spots: self.spots.len(),
            count: self.count,
        }
    }

    /// Forgets what was reported since, because its text is not used.
    pub(super) fn forget(&mut self, since: &Mark) {
        self.spots.truncate(since.spots);
        self.count = since.count;
    }

    /// Reports one spot in the place of those between two marks, which are within it. Marks from before it stay good.
    pub(super) fn masked_around(
        &mut self,
        (since, until): (&Mark, &Mark),
        pointer: impl FnOnce() -> String,
        rule: &str,
        bytes: usize,
    ) {
        self.count = self.count - (until.count - since.count) + 1;
        if since.spots < Exchange::MAX_MASKED {
            let spot = Masked::new(self.place, shortened(pointer()), rule, bytes);
            self.spots.splice(since.spots..until.spots, [spot]);
            self.spots.truncate(Exchange::MAX_MASKED);
        }
    }

    pub(super) fn finish(self) -> (Vec<Masked>, u64) {
        (self.spots, self.count)
    }
}

/// Puts a step before a pointer: a JSON pointer without, anything else with a space between.
fn joined(step: &str, pointer: &str) -> String {
    let together = step.is_empty() || pointer.is_empty() || pointer.starts_with('/');
    let between = if together { "" } else { " " };
    shortened([beginning(step), between, pointer].concat())
}

fn shortened(pointer: String) -> String {
    match beginning(&pointer) {
        short if short.len() < pointer.len() => format!("{short}{}", Report::CUT),
        _ => pointer,
    }
}

/// Cuts a pointer on a character boundary.
fn beginning(pointer: &str) -> &str {
    let end = (0..=MAX_POINTER_BYTES.min(pointer.len()))
        .rev()
        .find(|&at| pointer.is_char_boundary(at));
    &pointer[..end.unwrap_or(0)]
}
