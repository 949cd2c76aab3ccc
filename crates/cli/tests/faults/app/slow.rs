//! A client that stops reading: nothing is lost to a pause, and one that does not come back is
//! closed with a reason.

use std::{
    io::{Read, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use outpost_testkit::{
    frame::{Message, Opcode, Reader, encode},
    wire,
};
use serde_json::{Value, json};

use super::{AppServer, assert_serves, hello, in_full, sh};
use crate::{meter::until, server::Home, sockets::upgraded};

/// What a client leaves unread, and for how long: the promise, and in every run of the suite.
const UNREAD: usize = 300_000_000;
const UNREAD_IN_SHORT: usize = 40_000_000;
const PAUSE: Duration = Duration::from_secs(20);
const PAUSE_IN_SHORT: Duration = Duration::from_secs(1);

/// What it may cost in KiB: the queue of the connection, what is kept of a command, and the
/// buffers of one chunk in each.
const FLAT: usize = 24 << 10;

/// A connection that is read when the test says so.
struct Lazy {
    stream: TcpStream,
    reader: Reader,
}

impl Lazy {
    fn new(server: &AppServer) -> Self {
        let mut lazy = Self {
            stream: upgraded(server.address),
            reader: Reader::default(),
        };
        lazy.ask("hello", "initialize", &hello());
        assert!(matches!(lazy.next(), Message::Text(text) if text.contains("userAgent")));
        lazy
    }

    fn ask(&mut self, id: &str, method: &str, params: &Value) {
        let request = json!({"id": id, "method": method, "params": params}).to_string();
        let frame = encode(Opcode::Text, true, request.as_bytes(), Some([1, 2, 3, 4]));
        self.stream.write_all(&frame).expect("it takes bytes");
    }

    /// The next message but pings, which are answered.
    fn next(&mut self) -> Message {
        let mut buffer = vec![0; 64 << 10];
        loop {
            match self.reader.message() {
                Some(Message::Ping(payload)) => {
                    let pong = encode(Opcode::Pong, true, &payload, Some([1, 2, 3, 4]));
                    // It may be closing.
                    let _said = self.stream.write_all(&pong).is_ok();
                }
                Some(message) => return message,
                None => {
                    let read = self.stream.read(&mut buffer).expect("something in time");
                    assert_ne!(read, 0, "the connection ended without a close");
                    self.reader.push(&buffer[..read]);
                }
            }
        }
    }
}

/// A command that prints `bytes` zeros and is told as it does.
fn flood(bytes: usize) -> Value {
    let more = json!({
        "processId": "f", "streamStdoutStderr": true, "disableTimeout": true,
        "disableOutputCap": true,
    });
    sh(&format!("head -c {bytes} /dev/zero"), &more)
}

#[test]
fn p30_a_reader_that_stops_loses_nothing_and_memory_stays_flat() {
    let (bytes, pause) = if in_full() {
        (UNREAD, PAUSE)
    } else {
        (UNREAD_IN_SHORT, PAUSE_IN_SHORT)
    };
    let home = Home::new();
    let mut server = AppServer::start(&home, &[]);
    let mut other = server.client();
    assert_serves(&mut other, Duration::from_secs(30));
    let mut lazy = Lazy::new(&server);
    let before = server.meter().resident();
    lazy.ask("f", "command/exec", &flood(bytes));
    let began = Instant::now();
    // Others are served all the while.
    while began.elapsed() < pause {
        assert_serves(&mut other, Duration::from_secs(5));
        thread::park_timeout(pause / 20);
    }
    let mut heard = 0;
    let last = loop {
        let Message::Text(text) = lazy.next() else {
            panic!("it was closed");
        };
        let message: Value = serde_json::from_str(&text).expect("JSON");
        let Some(delta) = message["params"]["deltaBase64"].as_str() else {
            break message;
        };
        let chunk = wire::decode(delta).expect("base64");
        assert!(chunk.iter().all(|&byte| byte == 0));
        heard += chunk.len();
    };
    let more = server.meter().peak().saturating_sub(before);
    println!(
        "{heard} bytes after {:?}, {more} KiB more at the most",
        began.elapsed()
    );
    assert_eq!(heard, bytes);
    assert_eq!(last["result"]["exitCode"], 0, "{last}");
    assert!(more < FLAT, "{more} KiB");
    server.stop();
    home.assert_nothing_left();
}

#[test]
fn a_reader_that_does_not_come_back_is_closed_with_1013_and_a_reason() {
    let home = Home::new();
    let mut server = AppServer::start(&home, &["--slow-client-timeout", "1500ms"]);
    let mut other = server.client();
    let mut lazy = Lazy::new(&server);
    let script = format!(
        "echo $$ > {}/pid; exec cat /dev/zero",
        home.path().display()
    );
    let more = json!({
        "processId": "f", "streamStdoutStderr": true, "disableTimeout": true,
        "disableOutputCap": true,
    });
    lazy.ask("f", "command/exec", &sh(&script, &more));
    let began = Instant::now();
    let pid = home.path().join("pid");
    let running = || {
        let pid = std::fs::read_to_string(&pid).unwrap_or_default();
        !pid.trim().is_empty() && std::fs::exists(format!("/proc/{}", pid.trim())).unwrap()
    };
    until("the command runs", running);
    // It ends with its connection, which is given up in time and not before.
    until("the command is ended", || !running());
    assert!(began.elapsed() >= Duration::from_millis(1500));
    let close = loop {
        match lazy.next() {
            Message::Text(text) => assert!(text.contains("outputDelta"), "{text}"),
            Message::Close(close) => break close.expect("a code"),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(close.0, 1013);
    assert!(!close.1.is_empty());
    assert_serves(&mut other, Duration::from_secs(5));
    server.stop();
    home.assert_nothing_left();
}
