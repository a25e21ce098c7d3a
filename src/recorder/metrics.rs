//! The ledger as metrics of the `metrics` crate, for whatever recorder the application has installed.

use metrics::{Label, counter, gauge};

use super::{DropReason, SinkStats};

/// Publishes how a sink fares. Counters are absolute: publishing again changes nothing.
pub(super) fn publish(stats: &SinkStats) {
    let of_sink = || vec![Label::new("sink", stats.name.clone())];
    let with = |key: &'static str, value: &'static str| {
        let mut labels = of_sink();
        labels.push(Label::new(key, value));
        labels
    };
    let balance = &stats.balance;
    counter!("api_log_seen_total", of_sink()).absolute(balance.seen());
    for (state, count) in [
        ("stored", balance.stored()),
        ("filtered", balance.filtered()),
        ("sampled_out", balance.sampled_out()),
    ] {
        counter!("api_log_settled_total", with("state", state)).absolute(count);
    }
    for reason in DropReason::ALL {
        let dropped = balance.dropped(reason);
        counter!("api_log_dropped_total", with("reason", reason.as_str())).absolute(dropped);
    }
    for (state, count) in [
        ("in_flight", balance.in_flight()),
        ("spooled", balance.spooled()),
        ("dead_lettered", balance.dead_lettered()),
    ] {
        gauge!("api_log_entries", with("state", state)).set(count as f64);
    }
    counter!("api_log_sink_errors_total", of_sink()).absolute(stats.errors);
    counter!("api_log_sink_retries_total", of_sink()).absolute(stats.retries);
}

/// Publishes how many bytes captures, queues and batches hold.
pub(super) fn publish_captured(bytes: usize) {
    gauge!("api_log_captured_bytes").set(bytes as f64);
}
