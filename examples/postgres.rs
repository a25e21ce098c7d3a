//! The quickstart's service with its log in PostgreSQL: what it needs is created there, a spool keeps entries through an outage of the server, and old entries go by themselves.
//!
//! ```text
//! cargo run --example postgres -- postgres://user:password@127.0.0.1/database             # on 127.0.0.1:3000
//! cargo run --example postgres -- postgres://user:password@127.0.0.1/database 8080        # on another port; 0 takes a free one
//! ```

#[path = "quickstart/accounts.rs"]
mod accounts;
#[expect(dead_code, reason = "the quickstart's traffic uses all of it")]
#[path = "quickstart/service.rs"]
mod service;

use std::error::Error;
use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use tokio::net::TcpListener;
use tower_api_log::api::BearerTokens;
use tower_api_log::format::{Lago, Native, Persona};
use tower_api_log::recorder::{Delivery, Spool};
use tower_api_log::store::RetentionPolicy;
use tower_api_log::{ApiLogLayer, LogApi, Policy, PostgresStore, Scope};

const DAY: Duration = Duration::from_secs(86_400);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments
        .next()
        .ok_or("the URL of the database is missing")?;
    let port = arguments
        .next()
        .map_or(Ok(3000), |port| port.parse::<u16>())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let base = format!("http://{}", listener.local_addr()?);

    let store = PostgresStore::connect(&url).await?;
    let spool = std::env::temp_dir().join("tower-api-log-postgres");
    let layer = ApiLogLayer::builder(store.clone())
        .policy(Policy::default().without_health_checks())
        .delivery(Delivery::default().spool(Spool::at(&spool)))
        .build()?;
    let recorder = layer.recorder();
    tokio::spawn(let_go(store.clone()));

    let token = secret("reader");
    let read_side = LogApi::new(store)
        .format(Native)
        .format(Persona::new())
        .format(Lago::new())
        .access(BearerTokens::new([(&token, Scope::all())])?)
        .into_router()?;
    let memory = service::Memory::default();
    let session = memory.sign_in(service::JANE);
    let app = service::routes(memory).layer(layer).merge(read_side);

    println!("The service listens on {base}; make traffic and read it back:\n");
    println!("  curl -s '{base}/api/v1/settings' -H 'Authorization: Bearer {session}'");
    for path in [
        "/api/v1/api-logs",
        "/api/v1/api_logs",
        "/api-log/v1/entries",
    ] {
        println!("  curl -s '{base}{path}' -H 'Authorization: Bearer {token}'");
    }
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, app)
        .with_graceful_shutdown(async {
            let _ = tokio::signal::ctrl_c().await;
        })
        .await?;
    let report = recorder.shutdown(Duration::from_secs(5)).await;
    println!(
        "\n{} entries logged, {} lost",
        report.balance.stored(),
        report.lost()
    );
    Ok(())
}

/// Lets entries go after 90 days, or above 100 GiB, by whole partitions.
async fn let_go(store: PostgresStore) {
    let policy = RetentionPolicy::new()
        .max_age(90 * DAY)
        .max_bytes(100 << 30);
    let mut hourly = tokio::time::interval(Duration::from_secs(3600));
    loop {
        hourly.tick().await;
        match policy.enforce(&store, SystemTime::now().into()).await {
            Ok(deleted) => println!("{deleted} old entries deleted"),
            Err(error) => eprintln!("{error}"),
        }
    }
}

/// Makes a token that is good enough for as long as an example lives.
fn secret(kind: &str) -> String {
    let random = || RandomState::new().hash_one(kind);
    format!("{kind}-{:016x}{:016x}", random(), random())
}
