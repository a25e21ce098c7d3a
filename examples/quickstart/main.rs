//! An axum service with its API log and its audit trail: captured, masked, stored in SQLite, served back in six formats and shown on a page.
//!
//! ```text
//! cargo run --example quickstart            # on 127.0.0.1:3000
//! cargo run --example quickstart -- 8080    # on another port; 0 takes a free one
//! cargo run --example quickstart -- --demo  # with believable traffic
//! ```
//!
//! It prints `curl` lines to paste: some that make traffic, and one for each format that reads it back.

mod accounts;
mod demo;
mod service;

use std::error::Error;
use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::time::Duration;

use axum::http::Method;
use tokio::net::TcpListener;
use tower_api_log::api::BearerTokens;
use tower_api_log::explorer::{Explorer, Replay};
use tower_api_log::format::{Document360, GoRules, Lago, Native, Persona, PersonaAudit};
use tower_api_log::recorder::Delivery;
use tower_api_log::{ApiLogLayer, AuditEvent, AuditRoutes, LogApi, Policy, Scope, SqliteStore};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (mut port, mut is_demo) = (3000, false);
    for argument in std::env::args().skip(1) {
        match &*argument {
            "--demo" => is_demo = true,
            number => {
                let told = |_| format!("neither a port nor --demo: {number}");
                port = number.parse::<u16>().map_err(told)?;
            }
        }
    }
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let address = listener.local_addr()?;
    let base = format!("http://{address}");

    let folder = std::env::temp_dir().join(format!("tower-api-log-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let file = folder.join("api-log.db");
    let store = SqliteStore::open(&file)?;

    let mut layer = ApiLogLayer::builder(store.clone())
        .policy(Policy::default().without_health_checks())
        // So that a line pasted right after another finds what the first one did.
        .delivery(Delivery::default().batch_age(Duration::from_millis(10)))
        .audit(audited());
    if is_demo {
        // Its calls come as through a proxy, which says for whom it calls.
        layer = layer.trusted_networks(["127.0.0.0/8"]);
    }
    let layer = layer.build()?;
    let recorder = layer.recorder();

    let token = secret("reader");
    let told = recorder.clone();
    let api = LogApi::new(store)
        .format(Native)
        .format(Persona::new())
        .format(PersonaAudit::new())
        .format(Lago::new())
        .format(Document360::new())
        .format(GoRules::new())
        .access(BearerTokens::new([(&token, Scope::all())])?)
        .ledger(move || told.stats())
        .rate_limit(600, Duration::from_secs(1))
        .build()?;

    let memory = service::Memory::default();
    let session = memory.sign_in(service::JANE);
    let service = service::routes(memory.clone()).layer(layer);
    let explorer = Explorer::new(api.clone())
        .title("Quickstart")
        .replay(Replay::new(service.clone()))
        .into_router()?;
    let app = service.merge(api.into_router()).merge(explorer);

    print_help(&base, &session, &token, &file.display().to_string());
    if is_demo {
        // One line for a panic, which the traffic runs into now and then.
        std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
        tokio::spawn(demo::run(address, memory));
    }
    axum::serve(
        listener,
        app.into_make_service_with_connect_info::<SocketAddr>(),
    )
    .with_graceful_shutdown(interrupted())
    .await?;

    let report = recorder.shutdown(Duration::from_secs(5)).await;
    println!(
        "\n{} entries logged, {} lost",
        report.balance.stored(),
        report.lost()
    );
    Ok(())
}

/// The calls that belong in the audit trail without a word from their handlers.
fn audited() -> AuditRoutes {
    let event = |action| AuditEvent::new(AuditEvent::DOCUMENT, action);
    AuditRoutes::new()
        .on(
            Method::POST,
            "/api/v1/inquiries",
            event("created").ref_id("{response:/id}"),
        )
        .on(
            Method::DELETE,
            "/api/v1/inquiries/{id}",
            event("deleted").ref_id("{id}"),
        )
}

/// Waits for Ctrl-C, or for the signal by which service managers and orchestrators end a service.
async fn interrupted() {
    #[cfg(unix)]
    let terminated = async {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => signal.recv().await,
            Err(_) => std::future::pending().await,
        };
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}

/// Makes a token that is good enough for as long as an example lives.
fn secret(kind: &str) -> String {
    let random = || RandomState::new().hash_one(kind);
    format!("{kind}-{:016x}{:016x}", random(), random())
}

fn print_help(base: &str, session: &str, token: &str, file: &str) {
    let json = "-H 'Content-Type: application/json'";
    let signed_in = format!("-H 'Authorization: Bearer {session}'");
    let reader = format!("-H 'Authorization: Bearer {token}'");
    println!("The service listens on {base}; its log is in {file}");
    println!("See its traffic at {base}/api-log/ and sign in as {token}\n");
    println!("Make traffic: an inquiry, a change of settings, an import with a fault in it:\n");
    println!(
        "  curl -s -X POST '{base}/api/v1/inquiries?filter%5Breference_id%5D=random-id' {json} \
         -H 'Authorization: Bearer persona_production_61bd73de-ce28-4a1b-8c3d-0123456789ab' \
         -d '{{\"name\":\"Jane\",\"password\":\"made-up-password\"}}'"
    );
    println!(
        "  curl -s -X PUT '{base}/api/v1/settings' {json} {signed_in} \
         -d '{{\"theme\":\"dark\",\"webhook_secret\":\"made-up-secret-0001\"}}'"
    );
    println!(
        "  curl -s -X POST '{base}/api/v1/references/ref_1/import' {json} {signed_in} \
         -d '{{\"operations\":[{{\"summary\":\"List\"}}]}}'"
    );
    println!(
        "\nRead it back as Persona's API logs and user audit logs, as Lago, GoRules and Document360, and in our own format:\n"
    );
    for path in [
        "/api/v1/api-logs",
        "/api/v1/user-audit-logs",
        "/api/v1/api_logs",
        "/api/audit-logs",
    ] {
        println!("  curl -s '{base}{path}' {reader}");
    }
    println!("  curl -s '{base}/v2/APIReferences/ref_1/Logs' -H 'api_token: {token}'");
    println!("  curl -s '{base}/api-log/v1/entries' {reader}");
    println!("\nFor the lines of the README, which ask for more:\n");
    println!("  export LOG={base} TOKEN={token} SESSION={session}");
    println!("\nWhat can be asked is described in {base}/openapi.json, for a reader.");
    println!(
        "More to try: POST /api/v1/sessions (a form), DELETE /api/v1/inquiries/inq_1, GET /api/v1/events (a stream),"
    );
    println!("GET /api/v1/failure, GET /api/v1/panic. Ctrl-C or SIGTERM ends it.");
}
