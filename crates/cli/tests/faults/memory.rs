//! Memory that stays bounded, and nothing that piles up.

use std::time::Duration;

use base64_simd::STANDARD;
use outpost_testkit::frame::{Opcode, encode};
use serde_json::json;

use crate::{
    client::Client,
    meter::{PATIENCE, until},
    server::{Home, Server},
};

/// What a server may have at most, in KiB.
const AT_MOST: usize = 100 << 10;

/// What "bounded" means where there is no number: KiB more than before.
const BOUNDED: usize = 96 << 10;

/// How many large requests are sent, and what is in each: 3 MiB, which base64 makes 4 MiB.
const LARGE: usize = 1000;
const PAYLOAD: usize = 3 << 20;

/// A frame with a request whose id does not matter.
fn frame(method: &str, params: &str) -> Vec<u8> {
    let text = format!(r#"{{"id":0,"method":"{method}","params":{params}}}"#);
    encode(Opcode::Text, true, text.as_bytes(), Some([1, 2, 3, 4]))
}

/// Sends the frame `LARGE` times without waiting, then counts the answers that say `status`.
fn flood(client: &mut Client, frame: &[u8], fits: impl Fn(&serde_json::Value) -> bool) -> usize {
    for _ in 0..LARGE {
        assert!(client.connection.send_raw(frame), "it reads on");
    }
    let answers = (0..LARGE).map(|_| client.until(|message| message["id"] == 0));
    answers.filter(fits).count()
}

#[test]
fn a_thousand_pipelined_requests_of_four_mebibytes_stay_below_a_hundred() {
    let home = Home::new();
    let mut server = home.server(&[]);
    let mut client = Client::new(&server);
    let mut params = format!(r#"{{"path":"{}","dataBase64":""#, home.uri("file"));
    params.push_str(&STANDARD.encode_to_string(vec![b'x'; PAYLOAD]));
    params.push_str("\"}");
    let written = flood(&mut client, &frame("fs/writeFile", &params), |answer| {
        answer["result"].is_object()
    });
    assert_eq!(written, LARGE);
    assert_eq!(
        home.path().join("file").metadata().unwrap().len(),
        PAYLOAD as u64
    );
    let peak = server.meter().peak();
    assert!(peak < AT_MOST, "{peak} KiB");
    server.stop();
}

#[test]
fn p16_a_thousand_writes_that_nobody_reads_stay_below_a_hundred() {
    let home = Home::new();
    let mut server = home.server(&[]);
    let mut client = Client::new(&server);
    let go = home.fifo("go");
    let script = format!("read line <{}", go.display());
    client.start("deaf", &["sh", "-c", &script], &json!({"pipeStdin": true}));
    let mut params = String::from(r#"{"processId":"deaf","chunk":""#);
    params.push_str(&STANDARD.encode_to_string(vec![b'x'; PAYLOAD]));
    params.push_str("\"}");
    let frame = frame("process/write", &params);
    // So many have room somewhere on the way; then nothing moves until the process ends.
    for _ in 0..8 {
        assert!(client.connection.send_raw(&frame));
    }
    std::fs::write(go, "go\n").unwrap();
    let refused = flood(&mut client, &frame, |answer| {
        answer["result"]["status"] == "stdinClosed"
    });
    assert!(refused >= LARGE - 8, "{refused}");
    let peak = server.meter().peak();
    assert!(peak < AT_MOST, "{peak} KiB");
    server.stop();
}

#[test]
fn p30_a_client_that_stops_reading_stops_the_process_and_nobody_else() {
    let home = Home::new();
    let mut server = home.server(&[]);
    let mut neighbour = Client::new(&server);
    neighbour.assert_serves(PATIENCE);
    let before = server.meter().resident();
    let mut deaf = Client::new(&server);
    deaf.sh("flood", "head -c 400000000 /dev/zero; echo done >&2");
    let head = || {
        let all = server.meter().descendants();
        all.into_iter()
            .find(|one| one.command().starts_with("head"))
    };
    until("the flood has begun", || head().is_some());
    // It stands still once everything on the way is full, and stays so.
    let (mut written, mut still) = (0, 0);
    until("the flood is held back", || {
        let now = head().expect("it cannot come to its end").written();
        still = if now == written { still + 1 } else { 0 };
        written = now;
        neighbour.assert_serves(Duration::from_secs(1));
        written > 0 && still == 20
    });
    // The client itself holds a thousand chunks of 64 KiB.
    assert!(written < 96 << 20, "{written} bytes for nobody");
    let more = server.meter().peak().saturating_sub(before);
    assert!(more < BOUNDED, "{more} KiB");
    assert!(deaf.terminate("flood"));
    deaf.ending("flood").assert_in_order();
    server.stop();
    home.assert_nothing_left();
}

/// The descriptors, children and memory of a server and its keeper.
#[derive(Debug, Clone, Copy)]
struct Holdings {
    descriptors: [usize; 2],
    children: [usize; 2],
    resident: [usize; 2],
}

impl Holdings {
    fn of(server: &Server) -> Self {
        let both = [server.meter(), server.keeper()];
        Self {
            descriptors: both.map(|meter| meter.descriptors()),
            children: both.map(|meter| meter.children().len()),
            resident: both.map(|meter| meter.resident()),
        }
    }

    /// Waits until the server has let go of what it had in between, and looks at its memory. It
    /// may have less than before: the last of what had just ended then.
    fn assert_again(self, server: &Server, kib: usize) {
        let mut now = Self::of(server);
        until("descriptors and children are no more than before", || {
            now = Self::of(server);
            let pairs = now.descriptors.iter().zip(&self.descriptors);
            pairs
                .chain(now.children.iter().zip(&self.children))
                .all(|(now, before)| now <= before)
        });
        for (before, now) in self.resident.into_iter().zip(now.resident) {
            assert!(now < before + kib, "{before} KiB became {now}");
        }
    }
}

#[test]
fn p15_three_hundred_in_a_row_leave_no_trace() {
    for home in Home::of_both_kinds() {
        let mut server = home.server(&[]);
        let mut client = Client::new(&server);
        let mut run = |count: usize| {
            for number in 0..count {
                client.sh("same", &format!("echo {number}"));
                assert_eq!(
                    client.ending("same").stdout,
                    format!("{number}\n").into_bytes()
                );
            }
        };
        run(100);
        let before = Holdings::of(&server);
        run(300);
        // What is kept of a process for its readers is a few KiB, and goes with its id.
        before.assert_again(&server, 4 << 10);
        server.stop();
        home.assert_nothing_left();
    }
}

#[test]
fn p15_two_hundred_at_once_leave_no_trace() {
    for home in Home::of_both_kinds() {
        let mut server = home.server(&[]);
        let mut client = Client::new(&server);
        let mut run = || {
            let ids: Vec<String> = (0..200).map(|number| number.to_string()).collect();
            for id in &ids {
                client.ask_start(id, &["cat"], &json!({"pipeStdin": true}));
            }
            for id in &ids {
                client.ask_write(id, "1", id.as_bytes());
                client.ask("process/closeStdin", &json!({"processId": id}));
            }
            for id in &ids {
                assert_eq!(client.ending(id).stdout, id.as_bytes());
            }
        };
        run();
        let before = Holdings::of(&server);
        run();
        run();
        before.assert_again(&server, 8 << 10);
        server.stop();
        home.assert_nothing_left();
    }
}

#[test]
fn p19_a_command_that_runs_out_of_memory_dies_alone() {
    let home = Home::new();
    let mut server = home.server(&[]);
    let mut client = Client::new(&server);
    client.assert_serves(PATIENCE);
    // A limit of its own, so that the machine is not what runs out.
    let script = "ulimit -v 200000; x=x; while :; do x=$x$x; done";
    client.sh("greedy", script);
    let ending = client.ending("greedy");
    assert_ne!(ending.code, 0);
    assert!(!ending.stderr.is_empty() || ending.code > 128, "{ending:?}");
    client.assert_serves(Duration::from_secs(1));
    server.stop();
}
