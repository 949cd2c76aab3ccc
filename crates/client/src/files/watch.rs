//! Waiting for a path to appear.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use outpost_protocol::exec::fs::{FsWatchMissingParams, WatchMissing};
use tokio::sync::oneshot;

use super::uri;
use crate::{
    ClientError,
    session::{Core, Shared},
};

/// A watch that fires once. Dropping it stops waiting; the server stops watching when it fires or
/// when the connection ends.
#[derive(Debug)]
pub struct MissingWatch {
    fired: oneshot::Receiver<()>,
    _registered: Registered,
}

/// Takes the watch out of the table again.
struct Registered {
    shared: Arc<Shared>,
    watch_id: u64,
}

// === impl MissingWatch ===

impl MissingWatch {
    pub(super) async fn begin(
        core: &Core,
        missing: &[PathBuf],
        present: Option<&Path>,
    ) -> Result<Option<Self>, ClientError> {
        if !core.live().await?.can().fs_watch_missing {
            return Err(ClientError::Unsupported {
                what: "fs/watchMissing",
            });
        }
        let shared = Arc::clone(&core.shared);
        let watch_id = shared.next_name();
        let params = FsWatchMissingParams {
            watch_id,
            missing: missing.iter().map(uri).collect::<Result<_, _>>()?,
            present: present.map(uri).transpose()?,
        };
        let (tx, fired) = oneshot::channel();
        shared.watches.lock().insert(watch_id, tx);
        let watch = Self {
            fired,
            _registered: Registered { shared, watch_id },
        };
        let watching = core.once::<WatchMissing>(&params).await?.watching;
        Ok(watching.then_some(watch))
    }

    /// Waits until something changed, or may have: a connection that is lost takes the watch with
    /// it, so then, too, it is time to look. Returns whether a change was seen.
    pub async fn changed(self) -> bool {
        self.fired.await.is_ok()
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.shared.watches.lock().remove(&self.watch_id);
    }
}

impl std::fmt::Debug for Registered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Registered").field(&self.watch_id).finish()
    }
}
