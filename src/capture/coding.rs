use http::header::CONTENT_ENCODING;
use http::{HeaderMap, HeaderValue};

/// A content coding that can be undone (RFC 9110 section 8.4.1, RFC 7932, RFC 8878).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

/// The codings of a body, in the order in which they were applied. A body may have none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Codings([Option<Coding>; Codings::MOST]);

impl Coding {
    /// Knows no name without the feature `decompress`.
    fn named(name: &[u8]) -> Option<Self> {
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        match () {
            _ if cfg!(not(feature = "decompress")) => None,
            _ if is("gzip") || is("x-gzip") => Some(Self::Gzip),
            _ if is("deflate") => Some(Self::Deflate),
            _ if is("br") => Some(Self::Brotli),
            _ if is("zstd") => Some(Self::Zstd),
            _ => None,
        }
    }
}

impl Codings {
    /// The most codings of one body that are undone.
    const MOST: usize = 3;

    /// Reads what the header says; `None` where there is a coding that cannot be undone, or too many.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let values = headers.get_all(CONTENT_ENCODING).into_iter();
        Self::read(values.map(HeaderValue::as_bytes))
    }

    /// Reads the header's values.
    pub(crate) fn read<'a>(values: impl Iterator<Item = &'a [u8]>) -> Option<Self> {
        let mut codings = Self::default();
        let mut free = codings.0.iter_mut();
        for value in values {
            for name in value.split(|&byte| byte == b',') {
                let name = name.trim_ascii();
                if !name.is_empty() && !name.eq_ignore_ascii_case(b"identity") {
                    *free.next()? = Some(Coding::named(name)?);
                }
            }
        }
        Some(codings)
    }

    pub(crate) fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// Returns the codings, the last applied first.
    #[cfg(feature = "decompress")]
    pub(crate) fn last_first(self) -> impl Iterator<Item = Coding> {
        self.0.into_iter().rev().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codings(values: &[&'static str]) -> Option<Vec<Coding>> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(CONTENT_ENCODING, HeaderValue::from_static(value));
        }
        let codings = Codings::of(&headers)?;
        Some(codings.0.into_iter().flatten().collect())
    }

    #[test]
    fn identity_is_no_coding() {
        for values in [&[][..], &["identity"], &["Identity , ,"], &["", "identity"]] {
            assert_eq!(codings(values), Some(Vec::new()), "{values:?}");
        }
    }

    #[cfg(feature = "decompress")]
    #[test]
    fn codings_are_known_in_any_case_in_lists_and_over_several_lines() {
        use Coding::{Brotli, Deflate, Gzip, Zstd};
        for (values, known) in [
            (&["gzip"][..], vec![Gzip]),
            (&["X-GZip"], vec![Gzip]),
            (&["deflate ,\tidentity, br"], vec![Deflate, Brotli]),
            (&["gzip", "zstd"], vec![Gzip, Zstd]),
            (&["gzip, gzip", "br"], vec![Gzip, Gzip, Brotli]),
        ] {
            assert_eq!(codings(values), Some(known), "{values:?}");
        }
    }

    #[test]
    fn unknown_codings_and_too_many_are_not_undone() {
        for values in [
            &["compress"][..],
            &["gzip, aws-chunked"],
            &["gzip", "unknown"],
            &["gzip;q=1"],
            &["gzip gzip"],
            &["gzip, gzip, gzip, gzip"],
        ] {
            assert_eq!(codings(values), None, "{values:?}");
        }
    }

    #[cfg(not(feature = "decompress"))]
    #[test]
    fn no_coding_is_known_without_the_feature() {
        assert_eq!(codings(&["gzip"]), None);
    }
}
