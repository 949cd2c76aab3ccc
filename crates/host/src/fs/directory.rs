//! Making directories and listing them.

use std::{
    ffi::{OsStr, OsString},
    fs,
    path::{Component, Path},
};

use rustix::{
    fs::{CWD, Mode, mkdirat},
    io::Errno,
};

use super::{
    error::{Cause, Outcome},
    place::{self, Place},
};

/// The mode of a new directory before the umask.
const NEW_DIRECTORY: Mode = Mode::from_bits_retain(0o777);

/// One name in a directory, and what it leads to. Neither means a pipe, socket or device.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The name, whatever bytes it is made of.
    pub name: OsString,
    /// It is a directory or a link to one.
    pub is_dir: bool,
    /// It is a regular file or a link to one.
    pub is_file: bool,
}

/// Makes a directory; with `recursive` also those above it, and then it may be there already.
pub(super) fn create(path: &Path, recursive: bool, follow: bool) -> Outcome<()> {
    if follow {
        return Ok(fs::DirBuilder::new().recursive(recursive).create(path)?);
    }
    if recursive {
        return create_all(path);
    }
    let place = Place::of(path, false)?;
    match mkdirat(place.dir(), place.name(), NEW_DIRECTORY) {
        // The root and paths that end in `..` are there, whatever the kernel calls making them.
        Err(Errno::NOENT | Errno::INVAL) if place.name() == "." => Err(Errno::EXIST.into()),
        done => Ok(done?),
    }
}

/// Goes down from the root a component at a time, through directories only, making those that are
/// missing.
fn create_all(path: &Path) -> Outcome<()> {
    let mut dir = place::open_directory(CWD, Path::new("/"))?;
    for component in path.components() {
        let name = match component {
            Component::Normal(name) => name,
            Component::ParentDir => OsStr::new(".."),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => continue,
        };
        dir = match place::step(&dir, name) {
            Err(Errno::NOENT) => {
                match mkdirat(&dir, name, NEW_DIRECTORY) {
                    // Somebody else made it; if it is not a directory, the next step says so.
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(errno) => return Err(errno.into()),
                }
                place::step(&dir, name)?
            }
            done => done?,
        };
    }
    Ok(())
}

/// All names in a directory with what they lead to, in no order. Links that lead nowhere are left
/// out.
pub(super) fn list(path: &Path, limit: usize) -> Outcome<Vec<Entry>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        // Most file systems tell the type with the name; only links need another look.
        let kind = match entry.file_type() {
            Ok(kind) if kind.is_symlink() => {
                fs::metadata(entry.path()).map(|found| found.file_type())
            }
            kind => kind,
        };
        // Gone since, or a link to nothing.
        let Ok(kind) = kind else { continue };
        if entries.len() == limit {
            return Err(Cause::invalid(format!(
                "directory is too large to list: limit is {limit} entries"
            )));
        }
        entries.push(Entry {
            name: entry.file_name(),
            is_dir: kind.is_dir(),
            is_file: kind.is_file(),
        });
    }
    Ok(entries)
}
