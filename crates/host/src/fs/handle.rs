//! Files held open by name: read and written block by block, in any order.
//!
//! A handle stays with the file it opened, whatever becomes of the path. It is read only or write
//! only. Blocks of one handle may be read and written at the same time; each is positioned by
//! itself. Opening with [`OpenMode::Replace`] empties the file at once and keeps its inode and
//! mode: what is written by blocks is there as soon as it is written, and half a file if the writer
//! goes away half way. A read that fails in the system closes its handle; a failed write does not,
//! since what was written stands. Dropping [`Handles`] closes all of them; a block on its way is
//! finished first.

mod table;

use std::{
    fmt,
    fs::File,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use parking_lot::Mutex;
use rustix::{
    fs::{FileType, Mode, OFlags, ftruncate, openat},
    io::Errno,
};

use self::table::{Refusal, Table, Ticket};
use super::{
    Files, Shared,
    error::{Cause, FsError, FsErrorKind, Outcome},
    facts::Facts,
    place::Place,
    read,
};

/// What a handle is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenMode {
    /// Reading a file that exists.
    Read,
    /// Writing a file that is made, or emptied, by the opening.
    Replace,
}

/// A block that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The bytes; fewer than were asked for exactly if the file ends there.
    pub data: Bytes,
    /// The file ended before the block was full.
    pub eof: bool,
}

/// The open files of one connection. Cloning shares them.
#[derive(Clone)]
pub struct Handles {
    shared: Shared,
    table: Arc<Mutex<Table<Arc<Handle>>>>,
}

struct Handle {
    file: File,
    mode: OpenMode,
    path: PathBuf,
}

/// An id of a file that somebody else holds open. It counts like one that is open here; dropping it
/// gives the id back.
#[derive(Debug)]
pub struct TakenId {
    _reserved: Reserved,
}

/// An id that is taken while its file is being opened, and given back if that comes to nothing.
struct Reserved {
    table: Arc<Mutex<Table<Arc<Handle>>>>,
    id: String,
    ticket: Option<Ticket>,
}

// === impl Handles ===

impl Handles {
    /// No handles yet. They share the turns and limits of `files`.
    #[must_use]
    pub fn new(files: &Files) -> Self {
        let limits = &files.shared.limits;
        Self {
            table: Arc::new(Mutex::new(Table::new(
                limits.handles,
                limits.handle_id_bytes,
            ))),
            shared: files.shared.clone(),
        }
    }

    /// Opens a file under an id of the caller's choice. Links are followed.
    ///
    /// # Errors
    ///
    /// The id is too long or in use, too many handles are open, or the path is not a regular file
    /// that may be opened.
    pub async fn open(&self, id: &str, path: &Path, mode: OpenMode) -> Result<(), FsError> {
        const VERB: &str = "open";
        let reserved = self
            .reserve(id)
            .map_err(|cause| FsError::new(VERB, path, cause))?;
        let path = path.to_owned();
        let opened = self.shared.blocking.run(move || {
            let file = match mode {
                OpenMode::Read => {
                    read::open_for_reading(&path, true).map(|(file, _)| File::from(file))
                }
                OpenMode::Replace => open_for_replacing(&path),
            };
            match file {
                Ok(file) => Ok(Handle { file, mode, path }),
                Err(cause) => Err(FsError::new(VERB, &path, cause)),
            }
        });
        reserved.fill(opened.await?);
        Ok(())
    }

    /// Takes an id for a file that is opened elsewhere. Reading, writing and closing by it is not
    /// for these handles.
    ///
    /// # Errors
    ///
    /// As [`Handles::open`], but for the path, which is not looked at.
    pub fn take(&self, id: &str, path: &Path) -> Result<TakenId, FsError> {
        let reserved = self.reserve(id);
        reserved
            .map(|reserved| TakenId {
                _reserved: reserved,
            })
            .map_err(|cause| FsError::new("open", path, cause))
    }

    /// Reads at most `len` bytes at `offset`.
    ///
    /// # Errors
    ///
    /// `len` is not within 1 and the block limit, the handle is unknown or for writing, or reading
    /// failed.
    pub async fn read_block(&self, id: &str, offset: u64, len: usize) -> Result<Block, FsError> {
        const VERB: &str = "read block";
        let limit = self.shared.limits.block_bytes;
        if !(1..=limit).contains(&len) {
            let text = format!("file read block length must be between 1 and {limit}");
            return Err(FsError::new(VERB, Path::new(""), Cause::invalid(text)));
        }
        let handle = self.find(VERB, id)?;
        let (reading, buffers) = (Arc::clone(&handle), self.shared.buffers.clone());
        let block = self
            .shared
            .blocking
            .run(move || reading.read(&buffers, offset, len))
            .await;
        block.map_err(|cause| {
            self.forget(id, &handle);
            FsError::new(VERB, &handle.path, cause)
        })
    }

    /// Writes `data` at `offset`; between the old end and a later offset there are zeros.
    ///
    /// # Errors
    ///
    /// The block is empty or beyond the block limit, its end is beyond what a file can have, the
    /// handle is unknown or for reading, or writing failed.
    pub async fn write_block(&self, id: &str, offset: u64, data: Bytes) -> Result<(), FsError> {
        const VERB: &str = "write block";
        let limit = self.shared.limits.block_bytes;
        let refuse = |text: String| Err(FsError::new(VERB, Path::new(""), Cause::invalid(text)));
        if !(1..=limit).contains(&data.len()) {
            return refuse(format!(
                "file write block length must be between 1 and {limit}"
            ));
        }
        if !ends_within_a_file(offset, data.len()) {
            return refuse("file write range exceeds the signed 64-bit file offset limit".into());
        }
        let handle = self.find(VERB, id)?;
        let writing = Arc::clone(&handle);
        let written = self
            .shared
            .blocking
            .run(move || writing.write(offset, &data))
            .await;
        written.map_err(|cause| FsError::new(VERB, &handle.path, cause))
    }

    /// Closes a handle; false if there is none of this id.
    pub async fn close(&self, id: &str) -> bool {
        let Some(handle) = self.table.lock().remove(id) else {
            return false;
        };
        // Closing can wait for a network file system, too.
        self.shared.blocking.run(move || drop(handle)).await;
        true
    }

    /// The ids that are in use, in no order.
    #[must_use]
    pub fn ids(&self) -> Vec<String> {
        self.table.lock().ids().map(str::to_owned).collect()
    }

    fn reserve(&self, id: &str) -> Outcome<Reserved> {
        let ticket = self.table.lock().reserve(id).map_err(|refusal| {
            Cause::invalid(match refusal {
                Refusal::IdTooLong(limit) => {
                    format!("file handle ID must not exceed {limit} bytes")
                }
                Refusal::IdInUse => format!("file handle `{id}` already exists"),
                Refusal::Full(limit) => {
                    format!("at most {limit} file handles may be open per connection")
                }
            })
        })?;
        Ok(Reserved {
            table: Arc::clone(&self.table),
            id: id.to_owned(),
            ticket: Some(ticket),
        })
    }

    fn find(&self, verb: &'static str, id: &str) -> Result<Arc<Handle>, FsError> {
        self.table.lock().get(id).cloned().ok_or_else(|| {
            let text = format!("unknown file handle `{id}`");
            FsError::new(
                verb,
                Path::new(""),
                Cause::Said(FsErrorKind::NotFound, text.into()),
            )
        })
    }

    /// Closes this very handle, not another one that has been given its id meanwhile.
    fn forget(&self, id: &str, handle: &Arc<Handle>) {
        let mut table = self.table.lock();
        if table
            .get(id)
            .is_some_and(|current| Arc::ptr_eq(current, handle))
        {
            table.remove(id);
        }
    }
}

impl fmt::Debug for Handles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handles")
            .field("ids", &self.ids())
            .finish_non_exhaustive()
    }
}

// === impl Handle ===

impl Handle {
    fn read(&self, buffers: &super::buffers::Buffers, offset: u64, len: usize) -> Outcome<Block> {
        if self.mode != OpenMode::Read {
            return Err(Errno::BADF.into());
        }
        if !ends_within_a_file(offset, len) {
            return Err(Errno::INVAL.into());
        }
        let data = buffers.fill(len, |memory| {
            read::read_full(&self.file, memory, offset).map(|(filled, _)| filled)
        })?;
        Ok(Block {
            eof: data.len() < len,
            data,
        })
    }

    fn write(&self, offset: u64, data: &[u8]) -> Outcome<()> {
        if self.mode != OpenMode::Replace {
            return Err(Errno::BADF.into());
        }
        Ok(self.file.write_all_at(data, offset)?)
    }
}

/// Offsets in files are signed.
fn ends_within_a_file(offset: u64, len: usize) -> bool {
    offset
        .checked_add(len as u64)
        .is_some_and(|end| i64::try_from(end).is_ok())
}

/// Makes or empties a regular file, through links, and opens it for writing.
fn open_for_replacing(path: &Path) -> Outcome<File> {
    // A few turns, should the file come and go while we look.
    for _ in 0..8 {
        let (place, facts) = Place::of(path, true)?.resolve()?;
        match facts.map(|facts| facts.kind) {
            None | Some(FileType::RegularFile) => {}
            Some(FileType::Directory) => return Err(Errno::ISDIR.into()),
            Some(FileType::Fifo | FileType::Socket) => return Err(Errno::NXIO.into()),
            Some(_) => return Err(Cause::not_a_file(path)),
        }
        let opened = match facts {
            Some(_) => place.open(OFlags::WRONLY),
            None => {
                let flags = OFlags::WRONLY
                    | OFlags::CREATE
                    | OFlags::EXCL
                    | OFlags::CLOEXEC
                    | OFlags::NOFOLLOW;
                openat(place.dir(), place.name(), flags, Mode::from_raw_mode(0o666))
            }
        };
        let file = match (opened, facts) {
            (Err(Errno::EXIST), None)
            | (Err(Errno::NOENT | Errno::LOOP | Errno::NXIO), Some(_)) => continue,
            (opened, _) => opened?,
        };
        let facts = Facts::of_open(&file)?;
        if !facts.is_file() {
            continue;
        }
        if facts.size > 0 {
            ftruncate(&file, 0)?;
        }
        return Ok(file.into());
    }
    Err(Errno::AGAIN.into())
}

// === impl Reserved ===

impl Reserved {
    fn fill(mut self, handle: Handle) {
        if let Some(ticket) = self.ticket.take() {
            self.table.lock().fill(&self.id, ticket, Arc::new(handle));
        }
    }
}

impl fmt::Debug for Reserved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reserved").field(&self.id).finish()
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.table.lock().give_back(&self.id, ticket);
        }
    }
}
