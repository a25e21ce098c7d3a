use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use jsonwebtoken::Validation;
use jsonwebtoken::crypto::{CryptoProvider, rust_crypto};

use super::claims::Claims;
use super::{JwtAccess, JwtKey};
use crate::clock::{Clock, SystemClock};
use crate::error::Error;

/// A [`JwtAccess`] in the making.
pub struct JwtBuilder {
    keys: Vec<JwtKey>,
    issuer: String,
    audience: String,
    claims: Claims,
    leeway: Duration,
    clock: Box<dyn Clock>,
}

impl JwtBuilder {
    /// The longest leeway.
    pub const MAX_LEEWAY: Duration = Duration::from_secs(600);

    pub(super) fn new(key: JwtKey) -> Self {
        Self {
            keys: vec![key],
            issuer: String::new(),
            audience: String::new(),
            claims: Claims::default(),
            leeway: Duration::ZERO,
            clock: Box::new(SystemClock::default()),
        }
    }

    /// Accepts another key as well, while keys are changed.
    #[must_use]
    pub fn key(mut self, key: JwtKey) -> Self {
        self.keys.push(key);
        self
    }

    /// Says what `iss` must be.
    #[must_use]
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = issuer.into();
        self
    }

    /// Says what `aud` must be, or hold.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = audience.into();
        self
    }

    /// Names the claim that holds the reader's organisation, the tenant: a text that is not empty.
    #[must_use]
    pub fn organisation_claim(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.claims.organisation = Some(name.into());
        self
    }

    /// Names the claim that holds the environment to which the reader is held.
    #[must_use]
    pub fn environment_claim(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.claims.environment = Some(name.into());
        self
    }

    /// Names the claim that holds the actor to whose own calls the reader is held: often `sub`.
    #[must_use]
    pub fn actor_claim(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.claims.actor = Some(name.into());
        self
    }

    /// Lets readers see everything whose claim is this text, or a list that holds it. Without it nobody does.
    #[must_use]
    pub fn everything_where(
        mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.claims.everything = Some((name.into(), value.into()));
        self
    }

    /// Says by how much the issuer's clock may differ from ours: by default by nothing.
    #[must_use]
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Takes the time from another clock than the machine's.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// Builds it. Where the process has not chosen a backend for the jsonwebtoken crate, it has the one in pure Rust from then on.
    ///
    /// # Errors
    ///
    /// A configuration error when there is no issuer or no audience, when no claim is named by which anybody could see anything, when a name or a value is
    /// empty, and when the leeway is longer than [`JwtBuilder::MAX_LEEWAY`].
    pub fn build(self) -> Result<JwtAccess, Error> {
        self.check()?;
        // Without a choice the crate panics at the first token if another crate has switched on its other backend.
        let _ = CryptoProvider::install_default(&rust_crypto::DEFAULT_PROVIDER);
        let keys: Vec<_> = self
            .keys
            .into_iter()
            .map(|key| {
                let mut validation = Validation::new(key.algorithm);
                validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
                validation.set_issuer(&[&self.issuer]);
                validation.set_audience(&[&self.audience]);
                // Against the injected clock instead.
                validation.validate_exp = false;
                (key, validation)
            })
            .collect();
        Ok(JwtAccess {
            keys,
            claims: self.claims,
            leeway: self.leeway,
            clock: self.clock,
        })
    }

    fn check(&self) -> Result<(), Error> {
        if self.issuer.is_empty() || self.audience.is_empty() {
            return Err(Error::configuration(
                "JWT readers need an issuer and an audience",
            ));
        }
        let Claims {
            organisation,
            environment,
            actor,
            everything,
        } = &self.claims;
        let (name, value) = everything
            .as_ref()
            .map(|(name, value)| (name, value))
            .unzip();
        let names = [organisation.as_ref(), actor.as_ref(), name];
        if names.iter().all(Option::is_none) {
            return Err(Error::configuration(
                "JWT readers need a claim that tells what they may see",
            ));
        }
        let mut texts = names
            .into_iter()
            .chain([environment.as_ref(), value])
            .flatten();
        if texts.any(|text| text.is_empty()) || self.leeway > Self::MAX_LEEWAY {
            return Err(Error::configuration(
                "JWT readers need claims with names and values, and a leeway of at most ten minutes",
            ));
        }
        Ok(())
    }
}

impl fmt::Debug for JwtBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtBuilder")
            .field("keys", &self.keys)
            .field("claims", &self.claims)
            .finish_non_exhaustive()
    }
}
