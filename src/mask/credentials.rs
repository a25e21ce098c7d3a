//! What the application tells of the caller, held against the credentials of the request: an id, a session or a key that is told must not be
//! what lets in.
//!
//! A credential in a told text is replaced by its pseudonym, so that equal ones still compare. So is what a detector knows for one, as JSON Web Tokens, wherever it comes from.
//! Ids and e-mail addresses stay: a cookie counts against them only where its name is a secret's, or its value is a key's and its name is not that of a
//! person or a thing.

use std::borrow::Cow;

use super::detect::{Detector, Detectors};
use super::{Pass, authorization, base64, pairs, token};
use crate::capture::{Field, Fields, MAX_TEXT_BYTES};
use crate::entry::{Context, Place};

/// Shorter texts let nobody in, and stand in others by chance.
const MIN_BYTES: usize = 8;
/// The most credentials that are looked for.
const MAX_CREDENTIALS: usize = 1000;
const RULE: &str = "credential";
/// Words in names of cookies that tell who or what it is.
const OF_IDS: [&str; 14] = [
    "account",
    "client",
    "customer",
    "device",
    "email",
    "id",
    "lang",
    "org",
    "project",
    "tenant",
    "uid",
    "user",
    "visitor",
    "workspace",
];

/// The credentials that came with a request.
#[derive(Default)]
pub(super) struct Credentials {
    /// What is a credential for sure, the longest first.
    sure: Vec<String>,
    /// What may be an id as well.
    doubtful: Vec<String>,
}

impl Credentials {
    /// Collects the credentials of a request's fields.
    pub(super) fn of(fields: &Fields, pass: &mut Pass<'_>) -> Self {
        pass.enter(Place::RequestHeader);
        let mut found = Self::default();
        for field in fields.regular() {
            found.take_field(&field, pass);
        }
        pass.enter(Place::Query);
        let query = fields.text(":path").and_then(|it| it.split_once('?'));
        let pairs = query.map_or("", |(_, query)| query).split('&');
        for (name, value) in pairs.filter_map(|it| it.split_once('=')) {
            if pairs::decide(&pairs::decoded(name), pass).is_some() {
                found.take(&pairs::decoded(value), true);
            }
        }
        for list in [&mut found.sure, &mut found.doubtful] {
            list.sort_by_key(|it| std::cmp::Reverse(it.len()));
            list.dedup();
        }
        found
    }

    fn take_field(&mut self, field: &Field<'_>, pass: &mut Pass<'_>) {
        let Ok(value) = std::str::from_utf8(field.value) else {
            return;
        };
        match field.name {
            "authorization" | "proxy-authorization" => self.take_authorization(value.trim()),
            "cookie" => {
                for (name, value) in value.split(';').filter_map(|it| it.split_once('=')) {
                    let value = value.trim().trim_matches('"');
                    let is_sure = is_of_a_session(name, value, pass);
                    self.take(value, is_sure);
                    self.take(&pairs::decoded(value), is_sure);
                }
            }
            name => {
                let rule = pass.headers.decide(name);
                if field.sensitive || rule.is_some_and(|it| pass.headers.shape(it).hides(value)) {
                    self.take_authorization(value.trim());
                }
            }
        }
    }

    /// Takes credentials with or without a scheme; of `Basic` the password, and the name where it stands alone.
    fn take_authorization(&mut self, value: &str) {
        let (scheme, credentials) = match value.split_once([' ', '\t']) {
            Some((scheme, rest)) if authorization::is_scheme(scheme) => (scheme, rest.trim()),
            _ => ("", value),
        };
        self.take(credentials, true);
        if scheme.eq_ignore_ascii_case("basic")
            && let Some(decoded) = base64::decode(credentials.trim_end_matches('='))
            && let Some((name, password)) = decoded.split_once(':')
        {
            self.take(if password.is_empty() { name } else { password }, true);
        }
        let is_between = |letter: char| letter.is_whitespace() || matches!(letter, ',' | '"' | '=');
        for word in credentials.split(is_between) {
            if word.len() < credentials.len() && token::is_opaque(word) {
                self.take(word, true);
            }
        }
    }

    fn take(&mut self, credential: &str, is_sure: bool) {
        let list = if is_sure {
            &mut self.sure
        } else {
            &mut self.doubtful
        };
        if credential.len() >= MIN_BYTES && list.len() < MAX_CREDENTIALS {
            list.push(credential.to_owned());
        }
    }

    /// Replaces the credentials in what was told.
    pub(super) fn clean(&self, told: &mut Context, pass: &mut Pass<'_>) {
        pass.enter(Place::Context);
        let Context {
            actor,
            impersonator,
            session,
            api_key,
            organisation,
            project,
            project_name,
            environment,
            resource,
            request_id,
            client_ip: _,
            peer_ip: _,
            user_agent,
            trace_id,
            api_version,
        } = told;
        let mut ids = vec![
            ("impersonator", impersonator.as_mut()),
            ("organisation", organisation.as_mut()),
            ("project", project.as_mut()),
            ("project_name", project_name.as_mut()),
            ("environment", environment.as_mut()),
            ("request_id", request_id.as_mut()),
            ("user_agent", user_agent.as_mut()),
            ("trace_id", trace_id.as_mut()),
            ("api_version", api_version.as_mut()),
        ];
        if let Some(actor) = actor {
            ids.push(("actor id", Some(&mut actor.id)));
            ids.push(("actor email", actor.email.as_mut()));
            ids.push(("actor first_name", actor.first_name.as_mut()));
            ids.push(("actor last_name", actor.last_name.as_mut()));
        }
        if let Some(resource) = resource {
            ids.push(("resource kind", Some(&mut resource.kind)));
            ids.push(("resource id", Some(&mut resource.id)));
        }
        for (name, text) in ids {
            self.clean_text(name, text, &[&self.sure], pass);
        }
        // Neither is ever what a cookie holds.
        let all: [&[String]; 2] = [&self.sure, &self.doubtful];
        self.clean_text("session", session.as_mut(), &all, pass);
        self.clean_text("api_key", api_key.as_mut(), &all, pass);
    }

    fn clean_text(
        &self,
        name: &str,
        text: Option<&mut String>,
        lists: &[&[String]],
        pass: &mut Pass<'_>,
    ) {
        let Some(text) = text.filter(|it| it.len() >= MIN_BYTES) else {
            return;
        };
        let mut shown = Cow::Borrowed(text.as_str());
        for credential in lists.iter().copied().flatten() {
            if shown.contains(credential.as_str()) {
                let pseudonym = pass.hash.pseudonym(credential);
                shown = Cow::Owned(shown.replace(credential.as_str(), &pseudonym));
            } else if let Some(at) = cut_within(&shown, credential) {
                let pseudonym = pass.hash.pseudonym(credential);
                shown = Cow::Owned(format!("{}{pseudonym}", &shown[..at]));
            }
        }
        let mut found = Vec::new();
        // A pseudonym after `Bearer` would be found again.
        if let Cow::Borrowed(told) = shown {
            Detectors::default().find(told, false, &mut found);
        }
        for spot in found.iter().rev().filter(|it| lets_in(it.detector)) {
            let pseudonym = pass.hash.pseudonym(&shown[spot.start..spot.end]);
            shown
                .to_mut()
                .replace_range(spot.start..spot.end, &pseudonym);
        }
        if let Cow::Owned(shown) = shown {
            pass.report.masked(|| name.to_owned(), RULE, text.len());
            *text = shown;
        }
    }
}

/// Returns where a credential begins that goes on after the end of a text that was cut.
fn cut_within(text: &str, credential: &str) -> Option<usize> {
    const MAX_LEN_UTF8: usize = 4;
    if text.len() + MAX_LEN_UTF8 <= MAX_TEXT_BYTES {
        return None;
    }
    let beginning = (MIN_BYTES..MIN_BYTES + MAX_LEN_UTF8).find_map(|end| credential.get(..end))?;
    let mut begins = text.match_indices(beginning).map(|(at, _)| at);
    begins.find(|&at| credential.starts_with(&text[at..]))
}

/// Tells whether what a detector looks for is a credential, wherever it comes from.
fn lets_in(detector: Detector) -> bool {
    use Detector::{Credentials, Jwt, PrivateKey, ProviderKey};
    matches!(detector, Jwt | PrivateKey | ProviderKey | Credentials)
}

/// Tells whether a cookie lets in, rather than telling who or what it is.
fn is_of_a_session(name: &str, value: &str, pass: &mut Pass<'_>) -> bool {
    let rule = pass.pairs.decide(name.trim());
    let mut words = name
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .map(str::to_ascii_lowercase);
    rule.is_some() || token::is_opaque(value) && !words.any(|it| OF_IDS.contains(&it.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{Actor, Resource};
    use crate::mask::tests::{Sample, pass_with};
    use crate::mask::{Masker, Rules};

    const TOKEN: &str = "canary-7f3a91c5d2";
    const COOKIE: &str = "canary4k8Zq0Rw7Yt2Lm5Xp9Bc";
    /// Of `{"alg":"none"}` and `{"sub":"canary"}`.
    const JWT: &str = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJjYW5hcnkifQ.c2ln";

    fn rules() -> Rules {
        Rules::default().hash_key([7; 32])
    }

    fn sample() -> Sample {
        let mut sample = Sample::new();
        for (name, value) in [
            (":path", "/a?access_token=canary-of-a-query"),
            ("authorization", "Bearer canary-7f3a91c5d2"),
            // `jane_doe:canary-password`
            (
                "proxy-authorization",
                "Basic amFuZV9kb2U6Y2FuYXJ5LXBhc3N3b3Jk",
            ),
            ("x-api-key", "canary-of-a-key"),
            (
                "cookie",
                "sid=canary-of-a-session; x=\"canary4k8Zq0Rw7Yt2Lm5Xp9Bc\"; user=user_1234; email=jane%40doe.test; uid=61bd73de-ce28-4a1b-8c3d-0123456789ab",
            ),
        ] {
            sample.request.retain(|(known, _)| *known != name);
            sample.request.push((name, value.to_owned()));
        }
        sample
    }

    fn told(fill: impl FnOnce(&mut Context)) -> Context {
        let mut captured = sample().captured();
        let mut context = Context::default();
        fill(&mut context);
        captured.told = Some(Box::new(context));
        let entry = Masker::new(&rules()).unwrap().exchange(captured).entry;
        let spots = &entry.exchange().unwrap().masked;
        let spots = spots.iter().filter(|it| it.place == Place::Context).count();
        let stored = serde_json::to_string(&entry.context).unwrap();
        assert_eq!(spots > 0, stored.contains("hmac."), "{stored}");
        entry.context
    }

    #[test]
    fn t19_no_told_text_is_or_holds_a_credential_of_the_request() {
        for raw in [
            TOKEN,
            "Bearer canary-7f3a91c5d2",
            "canary-password",
            "canary-of-a-key",
            "canary-of-a-session",
            "canary-of-a-query",
            "user:canary-of-a-key!",
            COOKIE,
            JWT,
            &format!("jwt:{JWT}"),
        ] {
            let context = told(|told| {
                let own = || Some(raw.to_owned());
                told.actor = Some(Actor::service(raw).email(raw).name(raw, raw));
                told.resource = Some(Resource::new(raw, raw));
                (told.session, told.api_key, told.impersonator) = (own(), own(), own());
                (told.organisation, told.project, told.project_name) = (own(), own(), own());
                (told.environment, told.user_agent, told.request_id) = (own(), own(), own());
                (told.trace_id, told.api_version) = (own(), own());
            });
            let stored = serde_json::to_string(&context).unwrap();
            assert!(
                !stored.contains("canary") && !stored.contains("eyJ"),
                "{raw}: {stored}"
            );
        }
    }

    #[test]
    fn told_key_becomes_its_pseudonym_which_is_searched_for() {
        let context = told(|told| told.api_key = Some(format!("Bearer {TOKEN}")));
        let searched = Masker::new(&rules()).unwrap().pseudonyms(TOKEN).remove(0);
        assert_eq!(context.api_key, Some(format!("Bearer {searched}")));
    }

    #[test]
    fn t3_credential_that_a_told_text_was_cut_within_is_replaced() {
        let long = format!("canary-{}", "x1".repeat(600));
        let mut fields = Fields::default();
        fields.push("x-api-key", long.as_bytes(), false);
        let mut context = Context {
            session: Some(format!("of {long}")[..MAX_TEXT_BYTES].to_owned()),
            ..Context::default()
        };
        pass_with(&rules(), |pass| {
            Credentials::of(&fields, pass).clean(&mut context, pass);
        });
        assert!(context.session.unwrap().starts_with("of hmac."));
    }

    #[test]
    fn ids_and_addresses_stay_though_a_cookie_holds_them_too() {
        let id = "61bd73de-ce28-4a1b-8c3d-0123456789ab";
        for text in ["user_1234", "jane@doe.test", "jane_doe", id, "key_1"] {
            let context = told(|told| told.actor = Some(Actor::user(text).email(text)));
            assert_eq!(context.actor, Some(Actor::user(text).email(text)), "{text}");
        }
        let context = told(|told| told.session = Some(id.to_owned()));
        assert_ne!(
            context.session.as_deref(),
            Some(id),
            "a session is not told by its cookie"
        );
    }
}
