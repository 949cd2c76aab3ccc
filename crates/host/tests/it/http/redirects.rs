//! Redirects over real connections; the rules themselves are unit tests of the decider.

use bytes::Bytes;
use outpost_host::http::{HttpRequest, Redirects};

use super::{fetch, get, send, server::Server, with_headers};

fn to(location: &str) -> String {
    format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")
}

#[tokio::test]
async fn a_redirect_is_followed_or_is_the_answer() {
    let target = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").await;
    let server = Server::answering(to(&target.url("/b"))).await;
    let mut request = with_headers(&server.url("/a"), &[("Authorization", "x"), ("X-K", "1")]);
    request.method = "POST".to_owned();
    request.body = Some(Bytes::from_static(b"hello"));
    assert_eq!(fetch(request.clone()).await.unwrap(), (200, b"hi".to_vec()));
    let head = target.last_head();
    assert!(
        head.starts_with("GET /b HTTP/1.1\r\nx-k: 1\r\nreferer: "),
        "{head}"
    );
    assert!(!head.contains("authorization") && head.ends_with("\r\n\r\n"));

    request.redirects = Redirects::Stop;
    let response = send(request).await.unwrap();
    assert_eq!(response.status, 302);
    assert_eq!(
        response.headers[0],
        ("location".to_owned(), target.url("/b"))
    );
    assert_eq!(target.heads().len(), 1);
}

#[tokio::test]
async fn h02_an_endless_redirect_is_an_error() {
    let server = Server::answering(to("/again")).await;
    let error = send(get(&server.url("/"))).await.unwrap_err();
    assert_eq!(error.to_string(), "http/request failed: too many redirects");
    assert_eq!(server.heads().len(), 10);
}

#[tokio::test]
async fn h02_the_time_limit_covers_all_redirects() {
    let hanging = Server::start(|stream| async move {
        drop(stream.readable().await);
        std::future::pending::<()>().await;
    })
    .await;
    let server = Server::answering(to(&hanging.url("/"))).await;
    let request = HttpRequest {
        timeout: Some(std::time::Duration::from_millis(300)),
        ..get(&server.url("/"))
    };
    let error = send(request).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "http/request failed: error sending request for url ({})",
            hanging.url("/")
        )
    );
}
