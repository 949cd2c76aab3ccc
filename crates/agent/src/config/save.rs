//! Writing a file so that at every moment it is either the old or the new one, whole.
//!
//! The new text goes into a file beside it, which is synced and then takes its name. Should this
//! process be killed, the file beside is left, and the next write removes it. Writers take turns
//! by a lock on the folder, which the kernel releases when a writer dies.

use std::{
    fs::{self, DirBuilder, File, Metadata, OpenOptions},
    io::{self, ErrorKind, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use rustix::fs::{FlockOperation, flock};

/// The mode of every file written, whatever it was: it may come to hold credentials.
const NEW_MODE: u32 = 0o600;

/// How many links are followed; the kernel's own bound.
const MAX_LINKS: usize = 40;

/// What is appended to a file's name for the file beside it.
const BESIDE: &str = ".outpost-new";

/// The operations of a write. The tests have one that dies at each of them.
pub(crate) trait Disk {
    /// Makes a new empty file, for its owner alone, who is that of `like`.
    fn create(&mut self, path: &Path, like: Option<&Metadata>) -> io::Result<()>;
    /// Appends to the file made.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Makes the file made last.
    fn sync(&mut self) -> io::Result<()>;
    /// Gives a file another's name, in whose place it comes.
    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()>;
    /// Makes the names in a folder last.
    fn sync_folder(&mut self, folder: &Path) -> io::Result<()>;
    /// Removes a file, if it is there.
    fn remove(&mut self, path: &Path) -> io::Result<()>;
}

/// Puts `bytes` in the place of the file `target`, which is no link. The caller has the lock.
pub(crate) fn replace(disk: &mut impl Disk, target: &Path, bytes: &[u8]) -> io::Result<()> {
    let old = match fs::metadata(target) {
        Ok(old) => Some(old),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    put(disk, target, bytes, old.as_ref())
}

/// The same for a secret: nobody but this user may read the new file, whoever might the old one.
pub(crate) fn replace_secret(disk: &mut impl Disk, target: &Path, bytes: &[u8]) -> io::Result<()> {
    put(disk, target, bytes, None)
}

fn put(
    disk: &mut impl Disk,
    target: &Path,
    bytes: &[u8],
    like: Option<&Metadata>,
) -> io::Result<()> {
    let beside = beside(target);
    disk.remove(&beside)?;
    let written = disk
        .create(&beside, like)
        .and_then(|()| disk.write(bytes))
        .and_then(|()| disk.sync())
        .and_then(|()| disk.rename(&beside, target));
    if let Err(error) = written {
        // The first failure is what the caller must know; the next write removes it otherwise.
        drop(disk.remove(&beside));
        return Err(error);
    }
    disk.sync_folder(folder_of(target))
}

fn beside(target: &Path) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(BESIDE);
    name.into()
}

/// The folder a file stands in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("/"))
}

/// The file that `path` leads to over links, whether it is there or not.
pub(crate) fn follow(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::read_link(&path) {
            Ok(target) => path = folder_of(&path).join(target),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidInput) => {
                return Ok(path);
            }
            Err(error) => return Err(error),
        }
    }
    Err(rustix::io::Errno::LOOP.into())
}

/// The turn to write in a folder. Ends with this value.
#[derive(Debug)]
pub(crate) struct Turn {
    _folder: File,
}

impl Turn {
    /// Waits until no other process and no other thread writes in `folder`, which is made if it
    /// is not there. Writers hold the turn for some milliseconds.
    pub(crate) fn take(folder: &Path) -> io::Result<Self> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
        let folder = File::open(folder)?;
        loop {
            match flock(&folder, FlockOperation::LockExclusive) {
                Err(rustix::io::Errno::INTR) => {}
                done => {
                    done?;
                    return Ok(Self { _folder: folder });
                }
            }
        }
    }
}

/// The disk of this computer.
#[derive(Debug, Default)]
pub(crate) struct RealDisk {
    file: Option<File>,
}

impl RealDisk {
    fn file(&mut self) -> io::Result<&mut File> {
        self.file.as_mut().ok_or_else(|| ErrorKind::NotFound.into())
    }
}

impl Disk for RealDisk {
    fn create(&mut self, path: &Path, like: Option<&Metadata>) -> io::Result<()> {
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(NEW_MODE)
            .open(path)?;
        if let Some(like) = like {
            let made = file.metadata()?;
            if (made.uid(), made.gid()) != (like.uid(), like.gid()) {
                std::os::unix::fs::fchown(&file, Some(like.uid()), Some(like.gid()))?;
            }
        }
        self.file = Some(file);
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file()?.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file()?.sync_all()
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn sync_folder(&mut self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
