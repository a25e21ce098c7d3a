//! What is masked by default. Readers of the table: a rule is a name, [`Fit`] says where in a name it counts, [`Shape`] what may show.
//!
//! Doubtful names are masked unless they are common and harmless. What stays, and why: `token_type`, `token_count`, `max_tokens`
//! (tokens of a model), `next_page_token` (a cursor), `publishable_key`, `public_key`, `idempotency_key`, `key` and `code` in JSON (in
//! parameters they are Google's API key and OAuth's code), `session` in JSON (an object more often than a secret), `account_number`.

use super::names::Fit::{Alone, Ending, Inside, Last, Words};
use super::names::Shape::{Token, Whole};
use super::names::{Fit, Rule, Shape};

pub(super) type Preset = (&'static str, Fit, Shape);

/// What a `token` belongs to when it is no secret: cursors, and the tokens of language models.
const HARMLESS_TOKENS: &[&str] = &[
    "page",
    "next",
    "previous",
    "prev",
    "continuation",
    "per",
    "first",
    "eos",
    "bos",
    "pad",
    "stop",
    "unk",
    "special",
];

/// What a header's `key` belongs to when it is no secret.
const HARMLESS_KEYS: &[&str] = &[
    "idempotency",
    "websocket",
    "surrogate",
    "cache",
    "partition",
    "routing",
    "sort",
    "public",
    "publishable",
    "aggregation",
    "dedup",
    "deduplication",
];

/// Names of JSON fields, form and multipart fields, query parameters and header fields alike.
pub(super) const FIELDS: &[Preset] = &[
    // Passwords.
    ("password", Inside, Whole),
    ("passwort", Inside, Whole),
    ("passwd", Inside, Whole),
    ("passphrase", Inside, Whole),
    ("passcode", Inside, Whole),
    ("pwd", Ending(&[]), Whole),
    ("pass", Last, Whole),
    ("pass hash", Words, Whole),
    ("pass confirmation", Words, Whole),
    ("passkey", Words, Whole),
    ("security answer", Words, Whole),
    ("mnemonic", Words, Whole),
    ("seed phrase", Words, Whole),
    ("recovery phrase", Words, Whole),
    // Secrets and keys.
    ("secret", Words, Whole),
    ("secret", Ending(&[]), Whole),
    ("secretkey", Inside, Whole),
    ("clientsecret", Inside, Whole),
    ("apikey", Inside, Token),
    ("api key", Words, Token),
    ("api secret", Words, Whole),
    ("access key", Words, Token),
    ("account key", Words, Whole),
    ("auth key", Words, Token),
    ("backup key", Words, Whole),
    ("decryption key", Words, Whole),
    ("deploy key", Words, Whole),
    ("encryption key", Words, Whole),
    ("hmac key", Words, Whole),
    ("license key", Words, Whole),
    ("licence key", Words, Whole),
    ("master key", Words, Whole),
    ("privatekey", Inside, Whole),
    ("private key", Words, Whole),
    ("recovery key", Words, Whole),
    ("root key", Words, Whole),
    ("service key", Words, Whole),
    ("session key", Words, Whole),
    ("shared key", Words, Whole),
    ("signing key", Words, Whole),
    ("ssh key", Last, Whole),
    ("subscription key", Words, Token),
    ("webhook key", Words, Whole),
    ("credential", Words, Whole),
    ("connection string", Words, Whole),
    ("database url", Words, Whole),
    ("db url", Words, Whole),
    ("dsn", Last, Whole),
    ("keystore", Alone, Whole),
    // Tokens and sessions.
    ("token", Ending(HARMLESS_TOKENS), Token),
    ("tokens", Alone, Whole),
    ("access tokens", Last, Token),
    ("api tokens", Last, Token),
    ("auth tokens", Last, Token),
    ("bearer tokens", Last, Token),
    ("id tokens", Last, Token),
    ("refresh tokens", Last, Token),
    ("session tokens", Last, Token),
    ("token hash", Words, Whole),
    ("token key", Words, Whole),
    ("token value", Words, Token),
    ("jwt", Words, Whole),
    ("bearer", Last, Token),
    ("auth", Alone, Whole),
    ("basic auth", Words, Whole),
    ("authorization", Last, Whole),
    ("authorization code", Words, Whole),
    ("authorization header", Words, Whole),
    ("auth code", Words, Whole),
    ("auth header", Words, Whole),
    ("oauth verifier", Words, Whole),
    ("code verifier", Words, Whole),
    ("device code", Words, Whole),
    ("user code", Words, Whole),
    ("assertion", Last, Whole),
    ("saml response", Words, Whole),
    ("csrf", Words, Whole),
    ("xsrf", Words, Whole),
    ("cookie", Last, Whole),
    ("session id", Words, Whole),
    ("sess id", Words, Whole),
    ("jsessionid", Words, Whole),
    ("phpsessid", Words, Whole),
    ("sid", Alone, Whole),
    ("magic link", Words, Whole),
    ("reset link", Words, Whole),
    ("reset url", Words, Whole),
    // Codes that are used once.
    ("otp", Words, Whole),
    ("totp", Words, Whole),
    ("hotp", Words, Whole),
    ("mfa code", Words, Whole),
    ("2fa", Last, Whole),
    ("2fa code", Words, Whole),
    ("two factor code", Words, Whole),
    ("one time code", Words, Whole),
    ("one time pin", Words, Whole),
    ("backup code", Words, Whole),
    ("recovery code", Words, Whole),
    ("reset code", Words, Whole),
    ("security code", Words, Whole),
    ("sms code", Words, Whole),
    ("verification code", Words, Whole),
    ("pin", Last, Whole),
    ("pin code", Words, Whole),
    ("pin hash", Words, Whole),
    ("pin number", Words, Whole),
    // Signatures that grant.
    ("signature", Last, Whole),
    ("sig", Last, Whole),
    ("hmac", Last, Whole),
    // Cards, accounts and persons (PCI DSS 3.3.1 and 3.4.1: no code, track or PIN ever).
    ("cvv", Words, Whole),
    ("cvc", Words, Whole),
    ("cvn", Words, Whole),
    ("card number", Words, Whole),
    ("cardnumber", Inside, Whole),
    ("card verification", Words, Whole),
    ("primary account number", Words, Whole),
    ("pan", Last, Whole),
    ("track data", Words, Whole),
    ("track 1", Words, Whole),
    ("track 2", Words, Whole),
    ("iban", Words, Whole),
    ("bank account number", Words, Whole),
    ("ssn", Words, Whole),
    ("social security", Words, Whole),
];

/// Names that are secret in a query, a fragment or a form, where they are OAuth's, SAML's or a signed URL's. With those of
/// [`FIELDS`] they hold OpenTelemetry's list of query keys (`AWSAccessKeyId`, `Signature`, `sig`, `X-Goog-Signature`) and `X-Amz-*`.
pub(super) const PARAMETERS: &[Preset] = &[
    ("code", Alone, Whole),
    ("key", Alone, Token),
    ("session", Alone, Whole),
    ("saml request", Words, Whole),
    ("relay state", Alone, Whole),
    ("x amz credential", Words, Whole),
    ("x amz security token", Words, Whole),
    ("x goog credential", Words, Whole),
];

/// Header fields that the words of [`FIELDS`] do not hold.
pub(super) const HEADERS: &[Preset] = &[
    ("authentication info", Alone, Whole),
    ("proxy authentication info", Alone, Whole),
    ("auth", Last, Whole),
    ("dpop", Alone, Whole),
    ("key", Ending(HARMLESS_KEYS), Token),
    ("x amzn oidc data", Alone, Whole),
    ("x ms client principal", Alone, Whole),
    ("x remote user credentials", Alone, Whole),
    ("php auth pw", Alone, Whole),
    ("sec token binding", Alone, Whole),
];

/// Header fields whose names hold a rule's words and that are known to be harmless.
pub(super) const HARMLESS_HEADERS: &[&str] = &[
    "access-control-allow-credentials",
    "access-control-allow-headers",
    "access-control-expose-headers",
    "access-control-request-headers",
];

pub(super) fn rules(presets: &[Preset]) -> impl Iterator<Item = Rule> {
    presets.iter().map(|&(name, fit, shape)| Rule {
        name: name.to_owned(),
        fit,
        shape,
    })
}
