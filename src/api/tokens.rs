use std::fmt;

use async_trait::async_trait;
use http::request::Parts;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::access::{Access, Denial, Reader};
use crate::error::Error;
use crate::query::Scope;

/// Readers known by a secret token each.
///
/// The token stands where the format looks for a credential. It is compared with every known one by their SHA-256 and in constant
/// time, so that neither its length nor how far it is right shows in how long the answer takes. The tokens themselves are not kept.
///
/// # Example: an operator and a tenant
///
/// ```
/// use tower_api_log::Scope;
/// use tower_api_log::api::BearerTokens;
///
/// let readers = BearerTokens::new([
///     ("operator-f3b1c8d2a7e94650", Scope::all()),
///     ("tenant-1-9c0d4e5f6a7b8c9d", Scope::organisation("org_1")?),
/// ])?;
/// # Ok::<(), tower_api_log::Error>(())
/// ```
pub struct BearerTokens {
    readers: Vec<([u8; 32], Scope)>,
}

impl BearerTokens {
    /// The shortest token in bytes.
    pub const MIN_BYTES: usize = 16;

    /// Makes the readers of their tokens and of what each may see.
    ///
    /// # Errors
    ///
    /// A configuration error when there is no token, when one is shorter than [`BearerTokens::MIN_BYTES`] or holds anything but visible
    /// ASCII characters (which HTTP cannot carry as one word), and when one is given twice.
    pub fn new<T: AsRef<str>>(
        readers: impl IntoIterator<Item = (T, Scope)>,
    ) -> Result<Self, Error> {
        let mut known: Vec<([u8; 32], Scope)> = Vec::new();
        for (token, scope) in readers {
            let token = token.as_ref();
            if token.len() < Self::MIN_BYTES {
                return Err(Error::configuration(
                    "a bearer token must have at least 16 characters",
                ));
            }
            if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(Error::configuration(
                    "a bearer token must be of visible ASCII characters",
                ));
            }
            let digest = digest(token);
            if known.iter().any(|(other, _)| *other == digest) {
                return Err(Error::configuration("a bearer token is given twice"));
            }
            known.push((digest, scope));
        }
        if known.is_empty() {
            return Err(Error::configuration(
                "bearer tokens need at least one token",
            ));
        }
        Ok(Self { readers: known })
    }
}

#[async_trait]
impl Access for BearerTokens {
    async fn authorize(&self, _: &Parts, credential: Option<&str>) -> Result<Reader, Denial> {
        let given = digest(credential.ok_or(Denial::Unauthenticated)?);
        let mut found = None;
        for (token, scope) in &self.readers {
            if bool::from(token.ct_eq(&given)) {
                found = Some(scope);
            }
        }
        found
            .cloned()
            .map(Reader::new)
            .ok_or(Denial::Unauthenticated)
    }
}

impl fmt::Debug for BearerTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BearerTokens")
            .field("readers", &self.readers.len())
            .finish_non_exhaustive()
    }
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}
