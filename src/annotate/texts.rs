use crate::capture::short;
use crate::entry::{Actor, Context, Finding, Note, Resource};

pub(super) fn short_actor(actor: Actor) -> Actor {
    let Actor {
        kind,
        id,
        email,
        first_name,
        last_name,
    } = actor;
    let [email, first_name, last_name] = [email, first_name, last_name].map(|it| it.map(short));
    Actor {
        kind,
        id: short(id),
        email,
        first_name,
        last_name,
    }
}

pub(super) fn short_resource(resource: Resource) -> Resource {
    Resource::new(short(resource.kind), short(resource.id))
}

pub(super) fn short_note(note: Note) -> Note {
    Note::new(short(note.name), short(note.value))
}

pub(super) fn short_finding(finding: Finding) -> Finding {
    Finding {
        message: short(finding.message),
        pointer: finding.pointer.map(short),
    }
}

/// Cuts every text of a context.
pub(crate) fn short_context(mut context: Context) -> Context {
    let texts = [
        &mut context.impersonator,
        &mut context.session,
        &mut context.api_key,
        &mut context.organisation,
        &mut context.project,
        &mut context.project_name,
        &mut context.environment,
        &mut context.request_id,
        &mut context.user_agent,
        &mut context.trace_id,
        &mut context.api_version,
    ];
    for text in texts {
        *text = text.take().map(short);
    }
    context.actor = context.actor.map(short_actor);
    context.resource = context.resource.map(short_resource);
    context
}
