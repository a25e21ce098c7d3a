//! In process: time, CPU and allocations of an exchange.

use std::time::Instant;

use crate::allocations;
use crate::child::{self, Helper};
use crate::contenders::{CONTENDERS, Contender, Stand};
use crate::exchange::{self, SHAPES, Shape};
use crate::figures::{Spread, cpu_ns, head, holds, row, whole};

const ROUNDS: usize = 15;
const CALLS: usize = 2_000;
/// The most allocations that full capture adds on the request's thread.
const MOST_ALLOCATIONS: f64 = 33.0;

/// One process for each contender, woken in turn, so that a change of the machine's mood meets them all.
pub fn tables() -> bool {
    SHAPES.iter().fold(true, |held, &shape| table(shape) & held)
}

fn table(shape: Shape) -> bool {
    let mut children: Vec<_> = CONTENDERS
        .iter()
        .map(|it| Helper::start(None, &["calls", it.name(), shape.name()]))
        .collect();
    for child in &mut children {
        child.ask_numbers(&CALLS.to_string());
    }
    let mut rounds = vec![Vec::new(); children.len()];
    for _ in 0..ROUNDS {
        for (child, rounds) in children.iter_mut().zip(&mut rounds) {
            rounds.push(child.ask_numbers(&CALLS.to_string()));
        }
    }
    let series = |contender: usize, figure: usize| -> Vec<f64> {
        let figures = rounds[contender].iter();
        figures.map(|it| it[figure] as f64 / CALLS as f64).collect()
    };
    head(
        &format!(
            "In process, {}, {ROUNDS} rounds of {CALLS}: ns and allocations an exchange",
            shape.title()
        ),
        &[
            "contender",
            "wall",
            "p25-p75",
            "+ wall",
            "CPU, all threads",
            "+ CPU",
            "+ allocations, request's thread",
            "all threads",
        ],
    );
    let mut held = true;
    for (index, contender) in CONTENDERS.iter().enumerate() {
        let added = |figure| {
            Spread::of_pairs(&series(index, figure), &series(0, figure), |a, b| a - b).median
        };
        let wall = Spread::of(&series(index, 0));
        row(&[
            contender.name().to_owned(),
            whole(wall.median),
            format!("{}-{}", whole(wall.low), whole(wall.high)),
            whole(added(0)),
            whole(Spread::of(&series(index, 1)).median),
            whole(added(1)),
            format!("{:.1}", added(2)),
            format!("{:.1}", added(3)),
        ]);
    }
    println!(
        "\nNoise: the quartiles of bare's wall time lie {:.0} % apart.",
        Spread::of(&series(0, 0)).noise()
    );
    for (index, contender) in CONTENDERS.iter().enumerate() {
        if matches!(contender, Contender::Ours | Contender::OursSqlite) {
            let added = Spread::of_pairs(&series(index, 2), &series(0, 2), |a, b| a - b).median;
            held &= holds(
                &format!(
                    "{}: allocations added on the request's thread",
                    contender.name()
                ),
                added,
                MOST_ALLOCATIONS,
            );
        }
    }
    held
}

/// The child: each line asks for a round of so many calls.
pub fn serve_rounds(contender: Contender, shape: Shape) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let _guard = runtime.enter();
    let stand = Stand::new(contender);
    let mut app = stand.service();
    child::answer_lines(|line| {
        let requests: Vec<_> = (0..line.parse().unwrap())
            .map(|_| shape.request())
            .collect();
        allocations::switch(true);
        let (allocated, cpu, begun) = (
            allocations::so_far(),
            cpu_ns(std::process::id()),
            Instant::now(),
        );
        let (wall, own) = runtime.block_on(async {
            for request in requests {
                exchange::call(&mut app, request).await;
            }
            exchange::finish_tasks().await;
            let own = allocations::so_far().own - allocated.own;
            let wall = begun.elapsed().as_nanos();
            stand.settle().await;
            (wall, own)
        });
        let cpu = cpu_ns(std::process::id()) - cpu;
        let all = allocations::so_far().all - allocated.all;
        allocations::switch(false);
        format!("{wall} {cpu} {own} {all}")
    });
}
