use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

/// A body that does what its script says, step by step, and tells through a [`ScriptedBodyHandle`] what was asked of it.
///
/// Without a step left it ends. Its size hint is unknown and `is_end_stream` is true once the script is done, unless it is told otherwise.
///
/// # Example: a body that hangs after its first frame
///
/// ```
/// use http_body_util::BodyExt;
/// use tower_api_log::testing::ScriptedBody;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let mut body = ScriptedBody::new().then_data("one").then_pending().then_data("two");
/// let handle = body.handle();
/// assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "one");
/// handle.resume();
/// assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "two");
/// assert!(body.frame().await.is_none());
/// # }
/// ```
pub struct ScriptedBody {
    steps: VecDeque<Step>,
    size_hint: SizeHint,
    end: EndOfStream,
    shared: Arc<Mutex<Shared>>,
}

/// Sees and moves a [`ScriptedBody`] from outside.
#[derive(Clone)]
pub struct ScriptedBodyHandle {
    shared: Arc<Mutex<Shared>>,
}

/// The error of [`ScriptedBody::then_error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScriptedBodyError;

/// When `is_end_stream` of a [`ScriptedBody`] is true.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndOfStream {
    /// Once every step is done, as a body of known length knows it.
    #[default]
    WhenDone,
    /// Never, as a stream does not know it.
    Never,
    /// Always, as a body that lies.
    Always,
}

enum Step {
    Frame(Frame<Bytes>),
    Error,
    Pending,
    Panic,
}

#[derive(Default)]
struct Shared {
    resumed: usize,
    waker: Option<Waker>,
    polls: usize,
    ended: bool,
    dropped: bool,
}

impl ScriptedBody {
    /// Makes a body without a step: it ends at once.
    pub fn new() -> Self {
        Self {
            steps: VecDeque::new(),
            size_hint: SizeHint::new(),
            end: EndOfStream::default(),
            shared: Arc::default(),
        }
    }

    /// Then it sends data.
    #[must_use]
    pub fn then_data(self, data: impl Into<Bytes>) -> Self {
        self.then(Step::Frame(Frame::data(data.into())))
    }

    /// Then it sends trailers.
    #[must_use]
    pub fn then_trailers(self, trailers: HeaderMap) -> Self {
        self.then(Step::Frame(Frame::trailers(trailers)))
    }

    /// Then it is pending until [`ScriptedBodyHandle::resume`] was called, once for each such step.
    #[must_use]
    pub fn then_pending(self) -> Self {
        self.then(Step::Pending)
    }

    /// Then it fails.
    #[must_use]
    pub fn then_error(self) -> Self {
        self.then(Step::Error)
    }

    /// Then it panics.
    #[must_use]
    pub fn then_panic(self) -> Self {
        self.then(Step::Panic)
    }

    /// Declares an exact length, true or not.
    #[must_use]
    pub fn exact_size(self, bytes: u64) -> Self {
        self.size_hint(SizeHint::with_exact(bytes))
    }

    /// Declares a size hint, true or not. It stays the same while the body is read.
    #[must_use]
    pub fn size_hint(mut self, size_hint: SizeHint) -> Self {
        self.size_hint = size_hint;
        self
    }

    /// Says when `is_end_stream` is true.
    #[must_use]
    pub fn end_of_stream(mut self, end: EndOfStream) -> Self {
        self.end = end;
        self
    }

    /// Returns a handle that sees and moves the body.
    pub fn handle(&self) -> ScriptedBodyHandle {
        ScriptedBodyHandle {
            shared: Arc::clone(&self.shared),
        }
    }

    fn then(mut self, step: Step) -> Self {
        self.steps.push_back(step);
        self
    }
}

impl Default for ScriptedBody {
    fn default() -> Self {
        Self::new()
    }
}

impl ScriptedBodyHandle {
    /// Lets the body pass one pending step, the one that it waits at or the next that comes.
    pub fn resume(&self) {
        let mut shared = lock(&self.shared);
        shared.resumed += 1;
        if let Some(waker) = shared.waker.take() {
            drop(shared);
            waker.wake();
        }
    }

    /// Returns how often the body was polled for a frame.
    pub fn polls(&self) -> usize {
        lock(&self.shared).polls
    }

    /// Tells whether the body was polled to its end.
    pub fn is_ended(&self) -> bool {
        lock(&self.shared).ended
    }

    /// Tells whether the body was dropped.
    pub fn is_dropped(&self) -> bool {
        lock(&self.shared).dropped
    }
}

impl Body for ScriptedBody {
    type Data = Bytes;
    type Error = ScriptedBodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ScriptedBodyError>>> {
        lock(&self.shared).polls += 1;
        loop {
            match self.steps.pop_front() {
                Some(Step::Frame(frame)) => return Poll::Ready(Some(Ok(frame))),
                Some(Step::Error) => return Poll::Ready(Some(Err(ScriptedBodyError))),
                Some(Step::Panic) => panic!("the scripted body was told to panic"),
                Some(Step::Pending) => {
                    let mut shared = lock(&self.shared);
                    if shared.resumed == 0 {
                        shared.waker = Some(cx.waker().clone());
                        drop(shared);
                        self.steps.push_front(Step::Pending);
                        return Poll::Pending;
                    }
                    shared.resumed -= 1;
                }
                None => {
                    lock(&self.shared).ended = true;
                    return Poll::Ready(None);
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self.end {
            EndOfStream::WhenDone => self.steps.is_empty(),
            EndOfStream::Never => false,
            EndOfStream::Always => true,
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.size_hint
    }
}

impl Drop for ScriptedBody {
    fn drop(&mut self) {
        lock(&self.shared).dropped = true;
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Display for ScriptedBodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the scripted body was told to fail")
    }
}

impl std::error::Error for ScriptedBodyError {}

impl fmt::Debug for ScriptedBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedBody")
            .field("steps", &self.steps.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ScriptedBodyHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedBodyHandle")
            .field("polls", &self.polls())
            .field("is_dropped", &self.is_dropped())
            .finish_non_exhaustive()
    }
}
