//! A connection that is lost and comes back.

use outpost_client::{ClientError, ConnectionEvent, StartOptions};
use serde_json::json;

use crate::fake::{Conn, base64, connected, event, expect, ours, reference, started};

const RECOVERY_READ: &str = r#"{"afterSeq":1,"maxBytes":null,"processId":"p","waitMs":0}"#;

#[tokio::test(start_paused = true)]
async fn s01_what_was_said_meanwhile_is_read_and_put_in_its_place() {
    for additions in [ours(), reference()] {
        let (environment, mut fake, mut conn) = connected(additions.clone()).await;
        let mut events = environment.events();
        let mut process = started(&environment, &mut conn).await;
        conn.output(1, "a").await;
        expect(&mut process, &["out:a"]).await;
        conn.cut();
        let mut conn = fake.accept().await;
        let asked = conn.asked("initialize").await;
        // Live output may overtake the answer.
        conn.output(4, "d").await;
        conn.shake_on(asked, additions).await;
        let asked = conn.asked("process/read").await;
        assert_eq!(asked.params.to_string(), RECOVERY_READ);
        conn.output(5, "e").await;
        conn.page(asked, &[(2, "b"), (3, "c"), (4, "d")], 5, None)
            .await;
        conn.ends(6, 0).await;
        expect(
            &mut process,
            &[
                "out:b", "out:c", "out:d", "out:e", "exit:0", "closed", "end",
            ],
        )
        .await;
        assert!(matches!(
            events.recv().await,
            Ok(ConnectionEvent::Lost { retrying: true, .. })
        ));
        assert_eq!(events.recv().await, Ok(ConnectionEvent::Resumed));
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_process_is_found_in_the_page() {
    let (environment, mut fake, mut conn) = connected(reference()).await;
    let mut process = started(&environment, &mut conn).await;
    conn.output(1, "a").await;
    expect(&mut process, &["out:a"]).await;
    conn.cut();
    let mut conn = fake.resumed(reference()).await;
    let asked = conn.asked("process/read").await;
    conn.page(asked, &[(3, "late")], 5, Some(3)).await;
    expect(&mut process, &["exit:3", "out:late", "closed", "end"]).await;
}

#[tokio::test(start_paused = true)]
async fn output_that_the_server_no_longer_has_is_an_error_in_its_place() {
    let (environment, mut fake, mut conn) = connected(ours()).await;
    let mut process = started(&environment, &mut conn).await;
    conn.output(1, "a").await;
    conn.cut();
    let mut conn = fake.resumed(ours()).await;
    let asked = conn.asked("process/read").await;
    let page = json!({
        "chunks": [{ "seq": 5, "stream": "stdout", "chunk": base64("e") }], "nextSeq": 6,
        "exited": false, "exitCode": null, "closed": false, "failure": null,
        "lostBytes": 300, "firstAvailableSeq": 5,
    });
    conn.answer(asked, page).await;
    expect(
        &mut process,
        &["out:a", "error:output was lost: 300 bytes", "out:e"],
    )
    .await;
    conn.ends(6, 0).await;
    expect(&mut process, &["exit:0", "closed", "end"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_process_that_the_server_has_forgotten_ends_with_an_error() {
    let (environment, mut fake, mut conn) = connected(ours()).await;
    let mut process = started(&environment, &mut conn).await;
    conn.cut();
    let mut conn = fake.resumed(ours()).await;
    let asked = conn.asked("process/read").await;
    conn.refuse(asked, -32600, "unknown process id p").await;
    expect(&mut process, &["error:there is no process `p`", "end"]).await;
    assert!(process.wait().await.unwrap_err().is_not_found());
}

/// Starts `p`, and cuts the connection before the start is answered.
async fn lost_start(
    additions: serde_json::Value,
    after: impl AsyncFnOnce(&mut Conn),
) -> Result<outpost_client::Process, ClientError> {
    let (environment, mut fake, mut conn) = connected(additions.clone()).await;
    let options = StartOptions {
        process_id: Some("p".to_owned()),
        ..StartOptions::new(["true"])
    };
    let processes = environment.processes();
    let (process, ()) = tokio::join!(processes.start(options), async {
        conn.asked("process/start").await;
        conn.cut();
        let mut conn = fake.resumed(additions).await;
        let asked = conn.asked("process/read").await;
        assert_eq!(
            asked.params["afterSeq"], 0,
            "a question must not claim to have read anything"
        );
        conn.refuse(asked, -32600, "process id p is starting").await;
        after(&mut conn).await;
    });
    process
}

#[tokio::test(start_paused = true)]
async fn a_start_that_did_not_arrive_is_made_again() {
    let process = lost_start(ours(), async |conn| {
        let asked = conn.asked("process/read").await;
        conn.refuse(asked, -32600, "unknown process id p").await;
        let asked = conn.asked("process/start").await;
        assert_eq!(asked.params["processId"], "p");
        conn.answer(asked, json!({ "processId": "p" })).await;
        conn.output(1, "a").await;
    });
    assert_eq!(event(&mut process.await.unwrap()).await, "out:a");
}

#[tokio::test(start_paused = true)]
async fn a_start_that_did_arrive_is_not_made_again() {
    let process = lost_start(reference(), async |conn| {
        let asked = conn.asked("process/read").await;
        conn.page(asked, &[(1, "a")], 2, None).await;
        let asked = conn.asked("process/read").await;
        conn.page(asked, &[(1, "a")], 2, None).await;
        conn.ends(2, 0).await;
    });
    expect(&mut process.await.unwrap(), &["out:a", "exit:0", "closed"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_start_that_arrives_late_is_recognised_by_its_id() {
    let process = lost_start(ours(), async |conn| {
        let asked = conn.asked("process/read").await;
        conn.refuse(asked, -32600, "unknown process id p").await;
        let asked = conn.asked("process/start").await;
        conn.refuse(asked, -32600, "process p already exists").await;
        let asked = conn.asked("process/read").await;
        conn.page(asked, &[(1, "a")], 2, None).await;
    });
    assert_eq!(event(&mut process.await.unwrap()).await, "out:a");
}

#[tokio::test(start_paused = true)]
async fn an_unanswered_write_is_made_again_under_its_id() {
    let (environment, mut fake, mut conn) = connected(ours()).await;
    let process = started(&environment, &mut conn).await;
    let bytes = vec![b'x'; 600 << 10];
    let (written, ()) = tokio::join!(process.write(bytes), async {
        let pieces = [
            conn.asked("process/write").await,
            conn.asked("process/write").await,
            conn.asked("process/write").await,
        ];
        let ids: Vec<_> = pieces
            .iter()
            .map(|asked| asked.params["writeId"].clone())
            .collect();
        let [first, ..] = pieces;
        conn.answer(first, json!({ "status": "accepted" })).await;
        conn.cut();
        let mut conn = fake.resumed(ours()).await;
        // Those without an answer, in order; the first may be among them.
        let mut again = Vec::new();
        while again.last() != ids.last() {
            let heard = conn.heard().await;
            if heard["method"] == "process/write" {
                again.push(heard["params"]["writeId"].clone());
                let accepted = json!({ "status": "accepted" });
                conn.say(json!({ "id": heard["id"], "result": accepted }))
                    .await;
            }
        }
        assert!(ids.ends_with(&again), "{again:?} of {ids:?}");
    });
    written.unwrap();
}

#[tokio::test(start_paused = true)]
async fn looking_is_repeated_and_changing_is_not() {
    let (environment, mut fake, mut conn) = connected(ours()).await;
    let files = environment.files();
    let (looked, changed, ()) = tokio::join!(
        files.metadata("/a"),
        files.remove("/a", true, true),
        async {
            conn.asked("fs/getMetadata").await;
            conn.asked("fs/remove").await;
            conn.cut();
            let mut conn = fake.resumed(ours()).await;
            let asked = conn.asked("fs/getMetadata").await;
            let metadata = json!({
                "isDirectory": false, "isFile": true, "isSymlink": false, "size": 5,
                "createdAtMs": 0, "modifiedAtMs": 0,
            });
            conn.answer(asked, metadata).await;
            assert!(conn.is_silent());
        }
    );
    assert_eq!(looked.unwrap().size, 5);
    let unanswered = changed.unwrap_err();
    assert!(
        matches!(
            unanswered,
            ClientError::Unanswered {
                method: "fs/remove",
                ..
            }
        ),
        "{unanswered}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_process_of_a_resumed_session_is_taken_up_from_its_oldest_output() {
    let (environment, _fake, mut conn) = connected(ours()).await;
    let processes = environment.processes();
    let (process, ()) = tokio::join!(processes.attach("p"), async {
        let asked = conn.asked("process/read").await;
        conn.page(asked, &[(1, "a")], 2, None).await;
        let asked = conn.asked("process/read").await;
        conn.page(asked, &[(1, "a"), (2, "b")], 3, None).await;
        conn.output(3, "c").await;
    });
    expect(&mut process.unwrap(), &["out:a", "out:b", "out:c"]).await;
}
