//! Walking a directory tree, breadth first, within bounds.
//!
//! What is visited and reported is decided here over a [`Source`], which is the file system or, in
//! tests, a map. Bounded in depth, directories read and entries seen; while a directory is read no
//! more names are kept than may still be reported. Within a directory names come in byte order.
//! Pipes, sockets and devices are not seen; symbolic links are seen (they count) but reported only
//! where they lead to directories and those are followed, each real directory once, so cycles end.

mod source;

use std::{
    collections::{BinaryHeap, HashSet, VecDeque},
    ffi::OsString,
    path::{Path, PathBuf},
};

pub(super) use self::source::Disk;
use super::{
    FsLimits,
    error::{Cause, Outcome},
};

/// How far to walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WalkOptions {
    /// How many levels below the root are read; 0 reads the root alone.
    pub max_depth: usize,
    /// How many directories are read, the root included.
    pub max_directories: usize,
    /// How many files, directories and links are seen.
    pub max_entries: usize,
    /// Whether links to directories, the root included, are walked into.
    pub follow_directory_symlinks: bool,
    /// Whether directories whose name begins with a dot are reported but not read.
    pub prune_hidden_directories: bool,
}

/// What a walk found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walk {
    /// Files and directories below the root, in the order they were met.
    pub entries: Vec<WalkEntry>,
    /// Directories that could not be read.
    pub errors: Vec<WalkError>,
    /// A bound on directories or entries has cut the walk short. Depth does not count: it was asked
    /// for.
    pub truncated: bool,
}

/// A file or directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalkEntry {
    /// The path by which it was reached, below the path that was asked for.
    pub path: PathBuf,
    /// What it is.
    pub kind: WalkKind,
}

/// What a walk reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WalkKind {
    /// A regular file.
    File,
    /// A directory, or a link to one that is followed.
    Directory,
}

/// Something a walk could not look into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalkError {
    /// Where.
    pub path: PathBuf,
    /// Why, in the system's words.
    pub message: String,
}

/// What a name in a directory is, before links are followed. The order of variants means nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Found {
    File,
    Directory,
    Link,
    /// A pipe, socket or device.
    Special,
}

/// What a walk looks at.
pub(super) trait Source {
    /// Tells one directory from another, whatever path leads there.
    type Id: Copy + Eq + std::hash::Hash;

    /// What `path` is, links not followed.
    fn kind(&self, path: &Path) -> Outcome<Found>;

    /// The directory `path` leads to, links followed; `None` if it leads to something else.
    fn directory(&self, path: &Path) -> Outcome<Option<Self::Id>>;

    /// Calls `each` with every name in the directory.
    fn list(&self, path: &Path, each: &mut dyn FnMut(OsString, Found)) -> Outcome<()>;
}

impl WalkOptions {
    /// Refuses what is not within the limits of the server.
    pub(super) fn check(&self, limits: &FsLimits) -> Outcome<()> {
        if self.max_directories == 0 || self.max_entries == 0 {
            return Err(Cause::invalid(
                "filesystem walk limits must be greater than zero",
            ));
        }
        let (depth, directories, entries) = (
            limits.walk_depth,
            limits.walk_directories,
            limits.walk_entries,
        );
        if self.max_depth > depth
            || self.max_directories > directories
            || self.max_entries > entries
        {
            return Err(Cause::invalid(format!(
                "filesystem walk limits exceed maximums: depth={depth}, directories={directories}, entries={entries}"
            )));
        }
        Ok(())
    }
}

/// Walks below `root`. A root that is not a directory has nothing below it; one that does not exist
/// is an error.
pub(super) fn walk<S: Source>(source: &S, root: &Path, options: &WalkOptions) -> Outcome<Walk> {
    let Some(id) = source.directory(root)? else {
        return Ok(Walk::default());
    };
    if !options.follow_directory_symlinks && source.kind(root)? == Found::Link {
        return Ok(Walk::default());
    }
    let mut walker = Walker {
        source,
        options,
        queue: VecDeque::from([(root.to_owned(), 0)]),
        met: HashSet::from([id]),
        directories: 1,
        seen: 0,
        walk: Walk::default(),
    };
    while let Some((path, depth)) = walker.queue.pop_front() {
        if !walker.read(&path, depth) {
            break;
        }
    }
    Ok(walker.walk)
}

struct Walker<'a, S: Source> {
    source: &'a S,
    options: &'a WalkOptions,
    /// Directories to read, with their depth.
    queue: VecDeque<(PathBuf, usize)>,
    /// Directories that have been queued, where links are followed.
    met: HashSet<S::Id>,
    /// How many directories have been queued.
    directories: usize,
    /// How many entries have been seen.
    seen: usize,
    walk: Walk,
}

impl<S: Source> Walker<'_, S> {
    /// Reads one directory; false if the bound on entries has been met and the walk is over.
    fn read(&mut self, path: &Path, depth: usize) -> bool {
        let room = self.options.max_entries - self.seen;
        let mut first = Smallest::new(room + 1);
        let listed = self.source.list(path, &mut |name, found| {
            if found != Found::Special {
                first.push((name, found));
            }
        });
        if let Err(cause) = listed {
            self.fail(path, &cause);
        }
        for (name, found) in first.into_sorted() {
            if self.seen == self.options.max_entries {
                self.walk.truncated = true;
                return false;
            }
            self.seen += 1;
            self.meet(path, depth, &name, found);
        }
        true
    }

    fn meet(&mut self, above: &Path, depth: usize, name: &OsString, found: Found) {
        let path = above.join(name);
        let follow = self.options.follow_directory_symlinks;
        let id = match found {
            Found::File => return self.report(path, WalkKind::File),
            Found::Special => return,
            Found::Link if !follow => return,
            Found::Directory if !follow => None,
            Found::Link | Found::Directory => match self.source.directory(&path) {
                Ok(Some(id)) => Some(id),
                // A link to a file, or to nothing.
                Ok(None) => return,
                Err(_) if found == Found::Link => return,
                Err(cause) => return self.fail(&path, &cause),
            },
        };
        self.report(path.clone(), WalkKind::Directory);
        let hidden = name.as_encoded_bytes().starts_with(b".");
        if depth == self.options.max_depth || (hidden && self.options.prune_hidden_directories) {
            return;
        }
        if id.is_some_and(|id| self.met.contains(&id)) {
            return;
        }
        if self.directories == self.options.max_directories {
            self.walk.truncated = true;
            return;
        }
        self.directories += 1;
        self.met.extend(id);
        self.queue.push_back((path, depth + 1));
    }

    fn report(&mut self, path: PathBuf, kind: WalkKind) {
        self.walk.entries.push(WalkEntry { path, kind });
    }

    fn fail(&mut self, path: &Path, cause: &Cause) {
        self.walk.errors.push(WalkError {
            path: path.to_owned(),
            message: cause.to_string(),
        });
    }
}

/// The smallest so many of all that are pushed.
struct Smallest<T> {
    room: usize,
    heap: BinaryHeap<T>,
}

impl<T: Ord> Smallest<T> {
    fn new(room: usize) -> Self {
        Self {
            room,
            heap: BinaryHeap::new(),
        }
    }

    fn push(&mut self, item: T) {
        self.heap.push(item);
        if self.heap.len() > self.room {
            self.heap.pop();
        }
    }

    fn into_sorted(self) -> Vec<T> {
        self.heap.into_sorted_vec()
    }
}

#[cfg(test)]
mod tests;
