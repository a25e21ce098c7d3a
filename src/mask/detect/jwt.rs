//! JSON Web Tokens, and everything that is signed or encrypted in the compact forms of RFC 7515 and RFC 7516.
//!
//! One begins with base64 of an object that names its `alg`, and a dot. It is found without its last parts too, since its claims say enough.

use std::ops::Range;

use memchr::memmem;

use super::source::{Source, URL64};

/// `"alg"` in base64, as it stands at each of three places.
const ALGS: [&[u8]; 3] = [b"ImFsZyI", b"JhbGci", b"iYWxnI"];
const HEAD: &[u8] = b"eyJ";
/// More dots do not follow each other in one.
const MOST_DOTS: usize = 4;

/// What is known of the run of base64 in which the last head stood, so that one run is read once.
#[derive(Default)]
pub(super) struct Memory {
    end: usize,
    /// Where the last `"alg"` of the run stands.
    alg: Option<usize>,
}

impl Memory {
    /// Looks for a token that begins there.
    pub(super) fn find(&mut self, source: Source<'_>, at: usize) -> Option<Range<usize>> {
        if !source.starts_with(at, HEAD) {
            return None;
        }
        if at >= self.end {
            self.end = source.run(at, URL64, usize::MAX);
            let run = source.slice(at..self.end);
            let last = ALGS.iter().filter_map(|it| memmem::rfind(run, it)).max();
            self.alg = last.map(|last| at + last);
        }
        if source.is_cut_at(self.end) {
            return source.open(at);
        }
        if source.byte(self.end) != Some(b'.') || self.alg.is_none_or(|alg| alg < at) {
            return None;
        }
        let mut end = self.end;
        let mut rest = 0;
        for _ in 0..MOST_DOTS {
            if source.byte(end) != Some(b'.') {
                break;
            }
            let next = source.run(end + 1, URL64, usize::MAX);
            rest += next - end - 1;
            end = next;
        }
        if source.is_cut_at(end) {
            return source.open(at);
        }
        // The dot of a sentence.
        let dots = source.slice(self.end..end).iter().rev();
        end -= dots.take_while(|&&byte| byte == b'.').count();
        (rest > 0).then_some(at..end)
    }
}
