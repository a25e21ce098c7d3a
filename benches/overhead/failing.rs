//! Over HTTP, the latencies of a service whose sink takes nothing, beside one whose sink works.

use crate::contenders::{Contender, FAILING};
use crate::exchange::Shape;
use crate::figures::{Spread, head, holds, row};
use crate::http::Server;

const ROUNDS: usize = 9;
const RATES: [u64; 2] = [1_000, 5_000];

pub fn tables() -> bool {
    RATES.iter().fold(true, |held, &rate| table(rate) & held)
}

fn table(rate: u64) -> bool {
    let shape = Shape::Post;
    let stands = [Contender::Ours].into_iter().chain(FAILING);
    let mut servers: Vec<_> = stands
        .map(|it| (it, Server::start(it, shape), Vec::new()))
        .collect();
    for round in 0..=ROUNDS {
        for (_, server, runs) in &mut servers {
            let run = server.run(rate);
            // The first warms up.
            if round > 0 {
                runs.push(run);
            }
        }
    }
    head(
        &format!(
            "HTTP on one core, {}, {rate} req/s, {ROUNDS} rounds in turns",
            shape.title()
        ),
        &["sink", "p50 us", "p99 us", "p25-p75 of p99"],
    );
    let mut p99s = Vec::new();
    for (contender, _, runs) in &servers {
        let median = Spread::of(&runs.iter().map(|it| it.median_us).collect::<Vec<_>>());
        let p99 = Spread::of(&runs.iter().map(|it| it.p99_us).collect::<Vec<_>>());
        row(&[
            contender.name().to_owned(),
            format!("{:.0}", median.median),
            format!("{:.0}", p99.median),
            format!("{:.0}-{:.0}", p99.low, p99.high),
        ]);
        p99s.push((contender.name(), p99));
    }
    // Within noise: the median of a failing one lies no higher than the upper quartile of the healthy one.
    let (_, healthy) = &p99s[0];
    p99s[1..].iter().fold(true, |held, (name, p99)| {
        let what = format!("{name}, {rate} req/s: p99 us, against the upper quartile of ours");
        holds(&what, p99.median, healthy.high) & held
    })
}
