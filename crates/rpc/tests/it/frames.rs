//! W08 to W21: frames, right and wrong.

use std::time::Duration;

use outpost_rpc::{
    limits::Limits,
    link::Close,
    listen::{Address, Config, Listener},
};
use tokio::{sync::mpsc, task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{
    raw::{BINARY, CLOSE, CONTINUE, FIN, PING, PONG, Raw, TEXT, close, frame, header},
    server::{Server, soon},
};

async fn server() -> Server {
    Server::start(Config::default()).await
}

/// Small limits, so that limits can be reached.
fn small() -> Config {
    let mut limits = Limits::default();
    limits.wire.frame_bytes = 1000;
    limits.wire.message_bytes = 4000;
    Config {
        limits,
        ..Config::default()
    }
}

/// Each of these ends its connection with this code and a reason, and nobody else's.
async fn violations(code: u16, cases: &[&[u8]]) {
    let mut server = server().await;
    let mut other = Raw::connect(&server).await;
    for bytes in cases {
        let mut raw = Raw::connect(&server).await;
        raw.echo("before").await;
        raw.write(bytes).await;
        let reason = raw.expect_close(code).await;
        assert!(!reason.is_empty());
        assert_eq!(server.ended().await, Close::new(code, reason));
        other.echo("not disturbed").await;
    }
    server.stop().await;
}

#[tokio::test]
async fn w08_unmasked_frames_close_1002() {
    let unmasked = [header(FIN | TEXT, 0, 2), b"{}".to_vec()].concat();
    violations(1002, &[&unmasked]).await;
}

#[tokio::test]
async fn w09_reserved_bits_close_1002() {
    let reserved = [0x40, 0x20, 0x10].map(|bit| frame(FIN | bit | TEXT, b"{}"));
    violations(1002, &reserved.each_ref().map(Vec::as_slice)).await;
}

#[tokio::test]
async fn w10_reserved_opcodes_close_1002() {
    let reserved = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map(|opcode| frame(FIN | opcode, b""));
    violations(1002, &reserved.each_ref().map(Vec::as_slice)).await;
}

#[tokio::test]
async fn w11_long_or_fragmented_control_frames_close_1002() {
    violations(
        1002,
        &[
            &frame(FIN | PING, &[b'x'; 126]),
            &frame(PING, b""),
            &frame(CLOSE, b""),
        ],
    )
    .await;
}

#[tokio::test]
async fn w12_stray_and_interleaved_fragments_close_1002() {
    let interleaved = [frame(TEXT, b"a"), frame(FIN | TEXT, b"b")].concat();
    violations(
        1002,
        &[
            &frame(FIN | CONTINUE, b"x"),
            &frame(CONTINUE, b"x"),
            &interleaved,
        ],
    )
    .await;
}

#[tokio::test]
async fn w13_invalid_utf8_closes_1007() {
    violations(
        1007,
        &[
            &frame(FIN | TEXT, b"\xff\xfe"),
            &frame(FIN | TEXT, b"{\xed\xa0\x80}"),
        ],
    )
    .await;
}

#[tokio::test]
async fn w13_split_utf8_is_served_when_whole_and_closes_1007_when_not() {
    let broken = [frame(TEXT, b"\xce"), frame(FIN | CONTINUE, b"x")].concat();
    let unfinished = [frame(TEXT, b"\xce"), frame(FIN | CONTINUE, b"")].concat();
    violations(1007, &[&broken, &unfinished]).await;

    let server = server().await;
    let mut raw = Raw::connect(&server).await;
    raw.send(TEXT, b"\xce").await;
    raw.send(FIN | CONTINUE, b"\xba").await;
    raw.expect(FIN | TEXT, "κ".as_bytes()).await;
    server.stop().await;
}

#[tokio::test]
async fn w14_an_announced_monster_closes_1009_at_once() {
    let monsters = [1u64 << 30, 1 << 62, u64::MAX, (16 << 20) + 1]
        .map(|length| [header(FIN | TEXT, 0x80, length), vec![0; 4]].concat());
    violations(1009, &monsters.each_ref().map(Vec::as_slice)).await;
}

#[tokio::test]
async fn w14_a_frame_of_exactly_the_limit_is_served_and_one_byte_more_is_not() {
    let server = Server::start(small()).await;
    let mut raw = Raw::connect(&server).await;
    raw.echo(&"x".repeat(1000)).await;
    raw.send(FIN | TEXT, &[b'x'; 1001]).await;
    assert_eq!(
        raw.expect_close(1009).await,
        "a message or frame is over the limit of 1000 bytes"
    );
    server.stop().await;
}

#[tokio::test]
async fn w15_a_message_of_exactly_the_limit_is_served_and_endless_fragments_are_not() {
    let server = Server::start(small()).await;
    let mut raw = Raw::connect(&server).await;
    raw.send(TEXT, &[b'x'; 1000]).await;
    for last in [0, 0, FIN] {
        raw.send(last | CONTINUE, &[b'x'; 1000]).await;
    }
    raw.expect(FIN | TEXT, &[b'x'; 4000]).await;
    raw.send(TEXT, b"x").await;
    for _ in 0..5 {
        raw.send(CONTINUE, &[b'x'; 1000]).await;
    }
    let reason = "a message or frame is over the limit of 4000 bytes";
    assert_eq!(raw.expect_close(1009).await, reason);
    server.stop().await;
}

#[tokio::test]
async fn w16_a_polite_close_is_echoed_with_its_code() {
    let mut server = server().await;
    for code in [1000, 1001, 1011, 3000, 4999] {
        let mut raw = Raw::connect(&server).await;
        raw.echo("x").await;
        raw.send(FIN | CLOSE, &close(code, b"bye")).await;
        assert_eq!(raw.expect_close(code).await, "bye");
        assert_eq!(server.ended().await, Close::new(code, "bye"));
    }
    server.stop().await;
}

#[tokio::test]
async fn w16_a_close_without_a_code_is_echoed_without_one() {
    let mut server = server().await;
    let mut raw = Raw::connect(&server).await;
    raw.send(FIN | CLOSE, b"").await;
    raw.expect(FIN | CLOSE, b"").await;
    raw.expect_end().await;
    assert_eq!(server.ended().await.code, 1005);
    server.stop().await;
}

#[tokio::test]
async fn w16_a_peer_that_never_ends_its_half_does_not_hold_the_connection() {
    let mut config = Config::default();
    config.limits.timeouts.close = Duration::from_millis(200);
    let server = Server::start(config).await;
    let mut raw = Raw::connect(&server).await;
    raw.send(FIN | CLOSE, &close(1000, b"")).await;
    raw.expect(FIN | CLOSE, &close(1000, b"")).await;
    raw.expect_end().await;
    // `raw` still holds its half; the server is done all the same.
    server.stop().await;
    drop(raw);
}

#[tokio::test]
async fn w17_illegal_close_frames_close_1002_or_1007() {
    let illegal = [0, 999, 1004, 1005, 1006, 1015, 2999, 5000]
        .map(|code| frame(FIN | CLOSE, &close(code, b"")));
    violations(1002, &illegal.each_ref().map(Vec::as_slice)).await;
    violations(1002, &[&frame(FIN | CLOSE, b"\x03")]).await;
    violations(1007, &[&frame(FIN | CLOSE, &close(1000, b"\xff"))]).await;
}

#[tokio::test]
async fn w18_every_ping_has_exactly_one_pong() {
    let server = server().await;
    let mut raw = Raw::connect(&server).await;
    raw.send(FIN | PING, b"plain").await;
    raw.expect(FIN | PONG, b"plain").await;
    raw.send(TEXT, b"in").await;
    raw.send(FIN | PING, b"inside").await;
    raw.expect(FIN | PONG, b"inside").await;
    raw.send(FIN | CONTINUE, b"side").await;
    raw.expect(FIN | TEXT, b"inside").await;
    let burst: Vec<u8> = (0..50u8)
        .flat_map(|number| frame(FIN | PING, &[number]))
        .collect();
    raw.write(&burst).await;
    for number in 0..50 {
        raw.expect(FIN | PONG, &[number]).await;
    }
    raw.echo("nothing more came").await;
    server.stop().await;
}

#[tokio::test]
async fn w18_pongs_find_a_gap_in_a_long_answer() {
    let mut config = Config::default();
    config.limits.wire.fragment_bytes = 1000;
    let server = Server::start(config).await;
    let mut raw = Raw::connect(&server).await;
    let text = vec![b'x'; 8 << 20];
    raw.send(FIN | TEXT, &text).await;
    let (first, payload) = raw.frame().await;
    assert_eq!((first, payload.len()), (TEXT, 1000));
    raw.send(FIN | PING, b"now").await;
    let (mut arrived, mut pongs, mut behind) = (payload.len(), 0, 0);
    loop {
        let (first, payload) = raw.frame().await;
        if first & 0x0f == PONG {
            assert_eq!(payload, b"now");
            pongs += 1;
            continue;
        }
        behind += pongs;
        assert_eq!(first & 0x0f, CONTINUE);
        assert!(payload.len() <= 1000);
        arrived += payload.len();
        if first & FIN != 0 {
            break;
        }
    }
    assert_eq!((arrived, pongs), (text.len(), 1));
    assert!(behind > 0, "the pong waited for the end of the answer");
    server.stop().await;
}

#[tokio::test]
async fn w19_a_flood_of_pings_is_bounded_and_others_are_served() {
    let server = server().await;
    let mut other = Raw::connect(&server).await;
    let raw = Raw::connect(&server).await;
    let (mut reader, mut writer) = raw.stream.into_split();
    let flood = frame(FIN | PING, &[b'x'; 125]).repeat(1000);
    let mut flooding = JoinSet::new();
    // It never reads, so at some point its pings are not taken any more or their pongs are fewer.
    flooding.spawn(async move {
        for _ in 0..200 {
            let write = tokio::io::AsyncWriteExt::write_all(&mut writer, &flood);
            if tokio::time::timeout(Duration::from_secs(1), write)
                .await
                .is_err()
            {
                break;
            }
        }
        writer
    });
    for number in 0..20 {
        let started = Instant::now();
        other.echo(&number.to_string()).await;
        assert!(started.elapsed() < Duration::from_secs(1));
    }
    let writer = soon(flooding.join_next()).await.unwrap().unwrap();
    // Once it reads, it finds pongs and nothing else, the newest at the end.
    drop(writer);
    let mut pongs = Vec::new();
    soon(tokio::io::AsyncReadExt::read_to_end(
        &mut reader,
        &mut pongs,
    ))
    .await
    .ok();
    assert!(pongs.starts_with(&header(FIN | PONG, 0, 125)));
    server.stop().await;
}

#[tokio::test]
async fn w20_one_byte_at_a_time_is_served() {
    let server = server().await;
    let mut raw = Raw::connect(&server).await;
    for byte in frame(FIN | TEXT, "{\"text\":\"häppchen\"}".as_bytes()) {
        raw.write(&[byte]).await;
        tokio::task::yield_now().await;
    }
    raw.expect(FIN | TEXT, "{\"text\":\"häppchen\"}".as_bytes())
        .await;
    server.stop().await;
}

#[tokio::test]
async fn w21_twenty_thousand_empty_fragments_are_served() {
    let server = server().await;
    let mut raw = Raw::connect(&server).await;
    let mut bytes = frame(TEXT, b"a");
    bytes.extend(frame(CONTINUE, b"").repeat(20_000));
    bytes.extend(frame(FIN | CONTINUE, b"b"));
    raw.write(&bytes).await;
    raw.expect(FIN | TEXT, b"ab").await;
    server.stop().await;
}

#[tokio::test]
async fn binary_messages_are_texts_where_they_are_utf8() {
    let server = server().await;
    let mut raw = Raw::connect(&server).await;
    raw.send(FIN | BINARY, "{\"ä\":1}".as_bytes()).await;
    raw.expect(FIN | TEXT, "{\"ä\":1}".as_bytes()).await;
    // The echo sends nothing back for what is no text; the connection stays.
    raw.send(FIN | BINARY, b"\xff").await;
    raw.echo("still here").await;
    server.stop().await;
}

#[tokio::test]
async fn queued_frames_leave_together() {
    let server = server().await;
    let mut raw = Raw::connect(&server).await;
    let burst = frame(FIN | TEXT, b"{}").repeat(5000);
    raw.write(&burst).await;
    for _ in 0..5000 {
        raw.expect(FIN | TEXT, b"{}").await;
    }
    server.stop().await;
}

/// Nobody takes frames from the link: the socket is not read, and once it is, nothing is lost.
#[tokio::test]
async fn a_full_link_is_back_pressure_and_loses_nothing() {
    let limits = Limits::tiny();
    let address: Address = "ws://127.0.0.1:0".parse().unwrap();
    let listener = Listener::bind(
        &address,
        Config {
            limits,
            ..Config::default()
        },
    )
    .await
    .unwrap();
    let Address::WebSocket(socket) = *listener.address() else {
        panic!("a port")
    };
    let (accepted_tx, mut accepted) = mpsc::channel(1);
    let mut tasks = JoinSet::new();
    tasks.spawn(listener.run(CancellationToken::new(), accepted_tx));
    let stream = tokio::net::TcpStream::connect(socket).await.unwrap();
    let mut raw = Raw::upgrade(stream, "").await;
    let mut link = soon(accepted.recv()).await.unwrap().link;
    let text = vec![b'x'; 100_000];
    let mut sent = 0;
    loop {
        let bytes = frame(FIN | TEXT, &text);
        let write = tokio::io::AsyncWriteExt::write_all(&mut raw.stream, &bytes);
        let mut write = Box::pin(write);
        sent += 1;
        if tokio::time::timeout(Duration::from_millis(300), &mut write)
            .await
            .is_err()
        {
            // The kernel holds what it can, and no more is taken. Now it is read.
            for _ in 0..sent - 2 {
                assert!(soon(link.rx.recv()).await.is_some());
            }
            soon(write).await.unwrap();
            break;
        }
        assert!(sent < 1000, "100 MB are taken and nobody reads");
    }
    for _ in 0..2 {
        assert!(soon(link.rx.recv()).await.is_some());
    }
    assert!(link.rx.is_empty());
}
