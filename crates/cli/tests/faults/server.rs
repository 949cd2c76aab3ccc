//! The program under test: a folder of its own, a mark on everything it starts, a server in it.

use std::{
    io::Read,
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
    time::Duration,
};

use outpost_testkit::{
    leaks::{Marker, VARIABLE},
    program::{Lines, Program, command},
};
use parking_lot::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use rustix::{
    fs::{CWD, FileType, Mode, mknodat},
    process::{Signal, geteuid},
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::meter::{Meter, PATIENCE};

/// Held alone by tests that measure time, and together by all others.
static MACHINE: RwLock<()> = RwLock::new(());

/// A user that owns nothing.
const NOBODY: u32 = 65_534;

/// A folder, and a mark on everything that is started in it.
#[derive(Debug)]
pub(crate) struct Home {
    folder: TempDir,
    marker: Marker,
    user: Option<u32>,
    _machine: Machine,
}

#[derive(Debug)]
#[expect(dead_code, reason = "held, not read")]
enum Machine {
    Shared(RwLockReadGuard<'static, ()>),
    Alone(RwLockWriteGuard<'static, ()>),
}

/// A server that listens.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) program: Program,
    pub(crate) address: SocketAddr,
    marker: Marker,
}

// === impl Home ===

impl Home {
    /// A home among those of other tests.
    pub(crate) fn new() -> Self {
        Self::with(Machine::Shared(MACHINE.read()))
    }

    /// A home with no other test running.
    pub(crate) fn alone() -> Self {
        Self::with(Machine::Alone(MACHINE.write()))
    }

    fn with(machine: Machine) -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            marker: Marker::new(),
            user: None,
            _machine: machine,
        }
    }

    /// The same, its programs run by `user`; `None` when that cannot be, which was said then.
    pub(crate) fn of_user(mut self, user: u32) -> Option<Self> {
        if !geteuid().is_root() || !Path::new("/usr/bin/setpriv").exists() {
            outpost_testkit::skipped("it takes root and setpriv to become another user");
            return None;
        }
        let open = std::fs::Permissions::from_mode(0o777);
        std::fs::set_permissions(self.path(), open).expect("the test's own folder");
        // The build's folder need not be open to others.
        std::fs::copy(env!("CARGO_BIN_EXE_outpost"), self.path().join("outpost"))
            .expect("room for the program");
        self.user = Some(user);
        Some(self)
    }

    /// The ways in which a server can keep trees together here: as this user, and as one without
    /// any rights.
    pub(crate) fn of_both_kinds() -> Vec<Self> {
        [Some(Self::new()), Self::new().of_user(NOBODY)]
            .into_iter()
            .flatten()
            .collect()
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The URI of a file in it.
    pub(crate) fn uri(&self, name: &str) -> String {
        format!("file://{}/{name}", self.path().display())
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, bytes).expect("a file in the test's folder");
        path
    }

    /// A named pipe in it.
    pub(crate) fn fifo(&self, name: &str) -> PathBuf {
        let path = self.path().join(name);
        let mode = Mode::RUSR | Mode::WUSR | Mode::ROTH | Mode::WOTH;
        mknodat(CWD, &path, FileType::Fifo, mode, 0).expect("a pipe in the test's folder");
        path
    }

    /// The program with `arguments`, its output caught.
    pub(crate) fn outpost(&self, arguments: &[&str]) -> Command {
        let mut command = match self.user {
            None => command(env!("CARGO_BIN_EXE_outpost")),
            Some(user) => {
                let mut command = command("/usr/bin/setpriv");
                command.args([
                    format!("--reuid={user}"),
                    format!("--regid={user}"),
                    "--clear-groups".to_owned(),
                ]);
                command.arg(self.path().join("outpost"));
                command
            }
        };
        command
            .args(arguments)
            .current_dir(self.path())
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", self.path())
            .env("OUTPOST_HOME", self.path())
            .env(VARIABLE, self.marker.value())
            .stdout(Stdio::piped());
        command
    }

    /// A server with `flags`.
    pub(crate) fn server(&self, flags: &[&str]) -> Server {
        let mut command = self.outpost(&["exec-server"]);
        Server::start(command.args(flags), &self.marker)
    }

    /// A server from a command made with [`Home::outpost`].
    pub(crate) fn start(&self, command: &mut Command) -> Server {
        Server::start(command, &self.marker)
    }

    /// The environment of a command, which marks it.
    pub(crate) fn environment(&self) -> Value {
        json!({"PATH": "/usr/local/bin:/usr/bin:/bin", VARIABLE: self.marker.value()})
    }

    pub(crate) fn marker(&self) -> &Marker {
        &self.marker
    }

    /// Fails when anything this test started is still alive.
    pub(crate) fn assert_nothing_left(&self) {
        self.marker.assert_gone(Duration::from_secs(5));
    }
}

// === impl Server ===

impl Server {
    fn start(command: &mut Command, marker: &Marker) -> Self {
        let mut program = Program::start(command);
        let lines = Lines::of(program.take_stdout().expect("stdout is a pipe"));
        let line = lines
            .line(PATIENCE)
            .expect("a server says where it listens");
        let address = line
            .strip_prefix("ws://")
            .and_then(|address| address.parse().ok());
        Self {
            program,
            address: address.unwrap_or_else(|| panic!("no address: {line}")),
            marker: marker.clone(),
        }
    }

    pub(crate) fn marker(&self) -> &Marker {
        &self.marker
    }

    pub(crate) fn meter(&self) -> Meter {
        Meter(self.program.pid())
    }

    /// The keeper, once a command was started.
    pub(crate) fn keeper(&self) -> Meter {
        let children = self.meter().children();
        let keeper = children
            .into_iter()
            .find(|child| child.command().contains("keeper"));
        keeper.expect("a keeper, as a command was started")
    }

    /// Asks it to end; fails unless it does, within 5 s and cleanly.
    pub(crate) fn stop(&mut self) {
        self.program.signal(Signal::TERM);
        self.assert_ends(0);
    }

    /// Fails unless it ends within 5 s with `code`.
    pub(crate) fn assert_ends(&mut self, code: i32) {
        let status = self.program.wait(Duration::from_secs(5));
        assert_eq!(status.expect("it ends within 5 s").code(), Some(code));
    }
}

/// The corpus file of this name, or `None` when it is not there, which was said then.
pub(crate) fn corpus(name: &str) -> Option<String> {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        std::env::var_os("OUTPOST_CORPORA").map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora"),
            PathBuf::from,
        )
    });
    let mut text = String::new();
    let opened = std::fs::File::open(folder.join(name));
    if let Err(error) = opened.and_then(|mut file| file.read_to_string(&mut text)) {
        outpost_testkit::skipped(format_args!("no {name} in OUTPOST_CORPORA: {error}"));
        return None;
    }
    Some(text)
}
