//! A client that takes the time: one request at a time over a WebSocket, texts searched rather than
//! parsed, and every segment acknowledged at once, so that no side waits for the kernel's timers.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use outpost_testkit::frame::{Message, Opcode, Reader, encode};
use rustix::net::sockopt::set_tcp_quickack;
use serde_json::{Value, json};

/// A fixed mask: a mask is no secret here, only a rule of the protocol.
const MASK: [u8; 4] = [0x5a, 0x11, 0xc3, 0x0f];

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// An open connection, introduced.
pub(crate) struct Client {
    socket: TcpStream,
    reader: Reader,
    count: u64,
}

// === impl Client ===

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let mut socket = TcpStream::connect(address).expect("the server listens");
        socket.set_nodelay(true).expect("a TCP socket");
        socket.set_read_timeout(Some(PATIENCE)).expect("a socket");
        let upgrade = format!(
            "GET / HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        socket
            .write_all(upgrade.as_bytes())
            .expect("the server reads");
        // The server says nothing after its head before it is asked, so nothing is read too far.
        let mut head = BufReader::new(&socket).lines();
        let first = head.next().expect("an answer").expect("an answer");
        assert!(first.contains(" 101 "), "no upgrade: {first}");
        assert!(head.any(|line| line.expect("a head").is_empty()));
        let mut client = Self {
            socket,
            reader: Reader::default(),
            count: 0,
        };
        client.ask("initialize", &json!({ "clientName": "bench" }));
        client.send(r#"{"method":"initialized"}"#);
        client
    }

    /// Runs a program to its end; how long that took, from the request to the last notification.
    pub(crate) fn run(&mut self, argv: &[&str], sandbox: &Value) -> Duration {
        let id = format!("bench-{}", self.count);
        let request = self.start_request(&id, argv, sandbox);
        let started = Instant::now();
        self.send(&request);
        loop {
            let message = self.receive();
            assert!(!message.contains("\"error\""), "{message}");
            if message.contains("process/closed") && message.contains(&id) {
                return started.elapsed();
            }
            let exited = message.contains("process/exited") && message.contains(&id);
            assert!(!exited || message.contains("\"exitCode\":0"), "{message}");
        }
    }

    /// Starts a program and lets it run.
    pub(crate) fn start(&mut self, id: &str, argv: &[&str], sandbox: &Value) {
        let request = self.start_request(id, argv, sandbox);
        self.send(&request);
        self.answer();
    }

    /// Asks and waits for the answer; how long that took.
    pub(crate) fn ask(&mut self, method: &str, params: &Value) -> Duration {
        let request = self.request(method, params);
        let started = Instant::now();
        self.send(&request);
        self.answer();
        started.elapsed()
    }

    fn answer(&mut self) {
        let id = format!("\"id\":{}", self.count);
        loop {
            let message = self.receive();
            assert!(!message.contains("\"error\""), "{message}");
            if message.contains(&id) && message.contains("\"result\"") {
                return;
            }
        }
    }

    fn start_request(&mut self, id: &str, argv: &[&str], sandbox: &Value) -> String {
        self.request(
            "process/start",
            &json!({ "processId": id, "argv": argv, "cwd": "file:///", "tty": false,
                "env": { "PATH": "/usr/bin:/bin" }, "sandbox": sandbox }),
        )
    }

    fn request(&mut self, method: &str, params: &Value) -> String {
        self.count += 1;
        json!({ "id": self.count, "method": method, "params": params }).to_string()
    }

    fn send(&mut self, text: &str) {
        let frame = encode(Opcode::Text, true, text.as_bytes(), Some(MASK));
        self.socket.write_all(&frame).expect("the server reads");
    }

    fn receive(&mut self) -> String {
        let mut bytes = [0; 4096];
        loop {
            match self.reader.message() {
                Some(Message::Text(text)) => return text,
                Some(Message::Ping(payload)) => {
                    let pong = encode(Opcode::Pong, true, &payload, Some(MASK));
                    self.socket.write_all(&pong).expect("the server reads");
                }
                Some(other) => panic!("neither a text nor a ping: {other:?}"),
                None => {
                    set_tcp_quickack(&self.socket, true).expect("a TCP socket");
                    let length = self.socket.read(&mut bytes).expect("an answer in time");
                    assert_ne!(length, 0, "the server hung up");
                    self.reader.push(&bytes[..length]);
                }
            }
        }
    }
}
