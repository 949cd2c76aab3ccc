//! Lines in, lines out, and each way a conversation by lines ends.

use std::time::Duration;

use proptest::prelude::*;
use tokio::io::{DuplexStream, duplex, split};

use super::*;

struct Talk {
    /// The program at the other end of the pipes.
    peer: DuplexStream,
    /// The other end of the link.
    link: Link,
    pump: tokio::task::JoinSet<Close>,
}

fn limits(message_bytes: usize) -> Limits {
    let mut limits = Limits::default();
    limits.wire.message_bytes = message_bytes;
    limits
}

fn talk(limits: Limits) -> Talk {
    let (peer, ours) = duplex(64);
    let (near, far) = Link::pair((limits.inbox_bytes, limits.outbox_bytes));
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(async move {
        let (reader, writer) = split(ours);
        pump(reader, writer, near, &limits).await
    });
    Talk {
        peer,
        link: far,
        pump: tasks,
    }
}

impl Talk {
    async fn text(&mut self) -> String {
        match self.link.rx.recv().await {
            Some(Received::Frame(Frame::Text(text))) => text,
            other => panic!("expected a text, got {other:?} ({:?})", self.link.rx),
        }
    }

    /// The connection hangs up as soon as its peer has.
    async fn end(mut self) -> Close {
        assert!(self.link.rx.recv().await.is_none());
        drop(self.link.tx);
        self.pump.join_next().await.unwrap().unwrap()
    }
}

#[tokio::test]
async fn lines_arrive_without_their_ends_and_blank_ones_are_skipped() {
    let mut talk = talk(limits(100));
    talk.peer
        .write_all(b"{\"a\":1}\r\n\n   \r\n{\"b\":2}\n{\"c\":3}")
        .await
        .unwrap();
    talk.peer.shutdown().await.unwrap();
    assert_eq!(talk.text().await, "{\"a\":1}");
    assert_eq!(talk.text().await, "{\"b\":2}");
    assert_eq!(
        talk.text().await,
        "{\"c\":3}",
        "a last line without an end counts"
    );
    assert_eq!(talk.end().await, Close::normal());
}

#[tokio::test]
async fn t01_end_of_input_ends_the_link_after_the_last_answers() {
    let mut talk = talk(limits(100));
    talk.peer.shutdown().await.unwrap();
    assert!(talk.link.rx.recv().await.is_none());
    assert_eq!(talk.link.rx.close_reason(), Some(Close::normal()));
    talk.link.tx.send(Frame::Text("last".into())).await.unwrap();
    drop(talk.link.tx);
    let mut said = String::new();
    talk.peer.read_to_string(&mut said).await.unwrap();
    assert_eq!(said, "last\n");
}

#[tokio::test]
async fn t02_invalid_utf8_ends_the_connection_with_a_reason() {
    let mut talk = talk(limits(100));
    talk.peer.write_all(b"{}\n\xff\xfe\n{}\n").await.unwrap();
    assert_eq!(talk.text().await, "{}");
    assert_eq!(
        talk.end().await,
        Close::new(1007, "a line is not valid UTF-8")
    );
}

#[tokio::test]
async fn t03_a_line_at_the_limit_passes_and_one_above_ends_the_connection() {
    for end in ["\n", "\r\n"] {
        let mut talk = talk(limits(10));
        let lines = format!("{}{end}{}{end}", "x".repeat(10), "y".repeat(11));
        talk.peer.write_all(lines.as_bytes()).await.unwrap();
        assert_eq!(talk.text().await, "x".repeat(10));
        assert_eq!(
            talk.end().await,
            Close::too_big("a line is over the limit of 10 bytes")
        );
    }
}

#[tokio::test]
async fn t03_an_endless_line_ends_the_connection_at_the_limit() {
    let talk = talk(limits(1000));
    let Talk { peer, link, pump } = talk;
    let (mut reader, mut writer) = split(peer);
    let mut flood = tokio::task::JoinSet::new();
    flood.spawn(async move { while writer.write_all(&[b'x'; 512]).await.is_ok() {} });
    let ended = Talk {
        peer: duplex(1).0,
        link,
        pump,
    }
    .end()
    .await;
    assert_eq!(ended.code, 1009);
    let mut rest = Vec::new();
    reader.read_to_end(&mut rest).await.unwrap();
    assert!(rest.is_empty());
}

#[tokio::test]
async fn t04_a_reader_that_is_gone_ends_the_connection() {
    let mut talk = talk(limits(100));
    drop(std::mem::replace(&mut talk.peer, duplex(1).0));
    let close = talk.end().await;
    assert!(close == Close::normal() || close.code == 1006, "{close:?}");
}

#[tokio::test(start_paused = true)]
async fn t04_a_reader_that_is_stuck_does_not_hold_up_the_end() {
    let mut talk = talk(limits(1000));
    for _ in 0..4 {
        talk.link
            .tx
            .send(Frame::Text("x".repeat(500)))
            .await
            .unwrap();
    }
    let (mut reader, mut writer) = split(talk.peer);
    writer.shutdown().await.unwrap();
    assert!(talk.link.rx.recv().await.is_none());
    drop(talk.link.tx);
    let started = tokio::time::Instant::now();
    talk.pump.join_next().await.unwrap().unwrap();
    assert_eq!(
        started.elapsed(),
        Duration::from_secs(4),
        "the grace and the close together"
    );
    assert!(reader.read(&mut [0; 8]).await.unwrap() > 0);
}

#[tokio::test]
async fn a_text_in_pieces_is_one_line_and_an_unfinished_one_ends_the_connection() {
    let mut talk = talk(limits(100));
    let (writer, frame) = Frame::in_pieces();
    talk.link.tx.send(frame).await.unwrap();
    writer.part("{\"a\":".into()).await.unwrap();
    writer.part("1}".into()).await.unwrap();
    writer.end().await.unwrap();
    let (writer, frame) = Frame::in_pieces();
    talk.link.tx.send(frame).await.unwrap();
    drop(writer);
    let mut said = String::new();
    talk.peer.read_to_string(&mut said).await.unwrap();
    assert_eq!(said, "{\"a\":1}\n");
    let reason = "an answer could not be completed";
    assert_eq!(talk.end().await, Close::internal(reason));
}

#[tokio::test]
async fn a_probe_is_answered_at_once() {
    let talk = talk(limits(100));
    talk.link.tx.probe().await.unwrap();
}

proptest! {
    /// Lines of any length, some larger than the batch, come out as they went in.
    #[test]
    fn every_line_leaves_in_order(lengths in prop::collection::vec(0usize..100_000, 0..12)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut talk = talk(limits(1 << 20));
            let mut expected = String::new();
            for (place, length) in lengths.iter().enumerate() {
                let line = format!("{place}{}", "x".repeat(*length));
                expected.push_str(&line);
                expected.push('\n');
                talk.link.tx.send(Frame::Text(line)).await.unwrap();
            }
            drop(talk.link.tx);
            let mut said = String::new();
            talk.peer.read_to_string(&mut said).await.unwrap();
            assert!(said == expected);
        });
    }
}
