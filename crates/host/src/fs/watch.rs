//! Telling once when something that is missing may have appeared.
//!
//! For each missing path its nearest existing directory is watched for the next name on the way
//! down, so a path three levels deep is told when the first of the three appears. Vanishing of that
//! directory is told too, and so is, where asked for, vanishing of one path that is present. It is
//! a hint, given once: whoever gets it looks again. A watch that cannot be kept exactly is not
//! begun: paths with links or files on the way, too many paths, too many watches, a system that has
//! no more to give. The caller then simply does not know. Dropping the future ends the watch and
//! frees its descriptor. Nothing runs in the meantime, no thread and no task.

mod interest;
mod os;

use std::{
    future::Future,
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use self::interest::Interests;
use super::{Files, blocking::Blocking};

/// The watches of one server. Cloning shares the bound on their number.
#[derive(Clone, Debug)]
pub struct MissingWatch {
    room: Arc<Semaphore>,
    paths: usize,
    blocking: Blocking,
}

impl MissingWatch {
    /// No watches yet. Every connection of a server shares one: what is scarce are descriptors of
    /// the whole system.
    #[must_use]
    pub fn new(files: &Files) -> Self {
        let limits = &files.shared.limits;
        Self {
            room: Arc::new(Semaphore::new(limits.watches)),
            paths: limits.watched_paths,
            blocking: files.shared.blocking.clone(),
        }
    }

    /// Begins to watch; the future is ready when one of the `missing` paths may have appeared or
    /// `present` vanished.
    ///
    /// `None` if that is not watched: a missing path exists or cannot be reached without links,
    /// `present` does not exist, there are no paths or too many, or there is no room for another
    /// watch.
    pub async fn watch_missing(
        &self,
        missing: Vec<PathBuf>,
        present: Option<PathBuf>,
    ) -> Option<impl Future<Output = ()> + Send + use<>> {
        if missing.is_empty() || missing.len() > self.paths {
            return None;
        }
        let room: OwnedSemaphorePermit = Arc::clone(&self.room).try_acquire_owned().ok()?;
        let begin = move || begin(&missing, present.as_deref());
        let (queue, interests) = self.blocking.run(begin).await?;
        let mut events = os::Events::new(queue).ok()?;
        Some(async move {
            let _room = room;
            events.until(|event| interests.concern(&event)).await;
        })
    }
}

/// Sets up the watch, and looks again afterwards: nothing may have changed between the first look
/// and the watch.
fn begin(missing: &[PathBuf], present: Option<&Path>) -> Option<(os::Queue, Interests)> {
    let queue = os::Queue::new().ok()?;
    let mut interests = Interests::default();
    let steps: Vec<_> = missing
        .iter()
        .map(|path| os::first_missing(path))
        .collect::<Option<_>>()?;
    for (directory, name) in &steps {
        interests.appearing(queue.add(directory).ok()?, name);
    }
    if let Some(present) = present {
        let (directory, name) = (present.parent()?, present.file_name()?);
        interests.vanishing(queue.add(directory).ok()?, name);
        if !os::exists(present) {
            return None;
        }
    }
    let unchanged = missing
        .iter()
        .zip(&steps)
        .all(|(path, step)| os::first_missing(path).as_ref() == Some(step));
    unchanged.then_some((queue, interests))
}
