//! A home of its own for each test, and the program run in it.

use std::{
    fs::DirEntry,
    io::{Read, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use outpost_testkit::{
    leaks::{Marker, VARIABLE},
    program::{Lines, Program, command},
};
use rustix::{
    fs::{CWD, FileType, Mode, mknodat},
    process::Signal,
};
use tempfile::TempDir;

/// How long anything may take that is expected to happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A folder that is home, configuration and working directory, and a mark on everything started.
#[derive(Debug)]
pub(crate) struct Home {
    folder: TempDir,
    marker: Marker,
}

/// A named pipe in a home, for a command to say that it has come to a point, or to be held there.
#[derive(Debug)]
pub(crate) struct Fifo(PathBuf);

/// What a program has said, and how it ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finished {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

/// A running program whose output is being read.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) program: Program,
    stdout: JoinHandle<Vec<u8>>,
    stderr: JoinHandle<Vec<u8>>,
}

/// A server that listens, of this test alone.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) program: Program,
    pub(crate) url: String,
    pub(crate) lines: Lines,
}

// === impl Home ===

impl Home {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self {
            folder,
            marker: Marker::new(),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A file in it, as the text of an argument.
    pub(crate) fn file(&self, name: &str) -> String {
        let path = self.path().join(name);
        path.to_str()
            .expect("the names of these tests are text")
            .to_owned()
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, bytes).expect("a file in the test's folder");
        path
    }

    pub(crate) fn fifo(&self, name: &str) -> Fifo {
        let path = self.path().join(name);
        mknodat(CWD, &path, FileType::Fifo, Mode::RWXU, 0).expect("a pipe in the test's folder");
        Fifo(path)
    }

    /// The program with `arguments`, its output caught.
    pub(crate) fn outpost(&self, arguments: &[&str]) -> Command {
        let mut command = command(env!("CARGO_BIN_EXE_outpost"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", self.path())
            .env("OUTPOST_HOME", self.path())
            .env(VARIABLE, self.marker.value())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// The same command, started by another program that executes what follows its own arguments.
    pub(crate) fn through(&self, program: &[&str], inner: &Command) -> Command {
        let (name, arguments) = program.split_first().expect("a program");
        let mut outer = command(name);
        outer.args(arguments).arg(inner.get_program());
        outer.args(inner.get_args()).current_dir(self.path());
        for (name, value) in inner.get_envs() {
            outer.env(name, value.unwrap_or_default());
        }
        outer.stdout(Stdio::piped()).stderr(Stdio::piped());
        outer
    }

    /// Runs the program with `arguments` to its end, with nothing to read.
    pub(crate) fn run(&self, arguments: &[&str]) -> Finished {
        Running::start(&mut self.outpost(arguments)).finish()
    }

    /// Runs the program with `arguments` to its end, with `input` to read.
    pub(crate) fn run_with(&self, arguments: &[&str], input: Vec<u8>) -> Finished {
        let mut command = self.outpost(arguments);
        let mut running = Running::start(command.stdin(Stdio::piped()));
        let mut stdin = running.program.take_stdin().expect("stdin is a pipe");
        let writer = thread::spawn(move || {
            // A program that does not want its input closes it.
            let _unwanted = stdin.write_all(&input);
        });
        let finished = running.finish();
        writer.join().expect("the writer does not panic");
        finished
    }

    /// A server on a port of its own.
    pub(crate) fn server(&self, flags: &[&str]) -> Server {
        let arguments = [&["exec-server"], flags].concat();
        let mut command = self.outpost(&arguments);
        let mut program = Program::start(command.stderr(Stdio::inherit()));
        let lines = Lines::of(program.take_stdout().expect("stdout is a pipe"));
        let url = lines
            .line(PATIENCE)
            .expect("a server says where it listens");
        Server {
            program,
            url,
            lines,
        }
    }

    /// Waits until there is a file whose name begins with `start`.
    pub(crate) fn wait_for_name(&self, start: &str) {
        let deadline = Instant::now() + PATIENCE;
        let is_it = |entry: std::io::Result<DirEntry>| {
            entry.is_ok_and(|entry| {
                entry
                    .file_name()
                    .as_encoded_bytes()
                    .starts_with(start.as_bytes())
            })
        };
        while !std::fs::read_dir(self.path())
            .expect("the test's folder")
            .any(is_it)
        {
            assert!(Instant::now() < deadline, "no {start} came up");
            thread::yield_now();
        }
    }

    /// Fails when anything this test started is still alive.
    pub(crate) fn assert_nothing_left(&self) {
        self.marker.assert_gone(Duration::from_secs(10));
    }
}

// === impl Fifo ===

impl Fifo {
    /// Waits until somebody has written to it and closed it; what was written.
    pub(crate) fn hear(&self) -> String {
        let path = self.0.clone();
        within(move || std::fs::read_to_string(path).expect("a pipe can be read"))
    }

    /// Lets whoever reads it go on.
    pub(crate) fn say(&self) {
        let path = self.0.clone();
        within(move || std::fs::write(path, "go\n").expect("a pipe can be written"));
    }
}

/// Does `work` on a thread; fails when it is not done in time.
pub(crate) fn within<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (tx, rx) = std::sync::mpsc::sync_channel(1);
    let thread = thread::spawn(move || tx.send(work()));
    let done = rx.recv_timeout(PATIENCE).expect("done in time");
    assert!(thread.join().is_ok_and(|sent| sent.is_ok()));
    done
}

// === impl Running ===

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut program = Program::start(command);
        let stdout = read(program.take_stdout());
        let stderr = read(program.take_stderr());
        Self {
            program,
            stdout,
            stderr,
        }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        self.program.signal(signal);
    }

    pub(crate) fn finish(mut self) -> Finished {
        let status = self
            .program
            .wait(PATIENCE)
            .expect("the program ends in time");
        let stderr = self.stderr.join().expect("the reader does not panic");
        Finished {
            status: status.code(),
            stdout: self.stdout.join().expect("the reader does not panic"),
            stderr: String::from_utf8(stderr).expect("messages are text"),
        }
    }
}

fn read(stream: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            stream.read_to_end(&mut bytes).expect("a pipe can be read");
        }
        bytes
    })
}

// === impl Finished ===

impl Finished {
    pub(crate) fn stdout(&self) -> &str {
        std::str::from_utf8(&self.stdout).expect("this output is text")
    }

    /// Fails unless it ended with `status` and said nothing else than `stdout` and `stderr`.
    #[track_caller]
    pub(crate) fn assert(&self, status: i32, stdout: &str, stderr: &str) {
        let seen = (
            self.status,
            String::from_utf8_lossy(&self.stdout),
            &*self.stderr,
        );
        assert_eq!(seen, (Some(status), stdout.into(), stderr));
    }
}

// === impl Server ===

impl Server {
    pub(crate) fn address(&self) -> SocketAddr {
        let address = self.url.strip_prefix("ws://").expect("a WebSocket server");
        address.parse().expect("an address")
    }

    pub(crate) fn stop(mut self) {
        self.program.signal(Signal::TERM);
        let status = self
            .program
            .wait(PATIENCE)
            .expect("a server ends on SIGTERM");
        assert_eq!(status.code(), Some(0));
    }
}

/// Bytes in which every place is different from its neighbours, and no period fits a block.
pub(crate) fn pattern(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(length).collect()
}
