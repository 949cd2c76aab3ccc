//! Two pumps facing each other over memory: what one side says the other hears. What strangers
//! write by hand is tested over real sockets, in the integration tests.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    task::JoinSet,
    time::Instant,
};

use super::*;
use crate::{
    frame::{Frame, PieceWriter},
    link::Received,
};

struct Pair {
    server: Link,
    client: Link,
    pumps: JoinSet<Close>,
}

async fn start(
    pumps: &mut JoinSet<Close>,
    limits: &Limits,
    server: bool,
    io: DuplexStream,
) -> Link {
    let socket = if server {
        Socket::server(io, Vec::new(), &limits.wire).await
    } else {
        Socket::client(io, Vec::new(), &limits.wire).await
    };
    let (near, far) = Link::pair((limits.inbox_bytes, limits.outbox_bytes));
    let limits = limits.clone();
    pumps.spawn(async move { pump(socket, near, &limits).await });
    far
}

async fn pair(limits: &Limits) -> Pair {
    let (one, other) = duplex(1000);
    let mut pumps = JoinSet::new();
    let server = start(&mut pumps, limits, true, one).await;
    let client = start(&mut pumps, limits, false, other).await;
    Pair {
        server,
        client,
        pumps,
    }
}

async fn text(link: &mut Link) -> String {
    match link.rx.recv().await {
        Some(Received::Frame(Frame::Text(text))) => text,
        other => panic!("expected a text, got {other:?} ({:?})", link.rx),
    }
}

async fn ended(link: &mut Link) -> Close {
    while link.rx.recv().await.is_some() {}
    link.rx.close_reason().expect("the queue has ended")
}

async fn write(writer: PieceWriter, parts: &[&str]) {
    for part in parts {
        writer.part((*part).to_owned()).await.unwrap();
    }
    writer.end().await.unwrap();
}

#[tokio::test]
async fn texts_and_pieces_arrive_whole_and_in_order_with_every_bound_at_its_smallest() {
    let mut limits = Limits::tiny();
    limits.wire.fragment_bytes = 3;
    let Pair {
        server,
        mut client,
        pumps: _pumps,
    } = pair(&limits).await;
    let mut sending = JoinSet::new();
    sending.spawn(async move {
        server.tx.send(Frame::Text("first".into())).await.unwrap();
        let (writer, frame) = Frame::in_pieces();
        let (sent, ()) = tokio::join!(server.tx.send(frame), write(writer, &["ab", "", "cäö"]));
        sent.unwrap();
        server.tx.send(Frame::Text("x".repeat(5000))).await.unwrap();
        server
    });
    assert_eq!(text(&mut client).await, "first");
    assert_eq!(text(&mut client).await, "abcäö");
    assert_eq!(text(&mut client).await, "x".repeat(5000));
}

#[tokio::test]
async fn what_was_queued_leaves_before_the_close_which_keeps_its_code() {
    let Pair {
        server,
        mut client,
        mut pumps,
    } = pair(&Limits::default()).await;
    for number in 0..100 {
        server
            .tx
            .send(Frame::Text(number.to_string()))
            .await
            .unwrap();
    }
    server.tx.close(Close::going_away("the server stops"));
    for number in 0..100 {
        assert_eq!(text(&mut client).await, number.to_string());
    }
    assert_eq!(
        ended(&mut client).await,
        Close::going_away("the server stops")
    );
    drop((server, client));
    while let Some(close) = pumps.join_next().await {
        assert_eq!(close.unwrap().code, 1001);
    }
}

#[tokio::test]
async fn both_sides_send_much_at_once_and_neither_waits_for_the_other() {
    let Pair {
        server,
        client,
        pumps: _pumps,
    } = pair(&Limits::tiny()).await;
    async fn both(mut link: Link) {
        let sender = link.tx.clone();
        let sending = async {
            for _ in 0..50 {
                sender.send(Frame::Text("y".repeat(10_000))).await.unwrap();
            }
        };
        let receiving = async {
            for _ in 0..50 {
                assert_eq!(text(&mut link).await.len(), 10_000);
            }
        };
        tokio::join!(sending, receiving);
    }
    let mut sides = JoinSet::new();
    sides.spawn(both(server));
    sides.spawn(both(client));
    while let Some(side) = sides.join_next().await {
        side.unwrap();
    }
}

#[tokio::test]
async fn a_probe_is_answered_by_its_pong_and_not_by_an_older_one() {
    let Pair {
        server,
        client,
        pumps: _pumps,
    } = pair(&Limits::default()).await;
    let (first, second) = (server.tx.probe(), client.tx.probe());
    first.await.unwrap();
    second.await.unwrap();

    // A peer that pongs unasked, then answers the second of two probes, which answers both.
    let (near, mut far) = duplex(1000);
    let mut pumps = JoinSet::new();
    let link = start(&mut pumps, &Limits::default(), true, near).await;
    let (mut one, two) = (link.tx.probe(), link.tx.probe());
    let mut pings = [0; 20];
    far.read_exact(&mut pings).await.unwrap();
    assert_eq!(
        pings,
        [
            [0x89, 8, 0, 0, 0, 0, 0, 0, 0, 1],
            [0x89, 8, 0, 0, 0, 0, 0, 0, 0, 2]
        ]
        .concat()[..]
    );
    for stranger in [0u64, 3, u64::MAX] {
        far.write_all(&[&[0x8a, 0x88, 0, 0, 0, 0], &stranger.to_be_bytes()[..]].concat())
            .await
            .unwrap();
    }
    far.write_all(&[0x89, 0x80, 0, 0, 0, 0]).await.unwrap();
    let mut pong = [0; 2];
    far.read_exact(&mut pong).await.unwrap();
    assert!(
        one.try_recv().is_err(),
        "answered by a pong nobody asked for"
    );
    far.write_all(&[0x8a, 0x88, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2])
        .await
        .unwrap();
    one.await.unwrap();
    two.await.unwrap();
}

#[tokio::test]
async fn an_answer_that_is_given_up_half_way_ends_the_connection() {
    let Pair {
        server,
        mut client,
        pumps: _pumps,
    } = pair(&Limits::default()).await;
    let (writer, frame) = Frame::in_pieces();
    server.tx.send(frame).await.unwrap();
    writer.part("half".into()).await.unwrap();
    drop(writer);
    let close = ended(&mut client).await;
    assert_eq!(close, Close::internal("an answer could not be completed"));
}

#[tokio::test(start_paused = true)]
async fn w24_a_peer_that_reads_but_never_pongs_is_given_up() {
    let (near, mut far) = duplex(100_000);
    let mut pumps = JoinSet::new();
    let mut link = start(&mut pumps, &Limits::default(), true, near).await;
    let mut heard = JoinSet::new();
    heard.spawn(async move {
        let mut bytes = Vec::new();
        far.read_to_end(&mut bytes).await.unwrap();
        bytes
    });
    let started = Instant::now();
    let close = ended(&mut link).await;
    assert_eq!(close.code, 1006, "{close}");
    assert_eq!(started.elapsed(), Duration::from_secs(40));
    let bytes = heard.join_next().await.unwrap().unwrap();
    assert_eq!(bytes[..3], [0x89, 0, 0x88], "a ping, then the close");
}

#[tokio::test(start_paused = true)]
async fn a_peer_is_not_given_up_while_this_side_does_not_read() {
    let Pair {
        mut server,
        client,
        pumps: _pumps,
    } = pair(&Limits::tiny()).await;
    client.tx.send(Frame::Text("one".into())).await.unwrap();
    client.tx.send(Frame::Text("two".into())).await.unwrap();
    client.tx.send(Frame::Text("three".into())).await.unwrap();
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(text(&mut server).await, "one");
    assert_eq!(text(&mut server).await, "two");
    assert_eq!(text(&mut server).await, "three");
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(server.rx.close_reason(), None);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_no_byte_is_given_up_with_a_reason() {
    let (near, far) = duplex(1000);
    let mut pumps = JoinSet::new();
    let mut link = start(&mut pumps, &Limits::default(), true, near).await;
    link.tx.send(Frame::Text("x".repeat(2000))).await.unwrap();
    let started = Instant::now();
    let close = ended(&mut link).await;
    assert_eq!(
        close,
        Close::new(
            1013,
            "the peer does not read what is sent to it; connect again once it does"
        )
    );
    assert_eq!(started.elapsed(), Duration::from_secs(30));
    assert_eq!(pumps.join_next().await.unwrap().unwrap(), close);
    drop(far);
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_lives_as_long_as_it_takes_something() {
    let (near, mut far) = duplex(1000);
    let mut pumps = JoinSet::new();
    let link = start(&mut pumps, &Limits::default(), true, near).await;
    link.tx.send(Frame::Text("x".repeat(20_000))).await.unwrap();
    let mut chunk = [0; 500];
    for _ in 0..30 {
        tokio::time::sleep(Duration::from_secs(15)).await;
        far.read_exact(&mut chunk).await.unwrap();
    }
    assert_eq!(link.rx.close_reason(), None);
}

#[tokio::test]
async fn frames_for_nobody_are_dropped_while_the_rest_is_said() {
    let Pair {
        server,
        mut client,
        pumps: _pumps,
    } = pair(&Limits::tiny()).await;
    let Link { tx, rx } = server;
    drop(rx);
    for _ in 0..10 {
        client.tx.send(Frame::Text("unheard".into())).await.unwrap();
    }
    tx.send(Frame::Text("last".into())).await.unwrap();
    drop(tx);
    assert_eq!(text(&mut client).await, "last");
    assert_eq!(ended(&mut client).await, Close::normal());
}
