//! Userinfo that the `=` of a pair stands in.

use super::{Walk, decoded};
use crate::mask::{Pass, uri};

impl Walk<'_> {
    /// Masks a URL without a name, of which the first `=` may be its userinfo's: `?https://user:pa=ss@host`.
    pub(super) fn userinfo(
        &mut self,
        name: &str,
        value: &str,
        start: usize,
        end: usize,
        pass: &mut Pass<'_>,
    ) -> bool {
        let may_end = value.contains('@') || value.contains('%') || self.is_cut(end);
        if !may_end || !uri::has_authority(&decoded(name)) {
            return false;
        }
        if self.shows_all(pass) {
            return self.inside("", start, end, pass);
        }
        self.not_listed("", start, end, pass);
        true
    }
}
