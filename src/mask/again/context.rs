//! Who called, as fields of their names.
//!
//! The defaults do not count here: what the application tells of its callers is told on purpose, and held against the credentials of the call when it is
//! masked first. The rules of the user do, by the names below, by those of the header fields that tell the same, by detectors that they turn on and by patterns.

use std::net::IpAddr;

use super::headers::OF_PROXIES;
use super::{Again, MASKED, WITHHELD, is_mark};
use crate::entry::{Context, Place};
use crate::mask::names::RuleId;
use crate::mask::{Detector, Pass, Replacement, allow, detect};

/// One of the things that are told of a call.
struct Told {
    /// Its name in reports.
    pointer: &'static str,
    /// What a rule for fields may call it.
    names: &'static [&'static str],
    /// The header fields that tell it.
    headers: &'static [&'static str],
}

/// A rule of the user's, and in which list it stands.
enum Hides {
    Field(RuleId),
    Header(RuleId),
}

impl Told {
    const fn new(pointer: &'static str, names: &'static [&'static str]) -> Self {
        let headers = &[];
        Self {
            pointer,
            names,
            headers,
        }
    }

    const fn by(self, headers: &'static [&'static str]) -> Self {
        Self { headers, ..self }
    }

    /// Returns the rule of the user's that hides it.
    fn rule(&self, pass: &mut Pass<'_>) -> Option<Hides> {
        pass.enter(Place::RequestHeader);
        let by_header = self.headers.iter().find_map(|name| {
            let rule = pass.headers.decide(name);
            rule.filter(|&it| pass.headers.is_own(it))
        });
        enter(pass);
        let by_name = self.names.iter().find_map(|name| {
            let rule = pass.fields.decide(name);
            rule.filter(|&it| pass.fields.is_own(it))
        });
        let by_header = by_header.map(Hides::Header);
        by_name.map(Hides::Field).or(by_header)
    }

    /// Returns what shows of a text; `None` where it stays, and an empty option where it is left out.
    fn mask(&self, text: &str, pass: &mut Pass<'_>) -> Option<Option<String>> {
        let Some(rule) = self.rule(pass) else {
            let mark = pass.report.mark();
            let masked = pass.mask_found(text, false)?;
            pass.report.under(&mark, || self.pointer.to_owned());
            return Some(Some(masked));
        };
        let (replacement, name) = match rule {
            Hides::Field(rule) => (pass.fields.replacement(rule), pass.fields.rule_name(rule)),
            Hides::Header(rule) => (pass.headers.replacement(rule), pass.headers.rule_name(rule)),
        };
        pass.report
            .masked(|| self.pointer.to_owned(), name, text.len());
        let shown = || {
            replacement
                .of(text, pass.hash)
                .unwrap_or_else(|| MASKED.to_owned())
        };
        Some((replacement != Replacement::Remove).then(shown))
    }
}

/// Enters the context, where only the detectors count that a rule of the user's turns on.
fn enter(pass: &mut Pass<'_>) {
    pass.enter(Place::Context);
    let off = detect::Detectors::default();
    let off = Detector::ALL.into_iter().fold(off, |on, it| on.without(it));
    let rules = pass.finders.rules.iter().filter(|it| it.counts);
    pass.detectors = rules.fold(off, |on, it| on.with(it.detector));
}

impl Again<'_> {
    /// Masks what is told of who called.
    pub(super) fn context(&mut self, context: &mut Context) {
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
            client_ip,
            peer_ip,
            user_agent,
            trace_id,
            api_version,
        } = context;
        let key = ["authorization", "x-api-key", "api-key"].as_slice();
        if let Some(actor) = actor {
            let id = Told::new("actor id", &["actor_id", "user_id"]);
            self.text_of(&id, &mut actor.id);
            let email = Told::new(
                "actor email",
                &["actor_email", "user_email", "email_address"],
            );
            self.member(&email, &mut actor.email);
            let first = &["actor_first_name", "user_first_name", "user_name"];
            self.member(&Told::new("actor first_name", first), &mut actor.first_name);
            let last = &["actor_last_name", "user_last_name", "user_name"];
            self.member(&Told::new("actor last_name", last), &mut actor.last_name);
        }
        if let Some(resource) = resource {
            let kind = Told::new("resource kind", &["resource_kind", "resource_type"]);
            self.text_of(&kind, &mut resource.kind);
            self.text_of(
                &Told::new("resource id", &["resource_id"]),
                &mut resource.id,
            );
        }
        let organisations = &["organisation_id", "organization_id", "tenant_id"];
        for (told, text) in [
            (
                Told::new("impersonator", &["impersonator_id"]),
                impersonator,
            ),
            (Told::new("session", &["session_id"]), session),
            (Told::new("api_key", &["api_key_id"]).by(key), api_key),
            (Told::new("organisation", organisations), organisation),
            (Told::new("project", &["project_id"]), project),
            (Told::new("project_name", &["project_name"]), project_name),
            (Told::new("environment", &["environment"]), environment),
            (
                Told::new("request_id", &["request_id"]).by(&["x-request-id", "request-id"]),
                request_id,
            ),
            (
                Told::new("user_agent", &["user_agent"]).by(&["user-agent"]),
                user_agent,
            ),
            (
                Told::new("trace_id", &["trace_id"]).by(&["traceparent"]),
                trace_id,
            ),
            (Told::new("api_version", &["api_version"]), api_version),
        ] {
            self.member(&told, text);
        }
        let client = Told::new("client_ip", &["client_ip_address"]).by(&OF_PROXIES);
        self.address(&client, client_ip);
        self.address(&Told::new("peer_ip", &["peer_ip_address"]), peer_ip);
    }

    /// Leaves out what is told by header fields that are left out, of an event whose call is not there to compare with.
    pub(super) fn leave_out(&mut self, context: &mut Context) {
        let allowed = self.pass.allowed;
        let is_left_out = |names: &[&str]| !names.iter().any(|it| allowed.header(it));
        let length = |it: &Option<String>| it.as_ref().map_or(0, String::len);
        let mut bytes = 0;
        for (names, told) in [
            (["user-agent"].as_slice(), &mut context.user_agent),
            (&["x-request-id", "request-id"], &mut context.request_id),
            (&["traceparent"], &mut context.trace_id),
        ] {
            if is_left_out(names) {
                bytes += length(told);
                *told = None;
            }
        }
        if is_left_out(&OF_PROXIES[..2]) && context.client_ip != context.peer_ip {
            let client = context.client_ip.take();
            bytes += client.map_or(0, |it| it.to_string().len());
        }
        if bytes > 0 {
            self.enter(Place::Context);
            self.pass.report.masked(String::new, allow::RULE, bytes);
        }
    }

    fn member(&mut self, told: &Told, text: &mut Option<String>) {
        if text.is_none() {
            return;
        }
        let mask = |it: &Option<String>, pass: &mut Pass<'_>| {
            told.mask(it.as_deref().filter(|it| !it.is_empty())?, pass)
        };
        self.settle(text, mask, |it| *it = Some(WITHHELD.to_owned()));
    }

    /// Masks what is always told, of which the mark is left at least.
    fn text_of(&mut self, told: &Told, text: &mut String) {
        if is_mark(text) {
            return;
        }
        let mut member = Some(std::mem::take(text));
        self.member(told, &mut member);
        *text = member.unwrap_or_else(|| MASKED.to_owned());
    }

    /// Leaves out an address that is hidden in any way, because nothing else stands in its place.
    fn address(&mut self, told: &Told, address: &mut Option<IpAddr>) {
        let mask = |it: &Option<IpAddr>, pass: &mut Pass<'_>| {
            told.mask(&(*it)?.to_string(), pass).map(|_| None)
        };
        self.settle(address, mask, |it| *it = None);
    }
}
