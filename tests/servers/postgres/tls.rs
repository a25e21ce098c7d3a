//! Encrypted connections.

use std::time::{Duration, Instant};

use tower_api_log::testing::sample;
use tower_api_log::{ErrorKind, LogQuery, LogSink, LogStore, PostgresStore, Scope};

use super::place::Place;
use super::server::Server;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a PostgreSQL server; tests/run.sh starts one"]
async fn connection_is_encrypted_and_the_servers_certificate_checked() {
    let server = Server::start_with_tls();
    let root = server.certificate();
    let place = Place::at(server.url());
    for mode in [
        "",
        "?sslmode=prefer",
        "?sslmode=require",
        "?sslmode=require&channel_binding=require",
    ] {
        let url = format!("{}{mode}", server.url());
        let builder = || PostgresStore::builder(&url).schema(place.schema());
        let store = builder()
            .root_certificates(root.clone())
            .connect()
            .await
            .unwrap();
        store.write(&[sample::exchange(1)]).await.unwrap();
        assert!(
            store
                .get(&Scope::all(), sample::id(1))
                .await
                .unwrap()
                .is_some()
        );
        let encrypted = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE ssl AND application_name = 'tower-api-log'";
        assert!(place.number(encrypted).await > 0, "{mode}");
        drop(store);

        // The system's certificates know nothing of this one.
        let error = builder().connect().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
        assert!(error.to_string().contains("certificate"), "{error}");
        let start = Instant::now();
        while place.number(encrypted).await > 0 {
            assert!(start.elapsed() < Duration::from_secs(10));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    // The name is checked as well.
    let url = server.url().replace("127.0.0.1", "127.0.0.2");
    let builder = PostgresStore::builder(&url).root_certificates(root);
    assert!(builder.connect().await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a PostgreSQL server; tests/run.sh starts one"]
async fn server_without_tls_is_refused_where_it_is_required() {
    let place = Place::new();
    let url = format!("{}?sslmode=require", place.url());
    let error = PostgresStore::builder(&url)
        .schema(place.schema())
        .connect()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
    assert!(error.to_string().contains("TLS"), "{error}");
    for mode in ["disable", "prefer"] {
        let url = format!("{}?sslmode={mode}", place.url());
        let store = PostgresStore::builder(&url)
            .schema(place.schema())
            .connect()
            .await
            .unwrap();
        store.list(&LogQuery::new(Scope::all())).await.unwrap();
    }
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server; tests/run.sh starts one"]
async fn certificates_that_cannot_be_read_are_told() {
    let place = Place::new();
    for pem in [
        "",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "x",
    ] {
        let error = place
            .builder()
            .root_certificates(pem)
            .connect()
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
        assert!(error.to_string().contains("PEM"), "{error}");
    }
}
