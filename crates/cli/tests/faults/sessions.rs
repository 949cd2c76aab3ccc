//! Sessions: who gets one back, and what comes with it.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpStream},
    time::{Duration, Instant},
};

use outpost_testkit::{
    connection::Connection,
    frame::{Opcode, encode},
    http,
    proxy::{Fault, Proxy},
};
use rustix::net::sockopt::set_socket_linger;
use serde_json::json;

use crate::{
    client::{Client, chunk},
    meter::{PATIENCE, until},
    server::Home,
};

#[test]
fn s01_a_client_cut_in_mid_output_gets_all_of_it_in_order() {
    const LINES: usize = 20_000;
    let home = Home::new();
    let mut server = home.server(&[]);
    let mut client = Client::new(&server);
    client.sh("seq", &format!("seq {LINES}"));
    let (mut seen, mut text) = (0, Vec::new());
    let mut hear = |message: &serde_json::Value| {
        let seq = message["params"]["seq"].as_u64().expect("a number");
        assert_eq!(seq, seen + 1, "nothing twice, nothing left out");
        seen = seq;
        text.extend(chunk(&message["params"]));
        seen
    };
    let first = client.until(|message| message["method"] == "process/output");
    let mut after = hear(&first);
    for _ in 0..5 {
        client.connection.cut();
        client = Client::resumed(&server, client.session());
        let params = json!({"processId": "seq", "afterSeq": after, "maxBytes": 9000});
        let page = client.call("process/read", &params).expect("it is kept");
        for piece in page["chunks"].as_array().expect("chunks") {
            after = hear(&json!({"params": piece}));
        }
    }
    loop {
        let params = json!({"processId": "seq", "afterSeq": after, "waitMs": 60_000});
        let page = client.call("process/read", &params).expect("it is kept");
        for piece in page["chunks"].as_array().expect("chunks") {
            after = hear(&json!({"params": piece}));
        }
        if page["closed"] == true && page["chunks"].as_array().expect("chunks").is_empty() {
            break;
        }
    }
    let expected: String = (1..=LINES).map(|line| format!("{line}\n")).collect();
    assert!(text == expected.as_bytes());
    server.stop();
}

#[test]
fn s02_guessed_and_malformed_session_ids_are_refused() {
    let home = Home::new();
    let mut server = home.server(&[]);
    let real = Client::new(&server);
    let mut ids: Vec<String> = (0..50)
        .map(|_| Client::new(&server).session().to_owned())
        .collect();
    for id in &ids {
        // Version 4: 122 random bits.
        let digits: Vec<char> = id.chars().filter(char::is_ascii_hexdigit).collect();
        assert_eq!((id.len(), digits.len(), digits[12]), (36, 32, '4'), "{id}");
        assert!("89ab".contains(digits[16]), "{id}");
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 50);
    let session = real.session();
    let near = format!("{}0", &session[..35]);
    let guesses = [
        "00000000-0000-0000-0000-000000000000",
        if near == session {
            "near"
        } else {
            near.as_str()
        },
        &session.to_uppercase(),
        &session.replace('-', ""),
        "",
        "../../etc/passwd",
        &"x".repeat(100_000),
    ];
    for guess in guesses.into_iter().filter(|guess| *guess != session) {
        let mut stranger = Client::silent(server.address);
        let (code, words) = stranger.open(Some(guess)).expect_err(guess);
        assert_eq!(
            (code, words),
            (-32600, format!("unknown session id {guess}"))
        );
    }
    let mut odd = Client::silent(server.address);
    let params = json!({"clientName": "test", "resumeSessionId": 7});
    assert_eq!(
        odd.call("initialize", &params).expect_err("no id").0,
        -32602
    );
    server.stop();
}

#[test]
fn s06_a_session_is_resumed_right_after_a_reset() {
    let home = Home::new();
    let mut server = home.server(&[]);
    let proxy = Proxy::start(server.address);
    let mut client = Client::at(proxy.address(), Some(server.marker()));
    client.start("cat", &["cat"], &json!({"pipeStdin": true}));
    for number in 0..20 {
        let session = client.session().to_owned();
        proxy.cut();
        client.farewell();
        let asked = Instant::now();
        client = Client::silent(proxy.address());
        client.open(Some(&session)).expect("the session is free");
        client.ask_write("cat", &number.to_string(), b"x");
        assert_eq!(client.output("cat"), "x");
        assert!(
            asked.elapsed() < Duration::from_secs(2),
            "{:?}",
            asked.elapsed()
        );
    }
    server.stop();
    home.assert_nothing_left();
}

#[test]
fn w23_a_client_whose_cable_is_out_gives_way_to_itself_and_is_noticed() {
    let home = Home::new();
    let flags = ["--ping-interval", "500ms", "--pong-timeout", "500ms"];
    let mut server = home.server(&flags);
    let mut steady = Client::new(&server);
    steady.assert_serves(PATIENCE);
    let before = server.meter().descriptors();
    let proxy = Proxy::start(server.address);
    let mut client = Client::at(proxy.address(), Some(server.marker()));
    client.start("cat", &["cat"], &json!({"pipeStdin": true}));
    let session = client.session().to_owned();
    proxy.set(Fault::Blackhole);
    // By another way, and while the server still holds the old connection.
    let mut back = Client::resumed(&server, &session);
    back.ask_write("cat", "1", b"here\n");
    assert_eq!(back.output("cat"), "here\n");
    back.terminate("cat");
    drop(back);
    until("both connections are let go", || {
        server.meter().descriptors() <= before
    });
    drop(client);
    server.stop();
    home.assert_nothing_left();
}

#[test]
fn s11_a_client_cut_at_every_byte_leaves_no_trace() {
    let home = Home::new();
    let mut server = home.server(&["--session-ttl", "200ms"]);
    let mut steady = Client::new(&server);
    steady.assert_serves(PATIENCE);
    let before = (server.meter().descriptors(), server.keeper().descriptors());
    let start = json!({"id": 2, "method": "process/start", "params": {
        "processId": "p", "argv": ["sleep", "600"], "cwd": "file:///", "tty": false,
        "env": home.environment(),
    }});
    let mut bytes = format!(
        "GET / HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        server.address
    )
    .into_bytes();
    for text in [
        json!({"id": 1, "method": "initialize", "params": {"clientName": "test"}}),
        json!({"method": "initialized"}),
        start,
    ] {
        let text = text.to_string();
        bytes.extend(encode(
            Opcode::Text,
            true,
            text.as_bytes(),
            Some([9, 8, 7, 6]),
        ));
    }
    for end in 0..=bytes.len() {
        let mut stream = TcpStream::connect(server.address).expect("it listens");
        stream.write_all(&bytes[..end]).expect("it takes bytes");
        match end % 3 {
            // A reset, an end of one half, an end of both.
            0 => set_socket_linger(&stream, Some(Duration::ZERO)).expect("a socket"),
            1 => {
                stream.shutdown(Shutdown::Write).expect("a socket");
                let read = stream.read_to_end(&mut Vec::new());
                assert!(read.is_ok(), "{read:?} after {end}");
            }
            _ => {}
        }
    }
    steady.assert_serves(Duration::from_secs(2));
    until("everything is let go", || {
        server.meter().descriptors() <= before.0
            && server.keeper().descriptors() <= before.1
            && home
                .marker()
                .living()
                .iter()
                .all(|one| one.command.contains("outpost"))
    });
    server.stop();
    home.assert_nothing_left();
}

#[test]
fn h04_the_request_of_a_client_that_vanishes_is_cut() {
    let home = Home::new();
    let mut server = home.server(&[]);
    let (asked, cut) = (
        std::sync::mpsc::sync_channel(2),
        std::sync::mpsc::sync_channel(2),
    );
    let (tell_asked, tell_cut) = (asked.0, cut.0);
    let far = http::Server::start(move |_, reply| {
        tell_asked.send(()).expect("the test listens");
        reply.raw("HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n")?;
        // Until the other side is gone.
        while reply.raw([b'x'; 65_536]).is_ok() {}
        tell_cut.send(()).expect("the test listens");
        Ok(())
    });
    let mut client = Client::new(&server);
    for stream in [false, true] {
        let url = format!("http://{}/", far.address());
        let params =
            json!({"method": "GET", "url": url, "requestId": "r", "streamResponse": stream});
        client.ask("http/request", &params);
        asked.1.recv_timeout(PATIENCE).expect("it is asked");
        client.connection.cut();
        cut.1.recv_timeout(PATIENCE).expect("it is cut");
        client = Client::new(&server);
    }
    assert!(Connection::over_websocket(server.address, &[]).is_ok());
    server.stop();
}
