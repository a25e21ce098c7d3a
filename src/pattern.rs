/// A path to compare with: exact, but for `*`, which stands for any run of characters, slashes included.
///
/// No other character is special.
///
/// # Example: everything below a prefix
///
/// ```
/// use tower_api_log::query::PathPattern;
///
/// let pattern = PathPattern::new("/api/v1/*");
/// assert!(pattern.matches("/api/v1/inquiries/inq_1"));
/// assert!(!pattern.matches("/api/v1"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern(String);

impl PathPattern {
    /// Makes a pattern of its text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Tells whether the pattern has a `*`.
    pub fn is_wild(&self) -> bool {
        self.0.contains('*')
    }

    /// Tells whether a path matches, in time linear in the path for each `*`.
    pub fn matches(&self, path: &str) -> bool {
        let mut parts = self.0.split('*');
        let first = parts.next().unwrap_or_default();
        let Some(last) = parts.next_back() else {
            return path == first;
        };
        let Some(rest) = path.strip_prefix(first) else {
            return false;
        };
        let Some(mut rest) = rest.strip_suffix(last) else {
            return false;
        };
        for part in parts {
            match rest.find(part) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        true
    }
}
