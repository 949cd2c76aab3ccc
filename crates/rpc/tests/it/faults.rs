//! Pumps over streams that split, delay and cut, by seed. What arrives is what was sent, in
//! order and whole; where the stream is cut, it is the beginning of it, and the link says why it
//! ended. Nothing hangs.

use std::time::Duration;

use outpost_rpc::{
    frame::Frame,
    limits::Limits,
    link::{Close, FrameReceiver, FrameSender, Link, Received},
    transport::{stdio, websocket},
};
use outpost_testkit::flaky::{Flaky, Random};
use tokio::{
    io::{DuplexStream, duplex, split},
    task::JoinSet,
    time::timeout,
};

const SEEDS: u64 = 200;

fn limits(random: &mut Random) -> Limits {
    let mut limits = if random.below(2) == 0 {
        Limits::tiny()
    } else {
        Limits::default()
    };
    limits.wire.fragment_bytes = 1 + random.below(3000);
    limits
}

/// The texts of a seed: mostly small, some far above every bound.
fn texts(random: &mut Random) -> Vec<String> {
    let one = |random: &mut Random| {
        let length = match random.below(10) {
            0 => random.below(50_000),
            1..4 => random.below(3000),
            _ => 1 + random.below(60),
        };
        let letter = ['a', 'ä', '€', '𝄞'][random.below(4)];
        letter.to_string().repeat(length / letter.len_utf8() + 1)
    };
    (0..1 + random.below(30)).map(|_| one(random)).collect()
}

/// Sends the texts, some in pieces.
async fn say(tx: &FrameSender, texts: &[String], random: &mut Random) {
    for text in texts {
        if random.below(3) > 0 {
            if tx.send(Frame::Text(text.clone())).await.is_err() {
                return;
            }
            continue;
        }
        let (writer, frame) = Frame::in_pieces();
        let half = text.len() / 2;
        let middle = (half..=text.len())
            .find(|at| text.is_char_boundary(*at))
            .unwrap();
        let (left, right) = text.split_at(middle);
        let write = async {
            writer.part(left.to_owned()).await?;
            writer.part(right.to_owned()).await?;
            writer.end().await
        };
        let (sent, written) = tokio::join!(tx.send(frame), write);
        if sent.is_err() || written.is_err() {
            return;
        }
    }
}

/// What arrives, until it is as much as was said or the queue ends.
async fn hear(rx: &mut FrameReceiver, said: &[String]) -> Vec<String> {
    let mut heard = Vec::new();
    while heard.len() < said.len() {
        match rx.recv().await {
            Some(Received::Frame(Frame::Text(text))) => heard.push(text),
            Some(other) => panic!("neither sent nor asked for: {other:?}"),
            None => break,
        }
    }
    heard
}

/// Whether what was heard is a beginning of what was said. A line that was cut off by the end of
/// the stream is a line, and is found out by whoever parses it.
fn is_beginning(heard: &[String], said: &[String], by_lines: bool) -> bool {
    let whole = heard
        .iter()
        .zip(said)
        .take_while(|(heard, said)| heard == said)
        .count();
    match &heard[whole..] {
        [] => true,
        [cut] => by_lines && said.get(whole).is_some_and(|said| said.starts_with(cut)),
        _ => false,
    }
}

/// Runs one conversation both ways and judges it.
async fn converse<F>(seed: u64, cut_after: Option<usize>, by_lines: bool, pumps: F)
where
    F: AsyncFn(&mut JoinSet<Close>, Flaky<DuplexStream>, DuplexStream, &Limits) -> (Link, Link),
{
    let mut random = Random::new(seed);
    let limits = limits(&mut random);
    let (near, far) = duplex(1 + random.below(5000));
    let mut tasks = JoinSet::new();
    let near = Flaky::new(near, seed, cut_after);
    let (mut one, mut other) = pumps(&mut tasks, near, far, &limits).await;
    let (there, back) = (texts(&mut random), texts(&mut random));
    let talk = async {
        let mut choices = (Random::new(seed + 1), Random::new(seed + 2));
        tokio::join!(
            say(&one.tx, &there, &mut choices.0),
            say(&other.tx, &back, &mut choices.1),
            hear(&mut one.rx, &back),
            hear(&mut other.rx, &there),
        )
    };
    let patience = Duration::from_secs(3600);
    let talked = timeout(patience, talk).await;
    let ((), (), by_one, by_other) = talked.unwrap_or_else(|_| panic!("seed {seed} hangs"));
    for (heard, said) in [(&by_other, &there), (&by_one, &back)] {
        assert!(is_beginning(heard, said, by_lines), "seed {seed}");
        assert!(
            cut_after.is_some() || heard.len() == said.len(),
            "seed {seed}"
        );
    }
    one.tx.close(Close::normal());
    for link in [&mut one, &mut other] {
        let end = async { while link.rx.recv().await.is_some() {} };
        timeout(patience, end)
            .await
            .unwrap_or_else(|_| panic!("seed {seed} does not end"));
    }
    for link in [&one, &other] {
        assert!(
            link.rx.close_reason().is_some(),
            "seed {seed}: an end without a reason"
        );
    }
    drop((one, other));
    while let Some(close) = timeout(patience, tasks.join_next())
        .await
        .unwrap_or_else(|_| panic!("seed {seed} stays"))
    {
        close.unwrap();
    }
}

async fn over_websocket(
    pumps: &mut JoinSet<Close>,
    near: Flaky<DuplexStream>,
    far: DuplexStream,
    limits: &Limits,
) -> (Link, Link) {
    let server = websocket::Socket::server(near, Vec::new(), &limits.wire).await;
    let client = websocket::Socket::client(far, Vec::new(), &limits.wire).await;
    let (server_end, server_link) = Link::pair((limits.inbox_bytes, limits.outbox_bytes));
    let (client_end, client_link) = Link::pair((limits.inbox_bytes, limits.outbox_bytes));
    let (for_server, for_client) = (limits.clone(), limits.clone());
    pumps.spawn(async move { websocket::pump(server, server_end, &for_server).await });
    pumps.spawn(async move { websocket::pump(client, client_end, &for_client).await });
    (server_link, client_link)
}

async fn over_lines(
    pumps: &mut JoinSet<Close>,
    near: Flaky<DuplexStream>,
    far: DuplexStream,
    limits: &Limits,
) -> (Link, Link) {
    let (one_end, one) = Link::pair((limits.inbox_bytes, limits.outbox_bytes));
    let (other_end, other) = Link::pair((limits.inbox_bytes, limits.outbox_bytes));
    let (for_one, for_other) = (limits.clone(), limits.clone());
    pumps.spawn(async move {
        let (reader, writer) = split(near);
        stdio::pump(reader, writer, one_end, &for_one).await
    });
    pumps.spawn(async move {
        let (reader, writer) = split(far);
        stdio::pump(reader, writer, other_end, &for_other).await
    });
    (one, other)
}

#[tokio::test(start_paused = true)]
async fn s11_websockets_over_bad_streams_lose_nothing_and_never_hang() {
    for seed in 0..SEEDS {
        converse(seed, None, false, over_websocket).await;
    }
}

#[tokio::test(start_paused = true)]
async fn s11_websockets_over_cut_streams_end_with_a_reason() {
    for seed in 0..SEEDS {
        converse(seed, Some(20_000), false, over_websocket).await;
    }
}

#[tokio::test(start_paused = true)]
async fn s11_lines_over_bad_streams_lose_nothing_and_never_hang() {
    for seed in 0..SEEDS {
        converse(seed, None, true, over_lines).await;
    }
}

#[tokio::test(start_paused = true)]
async fn s11_lines_over_cut_streams_end_with_a_reason() {
    for seed in 0..SEEDS {
        converse(seed, Some(20_000), true, over_lines).await;
    }
}
