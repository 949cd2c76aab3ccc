//! Where a path leads, one name after another.

use std::{
    ffi::OsString,
    fs, io,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use super::{Alias, Kind, Spot};
use crate::sandbox::plan::PlanError;

/// How many symbolic links a path may go through; the kernel's own bound.
const MAX_LINKS: usize = 40;

/// Follows `asked`, which must be absolute, as far as it leads.
pub(super) fn resolve(asked: &Path) -> Result<Spot, PlanError> {
    if !asked.is_absolute() || asked.as_os_str().as_bytes().contains(&0) {
        return Err(PlanError::Relative(asked.to_owned()));
    }
    let mut walk = Walk {
        ahead: names(asked),
        at: PathBuf::from("/"),
        links: Vec::new(),
    };
    let kind = loop {
        match walk.step() {
            Ok(None) => {}
            Ok(Some(kind)) => break kind,
            Err(source) if source.raw_os_error() == Some(libc::ELOOP) => {
                return Err(PlanError::Links(asked.to_owned()));
            }
            Err(source) => {
                let path = asked.to_owned();
                return Err(PlanError::Unreadable { path, source });
            }
        }
    };
    Ok(Spot {
        asked: asked.to_owned(),
        path: walk.at,
        kind,
        links: walk.links,
    })
}

/// On the way along a path.
struct Walk {
    /// What is still to come, the next name last.
    ahead: Vec<OsString>,
    /// Where we are, without a symbolic link.
    at: PathBuf,
    links: Vec<Alias>,
}

// === impl Walk ===

impl Walk {
    /// Takes one name. `None` where there may be more to come.
    fn step(&mut self) -> io::Result<Option<Kind>> {
        let Some(name) = self.ahead.pop() else {
            return Ok(Some(Kind::Directory));
        };
        if name == ".." {
            self.at.pop();
            return Ok(None);
        }
        let next = self.at.join(&name);
        let found = match fs::symlink_metadata(&next) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let last = self.ahead.is_empty();
                return Ok(Some(Kind::Missing { name, last }));
            }
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                return Ok(Some(Kind::Blocked));
            }
            Err(error) => return Err(error),
        };
        if found.is_symlink() {
            self.follow(next)?;
            return Ok(None);
        }
        self.at = next;
        if found.is_dir() {
            return Ok(None);
        }
        let reached = self.ahead.is_empty();
        Ok(Some(if reached { Kind::File } else { Kind::Blocked }))
    }

    fn follow(&mut self, link: PathBuf) -> io::Result<()> {
        if self.links.len() == MAX_LINKS {
            return Err(io::Error::from_raw_os_error(libc::ELOOP));
        }
        let target = fs::read_link(&link)?;
        if target.is_absolute() {
            self.at = PathBuf::from("/");
        }
        self.ahead.extend(names(&target));
        self.links.push(Alias { path: link, target });
        Ok(())
    }
}

/// The names of a path, the last one first; without the root and without those that mean nothing.
fn names(path: &Path) -> Vec<OsString> {
    let parts = path.as_os_str().as_bytes().split(|byte| *byte == b'/');
    let meant = parts.filter(|part| !part.is_empty() && *part != b".");
    let mut names: Vec<OsString> = meant
        .map(|part| std::ffi::OsStr::from_bytes(part).to_owned())
        .collect();
    names.reverse();
    names
}
