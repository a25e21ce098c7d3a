use crate::entry::{Actor, ActorKind, EventRecord, Finding, LogEntry};
use crate::format::fields::{Field, Object};

/// Appends the envelope, which tells of success where there are no errors.
pub(super) fn enveloped<'a>(document: Object<'a>, errors: Vec<Field<'a>>) -> Object<'a> {
    document
        .with("extension_data", Field::Null)
        .with("success", Field::data(&errors.is_empty()))
        .with("errors", errors)
        .with("warnings", Vec::new())
        .with("information", Vec::new())
}

/// Writes an event as lists have it; `None` for an entry of another kind.
pub(super) fn log(entry: &LogEntry) -> Option<Object<'_>> {
    let event = entry.event()?;
    let actor = entry.context.actor.as_ref();
    let log = Object::new()
        .with("logs_id", entry.id.to_string())
        .with("user_name", actor.and_then(user_name))
        .with("user_id", actor.map(|actor| &actor.id))
        .with("title", title(event))
        .with("modified_at", entry.created_at.rfc3339(0))
        .with("error_count", event.errors.len() as u64)
        .with("alerts_count", event.alerts.len() as u64);
    Some(log)
}

fn user_name(actor: &Actor) -> Option<String> {
    let names = [&actor.first_name, &actor.last_name];
    let names: Vec<&str> = names.iter().filter_map(|name| name.as_deref()).collect();
    match (names.is_empty(), actor.kind) {
        (false, _) => Some(names.join(" ")),
        (true, ActorKind::Service) => Some(actor.id.clone()),
        (true, ActorKind::User) => None,
    }
}

fn title(event: &EventRecord) -> String {
    match &event.title {
        Some(title) => title.clone(),
        None => format!("{} {}", event.category, event.action),
    }
}

pub(super) fn findings<'a>(findings: &'a [Finding]) -> Vec<Field<'a>> {
    let finding = |Finding { message, pointer }: &'a Finding| {
        let finding = Object::new()
            .with("message", message)
            .with("pointer", pointer.as_ref());
        Field::from(finding)
    };
    findings.iter().map(finding).collect()
}
