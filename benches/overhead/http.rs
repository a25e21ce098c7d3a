//! Over HTTP on one core: the CPU of the whole process, kernel and all threads, for each request.
//!
//! Every server is held to core 0, the load to core 1. Each run of a contender follows a run of bare; what is told is of these pairs.
//! A run ends when everything that was recorded has been written, so that no work is left out of the count.

use std::net::SocketAddr;

use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use tokio::runtime::Builder;

use crate::child::{self, Helper, numbers};
use crate::contenders::{CONTENDERS, Contender, Stand};
use crate::exchange::{SHAPES, Shape};
use crate::figures::{Spread, cpu_ns, head, holds, row};

const PAIRS: usize = 5;
const MILLISECONDS: u64 = 1000;
/// Requests a second that leave the core time for everything, so that every exchange is recorded; and, with 0, as many as can be.
const RATES: [u64; 2] = [10_000, 0];
/// The least part of the exchanges that is recorded at a rate that leaves time.
const LEAST_RECORDED: f64 = 0.999;
const SERVER_CORE: usize = 0;
const LOAD_CORE: usize = 1;

pub struct Server {
    server: Helper,
    load: Helper,
}

/// One run of load.
pub struct Run {
    cpu_us: f64,
    per_second: f64,
    pub median_us: f64,
    pub p99_us: f64,
    /// Records written, of the requests.
    recorded: f64,
}

pub fn tables() -> bool {
    let mut held = true;
    for shape in SHAPES {
        for rate in RATES {
            held &= table(shape, rate);
        }
    }
    held
}

fn table(shape: Shape, rate: u64) -> bool {
    let mut bare = Server::start(Contender::Bare, shape);
    let mut pairs: Vec<Vec<(Run, Run)>> = CONTENDERS.iter().map(|_| Vec::new()).collect();
    let mut servers: Vec<_> = CONTENDERS
        .iter()
        .map(|&it| Server::start(it, shape))
        .collect();
    for round in 0..=PAIRS {
        for (server, pairs) in servers.iter_mut().zip(&mut pairs) {
            let pair = (bare.run(rate), server.run(rate));
            // The first warms up.
            if round > 0 {
                pairs.push(pair);
            }
        }
    }
    let load = match rate {
        0 => "as fast as it answers".to_owned(),
        rate => format!("{rate} req/s"),
    };
    head(
        &format!("HTTP on one core, {}, {load}, {PAIRS} pairs", shape.title()),
        &[
            "contender",
            "CPU us/request",
            "+ CPU us",
            "p25-p75",
            "req/s",
            "x bare",
            "p50 us",
            "p99 us",
            "recorded",
        ],
    );
    let mut figures = Vec::new();
    for (contender, pairs) in CONTENDERS.iter().zip(&pairs) {
        let of = |figure: &dyn Fn(&(Run, Run)) -> f64| {
            Spread::of(&pairs.iter().map(figure).collect::<Vec<_>>())
        };
        let added = of(&|(bare, run)| run.cpu_us - bare.cpu_us);
        let recorded = of(&|(_, run)| run.recorded).median;
        figures.push((added.median, recorded));
        row(&[
            contender.name().to_owned(),
            format!("{:.1}", of(&|(_, run)| run.cpu_us).median),
            format!("{:.1}", added.median),
            format!("{:.1}-{:.1}", added.low, added.high),
            format!("{:.0}", of(&|(_, run)| run.per_second).median),
            format!(
                "{:.2}",
                of(&|(bare, run)| run.per_second / bare.per_second).median
            ),
            format!("{:.0}", of(&|(_, run)| run.median_us).median),
            format!("{:.0}", of(&|(_, run)| run.p99_us).median),
            if recorded.is_nan() {
                "-".to_owned()
            } else {
                format!("{:.1} %", recorded * 100.0)
            },
        ]);
    }
    let bares: Vec<f64> = pairs
        .iter()
        .flatten()
        .map(|(bare, _)| bare.cpu_us)
        .collect();
    println!(
        "\nNoise: the quartiles of bare's CPU over the whole run lie {:.0} % apart.",
        Spread::of(&bares).noise()
    );
    judge(&format!("{}, {load}", shape.title()), rate, &figures)
}

fn judge(what: &str, rate: u64, figures: &[(f64, f64)]) -> bool {
    let of = |contender| {
        let at = CONTENDERS.iter().position(|&it| it == contender).unwrap();
        figures[at]
    };
    let (ours, recorded) = of(Contender::OursSqlite);
    let traced = of(Contender::TraceJson).0;
    println!(
        "ours-sqlite adds {:.2} times the CPU of trace-json, ours {:.2} times",
        ours / traced,
        of(Contender::Ours).0 / traced
    );
    // A core that is asked for more than it has drops records, and what is dropped costs nothing.
    if rate == 0 {
        return true;
    }
    let whole = holds(
        &format!("{what}: part that ours-sqlite did not record, %"),
        (1.0 - recorded) * 100.0,
        (1.0 - LEAST_RECORDED) * 100.0,
    );
    let handwritten = of(Contender::HandwrittenJson).0;
    let what = format!("{what}: CPU us that ours-sqlite adds, against handwritten-json");
    whole & holds(&what, ours, handwritten)
}

impl Server {
    pub fn start(contender: Contender, shape: Shape) -> Self {
        let mut server = Helper::start(Some(SERVER_CORE), &["server", contender.name()]);
        let address = server.line();
        let load = Helper::start(Some(LOAD_CORE), &["load", &address, shape.name()]);
        Self { server, load }
    }

    pub fn run(&mut self, rate: u64) -> Run {
        let recorded = self.settle();
        let cpu = cpu_ns(self.server.id());
        let [count, median, p99] = self.load.ask_numbers(&format!("{MILLISECONDS} {rate}"))[..]
        else {
            unreachable!("three numbers");
        };
        let after = self.settle();
        let cpu = cpu_ns(self.server.id()) - cpu;
        let us = |ns: u64| ns as f64 / 1000.0;
        Run {
            cpu_us: us(cpu) / count as f64,
            per_second: count as f64,
            median_us: us(median),
            p99_us: us(p99),
            recorded: recorded.zip(after).map_or(f64::NAN, |(before, after)| {
                (after - before) as f64 / count as f64
            }),
        }
    }

    /// Waits until all is written, and tells how many records that is.
    fn settle(&mut self) -> Option<u64> {
        match &*self.server.ask("settle") {
            "-" => None,
            count => numbers(count).first().copied(),
        }
    }
}

/// The child: the contender's server, which tells its address, and then on each line waits until all is written.
pub fn serve(contender: Contender) {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let _guard = runtime.enter();
    let stand = Stand::new(contender);
    let service = stand
        .service()
        .into_make_service_with_connect_info::<SocketAddr>();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    println!("{}", listener.local_addr().unwrap());
    let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap());
    runtime.spawn(async { axum::serve(listener, service).await });
    child::answer_lines(|_| {
        runtime.block_on(stand.settle());
        stand
            .recorded()
            .map_or_else(|| "-".to_owned(), |count| count.to_string())
    });
}
