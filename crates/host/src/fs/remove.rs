//! Removing files, links and whole directories.
//!
//! A link is removed, never what it leads to; a tree is removed through open directories, so a
//! directory exchanged for a link half way leads nowhere else.

use std::{fs, path::Path};

use rustix::{
    fs::{AtFlags, unlinkat},
    io::Errno,
};

use super::{
    error::{Cause, FsErrorKind, Outcome},
    facts::Facts,
    place::Place,
};

/// What may be removed and how much of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemoveOptions {
    /// A directory goes with everything in it; else only if it is empty.
    pub recursive: bool,
    /// A path that does not exist is as good as removed.
    pub force: bool,
    /// Links above the last component may be followed. Without it the path may not even be a link,
    /// and only single files and empty directories can be removed.
    pub follow: bool,
}

/// Removes what the path itself names.
pub(super) fn remove(path: &Path, options: RemoveOptions) -> Outcome<()> {
    let removed = if options.follow {
        remove_following(path, options.recursive)
    } else if options.recursive {
        return Err(Cause::Said(
            FsErrorKind::Other,
            "recursive no-follow removal is unsupported".into(),
        ));
    } else {
        remove_strictly(path)
    };
    match removed {
        Err(cause) if options.force && cause.errno() == Some(Errno::NOENT) => Ok(()),
        removed => removed,
    }
}

fn remove_following(path: &Path, recursive: bool) -> Outcome<()> {
    if !Facts::of(path, false)?.is_dir() {
        return Ok(fs::remove_file(path)?);
    }
    if !recursive {
        return Ok(fs::remove_dir(path)?);
    }
    if path.parent().is_none() {
        // What the system says to removing the root, said before everything in it is gone.
        return Err(Errno::BUSY.into());
    }
    Ok(fs::remove_dir_all(path)?)
}

fn remove_strictly(path: &Path) -> Outcome<()> {
    let place = Place::of(path, false)?;
    let facts = place.facts()?;
    if facts.is_link() {
        return Err(Cause::contains_link());
    }
    let flags = if facts.is_dir() {
        AtFlags::REMOVEDIR
    } else {
        AtFlags::empty()
    };
    Ok(unlinkat(place.dir(), place.name(), flags)?)
}
