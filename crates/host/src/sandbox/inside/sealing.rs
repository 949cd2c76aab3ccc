//! How a command's process closes itself in, in the one order that works.
//!
//! Everything that can fail for want of something is made beforehand by the first process; the
//! command's process, a copy of it, only applies. Landlock comes before the filters, which refuse
//! what would be needed to apply it; the listener is handed over before the filter that refuses.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    sync::{Arc, atomic::AtomicBool},
    thread,
};

use rustix::io::retry_on_intr;

use super::{
    capabilities,
    landlock::Ruleset,
    notify::{self, receive_listener, send_listener},
    seccomp,
    supervisor::Supervisor,
};
use crate::{
    keeper::{socket, sys},
    sandbox::seal::Seal,
};

/// How the process ends when nobody can watch over the command.
const UNWATCHED: i32 = 71;

/// What can be made ready before anything is known of the command: whatever does not depend on
/// which files there are.
#[derive(Debug)]
pub(crate) struct Ready {
    notified: Option<notify::Filter>,
    refused: seccomp::Filter,
}

/// What a command's process closes itself in with.
#[derive(Debug)]
pub(crate) struct Sealing {
    ruleset: Ruleset,
    refused: seccomp::Filter,
    watched: Option<Watched>,
}

/// What there is to watch over a command.
#[derive(Debug)]
struct Watched {
    filter: notify::Filter,
    supervisor: Supervisor,
    denied: Arc<AtomicBool>,
    /// For the one who hears of its calls.
    ours: OwnedFd,
    /// For the command's process, to hand over how.
    theirs: OwnedFd,
}

// === impl Ready ===

impl Ready {
    /// Gives up the powers of this process, the first inside, and makes the filters.
    pub(crate) fn prepare(seal: &Seal) -> io::Result<Self> {
        if seal.namespaces {
            capabilities::give_up()?;
        } else {
            capabilities::give_up_what_there_is()?;
        }
        let notified = notify::Filter::compile(seal)?;
        Ok(Self {
            refused: seccomp::Filter::compile(seal, notified.is_some())?,
            notified,
        })
    }
}

// === impl Sealing ===

impl Sealing {
    /// Makes the rest ready. `terminal` is the command's, if it has one.
    pub(crate) fn prepare(
        ready: Ready,
        seal: &Seal,
        terminal: Option<BorrowedFd<'_>>,
    ) -> io::Result<Self> {
        let ruleset = Ruleset::prepare(seal, terminal)?;
        let watched = match ready.notified {
            None => None,
            Some(filter) => {
                let denied = Arc::default();
                let supervisor = Supervisor::new(seal, ruleset.grants(), Arc::clone(&denied));
                let (ours, theirs) = socket::pair()?;
                rustix::io::ioctl_fionbio(&ours, false)?;
                rustix::io::ioctl_fionbio(&theirs, false)?;
                Some(Watched {
                    filter,
                    supervisor,
                    denied,
                    ours,
                    theirs,
                })
            }
        };
        Ok(Self {
            ruleset,
            refused: ready.refused,
            watched,
        })
    }

    /// Closes this process in, for good. Returns once it is watched over.
    pub(crate) fn apply(&self) -> io::Result<()> {
        self.ruleset.restrict()?;
        if let Some(watched) = &self.watched {
            let listener = watched.filter.install()?;
            send_listener(watched.theirs.as_fd(), &listener)?;
            let told = retry_on_intr(|| rustix::io::read(&watched.theirs, &mut [0]))?;
            if told == 0 {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
        }
        self.refused.install()
    }

    /// Watches over the command, from the first process, and lets it run only then: it finds all
    /// processes and threads of its walls there already. Returns whether something was refused
    /// since, or an error when the command's process ended before.
    pub(crate) fn begin(self) -> io::Result<Arc<AtomicBool>> {
        let Some(watched) = self.watched else {
            return Ok(Arc::default());
        };
        drop(watched.theirs);
        let (supervisor, denied) = (watched.supervisor, watched.denied);
        let listener = receive_listener(watched.ours.as_fd())?;
        let begun = thread::Builder::new()
            .name("outpost-watch".to_owned())
            .spawn(move || supervisor.run(listener));
        let told = begun.and_then(|_| Ok(rustix::io::write(&watched.ours, &[0])?));
        // Nothing may run that nobody watches over; with this process everything inside ends.
        if told.is_err() {
            sys::exit_now(UNWATCHED);
        }
        Ok(denied)
    }
}
