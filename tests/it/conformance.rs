mod memory {
    use tower_api_log::MemoryStore;

    tower_api_log::store_conformance!((MemoryStore::with_capacity(10_000), ()));
}

mod sqlite {
    use tower_api_log::SqliteStore;

    tower_api_log::store_conformance!({
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("log.db")).unwrap();
        (store, folder)
    });
}
