//! The way to a path: everything whose change may make the path lead elsewhere.

use std::{
    ffi::{OsStr, OsString},
    fs,
    path::{Component, Path, PathBuf},
};

use crate::fs::facts::{Facts, Identity};

/// Links followed before a path is taken to lead nowhere, as the system does.
const LINKS: usize = 40;

/// What something on the way is watched for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A directory gone through, which may be moved.
    Passage,
    /// A directory in which a name decides how it goes on, and whether it is the end of the path.
    Turn { name: OsString, last: bool },
    /// The path leads to this, which is no directory.
    File,
    /// The path leads to this directory.
    Directory,
}

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    id: Identity,
    pub(super) directory: bool,
}

/// The way at one moment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Way {
    /// Where to watch what. The paths have no links in them.
    pub(super) steps: Vec<(PathBuf, Role)>,
    /// `None` while the path leads nowhere.
    pub(super) spot: Option<Spot>,
    /// The directories gone through.
    through: Vec<Identity>,
}

impl Way {
    /// Goes along an absolute path.
    pub(super) fn go(path: &Path) -> Self {
        let mut way = Self {
            steps: Vec::new(),
            spot: None,
            through: Vec::new(),
        };
        let mut directory = PathBuf::from("/");
        let mut ahead = names(path);
        let mut links = 0;
        let mut spot = Spot::of(&directory);
        while let Some(name) = ahead.pop() {
            if name == ".." {
                directory.pop();
                spot = Spot::of(&directory);
                continue;
            }
            let (next, last) = (directory.join(&name), ahead.is_empty());
            let facts = Facts::of(&next, false);
            if let Ok(facts) = &facts
                && facts.is_dir()
                && !last
            {
                way.steps.push((next.clone(), Role::Passage));
                way.through.push(facts.id);
                directory = next;
                continue;
            }
            way.turn(&directory, name, last);
            match facts {
                Ok(facts) if facts.is_link() => {
                    links += 1;
                    let Some(target) = fs::read_link(&next).ok().filter(|_| links <= LINKS) else {
                        return way;
                    };
                    if target.is_absolute() {
                        directory = PathBuf::from("/");
                    }
                    ahead.extend(names(&target));
                    spot = Spot::of(&directory);
                }
                Ok(facts) if facts.is_dir() => {
                    spot = Some(facts.into());
                    directory = next;
                }
                Ok(facts) => {
                    if last {
                        way.spot = Some(facts.into());
                        way.steps.push((next, Role::File));
                    }
                    return way;
                }
                Err(_) => return way,
            }
        }
        way.spot = spot;
        way.steps.push((directory, Role::Directory));
        way
    }

    fn turn(&mut self, directory: &Path, name: OsString, last: bool) {
        let role = Role::Turn { name, last };
        self.steps.push((directory.to_owned(), role));
    }
}

impl Spot {
    fn of(path: &Path) -> Option<Self> {
        Facts::of(path, false).ok().map(Self::from)
    }
}

impl From<Facts> for Spot {
    fn from(facts: Facts) -> Self {
        Self {
            id: facts.id,
            directory: facts.is_dir(),
        }
    }
}

/// The names of a path, the first at the end.
fn names(path: &Path) -> Vec<OsString> {
    let name = |component: Component<'_>| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some(OsStr::new("..").to_owned()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    };
    path.components().rev().filter_map(name).collect()
}
