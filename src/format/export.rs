use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};

use crate::entry::LogEntry;

/// Writes an export, entry by entry. The endpoint asks for the next entries as fast as the reader takes them.
pub trait ExportWriter: Send + 'static {
    /// Returns the header fields, the content type among them.
    fn headers(&self) -> HeaderMap;

    /// Appends what stands before the first entry.
    fn begin(&mut self, out: &mut Vec<u8>);

    /// Appends an entry.
    fn entry(&mut self, entry: &LogEntry, out: &mut Vec<u8>);

    /// Appends what stands behind the last entry.
    fn end(&mut self, out: &mut Vec<u8>);
}

/// Makes the header fields of a file that a browser stores.
pub(super) fn file(content_type: &'static str, disposition: &'static str) -> HeaderMap {
    HeaderMap::from_iter([
        (CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (CONTENT_DISPOSITION, HeaderValue::from_static(disposition)),
    ])
}
