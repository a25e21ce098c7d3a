use super::server::Database;

tower_api_log::store_conformance!({
    let database = Database::new();
    let store = database.builder().connect().await.unwrap();
    (store, database)
});
