//! One process, as its callers hold it.

use std::{
    io,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use rustix::termios::{Winsize, tcsetwinsize};
use tokio::time::Instant;

use super::{
    audience::Audience,
    exit::{Exit, ExitReason},
    registry::Member,
    spec::{Signal, TerminalSize},
    state::Shared,
};

/// One process. A cheap clone; dropping handles never ends a process.
#[derive(Clone, Debug)]
pub struct Process {
    shared: Arc<Shared>,
}

/// A terminal was not resized.
#[derive(Debug, thiserror::Error)]
pub enum ResizeError {
    /// The process runs on pipes.
    #[error("the process has no terminal")]
    NotATerminal,
    /// The terminal is closed.
    #[error("the process has ended")]
    Ended,
    /// The terminal refused.
    #[error("set the window size")]
    Io(#[source] io::Error),
}

/// A process in a list.
#[derive(Clone, Debug)]
pub struct ProcessSummary {
    /// Its id in its session.
    pub id: String,
    /// The leader's process number.
    pub pid: u32,
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// Where it was started.
    pub cwd: std::path::PathBuf,
    /// Whether it runs on a terminal.
    pub terminal: bool,
    /// When it was started.
    pub started_at: Instant,
    /// How the leader ended, if it has.
    pub exit: Option<Exit>,
    /// Whether its output is at an end.
    pub closed: bool,
    /// The sequence number its next event will have.
    pub next_seq: u64,
}

impl Process {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Its id in its session.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.shared.id
    }

    /// The leader's process number, which is also its group's and its session's.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.shared.pid
    }

    /// Changes the size of the terminal's window; its foreground programs get `SIGWINCH`.
    ///
    /// # Errors
    /// Fails for a process on pipes, and for one whose terminal is closed.
    pub fn resize(&self, size: TerminalSize) -> Result<(), ResizeError> {
        let terminal = self
            .shared
            .terminal
            .as_ref()
            .ok_or(ResizeError::NotATerminal)?;
        let terminal = terminal.upgrade().ok_or(ResizeError::Ended)?;
        let window = Winsize {
            ws_row: size.rows,
            ws_col: size.cols,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(terminal.get_ref(), window).map_err(|error| ResizeError::Io(error.into()))
    }

    /// Sends a signal to the whole process group. Returns whether anyone was there to get it.
    pub async fn signal(&self, signal: Signal) -> bool {
        self.shared.tree.signal_group(signal.number()).await.is_ok()
    }

    /// Ends the whole tree: at once, or with TERM first and KILL after `grace`. Without a grace
    /// time the host's own counts. Works also when the leader is gone and others of the tree are
    /// not. Resolves when the end is requested. Returns whether the leader was running.
    pub async fn terminate(&self, grace: Option<Duration>) -> bool {
        let grace = grace.unwrap_or(self.shared.host.limits().kill_grace);
        self.shared.end(ExitReason::Terminated, grace).await
    }

    /// Makes `audience` the one that is told of events. The first audience of a process is told
    /// everything from the start; a later one what happens from now on, and it reads what it
    /// missed. Output that it has not read is kept until it has, for as long as the limits say.
    pub fn attach(&self, audience: Box<dyn Audience>) {
        let catch_up = self.shared.host.limits().catch_up;
        let until = Instant::now().checked_add(catch_up);
        let former = self.shared.lock().attach(audience, until);
        drop(former);
    }

    /// Makes `audience` the one that is told of events, unless somebody is already. Returns whether
    /// it was taken.
    pub fn attach_if_alone(&self, audience: Box<dyn Audience>) -> bool {
        let mut state = self.shared.lock();
        // Whoever is there came after a start that took its time, and is told everything.
        let alone = !state.has_audience();
        if alone {
            let former = state.attach(audience, None);
            drop(state);
            drop(former);
        }
        alone
    }

    /// Whether an audience that came later is told only a little until [`Process::shown`] is said
    /// of `until`.
    #[must_use]
    pub fn waits_to_be_shown(&self, until: u64) -> bool {
        self.shared.lock().cursor.waits_for(until)
    }

    /// Whoever is attached now has everything below `until`, as reads returned it, and has put it
    /// in order. An audience that came later is told only a little of what follows until this was
    /// said of all it missed, for as long as the limits say.
    pub fn shown(&self, until: u64) {
        let mut state = self.shared.lock();
        state.cursor.shown(until);
        state.wake();
    }

    /// Nobody is told of events any more; output is kept for readers within the limits.
    pub fn detach(&self) {
        let former = self.shared.lock().detach();
        drop(former);
    }

    /// Whether it was closed while something held its output open, because nobody waits for that
    /// longer than the limits say.
    #[must_use]
    pub fn has_abandoned_output(&self) -> bool {
        self.shared.lock().life.has_abandoned()
    }

    /// How it stands.
    #[must_use]
    pub fn summary(&self) -> ProcessSummary {
        let shared = &self.shared;
        let mut state = shared.lock();
        // Whoever sees the next number may read from there on.
        state.log.seal();
        ProcessSummary {
            id: shared.id.clone(),
            pid: shared.pid,
            argv: shared.argv.clone(),
            cwd: shared.cwd.clone(),
            terminal: shared.terminal.is_some(),
            started_at: shared.started_at,
            exit: state.log.exit(),
            closed: state.log.is_closed(),
            next_seq: state.log.next_seq(),
        }
    }
}

impl Member for Process {
    fn closed_at(&self) -> Option<Instant> {
        self.shared.closed_at.get().copied()
    }

    fn is_settled(&self) -> bool {
        self.shared.settled.load(Ordering::Relaxed)
    }
}
