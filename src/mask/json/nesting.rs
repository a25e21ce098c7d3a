use super::text;
use crate::mask::MASKED;

/// The levels of which the pointer is known; deeper ones are reported as `…`.
const MAX_STEPS: usize = 64;

/// Where a pointer stops; a character may take six bytes of source.
const MAX_POINTER_BYTES: usize = 256;

/// The open brackets: one bit each, and the way to the present value.
#[derive(Default)]
pub(super) struct Nesting {
    /// Set for an object.
    bits: Vec<u64>,
    depth: usize,
    steps: Vec<Step>,
}

#[derive(Clone, Copy)]
enum Step {
    Index(usize),
    /// Where the raw name stands.
    Name(usize, usize),
    /// The name is a secret.
    Hidden,
}

impl Nesting {
    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    pub(super) fn open(&mut self, object: bool) {
        let (word, bit) = (self.depth / 64, self.depth % 64);
        if word == self.bits.len() {
            self.bits.push(0);
        }
        if let Some(bits) = self.bits.get_mut(word) {
            *bits = *bits & !(1 << bit) | u64::from(object) << bit;
        }
        self.depth += 1;
        if self.depth <= MAX_STEPS {
            self.steps.push(match object {
                true => Step::Name(0, 0),
                false => Step::Index(0),
            });
        }
    }

    pub(super) fn close(&mut self) {
        if self.depth <= MAX_STEPS {
            self.steps.pop();
        }
        self.depth = self.depth.saturating_sub(1);
    }

    /// Tells whether the innermost open bracket is an object's; `None` where nothing is open.
    pub(super) fn in_object(&self) -> Option<bool> {
        let top = self.depth.checked_sub(1)?;
        let bits = self.bits.get(top / 64)?;
        Some(bits >> (top % 64) & 1 == 1)
    }

    pub(super) fn name(&mut self, start: usize, end: usize) {
        if let (true, Some(step)) = (self.depth <= MAX_STEPS, self.steps.last_mut()) {
            *step = Step::Name(start, end);
        }
    }

    /// Lets pointers leave out the present name.
    pub(super) fn hide_name(&mut self) {
        if let (true, Some(step)) = (self.depth <= MAX_STEPS, self.steps.last_mut()) {
            *step = Step::Hidden;
        }
    }

    /// Returns where the name of the present member stands.
    pub(super) fn present_name(&self) -> Option<(usize, usize)> {
        match self.steps.last() {
            Some(&Step::Name(start, end)) if self.depth <= MAX_STEPS => Some((start, end)),
            _ => None,
        }
    }

    pub(super) fn next_item(&mut self) {
        if let (true, Some(Step::Index(index))) = (self.depth <= MAX_STEPS, self.steps.last_mut()) {
            *index += 1;
        }
    }

    /// Returns the JSON pointer (RFC 6901) of the present value.
    pub(super) fn pointer(&self, source: &str) -> String {
        let mut pointer = String::with_capacity(32);
        for step in &self.steps {
            // More would be cut off anyway, and a name can be as long as the source.
            if pointer.len() > MAX_POINTER_BYTES {
                return pointer;
            }
            pointer.push('/');
            match *step {
                Step::Hidden => pointer.push_str(MASKED),
                Step::Index(index) => pointer.push_str(&index.to_string()),
                Step::Name(start, end) => {
                    let raw = source.get(start..end).unwrap_or_default();
                    let beginning = (MAX_POINTER_BYTES * 6..MAX_POINTER_BYTES * 6 + 4)
                        .find_map(|end| raw.get(..end));
                    let name = text::decoded(beginning.unwrap_or(raw));
                    match name.contains(['~', '/']) {
                        true => pointer.push_str(&name.replace('~', "~0").replace('/', "~1")),
                        false => pointer.push_str(&name),
                    }
                }
            }
        }
        if self.depth > MAX_STEPS {
            pointer.push_str("/…");
        }
        pointer
    }
}
