//! `outpost exec-server`: from its arguments to a server, and to its end.
//!
//! Standard output carries the bound URL, or the protocol, and nothing else; a standard output that
//! is closed is no reason to stop. A failure to start is told in the reference's words.

use std::{
    io::{self, Write},
    time::Duration,
};

use anyhow::Context;
use outpost_host::process::{OnFull as WhenFull, ProcessLimits};
use outpost_rpc::{
    limits::{Limits, Timeouts},
    listen::{Address, Auth, AuthConfigError, AuthFlags, AuthMode, Config, Listener},
};
use outpost_server::{
    exec::{ExecConfig, ExecServer},
    serve,
};
use tokio::{signal::unix::SignalKind, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    args::{AuthArgs, ExecServer as Arguments, OnFull, WsAuth},
    exit,
    signals::Signals,
};

/// How long the end of everything may take. Supervisors commonly kill after 10 s, and what a kill
/// of ours leaves is ended by the keeper.
const DRAIN: Duration = Duration::from_millis(4500);

/// Serves until it is told to end, and returns the exit status.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<u8> {
    outpost_host::process::protect();
    let address: Address = arguments.listen.parse()?;
    let auth = auth(&arguments, &address)?;
    let kinds = [
        SignalKind::terminate(),
        SignalKind::interrupt(),
        SignalKind::hangup(),
    ];
    let mut signals = Signals::listen(&kinds).context("failed to listen for signals")?;
    let server = ExecServer::new(config(&arguments));
    let stop = CancellationToken::new();
    if matches!(address, Address::Stdio) {
        let served = serve::on_stdio(server, stop.clone());
        return Ok(attend(async { drop(served.await) }, &stop, &mut signals).await);
    }
    let exposed = arguments.auth.insecure_no_auth && matches!(auth, Auth::Open);
    let config = Config {
        auth,
        insecure_no_auth: arguments.auth.insecure_no_auth,
        limits: server.limits().clone(),
        ..Config::default()
    };
    let listener = Listener::bind(&address, config).await?;
    if exposed && !is_local(listener.address()) {
        tracing::warn!(
            address = %listener.address(),
            "--insecure-no-auth: everybody who can reach this address can run anything on this machine"
        );
    }
    announce(listener.address());
    let served = serve::on(server, listener, stop.clone());
    Ok(attend(served, &stop, &mut signals).await)
}

/// Waits for the end of `served`. The first signal asks for it, the second does not wait for it.
pub(super) async fn attend(
    served: impl Future<Output = ()>,
    stop: &CancellationToken,
    signals: &mut Signals,
) -> u8 {
    tokio::pin!(served);
    tokio::select! {
        () = &mut served => return exit::DONE,
        kind = signals.next() => tracing::info!(signal = kind.as_raw_value(), "told to end"),
    }
    stop.cancel();
    tokio::select! {
        drained = timeout(DRAIN, &mut served) => {
            if drained.is_err() {
                tracing::warn!("not everything has ended in time; the keeper ends the rest");
            }
            exit::DONE
        }
        kind = signals.next() => exit::of_signal(kind.as_raw_value()),
    }
}

/// Prints the URL, alone on its line.
fn announce(address: &Address) {
    let mut stdout = io::stdout().lock();
    if let Err(error) = writeln!(stdout, "{address}").and_then(|()| stdout.flush()) {
        tracing::warn!(%error, %address, "listening, and nobody could be told");
    }
}

/// Whether only programs on this machine reach the address.
fn is_local(address: &Address) -> bool {
    match address {
        Address::WebSocket(address) => address.ip().to_canonical().is_loopback(),
        Address::Unix(_) | Address::Stdio => true,
    }
}

/// Who may connect.
fn auth(arguments: &Arguments, address: &Address) -> Result<Auth, AuthConfigError> {
    let flags = flags(&arguments.auth);
    let auth = flags.load()?;
    match address {
        Address::Stdio if flags.any() => Err(AuthConfigError::Stdio),
        Address::Stdio | Address::WebSocket(_) | Address::Unix(_) => Ok(auth),
    }
}

/// The arguments in the listener's words.
pub(super) fn flags(given: &AuthArgs) -> AuthFlags {
    AuthFlags {
        mode: given.ws_auth.map(|mode| match mode {
            WsAuth::CapabilityToken => AuthMode::CapabilityToken,
            WsAuth::SignedBearerToken => AuthMode::SignedBearerToken,
        }),
        token_file: given.ws_token_file.clone(),
        token_sha256: given.ws_token_sha256.clone(),
        shared_secret_file: given.ws_shared_secret_file.clone(),
        issuer: given.ws_issuer.clone(),
        audience: given.ws_audience.clone(),
        max_clock_skew_seconds: given.ws_max_clock_skew_seconds,
    }
}

/// The bounds that the arguments choose.
fn config(arguments: &Arguments) -> ExecConfig {
    let processes = ProcessLimits {
        retain_bytes: arguments.retain,
        retain_total: arguments.retain_total,
        on_full: match arguments.on_full {
            OnFull::Block => WhenFull::Block,
            OnFull::Evict => WhenFull::Evict,
        },
        kill_grace: arguments.kill_grace,
        ..ProcessLimits::default()
    };
    let timeouts = Timeouts {
        ping_interval: arguments.ping_interval,
        pong: arguments.pong_timeout,
        ..Timeouts::default()
    };
    let limits = Limits {
        concurrent_requests: arguments.concurrent_requests,
        timeouts,
        ..Limits::default()
    };
    ExecConfig {
        session_ttl: arguments.session_ttl,
        http_env: arguments.http_env.iter().cloned().collect(),
        processes,
        limits,
        ..ExecConfig::default()
    }
}
