//! The ends of clients, servers and keepers, and what becomes of everybody else.

use std::time::Duration;

use rustix::process::{Signal, kill_process};
use serde_json::json;

use crate::{
    client::Client,
    meter::{PATIENCE, until},
    server::Home,
};

#[test]
fn p08_a_client_that_vanishes_is_waited_for_and_then_its_processes_end() {
    let home = Home::new();
    let mut server = home.server(&["--session-ttl", "1500ms"]);
    let mut client = Client::new(&server);
    client.start("cat", &["cat"], &json!({"pipeStdin": true}));
    let session = client.session().to_owned();
    client.connection.cut();
    let mut back = Client::resumed(&server, &session);
    back.ask_write("cat", "1", b"here\n");
    assert_eq!(back.output("cat"), "here\n");
    back.connection.cut();
    until("the process has ended", || {
        let living = home.marker().living();
        living.iter().all(|one| one.command.contains("outpost"))
    });
    let mut late = Client::silent(server.address);
    let words = format!("unknown session id {session}");
    assert_eq!(late.open(Some(&session)), Err((-32600, words)));
    late.open(None)
        .expect("the connection can go on with a new one");
    server.stop();
    home.assert_nothing_left();
}

/// A signal that asks for the end: two clients with processes are told, all ends, cleanly.
fn says_goodbye(signal: Signal) {
    let home = Home::new();
    let mut server = home.server(&[]);
    let mut busy = Client::new(&server);
    busy.sh("stubborn", "trap '' TERM HUP INT; echo up; sleep 600; wait");
    assert_eq!(busy.output("stubborn"), "up\n");
    busy.ask(
        "process/read",
        &json!({"processId": "stubborn", "afterSeq": 9, "waitMs": 60_000}),
    );
    let mut idle = Client::new(&server);
    server.program.signal(signal);
    for client in [&mut busy, &mut idle] {
        let (code, reason) = client.farewell().expect("a close frame");
        assert_eq!((code, reason.as_str()), (1001, "the server is stopping"));
    }
    server.assert_ends(0);
    home.assert_nothing_left();
}

#[test]
fn p09_sigterm_says_goodbye_and_ends_within_five_seconds() {
    says_goodbye(Signal::TERM);
}

#[test]
fn p09_sigint_says_goodbye_and_ends_within_five_seconds() {
    says_goodbye(Signal::INT);
}

#[test]
fn p09_sighup_says_goodbye_and_ends_within_five_seconds() {
    says_goodbye(Signal::HUP);
}

#[test]
fn p11_a_server_that_is_stopped_and_continued_has_lost_nothing() {
    let home = Home::new();
    let mut server = home.server(&[]);
    let mut client = Client::new(&server);
    let done = home.path().join("done");
    let script = format!(
        "i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done; >{}",
        done.display()
    );
    let go = home.fifo("go");
    client.sh("lines", &format!("read _ <{}; {script}", go.display()));
    server.program.signal(Signal::STOP);
    until("it is stopped", || server.meter().state() == Some('T'));
    std::fs::write(go, "go\n").unwrap();
    until("the command is done meanwhile", || done.exists());
    let asked = client.ask("environment/status", &json!({}));
    server.program.signal(Signal::CONT);
    client.answer(asked).expect("it goes on");
    let ending = client.ending("lines");
    ending.assert_in_order();
    let expected: String = (0..2000).map(|number| format!("line {number}\n")).collect();
    assert!(ending.stdout == expected.as_bytes());
    assert_eq!((ending.code, &*ending.reason), (0, "exited"));
    server.stop();
}

#[test]
fn p10_a_keeper_that_is_killed_is_told_and_the_next_command_has_another() {
    for home in Home::of_both_kinds() {
        let mut server = home.server(&[]);
        let mut client = Client::new(&server);
        for _ in 0..3 {
            let script = "(setsid sh -c 'echo up; sleep 600' &); sleep 600; wait";
            client.sh("tree", script);
            assert_eq!(client.output("tree"), "up\n");
            let keeper = server.keeper();
            kill_process(keeper.0, Signal::KILL).expect("it lives");
            let ending = client.ending("tree");
            assert_eq!((ending.code, &*ending.reason), (137, "keeperLost"));
            until("the tree is gone", || {
                let living = home.marker().living();
                living.iter().all(|one| one.command.contains("outpost"))
            });
            client.assert_serves(PATIENCE);
            assert_ne!(server.keeper(), keeper);
        }
        server.stop();
        home.assert_nothing_left();
    }
}

#[test]
fn p27_a_terminate_after_the_end_reaches_nobody_else() {
    let home = Home::new();
    let mut server = home.server(&[]);
    let mut client = Client::new(&server);
    client.start("other", &["cat"], &json!({"pipeStdin": true}));
    for number in 0..50 {
        let id = number.to_string();
        client.start(&id, &["true"], &json!({}));
        assert_eq!(client.ending(&id).code, 0);
        assert!(!client.terminate(&id), "it has ended");
        for signal in ["interrupt", "kill"] {
            let params = json!({"processId": id, "signal": signal});
            assert_eq!(client.call("process/signal", &params), Ok(json!({})));
        }
    }
    client.ask_write("other", "1", b"alive\n");
    assert_eq!(client.output("other"), "alive\n");
    client.assert_serves(Duration::from_secs(5));
    server.stop();
    home.assert_nothing_left();
}
