//! The SQLite store.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

#[path = "sqlite/figures.rs"]
mod figures;
#[path = "sqlite/layouts.rs"]
mod layouts;
#[path = "sqlite/store.rs"]
mod store;
#[path = "sqlite/traffic.rs"]
mod traffic;

fn main() {
    let arguments: Vec<_> = std::env::args().filter(|it| it != "--bench").collect();
    let rows = arguments.iter().find_map(|it| it.parse().ok());
    match arguments.iter().any(|it| it == "layouts") {
        true => layouts::compare(rows.unwrap_or(200_000)),
        false => {
            let kept = arguments.iter().find(|it| it.ends_with(".db"));
            store::run(rows.unwrap_or(1_000_000), kept.map(String::as_str));
        }
    }
}
