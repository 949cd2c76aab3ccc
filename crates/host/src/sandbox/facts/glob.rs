//! Every path that matches a pattern now.
//!
//! Nothing is followed on the way; what matches may be a symbolic link. What is below a match is
//! not looked at: the match covers it. Bounded, and refused beyond the bounds, because a path that
//! was missed would not be denied.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use globset::{GlobBuilder, GlobMatcher};

use super::{Kind, Places, mounts::Mounts, resolve::resolve};
use crate::sandbox::plan::{MAX_LAYERS, PlanError};

/// How many directory entries are looked at for one pattern: a second's work, and more than a
/// project has.
const MAX_ENTRIES: usize = 1_000_000;

/// The marks that make a name a pattern.
const MARKS: [char; 5] = ['*', '?', '[', '{', '\\'];

/// Every place that matches `pattern`, which is below `cwd` where it is relative.
pub(super) fn expand(pattern: &str, cwd: &Path, mounts: &Mounts) -> Result<Places, PlanError> {
    let refused = |reason: &str| PlanError::Pattern {
        pattern: pattern.to_owned(),
        reason: reason.to_owned(),
    };
    let names: Vec<&str> = pattern.split('/').filter(|name| !name.is_empty()).collect();
    let plain = names
        .iter()
        .take_while(|name| !name.contains(MARKS))
        .count();
    let mut base = cwd.to_owned();
    if pattern.starts_with('/') {
        base = PathBuf::from("/");
    }
    base.extend(&names[..plain]);
    let rest = &names[plain..];
    if names.is_empty() {
        return Err(refused("it is empty; name a path below a folder"));
    }
    let start = resolve(&base)?;
    if rest.is_empty() {
        return Ok(Places {
            spots: vec![start],
            base: None,
        });
    }
    if rest.contains(&"..") {
        return Err(refused(
            "`..` comes after a wildcard; write the path without it",
        ));
    }
    if plain == 0 && pattern.starts_with('/') && rest[0].contains("**") {
        return Err(refused(
            "it is about the whole tree; begin it with a folder's name",
        ));
    }
    let mut hunt = Hunt::new(rest, mounts, MAX_ENTRIES).map_err(|error| refused(&error))?;
    if start.kind == Kind::Directory {
        hunt.run(&start.path)?;
    }
    let spots = hunt.found.iter().map(|path| resolve(path));
    Ok(Places {
        spots: spots.collect::<Result<_, _>>()?,
        base: Some(start),
    })
}

/// A search for what matches.
pub(super) struct Hunt<'a> {
    matcher: GlobMatcher,
    /// How many levels below the start are looked at.
    depth: usize,
    mounts: &'a Mounts,
    /// How many entries may still be looked at.
    left: usize,
    found: Vec<PathBuf>,
}

// === impl Hunt ===

impl<'a> Hunt<'a> {
    /// A search by the names of a pattern from its first wildcard on; looks at `left` entries at
    /// most. An error is a pattern that is none.
    pub(super) fn new(names: &[&str], mounts: &'a Mounts, left: usize) -> Result<Self, String> {
        let text = names.join("/");
        let glob = GlobBuilder::new(&text)
            .literal_separator(true)
            .backslash_escape(true)
            .build()
            .map_err(|error| error.kind().to_string())?;
        let unlimited = text.contains("**") || text.contains('{');
        Ok(Self {
            matcher: glob.compile_matcher(),
            depth: if unlimited { usize::MAX } else { names.len() },
            mounts,
            left,
            found: Vec::new(),
        })
    }

    /// Looks below `start`.
    pub(super) fn run(&mut self, start: &Path) -> Result<(), PlanError> {
        let mut ahead = vec![(PathBuf::new(), 1)];
        while let Some((below, level)) = ahead.pop() {
            let directory = start.join(&below);
            let entries = match fs::read_dir(&directory) {
                Ok(entries) => entries,
                Err(error) if is_closed(&error) => continue,
                Err(source) => {
                    let path = directory;
                    return Err(PlanError::Unreadable { path, source });
                }
            };
            for entry in entries {
                let unreadable = |source| PlanError::Unreadable {
                    path: directory.clone(),
                    source,
                };
                let entry = entry.map_err(unreadable)?;
                let path = below.join(entry.file_name());
                self.count()?;
                if self.matcher.is_match(&path) {
                    self.keep(start.join(path))?;
                    continue;
                }
                let is_directory = entry.file_type().map_err(unreadable)?.is_dir();
                if is_directory && level < self.depth && !self.mounts.is_kernel(&start.join(&path))
                {
                    ahead.push((path, level + 1));
                }
            }
        }
        self.found.sort();
        Ok(())
    }

    fn count(&mut self) -> Result<(), PlanError> {
        self.left = self.left.checked_sub(1).ok_or(PlanError::TooMany {
            what: "files to look at for one pattern",
            most: MAX_ENTRIES,
        })?;
        Ok(())
    }

    fn keep(&mut self, path: PathBuf) -> Result<(), PlanError> {
        self.found.push(path);
        if self.found.len() > MAX_LAYERS {
            return Err(PlanError::TooMany {
                what: "files that match one pattern",
                most: MAX_LAYERS,
            });
        }
        Ok(())
    }
}

/// What is not there any more, or is closed to us, is closed to a command too.
fn is_closed(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied | io::ErrorKind::NotADirectory
    )
}
