//! The supervisor for real: Landlock and the filter around a thread and whatever it starts, a
//! directory with guarded names, as whoever runs the tests and as nobody.

mod guarded;
mod made;
mod race;
mod told;
mod work;

use std::{
    fs,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool, atomic::Ordering, mpsc::sync_channel},
    thread,
};

use super::Supervisor;
use crate::sandbox::{
    inside::{capabilities::give_up_what_there_is, landlock::Ruleset, notify::Filter},
    policy::Network,
    seal::{Guarded, Seal},
};

/// A writable directory with guarded names, in which a body runs behind walls.
struct World {
    /// May be changed; `.git` and `.codex` are guarded in it. Has `old`, a directory that is there
    /// from the start, and beside it `deep/er`, in which `secret` is guarded.
    root: PathBuf,
    denied: Arc<AtomicBool>,
    /// Where it all is, and a file `beside`; removed in the end.
    _place: tempfile::TempDir,
}

impl World {
    fn path(&self, below: &str) -> PathBuf {
        self.root.join(below)
    }

    /// Whether something was refused since the last time this was asked.
    fn denied(&self) -> bool {
        self.denied.swap(false, Ordering::AcqRel)
    }

    fn line(&self, line: &str) -> String {
        let line = format!("cd {} && {{ {line}; }}", self.root.display());
        super::super::trial::shell(&line)
    }

    fn holds_nothing_guarded(&self) {
        for name in [".git", ".codex", "deep/er/secret"] {
            let found = fs::symlink_metadata(self.path(name));
            assert!(found.is_err(), "{name} came into being");
        }
    }
}

/// Runs `body` on a thread behind walls, with a supervisor on this one. To be called within
/// [`super::super::trial::apart`].
fn behind_walls(body: impl FnOnce(&World) + Send) {
    behind(true, body);
}

/// The same with namespaces around, as far as the walls know, or not.
fn behind(namespaces: bool, body: impl FnOnce(&World) + Send) {
    give_up_what_there_is().unwrap();
    let place = tempfile::tempdir().unwrap();
    let root = place.path().canonicalize().unwrap().join("root");
    fs::create_dir_all(root.join("old/below")).unwrap();
    fs::create_dir_all(root.join("deep/er")).unwrap();
    fs::write(root.join("file"), "text").unwrap();
    fs::write(root.with_file_name("beside"), "text").unwrap();
    let seal = seal(&root, namespaces);
    let ruleset = Ruleset::prepare(&seal, None).unwrap();
    let filter = Filter::compile(&seal).unwrap().unwrap();
    let denied = Arc::<AtomicBool>::default();
    let supervisor = Supervisor::new(&seal, ruleset.grants(), denied.clone());
    let world = World {
        root,
        denied,
        _place: place,
    };
    let (sender, listeners) = sync_channel::<OwnedFd>(1);
    thread::scope(|scope| {
        let within = scope.spawn(|| {
            ruleset.restrict().unwrap();
            sender.send(filter.install().unwrap()).unwrap();
            body(&world);
        });
        // Ends when the thread and all it started have.
        supervisor.run(listeners.recv().unwrap());
        if let Err(panic) = within.join() {
            std::panic::resume_unwind(panic);
        }
    });
    world.holds_nothing_guarded();
}

fn seal(root: &Path, namespaces: bool) -> Seal {
    let guarded = |directory: &Path, names: &[&str]| Guarded {
        directory: directory.to_owned(),
        names: names.iter().map(Into::into).collect(),
    };
    Seal {
        namespaces,
        network: Network::Restricted,
        read: vec!["/".into()],
        write: vec![root.to_owned()],
        guarded: vec![
            guarded(root, &[".git", ".codex"]),
            guarded(&root.join("deep/er"), &["secret"]),
        ],
    }
}
