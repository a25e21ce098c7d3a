use crate::entry::{Actor, Context, EventRecord, LogEntry};
use crate::format::fields::{Field, Object};

/// Writes an event as lists have it; `None` for an entry of another kind.
pub(super) fn listed(entry: &LogEntry) -> Option<Object<'_>> {
    let head = head(entry, entry.event()?);
    Some(whose(head, &entry.context))
}

/// Writes an event with all that is known of it; `None` for an entry of another kind.
pub(super) fn retrieved(entry: &LogEntry) -> Option<Object<'_>> {
    let event = entry.event()?;
    let head = head(entry, event).with("organisation_id", entry.context.organisation.as_ref());
    Some(whose(head, &entry.context).with("data", data(event)))
}

fn head<'a>(entry: &'a LogEntry, event: &'a EventRecord) -> Object<'a> {
    let context = &entry.context;
    Object::new()
        .with("id", entry.id.to_string())
        .with("created_at", entry.created_at.to_string())
        .with("type", &event.category)
        .with("action", &event.action)
        .with("ip_address", context.client_ip.map(|ip| ip.to_string()))
        .with("user_agent", context.user_agent.as_ref())
        .with("ref_id", event.ref_id.as_ref())
}

fn whose<'a>(head: Object<'a>, context: &'a Context) -> Object<'a> {
    let project = context.project.as_ref().map(|id| {
        Object::new()
            .with("id", id)
            .with("name", context.project_name.as_ref())
    });
    head.with("user", context.actor.as_ref().map(user))
        .with("project", project)
}

fn user(actor: &Actor) -> Object<'_> {
    Object::new()
        .with("id", &actor.id)
        .with("email", actor.email.as_ref())
        .with("first_name", actor.first_name.as_ref())
        .with("last_name", actor.last_name.as_ref())
}

/// Writes what there is of an event's own data; `None` if there is nothing.
fn data(event: &EventRecord) -> Option<Object<'_>> {
    let EventRecord {
        title,
        change,
        errors,
        alerts,
        data,
        ..
    } = event;
    let has_findings = !errors.is_empty() || !alerts.is_empty();
    if title.is_none() && change.is_none() && !has_findings && data.is_null() {
        return None;
    }
    let mut object = Object::new();
    if let Some(title) = title {
        object = object.with("title", title);
    }
    if let Some(change) = change {
        object = object
            .with("before", Field::data(&change.before))
            .with("after", Field::data(&change.after))
            .with("changes", Field::data(&change.fields))
            .with("changes_count", change.fields_count);
    }
    for (name, findings) in [("errors", errors), ("alerts", alerts)] {
        if !findings.is_empty() {
            object = object.with(name, Field::data(findings));
        }
    }
    if !data.is_null() {
        object = object.with("details", Field::data(data));
    }
    Some(object)
}
