//! The one reader of a process's events.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use outpost_protocol::exec::process::SignalName;
use tokio::time::{Instant, timeout_at};

use super::{
    Exit, ProcessControl, ProcessEvent,
    inbox::{Inbox, Step},
};
use crate::{
    ClientError,
    reorder::Entry,
    session::{Core, Failed},
};

/// A process, and the only reader of its events. Everything but reading is also in
/// [`ProcessControl`], of which there may be many.
pub struct Process {
    control: ProcessControl,
    core: Arc<Core>,
    inbox: Arc<Inbox>,
    exit: Option<Exit>,
    failure: Option<ClientError>,
    /// Since when an entry is missing that later ones have overtaken.
    hole_since: Option<Instant>,
}

/// The events of a process, in order, without gap or repeat.
pub struct ProcessOutput<'a>(&'a mut Process);

/// How long a later entry may be there before the missing one is asked for. Servers that mix up
/// their order do so for less than that.
const HOLE_PATIENCE: Duration = Duration::from_millis(250);

// === impl Process ===

impl Process {
    pub(super) fn new(core: Arc<Core>, inbox: Arc<Inbox>) -> Self {
        let control = ProcessControl::new(Arc::clone(&core), inbox.id.clone());
        Self {
            control,
            core,
            inbox,
            exit: None,
            failure: None,
            hole_since: None,
        }
    }

    /// Its name in the session.
    #[must_use]
    pub fn id(&self) -> &str {
        self.control.id()
    }

    /// A handle for everything but reading.
    #[must_use]
    pub fn control(&self) -> ProcessControl {
        self.control.clone()
    }

    /// Its events.
    pub fn output(&mut self) -> ProcessOutput<'_> {
        ProcessOutput(self)
    }

    /// The next event; `None` after the last one. [`ClientError::OutputLost`] stands for output
    /// that is gone, and the stream goes on; any other error is the last item. Cancel-safe.
    pub async fn next(&mut self) -> Option<Result<ProcessEvent, ClientError>> {
        loop {
            match self.inbox.step() {
                Step::Take(entry) => {
                    if let Some(event) = self.taken(entry) {
                        return Some(event);
                    }
                }
                Step::Fail(error) => {
                    self.failure = Some(error.clone());
                    return Some(Err(error));
                }
                Step::End => return None,
                Step::Wait => self.inbox.changed().await,
                Step::WaitForHole => {
                    let since = *self.hole_since.get_or_insert_with(Instant::now);
                    if timeout_at(since + HOLE_PATIENCE, self.inbox.changed())
                        .await
                        .is_err()
                    {
                        self.hole_since = None;
                        self.read_on().await;
                    }
                }
                Step::Read => self.read_on().await,
            }
        }
    }

    /// How it ended. Waits for the exit, not for the end of the output; output that was not taken
    /// before is passed over, and [`Process::next`] goes on behind the exit. Cancel-safe.
    pub async fn wait(&mut self) -> Result<Exit, ClientError> {
        loop {
            if let Some(exit) = &self.exit {
                return Ok(exit.clone());
            }
            match self.next().await {
                Some(Ok(_) | Err(ClientError::OutputLost { .. })) => {}
                Some(Err(error)) => return Err(error),
                None => return Err(self.failure.clone().unwrap_or(ClientError::Closed)),
            }
        }
    }

    /// See [`ProcessControl::write`].
    pub async fn write(&self, bytes: impl Into<Bytes>) -> Result<(), ClientError> {
        self.control.write(bytes).await
    }

    /// See [`ProcessControl::close_stdin`].
    pub async fn close_stdin(&self) -> Result<(), ClientError> {
        self.control.close_stdin().await
    }

    /// See [`ProcessControl::resize`].
    pub async fn resize(&self, rows: u16, cols: u16) -> Result<(), ClientError> {
        self.control.resize(rows, cols).await
    }

    /// See [`ProcessControl::signal`].
    pub async fn signal(&self, signal: SignalName) -> Result<(), ClientError> {
        self.control.signal(signal).await
    }

    /// See [`ProcessControl::terminate`].
    pub async fn terminate(&self, grace: Option<Duration>) -> Result<bool, ClientError> {
        self.control.terminate(grace).await
    }

    fn taken(&mut self, entry: Entry) -> Option<Result<ProcessEvent, ClientError>> {
        self.hole_since = None;
        Some(Ok(match entry {
            Entry::Output(_, bytes) if bytes.is_empty() => return None,
            Entry::Output(stream, bytes) => ProcessEvent::Output { stream, bytes },
            Entry::Exited(exit) => {
                self.exit = Some(exit.clone());
                ProcessEvent::Exited(exit)
            }
            Entry::Closed => {
                self.core.forget(&self.inbox);
                ProcessEvent::Closed
            }
            Entry::Lost(bytes) => return Some(Err(ClientError::OutputLost { bytes })),
        }))
    }

    async fn read_on(&self) {
        let live = match self.core.live().await {
            Ok(live) => live,
            Err(error) => return self.inbox.fail(error),
        };
        match self.inbox.read_on(&live).await {
            // A lost one comes back, or `live` says that it does not.
            Ok(()) | Err(Failed::Lost(_)) => {}
            Err(Failed::With(error)) => self.inbox.fail(self.inbox.named(error)),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.core.forget(&self.inbox);
        self.inbox.abandon();
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process")
            .field("inbox", &self.inbox)
            .field("exit", &self.exit)
            .finish()
    }
}

// === impl ProcessOutput ===

impl ProcessOutput<'_> {
    /// See [`Process::next`].
    pub async fn next(&mut self) -> Option<Result<ProcessEvent, ClientError>> {
        self.0.next().await
    }
}

impl fmt::Debug for ProcessOutput<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ProcessOutput").field(&self.0).finish()
    }
}

// === impl Core ===

impl Core {
    /// Takes an inbox out of the table, unless another one has its place.
    pub(super) fn forget(&self, inbox: &Arc<Inbox>) {
        let mut processes = self.shared.processes.lock();
        if processes
            .get(&inbox.id)
            .is_some_and(|held| Arc::ptr_eq(held, inbox))
        {
            processes.remove(&inbox.id);
        }
    }
}
