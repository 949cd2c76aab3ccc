//! `outpost run`: a command, as if it ran here.
//!
//! One task attends to the command: its output goes out, input and signals go in, and the state of
//! the connection is told, each without waiting for the others. Where standard output is not read,
//! neither is the command's, so it waits as it would for a pipe. Leaving early for any reason ends
//! the command with its tree while the server can be reached, and gives the terminal back.

mod attend;
mod input;
mod interrupts;
mod output;
mod requests;
mod start;

use anyhow::{Context, bail};

use self::{attend::Attendance, requests::Asker, start::Plan};
use crate::{
    args::Run,
    exit,
    machine::{self, Machine},
    terminal::{self, Raw},
};

/// Runs the command and returns its exit status.
pub(crate) async fn run(arguments: Run) -> anyhow::Result<u8> {
    if arguments.tty && !terminal::is_there() {
        bail!("-t needs a terminal at standard input");
    }
    let machine = machine::reach(&arguments.target, None)?;
    let status = on(&machine, &arguments).await;
    machine.close().await;
    status
}

async fn on(machine: &Machine, arguments: &Run) -> anyhow::Result<u8> {
    let (mut asker, asked) = Asker::listen().context("failed to listen for signals")?;
    let mut events = machine.environment().events();
    let plan = tokio::select! {
        plan = Plan::make(machine, arguments) => plan?,
        // There is no command yet to pass it on to.
        number = asker.told_to_end() => return Ok(exit::of_signal(number)),
    };
    // From here on the command may run, so signals are for it, and wait for it.
    let started = {
        let start = plan.start(machine);
        tokio::pin!(start);
        loop {
            tokio::select! {
                started = &mut start => break started?,
                () = asker.told_to_leave(None) => {
                    attend::farewell(machine).await;
                    return Ok(exit::INTERRUPTED);
                }
                Ok(event) = events.recv() => machine.tell(&event),
            }
        }
    };
    let started = match started {
        Ok(started) => started,
        Err(status) => return Ok(status),
    };
    // Only now, so that what a failed start says is said to a terminal as it was.
    let raw = arguments.tty.then(Raw::enter).transpose();
    let raw = raw.context("failed to set up the terminal")?;
    let attendance = Attendance {
        machine,
        started,
        raw,
        asker,
        asked,
        events,
    };
    attendance.run().await
}
