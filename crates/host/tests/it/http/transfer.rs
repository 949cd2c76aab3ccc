//! What is sent and what is received, and through whom.

use std::sync::Arc;

use bytes::Bytes;
use outpost_host::http::{Header, HeaderVariables, HttpClient, HttpConfig, Proxies};
use tokio::{io::AsyncWriteExt, net::TcpStream, sync::mpsc};

use super::{PATIENCE, client, get, send, server::Server, with_headers};

#[tokio::test]
async fn an_answer_is_delivered_as_sent() {
    let server = Server::answering(
        b"HTTP/1.1 404 Not Found\r\nX-A: 1\r\nx-b: caf\xc3\xa9\r\nX-Latin: caf\xe9\r\nX-A: 2\r\n\
          Set-Cookie: c=1\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nhi"
            .to_vec(),
    )
    .await;
    let client = client();
    for _ in 0..2 {
        let response = client.send(get(&server.url("/"))).await.unwrap();
        assert_eq!(response.status, 404);
        let headers: Vec<_> = response
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            headers,
            [
                ("x-a", "1"),
                ("x-a", "2"),
                ("x-b", "café"),
                ("x-latin", "café"),
                ("set-cookie", "c=1"),
                ("content-encoding", "gzip"),
                ("content-length", "2"),
            ]
        );
        assert_eq!(response.body.collect(2).await.unwrap(), "hi");
    }
    assert!(!server.last_head().contains("cookie"), "no cookie is kept");
}

#[tokio::test]
async fn a_request_is_sent_as_written() {
    let server = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let headers = [
        ("X-T", "1"),
        ("B", "x"),
        ("x-t", "2"),
        ("HOST", "elsewhere"),
    ];
    let mut request = with_headers(&server.url("/p?q#f"), &headers);
    request.method = "brew".to_owned();
    request.body = Some(Bytes::from_static(b"hi"));
    send(request).await.unwrap();
    assert_eq!(
        server.last_head().split("\r\n").collect::<Vec<_>>(),
        [
            "brew /p?q HTTP/1.1",
            "x-t: 1",
            "x-t: 2",
            "b: x",
            "host: elsewhere",
            "accept: */*",
            "content-length: 2",
            "",
            "hi"
        ]
    );
    let request = with_headers(&server.url("/"), &[("Accept", "text/html")]);
    send(request).await.unwrap();
    assert!(server.last_head().contains("\r\naccept: text/html\r\n"));
    assert!(!server.last_head().contains("*/*"));
}

#[tokio::test]
async fn a_header_carries_an_allowed_variable() {
    let server = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let client = HttpClient::new(HttpConfig {
        header_variables: HeaderVariables::from_values([(
            "TOKEN".to_owned(),
            Some("secret".to_owned()),
        )]),
        ..HttpConfig::default()
    });
    let mut request = get(&server.url("/"));
    request.headers.push(Header {
        name: "Authorization".to_owned(),
        value: "Bearer ".to_owned(),
        value_env_var: Some("TOKEN".to_owned()),
    });
    client.send(request).await.unwrap();
    assert!(
        server
            .last_head()
            .contains("\r\nauthorization: Bearer secret\r\n")
    );
}

#[tokio::test]
async fn pieces_arrive_as_they_are_sent_and_in_order() {
    let (next, turns) = mpsc::channel::<()>(1);
    let turns = Arc::new(tokio::sync::Mutex::new(turns));
    let server = Server::start(move |mut stream: TcpStream| {
        let turns = Arc::clone(&turns);
        async move {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                .await
                .unwrap();
            let mut turns = turns.lock().await;
            for n in 0..5 {
                turns.recv().await.unwrap();
                stream
                    .write_all(format!("1\r\n{n}\r\n").as_bytes())
                    .await
                    .unwrap();
            }
            stream.write_all(b"0\r\n\r\n").await.unwrap();
        }
    })
    .await;
    let mut body = send(get(&server.url("/"))).await.unwrap().body;
    for n in 0..5 {
        next.send(()).await.unwrap();
        let piece = tokio::time::timeout(PATIENCE, body.next()).await.unwrap();
        assert_eq!(piece.unwrap().unwrap(), n.to_string());
    }
    assert!(body.next().await.unwrap().is_none());
    assert!(body.next().await.unwrap().is_none());
}

#[tokio::test]
async fn proxies_are_for_targets_that_are_not_loopback() {
    let target = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\ntarget").await;
    let proxy = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nproxy").await;
    let client = HttpClient::new(HttpConfig {
        proxies: Proxies::All(proxy.url("/").parse().unwrap()),
        ..HttpConfig::default()
    });
    for (url, expected) in [
        (target.url("/"), "target"),
        (target.url("/").replace("127.0.0.1", "localhost"), "target"),
        ("http://outpost.invalid/".to_owned(), "proxy"),
    ] {
        let response = client.send(get(&url)).await.unwrap();
        assert_eq!(response.body.collect(10).await.unwrap(), expected, "{url}");
    }
}
