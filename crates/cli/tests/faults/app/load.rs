//! Every request is answered, once, whatever the load.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use outpost_testkit::frame::{Message, Opcode, Reader, encode};
use serde_json::{Value, json};

use super::{AppServer, hello, in_full, over_stdio, sh};
use crate::{
    client::Client,
    meter::{Meter, median},
    server::Home,
    sockets::upgraded,
};

/// What is asked before the first answer is read.
const PIPELINED: usize = 5000;

/// What 5,000 requests on the way may cost: less than all of them in one queue.
const BOUNDED: usize = 48 << 10;

/// Connections that ask at the same time, and how often each does in a second.
const CONNECTIONS: usize = 200;
const PER_SECOND: u32 = 50;

/// How long they ask: all of the promise, and in every run of the suite.
const IN_FULL: Duration = Duration::from_secs(60);
const IN_SHORT: Duration = Duration::from_secs(2);

/// What the slowest of a hundred requests may take beside a burst: the promise. Where the machine
/// may be busy with something else, that cannot be asked; then half of them are held to the other.
const BESIDE_A_BURST: Duration = Duration::from_millis(5);
const BESIDE_ANYTHING: Duration = Duration::from_secs(1);

/// A request by its number: refused at once, or worked on, or a command.
fn request(id: usize) -> Value {
    let (method, params) = match id % 50 {
        0 => ("command/exec", sh("exit 0", &json!({}))),
        odd if odd % 2 == 1 => ("command/exec/terminate", json!({"processId": "x"})),
        _ => ("fs/getMetadata", json!({"path": "/"})),
    };
    json!({"id": id, "method": method, "params": params})
}

/// Asks everything, then reads the answers: each once, and none refused for load.
fn pipeline(client: &mut Client, server: Meter) {
    let before = server.resident();
    for id in 0..PIPELINED {
        client.say(&request(id));
    }
    let mut answered = vec![false; PIPELINED];
    for _ in 0..PIPELINED {
        let answer = client.next();
        let id = usize::try_from(answer["id"].as_u64().expect("one of ours")).unwrap();
        assert!(!std::mem::replace(&mut answered[id], true), "{id} twice");
        assert_ne!(answer["error"]["code"], -32001, "{answer}");
        if id % 50 == 0 {
            assert_eq!(answer["result"]["exitCode"], 0, "{answer}");
        }
    }
    // Nothing follows but what is asked now.
    assert!(client.call("command/exec", &sh("", &json!({}))).is_ok());
    let more = server.peak().saturating_sub(before);
    assert!(more < BOUNDED, "{more} KiB");
}

#[test]
fn j13_five_thousand_requests_before_the_first_read_are_answered_over_websocket() {
    let home = Home::new();
    let mut server = AppServer::start(&home, &[]);
    pipeline(&mut server.client(), server.meter());
    server.stop();
    home.assert_nothing_left();
}

#[test]
fn j13_five_thousand_requests_before_the_first_read_are_answered_over_stdio() {
    let home = Home::new();
    let (mut program, mut client) = over_stdio(&home);
    pipeline(&mut client, Meter(program.pid()));
    drop(client);
    let status = program.wait(Duration::from_secs(5));
    assert_eq!(status.expect("it ends with its input").code(), Some(0));
    home.assert_nothing_left();
}

/// The time that 99 of a hundred stay below.
fn p99(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() * 99 / 100]
}

#[test]
fn a_burst_on_one_connection_is_not_felt_on_another() {
    let home = Home::alone();
    let mut server = AppServer::start(&home, &[]);
    let (mut greedy, mut modest) = (server.client(), server.client());
    let single = json!({"processId": "x"});
    let mut times = Vec::new();
    let least = if in_full() { 1000 } else { 50 };
    let (bursts, enough) = (AtomicUsize::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !enough.load(Ordering::Relaxed) {
                bursts.fetch_add(1, Ordering::Relaxed);
                for id in 0..PIPELINED {
                    let params = json!({"processId": "x"});
                    let method = "command/exec/terminate";
                    greedy.say(&json!({"id": id, "method": method, "params": params}));
                }
                for _ in 0..PIPELINED {
                    assert_eq!(greedy.next()["error"]["code"], -32600);
                }
            }
        });
        while times.len() < least {
            let asked = Instant::now();
            let refused = modest.call("command/exec/terminate", &single);
            times.push(asked.elapsed());
            assert_eq!(refused.unwrap_err().0, -32600);
        }
        enough.store(true, Ordering::Relaxed);
    });
    let (bursts, half, most) = (bursts.into_inner(), median(times.clone()), p99(times));
    println!("beside {bursts} bursts of {PIPELINED}: p99 of {least} requests {most:?}");
    if in_full() {
        assert!(most < BESIDE_A_BURST, "{most:?}");
    }
    assert!(half < BESIDE_ANYTHING, "{half:?}");
    server.stop();
}

/// One of many connections, without a thread that reads ahead.
struct One {
    stream: TcpStream,
    reader: Reader,
}

impl One {
    fn new(address: SocketAddr) -> Self {
        let mut one = Self {
            stream: upgraded(address),
            reader: Reader::default(),
        };
        one.say(&json!({"id": "hello", "method": "initialize", "params": hello()}));
        assert!(one.next().contains("userAgent"));
        one
    }

    fn say(&mut self, message: &Value) {
        let frame = encode(
            Opcode::Text,
            true,
            message.to_string().as_bytes(),
            Some([1, 2, 3, 4]),
        );
        self.stream.write_all(&frame).expect("it takes bytes");
    }

    fn next(&mut self) -> String {
        let mut buffer = [0; 4096];
        loop {
            match self.reader.message() {
                Some(Message::Text(text)) => return text,
                Some(Message::Ping(payload)) => {
                    let pong = encode(Opcode::Pong, true, &payload, Some([1, 2, 3, 4]));
                    self.stream.write_all(&pong).expect("it takes bytes");
                }
                Some(other) => panic!("no text: {other:?}"),
                None => {
                    let read = self.stream.read(&mut buffer).expect("an answer in time");
                    assert_ne!(read, 0, "the connection ended");
                    self.reader.push(&buffer[..read]);
                }
            }
        }
    }
}

/// Asks in even steps until the time is over; how many were answered, and the slowest times.
fn ask_steadily(one: &mut One, number: usize, until: Duration) -> Vec<Duration> {
    let step = Duration::from_secs(1) / PER_SECOND;
    let count = u32::try_from(until.as_millis() / step.as_millis()).expect("a minute");
    // Not all at the same moment.
    let offset = step * u32::try_from(number).expect("few") / 200;
    let began = Instant::now();
    let mut times = Vec::new();
    for round in 0..count {
        let due = began + offset + step * round;
        while let Some(left) = due.checked_duration_since(Instant::now()) {
            thread::park_timeout(left);
        }
        let asked = Instant::now();
        let params = json!({"processId": "x"});
        let method = "command/exec/terminate";
        one.say(&json!({"id": round, "method": method, "params": params}));
        let answer = one.next();
        let words = r#""message":"no active command/exec for process id \"x\"""#;
        assert!(answer.contains(words), "{answer}");
        assert!(answer.ends_with(&format!(r#""id":{round}}}"#)), "{answer}");
        times.push(asked.elapsed());
    }
    times
}

#[test]
fn two_hundred_connections_that_ask_fifty_times_a_second_are_never_refused() {
    let home = Home::alone();
    let mut server = AppServer::start(&home, &[]);
    let time = if in_full() { IN_FULL } else { IN_SHORT };
    let mut all: Vec<One> = (0..CONNECTIONS).map(|_| One::new(server.address)).collect();
    let (began, asked) = (Instant::now(), AtomicUsize::new(0));
    let times: Vec<Duration> = thread::scope(|scope| {
        let askers: Vec<_> = all
            .iter_mut()
            .enumerate()
            .map(|(number, one)| {
                let asked = &asked;
                scope.spawn(move || {
                    let times = ask_steadily(one, number, time);
                    asked.fetch_add(times.len(), Ordering::Relaxed);
                    times
                })
            })
            .collect();
        let times = askers.into_iter().map(|asker| asker.join().unwrap());
        times.flatten().collect()
    });
    let (count, took) = (asked.into_inner(), began.elapsed());
    println!(
        "{count} requests in {took:?}, none refused: p99 {:?}",
        p99(times)
    );
    let promised = usize::try_from(PER_SECOND).unwrap() * CONNECTIONS;
    assert_eq!(count, promised * usize::try_from(time.as_secs()).unwrap());
    if in_full() {
        assert!(took < time + Duration::from_secs(2), "it does not keep up");
    }
    drop(all);
    server.stop();
}
