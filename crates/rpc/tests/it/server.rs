//! A listener whose connections send back what they get.

use std::{net::SocketAddr, time::Duration};

use outpost_rpc::{
    link::{Close, Link, Received},
    listen::{Accepted, Address, Config, Listener},
    transport::PeerInfo,
};
use rustix::process::{Resource, Rlimit};
use tokio::{sync::mpsc, task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;

/// How long anything may take that is expected to happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for what must happen.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.expect("it takes too long")
}

pub(crate) struct Server {
    pub(crate) address: Address,
    stop: CancellationToken,
    ended: mpsc::Receiver<(PeerInfo, Close)>,
    tasks: JoinSet<()>,
}

impl Server {
    /// Listens on a port of loopback. Clients of these tests often stay where others would go, so
    /// they are not waited for as long.
    pub(crate) async fn start(mut config: Config) -> Self {
        let close = &mut config.limits.timeouts.close;
        *close = (*close).min(Duration::from_millis(200));
        Self::start_at(&"ws://127.0.0.1:0".parse().unwrap(), config).await
    }

    pub(crate) async fn start_at(address: &Address, config: Config) -> Self {
        allow_many_descriptors();
        let listener = Listener::bind(address, config).await.unwrap();
        let address = listener.address().clone();
        let stop = CancellationToken::new();
        let (accepted_tx, accepted) = mpsc::channel(1);
        let (ended_tx, ended) = mpsc::channel(2000);
        let mut tasks = JoinSet::new();
        tasks.spawn(listener.run(stop.clone(), accepted_tx));
        tasks.spawn(echo_all(accepted, ended_tx, stop.clone()));
        Self {
            address,
            stop,
            ended,
            tasks,
        }
    }

    pub(crate) fn socket(&self) -> SocketAddr {
        match self.address {
            Address::WebSocket(address) => address,
            ref other => panic!("{other} has no port"),
        }
    }

    /// Why the next connection ended.
    pub(crate) async fn ended(&mut self) -> Close {
        soon(self.ended.recv()).await.expect("the server runs").1
    }

    /// Stops, and proves that nothing is left.
    pub(crate) async fn stop(mut self) {
        self.stop.cancel();
        soon(async {
            while let Some(task) = self.tasks.join_next().await {
                task.unwrap();
            }
        })
        .await;
    }
}

/// Both ends of every connection are in this process, and a common limit is 1024 descriptors.
fn allow_many_descriptors() {
    let limit = rustix::process::getrlimit(Resource::Nofile);
    let most = limit.maximum.unwrap_or(u64::MAX).min(16_384);
    if limit.current.is_some_and(|current| current < most) {
        let raised = Rlimit {
            current: Some(most),
            ..limit
        };
        rustix::process::setrlimit(Resource::Nofile, raised).unwrap();
    }
}

async fn echo_all(
    mut accepted: mpsc::Receiver<Accepted>,
    ended: mpsc::Sender<(PeerInfo, Close)>,
    stop: CancellationToken,
) {
    let mut connections = JoinSet::new();
    while let Some(Accepted { link, peer }) = accepted.recv().await {
        let (ended, stop) = (ended.clone(), stop.clone());
        connections.spawn(async move {
            let close = echo(link, &stop).await;
            ended.send((peer, close)).await.ok();
        });
        while connections.try_join_next().is_some() {}
    }
    while connections.join_next().await.is_some() {}
}

async fn echo(mut link: Link, stop: &CancellationToken) -> Close {
    loop {
        tokio::select! {
            () = stop.cancelled() => {
                let close = Close::going_away("the server stops");
                link.tx.close(close.clone());
                return close;
            }
            received = link.rx.recv() => match received {
                Some(Received::Frame(frame)) => {
                    link.tx.send(frame).await.ok();
                }
                Some(Received::Probe(_)) => unreachable!("nobody probes"),
                None => return link.rx.close_reason().expect("the queue has ended"),
            },
        }
    }
}
