//! `outpost run`: what signals do to it and to its command.

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use outpost_testkit::proxy::{Fault, Proxy};
use rustix::process::Signal;

use crate::support::{Home, PATIENCE, Running};

/// Says on the pipe `ready` when it can take `signal`, and ends with its own status then.
fn trap(signal: &str, status: i32) -> String {
    format!(
        "trap 'echo caught; exit {status}' {signal}; sleep 600 >/dev/null 2>&1 & echo >ready; wait"
    )
}

fn passed_on(signal: Signal, name: &str) {
    let home = Home::new();
    let ready = home.fifo("ready");
    let script = trap(name, 9);
    let running = Running::start(&mut home.outpost(&["run", "--", "sh", "-c", &script]));
    ready.hear();
    running.signal(signal);
    running.finish().assert(9, "caught\n", "");
    home.assert_nothing_left();
}

#[test]
fn an_interrupt_reaches_the_command() {
    passed_on(Signal::INT, "INT");
}

#[test]
fn a_request_to_end_reaches_the_command() {
    passed_on(Signal::TERM, "TERM");
}

#[test]
fn a_hangup_reaches_the_command() {
    passed_on(Signal::HUP, "HUP");
}

#[test]
fn a_quit_reaches_the_command() {
    passed_on(Signal::QUIT, "QUIT");
}

#[test]
fn the_status_is_that_of_the_command_that_did_not_catch_it() {
    let home = Home::new();
    let ready = home.fifo("ready");
    let script = "echo >ready; exec sleep 600";
    let running = Running::start(&mut home.outpost(&["run", "--", "sh", "-c", script]));
    ready.hear();
    running.signal(Signal::INT);
    running.finish().assert(130, "", "");
    home.assert_nothing_left();
}

#[test]
fn p06_the_second_ctrl_c_within_a_second_ends_the_whole_tree() {
    let home = Home::new();
    let (ready, caught) = (home.fifo("ready"), home.fifo("caught"));
    let script = "trap 'echo >caught' INT; setsid sleep 600 & echo >ready; \
                  while :; do wait; done";
    let running = Running::start(&mut home.outpost(&["run", "--", "sh", "-c", script]));
    ready.hear();
    running.signal(Signal::INT);
    caught.hear();
    running.signal(Signal::INT);
    running.finish().assert(137, "", "");
    home.assert_nothing_left();
}

#[test]
fn nobody_has_to_wait_for_a_server_that_is_silent() {
    let home = Home::new();
    let server = home.server(&[]);
    let proxy = Proxy::start(server.address());
    let url = format!("ws://{}", proxy.address());
    let ready = home.fifo("ready");
    let script = "echo >ready; exec sleep 600";
    let arguments = ["run", "--on", &url, "--", "sh", "-c", script];
    let mut running = Running::start(&mut home.outpost(&arguments));
    ready.hear();
    proxy.set(Fault::Blackhole);
    // Signals that come too fast become one, so it is asked until it has gone.
    let deadline = Instant::now() + PATIENCE;
    while running.program.wait(Duration::from_millis(50)).is_none() {
        running.signal(Signal::INT);
        assert!(Instant::now() < deadline, "it waits");
    }
    let finished = running.finish();
    assert_eq!(finished.status, Some(130), "{finished:?}");
    assert!(
        finished.stderr.contains("the server does not answer"),
        "{finished:?}"
    );
    server.stop();
    home.assert_nothing_left();
}

#[test]
fn what_was_ignored_at_the_start_stays_ignored() {
    let home = Home::new();
    let (ready, go) = (home.fifo("ready"), home.fifo("go"));
    let program = env!("CARGO_BIN_EXE_outpost");
    let line = format!("trap '' HUP; exec '{program}' run -- sh -c 'echo >ready; read _ <go'");
    let mut command = home.outpost(&[]);
    let mut shell = outpost_testkit::program::command("/bin/sh");
    shell
        .args(["-c", &line])
        .current_dir(home.path())
        .stderr(Stdio::piped());
    for (name, value) in command.stdout(Stdio::null()).get_envs() {
        shell.env(name, value.expect("nothing is taken away"));
    }
    let mut running = Running::start(&mut shell);
    ready.hear();
    running.signal(Signal::HUP);
    go.say();
    assert_eq!(
        running
            .program
            .wait(PATIENCE)
            .and_then(|status| status.code()),
        Some(0)
    );
    assert_eq!(running.finish().stderr, "");
    home.assert_nothing_left();
}

#[test]
fn p10_a_killed_run_leaves_no_command_behind() {
    let home = Home::new();
    let ready = home.fifo("ready");
    let script = "setsid sleep 600 & echo >ready; wait";
    let running = Running::start(&mut home.outpost(&["run", "--", "sh", "-c", script]));
    ready.hear();
    running.signal(Signal::KILL);
    assert_eq!(running.finish().status, None);
    home.assert_nothing_left();
}
