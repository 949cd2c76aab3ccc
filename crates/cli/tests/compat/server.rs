//! The exec-server of a story.

use std::{
    env,
    ffi::OsString,
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use outpost_testkit::{
    leaks::{Marker, VARIABLE},
    program::{Lines, Program, command},
};

use crate::{nobody::User, tools};

/// How long a server may take to listen.
const START_PATIENCE: Duration = Duration::from_secs(20);

/// A server that listens on a WebSocket.
#[derive(Debug)]
pub(crate) struct Server {
    program: Program,
    address: SocketAddr,
}

/// The program: ours, or the client's own.
pub(crate) fn program(codex: &Path) -> PathBuf {
    if env::var("OUTPOST_COMPAT_SERVER").as_deref() == Ok("reference") {
        return codex.into();
    }
    let ours = option_env!("CARGO_BIN_EXE_outpost").map(OsString::from);
    ours.or_else(|| env::var_os("OUTPOST_BIN"))
        .expect("the outpost program")
        .into()
}

/// The command line of a server on its stdin and stdout.
pub(crate) fn over_stdio(codex: &Path) -> String {
    format!("'{}' exec-server --listen stdio", program(codex).display())
}

/// What a server, and so everything it starts, is given as its environment.
pub(crate) fn environment(command: &mut Command, folder: &Path, marker: &Marker) {
    command
        .env("PATH", tools::search_path())
        .env("HOME", folder)
        .env("CODEX_HOME", folder.join("server"))
        .env("OUTPOST_HOME", folder.join("server"))
        .env(VARIABLE, marker.value());
}

impl Server {
    /// Starts a server of `user` with `flags` that keeps its files in `folder`.
    pub(crate) fn start(
        codex: &Path,
        folder: &Path,
        marker: &Marker,
        user: User,
        flags: &[&str],
    ) -> Self {
        fs::create_dir_all(folder.join("server")).expect("a folder for the server");
        let log = File::create(folder.join("server.log")).expect("a log for the server");
        let mut command = command(program(codex));
        command
            .args(["exec-server", "--listen", "ws://127.0.0.1:0"])
            .args(flags);
        environment(&mut command, folder, marker);
        user.owns(folder);
        user.runs(&mut command);
        let mut program = Program::start(command.stdout(Stdio::piped()).stderr(log));
        let lines = Lines::of(program.take_stdout().expect("stdout is a pipe"));
        let line = lines
            .line(START_PATIENCE)
            .expect("the server says where it listens");
        let address = line
            .strip_prefix("ws://")
            .and_then(|address| address.parse().ok());
        let address = address.unwrap_or_else(|| panic!("no address: {line}"));
        Self { program, address }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Asks it to end and waits until it has.
    pub(crate) fn stop(mut self) {
        self.program.signal(rustix::process::Signal::TERM);
        self.program
            .wait(START_PATIENCE)
            .expect("a server ends on SIGTERM");
    }
}
