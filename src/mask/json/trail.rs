use crate::mask::names::{Pointers, RuleId};

/// The levels that are followed. In deeper ones no rule hides anything but those that hide at any depth, and these hide the first such value as a whole.
const MAX_LEVELS: usize = 256;

/// How far the rules by pointer have come at the present value, and in every open bracket around it.
pub(super) struct Trail {
    present: Vec<u64>,
    /// A set for each open bracket.
    sets: Vec<u64>,
    /// The present index of each open bracket that is a list's.
    indexes: Vec<usize>,
    /// How many brackets are open that are not followed.
    lost: usize,
}

impl Trail {
    /// Begins at a whole document.
    pub(super) fn new(pointers: &Pointers) -> Self {
        Self {
            present: pointers.start().to_vec(),
            sets: Vec::new(),
            indexes: Vec::new(),
            lost: 0,
        }
    }

    /// Returns the rule that hides the present value.
    pub(super) fn rule(&self, pointers: &Pointers) -> Option<RuleId> {
        match self.indexes.len() < MAX_LEVELS {
            true => pointers.hides(&self.present),
            false if self.lost > 0 => None,
            false => pointers
                .hides(&self.present)
                .or_else(|| pointers.hides_deep(&self.present)),
        }
    }

    pub(super) fn open(&mut self, object: bool, pointers: &Pointers) {
        if self.indexes.len() >= MAX_LEVELS {
            self.lost += 1;
            return;
        }
        self.sets.extend_from_slice(&self.present);
        self.indexes.push(0);
        if !object {
            self.item(0, pointers);
        }
    }

    pub(super) fn close(&mut self) {
        if self.lost > 0 {
            self.lost -= 1;
            return;
        }
        let length = self.sets.len().saturating_sub(self.present.len());
        self.sets.truncate(length);
        self.indexes.pop();
    }

    /// Goes to the member of a decoded name.
    pub(super) fn name(&mut self, name: &str, pointers: &Pointers) {
        if self.lost == 0 {
            let from = self.sets.len().saturating_sub(self.present.len());
            let set = self.sets.get(from..).unwrap_or_default();
            pointers.name(set, name, &mut self.present);
        }
    }

    /// Goes to the next item.
    pub(super) fn next_item(&mut self, pointers: &Pointers) {
        if let (0, Some(index)) = (self.lost, self.indexes.last_mut()) {
            *index += 1;
            let index = *index;
            self.item(index, pointers);
        }
    }

    fn item(&mut self, index: usize, pointers: &Pointers) {
        let from = self.sets.len().saturating_sub(self.present.len());
        let set = self.sets.get(from..).unwrap_or_default();
        pointers.index(set, index, &mut self.present);
    }
}
