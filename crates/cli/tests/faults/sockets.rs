//! Many connections, and noisy ones.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use outpost_testkit::{
    connection::Connection,
    frame::{Opcode, encode},
};

use crate::{
    client::Client,
    meter::{PATIENCE, until},
    server::Home,
};

/// An open WebSocket as a bare stream.
pub(crate) fn upgraded(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    let head = format!(
        "GET / HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).expect("it takes bytes");
    let mut answer = Vec::new();
    let mut byte = [0];
    while !answer.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).expect("an answer");
        answer.push(byte[0]);
    }
    assert!(answer.starts_with(b"HTTP/1.1 101 "));
    stream
}

#[test]
fn w22_five_hundred_idle_connections_are_no_burden() {
    let home = Home::new();
    let mut server = home.server(&[]);
    let mut steady = Client::new(&server);
    steady.assert_serves(PATIENCE);
    let before = (server.meter().descriptors(), server.meter().resident());
    let idle: Vec<TcpStream> = (0..500).map(|_| upgraded(server.address)).collect();
    let more = server.meter().resident().saturating_sub(before.1);
    assert!(more < 32 << 10, "{more} KiB");
    let mut late = Client::new(&server);
    late.assert_serves(Duration::from_millis(1500));
    assert!(server.meter().descriptors() >= before.0 + 500);
    drop((idle, late));
    until("descriptors return", || {
        server.meter().descriptors() <= before.0
    });
    steady.assert_serves(Duration::from_millis(1500));
    server.stop();
}

#[test]
fn w19_a_flood_of_pings_is_bounded_and_others_are_served() {
    let home = Home::new();
    let mut server = home.server(&[]);
    let mut steady = Client::new(&server);
    steady.assert_serves(PATIENCE);
    let before = server.meter().resident();
    let mut noisy = upgraded(server.address);
    let stuck = Duration::from_millis(300);
    noisy.set_write_timeout(Some(stuck)).expect("a socket");
    let pings = encode(Opcode::Ping, true, &[b'?'; 125], Some([1, 2, 3, 4])).repeat(512);
    // Nobody reads the pongs. The server may stop reading, or leave out those that are overtaken.
    for _ in 0..500 {
        if noisy.write_all(&pings).is_err() {
            break;
        }
    }
    steady.assert_serves(Duration::from_secs(1));
    let more = server.meter().peak().saturating_sub(before);
    assert!(more < 96 << 10, "{more} KiB");
    drop(noisy);
    server.stop();
}

#[test]
fn a02_guessing_does_not_hold_up_the_right_client() {
    let home = Home::new();
    let token = home.write("token", "right-0123456789abcdef");
    let token = token.to_str().expect("this path is text");
    let flags = ["--ws-auth", "capability-token", "--ws-token-file", token];
    let mut server = home.server(&flags);
    let before = server.meter().resident();
    let address = server.address;
    let wrong = ["Authorization: Bearer right-0123456789abcdeg".to_owned()];
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..4 {
                    let refusal = Connection::over_websocket(address, &wrong).expect_err("wrong");
                    assert_eq!(refusal.status, 401);
                    assert_eq!(refusal.body, "invalid websocket bearer token");
                }
            });
        }
        let right = ["Authorization: Bearer right-0123456789abcdef".to_owned()];
        for _ in 0..5 {
            let asked = std::time::Instant::now();
            let connection = Connection::over_websocket(address, &right).expect("the right one");
            let mut client = Client::over(connection);
            client.open(None).expect("a session");
            assert!(asked.elapsed() < Duration::from_secs(2));
        }
    });
    let more = server.meter().peak().saturating_sub(before);
    assert!(more < 96 << 10, "{more} KiB");
    server.stop();
}
