//! Reading configuration files, and remembering what they last said that could be understood.
//!
//! A file is looked at on every use and read again when its stamp (device, inode, size, times)
//! has changed; there is no watcher that could miss something. What can be read and is what it
//! may be is *good*. When a file is not good, what it said when it last was stays in force for
//! everybody, and its fault is told to everybody; a file that never was good says nothing.

use std::{
    collections::HashMap,
    fs::{File, OpenOptions},
    io::{self, ErrorKind, Read as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use parking_lot::Mutex;
use rustix::fs::OFlags;
use toml::Table;

use super::{document::Layout, fault::Fault, known::KNOWN};

/// The largest file read or written: hundreds of times what people write by hand.
pub const FILE_LIMIT: usize = 1 << 20;

/// How many files are remembered; a server sees a handful, one with many projects some dozens.
const MAX_FILES: usize = 256;

/// How long after its last change a file's stamp says nothing: a second change within the same
/// tick of the file system's clock would not show in it. The coarsest clocks in use tick every
/// two seconds.
const UNSETTLED: Duration = Duration::from_secs(2);

/// What a good file says.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Content {
    pub(crate) table: Table,
    /// The settings in it that mean nothing.
    pub(crate) unknown: Vec<String>,
}

/// What holds of a file now.
#[derive(Debug, Clone)]
pub(crate) struct Loaded {
    pub(crate) content: Arc<Content>,
    /// Why the content is not that of the file, if it is not.
    pub(crate) fault: Option<(Arc<Fault>, Standing)>,
}

/// What is in force while a file is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// What the file said when it last was good.
    LastGood,
    /// Nothing: the file was not good since the start.
    Defaults,
}

/// Why a file that is there was not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error("{0}")]
    Io(#[source] io::Error),
    #[error("path `{0}` is not a file")]
    NotAFile(PathBuf),
    #[error("it exceeds {FILE_LIMIT} bytes")]
    TooLarge,
    #[error("{0}")]
    NotText(#[source] std::str::Utf8Error),
}

/// By what a change of a file is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

/// A file as it was last seen.
#[derive(Debug)]
struct Entry {
    /// None: look again, whatever it says.
    stamp: Option<Stamp>,
    /// What it said, if it could be read; none if there was no file.
    text: Option<String>,
    good: Option<Arc<Content>>,
    fault: Option<Arc<Fault>>,
    /// When it was last asked for, as a count of askings.
    asked: u64,
}

/// The files seen.
#[derive(Debug, Default)]
pub(crate) struct Files {
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    entries: HashMap<PathBuf, Entry>,
    askings: u64,
}

impl Files {
    /// What holds of `path`, which must be of the kind `shape`; relative paths in it are relative
    /// to its folder. A file that is not there is good and says nothing.
    pub(crate) fn load(&self, path: &Path, shape: &'static str) -> Loaded {
        let mut seen = self.seen.lock();
        seen.askings += 1;
        let asked = seen.askings;
        if !seen.entries.contains_key(path) {
            seen.make_room();
        }
        let entry = seen
            .entries
            .entry(path.to_owned())
            .or_insert_with(Entry::unseen);
        entry.asked = asked;
        entry.look(path, shape);
        Loaded {
            content: entry.good.clone().unwrap_or_default(),
            fault: entry.fault.clone().map(|fault| {
                let standing = match entry.good {
                    Some(_) => Standing::LastGood,
                    None => Standing::Defaults,
                };
                (fault, standing)
            }),
        }
    }
}

impl Seen {
    fn make_room(&mut self) {
        if self.entries.len() < MAX_FILES {
            return;
        }
        let oldest = self
            .entries
            .iter()
            .min_by_key(|(_, entry)| entry.asked)
            .map(|(path, _)| path.clone());
        if let Some(path) = oldest {
            self.entries.remove(&path);
        }
    }
}

impl Entry {
    fn unseen() -> Self {
        Self {
            stamp: None,
            text: None,
            good: None,
            fault: None,
            asked: 0,
        }
    }

    fn look(&mut self, path: &Path, shape: &'static str) {
        if self.stamp.is_some() && self.stamp == std::fs::metadata(path).ok().map(|m| stamp(&m)) {
            return;
        }
        match read_text(path) {
            Ok(Some((text, metadata))) => {
                self.stamp = is_settled(&metadata).then(|| stamp(&metadata));
                if self.text.as_ref() == Some(&text) {
                    return;
                }
                match understand(path, &text, shape) {
                    Ok(content) => {
                        self.good = Some(Arc::new(content));
                        self.fault = None;
                    }
                    Err(fault) => self.fault = Some(Arc::new(fault)),
                }
                self.text = Some(text);
            }
            Ok(None) => {
                *self = Self {
                    good: Some(Arc::default()),
                    asked: self.asked,
                    ..Self::unseen()
                };
            }
            Err(error) => {
                self.stamp = None;
                self.text = None;
                let fault = Fault::of_file(path.to_owned(), error.to_string());
                self.fault = Some(Arc::new(fault));
            }
        }
    }
}

fn understand(path: &Path, text: &str, shape: &'static str) -> Result<Content, Fault> {
    let table = parse(path, text)?;
    let base = path.parent().unwrap_or(path);
    KNOWN.check(shape, &table, Some(base)).map_err(|misfit| {
        let span = Layout::parse(text)
            .ok()
            .and_then(|layout| layout.span(&misfit.path));
        Fault::at(path.to_owned(), text, span, misfit.words)
    })?;
    Ok(Content {
        unknown: KNOWN.unknown(shape, &table),
        table,
    })
}

/// The table that `text`, the content of `path`, is.
pub(crate) fn parse(path: &Path, text: &str) -> Result<Table, Fault> {
    text.parse().map_err(|error: toml::de::Error| {
        let words = error.message().to_owned();
        Fault::at(path.to_owned(), text, error.span(), words)
    })
}

/// The text of a file, and what it is; none if there is no file. Never waits for a FIFO or a
/// device.
pub(crate) fn read_text(path: &Path) -> Result<Option<(String, std::fs::Metadata)>, ReadError> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::NXIO.raw_os_error()) => {
            return Err(ReadError::NotAFile(path.to_owned()));
        }
        Err(error) => return Err(ReadError::Io(error)),
    };
    let metadata = file.metadata().map_err(ReadError::Io)?;
    if !metadata.is_file() {
        return Err(ReadError::NotAFile(path.to_owned()));
    }
    let text = read_bounded(file)?;
    Ok(Some((text, metadata)))
}

fn read_bounded(file: File) -> Result<String, ReadError> {
    let mut bytes = Vec::new();
    // One byte more than allowed: the file may have grown.
    file.take(FILE_LIMIT as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(ReadError::Io)?;
    if bytes.len() > FILE_LIMIT {
        return Err(ReadError::TooLarge);
    }
    String::from_utf8(bytes).map_err(|error| ReadError::NotText(error.utf8_error()))
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn stamp(metadata: &std::fs::Metadata) -> Stamp {
    Stamp {
        device: metadata.dev(),
        inode: metadata.ino(),
        size: metadata.size(),
        modified: (metadata.mtime(), metadata.mtime_nsec()),
        changed: (metadata.ctime(), metadata.ctime_nsec()),
    }
}

/// Whether the next change of the file will show in its stamp.
fn is_settled(metadata: &std::fs::Metadata) -> bool {
    let age = metadata
        .modified()
        .ok()
        .and_then(|modified| SystemTime::now().duration_since(modified).ok());
    age.is_some_and(|age| age > UNSETTLED)
}

#[cfg(test)]
mod tests;
