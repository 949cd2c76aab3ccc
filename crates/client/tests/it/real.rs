//! The real server, reached in every way a client can.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use outpost_client::{
    ConnectError, ConnectOptions, Connector, Environment, OutputStream, Process, ProcessEvent,
    StartOptions, Transport,
};
use outpost_host::process::keeper::KeeperProgram;
use outpost_rpc::{
    limits::Limits,
    link::Link,
    listen::{Auth, Config, Listener, Routes},
    router::BoxFuture,
    transport::stdio,
};
use outpost_server::{
    embed::EmbeddedExec,
    exec::{ExecConfig, ExecServer},
    serve,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, DuplexStream},
    task::JoinSet,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// Longer than anything here takes on a busy machine: reached only when something hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// How the server is reached.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    InProcess,
    WebSocket,
    Lines,
}

/// A server on a loopback port. Dropping it cuts its connections.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

/// Connections of lines over a pipe in this process, made by `wrap` from both its ends.
pub(crate) struct Lines<W> {
    pub(crate) server: Arc<EmbeddedExec>,
    pub(crate) wrap: W,
}

/// A configuration whose commands are children of the test.
pub(crate) fn config() -> ExecConfig {
    let mut config = ExecConfig::default();
    config.keeper.program = KeeperProgram::None;
    config
}

/// An environment, and the means to have another one on the same server.
pub(crate) struct On {
    environment: Environment,
    again: Box<dyn Fn(ConnectOptions) -> Environment + Send + Sync>,
}

/// Runs a test on an environment that is reached in this way.
pub(crate) async fn on(way: Way, test: impl AsyncFnOnce(&On)) {
    let whole = async {
        if let Way::WebSocket = way {
            let server = Served::start(config()).await;
            let url = server.url();
            run(test, move |options| {
                Environment::connect(&url, options).unwrap()
            })
            .await;
            return server.shutdown().await;
        }
        let server = Arc::new(EmbeddedExec::new(config()));
        let embedded = Arc::clone(&server);
        let connect = move |options| {
            let server = Arc::clone(&embedded);
            match way {
                Way::Lines => {
                    let wrap = |near: DuplexStream, far: DuplexStream| (near, far);
                    Environment::over_with(Lines { server, wrap }, options)
                }
                Way::InProcess | Way::WebSocket => Environment::over_with(server, options),
            }
        };
        run(test, connect).await;
        server.shutdown().await;
    };
    timeout(PATIENCE, whole).await.expect("the test hangs");
}

async fn run(
    test: impl AsyncFnOnce(&On),
    connect: impl Fn(ConnectOptions) -> Environment + Send + Sync + 'static,
) {
    let on = On {
        environment: connect(ConnectOptions::default()),
        again: Box::new(connect),
    };
    test(&on).await;
    on.environment.close().await;
}

/// A shell command.
pub(crate) fn shell(command: &str) -> StartOptions {
    StartOptions::new(["sh", "-c", command])
}

/// Standard output, everything else written, and the exit code.
pub(crate) async fn outcome(process: &mut Process) -> (Vec<u8>, Vec<u8>, i32) {
    let (mut out, mut other, mut code) = (Vec::new(), Vec::new(), None);
    while let Some(event) = process.next().await {
        match event.unwrap() {
            ProcessEvent::Output {
                stream: OutputStream::Stdout,
                bytes,
            } => out.extend_from_slice(&bytes),
            ProcessEvent::Output { bytes, .. } => other.extend_from_slice(&bytes),
            ProcessEvent::Exited(exit) => assert_eq!(code.replace(exit.code), None),
            ProcessEvent::Closed => {}
        }
    }
    (out, other, code.expect("it ended without an exit"))
}

// === impl On ===

impl On {
    /// Another environment on the same server.
    pub(crate) fn again(&self, options: ConnectOptions) -> Environment {
        (self.again)(options)
    }
}

impl std::ops::Deref for On {
    type Target = Environment;

    fn deref(&self) -> &Environment {
        &self.environment
    }
}

// === impl Served ===

impl Served {
    pub(crate) async fn start(config: ExecConfig) -> Self {
        let listening = Config {
            auth: Auth::Open,
            insecure_no_auth: false,
            routes: Routes::default(),
            limits: config.limits.clone(),
            connections: 64,
        };
        let address = "ws://127.0.0.1:0".parse().unwrap();
        let listener = Listener::bind(&address, listening).await.unwrap();
        let url = listener.address().to_string();
        let address = url.strip_prefix("ws://").unwrap().parse().unwrap();
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        tasks.spawn(serve::on(ExecServer::new(config), listener, stop.clone()));
        Self {
            address,
            stop,
            tasks,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    pub(crate) async fn shutdown(mut self) {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
    }
}

// === impl Lines ===

impl<W, A, B> Connector for Lines<W>
where
    W: Fn(DuplexStream, DuplexStream) -> (A, B) + Send + Sync + 'static,
    A: AsyncRead + AsyncWrite + Send + 'static,
    B: AsyncRead + AsyncWrite + Send + 'static,
{
    fn connect(&self) -> BoxFuture<Result<Transport, ConnectError>> {
        let (near, far) = tokio::io::duplex(64 << 10);
        let (near, far) = (self.wrap)(near, far);
        let (ours, client) = Link::pair((16 << 20, 4 << 20));
        let server = EmbeddedExec::connect(&self.server);
        let pump = Box::pin(async move {
            let limits = Limits::default();
            let (near_read, near_write) = tokio::io::split(near);
            let (far_read, far_write) = tokio::io::split(far);
            tokio::join!(
                stdio::pump(near_read, near_write, ours, &limits),
                stdio::pump(far_read, far_write, server, &limits),
            );
        });
        Box::pin(async move { Ok(Transport { link: client, pump }) })
    }

    fn describe(&self) -> String {
        "a pipe".to_owned()
    }
}
