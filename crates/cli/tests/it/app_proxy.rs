//! `outpost app-server proxy`: what it carries, and how it ends.

use std::{
    io::{BufRead, BufReader, Read, Write},
    path::PathBuf,
    process::{ChildStdin, ChildStdout, Stdio},
    thread,
    time::Instant,
};

use outpost_testkit::{
    frame::{Message, Opcode, Reader, encode},
    program::Program,
};
use rustix::process::Signal;

use crate::support::{Home, PATIENCE};

const HELLO: &str =
    r#"{"id":0,"method":"initialize","params":{"clientInfo":{"name":"t","version":"1"}}}"#;

/// A server on the socket of a home.
struct Server {
    home: Home,
    program: Program,
}

impl Server {
    fn start() -> Self {
        let home = Home::new();
        let program = Program::start(
            home.outpost(&["app-server", "--listen", "unix://"])
                .stderr(Stdio::inherit()),
        );
        let server = Self { home, program };
        let (socket, until) = (server.socket(), Instant::now() + PATIENCE);
        while !socket.exists() {
            assert!(Instant::now() < until, "no socket");
            thread::yield_now();
        }
        server
    }

    fn socket(&self) -> PathBuf {
        let folder = self.home.path().join("app-server-control");
        folder.join("app-server-control.sock")
    }

    fn proxy(&self, flags: &[&str]) -> Proxy {
        let arguments = [&["app-server", "proxy"], flags].concat();
        let mut command = self.home.outpost(&arguments);
        let mut program = Program::start(command.stdin(Stdio::piped()));
        let stdin = program.take_stdin().expect("a pipe");
        let stdout = BufReader::new(program.take_stdout().expect("a pipe"));
        Proxy {
            program,
            stdin: Some(stdin),
            stdout,
        }
    }
}

/// A running proxy and both ends of it.
struct Proxy {
    program: Program,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

impl Proxy {
    fn say(&mut self, line: &str) {
        writeln!(self.stdin.as_mut().expect("it is open"), "{line}").expect("it is read");
    }

    /// The next line that has `part` in it.
    fn line_with(&mut self, part: &str) -> String {
        loop {
            let mut line = String::new();
            let read = self.stdout.read_line(&mut line).expect("text");
            assert!(read > 0, "the end before {part}");
            if line.contains(part) {
                return line;
            }
        }
    }

    /// Waits for the end; the status and what stands on stderr.
    fn end(&mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        let mut stderr = self.program.take_stderr().expect("a pipe");
        stderr.read_to_string(&mut said).expect("text");
        let status = self.program.wait(PATIENCE).and_then(|status| status.code());
        (status, said)
    }
}

fn exec(id: usize, script: &str, more: &str) -> String {
    format!(
        r#"{{"id":{id},"method":"command/exec","params":{{"command":["sh","-c","{script}"],"sandboxPolicy":{{"type":"dangerFullAccess"}}{more}}}}}"#
    )
}

#[test]
fn without_a_server_it_says_what_to_do() {
    let home = Home::new();
    let other = home.file("other.sock");
    for (flags, path) in [
        (&["app-server", "proxy"][..], "app-server-control.sock"),
        (&["app-server", "proxy", "--sock", &other], "other.sock"),
    ] {
        let finished = home.run(flags);
        assert_eq!((finished.status, finished.stdout()), (Some(1), ""));
        let said = finished.stderr;
        let begin = "Error: failed to connect to socket at /";
        assert!(said.starts_with(begin) && said.contains(path), "{said}");
        let what = "No such file or directory (os error 2); `outpost app-server --listen unix://`";
        assert!(said.contains(what), "{said}");
    }
}

#[test]
fn lines_are_carried_and_all_of_them_are_answered() {
    const REQUESTS: usize = 5000;
    let server = Server::start();
    let socket = server.socket();
    // A relative path is one from its own folder.
    let socket = socket.strip_prefix(server.home.path()).unwrap();
    let mut proxy = server.proxy(&["--sock", socket.to_str().unwrap(), "-c", "a=1"]);
    proxy.say(HELLO);
    proxy.line_with(r#""userAgent":"t/0.169.0 ("#);
    let mut stdin = proxy.stdin.take().expect("it is open");
    let writer = thread::spawn(move || {
        for id in 1..=REQUESTS {
            let params = r#"{"path":"/"}"#;
            writeln!(
                stdin,
                r#"{{"id":{id},"method":"fs/getMetadata","params":{params}}}"#
            )
            .expect("it is read");
        }
        stdin
    });
    let mut answered = vec![false; REQUESTS + 1];
    for _ in 0..REQUESTS {
        let line = proxy.line_with(r#""result""#);
        let id: String = line[r#"{"id":"#.len()..]
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        assert!(!std::mem::replace(
            &mut answered[id.parse::<usize>().unwrap()],
            true
        ));
    }
    drop(writer.join().expect("it does not panic"));
    assert_eq!(proxy.end(), (Some(0), String::new()));
}

#[test]
fn a_client_that_reads_nothing_holds_back_the_command() {
    const BYTES: usize = 128 << 20;
    let server = Server::start();
    let done = server.home.path().join("done");
    let mut proxy = server.proxy(&[]);
    proxy.say(HELLO);
    proxy.line_with("userAgent");
    let script = format!("head -c {BYTES} /dev/zero; : > done");
    proxy.say(&exec(
        1,
        &script,
        r#","processId":"p","streamStdoutStderr":true,"disableOutputCap":true"#,
    ));
    let mut bytes = 0;
    loop {
        let mut line = String::new();
        assert!(proxy.stdout.read_line(&mut line).expect("text") > 0);
        if let Some((_, rest)) = line.split_once(r#""deltaBase64":""#) {
            // What is on its way fits in queues that are far smaller than the rest.
            assert!(bytes > 0 || !done.exists());
            let text = rest.split_once('"').expect("a string ends").0;
            bytes += text.trim_end_matches('=').len() * 3 / 4;
        } else if line.starts_with(r#"{"id":1,"#) {
            assert!(line.contains(r#""exitCode":0"#), "{line}");
            break;
        }
    }
    assert_eq!((done.exists(), bytes), (true, BYTES));
    drop(proxy.stdin.take());
    assert_eq!(proxy.end(), (Some(0), String::new()));
}

#[test]
fn websocket_bytes_pass_unchanged() {
    let server = Server::start();
    let mut proxy = server.proxy(&[]);
    let upgrade = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
                   Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n";
    let stdin = proxy.stdin.as_mut().unwrap();
    stdin.write_all(upgrade.as_bytes()).unwrap();
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(proxy.stdout.read_line(&mut head).unwrap() > 0, "{head}");
    }
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    let stdin = proxy.stdin.as_mut().unwrap();
    let hello = encode(Opcode::Text, true, HELLO.as_bytes(), Some([1, 2, 3, 4]));
    stdin.write_all(&hello).unwrap();
    let mut frames = Reader::default();
    let answer = loop {
        if let Some(Message::Text(text)) = frames.message() {
            break text;
        }
        let mut piece = [0; 4096];
        let read = proxy.stdout.read(&mut piece).unwrap();
        assert!(read > 0, "the end before the answer");
        frames.push(&piece[..read]);
    };
    assert!(answer.contains(r#""userAgent":"t/0.169.0 ("#), "{answer}");
    drop(proxy.stdin.take());
    assert_eq!(proxy.end(), (Some(0), String::new()));
}

#[test]
fn it_ends_with_the_server() {
    for (signal, status, words) in [
        (Signal::TERM, 0, "the server has ended: "),
        (Signal::KILL, 1, "Error: "),
    ] {
        let mut server = Server::start();
        let mut proxy = server.proxy(&[]);
        proxy.say(HELLO);
        proxy.line_with("userAgent");
        server.program.signal(signal);
        let (ended, said) = proxy.end();
        assert_eq!(ended, Some(status), "{said}");
        assert!(said.contains(words), "{said}");
        assert!(server.program.wait(PATIENCE).is_some());
    }
}

#[test]
fn a_client_that_says_nothing_ends_it_too() {
    let server = Server::start();
    let mut proxy = server.proxy(&[]);
    drop(proxy.stdin.take());
    assert_eq!(proxy.end(), (Some(0), String::new()));
}
