use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;

use super::export::Exporting;
use super::read::Telling;
use super::tail::Tailing;
use crate::error::Error;

/// The body of a response of [`LogApi`](super::LogApi).
pub struct ApiBody(Content);

enum Content {
    Whole(Full<Bytes>),
    Export(Box<Exporting>),
    Tail(Box<Tailing>),
}

impl ApiBody {
    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self(Content::Whole(Full::new(bytes)))
    }

    pub(super) fn export(export: Box<Exporting>) -> Self {
        Self(Content::Export(export))
    }

    pub(super) fn tail(tail: Box<Tailing>) -> Self {
        Self(Content::Tail(tail))
    }

    /// Tells of a reading: of an export or a tail when it ends, of all else now.
    pub(super) fn tell(&mut self, telling: Telling) {
        match &mut self.0 {
            Content::Export(body) => body.tell(telling),
            Content::Tail(body) => body.tell(telling),
            Content::Whole(_) => drop(telling),
        }
    }
}

impl Body for ApiBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match &mut self.0 {
            Content::Whole(body) => Pin::new(body)
                .poll_frame(cx)
                .map_err(|never| match never {}),
            Content::Export(body) => Pin::new(&mut **body).poll_frame(cx),
            Content::Tail(body) => Pin::new(&mut **body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Content::Whole(body) => body.is_end_stream(),
            Content::Export(body) => body.is_end_stream(),
            Content::Tail(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Content::Whole(body) => body.size_hint(),
            Content::Export(body) => body.size_hint(),
            Content::Tail(body) => body.size_hint(),
        }
    }
}

impl fmt::Debug for ApiBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiBody").finish_non_exhaustive()
    }
}
