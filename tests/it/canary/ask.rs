//! Every question that the log's endpoints answer.

use std::time::Duration;

use http::{Request, StatusCode};
use http_body_util::BodyExt;
use tower::ServiceExt;
use tower_api_log::api::BearerTokens;
use tower_api_log::format::{Document360, GoRules, Lago, Native, Persona, PersonaAudit};
use tower_api_log::{LogApi, LogEntry, LogStore, Scope};

use super::sinks::{Seen, Sinks};

const TOKEN: &str = "reader-of-this-test";

/// Listings and exports of all formats. `{}` is the place of a parameter.
const LISTS: &[&str] = &[
    "/api-log/v1/entries?limit=1000",
    "/api-log/v1/entries?limit=200&count=true&order=oldest",
    "/api-log/v1/entries?limit=1000&view=summary",
    "/api-log/v1/export.ndjson",
    "/api-log/v1/export.ndjson?view=summary",
    "/api-log/v1/export.csv",
    "/api-log/v1/export.har",
    "/api/v1/api-logs?page[size]=100",
    "/api/v1/user-audit-logs?page[size]=100",
    "/api/v1/api_logs?per_page=100",
    "/api/audit-logs?perPage=100",
    "/api/audit-logs/export",
    "/v2/APIReferences/a/Logs?resultsPerPage=100",
    "/openapi.json",
];

/// One entry, by its id.
const ONE: &[&str] = &[
    "/api-log/v1/entries/{}",
    "/api/v1/api-logs/{}",
    "/api/v1/user-audit-logs/{}",
    "/api/v1/api_logs/{}",
    "/api/audit-logs/{}",
    "/v2/APIReferences/a/Logs/{}",
];

/// Questions that only an entry with the canary would answer.
const SEARCHES: &[&str] = &[
    "search",
    "path=*{}*",
    "actor",
    "session",
    "api_key",
    "user_agent",
    "request_id",
    "ref_id",
    "action",
    "category",
    "route",
    "project",
];

/// Questions that are refused, and must not be told back.
const REFUSED: &[&str] = &[
    "/api-log/v1/entries?status={}",
    "/api-log/v1/entries?after={}",
    "/api-log/v1/entries?limit={}",
    "/api-log/v1/entries/{}",
    "/api-log/v1/export.csv?from={}",
    "/api/v1/api-logs?page[size]={}",
    "/api/v1/api-logs/{}",
    "/api/v1/user-audit-logs?page[after]={}",
    "/api/v1/api_logs?per_page={}",
    "/api/v1/api_logs/{}",
    "/api/audit-logs?perPage={}",
    "/v2/APIReferences/a/Logs?resultsPerPage={}",
    "/nothing/{}",
];

fn endpoints(store: impl LogStore) -> LogApi {
    LogApi::new(store)
        .format(Native)
        .format(Persona::new())
        .format(PersonaAudit::new().all_environments())
        .format(Lago::new().all_methods())
        .format(GoRules::new().all_categories())
        .format(Document360::new())
        .access(BearerTokens::new([(TOKEN, Scope::all())]).unwrap())
        .build()
        .unwrap()
}

/// Asks and returns the status and all that was answered, fields and body.
async fn get(api: &LogApi, token: &str, uri: &str) -> (StatusCode, String) {
    let request = Request::get(uri)
        .header("authorization", format!("Bearer {token}"))
        .header("api_token", token);
    let response = api
        .clone()
        .oneshot(request.body(()).unwrap())
        .await
        .unwrap();
    let (parts, body) = response.into_parts();
    let body = tokio::time::timeout(Duration::from_secs(60), body.collect()).await;
    let body = body.expect("it ends").unwrap().to_bytes();
    (
        parts.status,
        format!("{:?}\n{}", parts.headers, String::from_utf8_lossy(&body)),
    )
}

/// Asks all that can be asked of both stores.
pub(crate) async fn every_endpoint(
    sinks: &Sinks,
    stored: &[LogEntry],
    canaries: &[(u32, &'static str, String)],
    seen: &mut Seen,
    failures: &mut Vec<String>,
) {
    let mut fail = |said: String| failures.push(said);
    let api = endpoints(sinks.sqlite.clone());
    for uri in LISTS {
        let (status, answer) = get(&api, TOKEN, uri).await;
        // An API reference without a log is not known.
        let is_unknown = uri.starts_with("/v2/") && status == StatusCode::BAD_REQUEST;
        assert!(status == StatusCode::OK || is_unknown, "{uri}: {answer}");
        seen.answer(uri, &answer);
    }
    for entry in stored.iter().step_by(5) {
        for uri in ONE {
            let (status, answer) =
                get(&api, TOKEN, &uri.replace("{}", &entry.id.to_string())).await;
            assert!(
                status == StatusCode::OK || status == StatusCode::NOT_FOUND,
                "{uri}: {answer}"
            );
            seen.answer(uri, &answer);
        }
    }
    for api in [&api, &endpoints(sinks.memory.clone())] {
        for (at, (number, place, canary)) in canaries.iter().enumerate().step_by(97) {
            let question = SEARCHES[at % SEARCHES.len()];
            let question = match question.contains("{}") {
                true => question.replace("{}", canary),
                false => format!("{question}={canary}"),
            };
            for question in [&question, &format!("search={canary}")] {
                let (status, answer) =
                    get(api, TOKEN, &format!("/api-log/v1/entries?{question}")).await;
                if status != StatusCode::OK || !answer.contains("\"entries\":[]") {
                    fail(format!("case {number}, {place}: a search finds it"));
                }
            }
            for (token, uri) in [
                (TOKEN, REFUSED[at % REFUSED.len()]),
                (canary, LISTS[at % LISTS.len()]),
            ] {
                let (status, answer) = get(api, token, &uri.replace("{}", canary)).await;
                // Lago takes another page's size for its default, and the description is everybody's.
                let is_answered = uri.contains("per_page") || uri == "/openapi.json";
                assert!(
                    status.is_client_error()
                        || token == TOKEN && is_answered
                        || uri == "/openapi.json",
                    "{uri}: {status}"
                );
                seen.answer(&format!("refusal of {uri}"), &answer);
            }
        }
    }
}
