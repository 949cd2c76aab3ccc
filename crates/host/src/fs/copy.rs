//! Copying files, links and directories.
//!
//! A file keeps its mode and is written as every whole file is ([`super::write`]): an existing
//! destination has its old content until the new one is complete. A link is copied as a link. A
//! directory is merged into one that is there, file by file; a failure stops the copy and leaves
//! what was copied so far. Below the two directories that were named no link is followed to another
//! directory. Pipes, sockets and devices in a tree are passed over.

use std::{
    ffi::OsStr,
    fs, io,
    os::{
        fd::{AsFd, OwnedFd},
        unix::ffi::OsStrExt as _,
    },
    path::{Path, PathBuf},
};

use rustix::{
    fs::{CWD, Dir, FileType, Mode, OFlags, mkdirat, openat, readlinkat, symlinkat},
    io::Errno,
};

use super::{
    error::{Cause, Outcome, nameable},
    facts::{Facts, Identity},
    place::{self, Place},
    write::{self, Content, Permissions},
};

const ONTO_ITSELF: &str = "fs/copy cannot copy a directory to itself or one of its descendants";

/// Copies what `from` itself names to the name `to`.
pub(super) fn copy(from: &Path, to: &Path, recursive: bool) -> Outcome<()> {
    nameable(to)?;
    let source = Place::of(from, true)?;
    let facts = source.facts()?;
    match facts.kind {
        FileType::Directory if !recursive => Err(Cause::invalid(
            "fs/copy requires recursive: true when sourcePath is a directory",
        )),
        FileType::Directory => copy_tree(from, to),
        FileType::RegularFile => copy_file(&source, Place::of(to, true)?, to),
        FileType::Symlink => copy_link(&source, &Place::of(to, true)?),
        _ => Err(unsupported()),
    }
}

fn unsupported() -> Cause {
    Cause::invalid("fs/copy only supports regular files, directories, and symlinks")
}

fn copy_file(source: &Place, target: Place, path: &Path) -> Outcome<()> {
    let file = fs::File::from(source.open(OFlags::RDONLY)?);
    let facts = Facts::of_open(&file)?;
    if !facts.is_file() {
        return Err(unsupported());
    }
    let content = Content::File {
        file: &file,
        size: facts.size,
        id: facts.id,
    };
    write::put(
        target,
        path,
        content,
        Permissions::Exactly(facts.mode),
        true,
    )
}

fn copy_link(source: &Place, target: &Place) -> Outcome<()> {
    let leads_to = readlinkat(source.dir(), source.name(), Vec::new())?;
    Ok(symlinkat(leads_to, target.dir(), target.name())?)
}

fn copy_tree(from: &Path, to: &Path) -> Outcome<()> {
    let from = from.canonicalize()?;
    if future_path(to)?.starts_with(&from) {
        return Err(Cause::invalid(ONTO_ITSELF));
    }
    fs::DirBuilder::new().recursive(true).create(to)?;
    let tree = Tree {
        from: place::open_directory(CWD, &from)?,
        to: place::open_directory(CWD, &to.canonicalize()?)?,
        path: to,
    };
    let root = Facts::of_open(&tree.to)?.id;
    let mut pending = vec![PathBuf::new()];
    while let Some(directory) = pending.pop() {
        tree.copy_directory(&directory, root, &mut pending)?;
    }
    Ok(())
}

/// What `path` will really be called once it exists: as much of it as exists without links, then
/// the rest.
fn future_path(path: &Path) -> io::Result<PathBuf> {
    let mut rest = Vec::new();
    let mut existing = path;
    loop {
        match existing.canonicalize() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            found => {
                return found
                    .map(|found| rest.iter().rev().fold(found, |path, name| path.join(name)));
            }
        }
        let (Some(above), Some(name)) = (existing.parent(), existing.file_name()) else {
            return Ok(path.to_owned());
        };
        rest.push(name);
        existing = above;
    }
}

/// Two open directories, one being copied to the other.
struct Tree<'a> {
    from: OwnedFd,
    to: OwnedFd,
    /// The path of the destination, for the words of a refusal.
    path: &'a Path,
}

impl Tree<'_> {
    /// Copies one directory of the tree, `relative` to its root, and adds those in it to `pending`.
    fn copy_directory(
        &self,
        relative: &Path,
        root: Identity,
        pending: &mut Vec<PathBuf>,
    ) -> Outcome<()> {
        let from = place::open_directory(&self.from, relative)?;
        let to = place::open_directory(&self.to, relative)?;
        let listing = openat(
            &from,
            ".",
            OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC,
            Mode::empty(),
        )?;
        for entry in Dir::new(listing)? {
            let entry = entry?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name == "." || name == ".." {
                continue;
            }
            let facts = match Facts::at(&from, name, false) {
                Ok(facts) => facts,
                Err(Errno::NOENT) => continue,
                Err(errno) => return Err(errno.into()),
            };
            // The destination again, under another name: a mount of the same directory.
            if facts.id == root {
                return Err(Cause::invalid(ONTO_ITSELF));
            }
            match facts.kind {
                FileType::Directory => {
                    make_directory(&to, name)?;
                    pending.push(relative.join(name));
                }
                FileType::RegularFile => {
                    let target = within(&to, name)?;
                    copy_file(
                        &within(&from, name)?,
                        target,
                        &self.path.join(relative).join(name),
                    )?;
                }
                FileType::Symlink => copy_link(&within(&from, name)?, &within(&to, name)?)?,
                _ => {}
            }
        }
        Ok(())
    }
}

fn within(dir: &OwnedFd, name: &OsStr) -> io::Result<Place> {
    Ok(Place::within(dir.try_clone()?, name.to_owned()))
}

/// Makes sure there is a real directory of this name; `EEXIST` if there is something else.
fn make_directory(dir: impl AsFd, name: &OsStr) -> Outcome<()> {
    match mkdirat(&dir, name, Mode::from_raw_mode(0o777)) {
        Err(Errno::EXIST) if Facts::at(&dir, name, false)?.is_dir() => Ok(()),
        done => Ok(done?),
    }
}
