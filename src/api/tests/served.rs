//! The formats, as the tests that hold for every one of them ask: one row each.

use super::*;
use crate::format::{Document360, GoRules, Operation, PersonaAudit, Route, WireFormat};
use crate::testing::{Random, sample};

/// Every format that the crate has.
pub(super) fn served() -> Vec<Served> {
    vec![
        row(Native, bearer, |id| vec![id.to_string()]),
        row(Persona::new(), bearer, |id| {
            vec![id.prefixed("req"), id.to_string()]
        }),
        row(PersonaAudit::new(), bearer, |id| {
            vec![id.prefixed("ual"), id.to_string()]
        }),
        row(Lago::new(), bearer, |id| vec![id.to_string()]),
        row(GoRules::new().all_categories(), bearer, |id| {
            vec![id.to_string()]
        }),
        row(Document360::new(), api_token, |id| vec![id.to_string()]),
    ]
}

/// What stands for every parameter of a path but an entry's id: what the sample events are about.
pub(super) const REF: &str = "ref_1";

type Mount = dyn Fn(Builder<Box<dyn Access>>) -> Builder<Box<dyn Access>>;

/// A format, and how its endpoints are asked.
pub(super) struct Served {
    mount: Box<Mount>,
    pub(super) routes: Vec<Route>,
    credential: fn(&str) -> (&'static str, String),
    ids: fn(EntryId) -> Vec<String>,
}

fn row<F: WireFormat + Clone>(
    format: F,
    credential: fn(&str) -> (&'static str, String),
    ids: fn(EntryId) -> Vec<String>,
) -> Served {
    Served {
        routes: format.routes(),
        mount: Box::new(move |api| api.format(format.clone())),
        credential,
        ids,
    }
}

pub(super) fn bearer(token: &str) -> (&'static str, String) {
    ("authorization", format!("Bearer {token}"))
}

fn api_token(token: &str) -> (&'static str, String) {
    ("api_token", token.to_owned())
}

/// Mounts every format.
pub(super) fn mount(api: Builder<Box<dyn Access>>) -> Builder<Box<dyn Access>> {
    let api = api.clock(ManualClock::new(sample::time(1000)));
    served().iter().fold(api, |api, format| (format.mount)(api))
}

impl Served {
    /// Returns the paths of a route: of a retrieve one for each form of the id.
    pub(super) fn paths(&self, route: &Route, id: EntryId) -> Vec<String> {
        let ids = match route.operation() {
            Operation::Retrieve => (self.ids)(id),
            _ => vec![REF.to_owned()],
        };
        let path = |id: &String| {
            let mut segments: Vec<&str> = route.template().split('/').collect();
            let is_param = |segment: &&str| segment.starts_with('{');
            let last = segments.iter().rposition(is_param);
            for (at, segment) in segments.iter_mut().enumerate() {
                if is_param(segment) {
                    *segment = if Some(at) == last { id } else { REF };
                }
            }
            segments.join("/")
        };
        ids.iter().map(path).collect()
    }

    /// Makes a request of a reader; an empty token is none.
    pub(super) fn request(&self, method: &str, token: &str, uri: &str) -> Request<()> {
        let mut request = Request::builder().method(method).uri(uri);
        if !token.is_empty() {
            let (name, value) = (self.credential)(token);
            request = request.header(name, value);
        }
        request.body(()).unwrap()
    }

    pub(super) async fn get(&self, api: &LogApi, token: &str, uri: &str) -> Got {
        send(api, self.request("GET", token, uri)).await
    }
}

/// The document that an API serves.
pub(super) async fn document(api: &LogApi, token: &str) -> Value {
    get_as(api, token, "/openapi.json").await.ok()
}

/// The names of the parameters that a route's query may have.
pub(super) fn parameters(document: &Value, template: &str) -> Vec<String> {
    let described = document["paths"][template]["get"]["parameters"].as_array();
    let described = described.into_iter().flatten();
    let queries = described.filter(|parameter| parameter["in"] == "query");
    queries
        .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
        .collect()
}

/// Entries of every kind, variant and oddity, and some that each of the formats shows.
pub(super) fn rich() -> Vec<LogEntry> {
    let mut entries = sample::variants(0);
    let next = |entries: &[LogEntry]| u32::try_from(entries.len()).unwrap();
    for text in sample::HOSTILE {
        entries.push(sample::everywhere(next(&entries), text));
    }
    entries.extend(Random::new(1).entries(next(&entries), 30));
    for category in ["project", "apiReference", "project"] {
        let mut entry = sample::event(next(&entries));
        if let EntryKind::Event(event) = &mut entry.kind {
            event.category = category.into();
            event.ref_id = Some(REF.into());
        }
        entries.push(entry);
    }
    for method in ["POST", "PUT", "GET"] {
        let mut entry = sample::exchange(next(&entries));
        sample::change(&mut entry, |it| it.request.method = method.into());
        entries.push(entry);
    }
    entries
}
