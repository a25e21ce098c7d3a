//! Header fields have no door of their own: they go through a layer.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use http::{HeaderName, HeaderValue, Request, Response};
use tower_api_log::layer::RequestBody;
use tower_api_log::recorder::Delivery;
use tower_api_log::{ApiLogLayer, Error, LogEntry, LogSink, async_trait};
use tower_layer::Layer;
use tower_service::Service;

/// Keeps the last batch.
#[derive(Clone, Default)]
struct Last(Arc<Mutex<Vec<LogEntry>>>);

#[async_trait]
impl LogSink for Last {
    async fn write(&self, batch: &[LogEntry]) -> Result<(), Error> {
        *self.0.lock().expect("no panic") = batch.to_vec();
        Ok(())
    }

    async fn flush(&self) -> Result<(), Error> {
        Ok(())
    }
}

thread_local! {
    static LOG: (ApiLogLayer, Last) = {
        let last = Last::default();
        let delivery = Delivery::default().batch_age(Duration::from_millis(1));
        let layer = ApiLogLayer::builder(last.clone()).delivery(delivery).build();
        (layer.expect("a layer"), last)
    };
}

#[derive(Clone)]
struct Nothing;

impl Service<Request<RequestBody<String>>> for Nothing {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = Ready<Result<Response<String>, Infallible>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<RequestBody<String>>) -> Self::Future {
        ready(Ok(Response::default()))
    }
}

/// Sends a request with these fields, and returns them as they are stored.
pub(crate) fn fields(fields: Vec<(HeaderName, HeaderValue)>) -> Vec<(String, String)> {
    LOG.with(|(layer, last)| {
        let mut request = Request::new(String::new());
        for (name, value) in fields {
            request.headers_mut().append(name, value);
        }
        let answer = layer.layer(Nothing).call(request).now_or_never();
        drop(answer.expect("nothing waits"));
        let flushed = layer.recorder();
        let mut flushed = std::pin::pin!(flushed.flush());
        // The recorder has a thread of its own and answers soon.
        while flushed.as_mut().now_or_never().is_none() {
            std::thread::yield_now();
        }
        let entries = last.0.lock().expect("no panic");
        let exchange = entries[0].exchange().expect("an exchange");
        let headers = exchange.request.headers.iter();
        headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    })
}
