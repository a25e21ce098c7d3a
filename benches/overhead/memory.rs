//! Memory of a long stream, and how soon its first byte comes.

use std::convert::Infallible;
use std::fs;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::response::IntoResponse;
use axum::routing::get;
use futures_util::stream;
use http::Request;
use http::header::CONTENT_TYPE;
use http_body_util::BodyExt as _;
use tokio::runtime::Builder;
use tower::Service as _;
use tower_api_log::Policy;

use crate::child::Helper;
use crate::contenders::{CONTENDERS, Contender, Stand};
use crate::figures::{Spread, head, holds, row};

const MIB: f64 = 1024.0 * 1024.0;
const FRAME: usize = 64 * 1024;
const FRAMES: usize = 1024;
const SLOW_FRAMES: usize = 10;
const PAUSE: Duration = Duration::from_millis(20);

/// What a body's first bytes may take, and what else a stream may take on top.
const CAP: f64 = Policy::DEFAULT_MAX_BODY_BYTES as f64;

pub fn table() -> bool {
    head(
        "A response of 64 MiB in 1024 frames, and one of 10 frames 20 ms apart",
        &["contender", "peak RSS, + MiB", "first byte ms", "end ms"],
    );
    let mut held = Vec::new();
    for contender in CONTENDERS {
        let mut child = Helper::start(None, &["stream", contender.name()]);
        let line = child.line();
        let figures: Vec<f64> = line.split(' ').map(|it| it.parse().unwrap()).collect();
        let [peak, first, end] = figures[..] else {
            unreachable!("three numbers");
        };
        row(&[
            contender.name().to_owned(),
            format!("{:.2}", peak / MIB),
            format!("{first:.2}"),
            format!("{end:.1}"),
        ]);
        held.push((contender, peak, first));
    }
    println!();
    let bare_first = held[0].2;
    let ours =
        |it: &&(Contender, f64, f64)| matches!(it.0, Contender::Ours | Contender::OursSqlite);
    held.iter()
        .filter(ours)
        .fold(true, |all, (contender, peak, first)| {
            let name = contender.name();
            let memory = holds(
                &format!("{name}: peak RSS of the stream, KiB"),
                peak / 1024.0,
                (CAP + MIB) / 1024.0,
            );
            let prompt = holds(&format!("{name}: first byte, ms"), *first, bare_first + 1.0);
            all & memory & prompt
        })
}

/// The child: one line with peak RSS above the start, time to the first byte, time to the end.
pub fn stream(contender: Contender) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let stand = Stand::new(contender);
        let mut app = stand.around(
            Router::new()
                .route("/fast", get(fast))
                .route("/slow", get(slow))
                .route("/short", get(short)),
        );
        // So that what the first exchange starts is there, and nothing of a body's size.
        for _ in 0..3 {
            read(&mut app, "/short").await;
        }
        stand.settle().await;
        let memory = Memory::watch();
        read(&mut app, "/fast").await;
        let peak = memory.peak();
        let (mut firsts, mut ends) = (Vec::new(), Vec::new());
        for _ in 0..5 {
            let (first, end) = read(&mut app, "/slow").await;
            firsts.push(first);
            ends.push(end);
        }
        println!(
            "{peak} {} {}",
            Spread::of(&firsts).median,
            Spread::of(&ends).median
        );
    });
}

async fn fast() -> impl IntoResponse {
    frames(FRAMES, Duration::ZERO)
}

async fn short() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/plain")], "short")
}

async fn slow() -> impl IntoResponse {
    frames(SLOW_FRAMES, PAUSE)
}

/// Frames made on demand, of a type that is kept.
fn frames(count: usize, pause: Duration) -> impl IntoResponse {
    let frames = stream::unfold(0, move |made| async move {
        if made == count {
            return None;
        }
        if made > 0 && !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        Some((
            Ok::<_, Infallible>(Bytes::from(vec![b'a'; FRAME])),
            made + 1,
        ))
    });
    ([(CONTENT_TYPE, "text/plain")], Body::from_stream(frames))
}

/// Reads a response to its end, each frame dropped at once; returns ms to the first byte and to the end.
async fn read(app: &mut Router, path: &str) -> (f64, f64) {
    let ms = |begun: Instant| begun.elapsed().as_secs_f64() * 1000.0;
    let begun = Instant::now();
    let request = Request::builder().uri(path).body(Body::empty()).unwrap();
    let mut body = app.call(request).await.unwrap().into_body();
    let mut first = None;
    while let Some(frame) = body.frame().await {
        drop(frame.unwrap());
        first.get_or_insert_with(|| ms(begun));
    }
    (first.unwrap(), ms(begun))
}

/// The memory of this process from one moment on.
pub struct Memory {
    start: f64,
}

impl Memory {
    /// Begins, and forgets an earlier peak.
    pub fn watch() -> Self {
        fs::write("/proc/self/clear_refs", "5").unwrap();
        Self {
            start: status("VmRSS:"),
        }
    }

    /// Returns by how many bytes the resident set grew at most.
    pub fn peak(&self) -> f64 {
        status("VmHWM:") - self.start
    }
}

fn status(name: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib: f64 = line
        .unwrap()
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap();
    kib * 1024.0
}
