//! What a handler tells: notes, who calls, events.
//!
//! A new kind of secret is one line of [`EVENTS`] or [`NOTES`].

use serde_json::value::RawValue;
use tower_api_log::entry::Finding;
use tower_api_log::{Actor, ApiLog, AuditEvent};

use super::json;
use super::names;
use super::plant::{Kinds, Plant};

/// All that one handler tells.
#[derive(Default)]
pub(crate) struct Told {
    notes: Vec<(String, String)>,
    events: Vec<AuditEvent>,
    context: Vec<(Tell, String)>,
}

type Note = (String, String);
/// Says one thing of the caller.
type Tell = fn(&ApiLog, String);

const NOTES: Kinds<Note> = &[
    ("note of a name", |it| {
        (it.one_of(names::SECRET).to_owned(), it.secret())
    }),
    ("note of json", |it| {
        (
            "payload".to_owned(),
            format!("{{\"password\":\"{}\"}}", it.canary()),
        )
    }),
    ("note of a url", |it| {
        (
            "from".to_owned(),
            format!("https://me:{}@x.test/", it.canary()),
        )
    }),
    ("note of a sentence", |it| {
        ("why".to_owned(), format!("got password={}", it.canary()))
    }),
    ("note of credentials", |it| {
        ("sent".to_owned(), format!("Bearer {}", it.canary()))
    }),
    ("note with a secret in its name", |it| {
        let decoy = it.decoy();
        (format!("https://x.test/?token={}", it.canary()), decoy)
    }),
    ("long note", |it| {
        let decoy = it.chaff();
        let padding = "x ".repeat(400 + it.below(120) as usize);
        (
            "why".to_owned(),
            format!("{decoy} {padding} password={}", it.canary()),
        )
    }),
];

const EVENTS: Kinds<AuditEvent> = &[
    ("event's data", |it| {
        event(it).data(&value(&json::document(it)))
    }),
    ("event's data as json", |it| {
        let inner = format!("{{\"a\":1,\"token\":\"{}\"}}", it.canary());
        event(it).data(&serde_json::json!({ "raw": inner }))
    }),
    ("event's change", |it| {
        let (before, after) = (json::document(it), json::document(it));
        event(it).change(&value(&before), &value(&after))
    }),
    ("event's changed secret", |it| {
        let (name, decoy) = (it.one_of(names::SECRET), it.decoy());
        let mut side = || serde_json::json!({ name: it.secret(), "title": decoy, "list": [1, { name: it.digits() }] });
        let (before, after) = (side(), side());
        event(it).change(&before, &after)
    }),
    ("event's new object", |it| {
        event(it).created(&value(&json::document(it)))
    }),
    ("event's deleted object", |it| {
        event(it).deleted(&value(&json::document(it)))
    }),
    ("event's title", |it| {
        let decoy = it.decoy();
        event(it).title(format!(
            "{decoy} called https://x.test/?api_key={}",
            it.canary()
        ))
    }),
    ("event's words", |it| {
        let (a, b) = (it.canary(), it.canary());
        AuditEvent::new(format!("https://me:{a}@x.test"), "updated").ref_id(format!("/a?token={b}"))
    }),
    ("event's findings", |it| {
        let (a, b) = (it.canary(), it.canary());
        let finding =
            Finding::new(format!("{{\"password\":\"{a}\"}}")).pointer(format!("/a?token={b}"));
        let decoy = it.decoy();
        let c = it.canary();
        event(it)
            .error(finding)
            .alert(decoy)
            .alert(format!("refused password={c}"))
    }),
];

/// What is said of the caller is kept as it is said.
const CONTEXT: &[Tell] = &[
    |log, text| log.session(text),
    |log, text| log.api_key(text),
    |log, text| log.organisation(text),
    |log, text| log.project(text),
    |log, text| log.project_name(text),
    |log, text| log.environment(text),
    |log, text| log.resource("thing", text),
    |log, text| log.api_version(text),
    |log, text| log.actor(Actor::user(text)),
];

impl Told {
    pub(crate) fn new(plant: &mut Plant) -> Self {
        let mut told = Self::default();
        plant.enter("caller");
        for tell in CONTEXT {
            if plant.chance(15) {
                told.context.push((*tell, plant.decoy()));
            }
        }
        for _ in 0..plant.below(3) {
            let (place, make) = plant.one_of(NOTES);
            plant.enter(place);
            told.notes.push(make(plant));
        }
        if plant.chance(40) {
            let (place, make) = plant.one_of(EVENTS);
            plant.enter(place);
            told.events.push(make(plant));
        }
        told
    }

    pub(crate) fn tell(self, log: &ApiLog) {
        for (name, value) in self.notes {
            log.note(name, value);
        }
        for (tell, text) in self.context {
            tell(log, text);
        }
        for event in self.events {
            log.event(event).expect("the event is taken");
        }
    }
}

fn event(plant: &mut Plant) -> AuditEvent {
    match plant.chance(30) {
        true => AuditEvent::new("apiReference", "imported").ref_id("a"),
        false => AuditEvent::new("project", "updated").ref_id(plant.decoy()),
    }
}

/// Keeps names that are there twice.
fn value(text: &str) -> Box<RawValue> {
    serde_json::from_str(text).unwrap()
}
