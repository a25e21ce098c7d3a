#!/usr/bin/env bash
# Runs everything that must hold, from a fresh clone on a machine with Rust, Python 3, curl and npm. What else it needs it installs below `target`, but for
# Debian's chromium, which it installs with apt-get where there is none.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$*"; }

for tool in cargo python3 curl; do
    command -v "$tool" >/dev/null || { echo "tests/run.sh needs $tool on the PATH" >&2; exit 1; }
done

step "format"
cargo fmt --all --check

step "lints, warnings denied"
cargo clippy --workspace --all-targets --all-features -- -D warnings
for features in "" axum clickhouse clickhouse-tls decompress explorer explorer,axum jwt metrics postgres postgres-tls rate-limit regex spool sqlite testing tracing xml; do
    cargo clippy --package tower-api-log --lib --no-default-features --features "$features" -- -D warnings
done

step "docs, warnings denied"
RUSTDOCFLAGS="-D warnings" cargo doc --package tower-api-log --no-deps --all-features

step "tests, examples and doc tests"
cargo test --package tower-api-log --all-features

step "stores on real servers"
started=()
stop_servers() { for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done; }
trap stop_servers EXIT
# Starts a server for as long as this script runs, and prints what it says of itself first.
start_server() {
    local said held holding
    said=$(mktemp)
    held=$(mktemp -u)
    mkfifo "$held"
    python3 "$1" <"$held" >"$said" &
    started+=($!)
    # The server stops when this end closes, however this script ends.
    exec {holding}>"$held"
    rm "$held"
    while [ ! -s "$said" ]; do
        kill -0 $! 2>/dev/null || { echo "$1 did not start" >&2; exit 1; }
        sleep 0.1
    done
    read -r server_url _ <"$said"
    rm -f "$said"
}
start_server tests/servers/postgres.py
export TEST_POSTGRES_URL=$server_url
start_server tests/servers/clickhouse.py
export TEST_CLICKHOUSE_URL=$server_url
start_server tests/servers/redis.py
export TEST_REDIS_URL=$server_url
cargo test --package tower-api-log --test servers --all-features -- --ignored
cargo test --package tower-api-log --example redis_store -- --ignored
stop_servers

step "the page in a real browser"
command -v npm >/dev/null || { echo "tests/run.sh needs npm on the PATH, to install axe-core" >&2; exit 1; }
npm install --prefix target/npm --silent --no-audit --no-fund axe-core@4.14.1
export TEST_AXE=$PWD/target/npm/node_modules/axe-core/axe.min.js
cargo build --example quickstart
export TEST_QUICKSTART=$PWD/target/debug/examples/quickstart
start_server tests/servers/chromedriver.py
export TEST_WEBDRIVER_URL=$server_url
cargo test --package tower-api-log-browser -- --ignored --skip quick:: --test-threads 2
# Alone, since what runs beside it would be measured along.
cargo test --package tower-api-log-browser -- --ignored quick:: --test-threads 1 --nocapture
stop_servers

step "tests without features"
cargo test --package tower-api-log-bare

step "threads in every order"
cargo test --package tower-api-log-interleaved

step "the vendors' own clients against the quickstart"
venv=target/venv
wanted="lago-python-client==1.55.0 jsonapi-client==0.9.10 schemathesis==4.32.5"
if [ "$(cat "$venv/wanted" 2>/dev/null)" != "$wanted" ]; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    # shellcheck disable=SC2086
    "$venv/bin/pip" install --quiet --disable-pip-version-check $wanted
    echo "$wanted" >"$venv/wanted"
fi
cargo build --example quickstart
"$venv/bin/python" tests/clients.py -v
