mod memory {
    use tower_api_log::MemoryStore;

    tower_api_log::store_conformance!((MemoryStore::with_capacity(10_000), ()));
}
