use crate::mask::Warning;

impl Warning {
    /// Says that it is about the rules of a destination.
    pub(crate) fn of_destination(mut self, name: &str) -> Self {
        match self.rule.is_empty() {
            true => self.says = format!("destination {name}: {}", self.says),
            false => self.rule = format!("{} of the destination {name}", self.rule),
        }
        self
    }
}
