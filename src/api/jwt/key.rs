use std::fmt;

use jsonwebtoken::{Algorithm, DecodingKey};

use crate::error::Error;

/// How a token is signed (RFC 7518, RFC 8037). `none` is not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JwtAlgorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PSS with SHA-512.
    Ps512,
    /// ECDSA on P-256.
    Es256,
    /// ECDSA on P-384.
    Es384,
    /// Ed25519.
    EdDsa,
}

/// A key that checks tokens of one algorithm, and of no other: that a token names another one does not make the key one of that kind.
#[derive(Clone)]
pub struct JwtKey {
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

impl JwtKey {
    /// Makes a key: of the secret's bytes for the HMAC algorithms, of the public key in PEM for the others.
    ///
    /// # Errors
    ///
    /// A configuration error when the secret has fewer bytes than the algorithm's hash (RFC 7518, section 3.2) or is PEM, and when the PEM is none of a
    /// public key of that kind.
    pub fn new(algorithm: JwtAlgorithm, key: impl AsRef<[u8]>) -> Result<Self, Error> {
        let key = key.as_ref();
        let pem = |read: fn(&[u8]) -> jsonwebtoken::errors::Result<DecodingKey>| {
            read(key).map_err(|_| {
                Error::configuration("a JWT key must be the PEM of a public key of its algorithm")
            })
        };
        let (algorithm, key) = match algorithm {
            JwtAlgorithm::Hs256 => (Algorithm::HS256, secret(key, 32)?),
            JwtAlgorithm::Hs384 => (Algorithm::HS384, secret(key, 48)?),
            JwtAlgorithm::Hs512 => (Algorithm::HS512, secret(key, 64)?),
            JwtAlgorithm::Rs256 => (Algorithm::RS256, pem(DecodingKey::from_rsa_pem)?),
            JwtAlgorithm::Rs384 => (Algorithm::RS384, pem(DecodingKey::from_rsa_pem)?),
            JwtAlgorithm::Rs512 => (Algorithm::RS512, pem(DecodingKey::from_rsa_pem)?),
            JwtAlgorithm::Ps256 => (Algorithm::PS256, pem(DecodingKey::from_rsa_pem)?),
            JwtAlgorithm::Ps384 => (Algorithm::PS384, pem(DecodingKey::from_rsa_pem)?),
            JwtAlgorithm::Ps512 => (Algorithm::PS512, pem(DecodingKey::from_rsa_pem)?),
            JwtAlgorithm::Es256 => (Algorithm::ES256, pem(DecodingKey::from_ec_pem)?),
            JwtAlgorithm::Es384 => (Algorithm::ES384, pem(DecodingKey::from_ec_pem)?),
            JwtAlgorithm::EdDsa => (Algorithm::EdDSA, pem(DecodingKey::from_ed_pem)?),
        };
        Ok(Self { algorithm, key })
    }
}

fn secret(key: &[u8], least: usize) -> Result<DecodingKey, Error> {
    // A public key is known to everybody, and so is no secret.
    if key.len() < least || key.trim_ascii_start().starts_with(b"-----BEGIN") {
        return Err(Error::configuration(
            "a JWT secret must have as many bytes as its hash, and must not be PEM",
        ));
    }
    Ok(DecodingKey::from_secret(key))
}

impl fmt::Debug for JwtKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtKey")
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}
