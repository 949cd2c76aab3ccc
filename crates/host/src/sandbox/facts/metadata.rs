//! The names that are protected in folders that may be written: settings by which a command could
//! have other programs, run later and outside of a sandbox, do its bidding.
//!
//! In a folder that a rule lets be written they are protected whether they exist or not. Below it
//! those that exist are searched for, breadth first, not through symbolic links and not into what
//! is mounted there; the search ends at the bounds of [`SEARCHED`], and what lies beyond is not
//! protected.

use std::{
    collections::{BTreeSet, VecDeque},
    ffi::OsStr,
    fs::{self, File},
    io::{self, Read},
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use super::{Kind, Metadata, MetadataKind, Spot, mounts::Mounts, resolve::resolve};
use crate::sandbox::plan::PlanError;

/// The names.
pub(crate) const METADATA: [&str; 5] = [".git", ".codex", ".agents", ".aws", ".outpost"];

/// The one that may be a file which points to a folder.
const REPOSITORY: &str = ".git";

/// How far nested ones are searched for: some ten milliseconds' work. Each one that is found costs
/// every start of a command some mounts.
pub(super) const SEARCHED: Bounds = Bounds {
    directories: 4096,
    entries: 100_000,
    found: 32,
};

/// How much of a file that points to a folder is read: more than the longest path.
const MAX_POINTER: u64 = 8192;

/// How far a search goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// How many directories are read.
    pub(super) directories: usize,
    /// How many directory entries are looked at.
    pub(super) entries: usize,
    /// How many names are kept.
    pub(super) found: usize,
}

/// A search in the folders that rules let be written.
pub(super) struct Search<'a> {
    mounts: &'a Mounts,
    /// Below these no nested ones are searched for.
    unsearched: Vec<PathBuf>,
    bounds: Bounds,
    roots: BTreeSet<PathBuf>,
}

// === impl Search ===

impl<'a> Search<'a> {
    pub(super) fn new(mounts: &'a Mounts, unsearched: Vec<PathBuf>, bounds: Bounds) -> Self {
        Self {
            mounts,
            unsearched,
            bounds,
            roots: BTreeSet::new(),
        }
    }

    /// A folder that a rule lets be written, without a symbolic link on the way.
    pub(super) fn add_root(&mut self, path: &Path) {
        self.roots.insert(path.to_owned());
    }

    /// What was found. With `known`, the nested ones it has are looked at and no others.
    pub(super) fn finish(self, known: Option<&[Metadata]>) -> Result<Vec<Metadata>, PlanError> {
        let mut found = Vec::new();
        for root in &self.roots {
            for name in METADATA {
                found.push(inspect(root, OsStr::new(name), false)?);
            }
        }
        let nested = match known {
            Some(known) => known.iter().filter(|known| known.nested).collect(),
            None => Vec::new(),
        };
        let mut places: Vec<(PathBuf, &OsStr)> = nested
            .into_iter()
            .map(|known| (known.directory.clone(), known.name.as_os_str()))
            .collect();
        if known.is_none() {
            places = self.walk();
        }
        for (directory, name) in places {
            let seen = inspect(&directory, name, true)?;
            // A link below a folder can be replaced whatever is done about what it leads to.
            if matches!(seen.kind, MetadataKind::Directory | MetadataKind::File) {
                found.push(seen);
            }
        }
        Ok(found)
    }

    /// Searches below the roots; the folders nearest to them first.
    fn walk(&self) -> Vec<(PathBuf, &'static OsStr)> {
        let mut found = Vec::new();
        let mut queue: VecDeque<PathBuf> = VecDeque::new();
        let unsearched = |path: &PathBuf| self.unsearched.contains(path);
        for root in self.roots.iter().filter(|root| !unsearched(root)) {
            if !queue.iter().any(|above| root.starts_with(above)) {
                queue.push_back(root.clone());
            }
        }
        let mut left = self.bounds;
        while let Some(directory) = queue.pop_front() {
            if left.directories == 0 {
                break;
            }
            left.directories -= 1;
            // What cannot be read now is not a repository that was found.
            let Ok(entries) = fs::read_dir(&directory) else {
                continue;
            };
            let in_root = self.roots.contains(&directory);
            for entry in entries.flatten() {
                if left.entries == 0 || found.len() == left.found {
                    return found;
                }
                left.entries -= 1;
                let name = entry.file_name();
                if let Some(known) = METADATA.into_iter().find(|known| name == *known) {
                    if !in_root {
                        found.push((directory.clone(), OsStr::new(known)));
                    }
                } else if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    let path = entry.path();
                    if !self.mounts.is_point(&path) {
                        queue.push_back(path);
                    }
                }
            }
        }
        found
    }
}

fn inspect(directory: &Path, name: &OsStr, nested: bool) -> Result<Metadata, PlanError> {
    let path = directory.join(name);
    let kind = match fs::symlink_metadata(&path) {
        Ok(found) if found.is_symlink() => MetadataKind::Link,
        Ok(found) if found.is_dir() => MetadataKind::Directory,
        Ok(_) => MetadataKind::File,
        Err(error) if error.kind() == io::ErrorKind::NotFound => MetadataKind::Missing,
        // The folder was replaced since it was found.
        Err(error) if nested && error.kind() == io::ErrorKind::NotADirectory => {
            MetadataKind::Missing
        }
        Err(source) => return Err(PlanError::Unreadable { path, source }),
    };
    let mut leads_to = Vec::new();
    if kind == MetadataKind::File && name == REPOSITORY {
        leads_to = repository(&path, directory);
    }
    Ok(Metadata {
        directory: directory.to_owned(),
        name: name.to_owned(),
        kind,
        nested,
        leads_to,
    })
}

/// The folders of a repository whose folder has a file in its place: the one that is named there,
/// and the one which that shares with others. A file that does not say it leads nowhere.
fn repository(pointer: &Path, directory: &Path) -> Vec<Spot> {
    let mut spots = Vec::new();
    let named = read_line(pointer).and_then(|line| {
        let path = line.strip_prefix(b"gitdir:")?.trim_ascii();
        resolve(&directory.join(OsStr::from_bytes(path))).ok()
    });
    if let Some(own) = named {
        if own.kind == Kind::Directory {
            let shared = read_line(&own.path.join("commondir"));
            let shared = shared.map(|line| own.path.join(OsStr::from_bytes(&line)));
            spots.extend(shared.and_then(|path| resolve(&path).ok()));
        }
        spots.push(own);
    }
    spots
}

/// The first line of a small file. Whatever is not a file that can be read has none.
fn read_line(path: &Path) -> Option<Vec<u8>> {
    // Opening a pipe would wait for its other end.
    if !fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let mut text = Vec::new();
    let file = File::open(path).ok()?;
    file.take(MAX_POINTER).read_to_end(&mut text).ok()?;
    let line = text.split(|byte| *byte == b'\n').next()?;
    Some(line.trim_ascii().to_vec())
}
