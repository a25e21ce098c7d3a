use std::borrow::Cow;
use std::time::Duration;

use super::sign::request_id;
use crate::entry::EntryId;
use crate::format::fields::{Case, Object};
use crate::format::{RateLimit, Refusal, Reply};

/// Writes a refusal in Persona's words.
pub(in crate::format) fn refuse(refusal: &Refusal, id: EntryId) -> Reply {
    let mut error = Object::new().with("title", title(refusal));
    if let Some(details) = details(refusal) {
        error = error.with("details", details);
    }
    let document = Object::new().with("errors", vec![error.into()]);
    let mut reply = Reply::json(refusal.status(), &document.cased(Case::Kebab));
    // A reader whom `Access` forbids to read is known and has no scope, by which `sign` tells who is known.
    if matches!(refusal, Refusal::Forbidden(_)) {
        request_id(id, &mut reply.headers);
    }
    reply
}

fn title(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::NoCredential => "Must be authenticated to access this endpoint",
        Refusal::BadCredential => "Token is invalid",
        Refusal::Forbidden(_) => "Forbidden",
        Refusal::NoEntry => "Record not found",
        Refusal::NoRoute => "Not found",
        Refusal::MethodNotAllowed => "Method not allowed",
        Refusal::BadParameter { .. } | Refusal::Invalid(_) => "Bad Request",
        Refusal::RateLimited(_) => "Rate limit exceeded",
        Refusal::Unprocessable { .. } => "Unprocessable entity",
        Refusal::Internal => "Internal server error",
        Refusal::Unavailable => "Service unavailable",
    }
}

fn details(refusal: &Refusal) -> Option<String> {
    let Refusal::RateLimited(rate) = refusal else {
        return refusal.details();
    };
    let RateLimit { limit, period, .. } = rate;
    Some(format!(
        "You have hit your rate limit of {limit} requests / {}. Please reach out to support if you need this changed.",
        unit(*period)
    ))
}

fn unit(period: Duration) -> Cow<'static, str> {
    match (period.as_secs(), period.subsec_nanos()) {
        (1, 0) => "s".into(),
        (60, 0) => "min".into(),
        (3600, 0) => "h".into(),
        (86_400, 0) => "day".into(),
        _ => format!("{} s", period.as_secs_f64()).into(),
    }
}
