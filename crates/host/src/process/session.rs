//! The processes of one session.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use parking_lot::Mutex;
use tokio::{runtime::Handle, sync::watch, time::Instant};

use super::{
    exit::ExitReason,
    handle::{Process, ProcessSummary},
    host::ProcessHost,
    keeper::Tree,
    registry::{Named, Registry},
    spec::Spec,
    start::{self, StartError},
};

/// The processes of one session. A cheap clone; dropping the last one ends them all.
#[derive(Clone)]
pub struct Processes {
    session: Arc<Session>,
}

struct Session {
    host: ProcessHost,
    registry: Mutex<Registry<Process>>,
    /// Trees of processes that are forgotten but have left children behind, which end with the
    /// session. Bounded by the keeper, like all trees.
    leftovers: Mutex<Vec<Arc<Tree>>>,
    /// How many starts are under way.
    starting: watch::Sender<usize>,
}

/// What an id names.
#[derive(Clone, Debug)]
pub enum Found {
    /// A process that is being started.
    Starting,
    /// A process.
    Ready(Process),
}

/// Why a session's processes end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndCause {
    /// Nobody came back to the session for too long.
    Expired,
    /// The server stops.
    Shutdown,
}

impl Processes {
    /// No processes yet.
    #[must_use]
    pub fn new(host: ProcessHost) -> Self {
        let limits = host.limits();
        let registry = Mutex::new(Registry::new(limits.processes, limits.closed_processes));
        let (leftovers, starting) = (Mutex::default(), watch::Sender::new(0));
        Self {
            session: Arc::new(Session {
                host,
                registry,
                leftovers,
                starting,
            }),
        }
    }

    /// Starts a process. Its id is taken from the first poll on, and free again after a failure.
    /// Dropping the future ends what it started.
    ///
    /// # Errors
    /// See [`StartError`]; in every case nothing runs.
    pub async fn start(&self, id: &str, spec: Spec) -> Result<Process, StartError> {
        spec.check()?;
        let session = &*self.session;
        let reservation = session.reserve(id)?;
        let shared = start::start(&session.host, id, spec).await?;
        let process = Process::new(shared);
        if reservation.fill(process.clone()) {
            return Ok(process);
        }
        process.shared().end_and_wait(ExitReason::Terminated).await;
        // Only now: whoever ends the session waits for this one too.
        drop(reservation);
        Err(StartError::Cancelled)
    }

    /// Cancels a start that is under way; it ends with [`StartError::Cancelled`]. Returns whether
    /// there was one.
    #[must_use]
    pub fn cancel(&self, id: &str) -> bool {
        self.session.registry.lock().cancel(id)
    }

    /// What an id names.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<Found> {
        self.session
            .registry
            .lock()
            .find(id)
            .map(|named| match named {
                Named::Starting => Found::Starting,
                Named::Ready(process) => Found::Ready(process),
            })
    }

    /// Every process that has started and is not forgotten, in the order of their ids.
    #[must_use]
    pub fn live(&self) -> Vec<Process> {
        self.session.registry.lock().ready()
    }

    /// The same, summed up.
    #[must_use]
    pub fn list(&self) -> Vec<ProcessSummary> {
        self.live().iter().map(Process::summary).collect()
    }

    /// Forgets the processes that were closed `keep` ago or earlier. Returns when the next of
    /// those that are closed now is due.
    #[must_use]
    pub fn prune(&self, now: Instant, keep: Duration) -> Option<Instant> {
        let (forgotten, next) = self.session.registry.lock().prune(now, keep);
        self.session.forget(&forgotten);
        self.session
            .leftovers
            .lock()
            .retain(|tree| !tree.is_empty());
        next
    }

    /// Forgets one process that is closed, whether or not anybody was told of it; one that is not
    /// closed stays. What it left running ends with the session.
    pub fn forget(&self, id: &str) {
        let forgotten = self.session.registry.lock().forget(id);
        self.session.forget(forgotten.as_slice());
        self.session
            .leftovers
            .lock()
            .retain(|tree| !tree.is_empty());
    }

    /// Ends every process with its whole tree, also those that are starting and what forgotten
    /// ones left behind, and waits until nothing is left of them. Nothing starts in this session
    /// afterwards.
    pub async fn end_all(&self, cause: EndCause) {
        let reason = match cause {
            EndCause::Expired => ExitReason::Expired,
            EndCause::Shutdown => ExitReason::Terminated,
        };
        let (processes, trees) = self.session.take_all();
        end(processes, trees, reason).await;
        let mut starting = self.session.starting.subscribe();
        // The sender is ours, so this cannot fail.
        let _none_starting = starting.wait_for(|starting| *starting == 0).await;
    }
}

impl std::fmt::Debug for Processes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ids = |process: Process| process.id().to_owned();
        let ids: Vec<_> = self.live().into_iter().map(ids).collect();
        f.debug_struct("Processes")
            .field("ids", &ids)
            .finish_non_exhaustive()
    }
}

async fn end(processes: Vec<Process>, trees: Vec<Arc<Tree>>, reason: ExitReason) {
    let processes = processes
        .iter()
        .map(|process| process.shared().end_and_wait(reason));
    let trees = trees.iter().map(|tree| async {
        tree.kill().await;
        tree.empty().await;
    });
    tokio::join!(join_all(processes), join_all(trees));
}

impl Session {
    fn reserve(&self, id: &str) -> Result<Reservation<'_>, StartError> {
        let reserved = self.registry.lock().reserve(id);
        let (number, forgotten) =
            reserved.map_err(|refusal| StartError::refused(refusal, self.host.limits()))?;
        self.starting.send_modify(|starting| *starting += 1);
        self.forget(&forgotten);
        Ok(Reservation {
            session: self,
            id: id.to_owned(),
            number,
        })
    }

    /// Lets go of processes that are closed. What they left running is kept until the session
    /// ends.
    fn forget(&self, processes: &[Process]) {
        for process in processes {
            let shared = process.shared();
            shared.stop.cancel();
            if !shared.tree.is_empty() {
                self.leftovers.lock().push(shared.tree.clone());
            }
        }
    }

    fn take_all(&self) -> (Vec<Process>, Vec<Arc<Tree>>) {
        let processes = self.registry.lock().end();
        (processes, std::mem::take(&mut *self.leftovers.lock()))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let (processes, trees) = self.take_all();
        if processes.is_empty() && trees.is_empty() {
            return;
        }
        // Without a runtime nothing can be waited for; the keeper ends trees that are dropped.
        if let Ok(runtime) = Handle::try_current() {
            let tasks = self.host.tasks().clone();
            tasks.spawn_on(end(processes, trees, ExitReason::Terminated), &runtime);
        }
    }
}

/// An id that is taken while its process starts.
struct Reservation<'a> {
    session: &'a Session,
    id: String,
    number: u64,
}

impl Reservation<'_> {
    /// Puts the process in its place; false where the start was cancelled.
    fn fill(&self, process: Process) -> bool {
        self.session
            .registry
            .lock()
            .fill(&self.id, self.number, process)
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        self.session.registry.lock().release(&self.id, self.number);
        self.session.starting.send_modify(|starting| *starting -= 1);
    }
}
