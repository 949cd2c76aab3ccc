//! The time from the start of a command to its end.

use std::{future::pending, io, time::Duration};

use anyhow::Context;
use outpost_client::{ClientError, ConnectionEvent, Exit, ExitReason};
use tokio::{
    sync::{broadcast, mpsc},
    time::{Instant, sleep_until, timeout},
};

use super::{
    input,
    output::{End, Streams},
    requests::{self, Asker, Request},
    start::{ID, Started},
};
use crate::{args::Bounded, exit, machine::Machine, say, terminal::Raw};

/// How long the last request may take: to end what a command has left behind, or one that is of no
/// use any more. It is made on the way out, where nobody wants to wait for a server that is slow.
const FAREWELL: Duration = Duration::from_secs(2);

/// A command and all that is needed to attend to it.
#[derive(Debug)]
pub(super) struct Attendance<'a> {
    /// Where it runs.
    pub(super) machine: &'a Machine,
    /// The command.
    pub(super) started: Started,
    /// Our terminal, while it is the command's.
    pub(super) raw: Option<Raw>,
    /// Makes requests of signals.
    pub(super) asker: Asker,
    /// Where those arrive.
    pub(super) asked: mpsc::Receiver<Request>,
    /// What happens to the connection.
    pub(super) events: broadcast::Receiver<ConnectionEvent>,
}

/// Why nobody attends to a command any more.
#[derive(Debug)]
enum Over {
    /// Its output has come to an end.
    Output(End),
    /// It has ended after its time was over.
    TimedOut,
    /// The user has had enough.
    Left,
}

// === impl Attendance ===

impl Attendance<'_> {
    /// Attends to the command until it ends, and returns our exit status.
    pub(super) async fn run(self) -> anyhow::Result<u8> {
        let (machine, session) = (self.machine, self.started.session.clone());
        // The terminal is given back with the rest: what is said then is said as usual.
        let over = self.watch().await;
        if !matches!(over, Over::Output(End::Lost(_))) {
            farewell(machine).await;
        }
        match over {
            Over::Output(End::Closed(exit)) => {
                tell_of_walls(&exit);
                Ok(status(&exit))
            }
            Over::Output(End::Unwritable(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
                Ok(exit::BROKEN_PIPE)
            }
            Over::Output(End::Unwritable(error)) => {
                Err(error).context("cannot write standard output")
            }
            Over::Output(End::Lost(error)) => Err(lost(machine, &session, error)),
            Over::TimedOut => Ok(exit::TIMED_OUT),
            Over::Left => Ok(exit::INTERRUPTED),
        }
    }

    /// Carries everything to and fro until there is nothing more to carry.
    async fn watch(mut self) -> Over {
        let control = self.started.process.control();
        let mut streams = Streams::of_this_program();
        let deadline = self.started.limit.map(|limit| Instant::now() + limit);
        let limit = async {
            match deadline {
                Some(deadline) => sleep_until(deadline).await,
                None => pending().await,
            }
        };
        let output = streams.carry(&mut self.started.process);
        let input = input::carry(self.started.input, &control);
        let answers = requests::answer(self.asked, &control);
        tokio::pin!(output, input, answers, limit);
        let (mut input_ended, mut timed_out) = (false, false);
        loop {
            tokio::select! {
                end = &mut output => return match end {
                    End::Closed(_) if timed_out => Over::TimedOut,
                    end => Over::Output(end),
                },
                () = self.asker.told_to_leave(self.raw.as_ref()) => return Over::Left,
                () = &mut limit, if !timed_out => {
                    timed_out = true;
                    self.asker.end();
                }
                Ok(event) = self.events.recv() => self.machine.tell(&event),
                () = &mut input, if !input_ended => input_ended = true,
                () = &mut answers => {}
            }
        }
    }
}

/// Ends what is left of the command, if that can be had quickly. What runs inside this program ends
/// with it.
pub(super) async fn farewell(machine: &Machine) {
    if machine.is_local() {
        return;
    }
    let processes = machine.environment().processes();
    match timeout(FAREWELL, processes.terminate(ID, None)).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => tracing::debug!(%error, "what the command left behind was not ended"),
        Err(_) => say::line("the server does not answer; the command may go on for a while"),
    }
}

/// Says what kept a command from doing its work, if it did not do it.
fn tell_of_walls(exit: &Exit) {
    if exit.code == 0 {
        return;
    }
    if let Some(member) = &exit.limit_exceeded {
        let known = Bounded::of_member(member);
        let name = known.map_or(member.as_str(), |what| what.name());
        say::line(format_args!(
            "the command went over its limit of {name}; --limit {name}=VALUE sets it"
        ));
    } else if exit.sandbox_denied {
        say::line(
            "the sandbox refused the command something; --writable PATH lets it change more, --net \
             lets it reach the network, and another --sandbox MODE may let it do both",
        );
    }
}

/// Our status for a command that has ended.
fn status(exit: &Exit) -> u8 {
    match exit.reason {
        Some(ExitReason::TimedOut) => exit::TIMED_OUT,
        Some(ExitReason::KeeperLost) => {
            say::line("the command was killed together with the program that held it");
            exit::OURS
        }
        Some(ExitReason::Expired) => {
            say::line("the server ended the command with its session");
            exit::OURS
        }
        Some(ExitReason::Exited | ExitReason::Signaled | ExitReason::Terminated) | None => {
            exit::of_command(exit.code)
        }
    }
}

/// Why there is no end to tell, and how to find a command that may still run.
fn lost(machine: &Machine, session: &str, error: ClientError) -> anyhow::Error {
    let error = anyhow::Error::new(error);
    if machine.is_local() {
        return error;
    }
    error.context(format!(
        "the command is out of reach; it is process `{ID}` of session {session}"
    ))
}
