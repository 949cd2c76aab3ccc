//! A machine that runs short of something, and a server with nothing to do.

use std::{
    io::{BufRead, BufReader},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use outpost_testkit::program::Program;
use rustix::process::{Resource, Rlimit, getrlimit, prlimit};
use serde_json::{Value, json};

use crate::{
    client::Client,
    meter::{Meter, PATIENCE, median, until},
    server::Home,
    sockets::upgraded,
};

/// Sets the soft limit of another process; returns what it was.
fn limit(process: Meter, resource: Resource, current: u64) -> Rlimit {
    let maximum = getrlimit(resource).maximum;
    let new = Rlimit {
        current: Some(current),
        maximum,
    };
    prlimit(Some(process.0), resource, new).expect("a child of ours")
}

#[test]
fn r01_without_descriptors_the_server_waits_and_recovers() {
    let home = Home::new();
    let mut server = home.server(&[]);
    let mut steady = Client::new(&server);
    steady.assert_serves(PATIENCE);
    steady.start("cat", &["cat"], &json!({"pipeStdin": true}));
    let room = u64::try_from(server.meter().descriptors()).expect("a small number") + 8;
    let before = limit(server.meter(), Resource::Nofile, room);
    let crowd: Vec<TcpStream> = (0..40)
        .map(|_| TcpStream::connect(server.address).expect("the queue of the socket has room"))
        .collect();
    until("no descriptor is left", || {
        u64::try_from(server.meter().descriptors()).expect("a small number") >= room
    });
    let ticks = server.meter().ticks();
    let asked = steady.ask_start("p", &["true"], &json!({}));
    let (code, words) = steady.answer(asked).expect_err("it needs descriptors");
    assert_eq!(code, -32603, "{words}");
    assert!(
        steady
            .connection
            .receive(Duration::from_millis(500))
            .is_none()
    );
    let used = server.meter().ticks() - ticks;
    assert!(
        used < 15,
        "{used} ticks of 10 ms in half a second: it spins"
    );
    drop(crowd);
    let mut late = Client::new(&server);
    late.assert_serves(PATIENCE);
    steady.assert_serves(PATIENCE);
    steady.ask_write("cat", "1", b"untouched\n");
    assert_eq!(steady.output("cat"), "untouched\n");
    prlimit(Some(server.meter().0), Resource::Nofile, before).expect("a child of ours");
    server.stop();
    home.assert_nothing_left();
}

#[test]
fn r02_at_the_limit_of_processes_a_start_fails_and_the_server_recovers() {
    /// A user nobody else is, so that nobody else counts.
    const USER: u32 = 61_234;
    let Some(home) = Home::new().of_user(USER) else {
        return;
    };
    // Threads count. Some commands with their guards fit beside the server's own.
    let outpost = home.outpost(&["exec-server"]);
    let mut command = outpost_testkit::program::command("/usr/bin/prlimit");
    command
        .args(["--nproc=20:20", "--"])
        .arg(outpost.get_program())
        .args(outpost.get_args())
        .current_dir(home.path())
        .stdout(std::process::Stdio::piped());
    let mut server = home.start(&mut command);
    let mut client = Client::new(&server);
    client.assert_serves(PATIENCE);
    let mut running = Vec::new();
    let (code, words) = loop {
        let id = running.len().to_string();
        let asked = client.ask_start(&id, &["sleep", "600"], &json!({}));
        match client.answer(asked) {
            Ok(_) => running.push(id),
            Err(refusal) => break refusal,
        }
        assert!(running.len() < 20, "there is no limit");
    };
    assert!(!running.is_empty());
    assert_eq!(code, -32603, "{words}");
    assert!(words.contains("os error 11"), "{words}");
    // A thread for a file cannot be had either: answered all the same.
    let asked = Instant::now();
    client
        .call("fs/getMetadata", &json!({"path": "file:///"}))
        .ok();
    client
        .call("environment/status", &Value::Null)
        .expect("it serves");
    assert!(asked.elapsed() < PATIENCE);
    for id in &running {
        assert!(client.terminate(id));
        client.ending(id);
    }
    client.assert_serves(PATIENCE);
    client
        .call("fs/getMetadata", &json!({"path": "file:///"}))
        .expect("it recovers");
    server.stop();
    home.assert_nothing_left();
}

#[test]
fn r03_a_server_whose_output_is_closed_keeps_working() {
    let home = Home::new();
    let mut command = home.outpost(&["exec-server", "--log", "trace"]);
    let mut program = Program::start(command.stderr(std::process::Stdio::piped()));
    let mut line = String::new();
    let mut stdout = BufReader::new(program.take_stdout().expect("stdout is a pipe"));
    stdout.read_line(&mut line).expect("the address");
    drop((stdout, program.take_stderr()));
    let address: SocketAddr = line
        .trim()
        .strip_prefix("ws://")
        .expect("a URL")
        .parse()
        .expect("an address");
    let mut client = Client::at(address, Some(home.marker()));
    client.assert_serves(PATIENCE);
    program.signal(rustix::process::Signal::TERM);
    let status = program.wait(Duration::from_secs(5)).expect("it ends");
    assert_eq!(status.code(), Some(0));
    home.assert_nothing_left();
}

#[test]
fn r04_a_server_whose_directory_is_deleted_keeps_working() {
    let home = Home::new();
    let directory = home.path().join("directory");
    std::fs::create_dir(&directory).expect("the test's own folder");
    let mut server = home.start(home.outpost(&["exec-server"]).current_dir(&directory));
    std::fs::remove_dir(&directory).expect("it is empty");
    let mut client = Client::new(&server);
    client.assert_serves(PATIENCE);
    client
        .call("environment/info", &Value::Null)
        .expect("it serves");
    let path = home.uri("file");
    let write = json!({"path": path, "dataBase64": "aGk="});
    client.call("fs/writeFile", &write).expect("it writes");
    server.stop();
    home.assert_nothing_left();
}

#[test]
fn r06_an_idle_server_uses_no_processor_time() {
    let home = Home::new();
    let mut server = home.server(&[]);
    let mut client = Client::new(&server);
    client.assert_serves(PATIENCE);
    client.start("cat", &["cat"], &json!({"pipeStdin": true}));
    client.ask(
        "process/read",
        &json!({"processId": "cat", "waitMs": 60_000}),
    );
    client
        .call("environment/status", &Value::Null)
        .expect("it serves");
    let all = || [vec![server.meter()], server.meter().descendants()].concat();
    let used = || all().iter().map(|process| process.ticks()).sum::<u64>();
    let before = used();
    assert_eq!(client.connection.receive(Duration::from_secs(1)), None);
    let ticks = used() - before;
    assert!(ticks <= 1, "{ticks} ticks of 10 ms in a second");
    client.terminate("cat");
    server.stop();
}

#[test]
fn r07_from_start_to_close_takes_less_than_25_ms() {
    let home = Home::alone();
    let mut server = home.server(&[]);
    let mut client = Client::new(&server);
    client.assert_serves(PATIENCE);
    let times = (0..100).map(|number: u32| {
        let (asked, id) = (Instant::now(), number.to_string());
        client.ask_start(&id, &["true"], &json!({}));
        assert_eq!(client.ending(&id).code, 0);
        asked.elapsed()
    });
    let middle = median(times.collect());
    assert!(middle < Duration::from_millis(25), "{middle:?}");
    server.stop();
}

#[test]
fn w02_a_silent_crowd_does_not_hold_up_a_new_client() {
    let home = Home::new();
    let mut server = home.server(&[]);
    let silent: Vec<TcpStream> = (0..100)
        .map(|_| TcpStream::connect(server.address).expect("it listens"))
        .collect();
    let asked = Instant::now();
    drop(upgraded(server.address));
    assert!(
        asked.elapsed() < Duration::from_secs(1),
        "{:?}",
        asked.elapsed()
    );
    drop(silent);
    server.stop();
}

#[test]
fn p19_a_command_is_killed_for_memory_before_the_server() {
    let home = Home::new();
    let mut server = home.server(&[]);
    let mut client = Client::new(&server);
    client.start("cat", &["cat"], &json!({"pipeStdin": true}));
    let command = server.meter().descendants().pop().expect("the command");
    assert_eq!(command.command().trim(), "cat");
    let (own, keeper) = (server.meter().oom_score(), server.keeper().oom_score());
    assert!(keeper < command.oom_score(), "{keeper}");
    assert!(own <= command.oom_score(), "{own}");
    server.stop();
}

#[test]
fn the_server_looks_after_itself_and_leaves_its_commands_as_they_were() {
    let own = |file: &str, process: &str| {
        std::fs::read_to_string(format!("/proc/{process}/{file}")).expect("it lives")
    };
    let home = Home::new();
    let outpost = home.outpost(&["exec-server"]);
    let mut command = outpost_testkit::program::command("/usr/bin/prlimit");
    command
        .args(["--nofile=300:4000", "--"])
        .arg(outpost.get_program())
        .args(outpost.get_args())
        .envs(
            outpost
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .current_dir(home.path())
        .stdout(std::process::Stdio::piped());
    let mut server = home.start(&mut command);
    let process = server.meter().0.as_raw_pid().to_string();
    let limits = own("limits", &process);
    let files = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))
        .expect("the kernel names it");
    let files: Vec<&str> = files.split_whitespace().take(2).collect();
    assert_eq!(files, ["4000", "4000"]);
    let mut client = Client::new(&server);
    let script = "echo $(ulimit -Sn) $(ulimit -Hn) $(cat /proc/self/oom_score_adj)";
    client.sh("p", script);
    let normal = own("oom_score_adj", "self").trim().parse::<i32>();
    let normal = normal.expect("a number");
    let score = own("oom_score_adj", &process);
    // Not everybody may rank lower; then commands rank higher, so that they still go first.
    let command = if score.trim() == "-900" {
        normal
    } else {
        assert_eq!(score.trim(), normal.to_string());
        (normal + 100).min(1000)
    };
    assert_eq!(client.output("p"), format!("300 4000 {command}\n"));
    drop(client);
    server.stop();
    home.assert_nothing_left();
}
