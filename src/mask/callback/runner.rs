use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::{Answer, Callback, Callbacks, Value};
use crate::contain::contain;
use crate::entry::Place;
use crate::error::Error;

const LIMIT: Duration = Duration::from_millis(50);
/// The values of one entry may take as often as long together.
const LIMITS_OF_AN_ENTRY: u32 = 20;

/// A value that waits for its answer.
pub(super) struct Asked {
    pub(super) place: Place,
    pub(super) pointer: String,
    pub(super) text: String,
}

/// Asks the callbacks, on a thread that is made when it is needed.
pub(in crate::mask) struct Runner {
    callbacks: Arc<[Arc<Callback>]>,
    limit: Duration,
    thread: Option<Thread>,
    /// How many threads are left to themselves and have not come back.
    abandoned: Arc<AtomicUsize>,
    withheld: Arc<AtomicU64>,
}

/// The way to a thread. Dropping it ends the thread once its callback has returned.
struct Thread {
    batches: Sender<Batch>,
    is_abandoned: Arc<AtomicBool>,
}

/// Values of which those from some number on are asked.
struct Batch {
    values: Arc<[Asked]>,
    from: usize,
    /// `None` for a panic.
    answers: Sender<Option<Answer>>,
}

impl Runner {
    /// The most threads that are left to themselves at a time.
    pub(in crate::mask) const MAX_ABANDONED: usize = 4;

    /// Makes a runner of the rules' callbacks; `None` where there are none.
    pub(in crate::mask) fn of(callbacks: &Callbacks) -> Result<Option<Self>, Error> {
        let limit = callbacks.limit.unwrap_or(LIMIT);
        if limit.is_zero() {
            return Err(Error::configuration("callback_limit must not be zero"));
        }
        Ok((!callbacks.all.is_empty()).then(|| Self {
            callbacks: callbacks.all.as_slice().into(),
            limit,
            thread: None,
            abandoned: Arc::default(),
            withheld: Arc::default(),
        }))
    }

    /// Returns the count of values that were withheld because a callback failed.
    pub(in crate::mask) fn withheld(&self) -> Arc<AtomicU64> {
        self.withheld.clone()
    }

    /// Returns the answer to each value; `None` where there is none.
    pub(super) fn ask(&mut self, values: Vec<Asked>) -> Vec<Option<Answer>> {
        let values: Arc<[Asked]> = values.into();
        let end = Instant::now() + self.limit * LIMITS_OF_AN_ENTRY;
        let mut answers = Vec::with_capacity(values.len());
        while answers.len() < values.len() {
            let Some(receiver) = self.send(&values, answers.len()) else {
                break;
            };
            while answers.len() < values.len() {
                let left = end.saturating_duration_since(Instant::now());
                match receiver.recv_timeout(self.limit.min(left)) {
                    Ok(answer) => answers.push(answer),
                    Err(error) => {
                        answers.push(None);
                        match error {
                            RecvTimeoutError::Timeout => self.abandon(),
                            RecvTimeoutError::Disconnected => self.thread = None,
                        }
                        break;
                    }
                }
            }
            if Instant::now() >= end {
                break;
            }
        }
        answers.resize(values.len(), None);
        let failed = answers.iter().filter(|it| it.is_none()).count();
        self.withheld.fetch_add(failed as u64, Ordering::Relaxed);
        answers
    }

    /// Hands values over to the thread; `None` where there is none and none may be made.
    fn send(&mut self, values: &Arc<[Asked]>, from: usize) -> Option<Receiver<Option<Answer>>> {
        if self.thread.is_none() {
            let is_full = self.abandoned.load(Ordering::Acquire) >= Self::MAX_ABANDONED;
            self.thread = (!is_full).then(|| self.start()).flatten();
        }
        let (answers, receiver) = channel();
        let values = values.clone();
        let batch = Batch {
            values,
            from,
            answers,
        };
        self.thread.as_ref()?.batches.send(batch).ok()?;
        Some(receiver)
    }

    fn start(&self) -> Option<Thread> {
        let (batches, receiver) = channel();
        let is_abandoned = Arc::new(AtomicBool::new(false));
        let mut worker = Worker {
            batches: receiver,
            callbacks: self.callbacks.clone(),
            is_abandoned: is_abandoned.clone(),
            abandoned: self.abandoned.clone(),
        };
        let builder = thread::Builder::new().name("api-log-callback".to_owned());
        builder.spawn(move || worker.run()).ok()?;
        Some(Thread {
            batches,
            is_abandoned,
        })
    }

    /// Leaves the thread to itself.
    fn abandon(&mut self) {
        if let Some(thread) = self.thread.take() {
            self.abandoned.fetch_add(1, Ordering::AcqRel);
            thread.is_abandoned.store(true, Ordering::Release);
        }
    }
}

/// What runs on the thread.
struct Worker {
    batches: Receiver<Batch>,
    callbacks: Arc<[Arc<Callback>]>,
    is_abandoned: Arc<AtomicBool>,
    abandoned: Arc<AtomicUsize>,
}

impl Worker {
    fn run(&mut self) {
        while let Ok(batch) = self.batches.recv() {
            for asked in batch.values.iter().skip(batch.from) {
                let answer = contain(|| ask(&self.callbacks, asked));
                if self.is_abandoned.load(Ordering::Acquire) || batch.answers.send(answer).is_err()
                {
                    break;
                }
            }
        }
    }
}

/// Says that the thread has come back.
impl Drop for Worker {
    fn drop(&mut self) {
        if self.is_abandoned.load(Ordering::Acquire) {
            self.abandoned.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

fn ask(callbacks: &[Arc<Callback>], asked: &Asked) -> Answer {
    let mut replaced = None;
    for callback in callbacks {
        let text = replaced.as_ref().unwrap_or(&asked.text);
        let answer = callback(&Value {
            place: asked.place,
            pointer: &asked.pointer,
            text,
        });
        match answer {
            Answer::Keep => {}
            Answer::Replace(text) => replaced = Some(text),
            Answer::Hide => return Answer::Hide,
        }
    }
    replaced.map_or(Answer::Keep, Answer::Replace)
}
