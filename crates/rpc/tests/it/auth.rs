//! A01 and A02: credentials at the door.

use std::time::Duration;

use outpost_rpc::listen::{Auth, Config};
use tokio::{net::TcpStream, task::JoinSet, time::Instant};

use crate::{
    raw::{Raw, UPGRADE, parts, request},
    server::Server,
};

async fn server() -> Server {
    Server::start(Config {
        auth: Auth::token("secret"),
        ..Config::default()
    })
    .await
}

fn with(header: &str) -> String {
    format!("GET / HTTP/1.1\r\n{UPGRADE}{header}\r\n")
}

#[tokio::test]
async fn a01_wrong_credentials_are_401_and_nothing_is_echoed() {
    let server = server().await;
    let long = format!("Authorization: Bearer {}\r\n", "x".repeat(60_000));
    for (header, text) in [
        ("", "missing websocket bearer token"),
        (
            "Authorization: Basic c2VjcmV0\r\n",
            "invalid authorization header",
        ),
        ("Authorization: Bearer\r\n", "invalid authorization header"),
        (
            "Authorization: Bearer secreT\r\n",
            "invalid websocket bearer token",
        ),
        (
            "Authorization: Bearer secret2\r\n",
            "invalid websocket bearer token",
        ),
        (
            "Authorization: Bearer a\r\nAuthorization: Bearer secret\r\n",
            "invalid websocket bearer token",
        ),
        (&long, "invalid websocket bearer token"),
    ] {
        assert_eq!(
            parts(&request(server.socket(), with(header)).await),
            (401, text)
        );
    }
    let query = format!("GET /?token=secret HTTP/1.1\r\n{UPGRADE}\r\n");
    let answer = request(server.socket(), query).await;
    assert_eq!(parts(&answer), (401, "missing websocket bearer token"));
    let stream = TcpStream::connect(server.socket()).await.unwrap();
    Raw::upgrade(stream, "authorization:   bEARER   secret  \r\n")
        .await
        .echo("in")
        .await;
    server.stop().await;
}

#[tokio::test]
async fn a01_the_checks_come_in_their_order() {
    let server = server().await;
    // What is no upgrade is told so before anyone is asked who he is; an origin comes first.
    let plain = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    assert_eq!(parts(&request(server.socket(), plain).await).0, 400);
    let origin = with("Origin: null\r\nAuthorization: Bearer wrong\r\n");
    assert_eq!(parts(&request(server.socket(), origin).await), (403, ""));
    let stranger = with("Authorization: Bearer wrong\r\n").replace("localhost", "evil.example");
    assert_eq!(parts(&request(server.socket(), stranger).await).0, 403);
    server.stop().await;
}

#[tokio::test]
async fn a02_guessing_is_slow_and_the_right_client_is_not() {
    let server = server().await;
    let address = server.socket();
    let mut guessers = JoinSet::new();
    for _ in 0..16 {
        guessers.spawn(async move {
            let started = Instant::now();
            for _ in 0..2 {
                let answer = request(address, with("Authorization: Bearer guess\r\n")).await;
                assert_eq!(parts(&answer).0, 401);
            }
            started.elapsed()
        });
    }
    let started = Instant::now();
    let stream = TcpStream::connect(address).await.unwrap();
    Raw::upgrade(stream, "Authorization: Bearer secret\r\n")
        .await
        .echo("in")
        .await;
    assert!(started.elapsed() < Duration::from_secs(2));
    // Two rounds of sixteen: the second round of each waits for its full second.
    for elapsed in guessers.join_all().await {
        assert!(elapsed >= Duration::from_millis(900), "{elapsed:?}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a02_one_source_cannot_take_all_places() {
    let server = server().await;
    let address = server.socket();
    let mut guessers = JoinSet::new();
    for _ in 0..100 {
        guessers.spawn(request(address, with("Authorization: Bearer guess\r\n")));
    }
    let answers = guessers.join_all().await;
    let refused = answers
        .iter()
        .filter(|answer| parts(answer) == (429, "too many failed attempts from this address"));
    assert!(refused.count() > 0);
    assert!(
        answers
            .iter()
            .all(|answer| [401, 429].contains(&parts(answer).0))
    );
    server.stop().await;
}
