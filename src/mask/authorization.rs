use super::{STARS, base64, token};

/// Schemes that may show: those registered with IANA and well-known others. An unknown first word may be the credential itself.
const SCHEMES: &[&str] = &[
    "Basic",
    "Bearer",
    "Concealed",
    "Digest",
    "DPoP",
    "GNAP",
    "HOBA",
    "Mutual",
    "Negotiate",
    "OAuth",
    "PrivateToken",
    "SCRAM-SHA-1",
    "SCRAM-SHA-256",
    "vapid",
    "ApiKey",
    "Api-Key",
    "AWS",
    "AWS4-HMAC-SHA256",
    "AWS4-ECDSA-P256-SHA256",
    "Bot",
    "GenieKey",
    "GoogleLogin",
    "Hawk",
    "HMAC",
    "JWT",
    "Kerberos",
    "Key",
    "NTLM",
    "SharedKey",
    "SharedKeyLite",
    "Signature",
    "SSWS",
    "Token",
];

/// Schemes whose credentials are one token.
const TOKEN_SCHEMES: &[&str] = &[
    "Bearer",
    "PrivateToken",
    "ApiKey",
    "Api-Key",
    "Bot",
    "GenieKey",
    "Key",
    "SSWS",
    "Token",
];

/// Schemes whose challenges carry credentials too.
const TALKING_SCHEMES: &[&str] = &[
    "Mutual",
    "Negotiate",
    "NTLM",
    "Kerberos",
    "SCRAM-SHA-1",
    "SCRAM-SHA-256",
];

/// Masks credentials: a known scheme stays, of a single token shows what `shown` lets show, of the rest nothing.
pub(super) fn mask(value: &str, shown: impl Fn(&str) -> Option<String>) -> String {
    let value = value.trim();
    match value.split_once([' ', '\t']) {
        Some((scheme, credentials)) if is_one_of(scheme, SCHEMES) => {
            let shown = is_one_of(scheme, TOKEN_SCHEMES)
                .then(|| shown(credentials.trim()))
                .flatten();
            format!("{scheme} {}", shown.as_deref().unwrap_or(STARS))
        }
        Some(_) => STARS.to_owned(),
        None => shown(value).unwrap_or_else(|| STARS.to_owned()),
    }
}

/// Masks `WWW-Authenticate` from its first scheme on that talks back and forth. Other challenges hold a realm and stay.
pub(super) fn mask_challenge(value: &str) -> Option<String> {
    let mut start = 0;
    for challenge in value.split(',') {
        let bare = challenge.trim_start();
        let lead = start + challenge.len() - bare.len();
        if let Some((scheme, _)) = bare.split_once([' ', '\t'])
            && is_one_of(scheme, TALKING_SCHEMES)
        {
            let before = value.get(..lead).unwrap_or_default();
            return Some(format!("{before}{scheme} {STARS}"));
        }
        start += challenge.len() + 1;
    }
    None
}

/// Tells whether a word is the name of a known scheme.
pub(super) fn is_scheme(word: &str) -> bool {
    is_one_of(word, SCHEMES)
}

/// Tells whether text is `Bearer` or `Basic` and credentials, and not two words.
pub(super) fn is_credentials(text: &str) -> bool {
    const MIN_BYTES: usize = 8;
    let Some((scheme, credentials)) = text.trim().split_once(' ') else {
        return false;
    };
    // The characters of `token68` (RFC 9110 section 11.2); a challenge has quotes or `=` within.
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    let bare = credentials.trim_end_matches('=');
    if bare.len() < MIN_BYTES || !bare.bytes().all(is_letter) {
        return false;
    }
    match scheme {
        // `bearer token-based` is two words.
        _ if scheme.eq_ignore_ascii_case("bearer") => {
            token::is_opaque(bare) || bare.bytes().any(|byte| byte.is_ascii_digit())
        }
        _ if scheme.eq_ignore_ascii_case("basic") => {
            base64::decode(bare).is_some_and(|it| it.contains(':'))
        }
        _ => false,
    }
}

/// Tells whether text that was cut may go on to be credentials, of which too little is there to tell.
pub(super) fn begins_credentials(text: &str) -> bool {
    let scheme = text.trim_start().split_once(' ');
    scheme.is_some_and(|(scheme, rest)| {
        is_one_of(scheme, &["Bearer", "Basic"]) && !rest.contains(char::is_whitespace)
    })
}

fn is_one_of(scheme: &str, known: &[&str]) -> bool {
    known.iter().any(|it| it.eq_ignore_ascii_case(scheme))
}

#[cfg(test)]
mod tests {
    use super::super::token;
    use super::*;

    #[test]
    fn t1_credentials_of_every_scheme_are_masked_and_known_schemes_stay() {
        for (value, shown) in [
            ("Basic Y2FuYXJ5OmNhbmFyeQ==", "Basic ****"),
            ("bAsIc   Y2FuYXJ5", "bAsIc ****"),
            ("Bearer canary-7f3a", "Bearer ****"),
            (
                "Bearer persona_production_61bd73de-ce28-4a1b-8c3d-0123456789ab",
                "Bearer persona_production_61bd73de-ce28-****-****-************",
            ),
            (
                "Token demo_live_4k8Zq0Rw7Yt2Lm5Xp9Bc",
                "Token demo_live_****",
            ),
            (
                "Digest username=\"canary\", response=\"canary\"",
                "Digest ****",
            ),
            (
                "AWS4-HMAC-SHA256 Credential=canary, Signature=canary",
                "AWS4-HMAC-SHA256 ****",
            ),
            ("Basic demo_live_4k8Zq0Rw7Yt2Lm5Xp9Bc", "Basic ****"),
            ("canary7f3a canary7f3b", "****"),
            ("canary-7f3a", "****"),
            ("Basic", "****"),
            ("Bearer a Bearer b", "Bearer ****"),
            ("Basic,canary x", "****"),
            ("", "****"),
        ] {
            assert_eq!(mask(value, token::shown), shown, "{value}");
        }
        assert_eq!(
            mask_challenge("Negotiate canary").as_deref(),
            Some("Negotiate ****")
        );
        assert_eq!(
            mask_challenge("Basic realm=\"a, b\", NTLM canary, Digest x=canary").as_deref(),
            Some("Basic realm=\"a, b\", NTLM ****")
        );
        assert_eq!(mask_challenge("Bearer realm=\"api\""), None);
    }

    #[test]
    fn words_after_bearer_are_no_credentials() {
        for text in [
            "bearer token-based",
            "Bearer authentication",
            "bearer of bad news",
        ] {
            assert!(!is_credentials(text), "{text}");
        }
        assert!(is_credentials("Bearer canary-7f3a"));
        assert!(is_credentials("bearer kYqZwRtNbVcXsDfGhJkL-x"));
    }
}
