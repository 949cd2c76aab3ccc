//! The thread of a proxy: one loop that accepts, one task per connection.

use std::{
    io,
    net::{SocketAddr, TcpListener as StdListener},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    runtime::Builder,
    sync::watch,
    task::JoinSet,
    time::sleep,
};

use super::{
    Control, Fault,
    record::{Recording, Side, Tap, What},
};

/// How much is read at once.
const READ_BYTES: usize = 64 << 10;

/// What the thread shares with the handle.
#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) upstream: SocketAddr,
    pub(super) control: watch::Sender<Control>,
    pub(super) recording: Recording,
}

/// One accepted connection.
struct Connection {
    number: u32,
    /// How many cuts there had been when it was accepted.
    cuts: u64,
    /// Bytes of it were swallowed, so it cannot be continued.
    lossy: AtomicBool,
    control: watch::Receiver<Control>,
    world: World,
}

pub(super) fn run(listener: StdListener, world: World) {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(accept(listener, world));
}

async fn accept(listener: StdListener, world: World) {
    let address = listener
        .local_addr()
        .expect("a bound listener has an address");
    listener
        .set_nonblocking(true)
        .expect("a socket can be made non-blocking");
    let mut listener = Some(TcpListener::from_std(listener).expect("a listener for Tokio"));
    let mut control = world.control.subscribe();
    let (mut connections, mut timers) = (JoinSet::new(), JoinSet::new());
    let (mut number, mut epoch) = (0, 0);
    loop {
        let now = *control.borrow_and_update();
        if now.stop {
            return;
        }
        match (now.fault, &listener) {
            (Fault::Refuse, _) => listener = None,
            (_, Some(_)) => {}
            (_, None) => {
                listener = Some(
                    TcpListener::bind(address)
                        .await
                        .expect("the port is still ours"),
                );
            }
        }
        if let Some(time) = now.lasts.filter(|_| now.epoch != epoch) {
            timers.spawn(end_fault(world.control.clone(), now.epoch, time));
        }
        epoch = now.epoch;
        tokio::select! {
            changed = control.changed() => changed.expect("the world holds a sender"),
            Some(_) = connections.join_next() => {}
            Some(_) = timers.join_next() => {}
            accepted = next(listener.as_ref()) => {
                number += 1;
                let connection = Connection {
                    number,
                    // Not as of the last change that was seen: it begins after all of them.
                    cuts: world.control.borrow().cuts,
                    lossy: AtomicBool::new(false),
                    control: control.clone(),
                    world: world.clone(),
                };
                connections.spawn(Arc::new(connection).serve(accepted));
            }
        }
    }
}

async fn next(listener: Option<&TcpListener>) -> TcpStream {
    match listener {
        None => std::future::pending().await,
        Some(listener) => {
            listener
                .accept()
                .await
                .expect("a loopback listener accepts")
                .0
        }
    }
}

async fn end_fault(control: watch::Sender<Control>, epoch: u64, after: Duration) {
    sleep(after).await;
    control.send_if_modified(|control| {
        let ours = control.epoch == epoch;
        if ours {
            control.begin(Fault::None, None);
        }
        ours
    });
}

// === impl Connection ===

impl Connection {
    async fn serve(self: Arc<Self>, mut client: TcpStream) {
        let mut server = None;
        // Cancel-safe in the sense that matters: a cut ends the connection, so
        // what was half-moved is lost as it is on a real wire.
        let cut = tokio::select! {
            () = self.cut() => true,
            moved = self.moved(&mut client, &mut server) => moved.is_err(),
        };
        if cut {
            for socket in [Some(&client), server.as_ref()].into_iter().flatten() {
                socket
                    .set_zero_linger()
                    .expect("an open socket takes options");
            }
            self.world
                .recording
                .add(self.number, Side::Client, What::Cut);
        }
    }

    /// Resolves when the connection must be reset.
    async fn cut(&self) {
        let over = |now: &Control| {
            let lossy = self.lossy.load(Ordering::Relaxed);
            now.cuts > self.cuts || (lossy && now.fault != Fault::Blackhole)
        };
        if self.control.clone().wait_for(over).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Moves bytes both ways until both sides have ended; an error when one
    /// side was reset.
    async fn moved(
        &self,
        client: &mut TcpStream,
        server: &mut Option<TcpStream>,
    ) -> io::Result<()> {
        if self.control.borrow().fault == Fault::Blackhole {
            self.lossy.store(true, Ordering::Relaxed);
            return swallow(client).await;
        }
        self.unpaused().await;
        let server = server.insert(TcpStream::connect(self.world.upstream).await?);
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        tokio::try_join!(
            self.pump(Side::Client, from_client, to_server),
            self.pump(Side::Server, from_server, to_client),
        )?;
        Ok(())
    }

    async fn pump(
        &self,
        from: Side,
        mut rx: ReadHalf<'_>,
        mut tx: WriteHalf<'_>,
    ) -> io::Result<()> {
        let mut tap = Tap::new(self.world.recording.clone(), self.number, from);
        let mut buffer = vec![0; READ_BYTES];
        loop {
            let read = rx.read(&mut buffer).await?;
            if self.control.borrow().fault == Fault::Blackhole {
                self.lossy.store(true, Ordering::Relaxed);
                // The end of a connection does not arrive through a blackhole either.
                if read == 0 {
                    return std::future::pending().await;
                }
                continue;
            }
            self.unpaused().await;
            if read == 0 {
                tap.add(What::End);
                return tx.shutdown().await;
            }
            tx.write_all(&buffer[..read]).await?;
            tap.push(&buffer[..read]);
        }
    }

    async fn unpaused(&self) {
        let mut control = self.control.clone();
        if control
            .wait_for(|now| now.fault != Fault::Pause)
            .await
            .is_err()
        {
            std::future::pending::<()>().await;
        }
    }
}

/// Reads and forgets until the client gives up.
async fn swallow(client: &mut TcpStream) -> io::Result<()> {
    let mut buffer = vec![0; READ_BYTES];
    while client.read(&mut buffer).await? > 0 {}
    Ok(())
}
