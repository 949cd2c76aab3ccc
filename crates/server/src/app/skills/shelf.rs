//! What was found of skills, for as long as nothing changes on the disk.
//!
//! A folder is watched before it is looked at, and what is found is remembered only if all of it
//! is watched. The first change makes everything forgotten and is told to all clients; then
//! nothing is watched until somebody looks again. So what is remembered is right, and nobody is
//! told twice of what nobody has looked at in between.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Weak},
};

use outpost_host::{
    environment::capability::{Listing, list_skills},
    fs::{FolderWatch, GATHER},
};
use parking_lot::Mutex;
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use crate::app::Shared;

/// Files whose content describes a skill.
const CONTENTS: &[&str] = &["SKILL.md", "openai.yaml", "plugin.json"];

/// How many folders are remembered: those of some hundred projects.
const MAX_KNOWN: usize = 1024;

/// How often a look is repeated because something has changed meanwhile.
const ATTEMPTS: usize = 3;

/// See the module.
pub(in crate::app) struct Shelf {
    /// The user's home folder, if there are skills of its own to look for.
    user_home: Option<PathBuf>,
    /// Where else to look.
    extra: Mutex<Vec<PathBuf>>,
    /// Locked for a look-up, never while the disk is looked at.
    known: Mutex<Known>,
    tasks: TaskTracker,
    stop: CancellationToken,
    /// Ends what waits for changes with the server.
    _end: DropGuard,
}

#[derive(Default)]
struct Known {
    /// What all of `listings` is watched by.
    watch: Option<Arc<FolderWatch>>,
    listings: HashMap<PathBuf, Arc<Listing>>,
}

// === impl Shelf ===

impl Shelf {
    pub(in crate::app) fn new(user_home: Option<PathBuf>) -> Self {
        let stop = CancellationToken::new();
        Self {
            user_home,
            extra: Mutex::default(),
            known: Mutex::default(),
            tasks: TaskTracker::new(),
            _end: stop.clone().drop_guard(),
            stop,
        }
    }

    pub(super) fn user_home(&self) -> Option<PathBuf> {
        self.user_home.clone()
    }

    pub(super) fn extra(&self) -> Vec<PathBuf> {
        self.extra.lock().clone()
    }

    pub(super) fn set_extra(&self, roots: Vec<PathBuf>) {
        *self.extra.lock() = roots;
    }

    /// Forgets what was found. It is still watched, for those who have been told of it.
    pub(super) fn forget(&self) {
        self.known.lock().listings.clear();
    }

    /// The skills below `root`. Blocks on the file system; needs a Tokio runtime.
    pub(super) fn listing(&self, server: &Arc<Shared>, root: &Path) -> Arc<Listing> {
        if let Some(known) = self.known.lock().listings.get(root) {
            return Arc::clone(known);
        }
        let mut listing = Arc::default();
        for _ in 0..ATTEMPTS {
            let watch = self.watch(server);
            let (found, is_watched) = look(root, watch.as_deref());
            listing = Arc::new(found);
            let mut known = self.known.lock();
            let is_current = match (&watch, &known.watch) {
                (Some(used), Some(current)) => Arc::ptr_eq(used, current),
                (None, _) => return listing,
                (Some(_), None) => false,
            };
            if is_current {
                if is_watched && known.listings.len() < MAX_KNOWN {
                    known.listings.insert(root.to_owned(), Arc::clone(&listing));
                }
                break;
            }
        }
        listing
    }

    /// What watches now; `None` if the system has no more to give.
    fn watch(&self, server: &Arc<Shared>) -> Option<Arc<FolderWatch>> {
        let mut known = self.known.lock();
        if let Some(watch) = &known.watch {
            return Some(Arc::clone(watch));
        }
        match FolderWatch::new(CONTENTS) {
            Ok(watch) => {
                let watch = Arc::new(watch);
                known.watch = Some(Arc::clone(&watch));
                let work = follow(Arc::downgrade(server), Arc::clone(&watch));
                let stop = self.stop.clone();
                self.tasks.spawn(async move {
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = work => {}
                    }
                });
                Some(watch)
            }
            Err(error) => {
                tracing::warn!(%error, "skills are not watched");
                None
            }
        }
    }

    /// Ends what waits for changes.
    pub(in crate::app) async fn shutdown(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// Looks, and says whether all of it is watched.
fn look(root: &Path, watch: Option<&FolderWatch>) -> (Listing, bool) {
    let (mut entered, mut is_watched) = (false, watch.is_some());
    let listing = list_skills(root, &mut |folder| {
        entered = true;
        is_watched &= watch.is_some_and(|watch| watch.enter(folder));
    });
    if !entered {
        is_watched &= watch.is_some_and(|watch| watch.expect(root));
    }
    (listing, is_watched)
}

/// Waits for a change, and tells of it.
async fn follow(server: Weak<Shared>, watch: Arc<FolderWatch>) {
    watch.changed().await;
    let Some(shared) = server.upgrade() else {
        return;
    };
    // From here on whoever looks, looks at the disk, with a watch of its own.
    *shared.skills.known.lock() = Known::default();
    drop(shared);
    // Changes come in crowds.
    tokio::time::sleep(GATHER).await;
    if let Some(server) = server.upgrade() {
        super::tell_all(&server);
    }
}
