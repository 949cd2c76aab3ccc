//! HTTP bodies as they come.

use std::time::Duration;

use outpost_client::{ClientError, ConnectOptions, HttpResponse};
use serde_json::{Value, json};

use crate::fake::{Conn, base64, connected, connected_with, ours};

async fn request(
    environment: &outpost_client::Environment,
    conn: &mut Conn,
) -> (HttpResponse, Value) {
    let http = environment.http();
    let (response, id) = tokio::join!(http.get("http://a/"), async {
        let asked = conn.asked("http/request").await;
        assert_eq!(asked.params["streamResponse"], true);
        let id = asked.params["requestId"].clone();
        let head = json!({ "status": 200, "headers": [], "bodyBase64": "" });
        conn.answer(asked, head).await;
        id
    });
    (response.unwrap(), id)
}

async fn delta(conn: &Conn, id: &Value, seq: u64, text: &str, done: bool, error: Option<&str>) {
    let params = json!({
        "requestId": id, "seq": seq, "deltaBase64": base64(text), "done": done, "error": error,
    });
    conn.tell("http/request/bodyDelta", params).await;
}

#[tokio::test(start_paused = true)]
async fn deltas_are_ordered_and_repeats_passed_over() {
    let (environment, _fake, mut conn) = connected(ours()).await;
    let (response, id) = request(&environment, &mut conn).await;
    delta(&conn, &id, 2, "b", false, None).await;
    delta(&conn, &id, 1, "a", false, None).await;
    delta(&conn, &id, 1, "a", false, None).await;
    delta(&conn, &id, 3, "", true, None).await;
    assert_eq!(response.status, 200);
    assert_eq!(response.body.collect(100).await.unwrap(), "ab");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_breaks_off_or_is_lost_never_ends_cleanly() {
    let (environment, mut fake, mut conn) = connected(ours()).await;
    let (mut broken, id) = request(&environment, &mut conn).await;
    delta(&conn, &id, 1, "part", false, None).await;
    delta(
        &conn,
        &id,
        2,
        "",
        true,
        Some("error decoding response body"),
    )
    .await;
    assert_eq!(broken.body.next().await.unwrap().unwrap(), "part");
    let error = broken.body.next().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the body broke off: error decoding response body"
    );
    assert!(broken.body.next().await.unwrap().is_none(), "told once");

    let (mut lost, id) = request(&environment, &mut conn).await;
    delta(&conn, &id, 1, "part", false, None).await;
    conn.cut();
    fake.resumed(ours()).await;
    assert_eq!(lost.body.next().await.unwrap().unwrap(), "part");
    assert!(matches!(
        lost.body.next().await,
        Err(ClientError::Body { .. })
    ));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_too_long_is_refused() {
    let (environment, _fake, mut conn) = connected(ours()).await;
    let (response, id) = request(&environment, &mut conn).await;
    delta(&conn, &id, 1, "four", false, None).await;
    assert!(matches!(
        response.body.collect(3).await,
        Err(ClientError::TooLarge { .. })
    ));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_nobody_reads_holds_up_the_others_for_ten_seconds() {
    let options = ConnectOptions {
        body_buffer: 1000,
        ..ConnectOptions::default()
    };
    let (environment, _fake, mut conn) = connected_with(options, ours()).await;
    let (mut stuck, id) = request(&environment, &mut conn).await;
    let text = "x".repeat(1000);
    delta(&conn, &id, 1, &text, false, None).await;
    let files = environment.files();
    let begun = tokio::time::Instant::now();
    let (looked, ()) = tokio::join!(files.read_directory("/"), async {
        let asked = conn.asked("fs/readDirectory").await;
        conn.answer(asked, json!({ "entries": [] })).await;
    });
    looked.unwrap();
    assert_eq!(begun.elapsed(), Duration::from_secs(10));
    assert_eq!(stuck.body.next().await.unwrap().unwrap(), text);
    assert!(matches!(
        stuck.body.next().await,
        Err(ClientError::Body { .. })
    ));
}
