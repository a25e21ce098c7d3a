//! `PostgresStore` on a real server, reached by `TEST_POSTGRES_URL`.

mod disk;
mod faults;
mod partitions;
pub(crate) mod place;
mod plans;
mod refused;
mod server;
mod tls;

use place::Place;

tower_api_log::store_conformance!(
    #[ignore = "needs a PostgreSQL server; tests/run.sh starts one"]
    {
        let place = Place::new();
        (place.connect().await, place)
    }
);
