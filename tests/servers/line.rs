//! What stands between a store and its server, and can be broken: it falls silent, breaks off, or drips.

use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How a line fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Open,
    /// Connections are accepted and nothing passes.
    Silent,
    /// Whoever sends gets a reset.
    Broken,
    /// One byte a second passes each way.
    Drips,
}

/// A line to a server.
pub(crate) struct Line {
    url: String,
    state: watch::Sender<State>,
}

impl Line {
    /// Lays a line to the server of a URL, on the runtime of the caller.
    pub(crate) async fn to(url: &str) -> Self {
        let (login, rest) = url.split_once('@').unwrap();
        let (server, path) = rest.split_once('/').unwrap_or((rest, ""));
        let server = server.to_socket_addrs().unwrap().next().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = listener.local_addr().unwrap();
        let (state, seen) = watch::channel(State::Open);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(join(client, server, seen.clone()));
            }
        });
        Self {
            url: format!("{login}@{here}/{path}"),
            state,
        }
    }

    /// Returns the URL of the line's near end, with the login and the database of the server's.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn set(&self, state: State) {
        self.state.send_replace(state);
    }
}

async fn join(client: TcpStream, server: SocketAddr, state: watch::Receiver<State>) {
    let server = TcpStream::connect(server).await.unwrap();
    for end in [&client, &server] {
        // So that an end that is dropped resets.
        end.set_zero_linger().unwrap();
    }
    let ((from_client, to_client), (from_server, to_server)) =
        (client.into_split(), server.into_split());
    tokio::select! {
        () = pass(from_client, to_server, state.clone()) => {}
        () = pass(from_server, to_client, state) => {}
    }
}

/// Passes what comes, as the state has it, until one end closes or the line breaks.
async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut state: watch::Receiver<State>) {
    let mut bytes = [0; 1 << 14];
    loop {
        let now = *state.borrow_and_update();
        let room = match now {
            State::Open => bytes.len(),
            State::Drips => 1,
            State::Silent => {
                if state.changed().await.is_err() {
                    return;
                }
                continue;
            }
            State::Broken => {
                let _ = from.readable().await;
                return;
            }
        };
        let read = tokio::select! {
            read = from.read(&mut bytes[..room]) => read.unwrap_or(0),
            changed = state.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return,
            },
        };
        if read == 0 || to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
        if now == State::Drips {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}
