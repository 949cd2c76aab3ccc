//! Servers that hang, drip, cut or lie: always an error, always in time.

use std::time::Duration;

use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
};

use super::{fetch, get, send, server::Server, within};

const SHORT: Duration = Duration::from_millis(300);

fn not_sent(url: &str) -> String {
    format!("http/request failed: error sending request for url ({url})")
}

const BODY_BROKE: &str = "failed to read http/request response body: error decoding response body";

#[tokio::test]
async fn h02_no_time_at_all_is_an_error() {
    let server = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let error = send(within(Duration::ZERO, &server.url("/")))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "http/request failed: route-aware request timed out"
    );
    assert!(server.heads().is_empty());
    // The longest time there is does not overflow.
    send(within(Duration::MAX, &server.url("/"))).await.unwrap();
}

#[tokio::test]
async fn h02_refused_connections_and_unknown_hosts_are_errors() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let error = send(get(&url)).await.unwrap_err();
    assert_eq!(error.to_string(), not_sent(&url));
    assert!(!error.is_invalid());
}

#[tokio::test]
async fn h02_a_server_that_says_nothing_is_timed_out() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let error = send(within(SHORT, &url)).await.unwrap_err();
    assert_eq!(error.to_string(), not_sent(&url));
}

async fn dripping(head: &'static str) -> Server {
    Server::start(move |mut stream: TcpStream| async move {
        stream
            .write_all(head.as_bytes())
            .await
            .expect("the client reads");
        let mut tick = tokio::time::interval(Duration::from_millis(10));
        loop {
            tick.tick().await;
            if stream.write_all(b"x").await.is_err() {
                return;
            }
        }
    })
    .await
}

#[tokio::test]
async fn h02_a_dripping_head_is_timed_out() {
    let server = dripping("HTTP/1.1 200 OK\r\nx-a: ").await;
    let error = send(within(SHORT, &server.url("/"))).await.unwrap_err();
    assert_eq!(error.to_string(), not_sent(&server.url("/")));
}

#[tokio::test]
async fn h02_a_dripping_body_is_timed_out_buffered_and_streamed() {
    let server = dripping("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n").await;
    let error = fetch(within(SHORT, &server.url("/"))).await.unwrap_err();
    assert_eq!(error.to_string(), BODY_BROKE);

    let mut body = send(within(SHORT, &server.url("/"))).await.unwrap().body;
    let error = loop {
        match body.next().await {
            Ok(piece) => assert!(
                piece.is_some(),
                "a body that broke off must not end cleanly"
            ),
            Err(error) => break error,
        }
    };
    assert_eq!(error.reason(), "error decoding response body");
    assert!(
        body.next().await.unwrap().is_none(),
        "an error is said once"
    );
}

#[tokio::test]
async fn h02_a_cut_body_is_an_error_after_what_came() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\npartial",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\npartial\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\npartial\r\nzz\r\n",
    ] {
        let server = Server::answering(answer).await;
        let error = fetch(get(&server.url("/"))).await.unwrap_err();
        assert_eq!(error.to_string(), BODY_BROKE, "{answer:?}");

        let mut body = send(get(&server.url("/"))).await.unwrap().body;
        assert_eq!(body.next().await.unwrap().unwrap(), "partial");
        let error = body.next().await.unwrap_err();
        assert_eq!(error.reason(), "error decoding response body");
    }
}

#[tokio::test]
async fn h02_invalid_answers_are_errors() {
    for answer in [
        "",
        "junk\r\n\r\n",
        "HTTP/9.9 200 OK\r\n\r\n",
        "HTTP/1.1 99 Low\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    ] {
        let server = Server::answering(answer).await;
        let error = send(get(&server.url("/"))).await.unwrap_err();
        assert_eq!(error.to_string(), not_sent(&server.url("/")), "{answer:?}");
    }
}

#[tokio::test]
async fn h02_an_endless_head_is_an_error() {
    let server = Server::start(|mut stream: TcpStream| async move {
        let mut line = b"HTTP/1.1 200 OK\r\n".to_vec();
        while stream.write_all(&line).await.is_ok() {
            line = b"x-more: and more of it\r\n".to_vec();
        }
    })
    .await;
    let error = send(get(&server.url("/"))).await.unwrap_err();
    assert_eq!(error.to_string(), not_sent(&server.url("/")));
}

#[tokio::test]
async fn h02_a_plain_server_behind_https_is_an_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let answer_in_plain = async {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let answer = b"HTTP/1.1 400 Bad Request\r\n\r\n";
            stream.write_all(answer).await.unwrap();
        }
    };
    let error = tokio::select! {
        answer = send(get(&url)) => answer.unwrap_err(),
        () = answer_in_plain => unreachable!(),
    };
    assert_eq!(error.to_string(), not_sent(&url));
}
