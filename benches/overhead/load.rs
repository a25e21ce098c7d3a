//! The load: keep-alive connections over loopback, each with one request under way, for a bounded time, as fast as the server
//! answers or at a rate.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time::{Instant as TokioInstant, Interval, interval_at};

use crate::child;
use crate::exchange::Shape;

const CONNECTIONS: usize = 16;

/// The child: each line asks for load for so many milliseconds, at so many requests a second or, with 0, as fast as can be. The answer is
/// requests, median and 99th percentile in ns.
pub fn serve_rounds(address: SocketAddr, shape: Shape) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let mut connections: Vec<_> = (0..CONNECTIONS)
        .map(|_| runtime.block_on(TcpStream::connect(address)).unwrap())
        .collect();
    child::answer_lines(|line| {
        let [millis, rate] = child::numbers(line)[..] else {
            unreachable!("two numbers");
        };
        let pause = (rate > 0).then(|| Duration::from_secs(CONNECTIONS as u64) / rate as u32);
        let end = Instant::now() + Duration::from_millis(millis);
        let mut latencies = runtime.block_on(async {
            let mut tasks = JoinSet::new();
            for (index, connection) in connections.drain(..).enumerate() {
                let first = pause.unwrap_or_default() * index as u32 / CONNECTIONS as u32;
                let ticks = pause.map(|pause| interval_at(TokioInstant::now() + first, pause));
                tasks.spawn(repeat(connection, shape.wire(), ticks, end));
            }
            let mut latencies = Vec::new();
            while let Some(done) = tasks.join_next().await {
                let (connection, own) = done.unwrap();
                connections.push(connection);
                latencies.extend(own);
            }
            latencies
        });
        latencies.sort_unstable();
        let at = |part: usize| latencies[(latencies.len() - 1) * part / 100];
        format!("{} {} {}", latencies.len(), at(50), at(99))
    });
}

async fn repeat(
    mut connection: TcpStream,
    wire: Vec<u8>,
    mut ticks: Option<Interval>,
    end: Instant,
) -> (TcpStream, Vec<u64>) {
    connection.set_nodelay(true).unwrap();
    let mut latencies = Vec::new();
    let mut buffer = vec![0; 16 * 1024];
    while Instant::now() < end {
        if let Some(ticks) = &mut ticks {
            ticks.tick().await;
        }
        let begun = Instant::now();
        connection.write_all(&wire).await.unwrap();
        let (mut filled, mut wanted) = (0, None);
        while wanted.is_none_or(|wanted| filled < wanted) {
            let read = connection.read(&mut buffer[filled..]).await.unwrap();
            assert!(read > 0, "the server closed");
            filled += read;
            wanted = wanted.or_else(|| length(&buffer[..filled]));
        }
        latencies.push(begun.elapsed().as_nanos() as u64);
    }
    (connection, latencies)
}

/// Returns the length of the whole response, once that is known.
fn length(response: &[u8]) -> Option<usize> {
    let head = response.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&response[..head]).unwrap();
    assert!(text.starts_with("HTTP/1.1 20"), "{text}");
    let declared = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    match declared {
        Some(length) => Some(head + length.trim().parse::<usize>().unwrap()),
        // One contender makes a stream of the body, and so loses its length: it goes out in chunks.
        None => response
            .ends_with(b"\r\n0\r\n\r\n")
            .then_some(response.len()),
    }
}
