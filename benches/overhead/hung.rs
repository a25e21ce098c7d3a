//! A sink that never returns: memory, latency and the ledger.

use std::time::{Duration, Instant};

use axum::Router;
use tokio::runtime::Builder;
use tower_api_log::recorder::{DropReason, Stats};
use tower_api_log::{ApiLogLayer, Recorder};

use crate::child;
use crate::contenders::{Blocks, Discard, Waits};
use crate::exchange::{self, Shape};
use crate::figures::{Spread, holds};
use crate::memory::Memory;

const BUDGET: usize = 16 * 1024 * 1024;
/// What the queue, the batch and its masked copies take beside the budget.
const CONSTANT: f64 = 4.0 * 1024.0 * 1024.0;
const CALLS: usize = 40_000;
const ROUNDS: usize = 15;
const CALLS_A_ROUND: usize = 2_000;
/// What a median latency may differ between two runs of the same thing on a machine with neighbours.
const MOST_RATIO: f64 = 1.15;
const DEADLINE: Duration = Duration::from_millis(200);

pub fn tables() -> bool {
    println!(
        "\nA sink that never returns, {} MiB of budget, {CALLS} x POST 1 KiB -> 1 KiB\n",
        BUDGET >> 20
    );
    ["waits", "blocks"]
        .iter()
        .fold(true, |held, kind| child::succeeds(&["hung", kind]) & held)
}

/// The child: says of one kind of sink whether each bound holds.
pub fn check(kind: &str) -> bool {
    let builder = match kind {
        "waits" => ApiLogLayer::builder(Waits),
        _ => ApiLogLayer::builder(Blocks),
    };
    let layer = builder.max_captured_bytes(BUDGET).build().unwrap();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut app = exchange::bare().layer(layer.clone());
        // So that the service's own memory is there before the watch begins.
        let mut bare = exchange::bare();
        for _ in 0..1000 {
            exchange::call(&mut bare, Shape::Post.request()).await;
        }
        let bounded = memory_and_ledger(kind, &mut app, &layer.recorder()).await;
        let prompt = latency(kind, &mut app).await;
        bounded & prompt & end(kind, &layer.recorder()).await
    })
}

async fn memory_and_ledger(kind: &str, app: &mut Router, recorder: &Recorder) -> bool {
    let memory = Memory::watch();
    let mut most_captured = 0;
    for call in 0..CALLS {
        exchange::call(app, Shape::Post.request()).await;
        if call % 100 == 0 {
            most_captured = most_captured.max(recorder.stats().captured_bytes);
        }
    }
    let peak = memory.peak();
    let mib = |bytes: f64| bytes / (1024.0 * 1024.0);
    let budgeted = holds(
        &format!("{kind}: captured bytes, MiB"),
        mib(most_captured as f64),
        mib(BUDGET as f64),
    );
    let resident = holds(
        &format!("{kind}: peak RSS, + MiB"),
        mib(peak),
        mib(BUDGET as f64 + CONSTANT),
    );
    budgeted & resident & balances(kind, &recorder.stats())
}

/// Every exchange has ended: what is in flight is with the recorder, and nothing else is unaccounted for.
fn balances(kind: &str, stats: &Stats) -> bool {
    let balance = &stats.balance;
    let held = stats.queued + stats.batched;
    let is_balanced =
        balance.seen() == CALLS as u64 && balance.in_flight() == held && balance.stored() == 0;
    println!(
        "{}: {kind}: the ledger balances: {} seen = {} stored + {} over budget + {} queue full + {held} held",
        if is_balanced { "holds" } else { "FAILS" },
        balance.seen(),
        balance.stored(),
        balance.dropped(DropReason::OverBudget),
        balance.dropped(DropReason::QueueFull),
    );
    is_balanced
}

/// Compares with a sink that works, round by round.
async fn latency(kind: &str, app: &mut Router) -> bool {
    let mut working = exchange::bare().layer(ApiLogLayer::new(Discard));
    let (mut hung_ns, mut working_ns) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        working_ns.push(median_ns(&mut working).await);
        hung_ns.push(median_ns(app).await);
    }
    let ratio = Spread::of_pairs(&hung_ns, &working_ns, |hung, working| hung / working).median;
    holds(
        &format!("{kind}: median latency, times that with a sink that works"),
        ratio,
        MOST_RATIO,
    )
}

async fn median_ns(app: &mut Router) -> f64 {
    let mut latencies = Vec::new();
    for _ in 0..CALLS_A_ROUND {
        let request = Shape::Post.request();
        let begun = Instant::now();
        exchange::call(app, request).await;
        latencies.push(begun.elapsed().as_nanos() as f64);
    }
    Spread::of(&latencies).median
}

/// A shutdown ends by its deadline, and says what was lost.
async fn end(kind: &str, recorder: &Recorder) -> bool {
    let stats = recorder.stats();
    let held = (stats.queued + stats.batched) as f64;
    let begun = Instant::now();
    let report = recorder.shutdown(DEADLINE).await;
    let took = begun.elapsed().as_secs_f64() * 1000.0;
    let prompt = holds(&format!("{kind}: shutdown within 200 ms, ms"), took, 1000.0);
    prompt
        & holds(
            &format!("{kind}: entries held and not reported as lost"),
            (held - report.lost() as f64).abs(),
            0.0,
        )
}
