//! A connection that does not come back, or was never there.

use std::time::Duration;

use outpost_client::{ClientError, ConnectError, ConnectOptions, ConnectionEvent, Gone};
use serde_json::json;
use tokio::time::Instant;

use crate::fake::{
    SESSION, connected, connected_with, environment, event, ours, reference, started,
};

#[tokio::test(start_paused = true)]
async fn an_unknown_session_is_final_for_everything_of_it() {
    let (environment, mut fake, mut conn) = connected(ours()).await;
    let mut events = environment.events();
    let mut process = started(&environment, &mut conn).await;
    let files = environment.files();
    let (looked, ()) = tokio::join!(files.metadata("/a"), async {
        conn.asked("fs/getMetadata").await;
        conn.cut();
        let mut conn = fake.accept().await;
        let asked = conn.asked("initialize").await;
        conn.refuse(asked, -32600, &format!("unknown session id {SESSION}"))
            .await;
    });
    let gone = |error: &ClientError| matches!(error, ClientError::Gone(Gone::UnknownSession));
    assert!(gone(&looked.unwrap_err()));
    assert!(
        event(&mut process)
            .await
            .starts_with("error:the session is gone")
    );
    assert_eq!(event(&mut process).await, "end", "told once");
    assert!(gone(&process.wait().await.unwrap_err()));
    assert!(gone(&environment.info().await.unwrap_err()));
    assert!(matches!(
        events.recv().await,
        Ok(ConnectionEvent::Lost { .. })
    ));
    assert!(matches!(
        events.recv().await,
        Ok(ConnectionEvent::Gone { .. })
    ));
}

#[tokio::test(start_paused = true)]
async fn recovery_goes_on_until_its_deadline() {
    let (environment, fake, mut conn) = connected(ours()).await;
    let mut process = started(&environment, &mut conn).await;
    fake.set_up(false);
    let lost = Instant::now();
    conn.cut();
    let told = process.next().await.unwrap().unwrap_err();
    let ClientError::Gone(Gone::RecoveryTimedOut { last, .. }) = &told else {
        panic!("{told}")
    };
    assert!(last.contains("nobody is there"), "{last}");
    let after = lost.elapsed();
    assert!(
        after > Duration::from_secs(43) && after <= Duration::from_secs(45),
        "{after:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn refusals_that_may_pass_are_waited_out() {
    let (environment, mut fake, mut conn) = connected(ours()).await;
    let mut process = started(&environment, &mut conn).await;
    conn.cut();
    for _ in 0..3 {
        let mut conn = fake.accept().await;
        let asked = conn.asked("initialize").await;
        let words = format!("session {SESSION} is already attached to another connection");
        conn.refuse(asked, -32010, &words).await;
    }
    // One that never answers is given up after its time.
    let mut silent = fake.accept().await;
    silent.asked("initialize").await;
    let mut conn = fake.resumed(ours()).await;
    let asked = conn.asked("process/read").await;
    conn.page(asked, &[(1, "a")], 2, None).await;
    assert_eq!(event(&mut process).await, "out:a");
}

#[tokio::test(start_paused = true)]
async fn without_recovery_every_call_and_stream_fails_once() {
    let options = ConnectOptions {
        recovery: Duration::ZERO,
        ..ConnectOptions::default()
    };
    let (environment, _fake, mut conn) = connected_with(options, ours()).await;
    let mut process = started(&environment, &mut conn).await;
    let (files, http) = (environment.files(), environment.http());
    let calls = tokio::join!(
        files.metadata("/a"),
        files.remove("/a", true, true),
        process.write("x"),
        http.get("http://a"),
        async {
            for method in [
                "fs/getMetadata",
                "fs/remove",
                "process/write",
                "http/request",
            ] {
                conn.asked(method).await;
            }
            conn.cut();
        }
    );
    let gone = |error: ClientError| matches!(error, ClientError::Gone(Gone::NotResumable { .. }));
    let lost = |error: ClientError| matches!(error, ClientError::Unanswered { .. });
    assert!(gone(calls.0.unwrap_err()));
    assert!(lost(calls.1.unwrap_err()));
    assert!(gone(calls.2.unwrap_err()));
    assert!(lost(calls.3.unwrap_err()));
    assert!(
        event(&mut process)
            .await
            .starts_with("error:the connection was lost")
    );
    assert_eq!(event(&mut process).await, "end");
}

#[tokio::test(start_paused = true)]
async fn a_first_connection_that_fails_is_tried_again_by_the_next_call() {
    let (environment, mut fake) = environment(ConnectOptions::default());
    fake.set_up(false);
    let (one, other) = tokio::join!(environment.info(), environment.session_id());
    for error in [one.map(drop).unwrap_err(), other.map(drop).unwrap_err()] {
        assert!(
            matches!(
                error,
                ClientError::Connect(ConnectError::Unreachable { .. })
            ),
            "{error}"
        );
    }
    fake.set_up(true);
    let (info, ()) = tokio::join!(environment.info(), async {
        fake.accept().await.shake(ours()).await;
    });
    assert!(info.unwrap().capabilities.process_list);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_is_not_waited_for() {
    let (environment, mut fake) = environment(ConnectOptions::default());
    let begun = Instant::now();
    let (info, _conn) = tokio::join!(environment.info(), async {
        let mut conn = fake.accept().await;
        conn.asked("initialize").await;
        conn
    });
    let refused = info.unwrap_err();
    assert!(
        matches!(refused, ClientError::Connect(ConnectError::TimedOut { .. })),
        "{refused}"
    );
    assert_eq!(begun.elapsed(), Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn a_session_to_be_resumed_is_asked_for_at_once() {
    let resume_session_id = Some(SESSION.to_owned());
    let options = ConnectOptions {
        resume_session_id,
        ..ConnectOptions::default()
    };
    let (environment, mut fake) = environment(options);
    for (code, words, expected) in [
        (
            -32600,
            "unknown session id 5e55",
            "does not know the session",
        ),
        (
            -32010,
            "session 5e55 is already attached to another connection",
            "attached to another",
        ),
    ] {
        let (id, ()) = tokio::join!(environment.session_id(), async {
            let mut conn = fake.accept().await;
            let asked = conn.asked("initialize").await;
            assert_eq!(asked.params["resumeSessionId"], SESSION);
            conn.refuse(asked, code, words).await;
        });
        let refused = id.unwrap_err().to_string();
        assert!(refused.contains(expected), "{refused}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_of_the_older_dialect_is_asked_what_it_is() {
    let (environment, mut fake) = environment(ConnectOptions::default());
    let (id, _conn) = tokio::join!(environment.session_id(), async {
        let mut conn = fake.accept().await;
        let asked = conn.asked("initialize").await;
        conn.answer(asked, json!({ "sessionId": SESSION })).await;
        assert_eq!(conn.heard().await["method"], "initialized");
        let asked = conn.asked("environment/info").await;
        conn.refuse(
            asked,
            -32601,
            "exec-server stub does not implement `environment/info` yet",
        )
        .await;
        conn
    });
    assert_eq!(id.unwrap(), SESSION);
    assert!(environment.info().await.unwrap_err().is_unsupported());
}

#[tokio::test(start_paused = true)]
async fn a_close_ends_the_connection_and_everything_asked_after_it() {
    let (environment, _fake, mut conn) = connected(reference()).await;
    let mut process = started(&environment, &mut conn).await;
    let ((), ()) = tokio::join!(environment.close(), conn.closed());
    assert_eq!(
        event(&mut process).await,
        "error:the environment was closed"
    );
    assert!(matches!(environment.info().await, Err(ClientError::Closed)));
}

#[tokio::test(start_paused = true)]
async fn the_last_handle_takes_the_connection_with_it() {
    let (environment, _fake, mut conn) = connected(reference()).await;
    let files = environment.files();
    drop(environment);
    let (looked, ()) = tokio::join!(files.read_directory("/"), async {
        let asked = conn.asked("fs/readDirectory").await;
        conn.answer(asked, json!({ "entries": [] })).await;
    });
    assert!(looked.unwrap().is_empty());
    drop(files);
    conn.closed().await;
}
