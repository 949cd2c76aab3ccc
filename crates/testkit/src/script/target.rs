//! The server a script is played against.

use std::{
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use rustix::process::Signal;

use super::parse::{Face, Script};
use crate::{
    connection::Connection,
    leaks::{Marker, VARIABLE},
    program::{Lines, Program, command},
};

/// How long a server may take to start or to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often the log is looked at for the banner of an app server.
const LOOK: Duration = Duration::from_millis(2);

/// A program with the commands `exec-server` and `app-server`.
#[derive(Debug, Clone)]
pub struct Target {
    /// The program.
    pub program: PathBuf,
    /// Whether it is ours; the other one is the reference.
    pub ours: bool,
}

/// A server that runs for one script.
#[derive(Debug)]
pub(super) struct Running {
    program: Program,
    address: Option<SocketAddr>,
    log: PathBuf,
}

impl Target {
    /// Starts a server for `script` with its files in `folder`.
    pub(super) fn start(&self, script: &Script, folder: &Path, marker: &Marker) -> Running {
        let home = folder.join("home");
        // The reference keeps nothing that its sandbox needs below the temp folder, so its home
        // must not lie there.
        let temporary = folder.join("temporary");
        for path in [&home, &temporary] {
            fs::create_dir_all(path).expect("a home for the server, and a temp folder");
        }
        let log = folder.join("server.log");
        let (server, stdio) = match script.face {
            Face::Exec => ("exec-server", "stdio"),
            Face::App => ("app-server", "stdio://"),
        };
        let listen = if script.websocket {
            "ws://127.0.0.1:0"
        } else {
            stdio
        };
        let mut command = command(&self.program);
        command
            .args([server, "--listen", listen])
            .args(&script.flags)
            .current_dir(&home)
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &home)
            .env("CODEX_HOME", &home)
            .env("OUTPOST_HOME", &home)
            .env("TMPDIR", &temporary)
            .env(VARIABLE, marker.value())
            .envs(script.env.iter().cloned())
            .stdin(if script.websocket {
                Stdio::null()
            } else {
                Stdio::piped()
            })
            .stdout(Stdio::piped())
            .stderr(File::create(&log).expect("a log for the server"));
        let mut program = Program::start(&mut command);
        let address = script.websocket.then(|| match script.face {
            Face::Exec => printed(&mut program),
            Face::App => announced(&log),
        });
        Running {
            program,
            address,
            log,
        }
    }
}

/// The address on the first line of stdout.
fn printed(program: &mut Program) -> SocketAddr {
    let lines = Lines::of(program.take_stdout().expect("stdout is a pipe"));
    let line = lines
        .line(PATIENCE)
        .expect("the server says where it listens");
    let address = line
        .strip_prefix("ws://")
        .and_then(|address| address.parse().ok());
    address.unwrap_or_else(|| panic!("no address: {line}"))
}

/// The address in the banner on stderr.
fn announced(log: &Path) -> SocketAddr {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let said = fs::read_to_string(log).unwrap_or_default();
        // What is not a whole line may be half an address.
        let mut lines = said
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'));
        let address = lines.find_map(|line| {
            let (_, url) = line.split_once("listening on: ws://")?;
            url.trim().parse().ok()
        });
        match address {
            Some(address) => return address,
            None => assert!(Instant::now() < deadline, "no banner: {said}"),
        }
        thread::park_timeout(LOOK);
    }
}

impl Running {
    /// Opens a connection; over stdio there is only one.
    pub(super) fn connect(&mut self) -> Result<Connection, String> {
        if let Some(address) = self.address {
            let refused = |refusal| format!("no connection: {refusal:?}");
            return Connection::over_websocket(address, &[]).map_err(refused);
        }
        let ends = self.program.take_stdin().zip(self.program.take_stdout());
        let (stdin, stdout) = ends.ok_or("stdio is one connection")?;
        Ok(Connection::over_stdio(stdin, stdout))
    }

    /// What it wrote on stderr.
    pub(super) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits for its end; a server on a socket is asked to.
    pub(super) fn stop(&mut self) -> Result<(), String> {
        if self.address.is_some() {
            self.program.signal(Signal::TERM);
        }
        self.program
            .wait(PATIENCE)
            .map(drop)
            .ok_or_else(|| "the server did not end".to_owned())
    }
}
