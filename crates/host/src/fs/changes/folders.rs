//! Telling that something has changed in one of many folders.
//!
//! All folders of a [`FolderWatch`] share one queue of the system, which has few queues and many
//! places to watch. What changed is not told, only that something did: whoever is told looks at
//! everything again. A folder is to be watched before it is looked at, so that nothing falls
//! between. Nothing runs in the meantime, no thread and no task. Dropping the value ends it.

use std::{
    collections::{HashMap, HashSet},
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
};

use parking_lot::Mutex;
use rustix::io::Errno;

use super::{
    os::{self, Event, Events, Kind, Number},
    way::Role,
};

/// How many folders are watched: more than there are skills on any machine, fewer than the system
/// has room for.
pub const MAX_FOLDERS: usize = 4096;

/// How often a missing path may come and go while it is being watched for.
const ATTEMPTS: usize = 16;

/// Many folders, watched together.
#[derive(Debug)]
pub struct FolderWatch {
    events: Events,
    /// Files whose content matters too, by their names.
    contents: &'static [&'static str],
    limit: usize,
    interests: Mutex<HashMap<Number, Interest>>,
}

/// What matters of a folder.
#[derive(Debug, Default)]
struct Interest {
    /// Every name that comes or goes, and the contents.
    all: bool,
    /// These names.
    names: HashSet<OsString>,
}

// === impl FolderWatch ===

impl FolderWatch {
    /// Watches nothing yet. Of files in its folders the content matters of those called
    /// `contents`. Needs a Tokio runtime.
    ///
    /// # Errors
    ///
    /// The system has no queue to give.
    pub fn new(contents: &'static [&'static str]) -> Result<Self, Errno> {
        Ok(Self {
            events: Events::new()?,
            contents,
            limit: MAX_FOLDERS,
            interests: Mutex::default(),
        })
    }

    /// Watches what is in `folder`, which may be reached over links. `false` if it is not watched:
    /// there is no such folder, or no room. Blocks on the file system.
    pub fn enter(&self, folder: &Path) -> bool {
        self.add(folder, |interest| interest.all = true)
    }

    /// Watches for the coming of `path`, which is missing, or of what it takes on the way to it.
    /// `false` if that is not watched, perhaps because it is no longer missing. Blocks on the file
    /// system.
    pub fn expect(&self, path: &Path) -> bool {
        for _ in 0..ATTEMPTS {
            let Some((folder, name)) = first_missing(path) else {
                return false;
            };
            if !self.add(&folder, |interest| {
                interest.names.insert(name.clone());
            }) {
                return false;
            }
            // It may have come before the watch.
            if first_missing(path) == Some((folder, name)) {
                return true;
            }
        }
        false
    }

    fn add(&self, folder: &Path, note: impl FnOnce(&mut Interest)) -> bool {
        let Ok(folder) = fs::canonicalize(folder) else {
            return false;
        };
        let mut interests = self.interests.lock();
        if interests.len() >= self.limit {
            return false;
        }
        // Held meanwhile: an event of it must find what matters.
        let Ok(number) = os::add(&self.events.queue(), &folder, &Role::Directory) else {
            return false;
        };
        note(interests.entry(number).or_default());
        true
    }

    /// Returns when something has changed that was not yet told. Dropping the future loses nothing.
    pub async fn changed(&self) {
        let mut has_changed = false;
        while !has_changed {
            self.events
                .drain(|event| has_changed |= self.matters(&event))
                .await;
        }
    }

    fn matters(&self, event: &Event<'_>) -> bool {
        let interests = self.interests.lock();
        let is_called = |name: &OsStr| self.contents.iter().any(|other| name == *other);
        match (event.kind, interests.get(&event.number)) {
            (Kind::Lost, _) => true,
            (_, None) => false,
            (Kind::Gone, Some(_)) => true,
            (Kind::Name, Some(interest)) => interest.all || interest.names.contains(event.name),
            (Kind::Content, Some(interest)) => interest.all && is_called(event.name),
        }
    }
}

/// The nearest folder on the way to `path` that is there, and the next name; `None` if the path is
/// there or no way leads to it.
fn first_missing(path: &Path) -> Option<(PathBuf, OsString)> {
    let mut missing = path;
    if fs::metadata(missing).is_ok() {
        return None;
    }
    loop {
        let folder = missing.parent()?;
        if fs::metadata(folder).is_ok() {
            return Some((folder.to_owned(), missing.file_name()?.to_owned()));
        }
        missing = folder;
    }
}

#[cfg(test)]
mod tests {
    use std::{os::unix::fs::symlink, time::Duration};

    use tokio::time::timeout;

    use super::*;

    const CONTENTS: &[&str] = &["SKILL.md"];

    /// Longer than any machine takes to tell of a change.
    const LONG: Duration = Duration::from_secs(30);

    /// A folder with `one` and `two`, whose own changes the tests do not ask for, and a watch.
    struct World {
        dir: tempfile::TempDir,
        watch: FolderWatch,
        marks: usize,
    }

    impl World {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            fs::create_dir(dir.path().join("marks")).unwrap();
            let watch = FolderWatch::new(CONTENTS).unwrap();
            assert!(watch.enter(&dir.path().join("marks")));
            Self {
                dir,
                watch,
                marks: 0,
            }
        }

        fn path(&self, path: &str) -> PathBuf {
            self.dir.path().join(path)
        }

        /// Whether something that matters has happened since this was last asked. The kernel
        /// keeps the order, so all that comes before the mark has come.
        async fn is_told(&mut self) -> bool {
            self.marks += 1;
            let mark = format!("mark {}", self.marks);
            fs::create_dir(self.path("marks").join(&mark)).unwrap();
            let (mut told, mut is_marked) = (false, false);
            let watch = &self.watch;
            while !is_marked {
                let drained = watch
                    .events
                    .drain(|event| match event.name == OsStr::new(&mark) {
                        true => is_marked = true,
                        false => told |= watch.matters(&event),
                    });
                timeout(LONG, drained).await.unwrap();
            }
            told
        }
    }

    #[tokio::test]
    async fn names_and_some_contents_matter() {
        let mut world = World::new();
        for folder in ["one", "two"] {
            fs::create_dir(world.path(folder)).unwrap();
            fs::write(world.path(folder).join("SKILL.md"), "").unwrap();
            fs::write(world.path(folder).join("log"), "").unwrap();
        }
        symlink(world.path("two"), world.path("link")).unwrap();
        let entered = ["one", "link"].map(|folder| world.watch.enter(&world.path(folder)));
        assert_eq!(entered, [true; 2]);
        fs::write(world.path("one/log"), "more").unwrap();
        fs::write(world.path("elsewhere"), "").unwrap();
        assert!(!world.is_told().await);
        fs::write(world.path("two/SKILL.md"), "more").unwrap();
        assert!(world.is_told().await);
        fs::remove_file(world.path("one/log")).unwrap();
        assert!(world.is_told().await);
        assert!(!world.is_told().await);
        fs::rename(world.path("one"), world.path("gone")).unwrap();
        assert!(world.is_told().await);
    }

    #[tokio::test]
    async fn what_is_missing_is_told_when_it_comes_nearer() {
        let mut world = World::new();
        let path = world.path("a/b");
        assert!(world.watch.expect(&path));
        fs::write(world.path("other"), "").unwrap();
        assert!(!world.is_told().await);
        fs::create_dir(world.path("a")).unwrap();
        assert!(world.is_told().await);
        assert!(world.watch.expect(&path));
        fs::create_dir(&path).unwrap();
        timeout(LONG, world.watch.changed()).await.unwrap();
        assert!(!world.watch.expect(&path), "it is there");
        assert!(!world.watch.enter(&world.path("none")));
    }

    #[tokio::test]
    async fn there_is_room_for_so_many() {
        let dir = tempfile::tempdir().unwrap();
        let watch = FolderWatch {
            limit: 3,
            ..FolderWatch::new(CONTENTS).unwrap()
        };
        let entered = ["a", "b", "c", "d"].map(|name| {
            let folder = dir.path().join(name);
            fs::create_dir(&folder).unwrap();
            watch.enter(&folder)
        });
        assert_eq!(entered, [true, true, true, false]);
    }
}
