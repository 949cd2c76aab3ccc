//! From a specification to a running process with its task.

use std::{
    io,
    os::fd::OwnedFd,
    sync::{Arc, OnceLock, atomic::AtomicBool},
};

use parking_lot::Mutex;
use tokio::{
    sync::{oneshot, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::{
    audience::Stream,
    cursor::Cursor,
    env::EnvError,
    host::ProcessHost,
    input::Input,
    keeper::{OutputEnds, RawExit, SpawnError, SpawnRequest, Spawned, StdioPlan, Tree},
    lifecycle::Lifecycle,
    limits::ProcessLimits,
    log::{Bounds, Log},
    output::Output,
    registry::Refusal,
    spec::{Spec, Stdio},
    state::{Shared, State},
    stdin::StdinQueue,
    supervise::Supervisor,
    watched::{Watched, watch},
};

/// Why a process did not start. Nothing of it is left behind, and its id is free.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// There is not even a program.
    #[error("argv must not be empty")]
    EmptyArgv,
    /// The program has no name.
    #[error("missing program")]
    NoProgram,
    /// The id names another process, which may still be starting.
    #[error("the process id is in use")]
    IdInUse,
    /// The session has as many processes as it may.
    #[error("more than {limit} processes")]
    TooMany {
        /// How many it may have that are not closed.
        limit: usize,
    },
    /// The process was told to end, or its session was, while it was starting.
    #[error("the start was cancelled")]
    Cancelled,
    /// The environment cannot be given to a process.
    #[error(transparent)]
    Environment(#[from] EnvError),
    /// The operating system refused.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// The process ran but could not be watched, and was killed.
    #[error("watch the process")]
    Watch(#[source] io::Error),
}

impl StartError {
    pub(super) fn refused(refusal: Refusal, limits: &ProcessLimits) -> Self {
        match refusal {
            Refusal::InUse => Self::IdInUse,
            Refusal::TooMany => Self::TooMany {
                limit: limits.processes,
            },
            Refusal::Ended => Self::Cancelled,
        }
    }
}

/// The ends of a started process, before its task runs.
struct Ends {
    input: Option<Watched>,
    outputs: Vec<Output>,
    /// The terminal, where there is one.
    terminal: Option<Watched>,
}

/// Starts a process and its task.
pub(super) async fn start(
    host: &ProcessHost,
    id: &str,
    spec: Spec,
) -> Result<Arc<Shared>, StartError> {
    let request = request(host, &spec)?;
    let spawned = host.keeper().spawn(request).await?;
    let Spawned {
        pid,
        stdin,
        output,
        tree,
        exit,
    } = spawned;
    let ends = Ends::watch(stdin, output).map_err(StartError::Watch)?;
    let timeout = spec
        .timeout
        .and_then(|timeout| Instant::now().checked_add(timeout));
    let shared = Arc::new(share(host, id, spec, pid, tree, &ends));
    supervise(&shared, exit, ends.outputs, timeout);
    Ok(shared)
}

/// What the keeper is asked.
pub(super) fn request(host: &ProcessHost, spec: &Spec) -> Result<SpawnRequest, EnvError> {
    let stdio = match spec.stdio {
        Stdio::Pipes { stdin } => StdioPlan::Pipes { stdin },
        Stdio::Terminal { size } => StdioPlan::Terminal {
            rows: size.rows,
            cols: size.cols,
        },
    };
    Ok(SpawnRequest {
        argv: spec.argv.iter().map(Into::into).collect(),
        arg0: spec.arg0.as_ref().map(Into::into),
        cwd: spec.cwd.clone(),
        env: host.environment(spec)?,
        stdio,
        limits: spec.limits,
        walls: spec.walls.clone(),
    })
}

impl Ends {
    fn watch(stdin: Option<OwnedFd>, output: OutputEnds) -> io::Result<Self> {
        match output {
            OutputEnds::Pipes { stdout, stderr } => {
                let outputs = vec![
                    Output::new(Stream::Stdout, watch(stdout)?),
                    Output::new(Stream::Stderr, watch(stderr)?),
                ];
                Ok(Self {
                    input: stdin.map(watch).transpose()?,
                    outputs,
                    terminal: None,
                })
            }
            OutputEnds::Terminal(master) => {
                let master = watch(master)?;
                let outputs = vec![Output::new(Stream::Terminal, master.clone())];
                Ok(Self {
                    input: Some(master.clone()),
                    outputs,
                    terminal: Some(master),
                })
            }
        }
    }
}

fn share(host: &ProcessHost, id: &str, spec: Spec, pid: u32, tree: Tree, ends: &Ends) -> Shared {
    let limits = host.limits();
    let terminal = ends.terminal.as_ref();
    let bounds = Bounds {
        bytes: limits.retain_bytes,
        chunks: limits.retain_chunks,
        chunk_bytes: limits.chunk_bytes,
    };
    let queue = StdinQueue::new(limits.stdin_bytes, limits.write_ids);
    let state = State::new(
        Log::new(bounds),
        Cursor::new(limits.on_full),
        Lifecycle::new(ends.outputs.len()),
        Input::new(queue, ends.input.clone(), terminal.is_some()),
    );
    Shared {
        number: host.next_number(),
        id: id.to_owned(),
        pid,
        argv: spec.argv,
        cwd: spec.cwd,
        terminal: terminal.map(Arc::downgrade),
        started_at: Instant::now(),
        host: host.clone(),
        tree: Arc::new(tree),
        stop: host.stop_token(),
        finished: CancellationToken::new(),
        closed_at: OnceLock::new(),
        settled: AtomicBool::new(false),
        progress: watch::Sender::new(1),
        input_moved: watch::Sender::new(()),
        kill_at: watch::Sender::new(None),
        state: Mutex::new(state),
    }
}

fn supervise(
    shared: &Arc<Shared>,
    exit: oneshot::Receiver<RawExit>,
    outputs: Vec<Output>,
    timeout: Option<Instant>,
) {
    let supervisor = Supervisor::new(shared.clone(), exit, outputs, timeout);
    shared.host.tasks().spawn(supervisor.run());
}
