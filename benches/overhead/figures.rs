//! Medians, tables, and what the machine says of itself.

use std::fs;

/// Prints the machine and what else runs on it.
pub fn machine() -> bool {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        cpu.lines()
            .find(|line| line.starts_with(name))
            .and_then(|line| line.split(": ").nth(1))
            .unwrap_or("?")
            .to_owned()
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!(
        "{} x {}, load {}",
        cores,
        field("model name"),
        load.split(' ').take(3).collect::<Vec<_>>().join(" ")
    );
    true
}

/// Returns the nanoseconds of CPU, user and system, that the threads of a process have used.
pub fn cpu_ns(process: u32) -> u64 {
    let threads = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let used = |thread: fs::DirEntry| {
        let stat = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        stat.split(' ').next()?.parse::<u64>().ok()
    };
    threads.flatten().filter_map(used).sum()
}

#[derive(Clone, Copy)]
pub struct Spread {
    pub low: f64,
    pub median: f64,
    pub high: f64,
}

impl Spread {
    /// The quartiles.
    pub fn of(values: &[f64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |part: f64| sorted[((sorted.len() - 1) as f64 * part).round() as usize];
        Self {
            low: at(0.25),
            median: at(0.5),
            high: at(0.75),
        }
    }

    /// The quartiles of the values of two series of the same rounds.
    pub fn of_pairs(a: &[f64], b: &[f64], how: impl Fn(f64, f64) -> f64) -> Self {
        Self::of(
            &a.iter()
                .zip(b)
                .map(|(&a, &b)| how(a, b))
                .collect::<Vec<_>>(),
        )
    }

    /// The distance of the quartiles, in percent of the median.
    pub fn noise(self) -> f64 {
        (self.high - self.low) / self.median * 100.0
    }
}

/// Prints a row of a Markdown table.
pub fn row(cells: &[String]) {
    println!("| {} |", cells.join(" | "));
}

/// Prints the head of a Markdown table; the first column is text.
pub fn head(title: &str, cells: &[&str]) {
    println!("\n{title}\n\n| {} |", cells.join(" | "));
    println!("|---|{}", "--:|".repeat(cells.len() - 1));
}

/// Prints a whole number with a thin separator every three digits.
pub fn whole(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if value <= -0.5 {
        format!("-{text}")
    } else {
        text
    }
}

/// Prints a bound and whether it holds.
pub fn holds(what: &str, value: f64, most: f64) -> bool {
    let held = value <= most;
    let word = if held { "holds" } else { "FAILS" };
    let shown = |value: f64| match value.abs() < 100.0 {
        true => format!("{value:.2}"),
        false => whole(value),
    };
    println!("{word}: {what}: {}, at most {}", shown(value), shown(most));
    held
}
