mod builder;
mod claims;
mod key;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use http::request::Parts;
use jsonwebtoken::{Validation, decode, decode_header};
use serde_json::{Map, Value};

use super::access::{Access, Denial, Reader};
use crate::clock::Clock;
use claims::Claims;

pub use builder::JwtBuilder;
pub use key::{JwtAlgorithm, JwtKey};

/// Readers known by a signed token (JWT, RFC 7519), whose claims tell what they may see.
///
/// The token stands where the format looks for a credential. It must be signed with a known key by that key's algorithm, come from the issuer, be meant for
/// the audience, have an `exp` that has not passed, and a `sub`, which is the reader's id; `nbf` counts where it is there. Anything else is 401, without a
/// word on what was wrong. A token that is right but does not hold every claim that the scope is made of is 403: no claim that is missing ever
/// widens what is seen.
///
/// Needs the feature `jwt`.
///
/// # Example: tenants, and operators who see everything
///
/// ```
/// use tower_api_log::api::{JwtAccess, JwtAlgorithm, JwtKey};
///
/// fn readers(secret: &[u8]) -> Result<JwtAccess, tower_api_log::Error> {
///     JwtAccess::builder(JwtKey::new(JwtAlgorithm::Hs256, secret)?)
///         .issuer("https://login.example.com")
///         .audience("api-log")
///         .organisation_claim("org_id")
///         .environment_claim("env")
///         .everything_where("role", "operator")
///         .build()
/// }
/// ```
pub struct JwtAccess {
    keys: Vec<(JwtKey, Validation)>,
    claims: Claims,
    leeway: Duration,
    clock: Box<dyn Clock>,
}

impl JwtAccess {
    /// Begins with a key.
    pub fn builder(key: JwtKey) -> JwtBuilder {
        JwtBuilder::new(key)
    }

    /// Returns the claims of a token that is right; `None` for any other.
    fn check(&self, token: &str) -> Option<Map<String, Value>> {
        let header = decode_header(token).ok()?;
        // A token whose signer wants something understood that nobody here understands (RFC 7515, section 4.1.11).
        if header.crit.is_some() {
            return None;
        }
        let mut keys = self.keys.iter();
        let claims = keys.find_map(|(key, validation)| {
            let fits = key.algorithm == header.alg;
            fits.then(|| decode::<Map<String, Value>>(token, &key.key, validation).ok())?
        });
        let claims = claims?.claims;
        self.is_now(&claims).then_some(claims)
    }

    /// Tells whether a token has begun and has not ended, give or take the leeway.
    fn is_now(&self, claims: &Map<String, Value>) -> bool {
        let now = self.clock.now().as_micros() as f64 / 1e6;
        let leeway = self.leeway.as_secs_f64();
        let time = |name: &str| claims.get(name).map(Value::as_f64);
        let goes_on = matches!(time("exp"), Some(Some(end)) if now < end + leeway);
        let begun = match time("nbf") {
            None => true,
            Some(start) => start.is_some_and(|start| start <= now + leeway),
        };
        goes_on && begun
    }
}

#[async_trait]
impl Access for JwtAccess {
    async fn authorize(&self, _: &Parts, credential: Option<&str>) -> Result<Reader, Denial> {
        let token = credential.ok_or(Denial::Unauthenticated)?;
        let claims = self.check(token).ok_or(Denial::Unauthenticated)?;
        let subject = match claims.get("sub") {
            Some(Value::String(subject)) if !subject.is_empty() => subject,
            _ => return Err(Denial::Unauthenticated),
        };
        let scope = self.claims.scope(&claims)?;
        Ok(Reader::new(scope).id(subject))
    }
}

impl fmt::Debug for JwtAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtAccess")
            .field("keys", &self.keys.len())
            .field("claims", &self.claims)
            .finish_non_exhaustive()
    }
}
