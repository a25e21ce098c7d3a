//! The load: keep-alive connections over loopback, each with one request under way, for a bounded time.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::task::JoinSet;

use crate::child;
use crate::exchange::Shape;

const CONNECTIONS: usize = 16;

/// The child: each line asks for load for so many milliseconds; the answer is requests, median and 99th percentile in ns.
pub fn serve_rounds(address: SocketAddr, shape: Shape) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let mut connections: Vec<_> = (0..CONNECTIONS)
        .map(|_| runtime.block_on(TcpStream::connect(address)).unwrap())
        .collect();
    child::answer_lines(|line| {
        let end = Instant::now() + Duration::from_millis(line.parse().unwrap());
        let mut latencies = runtime.block_on(async {
            let mut tasks = JoinSet::new();
            for connection in connections.drain(..) {
                tasks.spawn(repeat(connection, shape.wire(), end));
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

async fn repeat(mut connection: TcpStream, wire: Vec<u8>, end: Instant) -> (TcpStream, Vec<u64>) {
    connection.set_nodelay(true).unwrap();
    let mut latencies = Vec::new();
    let mut buffer = vec![0; 16 * 1024];
    while Instant::now() < end {
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
