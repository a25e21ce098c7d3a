//! A wire format written outside the crate, after PandaDoc's list of API logs (<https://developers.pandadoc.com/reference/list-api-logs>).
//!
//! `cargo run --example pandadoc -- 0` serves it on a free port, makes some calls and prints `curl` lines that read them back.

use std::error::Error;
use std::time::Duration;

use axum::{Json, Router, body::Body, http, routing::get};
use http::{HeaderMap, StatusCode, header::AUTHORIZATION};
use serde_json::{Value, json};
use tower::ServiceExt;
use tower_api_log::api::BearerTokens;
use tower_api_log::entry::{BodyRecord, Kind};
use tower_api_log::format::{Listing, Lookup, Operation, Parameters, Question};
use tower_api_log::format::{Refusal, Reply, Request, Route, WireFormat};
use tower_api_log::query::{Filter, Page, PathPattern, Position, StatusRange};
use tower_api_log::{ApiLogLayer, EntryId, LogApi, LogEntry, MemoryStore, Scope, Timestamp};

/// PandaDoc's API logs: the calls of at most the last 90 days, unless `since` says otherwise.
struct PandaDoc;

const KNOWN: [&str; 7] = [
    "since", "to", "statuses", "methods", "search", "count", "page",
];
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
const NINETY_DAYS: Duration = Duration::from_secs(90 * 24 * 3600);

impl WireFormat for PandaDoc {
    fn routes(&self) -> Vec<Route> {
        let list = Route::new("/public/v1/logs", Operation::List);
        let one = Route::new("/public/v1/logs/{id}", Operation::Retrieve);
        vec![list, one]
    }

    /// Reads `Authorization: API-Key …`.
    fn credential<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
        value.strip_prefix("API-Key ")
    }

    fn ask(&self, request: &Request<'_>) -> Result<Question, Refusal> {
        let parameters = request.parameters();
        if request.operation() == Operation::Retrieve {
            parameters.only(&[])?;
            let lookup = Lookup::new(filter(parameters, request.now())?);
            let id = request.path_param("id").parse().ok();
            return Ok(Question::Retrieve(lookup.id(id)));
        }
        parameters.only(&KNOWN)?;
        let filter = filter(parameters, request.now())?;
        let count = parameters.size("count", 1000, 100)?;
        let page = parameters.integer("page", 1..=u64::from(10_000 / count))?;
        let position = Position::Number(page.unwrap_or(1));
        Ok(Question::List(Listing::new(filter, position, count)))
    }

    fn page(
        &self,
        _: &Request<'_>,
        _: &Listing,
        page: &Page,
        _: Option<u64>,
    ) -> Result<Reply, Refusal> {
        let results: Vec<Value> = page.entries.iter().filter_map(log).collect();
        Ok(Reply::json(StatusCode::OK, &json!({ "results": results })))
    }

    fn entry(&self, _: &Request<'_>, entry: &LogEntry) -> Result<Reply, Refusal> {
        let (exchange, log) = (entry.exchange(), log(entry));
        let (exchange, mut log) = exchange.zip(log).ok_or(Refusal::NoEntry)?;
        log["query_params_object"] = json!(exchange.request.query_params());
        log["request_body"] = json!(body(&exchange.request_body));
        log["response_body"] = json!(body(&exchange.response_body));
        Ok(Reply::json(StatusCode::OK, &log))
    }

    fn refuse(&self, refusal: &Refusal, _: EntryId) -> Reply {
        let status = refusal.status();
        let kind = match status.as_u16() {
            401 => "authentication_error",
            429 => "throttled",
            500.. => "server_error",
            _ => "request_error",
        };
        let detail = match refusal {
            Refusal::BadParameter { name, must } => json!({ name: [must] }),
            _ => json!(status.canonical_reason()),
        };
        Reply::json(status, &json!({ "type": kind, "detail": detail }))
    }
}

fn filter(parameters: &Parameters, now: Timestamp) -> Result<Filter, Refusal> {
    let mut filter = Filter::new();
    filter.kinds = vec![Kind::Exchange];
    (filter.from, filter.to) = parameters.period("since", "to", now)?;
    filter.from = filter.from.or(Some(now.minus(NINETY_DAYS)));
    // To PandaDoc, 400 is any status from there to 499.
    let status = |text: &str| StatusRange::parse(&text.replace("00", "xx"));
    filter.statuses = parameters.list("statuses", "must be as 404, 400 or 4xx", status)?;
    let method = |text: &str| METHODS.contains(&text).then(|| text.to_owned());
    filter.methods = parameters.list("methods", "must be methods, as GET,POST", method)?;
    let path = |part| PathPattern::new(format!("*{part}*"));
    filter.paths = parameters.texts("search")?.into_iter().map(path).collect();
    Ok(filter)
}

/// Writes what the list shows of a call; `None` for an audit event.
fn log(entry: &LogEntry) -> Option<Value> {
    let exchange = entry.exchange()?;
    let took = Duration::from_micros(exchange.timing.to_last_byte_micros);
    Some(json!({
        "id": entry.id.to_string(),
        "url": exchange.request.path,
        "method": exchange.request.method,
        "status": exchange.status(),
        "request_time": entry.created_at.rfc3339(3),
        "response_time": entry.created_at.plus(took).rfc3339(3),
    }))
}

fn body(body: &BodyRecord) -> Option<Value> {
    serde_json::from_str(body.text()?).ok()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let port = std::env::args().nth(1).unwrap_or("3000".into());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    let (store, token) = (MemoryStore::new(), "a-token-of-your-own-making");
    let readers = BearerTokens::new([(token, Scope::all())])?;
    let logs = LogApi::new(store.clone()).format(PandaDoc).access(readers);
    let layer = ApiLogLayer::new(store);
    let recorder = layer.recorder();
    let documents = get(async || Json(json!([]))).post(async |body: String| body);
    let app = Router::new().route("/documents", documents).layer(layer);
    for uri in ["/documents?q=a", "/documents/missing"] {
        let call = http::Request::get(uri).body(Body::empty())?;
        let response = app.clone().oneshot(call).await?;
        axum::body::to_bytes(response.into_body(), usize::MAX).await?;
    }
    recorder.flush().await?;
    let base = format!("http://{}", listener.local_addr()?);
    println!("curl -d '{{\"a\":1}}' '{base}/documents' # one more call");
    for query in ["since=-24h&to=now&statuses=4xx", "methods=GET&search=docu"] {
        println!("curl '{base}/public/v1/logs?{query}' -H 'Authorization: API-Key {token}'");
    }
    Ok(axum::serve(listener, app.merge(logs.into_router()?)).await?)
}
