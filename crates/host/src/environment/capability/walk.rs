//! A bounded search for files by name.

use std::{
    collections::{HashSet, VecDeque},
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// How far a search goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Folders this far below the root are still read.
    pub(super) depth: usize,
    /// Folders read.
    pub(super) folders: usize,
    /// Names looked at.
    pub(super) entries: usize,
    /// Troubles told of.
    pub(super) errors: usize,
    /// Whether names that begin with a dot count.
    pub(super) hidden: bool,
}

impl Default for Limits {
    /// Deeper and wider than any collection of skills, and done within a second.
    fn default() -> Self {
        Self {
            depth: 6,
            folders: 2000,
            entries: 20_000,
            errors: 32,
            hidden: true,
        }
    }
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Files, folder by folder, each folder's by name.
    pub(super) files: Vec<PathBuf>,
    /// Folders, likewise, without the root.
    pub(super) folders: Vec<PathBuf>,
    /// Folders that could not be read.
    pub(super) errors: Vec<(PathBuf, io::Error)>,
    /// Whether a limit ended the search.
    pub(super) truncated: bool,
}

/// Lists what is below `root`, nearest first. Links to folders are followed, each folder once.
pub(super) fn walk(root: &Path, limits: Limits) -> Found {
    walk_telling(root, limits, &mut |_| {})
}

/// The same. Each folder is told to `enter` before it is read.
pub(super) fn walk_telling(root: &Path, limits: Limits, enter: &mut dyn FnMut(&Path)) -> Found {
    let mut found = Found::default();
    let mut known = HashSet::new();
    let mut waiting = VecDeque::from([(root.to_owned(), 0)]);
    let (mut folders, mut entries) = (0, 0);
    while let Some((folder, depth)) = waiting.pop_front() {
        if folders == limits.folders {
            found.truncated = true;
            break;
        }
        folders += 1;
        enter(&folder);
        let names = match list(&folder, limits.entries - entries, &mut known) {
            Ok((names, all)) => {
                found.truncated |= !all;
                names
            }
            Err(error) => {
                if found.errors.len() < limits.errors {
                    found.errors.push((folder, error));
                }
                continue;
            }
        };
        entries += names.len();
        for path in names {
            if !limits.hidden && is_hidden(&path) {
                continue;
            }
            // Dangling links and vanished files are nothing.
            let Ok(metadata) = fs::metadata(&path) else {
                continue;
            };
            if metadata.is_file() {
                found.files.push(path);
            } else if metadata.is_dir() {
                found.folders.push(path.clone());
                if depth < limits.depth {
                    waiting.push_back((path, depth + 1));
                }
            }
        }
    }
    found
}

/// The sorted entries of `folder`, at most `room` of them, and whether that is all; nothing if the
/// folder is already known.
fn list(
    folder: &Path,
    room: usize,
    known: &mut HashSet<(u64, u64)>,
) -> io::Result<(Vec<PathBuf>, bool)> {
    let metadata = fs::metadata(folder)?;
    if !known.insert((metadata.dev(), metadata.ino())) {
        return Ok((Vec::new(), true));
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        if names.len() == room {
            return Ok((sorted(names), false));
        }
        names.push(entry?.path());
    }
    Ok((sorted(names), true))
}

fn is_hidden(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    name.as_encoded_bytes().starts_with(b".")
}

fn sorted(mut names: Vec<PathBuf>) -> Vec<PathBuf> {
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn names(root: &Path, limits: Limits) -> (Vec<String>, bool) {
        let found = walk(root, limits);
        let relative = |path: &PathBuf| path.strip_prefix(root).unwrap().display().to_string();
        (found.files.iter().map(relative).collect(), found.truncated)
    }

    #[test]
    fn each_limit_ends_the_search() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        fs::create_dir_all(root.join("a/b")).unwrap();
        for file in ["1", "2", "a/3", "a/b/4"] {
            fs::write(root.join(file), "").unwrap();
        }
        let all = Limits::default();
        let cases = [
            (all, vec!["1", "2", "a/3", "a/b/4"], false),
            (
                Limits { depth: 2, ..all },
                vec!["1", "2", "a/3", "a/b/4"],
                false,
            ),
            (Limits { depth: 1, ..all }, vec!["1", "2", "a/3"], false),
            (
                Limits { folders: 3, ..all },
                vec!["1", "2", "a/3", "a/b/4"],
                false,
            ),
            (Limits { folders: 2, ..all }, vec!["1", "2", "a/3"], true),
            (
                Limits { entries: 6, ..all },
                vec!["1", "2", "a/3", "a/b/4"],
                false,
            ),
            (Limits { entries: 5, ..all }, vec!["1", "2", "a/3"], true),
        ];
        for (limits, files, truncated) in cases {
            let files = files.into_iter().map(str::to_owned).collect();
            assert_eq!(names(root, limits), (files, truncated), "{limits:?}");
        }
    }

    #[test]
    fn links_are_followed_but_not_in_circles() {
        let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let root = dir.path();
        fs::write(other.path().join("f"), "").unwrap();
        symlink(other.path(), root.join("there")).unwrap();
        symlink(other.path().join("f"), root.join("direct")).unwrap();
        symlink(root, other.path().join("back")).unwrap();
        symlink("nowhere", root.join("dangling")).unwrap();
        let (files, truncated) = names(root, Limits::default());
        assert_eq!(
            (files, truncated),
            (vec!["direct".into(), "there/f".into()], false)
        );
    }

    #[test]
    fn hidden_names_may_be_left_out() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        fs::create_dir_all(root.join(".h/a")).unwrap();
        fs::create_dir(root.join("b")).unwrap();
        for file in [".f", ".h/a/f", "b/.f", "b/f"] {
            fs::write(root.join(file), "").unwrap();
        }
        let limits = Limits {
            hidden: false,
            ..Limits::default()
        };
        assert_eq!(names(root, limits), (vec!["b/f".to_owned()], false));
        let mut entered = Vec::new();
        walk_telling(root, limits, &mut |folder| entered.push(folder.to_owned()));
        assert_eq!(entered, [root.to_owned(), root.join("b")]);
    }

    #[test]
    fn a_folder_that_cannot_be_read_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let found = walk(&dir.path().join("none"), Limits::default());
        assert_eq!(found.errors.len(), 1);
        let quiet = Limits {
            errors: 0,
            ..Limits::default()
        };
        assert!(walk(&dir.path().join("none"), quiet).errors.is_empty());
    }
}
