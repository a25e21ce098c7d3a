//! The quickstart's service with its log in a store of one's own, on Redis.
//!
//! ```text
//! cargo run --example redis_store -- redis://127.0.0.1/           # on 127.0.0.1:3000
//! TEST_REDIS_URL=redis://127.0.0.1/ cargo test --example redis_store -- --ignored
//! ```

#[path = "../quickstart/accounts.rs"]
mod accounts;
#[expect(dead_code, reason = "the quickstart's traffic uses all of it")]
#[path = "../quickstart/service.rs"]
mod service;
mod store;

use std::error::Error;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use tokio::net::TcpListener;
use tower_api_log::api::BearerTokens;
use tower_api_log::format::Native;
use tower_api_log::{ApiLogLayer, LogApi, Scope};

use store::RedisStore;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().ok_or("the URL of Redis is missing")?;
    let listener = TcpListener::bind("127.0.0.1:3000").await?;

    let store = RedisStore::connect(&url, "api-log").await?;
    let layer = ApiLogLayer::new(store.clone());
    let recorder = layer.recorder();
    let token = secret("reader");
    let read_side = LogApi::new(store)
        .format(Native)
        .access(BearerTokens::new([(&token, Scope::all())])?)
        .into_router()?;
    let memory = service::Memory::default();
    let session = memory.sign_in(service::JANE);
    let app = service::routes(memory).layer(layer).merge(read_side);

    println!("Make a call, and read it back:\n");
    let base = "http://127.0.0.1:3000";
    println!("  curl -s '{base}/api/v1/settings' -H 'Authorization: Bearer {session}'");
    println!("  curl -s '{base}/api-log/v1/entries' -H 'Authorization: Bearer {token}'");
    axum::serve(listener, app)
        .with_graceful_shutdown(async { drop(tokio::signal::ctrl_c().await) })
        .await?;
    recorder.shutdown(Duration::from_secs(5)).await;
    Ok(())
}

/// Makes a token that is good enough for as long as an example lives.
fn secret(kind: &str) -> String {
    let random = || RandomState::new().hash_one(kind);
    format!("{kind}-{:016x}{:016x}", random(), random())
}
