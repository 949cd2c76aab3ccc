//! A11: what is secret is said to whom it belongs and to nobody else.

use std::{
    io::Read,
    process::{Command, Stdio},
    thread::{self, JoinHandle},
};

use base64_simd::STANDARD;
use outpost_testkit::{
    connection::Connection,
    http,
    leaks::VARIABLE,
    program::{Lines, Program},
};
use rustix::process::Signal;
use serde_json::json;

use crate::{
    client::Client,
    meter::{Meter, PATIENCE},
    server::Home,
};

const TOKEN: &str = "tok-5f1d0c7a9b";
const NEAR: &str = "tok-5f1d0c7a9c";
const VALUE: &str = "val-0b77e1c3d4";
const INPUT: &str = "inp-93a6f20e81";
const OUTPUT: &str = "out-c48b15d772";
const FILE: &str = "fil-6ad0937b5e";
const HEADER: &str = "hdr-e25c8f4061";

/// Everything a stream says, read to its end.
fn reader(stream: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let (mut stream, mut bytes) = (stream, Vec::new());
        stream.read_to_end(&mut bytes).expect("a pipe can be read");
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// The command lines of a process and all below it.
fn command_lines(process: Meter) -> String {
    let mut all = vec![process.command()];
    all.extend(process.descendants().into_iter().map(Meter::command));
    all.join("\n")
}

/// Uses everything that a secret can be put into; returns the session's id.
fn use_everything(home: &Home, client: &mut Client, far: &http::Server) -> String {
    let environment =
        json!({"PATH": "/usr/bin:/bin", "GIVEN": VALUE, VARIABLE: home.marker().value()});
    let more = json!({"env": environment, "pipeStdin": true});
    client.start("cat", &["cat"], &more);
    client.ask_write("cat", "1", INPUT.as_bytes());
    assert_eq!(client.output("cat"), INPUT);
    let reversed: String = OUTPUT.chars().rev().collect();
    client.start(
        "rev",
        &["sh", "-c", &format!("echo {reversed} | rev")],
        &more,
    );
    assert_eq!(
        client.ending("rev").stdout,
        format!("{OUTPUT}\n").into_bytes()
    );
    // Refusals repeat what was wrong, and not what was secret.
    for odd in [
        json!({"env": {"BAD=NAME": VALUE}}),
        json!({"env": {"NAME": format!("{VALUE}\0")}}),
        json!({"env": {"NAME": VALUE}, "cwd": "file:///nowhere"}),
    ] {
        let asked = client.ask_start("odd", &["true"], &odd);
        let (_, words) = client.answer(asked).expect_err("it cannot start");
        assert!(!words.contains(VALUE), "{words}");
    }
    let data = STANDARD.encode_to_string(FILE);
    let path = home.uri("file");
    client
        .call("fs/writeFile", &json!({"path": path, "dataBase64": data}))
        .expect("it writes");
    client
        .call("fs/readFile", &json!({"path": path}))
        .expect("it reads");
    let header = json!({"name": "authorization", "value": "Bearer ", "valueEnvVar": "ALLOWED"});
    let url = format!("http://{}/", far.address());
    let request = json!({"method": "GET", "url": url, "requestId": "r", "headers": [header]});
    client
        .call("http/request", &request)
        .expect("it is answered");
    client.session().to_owned()
}

/// Fails when `said` holds a secret, as it is or in base64.
fn assert_silent(what: &str, said: &str, session: &str) {
    for secret in [TOKEN, NEAR, VALUE, INPUT, OUTPUT, FILE, HEADER, session] {
        let encoded = STANDARD.encode_to_string(secret);
        // The end of it depends on what follows.
        let encoded = &encoded[..encoded.len() - 4];
        for form in [secret, encoded] {
            let at = said.find(form);
            let around =
                at.map(|at| &said[at.saturating_sub(200)..(at + form.len()).min(said.len())]);
            assert_eq!(around, None, "{what} tells {form}");
        }
    }
}

fn served(home: &Home) -> (Program, String, JoinHandle<String>) {
    let token = home.write("token", TOKEN);
    let mut command: Command = home.outpost(&["exec-server", "--log", "trace"]);
    command
        .args([
            "--ws-auth",
            "capability-token",
            "--http-env",
            "ALLOWED",
            "--ws-token-file",
        ])
        .arg(token)
        .env("ALLOWED", HEADER)
        .env("SECRET_OF_THE_SERVER", VALUE)
        .stderr(Stdio::piped());
    let mut program = Program::start(&mut command);
    let logs = reader(program.take_stderr().expect("stderr is a pipe"));
    let lines = Lines::of(program.take_stdout().expect("stdout is a pipe"));
    let line = lines.line(PATIENCE).expect("it says where it listens");
    (program, line, logs)
}

#[test]
fn a11_no_secret_is_in_logs_errors_or_command_lines() {
    let home = Home::new();
    let far = http::Server::start(|request, reply| {
        assert!(
            request
                .header("authorization")
                .is_some_and(|value| value.ends_with(HEADER))
        );
        reply.whole(200, &[], "ok")
    });
    let (mut program, url, logs) = served(&home);
    let address = url
        .strip_prefix("ws://")
        .expect("a URL")
        .parse()
        .expect("an address");
    let bearer = |token: &str| [format!("Authorization: Bearer {token}")];
    let refusal = Connection::over_websocket(address, &bearer(NEAR)).expect_err("a wrong token");
    assert_silent("a refusal", &refusal.body, "no session");
    let connection = Connection::over_websocket(address, &bearer(TOKEN)).expect("the token");
    let mut client = Client::over(connection);
    client.open(None).expect("a session");
    let session = use_everything(&home, &mut client, &far);
    // The same by our own client, which logs all it can as well.
    let arguments = [
        "--log",
        "trace",
        "run",
        "--on",
        &url,
        "--token-file",
        "token",
        "-e",
    ];
    let given = format!("GIVEN={VALUE}");
    let mut run = home.outpost(&arguments);
    run.args([&given, "--", "sh", "-c", "cat; echo $GIVEN | tr a-z A-Z"]);
    let mut run = Program::start(run.stdin(Stdio::piped()).stderr(Stdio::piped()));
    let mut stdin = run.take_stdin().expect("stdin is a pipe");
    std::io::Write::write_all(&mut stdin, INPUT.as_bytes()).expect("it reads");
    drop(stdin);
    let (said, told) = (run.take_stdout(), run.take_stderr());
    let (said, told) = (reader(said.expect("a pipe")), reader(told.expect("a pipe")));
    assert_eq!(run.wait(PATIENCE).and_then(|status| status.code()), Some(0));
    assert!(said.join().expect("it reads").starts_with(INPUT));
    let told = told.join().expect("it reads");
    assert!(!told.is_empty(), "it logs");
    assert_silent("the log of a client", &told, &session);
    assert_silent(
        "a command line",
        &command_lines(Meter(program.pid())),
        &session,
    );
    program.signal(Signal::TERM);
    assert!(program.wait(PATIENCE).is_some());
    let logs = logs.join().expect("it reads");
    assert!(
        logs.contains("process/write") && logs.contains("http/request"),
        "{logs}"
    );
    assert_silent("the log", &logs, &session);
    home.assert_nothing_left();
}
