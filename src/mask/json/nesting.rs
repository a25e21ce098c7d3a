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
    /// Whether the innermost is an object's.
    in_object: bool,
    /// The steps in the brackets around the innermost.
    steps: Vec<Step>,
    /// The step in the innermost, if it is no deeper than the others.
    present: Step,
}

#[derive(Clone, Copy, Default)]
enum Step {
    Index(usize),
    /// Where the raw name stands.
    Name(usize, usize),
    /// The name is a secret.
    #[default]
    Hidden,
}

impl Nesting {
    #[inline]
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
        if (1..=MAX_STEPS).contains(&self.depth) {
            self.steps.push(self.present);
        }
        self.depth += 1;
        self.in_object = object;
        self.present = match object {
            true => Step::Name(0, 0),
            false => Step::Index(0),
        };
    }

    pub(super) fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if (1..=MAX_STEPS).contains(&self.depth) {
            self.present = self.steps.pop().unwrap_or_default();
        }
        self.in_object = self.is_object(1);
    }

    /// Closes brackets until so many are open.
    pub(super) fn close_down_to(&mut self, depth: usize) {
        while self.depth > depth {
            self.close();
        }
    }

    /// Tells whether the innermost open bracket is an object's.
    #[inline]
    pub(super) fn in_object(&self) -> bool {
        self.in_object
    }

    /// Tells whether the innermost open bracket is a list's, in a list.
    #[inline]
    pub(super) fn in_list_of_list(&self) -> bool {
        !self.in_object && self.depth >= 2 && !self.is_object(2)
    }

    /// Tells whether the bracket is an object's so many levels up; the innermost open one is one up.
    #[inline]
    fn is_object(&self, up: usize) -> bool {
        let at = self.depth.wrapping_sub(up);
        let bits = self.bits.get(at / 64).copied().unwrap_or_default();
        bits >> (at % 64) & 1 == 1
    }

    #[inline]
    pub(super) fn name(&mut self, start: usize, end: usize) {
        self.present = Step::Name(start, end);
    }

    /// Returns the raw name of the innermost open bracket, which is empty where it has none; `None` where it is too deep to be known.
    pub(super) fn around<'t>(&self, source: &'t str) -> Option<&'t str> {
        if self.depth > MAX_STEPS {
            return None;
        }
        match self.steps.last() {
            Some(&Step::Name(start, end)) if self.depth > 1 => source.get(start..end),
            _ => Some(""),
        }
    }

    /// Lets pointers leave out the present name.
    pub(super) fn hide_name(&mut self) {
        self.present = Step::Hidden;
    }

    #[inline]
    pub(super) fn next_item(&mut self) {
        if let Step::Index(index) = &mut self.present {
            *index += 1;
        }
    }

    /// Returns the JSON pointer (RFC 6901) of the present value.
    pub(super) fn pointer(&self, source: &str) -> String {
        let mut pointer = String::with_capacity(32);
        let has_present = (1..=MAX_STEPS).contains(&self.depth);
        let present = has_present.then_some(&self.present);
        for step in self.steps.iter().chain(present) {
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
