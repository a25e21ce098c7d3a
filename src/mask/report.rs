use crate::entry::{Exchange, Masked, Place};

/// The longest pointer of a report; longer ones are cut.
const MAX_POINTER_BYTES: usize = 256;

/// What has been masked in one exchange so far.
pub(super) struct Report {
    spots: Vec<Masked>,
    count: u64,
    place: Place,
    /// What the pointers of the present place begin with.
    base: String,
}

/// A state of the report to return to.
pub(super) struct Mark {
    spots: usize,
    count: u64,
}

impl Report {
    pub(super) fn new() -> Self {
        Self {
            spots: Vec::new(),
            count: 0,
            place: Place::Authority,
            base: String::new(),
        }
    }

    /// Says where the next spots are.
    pub(super) fn enter(&mut self, place: Place) {
        self.place = place;
        self.base.clear();
    }

    /// Lets the next pointers begin with `step` as well. Returns what [`Report::leave`] takes.
    pub(super) fn descend(&mut self, step: &str) -> usize {
        let length = self.base.len();
        if length <= MAX_POINTER_BYTES {
            self.base = self.joined(beginning(step));
        }
        length
    }

    /// Puts a step after the base: a JSON pointer without, anything else with a space.
    fn joined(&self, step: &str) -> String {
        let together = self.base.is_empty() || step.is_empty() || step.starts_with('/');
        let between = if together { "" } else { " " };
        format!("{}{between}{step}", self.base)
    }

    pub(super) fn leave(&mut self, length: usize) {
        self.base.truncate(length);
    }

    /// Reports one spot; `pointer` is asked for only while the list has room.
    pub(super) fn masked(&mut self, pointer: impl FnOnce() -> String, rule: &str, bytes: usize) {
        self.count += 1;
        if self.has_room() {
            let full = self.joined(&pointer());
            let full = match beginning(&full) {
                short if short.len() < full.len() => format!("{short}…"),
                _ => full,
            };
            self.spots.push(Masked::new(self.place, full, rule, bytes));
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

    pub(super) fn finish(self) -> (Vec<Masked>, u64) {
        (self.spots, self.count)
    }
}

/// Cuts a pointer on a character boundary.
fn beginning(pointer: &str) -> &str {
    let end = (0..=MAX_POINTER_BYTES.min(pointer.len()))
        .rev()
        .find(|&at| pointer.is_char_boundary(at));
    &pointer[..end.unwrap_or(0)]
}
