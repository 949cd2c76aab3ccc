//! The files of this computer.
//!
//! [`Files`] is the only way in: a cheap handle whose calls are whole operations on absolute paths.
//! The system calls are made on blocking threads, a bounded number at a time (the module
//! `blocking`); the runtime's threads never wait for a disk. No call waits for the other end of a
//! pipe or for a device. A call that changes something and has begun ends, even if its future is
//! dropped; one that only reads is cut short at the next window.
//!
//! [`Handles`] keeps files open for one connection, [`MissingWatch`] tells when a missing path
//! appears, [`ChangeWatches`] what changes at a path. What is promised of a write is said in the
//! module `write`, of a copy in `copy`, and what an error says in `error`.

mod blocking;
mod buffers;
mod changes;
mod copy;
mod directory;
mod error;
mod facts;
mod handle;
mod metadata;
mod place;
mod read;
mod remove;
mod walk;
mod watch;
mod write;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;

use self::{blocking::Blocking, buffers::Buffers, error::Outcome};
pub use self::{
    changes::{
        CHANGED_PATHS, ChangeWatch, ChangeWatchError, ChangeWatches, FolderWatch, GATHER,
        MAX_FOLDERS,
    },
    directory::Entry,
    error::{FsError, FsErrorKind},
    handle::{Block, Handles, OpenMode, TakenId},
    metadata::Metadata,
    read::{FIRST_WINDOW, WholeFile},
    remove::RemoveOptions,
    walk::{Walk, WalkEntry, WalkError, WalkKind, WalkOptions},
    watch::MissingWatch,
};

/// Every bound of the file calls. The defaults are what clients expect of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FsLimits {
    /// Calls that are at work at once, long ones (walks, copies, removals) at most half of them.
    /// Enough to keep a disk busy while a few hang on a dead network file system; far below the
    /// number of blocking threads Tokio has.
    pub blocking_calls: usize,
    /// The longest file that is read whole, in bytes. Longer ones are read by blocks.
    pub whole_file_bytes: u64,
    /// The most names one listing returns: with names of ordinary length, what still fits in one
    /// message.
    pub directory_entries: usize,
    /// The largest depth a walk may ask for.
    pub walk_depth: usize,
    /// The most directories a walk may ask for.
    pub walk_directories: usize,
    /// The most entries a walk may ask for.
    pub walk_entries: usize,
    /// Open handles per connection.
    pub handles: usize,
    /// The longest id of a handle, in bytes.
    pub handle_id_bytes: usize,
    /// The largest block, in bytes; never more than a MiB is read at once.
    pub block_bytes: usize,
    /// Watches for missing paths at once. Each takes one of the few queues (commonly 128) a user
    /// has from the system.
    pub watches: usize,
    /// Missing paths per watch.
    pub watched_paths: usize,
    /// Watches for changes at once. Each takes such a queue too.
    pub change_watches: usize,
}

/// The files of this computer. Cloning shares the bounds.
#[derive(Clone, Debug)]
pub struct Files {
    shared: Shared,
}

/// What every part of the file calls needs.
#[derive(Clone, Debug)]
struct Shared {
    blocking: Blocking,
    buffers: Buffers,
    limits: Arc<FsLimits>,
}

// === impl FsLimits ===

impl Default for FsLimits {
    fn default() -> Self {
        Self {
            blocking_calls: 32,
            whole_file_bytes: 512 * 1024 * 1024,
            directory_entries: 400_000,
            walk_depth: 64,
            walk_directories: 10_000,
            walk_entries: 50_000,
            handles: 128,
            handle_id_bytes: 32,
            block_bytes: buffers::BUFFER_BYTES,
            watches: 32,
            watched_paths: 64,
            change_watches: 64,
        }
    }
}

// === impl Files ===

impl Files {
    /// The files of this computer, within `limits`.
    #[must_use]
    pub fn new(mut limits: FsLimits) -> Self {
        limits.block_bytes = limits.block_bytes.clamp(1, buffers::BUFFER_BYTES);
        Self {
            shared: Shared {
                blocking: Blocking::new(limits.blocking_calls),
                buffers: Buffers::default(),
                limits: Arc::new(limits),
            },
        }
    }

    /// Opens a regular file to read all of it, and reads its first window.
    ///
    /// # Errors
    ///
    /// It is missing, not a regular file, longer than [`FsLimits::whole_file_bytes`] or not
    /// readable; without `follow` also if there is a link in the path.
    pub async fn open_whole(&self, path: &Path, follow: bool) -> Result<WholeFile, FsError> {
        WholeFile::open(self.shared.clone(), path, follow).await
    }

    /// Makes `data` the whole content of a file, which need not exist but whose directory must.
    ///
    /// # Errors
    ///
    /// The directory is missing, the path is a directory, pipe or device, or the system refuses;
    /// the old content stands then. Without `follow` also if there is a link in the path.
    pub async fn write_whole(&self, path: &Path, data: Bytes, follow: bool) -> Result<(), FsError> {
        self.call("write", path, move |path, _| {
            write::write_path(path, &data, follow)
        })
        .await
    }

    /// Makes a directory; with `recursive` also those above it, and then it may exist.
    ///
    /// # Errors
    ///
    /// The system refuses; without `follow` also if there is a link in the path.
    pub async fn create_directory(
        &self,
        path: &Path,
        recursive: bool,
        follow: bool,
    ) -> Result<(), FsError> {
        self.call("create directory", path, move |path, _| {
            directory::create(path, recursive, follow)
        })
        .await
    }

    /// What the path leads to.
    ///
    /// # Errors
    ///
    /// It does not exist or cannot be reached; without `follow` also if there is a link in the
    /// path.
    pub async fn metadata(&self, path: &Path, follow: bool) -> Result<Metadata, FsError> {
        self.call("look at", path, move |path, _| {
            metadata::metadata(path, follow)
        })
        .await
    }

    /// The path without links, `.` and `..`.
    ///
    /// # Errors
    ///
    /// It does not exist or cannot be reached.
    pub async fn canonicalize(&self, path: &Path) -> Result<PathBuf, FsError> {
        self.call("canonicalize", path, |path, _| metadata::canonicalize(path))
            .await
    }

    /// All names in a directory with what they lead to, in no order. Links that lead nowhere are
    /// left out.
    ///
    /// # Errors
    ///
    /// It is not a directory that can be read, or has more than [`FsLimits::directory_entries`]
    /// names.
    pub async fn read_directory(&self, path: &Path) -> Result<Vec<Entry>, FsError> {
        self.call("list", path, |path, limits| {
            directory::list(path, limits.directory_entries)
        })
        .await
    }

    /// Everything below a directory, breadth first, within the bounds of `options`.
    ///
    /// # Errors
    ///
    /// The options are beyond the limits, or the root cannot be reached. Directories below it that
    /// cannot be read are part of the answer.
    pub async fn walk(&self, path: &Path, options: WalkOptions) -> Result<Walk, FsError> {
        self.call_long("walk", path, move |path, limits| {
            options.check(limits)?;
            let follow = options.follow_directory_symlinks;
            walk::walk(&walk::Disk { follow }, path, &options)
        })
        .await
    }

    /// Removes what the path itself names, never what a link leads to.
    ///
    /// # Errors
    ///
    /// It does not exist (unless `force`), is a directory that is not empty (unless `recursive`),
    /// or the system refuses.
    pub async fn remove(&self, path: &Path, options: RemoveOptions) -> Result<(), FsError> {
        self.call_long("remove", path, move |path, _| remove::remove(path, options))
            .await
    }

    /// Copies a file, a link as a link, or with `recursive` a directory.
    ///
    /// # Errors
    ///
    /// The source is missing or neither of these, the copy would go onto or into itself, or the
    /// system refuses.
    pub async fn copy(&self, from: &Path, to: &Path, recursive: bool) -> Result<(), FsError> {
        let to = to.to_owned();
        self.call_long("copy", from, move |from, _| {
            copy::copy(from, &to, recursive)
        })
        .await
    }

    /// Waits until every call that has begun has ended, also those nobody waits for any more.
    pub async fn finish(&self) {
        self.shared.blocking.finish().await;
    }

    async fn call<T, F>(&self, verb: &'static str, path: &Path, work: F) -> Result<T, FsError>
    where
        T: Send + 'static,
        F: FnOnce(&Path, &FsLimits) -> Outcome<T> + Send + 'static,
    {
        let work = self.prepare(verb, path, work);
        self.shared.blocking.run(work).await
    }

    /// As `call`, for what may take long.
    async fn call_long<T, F>(&self, verb: &'static str, path: &Path, work: F) -> Result<T, FsError>
    where
        T: Send + 'static,
        F: FnOnce(&Path, &FsLimits) -> Outcome<T> + Send + 'static,
    {
        let work = self.prepare(verb, path, work);
        self.shared.blocking.run_long(work).await
    }

    fn prepare<T, F>(
        &self,
        verb: &'static str,
        path: &Path,
        work: F,
    ) -> impl FnOnce() -> Result<T, FsError> + Send + use<T, F>
    where
        F: FnOnce(&Path, &FsLimits) -> Outcome<T> + Send,
    {
        let (path, limits) = (path.to_owned(), Arc::clone(&self.shared.limits));
        move || {
            let done = error::nameable(&path).and_then(|()| work(&path, &limits));
            done.map_err(|cause| FsError::new(verb, &path, cause))
        }
    }
}
