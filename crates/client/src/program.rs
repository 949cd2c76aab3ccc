//! Servers that are programs, spoken to over their standard input and output.
//!
//! A program gets a process group of its own. Its end (a close, a drop, the end of its output)
//! is always the same: SIGTERM to the group, then SIGKILL to what is left of it when everything
//! that holds its standard error has ended, or after two seconds. Until then its leader is not
//! reaped, so that the group's number cannot come to name anybody else. A thread of its own sees
//! to that, because a drop cannot wait.

mod ending;

use std::{
    collections::BTreeMap,
    ffi::OsString,
    io,
    os::{fd::OwnedFd, unix::process::CommandExt as _},
    path::PathBuf,
    process::{Child, Stdio},
};

use outpost_rpc::{
    limits::Limits,
    link::{Close, Link},
    router::BoxFuture,
    transport::stdio,
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader},
    net::unix::pipe,
};

use self::ending::Running;
use crate::{ConnectError, Connector, connector::Transport};

/// A program that serves on its standard input and output.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// The program, looked up on the own PATH.
    pub program: OsString,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Variables besides the own ones.
    pub env: BTreeMap<String, String>,
    /// Where it runs; none: the own folder.
    pub cwd: Option<PathBuf>,
}

/// A [`Connector`] that starts a program.
pub(crate) struct ProgramConnector {
    program: Program,
    limits: Limits,
}

/// The longest line of standard error that is logged; the rest of it is passed over.
const LOGGED_LINE: u64 = 4 << 10;

// === impl Program ===

impl Program {
    /// A program with arguments.
    #[must_use]
    pub fn new<A: Into<OsString>>(
        program: impl Into<OsString>,
        args: impl IntoIterator<Item = A>,
    ) -> Self {
        let args = args.into_iter().map(Into::into).collect();
        Self {
            program: program.into(),
            args,
            ..Self::default()
        }
    }

    pub(crate) fn connector(self, limits: Limits) -> ProgramConnector {
        ProgramConnector {
            program: self,
            limits,
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the program is the server, not a command of one; `ending` leaves nothing behind"
    )]
    fn spawn(&self) -> io::Result<Child> {
        let mut command = std::process::Command::new(&self.program);
        command.args(&self.args).envs(&self.env).process_group(0);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(cwd) = &self.cwd {
            command.current_dir(cwd);
        }
        command.spawn()
    }

    fn name(&self) -> String {
        self.program.to_string_lossy().into_owned()
    }

    fn start(&self, limits: Limits) -> io::Result<Transport> {
        let mut child = self.spawn()?;
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        // From here on the group is ended whatever happens.
        let stderr = OwnedFd::from(stderr.expect("it was asked for"));
        let running = Running::new(child, stderr.try_clone());
        let stdin = pipe::Sender::from_owned_fd(stdin.expect("it was asked for").into())?;
        let stdout = pipe::Receiver::from_owned_fd(stdout.expect("it was asked for").into())?;
        let stderr = pipe::Receiver::from_owned_fd(stderr)?;
        let (near, link) = Link::pair((limits.inbox_bytes, limits.outbox_bytes));
        let name = self.name();
        let pump = Box::pin(async move {
            let mut said = log(BufReader::new(stderr), &name);
            let mut pump = std::pin::pin!(stdio::pump(stdout, stdin, near, &limits));
            let close: Close = tokio::select! {
                close = &mut pump => close,
                // Standard error may end first, and last.
                () = &mut said => pump.await,
            };
            tracing::debug!(program = name, %close, "the program's connection has ended");
            running.end().await;
        });
        Ok(Transport { link, pump })
    }
}

/// Logs what a program says besides the protocol.
fn log(mut lines: BufReader<pipe::Receiver>, program: &str) -> BoxFuture<()> {
    let program = program.to_owned();
    Box::pin(async move {
        let mut line = Vec::new();
        loop {
            line.clear();
            match (&mut lines)
                .take(LOGGED_LINE)
                .read_until(b'\n', &mut line)
                .await
            {
                Ok(0) | Err(_) => return,
                Ok(_) => {
                    let text = String::from_utf8_lossy(&line);
                    tracing::debug!(program, "{}", text.trim_end());
                }
            }
        }
    })
}

// === impl ProgramConnector ===

impl Connector for ProgramConnector {
    fn connect(&self) -> BoxFuture<Result<Transport, ConnectError>> {
        let started =
            self.program
                .start(self.limits.clone())
                .map_err(|error| ConnectError::Program {
                    program: self.program.name(),
                    words: error.to_string(),
                });
        Box::pin(std::future::ready(started))
    }

    /// A session ends with its program.
    fn resumable(&self) -> bool {
        false
    }

    fn describe(&self) -> String {
        self.program.name()
    }
}
