//! A command and everything it started.

use std::{
    fmt, io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use rustix::io::Errno;
use tokio::sync::watch;

use super::{direct::DirectTree, link::Link};
use crate::keeper::wire::{Request, To};

/// A command and everything it started, however deep and whatever session it moved to.
///
/// Dropping it kills every member.
pub struct Tree {
    holder: Holder,
    empty: watch::Receiver<bool>,
    killed: AtomicBool,
}

/// Who holds the tree.
pub(super) enum Holder {
    /// The keeper, under this id.
    Keeper(Arc<Link>, u64),
    /// This process.
    Direct(Arc<DirectTree>),
}

// === impl Tree ===

impl Tree {
    pub(super) fn new(holder: Holder, empty: watch::Receiver<bool>) -> Self {
        Self {
            holder,
            empty,
            killed: AtomicBool::new(false),
        }
    }

    /// Sends a signal to the process group of the leader, also when the leader has ended.
    /// Returns once the signal is on its way.
    ///
    /// # Errors
    /// When nothing is alive (`ESRCH`), the number is no signal (`EINVAL`), or so many signals wait
    /// that the keeper is clearly not coming along (`EAGAIN`).
    #[expect(
        clippy::unused_async,
        reason = "a twin of another system may have to wait"
    )]
    pub async fn signal_group(&self, signal: i32) -> io::Result<()> {
        self.signal(signal, To::Group)
    }

    /// Sends a signal to every member of the tree. Returns once the signal is on its way.
    ///
    /// # Errors
    /// As [`Tree::signal_group`].
    #[expect(
        clippy::unused_async,
        reason = "a twin of another system may have to wait"
    )]
    pub async fn signal_tree(&self, signal: i32) -> io::Result<()> {
        self.signal(signal, To::Tree)
    }

    /// Kills every member. Returns once that is on its way; [`Tree::empty`] waits for the end.
    #[expect(
        clippy::unused_async,
        reason = "a twin of another system may have to wait"
    )]
    pub async fn kill(&self) {
        self.kill_now();
    }

    /// Waits until no member is left.
    pub async fn empty(&self) {
        // A dropped sender means that whoever would know is gone, and the tree with it.
        self.empty.clone().wait_for(|empty| *empty).await.ok();
    }

    /// Whether no member is left.
    pub fn is_empty(&self) -> bool {
        *self.empty.borrow() || self.empty.has_changed().is_err()
    }

    fn signal(&self, number: i32, to: To) -> io::Result<()> {
        if rustix::process::Signal::from_named_raw(number).is_none() {
            return Err(Errno::INVAL.into());
        }
        if self.is_empty() {
            return Err(Errno::SRCH.into());
        }
        match &self.holder {
            Holder::Keeper(link, id) => link.signal(&Request::Signal {
                id: *id,
                signal: number,
                to,
            }),
            Holder::Direct(tree) => tree.signal(number, to),
        }
    }

    fn kill_now(&self) {
        if self.is_empty() || self.killed.swap(true, Ordering::Relaxed) {
            return;
        }
        match &self.holder {
            Holder::Keeper(link, id) => link.post(&Request::Kill { id: *id }),
            Holder::Direct(tree) => tree.kill(),
        }
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        self.kill_now();
        if let Holder::Keeper(link, id) = &self.holder {
            link.forget(*id);
        }
    }
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tree")
            .field("empty", &self.is_empty())
            .finish_non_exhaustive()
    }
}
