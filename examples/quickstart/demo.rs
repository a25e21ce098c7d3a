//! Traffic as such a service gets it: calls of people and programs over HTTP, most of them well, some refused, slow, broken off or into a bug.
//!
//! The generator has a seed, so that every run asks the same; times are those at which the calls are made.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request};
use bytes::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::sleep;
use tokio_stream::StreamExt;
use tower_api_log::testing::Random;

use crate::service::{Memory, PEOPLE};

const SEED: u64 = 2026;
/// How many calls are made at once, so that there is something to see.
const BACKLOG: usize = 420;
const AT_A_TIME: usize = 24;

const BROWSERS: [&str; 3] = [
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
];
const PROGRAMS: [&str; 4] = [
    "python-requests/2.32.3",
    "okhttp/4.12.0",
    "Faraday v2.9.0",
    "Go-http-client/1.1",
];

/// Who calls: a person in a browser, an organisation's program, or nobody whom the service knows.
#[derive(Clone)]
struct Caller {
    token: Option<String>,
    address: String,
    user_agent: &'static str,
}

/// A call, and how long its caller waits for it.
struct Call {
    method: Method,
    path: String,
    caller: Caller,
    trace: String,
    sent: Sent,
    patience: Duration,
}

/// Makes traffic until the process ends: a backlog at once, then a few calls a second.
pub(crate) async fn run(to: SocketAddr, memory: Memory) {
    let mut demo = Demo::new(&memory);
    let slots = Arc::new(Semaphore::new(AT_A_TIME));
    for number in 0_usize.. {
        if number >= BACKLOG {
            let pause = 80 + u64::from(demo.random.below(500));
            sleep(Duration::from_millis(pause)).await;
        }
        let Ok(slot) = slots.clone().acquire_owned().await else {
            return;
        };
        let call = demo.call();
        tokio::spawn(async move {
            // One that ends without an answer is part of the traffic.
            let _ = call.send(to).await;
            drop(slot);
        });
    }
}

/// A content type and a body.
type Sent = (&'static str, Body);

struct Demo {
    random: Random,
    people: Vec<Caller>,
    programs: Vec<Caller>,
}

impl Demo {
    fn new(memory: &Memory) -> Self {
        let people = PEOPLE.iter().enumerate().map(|(number, person)| Caller {
            token: Some(memory.sign_in(*person)),
            address: format!("203.0.113.{}", 10 + number * 7),
            user_agent: BROWSERS[number % 3],
        });
        let programs = PEOPLE.iter().enumerate().map(|(number, person)| Caller {
            token: Some(memory.make_key(*person)),
            address: [
                "198.51.100.20",
                "198.51.100.31",
                "2001:db8::1f",
                "192.0.2.77",
            ][number]
                .to_owned(),
            user_agent: PROGRAMS[number],
        });
        Self {
            random: Random::new(SEED),
            people: people.collect(),
            programs: programs.collect(),
        }
    }

    /// Makes the next call.
    fn call(&mut self) -> Call {
        let caller = self.caller();
        let inquiry = 1 + self.random.below(60);
        let account = format!("acc_{}", 1 + self.random.below(42));
        let mut patience = Duration::from_secs(10);
        let (method, path, sent) = match self.random.below(100) {
            0..20 => {
                let status = self.random.pick(&["created", "pending", "approved"]);
                let size = self.random.pick(&["10", "25", "100"]);
                let query = format!("filter[status]={status}&page[size]={size}");
                get(format!("/api/v1/inquiries?{query}"))
            }
            20..36 => get(format!("/api/v1/inquiries/inq_{inquiry}")),
            36..48 => post("/api/v1/inquiries", json(&declared(&account))),
            48..55 => {
                let comment = json!({ "comment": "Checked by hand" });
                post(
                    format!("/api/v1/inquiries/inq_{inquiry}/approve"),
                    json(&comment),
                )
            }
            55..65 => get(format!("/api/v1/accounts/{account}")),
            65..72 => {
                let country = self
                    .random
                    .pick(&["DE", "FR", "AT", "PT", "NL", "ES", "XK"]);
                let changed = json!({ "country_code": country, "tags": ["imported", "reviewed"] });
                call(
                    Method::PATCH,
                    format!("/api/v1/accounts/{account}"),
                    json(&changed),
                )
            }
            72..80 => post("/api/v1/verifications", json(&self.verification())),
            80..86 => {
                if self.random.chance(8) {
                    patience = Duration::from_millis(60);
                }
                get(format!("/api/v1/reports/rep_{}", inquiry % 40 + 1))
            }
            86..90 => {
                patience = Duration::from_millis(1500);
                post("/api/v1/files", self.file())
            }
            90..92 => post("/api/v1/sessions", form()),
            92..94 => {
                let theme = self.random.pick(&["light", "dark", "system"]);
                let wanted = json!({ "theme": theme, "webhook_secret": "made-up-secret-0001" });
                call(Method::PUT, "/api/v1/settings", json(&wanted))
            }
            94..96 => {
                let operations =
                    json!([{ "path": "/inquiries", "summary": "List" }, { "summary": "Create" }]);
                let document = json(&json!({ "operations": operations }));
                post("/api/v1/references/ref_1/import", document)
            }
            96 => call(
                Method::DELETE,
                format!("/api/v1/inquiries/inq_{inquiry}"),
                nothing(),
            ),
            97 => get("/api/v1/events"),
            98 => get("/api/v1/failure"),
            _ => get(self.random.pick(&["/.env", "/wp-login.php"])),
        };
        let [high, low, span] = [(); 3].map(|()| self.random.number());
        let trace = format!("00-{high:016x}{low:016x}-{span:016x}-01");
        Call {
            method,
            path,
            caller,
            trace,
            sent,
            patience,
        }
    }

    fn caller(&mut self) -> Caller {
        let known = match self.random.below(100) {
            0..55 => &self.people,
            55..94 => &self.programs,
            _ => {
                let address = format!("192.0.2.{}", 100 + self.random.below(40));
                return Caller {
                    token: None,
                    address,
                    user_agent: "curl/8.7.1",
                };
            }
        };
        // The first calls most, the last seldom.
        let end = known.len() as u32;
        let number = self.random.below(end).min(self.random.below(end));
        known[number as usize].clone()
    }

    fn verification(&mut self) -> Value {
        let country = self.random.pick(&["DE", "FR", "AT"]);
        let portrait = json!({ "width": 640, "height": 800 });
        let mut attributes =
            json!({ "country_code": country, "document_kind": "passport", "portrait": portrait });
        match self.random.below(10) {
            0 => attributes["country_code"] = json!(49),
            1 => attributes["document_kind"] = Value::Null,
            _ => {}
        }
        json!({ "data": { "type": "verification/document", "attributes": attributes } })
    }

    /// Makes a file, which may be too large, or break off in its middle.
    fn file(&mut self) -> Sent {
        let length = if self.random.chance(10) { 300 } else { 24 } * 1024;
        let content = Bytes::from(vec![0xd8; length]);
        if !self.random.chance(25) {
            return ("image/jpeg", content.into());
        }
        let begun = tokio_stream::once(Ok::<_, std::io::Error>(content));
        (
            "image/jpeg",
            Body::from_stream(begun.chain(tokio_stream::pending())),
        )
    }
}

fn get(path: impl Into<String>) -> (Method, String, Sent) {
    call(Method::GET, path, nothing())
}

fn post(path: impl Into<String>, sent: Sent) -> (Method, String, Sent) {
    call(Method::POST, path, sent)
}

fn call(method: Method, path: impl Into<String>, sent: Sent) -> (Method, String, Sent) {
    (method, path.into(), sent)
}

fn nothing() -> Sent {
    ("", Body::empty())
}

fn json(value: &Value) -> Sent {
    ("application/json", value.to_string().into())
}

fn form() -> Sent {
    let fields = "user=jane%40example.com&password=made-up-password&remember=true";
    ("application/x-www-form-urlencoded", fields.into())
}

fn declared(account: &str) -> Value {
    let fields = json!({ "name_first": "Jane", "name_last": "Doe", "birthdate": "1994-04-12", "password": "made-up-password" });
    json!({ "data": { "attributes": { "inquiry_template_id": "itmpl_4", "reference_id": account, "fields": fields } } })
}

impl Call {
    /// Makes the call on a connection of its own, and leaves when the caller's patience ends.
    async fn send(self, to: SocketAddr) -> Result<(), Box<dyn Error + Send + Sync>> {
        let mut request = Request::builder()
            .method(self.method)
            .uri(self.path)
            .header("host", "api.example.com")
            .header("user-agent", self.caller.user_agent)
            .header("accept", "application/json")
            // As the proxy in front of the service says it.
            .header("x-forwarded-for", self.caller.address)
            .header("x-forwarded-proto", "https")
            .header("persona-version", "2023-01-05")
            .header("traceparent", self.trace);
        let (content_type, body) = self.sent;
        if !content_type.is_empty() {
            request = request.header("content-type", content_type);
        }
        if let Some(token) = self.caller.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request.body(body)?;
        let stream = TcpStream::connect(to).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let talk = async {
            let response = sender.send_request(request).await?;
            to_bytes(Body::new(response.into_body()), usize::MAX).await?;
            Ok(())
        };
        tokio::select! {
            told = talk => told,
            ended = connection => Ok(ended?),
            () = sleep(self.patience) => Ok(()),
        }
    }
}
