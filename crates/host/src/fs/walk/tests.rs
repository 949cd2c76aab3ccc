//! The walk over trees made up by chance, against a model that knows no queue, and its rules one by
//! one.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// A made-up tree: what each path is. Links lead to other paths of the map, or nowhere.
#[derive(Clone, Debug, Default)]
struct Tree(BTreeMap<PathBuf, Node>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Node {
    File,
    Directory,
    Unreadable,
    Link(PathBuf),
    Special,
}

impl Tree {
    /// Written as `dir/`, `file`, `link->target`, `pipe|`, `secret!`; the root `/r` is there
    /// already.
    fn of(lines: &[&str]) -> Self {
        let mut tree = Self(BTreeMap::from([("/r".into(), Node::Directory)]));
        for line in lines {
            let (name, node) = match line.split_once("->") {
                Some((name, target)) => (name, Node::Link(target.into())),
                None if line.ends_with('/') => (line.trim_end_matches('/'), Node::Directory),
                None if line.ends_with('|') => (line.trim_end_matches('|'), Node::Special),
                None if line.ends_with('!') => (line.trim_end_matches('!'), Node::Unreadable),
                None => (*line, Node::File),
            };
            tree.0.insert(Path::new("/r").join(name), node);
        }
        tree
    }

    /// The path without links, if it leads to something.
    fn real(&self, path: &Path) -> Option<PathBuf> {
        let mut real = PathBuf::from("/");
        for component in path.components().skip(1) {
            real.push(component);
            for _ in 0..8 {
                match self.0.get(&real)? {
                    Node::Link(target) => real.clone_from(target),
                    _ => break,
                }
            }
            if matches!(self.0.get(&real)?, Node::Link(_)) {
                return None;
            }
        }
        Some(real)
    }

    fn children(&self, real: &Path) -> Vec<(OsString, Found)> {
        let below = self
            .0
            .iter()
            .filter(|(path, _)| path.parent() == Some(real));
        let found = |node: &Node| match node {
            Node::File => Found::File,
            Node::Directory | Node::Unreadable => Found::Directory,
            Node::Link(_) => Found::Link,
            Node::Special => Found::Special,
        };
        below
            .map(|(path, node)| (path.file_name().unwrap().to_owned(), found(node)))
            .collect()
    }
}

impl Source for Tree {
    type Id = usize;

    fn kind(&self, path: &Path) -> Outcome<Found> {
        Ok(match self.0.get(path) {
            Some(Node::Link(_)) => Found::Link,
            _ => Found::Directory,
        })
    }

    fn directory(&self, path: &Path) -> Outcome<Option<usize>> {
        let missing = || Cause::from(rustix::io::Errno::NOENT);
        let real = self.real(path).ok_or_else(missing)?;
        let index = self.0.keys().position(|known| *known == real);
        Ok(match self.0.get(&real) {
            Some(Node::Directory | Node::Unreadable) => index,
            _ => None,
        })
    }

    fn list(&self, path: &Path, each: &mut dyn FnMut(OsString, Found)) -> Outcome<()> {
        let real = self
            .real(path)
            .expect("only directories that were found are read");
        if self.0[&real] == Node::Unreadable {
            return Err(rustix::io::Errno::ACCESS.into());
        }
        let mut children = self.children(&real);
        children.reverse();
        children
            .into_iter()
            .for_each(|(name, found)| each(name, found));
        Ok(())
    }
}

const ALL: WalkOptions = WalkOptions {
    max_depth: 64,
    max_directories: 100,
    max_entries: 100,
    follow_directory_symlinks: false,
    prune_hidden_directories: false,
};

/// The paths below `/r`, directories with a slash; `…` at the end if the walk was cut short.
fn told(lines: &[&str], root: &str, options: WalkOptions) -> String {
    let walk = walk(&Tree::of(lines), Path::new(root), &options).unwrap();
    let mut told: Vec<String> = walk.entries.iter().map(tell).collect();
    told.extend(
        walk.errors
            .iter()
            .map(|error| format!("{}: {}", error.path.display(), error.message)),
    );
    told.extend(walk.truncated.then(|| "…".to_owned()));
    told.join(" ").replace("/r/", "")
}

fn tell(entry: &WalkEntry) -> String {
    let slash = if entry.kind == WalkKind::Directory {
        "/"
    } else {
        ""
    };
    format!("{}{slash}", entry.path.display())
}

const TREE: &[&str] = &[
    ".hdir/",
    ".hdir/q",
    ".hid",
    "dl->/r/gone",
    "f",
    "ff|",
    "sub/",
    "sub/z",
    "up->/r",
    "lf->/r/f",
];

#[test]
fn breadth_first_and_sorted_without_links_and_specials() {
    assert_eq!(told(TREE, "/r", ALL), ".hdir/ .hid f sub/ .hdir/q sub/z");
}

#[test]
fn depth_is_a_wish_and_directories_and_entries_are_bounds() {
    assert_eq!(
        told(
            TREE,
            "/r",
            WalkOptions {
                max_depth: 0,
                ..ALL
            }
        ),
        ".hdir/ .hid f sub/"
    );
    assert_eq!(
        told(
            TREE,
            "/r",
            WalkOptions {
                max_depth: 1,
                ..ALL
            }
        ),
        ".hdir/ .hid f sub/ .hdir/q sub/z"
    );
    let directories = |max_directories| {
        told(
            TREE,
            "/r",
            WalkOptions {
                max_directories,
                ..ALL
            },
        )
    };
    assert_eq!(directories(1), ".hdir/ .hid f sub/ …");
    assert_eq!(directories(2), ".hdir/ .hid f sub/ .hdir/q …");
    assert_eq!(directories(3), ".hdir/ .hid f sub/ .hdir/q sub/z");
    let entries = |max_entries| told(TREE, "/r", WalkOptions { max_entries, ..ALL });
    // Links count although they are not reported; pipes do not.
    assert_eq!(entries(3), ".hdir/ .hid …");
    assert_eq!(entries(4), ".hdir/ .hid f …");
    assert_eq!(entries(8), ".hdir/ .hid f sub/ .hdir/q …");
    assert_eq!(entries(9), ".hdir/ .hid f sub/ .hdir/q sub/z");
}

#[test]
fn followed_links_to_directories_are_walked_once_and_cycles_end() {
    let follow = WalkOptions {
        follow_directory_symlinks: true,
        ..ALL
    };
    assert_eq!(
        told(TREE, "/r", follow),
        ".hdir/ .hid f sub/ up/ .hdir/q sub/z"
    );
    let twice = &["a/", "a/x", "b->/r/a", "c->/r/b"];
    assert_eq!(told(twice, "/r", follow), "a/ b/ c/ a/x");
    assert_eq!(told(twice, "/r/b", follow), "b/x");
    assert_eq!(told(twice, "/r/b", ALL), "");
}

#[test]
fn hidden_directories_are_reported_but_not_read_unless_they_are_the_root() {
    let prune = WalkOptions {
        prune_hidden_directories: true,
        ..ALL
    };
    assert_eq!(told(TREE, "/r", prune), ".hdir/ .hid f sub/ sub/z");
    assert_eq!(told(TREE, "/r/.hdir", prune), ".hdir/q");
    // Not read under one name does not mean not read under another.
    let follow = WalkOptions {
        follow_directory_symlinks: true,
        ..prune
    };
    assert_eq!(
        told(&[".h/", ".h/x", "v->/r/.h"], "/r", follow),
        ".h/ v/ v/x"
    );
}

#[test]
fn unreadable_directories_are_told_and_the_walk_goes_on() {
    assert_eq!(
        told(&["a/", "a/x", "b!", "c/", "c/y"], "/r", ALL),
        "a/ b/ c/ a/x c/y b: Permission denied (os error 13)"
    );
    assert_eq!(told(&[], "/r", ALL), "");
}

#[test]
fn a_root_that_is_a_file_is_empty_and_a_missing_one_an_error() {
    assert_eq!(told(TREE, "/r/f", ALL), "");
    assert_eq!(told(TREE, "/r/ff", ALL), "");
    assert!(walk(&Tree::of(TREE), Path::new("/r/gone"), &ALL).is_err());
    assert!(walk(&Tree::of(TREE), Path::new("/r/dl"), &ALL).is_err());
}

#[test]
fn options_are_refused_at_their_edges() {
    let limits = FsLimits {
        walk_depth: 3,
        walk_directories: 4,
        walk_entries: 5,
        ..FsLimits::default()
    };
    let edge = WalkOptions {
        max_depth: 3,
        max_directories: 4,
        max_entries: 5,
        ..ALL
    };
    edge.check(&limits).unwrap();
    WalkOptions {
        max_depth: 0,
        max_directories: 1,
        max_entries: 1,
        ..ALL
    }
    .check(&limits)
    .unwrap();
    for zero in [
        WalkOptions {
            max_directories: 0,
            ..edge
        },
        WalkOptions {
            max_entries: 0,
            ..edge
        },
    ] {
        let refusal = zero.check(&limits).unwrap_err().to_string();
        assert_eq!(refusal, "filesystem walk limits must be greater than zero");
    }
    for beyond in [
        WalkOptions {
            max_depth: 4,
            ..edge
        },
        WalkOptions {
            max_directories: 5,
            ..edge
        },
        WalkOptions {
            max_entries: 6,
            ..edge
        },
    ] {
        assert_eq!(
            beyond.check(&limits).unwrap_err().to_string(),
            "filesystem walk limits exceed maximums: depth=3, directories=4, entries=5"
        );
    }
}

/// Lists of lines such that every entry is in a directory of the tree.
fn trees() -> impl Strategy<Value = Vec<String>> {
    let pick = (0..100usize, 0..8usize, 0..5usize, 0..100usize);
    proptest::collection::vec(pick, 0..25).prop_map(|picks| {
        let mut directories = vec![String::new()];
        let mut lines: Vec<String> = Vec::new();
        for (above, name, kind, target) in picks {
            let name = ["a", "b", "c", "d", ".h", "é", "B", "z"][name];
            let path = format!("{}{name}", directories[above % directories.len()]);
            let taken = |line: &String| {
                line.trim_end_matches(['/', '|', '!']).split("->").next() == Some(&path)
            };
            if lines.iter().any(taken) {
                continue;
            }
            let target = directories[target % directories.len()]
                .trim_end_matches('/')
                .to_owned();
            lines.push(match kind {
                0 => path,
                1 | 2 => {
                    directories.push(format!("{path}/"));
                    format!("{path}/")
                }
                3 => format!("{path}->{}", Path::new("/r").join(target).display())
                    .trim_end_matches('/')
                    .to_owned(),
                _ => format!("{path}|"),
            });
        }
        lines
    })
}

/// What a walk without links reports, level by level, if nothing cuts it short.
fn levels(tree: &Tree, options: &WalkOptions) -> Vec<String> {
    let mut told = Vec::new();
    let mut level = vec![PathBuf::from("/r")];
    for _ in 0..=options.max_depth {
        let mut next = Vec::new();
        for directory in &level {
            for (name, found) in tree.children(directory) {
                let path = directory.join(&name);
                let kind = match found {
                    Found::File => WalkKind::File,
                    Found::Directory => WalkKind::Directory,
                    Found::Link | Found::Special => continue,
                };
                let hidden =
                    options.prune_hidden_directories && name.to_string_lossy().starts_with('.');
                if kind == WalkKind::Directory && !hidden {
                    next.push(path.clone());
                }
                told.push(tell(&WalkEntry { path, kind }));
            }
        }
        level = next;
    }
    told
}

proptest! {
    #[test]
    fn reports_what_the_model_reports_up_to_its_bounds(
        lines in trees(),
        max_depth in 0..4usize,
        max_directories in 1..8usize,
        max_entries in 1..20usize,
        prune_hidden_directories in any::<bool>(),
        follow_directory_symlinks in any::<bool>(),
    ) {
        let tree = Tree::of(&lines.iter().map(String::as_str).collect::<Vec<_>>());
        let options = WalkOptions {
            max_depth, max_directories, max_entries, follow_directory_symlinks, prune_hidden_directories,
        };
        let got = walk(&tree, Path::new("/r"), &options).unwrap();
        let told: Vec<_> = got.entries.iter().map(tell).collect();
        prop_assert!(got.entries.len() <= max_entries);
        prop_assert!(got.errors.is_empty());
        let unique: std::collections::BTreeSet<_> = told.iter().collect();
        prop_assert_eq!(unique.len(), told.len(), "nothing is reported twice");
        if !follow_directory_symlinks {
            let model = levels(&tree, &options);
            if got.truncated {
                let mut rest = model.iter();
                prop_assert!(told.iter().all(|path| rest.any(|other| other == path)), "{:?} {:?}", told, model);
            } else {
                prop_assert_eq!(told, model);
            }
        } else if !got.truncated && max_depth == 3 && !prune_hidden_directories {
            // With links, every file within reach is reported under at least one of its names.
            let real: std::collections::BTreeSet<_> = got.entries.iter().filter_map(|e| tree.real(&e.path)).collect();
            for path in tree.0.keys().filter(|path| path.components().count() <= 4) {
                let file = tree.0[path] == Node::File;
                prop_assert!(!file || real.contains(path), "{path:?} in {told:?}");
            }
        }
    }

    #[test]
    fn the_smallest_are_kept(items in proptest::collection::vec(0..50u32, 0..40), room in 1..10usize) {
        let mut smallest = Smallest::new(room);
        items.iter().for_each(|item| smallest.push(*item));
        let mut sorted = items;
        sorted.sort_unstable();
        sorted.truncate(room);
        prop_assert_eq!(smallest.into_sorted(), sorted);
    }
}
