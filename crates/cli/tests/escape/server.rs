//! Servers of this suite: as root and as nobody, and what holds on this machine.

use std::{
    fs,
    io::Write as _,
    net::SocketAddr,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Once,
    time::Duration,
};

use outpost_testkit::{
    leaks::{Marker, VARIABLE},
    program::{Lines, Program, command},
};
use rustix::process::{Signal, geteuid};
use tempfile::TempDir;

use crate::meter::PATIENCE;

/// A user that owns nothing.
const NOBODY: u32 = 65_534;

/// Who runs a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct User(pub(crate) u32);

/// A folder that its user's server and commands can use, outside of `/tmp`, which some policies
/// let be written. It holds the program under test and the hostile one.
#[derive(Debug)]
pub(crate) struct Base {
    folder: TempDir,
    pub(crate) user: User,
    marker: Marker,
}

/// A server that listens.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) program: Program,
    pub(crate) address: SocketAddr,
    marker: Marker,
}

// === impl User ===

impl User {
    /// Those for whom walls can be raised here: [`User::any`], or nobody at all, which was said
    /// then, and is a failure where nothing may be skipped.
    pub(crate) fn all() -> Vec<Self> {
        if outpost_testkit::walls::missing() {
            return Vec::new();
        }
        Self::any()
    }

    /// Root and nobody; where the tests are not root, whoever runs them.
    pub(crate) fn any() -> Vec<Self> {
        walls();
        if geteuid().is_root() {
            vec![Self(0), Self(NOBODY)]
        } else {
            vec![Self(geteuid().as_raw())]
        }
    }

    pub(crate) fn is_root(self) -> bool {
        self.0 == 0
    }

    /// A program as this user.
    pub(crate) fn command(self, program: impl AsRef<Path>) -> Command {
        let mut command = command(program.as_ref());
        if geteuid().as_raw() != self.0 {
            command.uid(self.0).gid(self.0);
        }
        command
    }

    /// Gives it a file.
    pub(crate) fn give(self, path: &Path) {
        if geteuid().as_raw() != self.0 {
            std::os::unix::fs::lchown(path, Some(self.0), Some(self.0)).expect("root may give");
        }
    }
}

/// Says once, past the test runner, what the suite stands on here.
fn walls() {
    static SAID: Once = Once::new();
    SAID.call_once(|| {
        let read = |path| fs::read_to_string(path).unwrap_or_else(|error| format!("{error}\n"));
        let bwrap = command("bwrap")
            .arg("--version")
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .stdout(Stdio::piped())
            .output();
        let bwrap = bwrap.map_or_else(
            |error| format!("no bubblewrap: {error}\n"),
            |done| String::from_utf8_lossy(&done.stdout).into_owned(),
        );
        let users = if geteuid().is_root() {
            "root and nobody"
        } else {
            "one unprivileged user"
        };
        let namespaces = read("/proc/sys/user/max_user_namespaces");
        let (kernel, modules) = (
            read("/proc/sys/kernel/osrelease"),
            read("/sys/kernel/security/lsm"),
        );
        let landlock = crate::hostile::landlock();
        let said = writeln!(
            std::io::stderr(),
            "WALLS: {}; Linux {}; security modules {}; Landlock {landlock}; at most {} user \
             namespaces; tried as {users}",
            bwrap.trim(),
            kernel.trim(),
            modules.trim(),
            namespaces.trim(),
        );
        said.expect("standard error is open");
    });
}

impl std::fmt::Display for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.is_root() { "root" } else { "nobody" })
    }
}

// === impl Base ===

impl Base {
    pub(crate) fn new(user: User) -> Self {
        let parent = Path::new("/var/tmp");
        let folder = if parent.is_dir() {
            TempDir::new_in(parent)
        } else {
            TempDir::new()
        };
        let base = Self {
            folder: folder.expect("a temporary folder"),
            user,
            marker: Marker::new(),
        };
        for name in ["", "tools", "home", "tmp", "arenas"] {
            let path = base.path(name);
            if !name.is_empty() {
                fs::create_dir(&path).expect("a new folder");
            }
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("our own");
        }
        for name in ["home", "tmp"] {
            user.give(&base.path(name));
        }
        let own = std::env::current_exe().expect("this program is a file");
        let copies = [
            (own.as_path(), "hostile", 0o755),
            (Path::new(env!("CARGO_BIN_EXE_outpost")), "outpost", 0o755),
            (Path::new("/usr/bin/id"), "setuid-id", 0o4755),
        ];
        for (from, name, mode) in copies {
            let to = base.path("tools").join(name);
            // By a process of its own: what another thread starts meanwhile would hold a copy
            // that is open for writing here, and a program that is cannot be run.
            let copied = command("/bin/cp").arg(from).arg(&to).status();
            assert!(copied.expect("cp runs").success(), "room for a program");
            fs::set_permissions(&to, fs::Permissions::from_mode(mode)).expect("our own");
        }
        base
    }

    /// A file in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        if name.is_empty() {
            self.folder.path().to_owned()
        } else {
            self.folder.path().join(name)
        }
    }

    /// The program under test.
    pub(crate) fn outpost(&self) -> PathBuf {
        self.path("tools/outpost")
    }

    /// A program in the environment of this base's servers.
    pub(crate) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = self.user.command(program);
        command
            .current_dir(self.path("home"))
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", self.path("home"))
            .env("OUTPOST_HOME", self.path("home"))
            .env("TMPDIR", self.path("tmp"))
            .env(VARIABLE, self.marker.value())
            .stdout(Stdio::piped());
        command
    }

    /// A server.
    pub(crate) fn server(&self) -> Server {
        self.start(self.command(self.outpost()).arg("exec-server"))
    }

    /// A server from a command made with [`Base::command`].
    pub(crate) fn start(&self, command: &mut Command) -> Server {
        let mut program = Program::start(command);
        let lines = Lines::of(program.take_stdout().expect("stdout is a pipe"));
        let line = lines
            .line(PATIENCE)
            .expect("a server says where it listens");
        let address = line
            .strip_prefix("ws://")
            .and_then(|address| address.parse().ok());
        Server {
            program,
            address: address.unwrap_or_else(|| panic!("no address: {line}")),
            marker: self.marker.clone(),
        }
    }

    pub(crate) fn marker(&self) -> &Marker {
        &self.marker
    }
}

// === impl Server ===

impl Server {
    pub(crate) fn marker(&self) -> &Marker {
        &self.marker
    }

    pub(crate) fn pid(&self) -> i32 {
        self.program.pid().as_raw_nonzero().get()
    }

    /// Asks it to end; fails unless it does, cleanly, and leaves nothing alive.
    pub(crate) fn stop(mut self) {
        self.program.signal(Signal::TERM);
        let status = self
            .program
            .wait(Duration::from_secs(5))
            .expect("it ends within 5 s");
        assert_eq!(status.code(), Some(0));
        self.marker.assert_gone(Duration::from_secs(5));
    }
}
