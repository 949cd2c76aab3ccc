use super::*;

#[tokio::test(start_paused = true)]
async fn r09_a_panic_fails_its_own_request_only() {
    let (mut link, _bench) = serve(Limits::default());
    say(&link, r#"{"id":"p","method":"panic","params":0}"#).await;
    assert!(hear(&mut link).await.contains(r#""code":-32603"#));
    say(&link, r#"{"id":2,"method":"echo","params":0}"#).await;
    assert_eq!(hear(&mut link).await, r#"{"id":2,"result":0}"#);
}

#[tokio::test(start_paused = true)]
async fn r09_whatever_becomes_of_a_request_it_is_answered_once() {
    let failed = |id: u32| {
        format!(
            "{{\"error\":{{\"code\":-32603,\"message\":\"the server failed while it handled the \
             request\"}},\"id\":{id}}}"
        )
    };
    for limits in [Limits::default(), Limits::tiny()] {
        let (mut link, _bench) = serve(limits);
        for (id, method, answer) in [
            (1, "panic", failed(1)),
            // Whoever was to answer later has gone.
            (2, "late", failed(2)),
            // It fails after its answer.
            (3, "odd", r#"{"id":3,"result":null}"#.to_owned()),
            // It never begins, so there is nothing to refuse twice.
            (
                4,
                "locked",
                r#"{"error":{"code":-32600,"message":"locked"},"id":4}"#.to_owned(),
            ),
        ] {
            let params = "null";
            say(
                &link,
                &format!(r#"{{"id":{id},"method":"{method}","params":{params}}}"#),
            )
            .await;
            assert_eq!(hear(&mut link).await, answer);
        }
        // The very next answer is that of the next request: nothing was answered twice.
        say(&link, r#"{"id":5,"method":"echo","params":5}"#).await;
        assert_eq!(hear(&mut link).await, r#"{"id":5,"result":5}"#);
    }
}
