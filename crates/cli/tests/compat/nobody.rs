//! A story of which no part runs as root.

use std::{
    fs,
    os::unix::{fs::lchown, process::CommandExt},
    path::Path,
    process::Command,
    time::Duration,
};

use outpost_testkit::program::{Program, command};

use crate::tools;

/// The user and the group that own nothing.
const NOBODY: u32 = 65_534;

/// How long a program may take to say its version.
const VERSION_PATIENCE: Duration = Duration::from_secs(20);

/// Whose programs the client and the server of a story are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum User {
    /// Whoever runs the suite.
    Own,
    /// The user who owns nothing. Only root can tell a story as somebody else; for others it is
    /// their own.
    Nobody,
}

// === impl User ===

impl User {
    /// Lets `command` run as this user.
    pub(crate) fn runs(self, command: &mut Command) {
        if self.is_other() {
            command.uid(NOBODY).gid(NOBODY);
        }
    }

    /// Gives this user `path` and everything below it.
    pub(crate) fn owns(self, path: &Path) {
        if self.is_other() {
            give(path);
        }
    }

    /// Whether this user can start these programs; says so where not.
    ///
    /// # Panics
    /// When it cannot and the suite is required.
    pub(crate) fn can_start(self, programs: [&Path; 2]) -> bool {
        let stopped = programs.into_iter().find(|path| {
            // The shell can be started, and says whether what it becomes can.
            let mut version = command("/bin/sh");
            version
                .args(["-c", "exec \"$0\" --version"])
                .arg(path)
                .env("PATH", tools::search_path());
            self.runs(&mut version);
            let status = Program::start(&mut version).wait(VERSION_PATIENCE);
            !status.is_some_and(|status| status.success())
        });
        stopped.is_none_or(|path| {
            tools::missing(&format!("{} where nobody can start it", path.display()));
            false
        })
    }

    fn is_other(self) -> bool {
        self == Self::Nobody && rustix::process::geteuid().is_root()
    }
}

/// Nothing runs in the folder yet, so what is listed is what there is.
fn give(path: &Path) {
    lchown(path, Some(NOBODY), Some(NOBODY)).expect("root can give a file away");
    if path.is_dir() && !path.is_symlink() {
        for entry in fs::read_dir(path).expect("the folder can be listed") {
            give(&entry.expect("the folder can be listed").path());
        }
    }
}
