//! The listener of the app server: what it prints, what HTTP finds there, what frames it takes.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    os::unix::{fs::PermissionsExt, net::UnixStream},
    time::Duration,
};

use outpost_testkit::{connection::Connection, program::Program};
use rustix::process::Signal;
use serde_json::json;

use super::{AppServer, assert_serves};
use crate::{
    client::Client,
    meter::{PATIENCE, until},
    server::Home,
};

/// The status, the head in small letters, and the body of the answer to a request.
pub(super) fn http(address: SocketAddr, request: &str, headers: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    let text =
        format!("{request} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(text.as_bytes()).expect("it takes bytes");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("text");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a whole head");
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    (
        status.expect("a status"),
        head.to_ascii_lowercase(),
        body.to_owned(),
    )
}

#[test]
fn it_says_on_stderr_where_it_listens_and_nothing_on_stdout() {
    let home = Home::new();
    let mut server = AppServer::start(&home, &[]);
    until("the banner is whole", || server.log().contains("  note: "));
    let (log, at) = (server.log(), server.address);
    for line in [
        format!("  listening on: ws://{at}\n"),
        format!("  readyz: http://{at}/readyz\n"),
        format!("  healthz: http://{at}/healthz\n"),
        "  note: binds localhost only".to_owned(),
    ] {
        assert!(log.contains(&line), "{log}");
    }
    assert_serves(&mut server.client(), PATIENCE);
    let mut stdout = server.program.take_stdout().expect("stdout is a pipe");
    server.stop();
    let mut said = String::new();
    stdout.read_to_string(&mut said).expect("text");
    assert_eq!(said, "");
}

#[test]
fn w04_probes_are_answered_and_other_requests_are_told_what_is_missing() {
    let home = Home::new();
    let mut server = AppServer::start(&home, &[]);
    let at = server.address;
    for path in ["/readyz", "/healthz"] {
        for method in ["GET", "HEAD"] {
            let (status, _, body) = http(at, &format!("{method} {path}"), "");
            assert_eq!((status, body.as_str()), (200, ""), "{method} {path}");
        }
        let (status, head, _) = http(at, &format!("POST {path}"), "Content-Length: 0\r\n");
        assert_eq!(status, 405);
        assert!(head.contains("allow: get,head"), "{head}");
    }
    let (status, _, body) = http(at, "GET /any/path", "");
    let words = "Connection header did not include 'upgrade'";
    assert_eq!((status, body.trim()), (400, words));
    server.stop();
}

#[test]
fn w05_any_origin_is_refused_on_every_path_of_an_app_server() {
    let home = Home::new();
    let mut server = AppServer::start(&home, &[]);
    let at = server.address;
    for origin in ["null".to_owned(), format!("http://{at}")] {
        for path in ["/", "/any/path", "/readyz"] {
            let origin = format!("Origin: {origin}\r\n");
            let (status, _, body) = http(at, &format!("GET {path}"), &origin);
            assert_eq!((status, body.as_str()), (403, ""), "{path}");
        }
        let header = [format!("Origin: {origin}")];
        let refusal = Connection::over_websocket(at, &header).expect_err("a page of a browser");
        assert_eq!((refusal.status, refusal.body.as_str()), (403, ""));
    }
    server.stop();
}

/// The head of the answer to an upgrade of this path, in small letters, with more headers.
fn upgrade(mut stream: impl Read + Write, path: &str, more: &str) -> String {
    let text = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive, Upgrade\r\n\
         Upgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
    );
    stream.write_all(text.as_bytes()).expect("it takes bytes");
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).expect("an answer");
        head.push(byte[0]);
    }
    String::from_utf8(head).expect("text").to_ascii_lowercase()
}

#[test]
fn a_socket_file_is_out_of_reach_of_pages_and_serves_whatever_origin() {
    let home = Home::new();
    let path = home.path().join("sock");
    let listen = format!("unix://{}", path.display());
    let mut program = Program::start(&mut home.outpost(&["app-server", "--listen", &listen]));
    let mut stream = None;
    until("it listens", || {
        stream = UnixStream::connect(&path).ok();
        stream.is_some()
    });
    let stream = stream.expect("it was just opened");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    let mode = fs::metadata(&path).expect("a file").permissions().mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
    let head = upgrade(stream, "/", "Origin: http://localhost\r\n");
    assert!(head.starts_with("http/1.1 101 "), "{head}");
    program.signal(Signal::TERM);
    let status = program.wait(Duration::from_secs(5));
    assert_eq!(status.expect("it ends within 5 s").code(), Some(0));
    assert!(!path.exists());
}

#[test]
fn every_path_upgrades_and_offers_are_ignored() {
    let home = Home::new();
    let mut server = AppServer::start(&home, &[]);
    for path in ["/", "/any/path?and=more"] {
        let stream = TcpStream::connect(server.address).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        let offers = "Sec-WebSocket-Extensions: permessage-deflate\r\n\
             x-codex-app-server-compression: zstd-stream-v1\r\n";
        let head = upgrade(stream, path, offers);
        assert!(head.starts_with("http/1.1 101 "), "{head}");
        assert!(!head.contains("sec-websocket-extensions"), "{head}");
        assert!(!head.contains("compression"), "{head}");
    }
    server.stop();
}

#[test]
fn j01_bad_texts_are_answered_with_the_id_null_and_binary_frames_are_texts() {
    let home = Home::new();
    let mut server = AppServer::start(&home, &[]);
    let mut client = server.client();
    let binary = json!({"id": 7, "method": "command/exec/terminate", "params": {"processId": "x"}});
    client.connection.send_bytes(binary.to_string().as_bytes());
    assert_eq!(client.next()["id"], 7);
    client.connection.send_bytes(b"{\xff}");
    assert_eq!(client.next()["error"]["code"], -32700);
    for (text, code) in [
        ("{nope", -32700),
        ("", -32700),
        (r#"{"method":"x"} {"method":"x"}"#, -32700),
        ("[]", -32600),
        (r#"{"id":1.5,"method":"x"}"#, -32600),
        (r#"{"id":1,"id":2,"method":"x"}"#, -32600),
    ] {
        client.connection.send(text);
        let answer = client.next();
        assert_eq!(answer["error"]["code"], code, "{text}: {answer}");
        assert!(answer.get("id").is_some_and(serde_json::Value::is_null));
    }
    let deep = "[".repeat(100_000);
    client.connection.send(&deep);
    assert_eq!(client.next()["id"], json!(null));
    assert_serves(&mut client, PATIENCE);
    server.stop();
}

#[test]
fn w16_a_polite_close_of_an_app_client_is_echoed() {
    let home = Home::new();
    let mut server = AppServer::start(&home, &[]);
    let mut client = server.client();
    client.connection.close();
    assert_eq!(client.farewell(), Some((1000, String::new())));
    // Nobody has to introduce himself before he goes.
    let mut silent = Client::silent(server.address);
    silent.connection.close();
    assert_eq!(silent.farewell(), Some((1000, String::new())));
    server.stop();
}
