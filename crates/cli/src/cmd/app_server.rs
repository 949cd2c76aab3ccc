//! `outpost app-server`: from its arguments to a server, and to its end.
//!
//! Standard output carries the protocol or nothing. A failure to start is told in the reference's
//! words.

use std::{fs, io, os::unix::fs::DirBuilderExt, path::PathBuf};

use anyhow::{Context, bail};
use outpost_host::environment::{self, Places};
use outpost_rpc::{
    limits::{Limits, Timeouts},
    listen::{Address, Auth, Config, ListenError, Listener, Routes, UnixError},
};
use outpost_server::{
    app::{AppConfig, AppServer},
    serve,
};
use tokio::signal::unix::SignalKind;
use tokio_util::sync::CancellationToken;

use super::exec_server;
use crate::{
    args::{AppServer as Arguments, Listen, USUAL_SOCKET},
    exit, machine, say,
    signals::Signals,
};

/// Serves until it is told to end, and returns the exit status.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<u8> {
    outpost_host::process::protect();
    let address = match arguments.listen {
        _ if arguments.stdio => Address::Stdio,
        Listen::At(address) => address,
        Listen::Usual => {
            let socket = usual_socket().and_then(make_its_folder);
            Address::Unix(socket.context("failed to make the folder of the control socket")?)
        }
        Listen::Off => bail!("no transport configured; use --listen or enable remote control"),
    };
    let kinds = [
        SignalKind::terminate(),
        SignalKind::interrupt(),
        SignalKind::hangup(),
    ];
    let mut signals = Signals::listen(&kinds).context("failed to listen for signals")?;
    let timeouts = Timeouts {
        write_stall: arguments.slow_client_timeout,
        ..Timeouts::default()
    };
    let limits = Limits {
        timeouts,
        ..Limits::default()
    };
    let config = AppConfig::of_this_machine(&arguments.config.config)?;
    let environments = machine::environments(&config.configuration.places().home)?;
    let server = AppServer::new(AppConfig {
        limits: limits.clone(),
        environments,
        ..config
    });
    let stop = CancellationToken::new();
    // A second signal is no failure here, so what it would be is not asked.
    if matches!(address, Address::Stdio) {
        let served = serve::on_stdio(server, stop.clone());
        exec_server::attend(async { drop(served.await) }, &stop, &mut signals).await;
    } else {
        let auth = exec_server::flags(&arguments.auth).load()?;
        let insecure_no_auth = arguments.auth.insecure_no_auth;
        let listener = bind(&address, auth, insecure_no_auth, limits).await?;
        announce(listener.address());
        let served = serve::on(server, listener, stop.clone());
        exec_server::attend(served, &stop, &mut signals).await;
    }
    Ok(exit::DONE)
}

async fn bind(
    address: &Address,
    auth: Auth,
    insecure_no_auth: bool,
    limits: Limits,
) -> anyhow::Result<Listener> {
    let routes = Routes {
        any_path: true,
        ..Routes::default()
    };
    let config = Config {
        auth,
        insecure_no_auth,
        routes,
        limits,
        ..Config::default()
    };
    match Listener::bind(address, config).await {
        Err(ListenError::Unix(UnixError::InUse(path))) => bail!(
            "app-server control socket is already in use at {}",
            path.display()
        ),
        bound => Ok(bound?),
    }
}

/// The path of the socket where clients look for a server.
pub(super) fn usual_socket() -> io::Result<PathBuf> {
    let home = Places::of(&environment::describe(Vec::new())).home;
    std::path::absolute(home.join(USUAL_SOCKET))
}

/// Makes the folder of a socket, for this user only.
fn make_its_folder(socket: PathBuf) -> io::Result<PathBuf> {
    if let Some(folder) = socket.parent() {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true).mode(0o700).create(folder)?;
    }
    Ok(socket)
}

/// Says on standard error where it listens.
fn announce(address: &Address) {
    let Address::WebSocket(at) = address else {
        return;
    };
    let reach = if at.ip().to_canonical().is_loopback() {
        "binds localhost only (use SSH port-forwarding for remote access)"
    } else {
        "can be reached from other machines"
    };
    say::raw(format_args!(
        "outpost app-server (WebSockets)\n  listening on: {address}\n  readyz: http://{at}/readyz\n  \
         healthz: http://{at}/healthz\n  note: {reach}"
    ));
}
