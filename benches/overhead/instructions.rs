//! In process, under valgrind's callgrind: instructions of an exchange, which no noise moves.
//!
//! A run of N calls less a run that only builds the same N requests, after the same warm-up. User mode only.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::contenders::{CONTENDERS, Contender, Stand};
use crate::exchange::{self, SHAPES, Shape};
use crate::figures::{head, holds, row, whole};

const CALLS: usize = 2_000;
const WARM_UP: usize = 200;
/// The most instructions that full capture adds on the request's thread.
const MOST_ADDED: f64 = 15_000.0;

type ByFunction = BTreeMap<String, f64>;

/// Instructions of an exchange by function, inlined ones with those that they are in.
struct Cost {
    /// On the request's thread.
    own: ByFunction,
    /// On all others.
    others: ByFunction,
}

impl Cost {
    fn own(&self) -> f64 {
        self.own.values().sum()
    }

    fn all(&self) -> f64 {
        self.own() + self.others.values().sum::<f64>()
    }
}

pub fn table() -> bool {
    let costs: Vec<_> = CONTENDERS
        .iter()
        .map(|&it| SHAPES.map(|shape| measure(it, shape)))
        .collect();
    head(
        &format!("Instructions an exchange, {CALLS} calls; bare as such, the others added to it"),
        &[
            "contender",
            "POST, request's thread",
            "POST, all threads",
            "GET, request's thread",
            "GET, all threads",
        ],
    );
    let mut held = true;
    for (index, contender) in CONTENDERS.iter().enumerate() {
        let mut cells = vec![contender.name().to_owned()];
        for (cost, bare) in costs[index].iter().zip(&costs[0]) {
            let (own, all) = match index {
                0 => (cost.own(), cost.all()),
                _ => (cost.own() - bare.own(), cost.all() - bare.all()),
            };
            cells.extend([whole(own), whole(all)]);
        }
        row(&cells);
    }
    println!();
    for (index, contender) in CONTENDERS.iter().enumerate() {
        if !matches!(contender, Contender::Ours | Contender::OursSqlite) {
            continue;
        }
        for (shape, (cost, bare)) in SHAPES.iter().zip(costs[index].iter().zip(&costs[0])) {
            let what = format!(
                "{}, {}: instructions added on the request's thread",
                contender.name(),
                shape.title()
            );
            held &= holds(&what, cost.own() - bare.own(), MOST_ADDED);
        }
    }
    held
}

/// Prints on what functions a contender's instructions beyond the layer that does nothing are spent.
pub fn functions(contender: &str) -> bool {
    for shape in SHAPES {
        let cost = measure(Contender::named(contender), shape);
        let noop = measure(Contender::NoopLayer, shape);
        let threads = [
            ("the request's thread", &cost.own, &noop.own),
            ("all other threads", &cost.others, &noop.others),
        ];
        for (thread, spent, noop) in threads {
            let beyond =
                |name: &String| spent.get(name).unwrap_or(&0.0) - noop.get(name).unwrap_or(&0.0);
            let names: BTreeSet<_> = spent.keys().chain(noop.keys()).collect();
            let mut rows: Vec<_> = names.iter().map(|name| (beyond(name), name)).collect();
            rows.sort_by(|a, b| b.0.total_cmp(&a.0));
            let sum: f64 = rows.iter().map(|(spent, _)| spent).sum();
            let title = format!(
                "{contender}, {}, {thread}: {} beyond noop-layer",
                shape.title(),
                whole(sum)
            );
            head(&title, &["function", "instructions"]);
            for (spent, name) in rows.iter().filter(|(spent, _)| spent.abs() >= sum / 250.0) {
                row(&[name.to_string(), whole(*spent)]);
            }
        }
    }
    true
}

fn measure(contender: Contender, shape: Shape) -> Cost {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let [called, built] = ["call", "build"].map(|what| {
        let out = folder.path().join(what);
        let done = Command::new("valgrind")
            .args(["--tool=callgrind", "--separate-threads=yes", "--quiet"])
            .arg(format!("--callgrind-out-file={}", out.display()))
            .arg(std::env::current_exe().unwrap())
            .args([
                "--child",
                "exact",
                contender.name(),
                shape.name(),
                what,
                &CALLS.to_string(),
            ])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .expect("valgrind is installed");
        assert!(done.success(), "{} under valgrind", contender.name());
        threads(folder.path(), what)
    });
    Cost {
        own: each(called.own, built.own),
        others: each(called.others, built.others),
    }
}

/// What a run costs less another, for each of the calls.
fn each(mut run: ByFunction, less: ByFunction) -> ByFunction {
    for (name, spent) in less {
        *run.entry(name).or_default() -= spent;
    }
    run.values_mut().for_each(|spent| *spent /= CALLS as f64);
    run
}

/// Reads what callgrind wrote, a file for each thread.
fn threads(folder: &Path, stem: &str) -> Cost {
    let (mut own, mut others) = (ByFunction::new(), ByFunction::new());
    for file in fs::read_dir(folder).unwrap().flatten() {
        let name = file.file_name().into_string().unwrap();
        let Some(thread) = name.strip_prefix(stem) else {
            continue;
        };
        let costs = if thread == "-01" {
            &mut own
        } else {
            &mut others
        };
        add_up(&fs::read_to_string(file.path()).unwrap(), costs);
    }
    Cost { own, others }
}

/// Adds up callgrind's self costs by function. See "Callgrind Format Specification" in valgrind's manual.
fn add_up(profile: &str, costs: &mut ByFunction) {
    let mut names = BTreeMap::new();
    let mut function = String::new();
    let mut is_call = false;
    for line in profile.lines() {
        if let Some(name) = line.strip_prefix("fn=") {
            function = expand(&mut names, name);
        } else if let Some(name) = line.strip_prefix("cfn=") {
            // A name may be told here for the first time.
            expand(&mut names, name);
        } else if line.starts_with("calls=") {
            is_call = true;
        } else if line.starts_with(|first: char| first.is_ascii_digit() || "+-*".contains(first)) {
            // The line after `calls=` is the callee's, which tells it itself.
            if !std::mem::take(&mut is_call) {
                let cost: f64 = line.split(' ').nth(1).unwrap().parse().unwrap();
                *costs.entry(function.clone()).or_default() += cost;
            }
        }
    }
}

/// Resolves callgrind's `(7) name`, later `(7)`.
fn expand(known: &mut BTreeMap<String, String>, value: &str) -> String {
    match value.split_once(' ') {
        Some((id, name)) => {
            known.insert(id.to_owned(), name.to_owned());
            name.to_owned()
        }
        None => known.get(value).cloned().unwrap_or_default(),
    }
}

/// The child: a warm-up, then so many requests, built only or called as well.
pub fn exact(contender: Contender, shape: Shape, what: &str, count: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let stand = Stand::new(contender);
        let mut app = stand.service();
        for _ in 0..WARM_UP {
            exchange::call(&mut app, shape.request()).await;
        }
        stand.settle().await;
        for _ in 0..count {
            let request = shape.request();
            match what {
                "call" => exchange::call(&mut app, request).await,
                _ => drop(std::hint::black_box(request)),
            }
        }
        exchange::finish_tasks().await;
        stand.settle().await;
    });
}
