use std::cell::Cell;
use std::io;

use crate::error::Error;

thread_local! {
    static IS_OWN: Cell<bool> = const { Cell::new(false) };
}

/// Tells whether this is a thread of a recorder: what a sink does here, such as calls of its own through the layer, must not come back to it.
pub(crate) fn is_own() -> bool {
    IS_OWN.get()
}

/// Runs a task on a thread of its own, on a runtime that ends with it. The runtime is built, and dropped, on the thread: it must not be dropped where the
/// caller awaits.
///
/// # Errors
///
/// When the machine gives no thread or no runtime: a configuration error.
pub(super) fn spawn<F: Future>(
    name: String,
    task: impl FnOnce() -> F + Send + 'static,
) -> Result<(), Error> {
    let (told, is_built) = std::sync::mpsc::sync_channel(1);
    let build = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
    };
    let run = move || match build() {
        Ok(runtime) => {
            IS_OWN.set(true);
            let _ = told.send(Ok(()));
            runtime.block_on(task());
            runtime.shutdown_background();
        }
        Err(error) => drop(told.send(Err(error))),
    };
    let thread = std::thread::Builder::new().name(name).spawn(run);
    let started = thread.and_then(|_| is_built.recv().map_err(io::Error::other).flatten());
    started.map_err(|source| {
        Error::configuration("a thread of the recorder could not be started").with_source(source)
    })
}
