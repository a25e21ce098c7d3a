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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::{Arc, Mutex};

    use metrics::{
        Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
    };

    use super::*;
    use crate::recorder::lane::SinkState;
    use crate::recorder::ledger::{Counts, Ledger};

    /// Keeps each metric under its name and labels; a gauge as the bits of its value.
    #[derive(Default)]
    struct Kept(Mutex<BTreeMap<String, Arc<AtomicU64>>>);

    impl Kept {
        fn slot(&self, key: &Key) -> Arc<AtomicU64> {
            let labels = key
                .labels()
                .map(|it| format!(" {}={}", it.key(), it.value()));
            let name = key.name().to_owned() + &labels.collect::<String>();
            self.0.lock().unwrap().entry(name).or_default().clone()
        }

        fn read(&self, name: &str) -> u64 {
            let kept = self.0.lock().unwrap();
            let slot = kept
                .get(name)
                .unwrap_or_else(|| panic!("{name}: {:?}", kept.keys()));
            slot.load(Ordering::SeqCst)
        }
    }

    impl Recorder for Kept {
        fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

        fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
            Counter::from_arc(self.slot(key))
        }

        fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
            Gauge::from_arc(self.slot(key))
        }

        fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
            Histogram::noop()
        }
    }

    #[test]
    fn ledger_is_published_under_the_name_of_its_sink() {
        let (ledger, mut counts) = (Ledger::default(), Counts::default());
        ledger.seen(10);
        ledger.filtered();
        (counts.stored, counts.spooled) = (4, 2);
        counts.drop(DropReason::SinkBehind, 1);
        let stats = SinkStats {
            name: "main".to_owned(),
            balance: ledger.read(&counts),
            state: SinkState::Up,
            last_error: None,
            held: 0,
            held_bytes: 0,
            errors: 3,
            panics: 0,
            retries: 2,
            #[cfg(feature = "spool")]
            spool: None,
        };
        let kept = Kept::default();
        for _ in 0..2 {
            metrics::with_local_recorder(&kept, || {
                publish(&stats);
                publish_captured(512);
            });
        }
        for (name, value) in [
            ("api_log_seen_total sink=main", 10),
            ("api_log_settled_total sink=main state=stored", 4),
            ("api_log_settled_total sink=main state=filtered", 1),
            ("api_log_dropped_total sink=main reason=sink_behind", 1),
            ("api_log_dropped_total sink=main reason=queue_full", 0),
            ("api_log_sink_errors_total sink=main", 3),
            ("api_log_sink_retries_total sink=main", 2),
            ("api_log_entries sink=main state=spooled", 2_f64.to_bits()),
            ("api_log_entries sink=main state=in_flight", 2_f64.to_bits()),
            ("api_log_captured_bytes", 512_f64.to_bits()),
        ] {
            assert_eq!(kept.read(name), value, "{name}");
        }
    }
}
