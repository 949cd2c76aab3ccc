//! Nothing is held that nobody asked for, and nothing goes on that nobody waits for.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use outpost_host::http::{CHUNK_LIMIT, HttpClient, HttpConfig, HttpError};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
};

use super::{PATIENCE, client, fetch, get, send, server::Server};

const GIB: u64 = 1 << 30;

/// A write that takes longer waits for its reader.
const STALL: Duration = Duration::from_millis(500);

/// Sends a body of `length` bytes, as fast as it is taken, and counts what was taken.
async fn endless(head: String, length: u64) -> (Server, Arc<AtomicU64>) {
    let taken = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&taken);
    let server = Server::start(move |mut stream: TcpStream| {
        let (counter, head) = (Arc::clone(&counter), head.clone());
        async move {
            let block = vec![7; 1 << 20];
            stream
                .write_all(head.as_bytes())
                .await
                .expect("the client reads");
            let mut sent = 0;
            while sent < length {
                let part = block
                    .len()
                    .min(usize::try_from(length - sent).expect("64 bits"));
                match stream.write(&block[..part]).await {
                    Ok(n) => sent += n as u64,
                    Err(_) => return,
                }
                counter.store(sent, Ordering::Relaxed);
            }
        }
    })
    .await;
    (server, taken)
}

#[tokio::test]
async fn h03_two_gib_are_streamed_in_bounded_pieces() {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 2 * GIB);
    let (server, _) = endless(head, 2 * GIB).await;
    let mut body = send(get(&server.url("/"))).await.unwrap().body;
    let mut received = 0;
    while let Some(piece) = body.next().await.unwrap() {
        assert!(!piece.is_empty() && piece.len() <= CHUNK_LIMIT);
        received += piece.len() as u64;
    }
    assert_eq!(received, 2 * GIB);
}

#[tokio::test]
async fn h03_a_body_too_large_for_one_message_is_refused() {
    let known = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 2 * GIB);
    let unknown = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_owned();
    for head in [known, unknown] {
        let (server, taken) = endless(head, 2 * GIB).await;
        let error = fetch(get(&server.url("/"))).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "failed to read http/request response body: it exceeds 49283072 bytes; \
             set streamResponse to receive it in parts"
        );
        assert!(taken.load(Ordering::Relaxed) < GIB / 4);
    }
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_collected() {
    let server = Server::answering("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n12345").await;
    for (limit, fits) in [(5, true), (4, false)] {
        let body = send(get(&server.url("/"))).await.unwrap().body;
        match body.collect(limit).await {
            Ok(whole) => assert!(fits && whole == "12345"),
            Err(error) => assert!(!fits && matches!(error, HttpError::BodyTooLarge(4))),
        }
    }
}

#[tokio::test]
async fn a_reader_that_stops_stops_the_sender() {
    let (report, mut stalls) = mpsc::channel(1);
    let server = Server::start(move |mut stream: TcpStream| {
        let report = report.clone();
        async move {
            let block = vec![7; 1 << 20];
            let mut sent = 0;
            let head = b"HTTP/1.1 200 OK\r\n\r\n";
            stream.write_all(head).await.expect("the client reads");
            while let Ok(written) = tokio::time::timeout(STALL, stream.write(&block)).await {
                sent += written.expect("still connected") as u64;
            }
            report.send(sent).await.expect("the test waits");
            drop(stream.write_all(&block).await);
        }
    })
    .await;
    let mut body = send(get(&server.url("/"))).await.unwrap().body;
    body.next().await.unwrap().unwrap();
    let held = tokio::time::timeout(PATIENCE, stalls.recv())
        .await
        .unwrap()
        .unwrap();
    assert!(held < GIB / 16, "{held} bytes are held somewhere");
    let mut received = 0;
    while let Some(piece) = body.next().await.unwrap() {
        received += piece.len() as u64;
    }
    assert!(received >= held, "what was held is delivered");
}

#[tokio::test]
async fn h04_a_vanished_caller_cuts_the_request() {
    let (report, mut cuts) = mpsc::channel::<()>(2);
    let (arrive, mut arrived) = mpsc::channel::<()>(2);
    let server = Server::start(move |mut stream: TcpStream| {
        let (report, arrive) = (report.clone(), arrive.clone());
        async move {
            arrive.send(()).await.unwrap();
            // Nothing more comes from the client: only its end.
            drop(stream.read(&mut [0]).await);
            report.send(()).await.unwrap();
        }
    })
    .await;
    let client = client();
    tokio::select! {
        _ = client.send(get(&server.url("/"))) => panic!("the server does not answer"),
        _ = arrived.recv() => {}
    }
    tokio::time::timeout(PATIENCE, cuts.recv())
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn h04_a_dropped_body_cuts_the_request() {
    let (report, mut cuts) = mpsc::channel::<()>(1);
    let server = Server::start(move |mut stream: TcpStream| {
        let report = report.clone();
        async move {
            let head = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345";
            stream.write_all(head).await.unwrap();
            drop(stream.read(&mut [0]).await);
            report.send(()).await.unwrap();
        }
    })
    .await;
    let client = client();
    let mut body = client.send(get(&server.url("/"))).await.unwrap().body;
    assert_eq!(body.next().await.unwrap().unwrap(), "12345");
    drop(body);
    tokio::time::timeout(PATIENCE, cuts.recv())
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn the_number_of_exchanges_is_bounded() {
    let server = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").await;
    let client = HttpClient::new(HttpConfig {
        max_exchanges: 1,
        ..HttpConfig::default()
    });
    let first = client.send(get(&server.url("/"))).await.unwrap();
    let error = client.send(get(&server.url("/"))).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "http/request failed: at most 1 requests may be active at once"
    );
    assert!(!error.is_invalid());
    drop(first);
    let mut body = client.send(get(&server.url("/"))).await.unwrap().body;
    while body.next().await.unwrap().is_some() {}
    client
        .send(get(&server.url("/")))
        .await
        .expect("a body read to its end counts no more");
}
