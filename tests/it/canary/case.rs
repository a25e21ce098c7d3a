//! One exchange: what is sent and answered, in which pieces, and how it ends.

use std::future::pending;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Uri};
use http_body_util::BodyExt;
use tower::{Layer, Service, service_fn};
use tower_api_log::layer::{MatchedRoute, PeerAddr, RequestBody};
use tower_api_log::testing::ScriptedBody;
use tower_api_log::{ApiLog, ApiLogLayer};

use super::bodies::{self, Body};
use super::fields;
use super::pairs;
use super::plant::Plant;
use super::told::Told;

/// How an exchange ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Completed,
    /// The service reads some pieces of the request and answers.
    HalfRead,
    /// The client leaves while the response is sent.
    LeftInBody,
    /// The client leaves while the service works, once it has read some pieces.
    LeftBeforeResponse,
    /// The service fails, and says a secret.
    ServiceError(usize),
    /// A body fails after some pieces.
    RequestFails,
    ResponseFails,
}

/// One exchange, to be sent once.
pub(crate) struct Case {
    request: Request<ScriptedBody>,
    response: Response<ScriptedBody>,
    ending: Ending,
    /// How many pieces are read where not all are.
    pieces: usize,
    errors: Vec<String>,
    told: Told,
}

impl Case {
    /// Makes a case; the plant then knows what was planted.
    pub(crate) fn new(plant: &mut Plant) -> Self {
        let told = Told::new(plant);
        let ending = match plant.below(20) {
            0..=12 => Ending::Completed,
            13 => Ending::HalfRead,
            14 | 15 => Ending::LeftInBody,
            16 => Ending::LeftBeforeResponse,
            17 => Ending::ServiceError(0),
            18 => Ending::RequestFails,
            _ => Ending::ResponseFails,
        };
        let limit = plant
            .chance(15)
            .then(|| plant.one_of(&["/most-60", "/most-300", "/most-1000"]));
        let is_cut = limit.is_some() || ending != Ending::Completed;
        let (uri, route) = target(plant, limit.unwrap_or_default());
        let mut request = Request::builder()
            .method(plant.one_of(&["GET", "POST", "PATCH", "PROPFIND"]))
            .uri(uri);
        if let Some(route) = route {
            request = request.extension(MatchedRoute::new(format!(
                "{}{route}",
                limit.unwrap_or_default()
            )));
        }
        let peer = SocketAddr::from(([192, 0, 2, 7], 80));
        let mut request = request.extension(PeerAddr(peer)).body(()).unwrap();
        append(request.headers_mut(), plant, 4);
        let body = body(
            plant,
            is_cut,
            ending == Ending::RequestFails,
            request.headers_mut(),
        );
        let request = request.map(|()| body);

        let mut response = Response::builder()
            .status(plant.one_of(&[200, 201, 302, 404, 500]))
            .body(())
            .unwrap();
        // What is never sent is never found.
        let is_sent = !matches!(ending, Ending::LeftBeforeResponse | Ending::ServiceError(_));
        let known = plant.decoys.len();
        append(response.headers_mut(), plant, 3);
        let body = body_of_response(plant, is_cut, ending, response.headers_mut());
        if !is_sent {
            plant.decoys.truncate(known);
        }
        plant.enter("error of the service");
        let errors = vec![format!("{}: password={}", plant.chaff(), plant.canary())];
        Self {
            request,
            response: response.map(|()| body),
            ending,
            pieces: plant.below(3) as usize,
            errors,
            told,
        }
    }

    /// Sends it through a layer.
    pub(crate) async fn send(self, layer: &ApiLogLayer) {
        let Self {
            request,
            response,
            ending,
            pieces,
            errors,
            told,
        } = self;
        let held = Arc::new(Mutex::new(Some((response, errors, told))));
        let handle = move |request: Request<RequestBody<ScriptedBody>>| {
            let held = held.lock().unwrap().take();
            async move {
                let (response, mut errors, told) = held.expect("one call");
                told.tell(
                    request
                        .extensions()
                        .get::<ApiLog>()
                        .expect("the handle is there"),
                );
                let is_half = matches!(ending, Ending::HalfRead | Ending::LeftBeforeResponse);
                read(request.into_body(), is_half.then_some(pieces)).await;
                match ending {
                    Ending::LeftBeforeResponse => pending().await,
                    Ending::ServiceError(at) => Err(errors.swap_remove(at)),
                    _ => Ok(response),
                }
            }
        };
        let call = layer.layer(service_fn(handle)).call(request);
        if ending == Ending::LeftBeforeResponse {
            assert!(call.now_or_never().is_none(), "the service never answers");
            return;
        }
        if let Ok(response) = call.await {
            read(
                response.into_body(),
                (ending == Ending::LeftInBody).then_some(pieces),
            )
            .await;
        }
    }
}

/// Reads all frames of a body, or some.
async fn read<B: http_body::Body + Unpin>(mut body: B, most: Option<usize>) {
    let mut count = 0;
    while most.is_none_or(|most| count < most) {
        count += 1;
        match body.frame().await {
            Some(Ok(_)) => {}
            _ => return,
        }
    }
}

/// Makes the target of a request, and the template of its route.
fn target(plant: &mut Plant, prefix: &str) -> (Uri, Option<&'static str>) {
    let (path, route) = match plant.chance(40) {
        true => {
            let (place, make) = plant.one_of(pairs::PATHS);
            plant.enter(place);
            make(plant)
        }
        false => {
            plant.enter("path");
            let decoy = plant.decoy();
            let shapes = [
                "/v1/D",
                "/D/a",
                "/a;v=1;b=D/c",
                "/a/D@x",
                "/D/%C3%A9",
                "/D/:id/*",
            ];
            (
                plant.one_of(&shapes).replace('D', &decoy),
                plant.one_of(&[None, Some("/v1/{id}")]),
            )
        }
    };
    let mut target = format!("{prefix}{path}");
    if plant.chance(50) {
        target.push('?');
        target.push_str(&pairs::pairs(plant));
    }
    plant.enter("authority");
    match plant.below(10) {
        0 => target.insert_str(0, &format!("https://me:{}@x.test", plant.canary())),
        1 => target.insert_str(0, "http://x.test:8080"),
        _ => {}
    }
    let uri = target.parse();
    (
        uri.unwrap_or_else(|error| panic!("a target of {path:?} is none: {error}")),
        route,
    )
}

/// Adds fields to a head.
fn append(headers: &mut HeaderMap, plant: &mut Plant, most: u32) {
    for (name, value) in fields::fields(plant, most) {
        let mut value = HeaderValue::try_from(value).unwrap();
        value.set_sensitive(name.ends_with('!'));
        headers.append(HeaderName::from_static(name.trim_end_matches('!')), value);
    }
}

fn body_of_response(
    plant: &mut Plant,
    is_cut: bool,
    ending: Ending,
    headers: &mut HeaderMap,
) -> ScriptedBody {
    body(plant, is_cut, ending == Ending::ResponseFails, headers)
}

/// Makes a body in pieces, with trailers, and the fields that describe it.
fn body(plant: &mut Plant, is_cut: bool, fails: bool, headers: &mut HeaderMap) -> ScriptedBody {
    let mut script = ScriptedBody::new();
    if plant.chance(30) {
        return script;
    }
    let known = plant.decoys.len();
    let (place, make) = plant.one_of(bodies::BODIES);
    plant.enter(place);
    let Body {
        content_type,
        coding,
        bytes,
    } = make(plant);
    if is_cut {
        plant.decoys.truncate(known);
    }
    if let Some(content_type) = content_type {
        headers.append("content-type", content_type.parse().unwrap());
    }
    if let Some(coding) = coding {
        headers.append("content-encoding", coding.parse().unwrap());
    }
    if plant.chance(40) {
        script = script.exact_size(bytes.len() as u64);
    }
    let mut rest = Bytes::from(bytes);
    let most = 1 + plant.one_of(&[7, 40, 200, 100_000]);
    while !rest.is_empty() {
        let length = (1 + plant.below(most) as usize).min(rest.len());
        script = script.then_data(rest.split_to(length));
    }
    if fails {
        return script.then_error();
    }
    if plant.chance(15) {
        let known = plant.decoys.len();
        let mut trailers = HeaderMap::new();
        append(&mut trailers, plant, 2);
        if is_cut {
            plant.decoys.truncate(known);
        }
        script = script.then_trailers(trailers);
    }
    script
}
