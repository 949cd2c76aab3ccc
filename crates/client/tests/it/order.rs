//! What the server says in an odd order.

use outpost_client::{ClientError, ExitReason, StartOptions};
use serde_json::json;

use crate::fake::{connected, expect, ours, reference, started};

#[tokio::test(start_paused = true)]
async fn an_exit_that_overtakes_output_is_put_in_its_place() {
    let (environment, _fake, mut conn) = connected(reference()).await;
    let mut process = started(&environment, &mut conn).await;
    conn.ends(3, 7).await;
    conn.output(2, "b").await;
    conn.output(2, "b").await;
    conn.output(1, "a").await;
    expect(
        &mut process,
        &["out:a", "out:b", "exit:7", "closed", "end", "end"],
    )
    .await;
    assert_eq!(process.wait().await.unwrap().code, 7);
}

#[tokio::test(start_paused = true)]
async fn notifications_before_the_answer_to_the_start_are_kept() {
    let (environment, _fake, mut conn) = connected(ours()).await;
    let options = StartOptions {
        process_id: Some("p".to_owned()),
        ..StartOptions::new(["true"])
    };
    let processes = environment.processes();
    let (process, ()) = tokio::join!(processes.start(options), async {
        let asked = conn.asked("process/start").await;
        assert_eq!(
            asked.params["cwd"], "file:///srv",
            "the server's folder is the default"
        );
        conn.output(1, "early").await;
        conn.ends(2, 0).await;
        conn.answer(asked, json!({ "processId": "p" })).await;
    });
    expect(
        &mut process.unwrap(),
        &["out:early", "exit:0", "closed", "end"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_number_that_never_comes_is_asked_for() {
    let (environment, _fake, mut conn) = connected(reference()).await;
    let mut process = started(&environment, &mut conn).await;
    conn.output(2, "b").await;
    let (_, ()) = tokio::join!(expect(&mut process, &["out:a", "out:b"]), async {
        let asked = conn.asked("process/read").await;
        assert_eq!(
            asked.params,
            json!({ "processId": "p", "afterSeq": 0, "maxBytes": null, "waitMs": 0 })
        );
        conn.page(asked, &[(1, "a"), (2, "b")], 3, None).await;
    });
}

#[tokio::test(start_paused = true)]
async fn what_concerns_nobody_here_is_passed_over() {
    let (environment, _fake, mut conn) = connected(ours()).await;
    let mut process = started(&environment, &mut conn).await;
    conn.output_of("stranger", 1, "x").await;
    conn.tell("process/unheardOf", json!([1])).await;
    conn.say(json!({ "id": -1, "error": { "code": -32600, "message": "whatever" } }))
        .await;
    conn.say(json!("no message")).await;
    conn.output(1, "a").await;
    expect(&mut process, &["out:a"]).await;
}

#[tokio::test(start_paused = true)]
async fn the_exit_carries_what_the_server_knows_of_it() {
    let (environment, _fake, mut conn) = connected(ours()).await;
    let mut process = started(&environment, &mut conn).await;
    let exited = json!({
        "processId": "p", "seq": 1, "exitCode": 137, "reason": "terminated", "signal": "SIGKILL",
    });
    conn.tell("process/exited", exited).await;
    let exit = process.wait().await.unwrap();
    assert_eq!(
        (exit.code, exit.reason),
        (137, Some(ExitReason::Terminated))
    );
    assert_eq!(exit.signal.as_deref(), Some("SIGKILL"));
    // The output goes on behind the exit.
    conn.output(2, "late").await;
    conn.tell("process/closed", json!({ "processId": "p", "seq": 3 }))
        .await;
    expect(&mut process, &["out:late", "closed", "end"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_name_is_held_once_and_free_again_after_the_close() {
    let (environment, _fake, mut conn) = connected(ours()).await;
    let mut process = started(&environment, &mut conn).await;
    let options = StartOptions {
        process_id: Some("p".to_owned()),
        ..StartOptions::new(["true"])
    };
    let twice = environment.processes().start(options).await;
    assert!(
        matches!(twice, Err(ClientError::ProcessHeld { .. })),
        "{twice:?}"
    );
    conn.ends(1, 0).await;
    expect(&mut process, &["exit:0", "closed"]).await;
    let mut again = started(&environment, &mut conn).await;
    drop(process);
    conn.output(1, "anew").await;
    expect(&mut again, &["out:anew"]).await;
}

#[tokio::test(start_paused = true)]
async fn additions_are_refused_here_where_the_server_does_not_have_them() {
    let (environment, _fake, mut conn) = connected(reference()).await;
    let process = started(&environment, &mut conn).await;
    let unsupported = |error: ClientError| error.is_unsupported();
    assert!(unsupported(process.close_stdin().await.unwrap_err()));
    assert!(unsupported(process.resize(1, 1).await.unwrap_err()));
    assert!(unsupported(
        process
            .signal(outpost_client::SignalName::Kill)
            .await
            .unwrap_err()
    ));
    assert!(unsupported(
        process
            .terminate(Some(std::time::Duration::ZERO))
            .await
            .unwrap_err()
    ));
    assert!(unsupported(
        environment.processes().list().await.unwrap_err()
    ));
    let timeout = Some(std::time::Duration::from_secs(1));
    let options = StartOptions {
        timeout,
        ..StartOptions::new(["true"])
    };
    assert!(unsupported(
        environment.processes().start(options).await.unwrap_err()
    ));
    assert!(conn.is_silent(), "nothing of this is asked");
}
