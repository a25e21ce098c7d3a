use super::server::Database;

tower_api_log::store_conformance!(
    #[ignore = "needs a ClickHouse server; tests/run.sh starts one"]
    {
        let database = Database::new();
        let store = database.builder().connect().await.unwrap();
        (store, database)
    }
);
