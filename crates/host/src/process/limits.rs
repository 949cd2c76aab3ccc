//! Every number of the process engine, with its reason.
//!
//! Nothing else in `process` writes a limit down; tests pass [`ProcessLimits::tiny`] so that
//! every edge is met with a handful of bytes.

use std::time::Duration;

/// What happens when a detached process has filled its share of the retained output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFull {
    /// Its pipe is left alone and the child waits: nothing is ever lost.
    Block,
    /// The oldest output is dropped, and every page that misses some says so.
    Evict,
}

/// The bounds of the process engine. Cloned into every process at its start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessLimits {
    /// Output kept per process, in bytes. 16 MiB outlasts what a connection may hold in flight
    /// (its outbox and both socket buffers), so a cut connection can always be resumed.
    pub retain_bytes: usize,
    /// Output chunks kept per process. A read answer has about four JSON values a chunk, and
    /// receivers refuse messages of more than 262,144 values.
    pub retain_chunks: usize,
    /// Output kept by all processes of the server together, in bytes.
    pub retain_total: usize,
    /// What a full log means for a process nobody is attached to.
    pub on_full: OnFull,
    /// Input accepted and not yet written, per process, in bytes.
    pub stdin_bytes: usize,
    /// Accepted write ids remembered per process; the reference remembers 4,096.
    pub write_ids: usize,
    /// The largest output chunk, in bytes: large enough to amortise a message, small enough
    /// that a terminal next to a flood is not held up by one frame.
    pub chunk_bytes: usize,
    /// Processes of one session that are not closed yet.
    pub processes: usize,
    /// Closed processes a session remembers; beyond it the oldest are forgotten early.
    pub closed_processes: usize,
    /// The time between TERM and KILL when a caller of terminate names none. Zero kills at once,
    /// which is what clients of the reference expect.
    pub kill_grace: Duration,
    /// How long a background child may hold the output open after the leader's exit before the
    /// process is closed without it. `None` waits for it, as the reference does.
    pub drain_after_exit: Option<Duration>,
    /// How long output that a resumed client has not read yet is protected from eviction by new
    /// output. Longer than a client needs to come back with its reads over a slow link.
    pub catch_up: Duration,
}

impl Default for ProcessLimits {
    fn default() -> Self {
        Self {
            retain_bytes: 16 << 20,
            retain_chunks: 50_000,
            retain_total: 256 << 20,
            on_full: OnFull::Block,
            stdin_bytes: 1 << 20,
            write_ids: 4096,
            chunk_bytes: 64 << 10,
            processes: 4096,
            closed_processes: 4096,
            kill_grace: Duration::ZERO,
            drain_after_exit: None,
            catch_up: Duration::from_secs(30),
        }
    }
}

impl ProcessLimits {
    /// Limits that a test reaches with a few bytes.
    #[must_use]
    pub fn tiny() -> Self {
        Self {
            retain_bytes: 64,
            retain_chunks: 4,
            retain_total: 256,
            stdin_bytes: 256,
            write_ids: 2,
            chunk_bytes: 16,
            processes: 2,
            closed_processes: 2,
            catch_up: Duration::from_millis(50),
            ..Self::default()
        }
    }
}
