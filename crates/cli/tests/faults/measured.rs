//! The numbers that are promised, on default settings.

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use base64_simd::STANDARD;
use outpost_testkit::{
    connection::{Connection, Incoming},
    proxy::{Fault, Proxy},
};
use serde_json::json;

use crate::{
    client::{Client, chunk},
    meter::{PATIENCE, median, until},
    server::Home,
};

/// What a control call may take when everything else is stuck.
const AT_ONCE: Duration = Duration::from_millis(50);

#[test]
fn j13_fifty_thousand_pipelined_requests_are_answered_and_the_session_resumes() {
    const REQUESTS: usize = 50_000;
    let home = Home::new();
    let mut server = home.server(&[]);
    let mut client = Client::new(&server);
    client.start("cat", &["cat"], &json!({"pipeStdin": true}));
    let first = 1000;
    for id in first..first + REQUESTS {
        let (method, params) = match id % 3 {
            0 => ("fs/getMetadata", r#"{"path":"file:///"}"#),
            1 => ("process/list", "{}"),
            _ => (
                "process/read",
                r#"{"processId":"cat","afterSeq":0,"waitMs":0}"#,
            ),
        };
        let text = format!(r#"{{"id":{id},"method":"{method}","params":{params}}}"#);
        client.connection.send(&text);
    }
    let mut answered = vec![false; REQUESTS];
    for _ in 0..REQUESTS {
        let answer = client.next();
        assert!(answer["result"].is_object(), "{answer}");
        let id = usize::try_from(answer["id"].as_u64().unwrap()).unwrap();
        assert!(!std::mem::replace(&mut answered[id - first], true));
    }
    client.connection.cut();
    let mut back = Client::resumed(&server, client.session());
    back.ask_write("cat", "1", b"still here\n");
    assert_eq!(back.output("cat"), "still here\n");
    assert!(back.terminate("cat"));
    server.stop();
    home.assert_nothing_left();
}

#[test]
fn control_is_answered_at_once_behind_a_poll_a_hung_request_and_a_full_input() {
    const ROUNDS: usize = 15;
    let home = Home::alone();
    let mut server = home.server(&[]);
    let mut client = Client::new(&server);
    // It takes connections and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let megabyte = vec![b'x'; 1 << 20];
    let mut times = Vec::new();
    for round in 0..ROUNDS {
        let id = format!("p{round}");
        client.start(&id, &["sleep", "600"], &json!({"pipeStdin": true}));
        let poll = client.ask("process/read", &json!({"processId": id, "waitMs": 60_000}));
        let hung = json!({"method": "GET", "url": url, "requestId": id});
        client.ask("http/request", &hung);
        let writes: Vec<_> = (0..4)
            .map(|number: i32| client.ask_write(&id, &number.to_string(), &megabyte))
            .collect();
        // The first fits; the server has read them all when it answers what was asked last.
        assert_eq!(client.answer(writes[0]).unwrap()["status"], "accepted");
        client.call("environment/status", &json!({})).unwrap();
        let asked = Instant::now();
        assert!(client.terminate(&id));
        times.push(asked.elapsed());
        assert_eq!(client.ending(&id).reason, "terminated");
        assert_eq!(client.answer(poll).unwrap()["exited"], true);
        assert_eq!(client.answer(writes[3]).unwrap()["status"], "stdinClosed");
    }
    assert!(
        times.iter().all(|&time| time < Duration::from_secs(2)),
        "{times:?}"
    );
    let middle = median(times);
    assert!(middle < AT_ONCE, "{middle:?}");
    server.stop();
    home.assert_nothing_left();
}

#[test]
fn three_hundred_pipelined_writes_arrive_in_order() {
    let home = Home::new();
    let mut server = home.server(&[]);
    let mut client = Client::new(&server);
    client.ask_start("cat", &["cat"], &json!({"pipeStdin": true}));
    let mut expected = String::new();
    for number in 0..300 {
        let line = format!("line {number}\n");
        client.ask_write("cat", &number.to_string(), line.as_bytes());
        expected.push_str(&line);
    }
    client.ask("process/closeStdin", &json!({"processId": "cat"}));
    let ending = client.ending("cat");
    assert_eq!(String::from_utf8(ending.stdout.clone()).unwrap(), expected);
    ending.assert_in_order();
    server.stop();
}

#[test]
fn a_hundred_pipelined_reads_see_the_write_before_them() {
    let home = Home::new();
    let mut server = home.server(&[]);
    let mut client = Client::new(&server);
    let path = home.uri("file");
    let mut reads = Vec::new();
    for number in 0..100 {
        let data = STANDARD.encode_to_string(format!("version {number}"));
        client.ask("fs/writeFile", &json!({"path": path, "dataBase64": data}));
        reads.push((client.ask("fs/readFile", &json!({"path": path})), data));
    }
    for (id, data) in reads {
        assert_eq!(client.answer(id), Ok(json!({"dataBase64": data})));
    }
    server.stop();
}

#[test]
fn p02_a_thousand_echoes_never_exit_before_their_output() {
    /// Started ahead of the one whose end is waited for.
    const AHEAD: usize = 8;
    let home = Home::new();
    let mut server = home.server(&[]);
    let mut client = Client::new(&server);
    for number in 0..1000 + AHEAD {
        if number < 1000 {
            let started = client.ask_start(&number.to_string(), &["/bin/echo", "hi"], &json!({}));
            assert!(started > 0);
        }
        let Some(ended) = number.checked_sub(AHEAD) else {
            continue;
        };
        let ending = client.ending(&ended.to_string());
        assert_eq!(ending.seqs, [1, 2, 3], "output, exit, close, each once");
        assert_eq!((&ending.stdout[..], ending.code), (&b"hi\n"[..], 0));
    }
    server.stop();
    home.assert_nothing_left();
}

#[test]
fn w23_a_cable_that_is_pulled_for_ten_seconds_costs_nothing() {
    let home = Home::new();
    let mut server = home.server(&[]);
    let proxy = Proxy::start(server.address);
    let mut client = Client::at(proxy.address(), Some(server.marker()));
    client.start("cat", &["cat"], &json!({"pipeStdin": true}));
    client.ask_write("cat", "1", b"before ");
    assert_eq!(client.output("cat"), "before ");
    let session = client.session().to_owned();
    let pulled = Instant::now();
    proxy.set_for(Fault::Blackhole, Duration::from_secs(10));
    // It gets lost on the way, and the process goes on without it.
    client.ask_write("cat", "2", b"lost ");
    until("the cable is back", || {
        Connection::over_websocket(proxy.address(), &[]).is_ok()
    });
    assert!(pulled.elapsed() >= Duration::from_secs(10));
    assert_eq!(client.connection.receive(PATIENCE), Some(Incoming::End));
    let mut back = Client::silent(proxy.address());
    back.open(Some(&session)).expect("the session is kept");
    // What got no answer is asked again by its id.
    back.ask_write("cat", "2", b"lost ");
    back.ask_write("cat", "1", b"before ");
    back.ask("process/closeStdin", &json!({"processId": "cat"}));
    back.until(|message| message["method"] == "process/closed");
    let page = back.call("process/read", &json!({"processId": "cat", "afterSeq": 0}));
    let page = page.unwrap();
    let chunks = page["chunks"].as_array().unwrap();
    let bytes: Vec<u8> = chunks.iter().flat_map(chunk).collect();
    assert_eq!(String::from_utf8(bytes).unwrap(), "before lost ");
    assert_eq!(
        (&page["closed"], &page["exitCode"]),
        (&json!(true), &json!(0))
    );
    server.stop();
    home.assert_nothing_left();
}
