//! W01 to W07 and W22: what happens before a connection is a WebSocket.

use std::time::Duration;

use outpost_rpc::{limits::Limits, listen::Config};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::Instant,
};

use crate::{
    raw::{Raw, UPGRADE, parts, request},
    server::{Server, soon},
};

async fn server() -> Server {
    Server::start(Config::default()).await
}

fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n")
}

#[tokio::test]
async fn w01_garbage_is_answered_or_closed_and_disturbs_nobody() {
    let server = server().await;
    let mut other = Raw::connect(&server).await;
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"\0\0\0\0\r\n\r\n",
        b"hello\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(server.socket()).await.unwrap();
        stream.write_all(garbage).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        soon(stream.read_to_end(&mut answer)).await.unwrap();
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 400 "));
        other.echo("still here").await;
    }
    server.stop().await;
}

#[tokio::test]
async fn w02_silent_and_unfinished_handshakes_are_dropped_and_delay_nobody() {
    let mut limits = Limits::default();
    limits.timeouts.handshake = Duration::from_millis(300);
    let server = Server::start(Config {
        limits,
        ..Config::default()
    })
    .await;
    for begun in ["", "GET / HT", "GET / HTTP/1.1\r\nHost: localhost\r\n"] {
        let started = Instant::now();
        let mut stream = TcpStream::connect(server.socket()).await.unwrap();
        stream.write_all(begun.as_bytes()).await.unwrap();
        Raw::connect(&server).await.echo("at once").await;
        assert_eq!(soon(stream.read(&mut [0; 8])).await.unwrap_or(0), 0);
        assert!(started.elapsed() >= Duration::from_millis(300));
    }
    server.stop().await;
}

#[tokio::test]
async fn w02_a_crowd_of_silent_strangers_cannot_keep_others_out() {
    let server = server().await;
    let mut crowd = Vec::new();
    for _ in 0..400 {
        crowd.push(TcpStream::connect(server.socket()).await.unwrap());
    }
    let started = Instant::now();
    Raw::connect(&server).await.echo("in").await;
    assert!(started.elapsed() < Duration::from_secs(1));
    // The oldest had to give way.
    assert_eq!(soon(crowd[0].read(&mut [0; 8])).await.unwrap_or(0), 0);
    server.stop().await;
}

#[tokio::test]
async fn w02_one_byte_at_a_time_is_still_bounded_as_a_whole() {
    let mut limits = Limits::default();
    limits.timeouts.handshake = Duration::from_millis(300);
    let server = Server::start(Config {
        limits,
        ..Config::default()
    })
    .await;
    let mut stream = TcpStream::connect(server.socket()).await.unwrap();
    let started = Instant::now();
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    loop {
        ticks.tick().await;
        if stream.write_all(b"x").await.is_err() {
            break;
        }
        assert!(
            started.elapsed() < Duration::from_secs(10),
            "a slow head is never dropped"
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn w03_wrong_upgrades_are_refused_in_the_references_words() {
    let server = server().await;
    let without = |name: &str| {
        let kept = UPGRADE
            .split_inclusive("\r\n")
            .filter(|line| !line.starts_with(name));
        format!("GET / HTTP/1.1\r\n{}\r\n", kept.collect::<String>())
    };
    let version = "`Sec-WebSocket-Version` header did not include '13'";
    let old = UPGRADE.replace("Version: 13", "Version: 8");
    let h2c = UPGRADE.replace("Upgrade: WebSocket", "Upgrade: h2c");
    for (bytes, status, text) in [
        (
            get("/", ""),
            400,
            "Connection header did not include 'upgrade'",
        ),
        (
            without("Connection"),
            400,
            "Connection header did not include 'upgrade'",
        ),
        (
            without("Upgrade"),
            400,
            "`Upgrade` header did not include 'websocket'",
        ),
        (
            format!("GET / HTTP/1.1\r\n{h2c}\r\n"),
            400,
            "`Upgrade` header did not include 'websocket'",
        ),
        (
            without("Sec-WebSocket-Key"),
            400,
            "`Sec-WebSocket-Key` header missing",
        ),
        (without("Sec-WebSocket-Version"), 426, version),
        (format!("GET / HTTP/1.1\r\n{old}\r\n"), 426, version),
        (
            format!("POST / HTTP/1.1\r\n{UPGRADE}\r\n"),
            405,
            "Request method must be `GET`",
        ),
        (
            format!("GET / HTTP/1.0\r\n{UPGRADE}\r\n"),
            426,
            "WebSocket request couldn't be upgraded since no upgrade state was present",
        ),
    ] {
        let answer = request(server.socket(), &bytes).await;
        assert_eq!(parts(&answer), (status, text), "{bytes}");
        if text == version {
            assert!(
                answer
                    .to_lowercase()
                    .contains("\r\nsec-websocket-version: 13\r\n")
            );
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn w04_health_is_told_without_auth_and_other_paths_do_not_exist() {
    let auth = outpost_rpc::listen::Auth::token("secret");
    let server = Server::start(Config {
        auth,
        ..Config::default()
    })
    .await;
    for path in ["/readyz", "/healthz", "/readyz?verbose"] {
        assert_eq!(
            parts(&request(server.socket(), get(path, "")).await),
            (200, "")
        );
    }
    let head = request(
        server.socket(),
        "HEAD /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    )
    .await;
    assert_eq!(parts(&head), (200, ""));
    let post = request(
        server.socket(),
        "POST /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    )
    .await;
    assert_eq!(parts(&post), (405, ""));
    assert!(post.to_lowercase().contains("\r\nallow: get,head\r\n"));
    for path in ["/x", "/readyz/", "//"] {
        let upgrade = format!("GET {path} HTTP/1.1\r\n{UPGRADE}\r\n");
        assert_eq!(parts(&request(server.socket(), upgrade).await), (404, ""));
    }
    server.stop().await;
}

#[tokio::test]
async fn w04_every_path_upgrades_where_the_routes_say_so() {
    let mut config = Config::default();
    config.routes.any_path = true;
    let server = Server::start(config).await;
    assert_eq!(
        parts(&request(server.socket(), get("/readyz", "")).await).0,
        200
    );
    let other = request(server.socket(), get("/other", "")).await;
    assert_eq!(
        parts(&other),
        (400, "Connection header did not include 'upgrade'")
    );
    let mut stream = TcpStream::connect(server.socket()).await.unwrap();
    stream
        .write_all(format!("GET /any/path HTTP/1.1\r\n{UPGRADE}\r\n").as_bytes())
        .await
        .unwrap();
    let mut answer = [0; 12];
    soon(stream.read_exact(&mut answer)).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 101");
    server.stop().await;
}

#[tokio::test]
async fn w05_any_origin_is_refused_on_every_route() {
    let server = server().await;
    for origin in ["null", "", "http://localhost", "https://evil.example"] {
        for path in ["/", "/readyz", "/nothing"] {
            let bytes = format!("GET {path} HTTP/1.1\r\n{UPGRADE}Origin: {origin}\r\n\r\n");
            assert_eq!(parts(&request(server.socket(), bytes).await), (403, ""));
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn w06_names_of_strangers_are_refused_on_loopback() {
    let server = server().await;
    let expected = "this address serves requests to localhost or an IP address only";
    for path in ["/", "/readyz"] {
        let upgrade = UPGRADE.replace("Host: localhost", "Host: evil.example:80");
        let bytes = format!("GET {path} HTTP/1.1\r\n{upgrade}\r\n");
        assert_eq!(
            parts(&request(server.socket(), bytes).await),
            (403, expected)
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn w06_a_listener_for_the_network_has_whatever_name_it_is_called_by() {
    let config = Config {
        insecure_no_auth: true,
        ..Config::default()
    };
    let server = Server::start_at(&"ws://0.0.0.0:0".parse().unwrap(), config).await;
    let local = (std::net::Ipv4Addr::LOCALHOST, server.socket().port()).into();
    let bytes = "GET /readyz HTTP/1.1\r\nHost: build.example\r\n\r\n";
    assert_eq!(parts(&request(local, bytes).await).0, 200);
    server.stop().await;
}

#[tokio::test]
async fn w07_an_oversized_head_is_refused_and_bounded() {
    let server = server().await;
    let many: String = (0..1000)
        .map(|number| format!("a{number}: b\r\n"))
        .collect();
    assert_eq!(
        parts(&request(server.socket(), get("/", &many)).await).0,
        431
    );
    let long = format!("a: {}\r\n", "x".repeat(1 << 20));
    assert_eq!(
        parts(&request(server.socket(), get("/", &long)).await).0,
        431
    );
    // What the reference takes is taken.
    let large = format!("a: {}\r\n", "x".repeat(100 << 10));
    assert_eq!(
        parts(&request(server.socket(), get("/readyz", &large)).await).0,
        200
    );
    server.stop().await;
}

#[tokio::test]
async fn w22_idle_connections_are_no_burden_and_seats_are_bounded() {
    let server = Server::start(Config {
        connections: 501,
        ..Config::default()
    })
    .await;
    let mut idle = Vec::new();
    for _ in 0..500 {
        idle.push(Raw::connect(&server).await);
    }
    let started = Instant::now();
    let mut last = Raw::connect(&server).await;
    last.echo("the last seat").await;
    assert!(started.elapsed() < Duration::from_millis(1500));
    let refused = format!("GET / HTTP/1.1\r\n{UPGRADE}\r\n");
    assert_eq!(
        parts(&request(server.socket(), refused).await),
        (503, "too many connections")
    );
    drop(idle);
    // A seat is free again as soon as one of them is gone.
    soon(async {
        loop {
            let stream = TcpStream::connect(server.socket()).await.unwrap();
            let answer = soon(first_line(stream)).await;
            if answer.starts_with("HTTP/1.1 101") {
                break;
            }
        }
    })
    .await;
    server.stop().await;
}

async fn first_line(mut stream: TcpStream) -> String {
    stream
        .write_all(format!("GET / HTTP/1.1\r\n{UPGRADE}\r\n").as_bytes())
        .await
        .unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    String::from_utf8(answer.to_vec()).unwrap()
}

#[tokio::test]
async fn w25_offers_of_compression_and_subprotocols_are_ignored() {
    let server = server().await;
    let stream = TcpStream::connect(server.socket()).await.unwrap();
    let offers = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\
                  Sec-WebSocket-Protocol: chat, superchat\r\n";
    Raw::upgrade(stream, offers).await.echo("plain").await;
    server.stop().await;
}

#[tokio::test]
async fn bytes_behind_the_request_are_not_lost() {
    let server = server().await;
    let mut stream = TcpStream::connect(server.socket()).await.unwrap();
    let early = crate::raw::frame(crate::raw::FIN | crate::raw::TEXT, b"early");
    let bytes = [
        format!("GET / HTTP/1.1\r\n{UPGRADE}\r\n").as_bytes(),
        &early,
    ]
    .concat();
    stream.write_all(&bytes).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(soon(stream.read_u8()).await.unwrap());
    }
    let mut raw = Raw { stream };
    raw.expect(crate::raw::FIN | crate::raw::TEXT, b"early")
        .await;
    server.stop().await;
}

#[tokio::test]
async fn p09_a_server_that_stops_says_goodbye_to_everyone() {
    let server = server().await;
    let mut first = Raw::connect(&server).await;
    let second = Raw::connect(&server).await;
    first.echo("before").await;
    let address = server.socket();
    let (_, one, two) = tokio::join!(
        server.stop(),
        first.expect_close(1001),
        second.expect_close(1001)
    );
    assert_eq!(
        (one.as_str(), two.as_str()),
        ("the server stops", "the server stops")
    );
    assert!(TcpStream::connect(address).await.is_err());
}
