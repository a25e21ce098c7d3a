//! What is measured, and how it is printed.

#![allow(dead_code, reason = "no benchmark needs all of it")]

use std::path::Path;
use std::time::{Duration, Instant};

/// Returns the CPU time of this thread; it moves on with the scheduler's ticks.
pub(crate) fn cpu_time() -> Duration {
    schedstat(0)
}

/// Returns for how long this thread was ready and others had the processor.
fn waited() -> Duration {
    schedstat(1)
}

fn schedstat(field: usize) -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split(' ').nth(field).and_then(|it| it.parse().ok());
    Duration::from_nanos(nanos.unwrap_or(0))
}

/// Returns the bytes of a file.
pub(crate) fn size(path: &Path) -> u64 {
    std::fs::metadata(path).unwrap().len()
}

/// Times of one question asked again and again, without those in which others had the processor.
#[derive(Default)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    /// Runs something and keeps its time.
    pub(crate) fn time<T>(&mut self, run: impl FnOnce() -> T) -> T {
        let (start, start_waited) = (Instant::now(), waited());
        let result = run();
        let took = start.elapsed();
        self.0.push(took.saturating_sub(waited() - start_waited));
        result
    }

    /// Waits for something and keeps its time: all of it, as others work for it meanwhile.
    pub(crate) async fn wait<T>(&mut self, run: impl Future<Output = T>) -> T {
        let start = Instant::now();
        let result = run.await;
        self.0.push(start.elapsed());
        result
    }

    /// Takes the times of another in.
    pub(crate) fn add(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Returns all times together.
    pub(crate) fn sum(&self) -> Duration {
        self.0.iter().sum()
    }

    /// Returns the time that `part` of all stay within, in milliseconds.
    pub(crate) fn quantile(&self, part: f64) -> f64 {
        let mut times = self.0.clone();
        times.sort();
        let rank = (times.len() as f64 * part).ceil() as usize;
        let time = times.get(rank.saturating_sub(1));
        time.map_or(0.0, |it| it.as_secs_f64() * 1e3)
    }

    /// Prints the median and the time that 99 of 100 stay within.
    pub(crate) fn print(&self) -> String {
        format!("{:.2} / {:.2}", self.quantile(0.5), self.quantile(0.99))
    }
}
