//! Telling again and again what changes at a path, or directly in it if it is a directory.
//!
//! A path is watched by its name, not as the file it once was: it may be missing, come, go, be
//! replaced or be reached through links, and what it names at the moment is watched. For that the
//! directories and links on the way are watched too, each for no more than matters. Watches are
//! added first and the way looked at afterwards, until both agree, so that nothing falls between;
//! a directory that has come into being is listed then.
//!
//! Changes are gathered for [`GATHER`] from the first. Nothing runs in the meantime, no thread and
//! no task: they wait in the kernel until [`ChangeWatch::next`] is asked. If the kernel's queue
//! overflows, that is told as a change of the watched path itself, and so are more than
//! [`CHANGED_PATHS`] changes at once. Dropping a [`ChangeWatch`] ends it at once.

mod arrange;
mod batch;
mod folders;
mod os;
mod way;

use std::{
    collections::HashMap,
    path::{Component, Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rustix::io::Errno;
use thiserror::Error;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};
use tracing::warn;

pub use self::folders::{FolderWatch, MAX_FOLDERS};
use self::{
    arrange::{Arranged, arrange},
    batch::Batch,
    os::{Event, Events, Kind, Number},
    way::{Role, Spot},
};
use super::{Files, blocking::Blocking};

/// How long changes are gathered before they are told.
pub const GATHER: Duration = Duration::from_millis(200);

/// The most paths told at once. Whoever is told of more than this looks at everything anyway.
pub const CHANGED_PATHS: usize = 4096;

/// The watches of one server. Cloning shares the bound on their number.
#[derive(Clone, Debug)]
pub struct ChangeWatches {
    room: Arc<Semaphore>,
    limit: usize,
    blocking: Blocking,
}

/// One watched path.
#[derive(Debug)]
pub struct ChangeWatch {
    path: PathBuf,
    events: Events,
    roles: HashMap<Number, Vec<Role>>,
    /// What the path leads to, as far as is known.
    spot: Option<Spot>,
    /// Whether the way to it may have changed.
    stale: bool,
    batch: Batch,
    /// When the batch is told.
    due: Option<Instant>,
    blocking: Blocking,
    _room: OwnedSemaphorePermit,
}

/// Why a path is not watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ChangeWatchError {
    /// The path does not begin at the root.
    #[error("path is not absolute")]
    Relative,
    /// As many as [`FsLimits::change_watches`](super::FsLimits::change_watches) are open.
    #[error("too many watches at once: limit is {0}")]
    TooMany(usize),
    /// The system has no more to give, or forbids it.
    #[error("{}", std::io::Error::from(*.0))]
    System(Errno),
}

// === impl ChangeWatches ===

impl ChangeWatches {
    /// No watches yet. Every connection of a server shares one: what is scarce are queues of the
    /// whole system.
    #[must_use]
    pub fn new(files: &Files) -> Self {
        let limit = files.shared.limits.change_watches;
        Self {
            room: Arc::new(Semaphore::new(limit)),
            limit,
            blocking: files.shared.blocking.clone(),
        }
    }

    /// Begins to watch. Every change after this returns is told.
    ///
    /// # Errors
    ///
    /// The path is relative, there are too many watches, or the system refuses one. That the path
    /// is missing is no error.
    pub async fn watch(&self, path: &Path) -> Result<ChangeWatch, ChangeWatchError> {
        let path = plain(path).ok_or(ChangeWatchError::Relative)?;
        let room = Arc::clone(&self.room)
            .try_acquire_owned()
            .map_err(|_| ChangeWatchError::TooMany(self.limit))?;
        let mut watch = ChangeWatch {
            batch: Batch::new(&path, CHANGED_PATHS),
            path,
            events: Events::new().map_err(ChangeWatchError::System)?,
            roles: HashMap::new(),
            spot: None,
            stale: true,
            due: None,
            blocking: self.blocking.clone(),
            _room: room,
        };
        let arranged = watch.look().await;
        if let Some(refused) = arranged.refused {
            return Err(ChangeWatchError::System(refused));
        }
        watch.adopt(arranged);
        Ok(watch)
    }
}

// === impl ChangeWatch ===

impl ChangeWatch {
    /// The watched path, without `.` and `..`.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The paths that have changed, sorted and distinct, when [`GATHER`] has passed since the
    /// first change that was not told. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Vec<PathBuf> {
        loop {
            if self.due.is_some_and(|due| due <= Instant::now()) {
                self.due = None;
                return self.batch.take();
            }
            if self.stale {
                let arranged = self.look().await;
                if let Some(error) = arranged.refused {
                    warn!(path = %self.path.display(), %error, "some changes may not be noticed");
                }
                if arranged.fresh || arranged.refused.is_some() {
                    self.batch.add_root();
                    arranged.names.iter().for_each(|name| self.batch.add(name));
                }
                self.adopt(arranged);
            } else if let Some(due) = self.due {
                // At the end of the time there is nothing more to gather.
                let _elapsed = timeout_at(due, self.gather()).await;
            } else {
                self.gather().await;
            }
            if !self.batch.is_empty() && self.due.is_none() {
                self.due = Some(Instant::now() + GATHER);
            }
        }
    }

    /// Takes what the kernel has, once it has something.
    async fn gather(&mut self) {
        let Self {
            events,
            roles,
            batch,
            stale,
            ..
        } = self;
        events
            .drain(|event| *stale |= note(&event, roles, batch))
            .await;
    }

    /// Watches the way as it is now. Changes nothing here, so it may be given up.
    async fn look(&self) -> Arranged {
        let (path, queue) = (self.path.clone(), self.events.queue());
        let (known, old) = (self.spot, self.roles.keys().copied().collect::<Vec<_>>());
        let work = move || arrange(&queue, &path, known, &old);
        self.blocking.run(work).await
    }

    fn adopt(&mut self, arranged: Arranged) {
        self.roles = arranged.roles;
        self.spot = arranged.spot;
        self.stale = !arranged.settled;
    }
}

/// Puts what an event means into the batch; `true` if the way may have changed.
fn note(event: &Event<'_>, roles: &HashMap<Number, Vec<Role>>, batch: &mut Batch) -> bool {
    if event.kind == Kind::Lost {
        batch.add_root();
        return true;
    }
    let mut stale = false;
    for role in roles.get(&event.number).into_iter().flatten() {
        stale |= event.kind == Kind::Gone;
        match role {
            Role::Passage => {}
            Role::Turn { name, last } if event.kind == Kind::Name && name == event.name => {
                stale = true;
                if *last {
                    batch.add_root();
                }
            }
            Role::Turn { .. } => {}
            Role::File => batch.add_root(),
            Role::Directory if event.kind == Kind::Gone => {}
            Role::Directory => batch.add(event.name),
        }
    }
    stale
}

/// The path without `.` and `..`; `None` if it is relative.
fn plain(path: &Path) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    plain.is_absolute().then_some(plain)
}

#[cfg(test)]
mod tests;
