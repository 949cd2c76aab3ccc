//! `process/*`: from the wire to the engine and back.

use std::{sync::Arc, time::Duration};

use outpost_host::process::{
    EnvPolicy, Found, Inherit, Page, Process, ProcessSummary, ReadRequest, ResourceLimits, Signal,
    Spec, StartError, Stdio, TerminalSize, WriteOutcome, keeper::SpawnError,
};
use outpost_protocol::{
    NoParams, PathUri, RpcError,
    exec::{
        process::{
            self as wire, CloseStdinParams, CloseStdinResponse, FollowParams, FollowResponse,
            ListResponse, ReadChunk, ReadParams, ReadResponse, ResizeParams, ResizeResponse,
            SignalName, SignalParams, SignalResponse, StartResponse, TerminateParams,
            TerminateResponse, WireExecParams, WriteParams, WriteResponse, WriteStatus,
        },
        sandbox::SandboxContext,
    },
};
use outpost_rpc::{link::FrameSender, router::Reply};
use tokio::time::{Instant, sleep};

use super::{connection::Call, errors, feed, sandbox};

/// The answer of every handler.
type Answer<T> = Result<Reply<T>, RpcError>;

/// Raw bytes in one answer to a read without a budget: in base64 within the 64 MiB that clients
/// take in one message.
const UNLIMITED_READ: usize = 40 << 20;

/// How long a resumed client is given to put in order what it has read before it is told more than
/// a little of what follows. The real client took up to a third of a second for 8 MiB on a busy
/// machine.
const SETTLE: Duration = Duration::from_millis(500);

/// `process/start`.
pub(super) async fn start(call: Call, mut params: WireExecParams) -> Answer<StartResponse> {
    if params.argv.is_empty() {
        return Err(RpcError::invalid_params("argv must not be empty"));
    }
    refuse_what_is_not_enforced(&params)?;
    let id = params.process_id.clone();
    let terminal = params.tty;
    let policy = params.sandbox.take();
    let spec = spec(params)?;
    let session = call.session()?;
    let (walled, started) = match policy {
        None => (false, session.processes.start(&id, spec).await),
        Some(policy) => start_held(&call, &id, spec, &policy).await?,
    };
    let process = started.map_err(|error| errors::start(&id, terminal, &error))?;
    let response = StartResponse {
        process_id: id,
        sandbox_type: Some(sandbox_type(walled).to_owned()),
    };
    if session.feeds(call.client.number) {
        return Ok(Reply::then(response, move || session.introduce(&process)));
    }
    // The client has come back on another connection while this was starting.
    session.introduce(&process);
    Ok(response.into())
}

/// Starts a command that is held to a policy. Files that the walls were made from can vanish before
/// they are raised; then they are made anew from what is there. Also says whether there are walls.
async fn start_held(
    call: &Call,
    id: &str,
    mut spec: Spec,
    policy: &SandboxContext,
) -> Result<(bool, Result<Process, StartError>), RpcError> {
    let session = call.session()?;
    spec.walls = sandbox::of_command(&call.server, policy, &spec).await?;
    for _ in 1..sandbox::RAISES {
        let failed = match session.processes.start(id, spec.clone()).await {
            Err(StartError::Spawn(failed @ SpawnError::Walls { .. })) => failed,
            started => return Ok((spec.walls.is_some(), started)),
        };
        tracing::debug!(%failed, "the walls are made anew, in case the files have changed");
        spec.walls = sandbox::of_command(&call.server, policy, &spec).await?;
    }
    let walled = spec.walls.is_some();
    Ok((walled, session.processes.start(id, spec).await))
}

/// The wire's word for what a command is walled in by.
fn sandbox_type(walled: bool) -> &'static str {
    if walled { "linuxSeccomp" } else { "none" }
}

fn refuse_what_is_not_enforced(params: &WireExecParams) -> Result<(), RpcError> {
    let refused = [
        (params.enforce_managed_network, "enforceManagedNetwork"),
        (params.managed_network.is_some(), "managedNetwork"),
        (params.network_proxy.is_some(), "networkProxy"),
        (params.shell_snapshot.is_some(), "shellSnapshot"),
    ];
    match refused.iter().find(|(asked, _)| *asked) {
        None => Ok(()),
        Some((_, member)) => Err(RpcError::invalid_params(format!(
            "`{member}` cannot be enforced by this server, so nothing was started; leave it out \
             where `capabilities` do not announce it"
        ))),
    }
}

fn spec(params: WireExecParams) -> Result<Spec, RpcError> {
    let stdio = if params.tty {
        let size = params
            .size
            .map_or_else(TerminalSize::default, terminal_size);
        Stdio::Terminal { size }
    } else {
        Stdio::Pipes {
            stdin: params.pipe_stdin,
        }
    };
    Ok(Spec {
        argv: params.argv,
        arg0: params.arg0,
        cwd: params
            .cwd
            .into_native()
            .map_err(|foreign| errors::foreign_cwd(&foreign))?,
        env_policy: params.env_policy.map(env_policy),
        env: params.env,
        stdio,
        timeout: params.timeout_ms.map(Duration::from_millis),
        limits: params.limits.map_or_else(ResourceLimits::default, limits),
        walls: None,
    })
}

fn limits(limits: wire::Limits) -> ResourceLimits {
    let wire::Limits {
        memory_bytes,
        cpu_seconds,
        pids,
        open_files,
        file_size_bytes,
    } = limits;
    ResourceLimits {
        memory_bytes,
        cpu_seconds,
        pids,
        open_files,
        file_size_bytes,
    }
}

fn env_policy(policy: wire::EnvPolicy) -> EnvPolicy {
    EnvPolicy {
        inherit: match policy.inherit {
            wire::Inherit::All => Inherit::All,
            wire::Inherit::Core => Inherit::Core,
            wire::Inherit::None => Inherit::None,
        },
        ignore_default_excludes: policy.ignore_default_excludes,
        exclude: policy.exclude,
        set: policy.set,
        include_only: policy.include_only,
    }
}

fn terminal_size(size: wire::TerminalSize) -> TerminalSize {
    TerminalSize {
        rows: size.rows,
        cols: size.cols,
    }
}

/// A running or retained process; the refusals are a read's.
fn known(call: &Call, id: &str) -> Result<Process, RpcError> {
    match call.session()?.processes.find(id) {
        Some(Found::Ready(process)) => Ok(process),
        Some(Found::Starting) => Err(RpcError::invalid_request(format!(
            "process id {id} is starting"
        ))),
        None => Err(RpcError::invalid_request(format!(
            "unknown process id {id}"
        ))),
    }
}

/// The same for calls that answer instead of refusing.
fn ready(call: &Call, id: &str) -> Result<Result<Process, WriteStatus>, RpcError> {
    Ok(match call.session()?.processes.find(id) {
        Some(Found::Ready(process)) => Ok(process),
        Some(Found::Starting) => Err(WriteStatus::Starting),
        None => Err(WriteStatus::UnknownProcess),
    })
}

/// `process/read`.
pub(super) async fn read(call: Call, params: ReadParams) -> Answer<ReadResponse> {
    let process = known(&call, &params.process_id)?;
    // A budget changes `nextSeq`, so there is one only where more than an answer may hold is kept.
    let retained = call.server.host.limits().retain_bytes;
    let page = process
        .read(ReadRequest {
            after: params.after_seq.unwrap_or(0),
            max_bytes: params
                .max_bytes
                .or((retained > UNLIMITED_READ).then_some(UNLIMITED_READ)),
            wait: Duration::from_millis(params.wait_ms.unwrap_or(0)),
        })
        .await;
    let (until, client) = (page.next_seq, Arc::clone(&call.client));
    Ok(Reply::then(read_response(page), move || {
        if process.waits_to_be_shown(until) {
            let outbox = client.peer.outbox().clone();
            client.spawn(show(process, until, outbox));
        }
    }))
}

/// Says that a resumed client has what it missed, once it has. The real client puts an answer in
/// order beside its reading, and gives the process up when more than 1 MiB of what follows comes
/// meanwhile. When the whole queue has been free the answer has left it, so a pong then comes from
/// behind the answer; the rest is a matter of time.
async fn show(process: Process, until: u64, outbox: FrameSender) {
    let whole = outbox.cost_of(usize::MAX);
    if outbox.room().acquire_many_owned(whole).await.is_err() {
        return;
    }
    if outbox.probe().await.is_ok() {
        sleep(SETTLE).await;
        process.shown(until);
    }
}

fn read_response(page: Page) -> ReadResponse {
    let (reason, signal) = match page.exit {
        None => (None, None),
        Some(exit) => {
            let (reason, signal) = feed::reason(exit.reason);
            (Some(reason), signal)
        }
    };
    let lost = page.lost_bytes > 0;
    let chunk = |chunk: outpost_host::process::Chunk| ReadChunk {
        seq: chunk.seq,
        stream: feed::stream(chunk.stream),
        chunk: chunk.data.into(),
    };
    ReadResponse {
        chunks: page.chunks.into_iter().map(chunk).collect(),
        next_seq: page.next_seq,
        exited: page.exit.is_some(),
        exit_code: page.exit.map(|exit| exit.code),
        closed: page.closed,
        failure: None,
        sandbox_denied: page.exit.as_ref().is_some_and(feed::sandbox_denied),
        reason,
        signal,
        limit_exceeded: page.exit.as_ref().and_then(feed::limit_exceeded),
        lost_bytes: lost.then_some(page.lost_bytes),
        first_available_seq: lost.then_some(page.first_available_seq),
    }
}

/// `process/write`.
pub(super) async fn write(call: Call, params: WriteParams) -> Answer<WriteResponse> {
    if params.write_id.as_deref() == Some("") {
        return Err(RpcError::invalid_params("writeId must not be empty"));
    }
    let status = match ready(&call, &params.process_id)? {
        Err(status) => status,
        Ok(process) => {
            let written = process
                .write(params.write_id.as_deref(), params.chunk.0)
                .await;
            match written.map_err(|error| errors::write(&error))? {
                WriteOutcome::Accepted => WriteStatus::Accepted,
                WriteOutcome::StdinClosed => WriteStatus::StdinClosed,
            }
        }
    };
    let accepted = Some(status == WriteStatus::Accepted);
    Ok(WriteResponse { status, accepted }.into())
}

/// `process/closeStdin`.
pub(super) async fn close_stdin(
    call: Call,
    params: CloseStdinParams,
) -> Answer<CloseStdinResponse> {
    let status = match ready(&call, &params.process_id)? {
        Err(status) => status,
        Ok(process) if process.close_stdin().await => WriteStatus::Accepted,
        Ok(_) => WriteStatus::StdinClosed,
    };
    Ok(CloseStdinResponse { status }.into())
}

/// `process/signal`: nobody to send it to is fine.
pub(super) async fn signal(call: Call, params: SignalParams) -> Answer<SignalResponse> {
    let signal = match params.signal {
        SignalName::Interrupt => Signal::Interrupt,
        SignalName::Terminate => Signal::Terminate,
        SignalName::Kill => Signal::Kill,
        SignalName::Hangup => Signal::Hangup,
        SignalName::Quit => Signal::Quit,
        SignalName::User1 => Signal::User1,
        SignalName::User2 => Signal::User2,
    };
    if let Ok(process) = ready(&call, &params.process_id)? {
        let delivered = process.signal(signal).await;
        tracing::debug!(?signal, delivered, "signal");
    }
    Ok(SignalResponse {}.into())
}

/// `process/terminate`: also of a start that is under way, and of what a leader left behind.
pub(super) async fn terminate(call: Call, params: TerminateParams) -> Answer<TerminateResponse> {
    let processes = &call.session()?.processes;
    let running = match processes.find(&params.process_id) {
        None => false,
        Some(Found::Starting) => processes.cancel(&params.process_id),
        Some(Found::Ready(process)) => {
            process
                .terminate(params.grace_ms.map(Duration::from_millis))
                .await
        }
    };
    Ok(TerminateResponse { running }.into())
}

/// `process/resize`.
pub(super) async fn resize(call: Call, params: ResizeParams) -> Answer<ResizeResponse> {
    let process = known(&call, &params.process_id)?;
    process
        .resize(terminal_size(params.size))
        .map_err(|error| errors::resize(&error))?;
    Ok(ResizeResponse {}.into())
}

/// `process/follow`.
pub(super) async fn follow(call: Call, params: FollowParams) -> Answer<FollowResponse> {
    let process = known(&call, &params.process_id)?;
    if !params.follow {
        process.detach();
        return Ok(FollowResponse {
            next_seq: process.summary().next_seq,
        }
        .into());
    }
    // In this order nothing falls between what is told and what the client reads: everything below
    // the number is there to be read, and everything from it on is told, some of it perhaps before
    // this answer.
    call.session()?.follow(&process);
    Ok(FollowResponse {
        next_seq: process.summary().next_seq,
    }
    .into())
}

/// `process/list`.
pub(super) async fn list(call: Call, _: NoParams) -> Answer<ListResponse> {
    let mut processes = call.session()?.processes.list();
    processes.sort_by_key(|process| process.started_at);
    let now = Instant::now();
    let processes = processes
        .into_iter()
        .map(|process| summary(process, now))
        .collect();
    Ok(ListResponse { processes }.into())
}

fn summary(process: ProcessSummary, now: Instant) -> wire::ProcessSummary {
    let age = now.duration_since(process.started_at).as_millis();
    wire::ProcessSummary {
        process_id: process.id,
        pid: process.pid,
        argv: process.argv,
        cwd: PathUri::from_path(process.cwd),
        tty: process.terminal,
        age_ms: u64::try_from(age).unwrap_or(u64::MAX),
        exited: process.exit.is_some(),
        exit_code: process.exit.map(|exit| exit.code),
        closed: process.closed,
        next_seq: process.next_seq,
        limit_exceeded: process.exit.as_ref().and_then(feed::limit_exceeded),
    }
}
