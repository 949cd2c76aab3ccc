//! What the two families that run commands have in common.
//!
//! A command is started under a name that its connection never used before; the client's own name
//! for it, if there is one, is taken from its start until its end is about to be told.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use outpost_host::process::{
    EnvPolicy, ExitReason, Process, ResourceLimits, Spec, Stdio, TerminalSize, WriteOutcome,
};
use outpost_protocol::{
    Base64Bytes, Notification as _, RpcError,
    app::{Done, command, process},
};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::{
    connection::{Call, Client},
    environment::{self, Overrides},
    environments::{
        LOCAL, Place,
        commands::{RemoteCommand, RemoteControl, start as there},
    },
    errors,
    output::{End, Target, Teller},
    sandbox::{self, Held},
};
use crate::share::Share;

/// Which of the two families; names of one are nothing to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Family {
    /// `command/exec`.
    Command,
    /// `process/*`.
    Process,
}

/// A command as it was asked for, its numbers checked.
pub(super) struct Plan {
    /// The client's name for it.
    pub(super) id: Option<String>,
    /// Where it is to run; none: where a call is done that does not say.
    pub(super) environment: Option<String>,
    pub(super) argv: Vec<String>,
    /// Relative to the folder its environment works in.
    pub(super) cwd: Option<PathBuf>,
    pub(super) env: Option<Overrides>,
    pub(super) terminal: Option<TerminalSize>,
    /// Its input can be written to.
    pub(super) stdin: bool,
    /// Its output is told as it comes.
    pub(super) streams: bool,
    /// Bytes of each stream that count.
    pub(super) cap: Option<usize>,
    pub(super) timeout: Option<Duration>,
    pub(super) held: Held,
    /// What it gets of the server's own environment.
    pub(super) environment_policy: EnvPolicy,
}

/// What runs under a name of the client's.
#[derive(Clone)]
pub(super) struct Running {
    control: Control,
    stdin: bool,
}

/// Steers what runs.
#[derive(Clone)]
enum Control {
    Here(Process),
    There(RemoteControl),
}

/// What runs.
enum Executor {
    Here {
        process: Process,
        /// Its name in the engine.
        name: String,
    },
    There(Box<RemoteCommand>),
}

/// A command that has started, and whose output nobody has asked for yet.
pub(super) struct Started {
    family: Family,
    id: Option<String>,
    executor: Executor,
    teller: Teller,
    ended: oneshot::Receiver<End>,
    full: CancellationToken,
    /// Its time was over before it began.
    no_time: bool,
}

/// How a command ended, as a client is told.
pub(super) struct Ended {
    pub(super) code: i32,
    /// Something held its output open after its end.
    pub(super) abandoned: bool,
    /// There was no room for more of its output, so it was ended.
    pub(super) overflowed: bool,
    pub(super) end: End,
}

/// What a command is given where the client names nothing; the reference's numbers.
pub(super) const DEFAULT_TIMEOUT_MS: i64 = 10_000;
/// See [`DEFAULT_TIMEOUT_MS`]. Of each stream.
pub(super) const DEFAULT_CAP: usize = 1 << 20;

/// The longest name a client may give, in bytes: it is said with every piece of output.
const MAX_ID: usize = 1024;

/// What a command whose time was over is said to have exited with.
const TIMED_OUT: i32 = 124;

// === impl Family ===

impl Family {
    /// What is started, in a sentence.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Process => "process",
        }
    }

    /// The method that starts one.
    fn method(self) -> &'static str {
        match self {
            Self::Command => "command/exec",
            Self::Process => "process/spawn",
        }
    }

    /// What is steered, in a refusal.
    fn subject(self) -> &'static str {
        match self {
            Self::Command => "command/exec",
            Self::Process => "process",
        }
    }

    fn delta(self) -> &'static str {
        match self {
            Self::Command => command::OutputDelta::NAME,
            Self::Process => process::OutputDelta::NAME,
        }
    }

    pub(super) fn duplicate(self, id: &str) -> RpcError {
        RpcError::invalid_request(match self {
            Self::Command => format!("duplicate active command/exec process id: {}", json(id)),
            Self::Process => format!("duplicate active process handle: {id:?}"),
        })
    }

    fn unknown(self, id: &str) -> RpcError {
        RpcError::invalid_request(match self {
            Self::Command => format!("no active command/exec for process id {}", json(id)),
            Self::Process => format!("no active process for process handle {id:?}"),
        })
    }
}

/// A name as JSON, as the reference says those of commands; those of processes it says otherwise.
fn json(id: &str) -> String {
    serde_json::to_string(id).expect("a text is JSON")
}

// === checks ===

/// Where there is a size there is a terminal.
pub(super) fn size_needs_terminal(family: Family, size: bool, tty: bool) -> Result<(), RpcError> {
    if size && !tty {
        let method = family.method();
        return Err(RpcError::invalid_params(format!(
            "{method} size requires tty: true"
        )));
    }
    Ok(())
}

/// A terminal has some size.
pub(super) fn size(family: Family, (rows, cols): (u16, u16)) -> Result<TerminalSize, RpcError> {
    if rows == 0 || cols == 0 {
        let subject = family.subject();
        return Err(RpcError::invalid_params(format!(
            "{subject} size rows and cols must be greater than 0"
        )));
    }
    Ok(TerminalSize { rows, cols })
}

/// The time a command has.
pub(super) fn timeout(family: Family, ms: i64) -> Result<Duration, RpcError> {
    u64::try_from(ms).map(Duration::from_millis).map_err(|_| {
        let method = family.method();
        RpcError::invalid_params(format!("{method} timeoutMs must be non-negative, got {ms}"))
    })
}

// === life ===

/// Starts a command. Its output waits until somebody asks for it.
pub(super) async fn start(call: &Call, family: Family, plan: Plan) -> Result<Started, RpcError> {
    let Call { server, client } = call;
    if let Some(id) = &plan.id {
        if id.len() > MAX_ID {
            return Err(RpcError::invalid_params(format!(
                "the name of a {} has at most {MAX_ID} bytes",
                family.noun()
            )));
        }
        // Its start claims the name, so nobody takes it meanwhile.
        if client.running(family, id).is_some() {
            return Err(family.duplicate(id));
        }
    }
    let place = server.environments.choose(plan.environment.as_deref());
    let place = place.map_err(|absent| absent.refusal("environment"))?;
    let stdin = plan.stdin || plan.terminal.is_some();
    let no_time = plan.timeout == Some(Duration::ZERO);
    let target = match &plan.id {
        Some(_) if plan.streams && !client.wants(family.delta()) => Target::Dropped,
        Some(id) if plan.streams => {
            Target::Told(Share::of(client.peer.outbox()), family, id.clone())
        }
        _ => Target::Kept,
    };
    let full = CancellationToken::new();
    let (teller, ended) = Teller::new(target, plan.cap, &server.memory, full.clone());
    let id = plan.id.clone();
    let executor = match place {
        Place::Local => here(call, family, plan).await?,
        // In a box, so that commands of this machine do not carry the room for it.
        Place::Remote(remote) => {
            let started = Box::pin(there(call, family, remote, plan)).await?;
            Executor::There(Box::new(started))
        }
    };
    tracing::debug!(
        connection = client.number,
        environment = executor.environment(),
        id,
        "{} started",
        family.noun()
    );
    if let Some(id) = &id {
        let control = executor.control();
        client.runs(family, id, Running { control, stdin });
    }
    Ok(Started {
        family,
        id,
        executor,
        teller,
        ended,
        full,
        no_time,
    })
}

/// Starts a command on this machine.
async fn here(call: &Call, family: Family, plan: Plan) -> Result<Executor, RpcError> {
    let Call { server, client } = call;
    let mut spec = Spec {
        argv: plan.argv,
        arg0: None,
        cwd: server.machine.cwd.join(plan.cwd.unwrap_or_default()),
        env_policy: None,
        env: BTreeMap::new(),
        stdio: match plan.terminal {
            Some(size) => Stdio::Terminal { size },
            None => Stdio::Pipes { stdin: plan.stdin },
        },
        timeout: plan.timeout,
        limits: ResourceLimits::default(),
        walls: None,
    };
    let overrides = plan.env.unwrap_or_default();
    environment::lay_over(&server.host, &mut spec, plan.environment_policy, overrides);
    let name = client.fresh_name();
    let started = sandbox::start(call, family, &name, spec, &plan.held).await?;
    let shown = plan.id.as_deref().unwrap_or_default();
    let process = started.map_err(|error| errors::start(family, shown, &error))?;
    Ok(Executor::Here { process, name })
}

// === impl Executor ===

impl Executor {
    /// The environment it runs in.
    fn environment(&self) -> &str {
        match self {
            Self::Here { .. } => LOCAL,
            Self::There(command) => command.environment(),
        }
    }

    fn control(&self) -> Control {
        match self {
            Self::Here { process, .. } => Control::Here(process.clone()),
            Self::There(command) => Control::There(command.control()),
        }
    }
}

// === impl Started ===

impl Started {
    /// Asks for its output and waits for its end. When this returns, its name is free, and what it
    /// told has been queued. An error when its connection ends first, or what became of it is not
    /// known.
    pub(super) async fn end(self, client: &Client) -> Result<Ended, RpcError> {
        let Self {
            family,
            id,
            executor,
            teller,
            mut ended,
            full,
            no_time,
        } = self;
        let (end, abandoned) = match executor {
            Executor::Here { process, name } => {
                process.attach(Box::new(teller));
                let end = tokio::select! {
                    end = &mut ended => end,
                    () = full.cancelled() => {
                        process.terminate(Some(Duration::ZERO)).await;
                        ended.await
                    }
                };
                let abandoned = process.has_abandoned_output();
                if abandoned {
                    process.terminate(Some(Duration::ZERO)).await;
                }
                client.processes.forget(&name);
                (Ok(end), abandoned)
            }
            Executor::There(command) => match Box::pin(command.run(teller, &full)).await {
                Ok(abandoned) => (Ok(ended.await), abandoned),
                Err(error) => (Err(error), false),
            },
        };
        if let Some(id) = &id {
            client.forget(family, id);
        }
        let end = end?.map_err(|_| {
            let words = "the connection ends, and what it has started with it";
            RpcError::internal(words)
        })?;
        let timed_out = no_time || end.exit.reason == ExitReason::TimedOut;
        Ok(Ended {
            code: if timed_out { TIMED_OUT } else { end.exit.code },
            abandoned,
            overflowed: full.is_cancelled(),
            end,
        })
    }
}

// === steering ===

/// Gives a command input, or ends its input, or both in this order.
pub(super) async fn write(
    call: Call,
    family: Family,
    id: &str,
    (delta, close): (Option<String>, bool),
) -> Result<Done, RpcError> {
    if delta.is_none() && !close {
        let method = match family {
            Family::Command => "command/exec/write",
            Family::Process => "process/writeStdin",
        };
        return Err(RpcError::invalid_params(format!(
            "{method} requires deltaBase64 or closeStdin"
        )));
    }
    let decode = |delta: String| {
        Base64Bytes::decode(&delta)
            .map_err(|words| RpcError::invalid_params(format!("invalid deltaBase64: {words}")))
    };
    let bytes = delta.map(decode).transpose()?;
    let Running { control, stdin } = known(&call, family, id)?;
    if !stdin {
        let subject = family.subject();
        return Err(RpcError::invalid_request(format!(
            "stdin streaming is not enabled for this {subject}"
        )));
    }
    let process = match control {
        Control::Here(process) => process,
        Control::There(control) => {
            let bytes = bytes.map(|Base64Bytes(bytes)| bytes);
            Box::pin(control.write(bytes, close)).await?;
            return Ok(Done {});
        }
    };
    if let Some(Base64Bytes(bytes)) = bytes {
        let written = process.write(None, bytes).await;
        match written.map_err(|error| errors::write(&error))? {
            WriteOutcome::Accepted => {}
            WriteOutcome::StdinClosed => {
                return Err(RpcError::invalid_request("stdin is already closed"));
            }
        }
    }
    if close {
        process.close_stdin().await;
    }
    Ok(Done {})
}

/// Changes the size of a command's terminal.
pub(super) async fn resize(
    call: &Call,
    family: Family,
    id: &str,
    to: (u16, u16),
) -> Result<Done, RpcError> {
    let to = size(family, to)?;
    match known(call, family, id)?.control {
        Control::Here(process) => process.resize(to).map_err(|error| errors::resize(&error))?,
        Control::There(control) => Box::pin(control.resize(to.rows, to.cols)).await?,
    }
    Ok(Done {})
}

/// Kills a command with everything it has started.
pub(super) async fn kill(call: Call, family: Family, id: &str) -> Result<Done, RpcError> {
    match known(&call, family, id)?.control {
        Control::Here(process) => drop(process.terminate(Some(Duration::ZERO)).await),
        Control::There(control) => Box::pin(control.kill()).await?,
    }
    Ok(Done {})
}

fn known(call: &Call, family: Family, id: &str) -> Result<Running, RpcError> {
    let running = call.client.running(family, id);
    running.ok_or_else(|| family.unknown(id))
}
