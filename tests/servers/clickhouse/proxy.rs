//! What stands between a store and its server and listens: what the store asks, and how much the server reads for it.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A proxy for one server.
pub(crate) struct Proxy {
    url: String,
    server: String,
    heard: Arc<Mutex<Heard>>,
}

#[derive(Default)]
struct Heard {
    asked: Vec<u8>,
    answered: Vec<u8>,
}

impl Proxy {
    /// Starts one for the server of a URL, without a database.
    pub(crate) fn new(url: &str) -> Self {
        let (login, server) = url.rsplit_once('@').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let here = listener.local_addr().unwrap();
        let heard = Arc::<Mutex<Heard>>::default();
        thread::spawn({
            let (server, heard) = (server.to_owned(), Arc::clone(&heard));
            move || {
                for client in listener.incoming() {
                    let client = client.unwrap();
                    client.set_nodelay(true).unwrap();
                    let server = TcpStream::connect(&server).unwrap();
                    // Otherwise what is sent in two pieces waits 40 ms.
                    server.set_nodelay(true).unwrap();
                    let pair = (client.try_clone().unwrap(), server.try_clone().unwrap());
                    listen(client, server, Arc::clone(&heard), |it| &mut it.asked);
                    listen(pair.1, pair.0, Arc::clone(&heard), |it| &mut it.answered);
                }
            }
        });
        Self {
            url: format!("{login}@{here}"),
            server: server.to_owned(),
            heard,
        }
    }

    /// Returns the URL of the proxy, with the login of the server.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Returns how many rows the server has read since the last call, for a store that has the setting `wait_end_of_query`.
    pub(crate) fn rows_read(&self) -> u64 {
        let mut heard = self.heard.lock().unwrap();
        let answered = std::mem::take(&mut heard.answered);
        let text = String::from_utf8_lossy(&answered);
        let counts = text.split("\"read_rows\":\"").skip(1);
        let counts = counts.filter_map(|rest| rest.split('"').next()?.parse::<u64>().ok());
        counts.sum()
    }

    /// Asks the server how it answers the last question.
    pub(crate) fn plan(&self) -> String {
        let asked = self.heard.lock().unwrap().asked.clone();
        let text = String::from_utf8_lossy(&asked);
        let last = &text[text.rfind("POST /").unwrap()..];
        let (head, body) = last.split_once("\r\n\r\n").unwrap();
        let body = body.replacen("SELECT", "EXPLAIN indexes = 1 SELECT", 1);
        let is_kept = |line: &&str| {
            let line = line.to_ascii_lowercase();
            !["content-length", "accept-encoding", "connection"]
                .iter()
                .any(|it| line.starts_with(it))
        };
        let head: Vec<_> = head.lines().filter(is_kept).collect();
        let head = head.join("\r\n").replace("HTTP/1.1", "HTTP/1.0");
        let head = head.replace(
            "default_format=RowBinaryWithNamesAndTypes",
            "default_format=TSVRaw",
        );
        let mut stream = TcpStream::connect(&self.server).unwrap();
        write!(
            stream,
            "{head}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }
}

fn listen(
    mut from: TcpStream,
    mut to: TcpStream,
    heard: Arc<Mutex<Heard>>,
    side: fn(&mut Heard) -> &mut Vec<u8>,
) {
    thread::spawn(move || {
        let mut buffer = [0; 1 << 16];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            side(&mut heard.lock().unwrap()).extend_from_slice(&buffer[..length]);
            if to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    });
}
