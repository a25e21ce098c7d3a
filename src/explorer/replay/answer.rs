use std::time::Duration;

use http::header::{ALLOW, RETRY_AFTER};
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode};
use http_body::Body;
use serde_json::{Value, json};

use super::posted::Posted;
use super::run::{Ending, Ran, run};
use super::{ASKED, PATH, Replay, read_whole, request};
use crate::api::{ApiBody, LogApi, Visit};
use crate::entry::{BodyRecord, EntryId, LogEntry, Replayed};
use crate::explorer::Shared;
use crate::explorer::answer::{finish, whole};
use crate::format::{Refusal, Reply, only};
use crate::query::Scope;

/// How long the entry of a replay is waited for: the recorder writes it a moment after its end.
const WAITS: Duration = Duration::from_secs(3);
/// When a reader may come again whose replay found no place.
const RETRY_SECONDS: HeaderValue = HeaderValue::from_static("5");

impl Shared {
    /// Answers who asks for a replay.
    pub(in crate::explorer) async fn respond_to_replay<B: Body>(
        &self,
        replay: &Replay,
        parts: Parts,
        body: B,
    ) -> Response<ApiBody> {
        let mut visit = self.api.visit();
        let answer = self.replay(replay, &mut visit, &parts, body).await;
        let (shown, response) = match answer {
            Ok((id, document)) => (Some(id), finish(document, &parts)),
            Err(refusal) => {
                let mut response = self.refuse(&refusal, &parts);
                let headers = response.headers_mut();
                match refusal {
                    Refusal::MethodNotAllowed => {
                        headers.insert(ALLOW, HeaderValue::from_static("POST"));
                    }
                    Refusal::RateLimited(rate) => {
                        headers.insert(RETRY_AFTER, rate.reset_seconds().into());
                    }
                    Refusal::Unavailable => {
                        headers.insert(RETRY_AFTER, RETRY_SECONDS);
                    }
                    _ => {}
                }
                (None, response)
            }
        };
        self.api.tell(visit, PATH, shown, response.status(), parts);
        response
    }

    /// Decides in this order: the method, where it comes from, the reader, what they ask for, the entry; so that who may not learns of nothing else.
    async fn replay<B: Body>(
        &self,
        replay: &Replay,
        visit: &mut Visit,
        parts: &Parts,
        body: B,
    ) -> Result<(EntryId, Response<ApiBody>), Refusal> {
        if parts.method != Method::POST {
            return Err(Refusal::MethodNotAllowed);
        }
        check_origin(parts)?;
        let scope = self.api.admit(visit, parts).await?;
        if !replay.is_for_scoped && scope != Scope::all() {
            return Err(Refusal::Forbidden(
                "only who may read everything may send a request again".into(),
            ));
        }
        let posted = read_whole(body, Posted::MAX_BYTES).await;
        let posted = posted.ok_or(Refusal::Invalid("the body must be at most 2 MiB".into()))?;
        let posted = Posted::read(&posted)?;
        let entry = self.api.entry(&scope, posted.id).await?;
        let entry = entry.ok_or(Refusal::NoEntry)?;
        let Some(exchange) = entry.exchange() else {
            return Err(Refusal::Invalid("an event cannot be sent again".into()));
        };
        let mut request = request::build(exchange, &posted, &replay.methods)?;
        let path = request.uri().path();
        if path == "/api-log" || path.starts_with("/api-log/") || self.api.serves(path) {
            return Err(own());
        }
        let place = replay.places.try_acquire();
        let _place = place.map_err(|_| Refusal::Unavailable)?;
        let by = visit.reader().and_then(|reader| reader.id.clone());
        let mark = Replayed::new(entry.id, by);
        request.extensions_mut().insert(mark.clone());
        #[cfg(feature = "axum")]
        if let Some(peer) = parts
            .extensions
            .get::<axum::extract::ConnectInfo<std::net::SocketAddr>>()
        {
            // Whoever asks for it is the other end.
            request.extensions_mut().insert(*peer);
        }
        let ran = run(&*replay.run, request).await;
        if ran.ending == Ending::Own {
            return Err(own());
        }
        let found = match mark.recorded() {
            Some(id) => stored(&self.api, &scope, id).await,
            None => None,
        };
        let json = Reply::json(StatusCode::OK, &document(ran, found.as_ref()));
        Ok((
            entry.id,
            whole(json.body, "application/json; charset=utf-8"),
        ))
    }
}

fn own() -> Refusal {
    Refusal::Forbidden("the log's own endpoints are not asked by a replay".into())
}

/// Refuses what another site made the browser send, and what a replay sends.
fn check_origin(parts: &Parts) -> Result<(), Refusal> {
    if parts.extensions.get::<Replayed>().is_some() {
        return Err(Refusal::Forbidden("a replay starts no other one".into()));
    }
    let is_asked = only(&parts.headers, ASKED.as_str()) == Some("1");
    let is_own_site = !parts.headers.contains_key("sec-fetch-site")
        || matches!(
            only(&parts.headers, "sec-fetch-site"),
            Some("same-origin" | "none")
        );
    match is_asked && is_own_site {
        true => Ok(()),
        false => Err(Refusal::Forbidden(
            "a replay needs the header X-Api-Log-Replay: 1, and to come from the same origin"
                .into(),
        )),
    }
}

/// Waits for the entry of the replay; `None` where it does not come, or the reader may not see it.
async fn stored(api: &LogApi, scope: &Scope, id: EntryId) -> Option<LogEntry> {
    let begun = tokio::time::Instant::now();
    let mut pause = Duration::from_millis(10);
    loop {
        if let Ok(Some(entry)) = api.entry(scope, id).await {
            return Some(entry);
        }
        if begun.elapsed() + pause > WAITS {
            return None;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(250));
    }
}

/// Makes the answer: how it ended, and what the masked entry tells of the response.
fn document(ran: Ran, entry: Option<&LogEntry>) -> Value {
    let exchange = entry.and_then(LogEntry::exchange);
    let response = exchange.and_then(|it| it.response.as_ref());
    let headers: Vec<_> = response
        .iter()
        .flat_map(|it| it.headers.iter())
        .map(|(name, value)| json!([name, value]))
        .collect();
    let (outcome, status) = match ran.ending {
        Ending::Answered(status) => ("answered", Some(status)),
        Ending::TimedOut => ("timed_out", None),
        Ending::Failed | Ending::Own => ("failed", None),
    };
    let body = exchange.map(|it| &it.response_body);
    json!({
        "entry_id": entry.map(|it| it.id.to_string()),
        "outcome": outcome,
        "status": status,
        "took_micros": u64::try_from(ran.took.as_micros()).unwrap_or(u64::MAX),
        "headers": headers,
        "body": { "state": body.map_or("skipped", state), "text": body.and_then(BodyRecord::text) },
    })
}

fn state(body: &BodyRecord) -> &'static str {
    match body {
        BodyRecord::Empty => "empty",
        BodyRecord::Whole { .. } => "whole",
        BodyRecord::Truncated { .. } => "truncated",
        BodyRecord::Skipped { .. } => "skipped",
        BodyRecord::Withheld { .. } => "withheld",
    }
}
