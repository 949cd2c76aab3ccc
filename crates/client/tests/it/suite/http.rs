//! HTTP, over every connector.

use outpost_client::HttpRequest;
use outpost_testkit::http::Server;

use crate::real::On;

pub(super) async fn a_body_comes_in_order(on: &On) {
    let body: Vec<u8> = (0..3_000_000u32)
        .map(|n| u8::try_from(n % 249).unwrap())
        .collect();
    let sent = body.clone();
    let server = Server::start(move |request, reply| {
        assert_eq!(
            (request.method.as_str(), &request.body[..]),
            ("POST", &b"question"[..])
        );
        reply.stream(201, &["x-answer: yes"])?;
        reply.raw(&sent)
    });
    let request = HttpRequest {
        method: "POST".to_owned(),
        url: server.url(),
        body: Some("question".into()),
        ..HttpRequest::default()
    };
    let response = on.http().request(request).await.unwrap();
    assert_eq!(response.status, 201);
    assert!(
        response
            .headers
            .iter()
            .any(|header| header.name == "x-answer")
    );
    assert!(response.body.collect(4 << 20).await.unwrap() == body);
}
