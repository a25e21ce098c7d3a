use super::super::{Malformed, tag};
use super::Walk;
use crate::mask::charset;

/// What stands around the elements.
impl Walk<'_, '_, '_> {
    /// Empties a comment.
    pub(super) fn comment(&mut self, start: usize, end: usize) {
        self.drop_content(start + "<!--".len(), end - "-->".len(), "comment");
    }

    /// Leaves a processing instruction its target.
    pub(super) fn instruction(&mut self, start: usize, end: usize) -> Result<(), Malformed> {
        let content = self.slice(start + 2, end - 2);
        let target = tag::name(content)?;
        if target.eq_ignore_ascii_case("xml") {
            return Err(Malformed);
        }
        self.check_name(target)?;
        let from = start + 2 + target.len();
        self.drop_content(from, end - 2, "processing instruction");
        Ok(())
    }

    /// Checks an XML declaration, which has no room for a secret.
    pub(super) fn declaration(&mut self, start: usize, end: usize) -> Result<(), Malformed> {
        let content = self.slice(start + 2, end - 2);
        let mut attributes = tag::attributes(content, start + 2)?.into_iter();
        let is_fine = attributes.all(|it| match it.name {
            "version" => ["1.0", "1.1"].contains(&it.value),
            "standalone" => ["yes", "no"].contains(&it.value),
            "encoding" => charset::is_known(it.value),
            _ => false,
        });
        match start == 0 && is_fine {
            true => Ok(()),
            false => Err(Malformed),
        }
    }

    /// Checks a document type: its subset would declare entities.
    pub(super) fn document_type(&mut self, start: usize, end: usize) -> Result<(), Malformed> {
        let content = self.slice(start, end - 1).strip_prefix("<!DOCTYPE");
        let content = content.filter(|it| !self.has_root && !it.contains(['[', '<']));
        let content = content.ok_or(Malformed)?;
        let name = tag::name(content.trim_start_matches(tag::is_space))?;
        self.check_name(name)?;
        let rest = content.trim_start_matches(tag::is_space).len() - name.len();
        let plain = |it: u8| it.is_ascii_alphanumeric() || b" \t\r\n\"'/:.-_+,()".contains(&it);
        let from = end - 1 - rest;
        let said = self.slice(from, end - 1);
        if self.is_limited || !said.bytes().all(plain) || self.check_name(said).is_err() {
            self.drop_content(from, end - 1, "document type");
        }
        Ok(())
    }

    fn drop_content(&mut self, start: usize, end: usize, rule: &str) {
        if !self.slice(start, end).trim().is_empty() {
            if self.hidden.is_none() {
                self.pass.report.masked(String::new, rule, end - start);
            }
            self.edits.replace(start, end, "");
        }
    }
}
