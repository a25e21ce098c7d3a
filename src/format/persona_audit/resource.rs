use super::{AUDIT_LOGS, USER};
use crate::entry::{Actor, ActorKind, BodyRecord, Context, Exchange, LogEntry, RequestRecord};
use crate::format::fields::{Case, Field, Object};
use crate::format::jsonapi::View;
use crate::format::posted::{Posted, posted};

/// Writes an exchange as a resource; `None` for an entry of another kind.
pub(super) fn audit_log<'a>(
    entry: &'a LogEntry,
    max_params_bytes: usize,
    view: &View,
) -> Option<Object<'a>> {
    let exchange = entry.exchange()?;
    let (request, context) = (&exchange.request, &entry.context);
    let shown = |params| shown(params, max_params_bytes);
    let mut attributes = Object::new()
        .with("path", &request.path)
        .with("method", &request.method)
        .with("get_params", shown(get_params(request)))
        .with("post_params", shown(post_params(exchange)))
        .with("ip_address", context.client_ip.map(|ip| ip.to_string()))
        .with("user_agent", context.user_agent.as_ref())
        .with("response_status", exchange.status().map_or(0, u64::from))
        .with("created_at", entry.created_at.rfc3339(3))
        .with("impersonator_email_address", context.impersonator.as_ref());
    if let Some(about) = about(context, view.case) {
        attributes = attributes.with("context", about);
    }
    let relationships = Object::new()
        .with("user", related("user", user(entry).map(|user| &user.id)))
        .with(
            "user_session",
            related("user-session", context.session.as_ref()),
        );
    let id = entry.id.prefixed(AUDIT_LOGS.prefix);
    let resource = view.resource(AUDIT_LOGS.own.name, id, attributes);
    Some(resource.with("relationships", relationships))
}

/// Writes the users of the entries, each once, as the first of their entries tells them.
pub(super) fn users<'a>(
    entries: impl IntoIterator<Item = &'a LogEntry>,
    view: &View,
) -> Vec<Field<'a>> {
    let mut users: Vec<&Actor> = Vec::new();
    for user in entries.into_iter().filter_map(user) {
        if !users.iter().any(|known| known.id == user.id) {
            users.push(user);
        }
    }
    let resource = |user: &'a Actor| {
        let attributes = Object::new()
            .with("email_address", user.email.as_ref())
            .with("name_first", user.first_name.as_ref())
            .with("name_last", user.last_name.as_ref());
        view.resource(USER.name, &user.id, attributes).into()
    };
    users.into_iter().map(resource).collect()
}

fn user(entry: &LogEntry) -> Option<&Actor> {
    let actor = entry.context.actor.as_ref();
    actor.filter(|actor| actor.kind == ActorKind::User)
}

fn related<'a>(type_name: &'static str, id: Option<&'a String>) -> Object<'a> {
    let data = id.map(|id| Object::new().with("type", type_name).with("id", id));
    Object::new().with("data", data)
}

/// Writes which object the exchange is about, as `inquiry-id`.
fn about<'a>(context: &Context, case: Case) -> Option<Field<'a>> {
    let object = context.resource.as_ref()?;
    let suffix = match case {
        Case::Kebab => "-id",
        Case::Snake => "_id",
        Case::Camel => "Id",
    };
    let name = format!("{}{suffix}", object.kind);
    Some(Field::verbatim(vec![(name, &object.id)]))
}

/// Returns the parameters of the query; `None` if there are more than are read.
fn get_params<'a>(request: &RequestRecord) -> Option<Field<'a>> {
    let params = request.query_params();
    (!params.is_cut()).then(|| Field::data(&params))
}

/// Returns the parameters of the body; `None` if there is a body whose parameters cannot be told.
fn post_params(exchange: &Exchange) -> Option<Field<'_>> {
    let body = &exchange.request_body;
    match posted(&exchange.request.headers, body) {
        Posted::Form(params) if params.is_cut() => None,
        Posted::Nothing if *body == BodyRecord::Empty => Some(Object::new().into()),
        posted => posted.field(),
    }
}

/// Puts the vendor's mark in place of what is too large or cannot be told.
fn shown(params: Option<Field<'_>>, max_bytes: usize) -> Field<'_> {
    let bytes = match &params {
        Some(Field::Raw(json)) => json.get().len(),
        Some(Field::Data(json)) => json.get().len(),
        _ => 0,
    };
    let params = params.filter(|_| bytes <= max_bytes);
    params.unwrap_or_else(|| "[FILTERED]".into())
}
