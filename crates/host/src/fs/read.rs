//! Reading a whole file, a window at a time.
//!
//! A file is held open from the first look at it, so what is read is one file even if the path is
//! given to another one meanwhile. Nothing but regular files is opened: a directory, pipe or device
//! is refused before it is touched, and the open itself cannot wait (`O_NONBLOCK`), should the path
//! change between the two. The first window is read in the same trip to the blocking threads as the
//! open, so a small file costs one trip. Dropping a [`WholeFile`] closes the file; dropping `next`
//! half way loses nothing.

use std::{
    fmt, fs, io,
    os::{fd::OwnedFd, unix::fs::FileExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use rustix::{
    fs::{CWD, Mode, OFlags, openat},
    io::Errno,
};

use super::{
    Shared,
    buffers::Buffers,
    error::{Cause, FsError, Outcome, nameable},
    facts::Facts,
    place::Place,
};

/// The most that is read together with the open: three quarters of a shared buffer, a multiple of 3
/// (so that base64 of windows can be joined) and what most source files and images fit in.
pub const FIRST_WINDOW: usize = 768 * 1024;

/// The first look at a file that says it is empty, as those of `/proc` do.
const UNKNOWN_SIZE_WINDOW: usize = 64 * 1024;

const VERB: &str = "read";

/// A regular file, open and being read from its start to its end.
///
/// A file that reports a size is read up to that size and no further, even if it grows; one that
/// reports none (`/proc`, `/sys`) is read to its end, and fails if that lies beyond the limit.
pub struct WholeFile {
    shared: Shared,
    path: PathBuf,
    file: Arc<fs::File>,
    size: u64,
    /// What `next` gives before it reads on.
    ready: Option<Bytes>,
    /// Where reading goes on, in bytes from the start.
    offset: u64,
    ended: bool,
}

/// What one trip brought: the bytes, and whether they were the last.
struct Window {
    bytes: Bytes,
    ended: bool,
}

// === impl WholeFile ===

impl WholeFile {
    pub(super) async fn open(shared: Shared, path: &Path, follow: bool) -> Result<Self, FsError> {
        let path = path.to_owned();
        shared
            .clone()
            .blocking
            .run(move || {
                Self::open_now(shared, &path, follow)
                    .map_err(|cause| FsError::new(VERB, &path, cause))
            })
            .await
    }

    fn open_now(shared: Shared, path: &Path, follow: bool) -> Outcome<Self> {
        nameable(path)?;
        let (file, facts) = open_for_reading(path, follow)?;
        let limit = shared.limits.whole_file_bytes;
        if facts.size > limit {
            return Err(too_large(limit));
        }
        let mut whole = Self {
            path: path.to_owned(),
            file: Arc::new(file.into()),
            size: facts.size,
            ready: None,
            offset: 0,
            ended: false,
            shared,
        };
        let max = if facts.size == 0 {
            UNKNOWN_SIZE_WINDOW
        } else {
            FIRST_WINDOW
        };
        let window = whole.reader(max)()?;
        whole.ready = whole.take_in(window);
        Ok(whole)
    }

    /// The size the file reports, in bytes: 0 for files that are made up while they are read.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The whole content, if it was read with the open and `next` has not been asked yet: no
    /// further trip is needed.
    #[must_use]
    pub fn small(&self) -> Option<Bytes> {
        match &self.ready {
            Some(bytes) if self.ended && bytes.len() as u64 == self.offset => Some(bytes.clone()),
            None if self.ended && self.offset == 0 => Some(Bytes::new()),
            _ => None,
        }
    }

    /// The next bytes, at most `max` of them (one at least is allowed; more than a MiB is never
    /// read at once); `None` at the end.
    ///
    /// # Errors
    ///
    /// The device failed, or the file has turned out to be longer than the limit.
    pub async fn next(&mut self, max: usize) -> Result<Option<Bytes>, FsError> {
        let max = max.max(1);
        if let Some(ready) = &mut self.ready {
            if ready.len() > max {
                return Ok(Some(ready.split_to(max)));
            }
            return Ok(self.ready.take());
        }
        if self.ended {
            return Ok(None);
        }
        let read = self.reader(max);
        let window = self.shared.blocking.run(read).await;
        match window {
            Ok(window) => Ok(self.take_in(window)),
            Err(cause) => Err(FsError::new(VERB, &self.path, cause)),
        }
    }

    /// The work of reading one window from where we are.
    fn reader(&self, max: usize) -> impl FnOnce() -> Outcome<Window> + Send + use<> {
        let (file, buffers) = (Arc::clone(&self.file), self.shared.buffers.clone());
        let (offset, size, limit) = (self.offset, self.size, self.shared.limits.whole_file_bytes);
        move || {
            read_window(
                &file,
                &buffers,
                &Progress {
                    offset,
                    size,
                    limit,
                },
                max,
            )
        }
    }

    fn take_in(&mut self, window: Window) -> Option<Bytes> {
        self.offset += window.bytes.len() as u64;
        self.ended = window.ended;
        (!window.bytes.is_empty()).then_some(window.bytes)
    }
}

impl fmt::Debug for WholeFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WholeFile")
            .field("path", &self.path)
            .field("size", &self.size)
            .field("offset", &self.offset)
            .finish_non_exhaustive()
    }
}

/// How far a file has been read and how far it may be.
struct Progress {
    offset: u64,
    size: u64,
    limit: u64,
}

impl Progress {
    /// How many bytes to ask for, given that the caller takes `max`. One more than the limit is
    /// asked for, so that a file beyond it shows itself.
    fn ask(&self, max: usize) -> usize {
        let end = if self.size > 0 {
            self.size
        } else {
            self.limit.saturating_add(1)
        };
        usize::try_from(end.saturating_sub(self.offset)).map_or(max, |left| left.min(max))
    }
}

fn read_window(
    file: &fs::File,
    buffers: &Buffers,
    progress: &Progress,
    max: usize,
) -> Outcome<Window> {
    let ask = progress.ask(max);
    let mut at_end = false;
    let bytes = buffers.fill(ask, |memory| {
        let (filled, end) = read_full(file, memory, progress.offset)?;
        at_end = end;
        Ok::<_, io::Error>(filled)
    })?;
    let reached = progress.offset + bytes.len() as u64;
    if reached > progress.limit {
        return Err(too_large(progress.limit));
    }
    let ended = at_end || (progress.size > 0 && reached >= progress.size);
    Ok(Window { bytes, ended })
}

/// Reads until `memory` is full or the file ends; says how many bytes there are and whether the end
/// was met.
pub(super) fn read_full(
    file: &fs::File,
    memory: &mut [u8],
    offset: u64,
) -> io::Result<(usize, bool)> {
    let mut filled = 0;
    while filled < memory.len() {
        match file.read_at(&mut memory[filled..], offset + filled as u64) {
            Ok(0) => return Ok((filled, true)),
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok((filled, false))
}

/// Opens a regular file for reading, and nothing else.
pub(super) fn open_for_reading(path: &Path, follow: bool) -> Outcome<(OwnedFd, Facts)> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = if follow {
        if !Facts::of(path, true)?.is_file() {
            return Err(Cause::not_a_file(path));
        }
        openat(CWD, path, flags, Mode::empty())?
    } else {
        let place = Place::of(path, false)?;
        let before = place.facts()?;
        if before.is_link() {
            return Err(Errno::LOOP.into());
        }
        if !before.is_file() {
            return Err(not_regular());
        }
        place.open(OFlags::RDONLY)?
    };
    let facts = Facts::of_open(&file)?;
    if !facts.is_file() {
        return Err(if follow {
            Cause::not_a_file(path)
        } else {
            not_regular()
        });
    }
    Ok((file, facts))
}

fn not_regular() -> Cause {
    Cause::invalid("path is not a regular file")
}

fn too_large(limit: u64) -> Cause {
    Cause::invalid(format!("file is too large to read: limit is {limit} bytes"))
}
