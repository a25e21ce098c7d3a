use std::fmt;

use async_trait::async_trait;
use http::HeaderName;
use http::request::Parts;

use super::access::{Access, Denial, Reader};
use super::digest::Digest;
use crate::error::Error;
use crate::format::only;

/// Readers known by a secret token each, where the format looks for it.
///
/// That is `Authorization: Bearer` in most formats, and whatever the vendor has in its place in the others, `api_token` among them: the name
/// says what the token is, and not where it stands. The token is compared with every known one by their SHA-256 and in constant
/// time, so that neither its length nor how far it is right shows in how long the answer takes. The tokens themselves are not kept.
///
/// # Example: an operator and a tenant
///
/// ```
/// use tower_api_log::Scope;
/// use tower_api_log::api::{BearerTokens, Reader};
///
/// let readers = BearerTokens::new([
///     ("operator-f3b1c8d2a7e94650", Reader::new(Scope::all()).id("operator")),
///     ("tenant-1-9c0d4e5f6a7b8c9d", Scope::organisation("org_1")?.into()),
/// ])?;
/// # Ok::<(), tower_api_log::Error>(())
/// ```
pub struct BearerTokens {
    known: Known,
}

impl BearerTokens {
    /// The shortest token in bytes.
    pub const MIN_BYTES: usize = 16;

    /// Makes the readers of their tokens and of what each may see: a [`Reader`], or a [`Scope`](crate::Scope) for one without an id.
    ///
    /// # Errors
    ///
    /// A configuration error when there is no token, when one is shorter than [`BearerTokens::MIN_BYTES`] or holds anything but visible
    /// ASCII characters (which HTTP cannot carry as one word), and when one is given twice.
    pub fn new<T: AsRef<str>, R: Into<Reader>>(
        readers: impl IntoIterator<Item = (T, R)>,
    ) -> Result<Self, Error> {
        Known::new(readers).map(|known| Self { known })
    }
}

#[async_trait]
impl Access for BearerTokens {
    async fn authorize(&self, _: &Parts, credential: Option<&str>) -> Result<Reader, Denial> {
        self.known.find(credential)
    }
}

impl fmt::Debug for BearerTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BearerTokens")
            .field("readers", &self.known.readers.len())
            .finish_non_exhaustive()
    }
}

/// Readers known by a secret token each, in a header field that is the same for every format.
///
/// The field's whole value is the token; a field that is there twice is as good as none. Otherwise as [`BearerTokens`], which also serves formats
/// whose vendor has a header field of its own.
///
/// # Example: the key of a gateway
///
/// ```
/// use tower_api_log::Scope;
/// use tower_api_log::api::HeaderTokens;
///
/// let readers = HeaderTokens::new("x-api-key", [("gateway-f3b1c8d2a7e94650", Scope::all())])?;
/// # Ok::<(), tower_api_log::Error>(())
/// ```
pub struct HeaderTokens {
    header: HeaderName,
    known: Known,
}

impl HeaderTokens {
    /// Makes the readers of the header field's name and of their tokens.
    ///
    /// # Errors
    ///
    /// A configuration error when the name is none that HTTP allows; otherwise as [`BearerTokens::new`].
    pub fn new<T: AsRef<str>, R: Into<Reader>>(
        header: &str,
        readers: impl IntoIterator<Item = (T, R)>,
    ) -> Result<Self, Error> {
        let header = HeaderName::from_bytes(header.as_bytes())
            .map_err(|_| Error::configuration("a token's header field must have a valid name"))?;
        let known = Known::new(readers)?;
        Ok(Self { header, known })
    }
}

#[async_trait]
impl Access for HeaderTokens {
    async fn authorize(&self, request: &Parts, _: Option<&str>) -> Result<Reader, Denial> {
        self.known
            .find(only(&request.headers, self.header.as_str()))
    }

    fn security(&self) -> Option<serde_json::Value> {
        let name = self.header.as_str();
        Some(serde_json::json!({ "type": "apiKey", "in": "header", "name": name }))
    }
}

impl fmt::Debug for HeaderTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeaderTokens")
            .field("header", &self.header)
            .field("readers", &self.known.readers.len())
            .finish_non_exhaustive()
    }
}

/// The readers, each with the digest of its token.
struct Known {
    readers: Vec<(Digest, Reader)>,
}

impl Known {
    fn new<T: AsRef<str>, R: Into<Reader>>(
        readers: impl IntoIterator<Item = (T, R)>,
    ) -> Result<Self, Error> {
        let mut known: Vec<(Digest, Reader)> = Vec::new();
        for (token, reader) in readers {
            let token = token.as_ref();
            if token.len() < BearerTokens::MIN_BYTES {
                return Err(Error::configuration(
                    "a reader's token must have at least 16 characters",
                ));
            }
            if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(Error::configuration(
                    "a reader's token must be of visible ASCII characters",
                ));
            }
            let digest = Digest::of(token);
            if known.iter().any(|(other, _)| *other == digest) {
                return Err(Error::configuration("a reader's token is given twice"));
            }
            known.push((digest, reader.into().known_by(digest)));
        }
        if known.is_empty() {
            return Err(Error::configuration("readers need at least one token"));
        }
        Ok(Self { readers: known })
    }

    fn find(&self, token: Option<&str>) -> Result<Reader, Denial> {
        let given = Digest::of(token.ok_or(Denial::Unauthenticated)?);
        let mut found = None;
        for (digest, reader) in &self.readers {
            if digest.is(&given) {
                found = Some(reader);
            }
        }
        found.cloned().ok_or(Denial::Unauthenticated)
    }
}
