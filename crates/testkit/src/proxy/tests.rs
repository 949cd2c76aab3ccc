use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
};

use super::*;
use crate::frame::{Opcode, encode};

const PATIENCE: Duration = Duration::from_secs(10);

/// A server that greets each connection and sends back what it gets.
fn echo() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for socket in listener.incoming() {
            let mut socket = socket.unwrap();
            thread::spawn(move || {
                let mut back = socket.try_clone().unwrap();
                std::io::copy(&mut socket, &mut back).ok();
                back.shutdown(std::net::Shutdown::Both).ok();
            });
        }
    });
    address
}

fn connect(proxy: &Proxy) -> TcpStream {
    let socket = TcpStream::connect(proxy.address()).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

fn round_trip(socket: &mut TcpStream, bytes: impl AsRef<[u8]>) {
    let bytes = bytes.as_ref();
    socket.write_all(bytes).unwrap();
    let mut back = vec![0; bytes.len()];
    socket.read_exact(&mut back).unwrap();
    assert_eq!(back, bytes);
}

#[test]
fn bytes_pass_and_a_cut_resets() {
    let proxy = Proxy::start(echo());
    let mut socket = connect(&proxy);
    round_trip(&mut socket, "one");
    proxy.cut();
    assert_eq!(
        socket.read(&mut [0]).unwrap_err().kind(),
        ErrorKind::ConnectionReset
    );
    round_trip(&mut connect(&proxy), "two");
}

#[test]
fn a_pause_loses_nothing() {
    let proxy = Proxy::start(echo());
    let mut socket = connect(&proxy);
    round_trip(&mut socket, "one");
    proxy.set_for(Fault::Pause, Duration::from_millis(50));
    round_trip(&mut socket, "two");
}

#[test]
fn a_blackhole_swallows_and_then_resets() {
    let proxy = Proxy::start(echo());
    let mut socket = connect(&proxy);
    round_trip(&mut socket, "one");
    proxy.set_for(Fault::Blackhole, Duration::from_millis(50));
    let mut second = connect(&proxy);
    socket.write_all(b"lost").unwrap();
    second.write_all(b"lost").unwrap();
    for socket in [&mut socket, &mut second] {
        assert_eq!(
            socket.read(&mut [0]).unwrap_err().kind(),
            ErrorKind::ConnectionReset
        );
    }
    round_trip(&mut connect(&proxy), "two");
}

#[test]
fn an_outage_refuses_and_ends() {
    let proxy = Proxy::start(echo());
    let mut socket = connect(&proxy);
    round_trip(&mut socket, "one");
    proxy.outage(Duration::from_millis(50));
    assert!(socket.read(&mut [0]).is_err());
    let refused = TcpStream::connect(proxy.address());
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    let mut again = loop {
        if let Ok(socket) = TcpStream::connect(proxy.address()) {
            break socket;
        }
    };
    round_trip(&mut again, "two");
}

#[test]
fn frames_are_recorded_in_both_directions() {
    let proxy = Proxy::start(echo());
    let mut socket = connect(&proxy);
    round_trip(&mut socket, "GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n");
    let frame = encode(Opcode::Text, true, br#"{"id":1}"#, Some([9, 8, 7, 6]));
    let (head, tail) = frame.split_at(3);
    round_trip(&mut socket, head);
    socket.write_all(tail).unwrap();
    let from = |side| move |entry: &Entry| entry.from == side && entry.json().is_some();
    let sent = proxy.recording().wait_for(PATIENCE, from(Side::Client));
    let back = proxy.recording().wait_for(PATIENCE, from(Side::Server));
    for entry in [sent, back] {
        assert_eq!(entry.json(), Some(serde_json::json!({ "id": 1 })));
        assert_eq!(entry.connection, 1);
    }
    assert_eq!(proxy.recording().lines().lines().count(), 4);
}
