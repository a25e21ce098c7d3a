//! The store in ClickHouse.
