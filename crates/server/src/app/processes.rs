//! `process/*`, the experimental family that runs without a sandbox: from the wire to the engine
//! and back. Unlike a command, a process is answered for when it has started, and its end is told.

use outpost_protocol::{
    RpcError,
    app::{
        Done,
        policy::SandboxPolicy,
        process::{
            Exited, ProcessExitedNotification, ProcessKillParams, ProcessResizePtyParams,
            ProcessSpawnParams, ProcessWriteStdinParams,
        },
    },
};
use outpost_rpc::router::Reply;

use super::{
    connection::Call,
    environment, running,
    running::{DEFAULT_CAP, DEFAULT_TIMEOUT_MS, Ended, Family, Plan},
    sandbox::Held,
};

/// What a process is said to have exited with when nobody knows.
const UNKNOWN: i32 = -1;

/// The answer of every handler.
type Answer = Result<Reply<Done>, RpcError>;

/// `process/spawn`: nothing is told of the process before the answer.
pub(super) async fn spawn(call: Call, params: ProcessSpawnParams) -> Answer {
    let plan = plan(params)?;
    let handle = plan.id.clone().unwrap_or_default();
    let started = running::start(&call, Family::Process, plan).await?;
    let client = call.client;
    Ok(Reply::then(Done {}, move || {
        let waiting = client.clone();
        client.spawn(async move {
            // One whose output found no room was ended, and is told with what there was room for.
            let told = match started.end(&waiting).await {
                Ok(ended) => exited(handle, &ended),
                Err(error) => lost(handle, error),
            };
            waiting.notify::<Exited>(&told).await;
        });
    }))
}

fn plan(params: ProcessSpawnParams) -> Result<Plan, RpcError> {
    let family = Family::Process;
    if params.command.is_empty() {
        return Err(RpcError::invalid_request("command must not be empty"));
    }
    if params.process_handle.is_empty() {
        return Err(RpcError::invalid_request("processHandle must not be empty"));
    }
    running::size_needs_terminal(family, params.size.is_some(), params.tty)?;
    let size = params.size.map_or((24, 80), |size| (size.rows, size.cols));
    let terminal = params
        .tty
        .then(|| running::size(family, size))
        .transpose()?;
    let timeout = params.timeout_ms.or(DEFAULT_TIMEOUT_MS);
    Ok(Plan {
        id: Some(params.process_handle),
        environment: params.environment_id,
        argv: params.command,
        cwd: Some(params.cwd.into()),
        env: params.env,
        terminal,
        stdin: params.stream_stdin,
        streams: params.tty || params.stream_stdout_stderr,
        cap: params.output_bytes_cap.or(DEFAULT_CAP),
        timeout: timeout.map(|ms| running::timeout(family, ms)).transpose()?,
        held: Held::of(SandboxPolicy::DangerFullAccess {}),
        environment_policy: environment::whole(),
    })
}

fn exited(process_handle: String, ended: &Ended) -> ProcessExitedNotification {
    let end = &ended.end;
    ProcessExitedNotification {
        process_handle,
        exit_code: ended.code,
        output_drain_timed_out: Some(ended.abandoned),
        stdout: end.stdout.kept.text(),
        stdout_cap_reached: end.stdout.reached,
        stderr: end.stderr.kept.text(),
        stderr_cap_reached: end.stderr.reached,
    }
}

/// The end of a process of which nobody knows how it ended, as far as anybody is there to be told.
fn lost(process_handle: String, error: RpcError) -> ProcessExitedNotification {
    tracing::debug!(handle = process_handle, %error, "the end of a process is not known");
    ProcessExitedNotification {
        process_handle,
        exit_code: UNKNOWN,
        output_drain_timed_out: Some(false),
        stdout: String::new(),
        stdout_cap_reached: false,
        stderr: error.message,
        stderr_cap_reached: false,
    }
}

/// `process/writeStdin`.
pub(super) async fn write_stdin(call: Call, params: ProcessWriteStdinParams) -> Answer {
    let input = (params.delta_base64, params.close_stdin);
    let done = running::write(call, Family::Process, &params.process_handle, input).await?;
    Ok(done.into())
}

/// `process/resizePty`.
pub(super) async fn resize_pty(call: Call, params: ProcessResizePtyParams) -> Answer {
    let to = (params.size.rows, params.size.cols);
    let done = running::resize(&call, Family::Process, &params.process_handle, to).await?;
    Ok(done.into())
}

/// `process/kill`.
pub(super) async fn kill(call: Call, params: ProcessKillParams) -> Answer {
    let done = running::kill(call, Family::Process, &params.process_handle).await?;
    Ok(done.into())
}
