//! `command/exec` and what steers it: from the wire to the engine and back.

use outpost_protocol::{
    RpcError,
    app::{
        Done,
        command::{
            CommandExecParams, CommandExecResizeParams, CommandExecResponse,
            CommandExecTerminateParams, CommandExecWriteParams,
        },
    },
};
use outpost_rpc::router::Reply;

use super::{
    connection::Call,
    running,
    running::{DEFAULT_CAP, DEFAULT_TIMEOUT_MS, Ended, Family, Plan},
    settings,
};

/// The answer of every handler.
type Answer<T> = Result<Reply<T>, RpcError>;

/// `command/exec`: answered when the command has ended.
pub(super) async fn exec(call: Call, params: CommandExecParams) -> Answer<CommandExecResponse> {
    let plan = plan(&call, params).await?;
    let started = running::start(&call, Family::Command, plan).await?;
    let client = call.client;
    Ok(Reply::Later(Box::new(move |answerer| {
        let waiting = client.clone();
        client.spawn(async move {
            let ended = started.end(&waiting).await;
            answerer
                .answer(ended.and_then(|ended| response(&ended)))
                .await;
        });
    })))
}

async fn plan(call: &Call, params: CommandExecParams) -> Result<Plan, RpcError> {
    let family = Family::Command;
    if params.command.is_empty() {
        return Err(RpcError::invalid_request("command must not be empty"));
    }
    running::size_needs_terminal(family, params.size.is_some(), params.tty)?;
    if params.output_bytes_cap.is_some() && params.disable_output_cap {
        return Err(RpcError::invalid_params(
            "command/exec cannot set both outputBytesCap and disableOutputCap",
        ));
    }
    if params.timeout_ms.is_some() && params.disable_timeout {
        return Err(RpcError::invalid_params(
            "command/exec cannot set both timeoutMs and disableTimeout",
        ));
    }
    let timeout = match params.disable_timeout {
        true => None,
        false => Some(running::timeout(
            family,
            params.timeout_ms.unwrap_or(DEFAULT_TIMEOUT_MS),
        )?),
    };
    let cap = (!params.disable_output_cap).then_some(params.output_bytes_cap);
    let cwd = params.cwd.clone().unwrap_or_default();
    let asked = (params.sandbox_policy, params.permission_profile);
    let (held, environment_policy) = settings::hold(call, asked, cwd.as_ref()).await?;
    let streams = params.tty || params.stream_stdout_stderr;
    if (streams || params.stream_stdin) && params.process_id.is_none() {
        return Err(RpcError::invalid_request(
            "command/exec tty or streaming requires a client-supplied processId",
        ));
    }
    let size = params.size.map_or((24, 80), |size| (size.rows, size.cols));
    let terminal = params
        .tty
        .then(|| running::size(family, size))
        .transpose()?;
    Ok(Plan {
        id: params.process_id,
        environment: params.environment_id,
        argv: params.command,
        cwd: params.cwd,
        env: params.env,
        terminal,
        stdin: params.stream_stdin,
        streams,
        cap: cap.map(|cap| cap.unwrap_or(DEFAULT_CAP)),
        timeout,
        held,
        environment_policy,
    })
}

fn response(ended: &Ended) -> Result<CommandExecResponse, RpcError> {
    if ended.overflowed {
        return Err(RpcError::internal(
            "the command was ended: there is no room for more output that waits for its end; let \
             it be told as it comes, or set a smaller outputBytesCap",
        ));
    }
    Ok(CommandExecResponse {
        exit_code: ended.code,
        stdout: ended.end.stdout.kept.text(),
        stderr: ended.end.stderr.kept.text(),
    })
}

/// `command/exec/write`.
pub(super) async fn write(call: Call, params: CommandExecWriteParams) -> Answer<Done> {
    let input = (params.delta_base64, params.close_stdin);
    let done = running::write(call, Family::Command, &params.process_id, input).await?;
    Ok(done.into())
}

/// `command/exec/resize`.
pub(super) async fn resize(call: Call, params: CommandExecResizeParams) -> Answer<Done> {
    let to = (params.size.rows, params.size.cols);
    let done = running::resize(&call, Family::Command, &params.process_id, to).await?;
    Ok(done.into())
}

/// `command/exec/terminate`.
pub(super) async fn terminate(call: Call, params: CommandExecTerminateParams) -> Answer<Done> {
    let done = running::kill(call, Family::Command, &params.process_id).await?;
    Ok(done.into())
}
