use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use outpost_protocol::{Method, Notification};
use serde_json::{Value, json};
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::PollSemaphore;

use super::*;
use crate::{
    error::CallError,
    lanes::{Access, Claim},
    router::{Lane, Reply},
};

mod ends;
mod failures;

macro_rules! methods {
    ($($name:ident = $wire:literal),*) => {$(
        enum $name {}
        impl Method for $name {
            const NAME: &'static str = $wire;
            type Params = Value;
            type Answer = Value;
        }
    )*};
}

methods!(
    Echo = "echo",
    Poll = "poll",
    Write = "write",
    Read = "read",
    Panic = "panic",
    Late = "late",
    Odd = "odd",
    Locked = "locked"
);
methods!(Hello = "hello", Told = "told", Long = "long", Copy = "copy");

enum Said {}
impl Notification for Said {
    const NAME: &'static str = "said";
    type Params = Value;
}

/// What the handlers share.
#[derive(Clone)]
struct World {
    peer: Peer,
    gate: Arc<Semaphore>,
    file: Arc<AtomicUsize>,
    copied: Arc<Notify>,
}

struct Face {
    router: Arc<Router<World>>,
    world: World,
}

fn router() -> Router<World> {
    Router::new()
        .call::<Hello, _, _>(Lane::alone, |_, _| async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Ok(json!("hello").into())
        })
        .call::<Echo, _, _>(Lane::control, |_, params| async { Ok(params.into()) })
        .call::<Poll, _, _>(Lane::waits, |world: World, _| async move {
            world.gate.acquire().await.unwrap().forget();
            Ok(json!("polled").into())
        })
        .call::<Write, _, _>(
            |l| l.claims(|_| file(Access::Exclusive)),
            |w: World, v| async move {
                tokio::task::yield_now().await;
                w.file.store(
                    usize::try_from(v.as_u64().unwrap()).unwrap(),
                    Ordering::SeqCst,
                );
                Ok(v.into())
            },
        )
        .call::<Read, _, _>(
            |l| l.claims(|_| file(Access::Shared)),
            |w: World, _| async move { Ok(json!(w.file.load(Ordering::SeqCst)).into()) },
        )
        .call::<Panic, _, _>(|lane| lane, |_, _| async { panic!("a handler's mistake") })
        .call::<Locked, _, _>(Lane::control, |_, params| async { Ok(params.into()) })
        .call::<Late, _, _>(
            |lane| lane,
            |_, _| async { Ok(Reply::Later(Box::new(drop))) },
        )
        .call::<Odd, _, _>(
            |lane| lane,
            |_, params| async { Ok(Reply::then(params, || panic!("a mistake after the answer"))) },
        )
        .call::<Told, _, _>(
            |lane| lane,
            |w: World, v| async move {
                Ok(Reply::then(v, move || {
                    drop(w.peer.outbox().probe());
                    let said = envelope::notification::<Said>(&json!(1)).unwrap();
                    let sent = futures_util::FutureExt::now_or_never(
                        w.peer.outbox().send(Frame::Text(said)),
                    );
                    assert!(sent.is_some_and(|sent| sent.is_ok()));
                }))
            },
        )
        .call::<Long, _, _>(
            |lane| lane,
            |_, _| async {
                Ok(Reply::Pieces(Box::new(|writer| {
                    Box::pin(async move {
                        for part in ["[1", ",2", ",3]"] {
                            writer.part(part.to_owned()).await?;
                        }
                        Ok(writer)
                    })
                })))
            },
        )
        .call::<Copy, _, _>(Lane::finishes, |w: World, _| async move {
            w.gate.acquire().await.unwrap().forget();
            w.copied.notify_one();
            Ok(json!("copied").into())
        })
}

fn file(access: Access) -> Vec<Claim> {
    vec![Claim::new("file", "f", access)]
}

impl Service for Face {
    type Context = World;

    fn router(&self) -> &Router<World> {
        &self.router
    }
    fn context(&self) -> World {
        self.world.clone()
    }
    fn gate(&mut self, method: &str, _: Option<&RawValue>) -> Result<(), RpcError> {
        (method != "locked")
            .then_some(())
            .ok_or_else(|| RpcError::invalid_request("locked"))
    }
    fn unknown(&self, method: &str) -> RpcError {
        RpcError::new(-32601, format!("no {method}"))
    }
    fn notified(&mut self, method: &str, _: Option<&RawValue>) -> Result<(), Close> {
        Err(Close::protocol(format!("unknown notification {method}")))
    }
    fn malformed(&self, words: &str) -> Option<RpcError> {
        Some(RpcError::invalid_request(words))
    }
    fn stray_answer(&mut self, id: &RequestId) -> Result<(), Close> {
        Err(Close::protocol(format!("nobody asked {id}")))
    }
    fn ended(&mut self, _: &Close) {}
}

/// A client that takes as many frames as it is given leave for.
struct Slow {
    router: Router<()>,
    leave: PollSemaphore,
    /// Leave for the next frame.
    ready: bool,
}

impl Service for Slow {
    type Context = ();

    fn router(&self) -> &Router<()> {
        &self.router
    }
    fn context(&self) {}
    fn gate(&mut self, _: &str, _: Option<&RawValue>) -> Result<(), RpcError> {
        Ok(())
    }
    fn unknown(&self, method: &str) -> RpcError {
        RpcError::new(-32601, method)
    }
    fn notified(&mut self, _: &str, _: Option<&RawValue>) -> Result<(), Close> {
        self.ready = false;
        Ok(())
    }
    fn malformed(&self, _: &str) -> Option<RpcError> {
        None
    }
    fn stray_answer(&mut self, _: &RequestId) -> Result<(), Close> {
        Ok(())
    }
    fn ended(&mut self, _: &Close) {}
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> std::task::Poll<()> {
        if !self.ready {
            let std::task::Poll::Ready(leave) = self.leave.poll_acquire(cx) else {
                return std::task::Poll::Pending;
            };
            leave.expect("it is never closed").forget();
            self.ready = true;
        }
        std::task::Poll::Ready(())
    }
}

/// A client that only makes calls.
struct Caller(Router<()>);

impl Service for Caller {
    type Context = ();

    fn router(&self) -> &Router<()> {
        &self.0
    }
    fn context(&self) {}
    fn gate(&mut self, _: &str, _: Option<&RawValue>) -> Result<(), RpcError> {
        Ok(())
    }
    fn unknown(&self, method: &str) -> RpcError {
        RpcError::new(-32601, method)
    }
    fn notified(&mut self, _: &str, _: Option<&RawValue>) -> Result<(), Close> {
        Ok(())
    }
    fn malformed(&self, _: &str) -> Option<RpcError> {
        None
    }
    fn stray_answer(&mut self, _: &RequestId) -> Result<(), Close> {
        Ok(())
    }
    fn ended(&mut self, _: &Close) {}
}

struct Bench {
    world: World,
    stop: CancellationToken,
    tasks: JoinSet<Close>,
}

fn serve(limits: Limits) -> (Link, Bench) {
    let (client, server) = Link::pair((limits.inbox_bytes, limits.outbox_bytes));
    let connection = Connection::new(server, limits);
    let world = World {
        peer: connection.peer(),
        gate: Arc::new(Semaphore::new(0)),
        file: Arc::default(),
        copied: Arc::default(),
    };
    let face = Face {
        router: Arc::new(router()),
        world: world.clone(),
    };
    let (stop, mut tasks) = (CancellationToken::new(), JoinSet::new());
    tasks.spawn(connection.run(face, stop.clone()));
    (client, Bench { world, stop, tasks })
}

fn call_through(link: Link, bench: &mut Bench) -> Peer {
    let connection = Connection::new(link, Limits::default());
    let peer = connection.peer();
    bench
        .tasks
        .spawn(connection.run(Caller(Router::new()), CancellationToken::new()));
    peer
}

async fn say(link: &Link, text: &str) {
    link.tx.send(Frame::Text(text.to_owned())).await.unwrap();
}

async fn hear(link: &mut Link) -> String {
    loop {
        match link.rx.recv().await.expect("the link is open") {
            Received::Frame(Frame::Text(text)) => return text,
            Received::Frame(Frame::Pieces(pieces)) => return pieces.collect().await.unwrap(),
            Received::Frame(Frame::Garbled(_)) => panic!("garbled"),
            Received::Probe(_) => {}
        }
    }
}

#[tokio::test(start_paused = true)]
async fn client_and_server_on_one_pair_are_the_in_process_transport() {
    for limits in [Limits::default(), Limits::tiny()] {
        let (link, mut bench) = serve(limits);
        let peer = call_through(link, &mut bench);
        assert_eq!(
            peer.call::<Echo>(&json!({"a": [1]})).await.unwrap(),
            json!({"a": [1]})
        );
        assert_eq!(
            peer.call::<Long>(&json!(null)).await.unwrap(),
            json!([1, 2, 3])
        );
    }
}

#[tokio::test(start_paused = true)]
async fn j14_a_long_poll_holds_nobody_back() {
    let (link, mut bench) = serve(Limits::default());
    let peer = call_through(link, &mut bench);
    let (null, word) = (json!(null), json!("quick"));
    let poll = peer.call::<Poll>(&null);
    tokio::pin!(poll);
    assert!(futures_util::poll!(&mut poll).is_pending());
    assert_eq!(peer.call::<Echo>(&word).await.unwrap(), word);
    bench.world.gate.add_permits(1);
    assert_eq!(poll.await.unwrap(), json!("polled"));
}

#[tokio::test(start_paused = true)]
async fn a_read_after_a_write_sees_it_however_many_are_pipelined() {
    let (mut link, _bench) = serve(Limits::default());
    for i in 0..100 {
        say(
            &link,
            &format!(r#"{{"id":{},"method":"write","params":{i}}}"#, i * 2),
        )
        .await;
        say(
            &link,
            &format!(r#"{{"id":{},"method":"read","params":0}}"#, i * 2 + 1),
        )
        .await;
    }
    for i in 0..100 {
        assert_eq!(
            hear(&mut link).await,
            format!(r#"{{"id":{},"result":{i}}}"#, i * 2)
        );
        assert_eq!(
            hear(&mut link).await,
            format!(r#"{{"id":{},"result":{i}}}"#, i * 2 + 1)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_overtakes_the_handshake() {
    let (mut link, _bench) = serve(Limits::default());
    say(&link, r#"{"id":1,"method":"hello","params":0}"#).await;
    say(&link, r#"{"id":2,"method":"echo","params":0}"#).await;
    assert_eq!(hear(&mut link).await, r#"{"id":1,"result":"hello"}"#);
    assert_eq!(hear(&mut link).await, r#"{"id":2,"result":0}"#);
}

#[tokio::test(start_paused = true)]
async fn what_a_handler_does_after_its_answer_comes_after_it() {
    let (mut link, _bench) = serve(Limits::default());
    say(&link, r#"{"id":1,"method":"told","params":0}"#).await;
    assert_eq!(hear(&mut link).await, r#"{"id":1,"result":0}"#);
    assert_eq!(hear(&mut link).await, r#"{"method":"said","params":1}"#);
}

#[tokio::test(start_paused = true)]
async fn malformed_text_is_answered_and_the_connection_lives() {
    let (mut link, _bench) = serve(Limits::default());
    say(&link, "{nope").await;
    assert!(hear(&mut link).await.ends_with(r#""id":-1}"#));
    say(&link, r#"{"id":2,"method":"gone","params":0}"#).await;
    assert_eq!(
        hear(&mut link).await,
        r#"{"error":{"code":-32601,"message":"no gone"},"id":2}"#
    );
}

#[tokio::test(start_paused = true)]
async fn an_unasked_answer_and_an_unknown_notification_end_the_connection_after_a_flush() {
    for text in [r#"{"id":7,"result":0}"#, r#"{"method":"nope"}"#] {
        let (mut link, mut bench) = serve(Limits::default());
        say(&link, r#"{"id":1,"method":"echo","params":5}"#).await;
        say(&link, text).await;
        assert_eq!(hear(&mut link).await, r#"{"id":1,"result":5}"#);
        assert!(link.rx.recv().await.is_none());
        assert_eq!(link.rx.close_reason().unwrap().code, 1002);
        assert_eq!(bench.tasks.join_next().await.unwrap().unwrap().code, 1002);
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_bound_stops_the_reading_and_nothing_is_refused() {
    let (link, bench) = serve(Limits {
        pending_requests: 3,
        ..Limits::default()
    });
    for id in 0..5 {
        say(
            &link,
            &format!(r#"{{"id":{id},"method":"poll","params":0}}"#),
        )
        .await;
    }
    tokio::time::sleep(Duration::from_millis(1)).await;
    let (mut tx_full, mut rx) = (0, link.rx);
    while futures_util::FutureExt::now_or_never(link.tx.send(Frame::Text("x".repeat(1 << 20))))
        .is_some()
    {
        tx_full += 1;
    }
    assert!(tx_full <= 16, "the link is not read: {tx_full} MiB went in");
    bench.world.gate.add_permits(5);
    for _ in 0..5 {
        assert!(matches!(rx.recv().await, Some(Received::Frame(_))));
    }
}
