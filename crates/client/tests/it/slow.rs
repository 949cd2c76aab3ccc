//! Readers that do not keep up.

use outpost_client::ConnectOptions;
use serde_json::json;

use crate::fake::{connected_with, event, expect, ours, reference, started};

/// Room for two of the outputs below, not for three.
fn small() -> ConnectOptions {
    ConnectOptions {
        process_buffer: 3000,
        ..ConnectOptions::default()
    }
}

fn text(byte: char) -> String {
    byte.to_string().repeat(1000)
}

#[tokio::test(start_paused = true)]
async fn a_full_buffer_stops_one_process_and_the_rest_is_read_at_leisure() {
    let (environment, _fake, mut conn) = connected_with(small(), ours()).await;
    let mut process = started(&environment, &mut conn).await;
    for (seq, byte) in (1..).zip(['a', 'b', 'c', 'd']) {
        conn.output(seq, &text(byte)).await;
    }
    let asked = conn.asked("process/follow").await;
    assert_eq!(asked.params, json!({ "processId": "p", "follow": false }));
    conn.answer(asked, json!({ "nextSeq": 5 })).await;
    // Nothing is asked while nobody reads.
    let files = environment.files();
    let ((), _) = tokio::join!(
        async {
            let asked = conn.asked("fs/readDirectory").await;
            conn.answer(asked, json!({ "entries": [] })).await;
        },
        files.read_directory("/")
    );
    assert!(conn.is_silent());
    let ((), ()) = tokio::join!(
        async {
            for byte in ['a', 'b', 'c', 'd', 'e', 'f', 'g'] {
                assert_eq!(event(&mut process).await, format!("out:{}", text(byte)));
            }
            expect(&mut process, &["exit:0", "closed", "end"]).await;
        },
        async {
            let asked = conn.asked("process/read").await;
            assert_eq!(
                asked.params,
                json!({ "processId": "p", "afterSeq": 2, "maxBytes": 1_048_576, "waitMs": 0 })
            );
            conn.page(asked, &[(3, &text('c')), (4, &text('d'))], 5, None)
                .await;
            let asked = conn.asked("process/read").await;
            assert_eq!(asked.params["afterSeq"], 4);
            conn.page(asked, &[], 5, None).await;
            let asked = conn.asked("process/follow").await;
            assert_eq!(asked.params["follow"], true);
            // One more was said before the notifications went on.
            conn.answer(asked, json!({ "nextSeq": 6 })).await;
            conn.output(6, &text('f')).await;
            let asked = conn.asked("process/read").await;
            assert_eq!(asked.params["afterSeq"], 4);
            conn.page(asked, &[(5, &text('e')), (6, &text('f'))], 7, None)
                .await;
            conn.output(7, &text('g')).await;
            conn.ends(8, 0).await;
        }
    );
}

#[tokio::test(start_paused = true)]
async fn what_overflows_before_notifications_are_announced_is_read() {
    let (environment, _fake, mut conn) = connected_with(small(), ours()).await;
    let mut process = started(&environment, &mut conn).await;
    for (seq, byte) in (1..).zip(['a', 'b', 'c']) {
        conn.output(seq, &text(byte)).await;
    }
    let asked = conn.asked("process/follow").await;
    conn.answer(asked, json!({ "nextSeq": 4 })).await;
    let ((), ()) = tokio::join!(
        async {
            for byte in ['a', 'b', 'c', 'd', 'e', 'f'] {
                assert_eq!(event(&mut process).await, format!("out:{}", text(byte)));
            }
        },
        async {
            let asked = conn.asked("process/read").await;
            conn.page(asked, &[(3, &text('c'))], 4, None).await;
            let asked = conn.asked("process/read").await;
            conn.page(asked, &[], 4, None).await;
            let asked = conn.asked("process/follow").await;
            for (seq, byte) in (4..).zip(['d', 'e', 'f']) {
                conn.output(seq, &text(byte)).await;
            }
            conn.answer(asked, json!({ "nextSeq": 4 })).await;
            let asked = conn.asked("process/read").await;
            assert_eq!(asked.params["afterSeq"], 5);
            conn.page(asked, &[(6, &text('f'))], 7, None).await;
        }
    );
}

#[tokio::test(start_paused = true)]
async fn a_stopped_process_that_ends_is_read_to_its_end() {
    let (environment, _fake, mut conn) = connected_with(small(), ours()).await;
    let mut process = started(&environment, &mut conn).await;
    for (seq, byte) in (1..).zip(['a', 'b', 'c']) {
        conn.output(seq, &text(byte)).await;
    }
    let asked = conn.asked("process/follow").await;
    conn.answer(asked, json!({ "nextSeq": 4 })).await;
    let ((), ()) = tokio::join!(
        async {
            for byte in ['a', 'b', 'c'] {
                assert_eq!(event(&mut process).await, format!("out:{}", text(byte)));
            }
            expect(&mut process, &["exit:9", "closed", "end"]).await;
        },
        async {
            let asked = conn.asked("process/read").await;
            conn.page(asked, &[(3, &text('c'))], 4, Some(9)).await;
            let asked = conn.asked("process/read").await;
            conn.page(asked, &[], 6, Some(9)).await;
        }
    );
    assert!(conn.is_silent());
}

#[tokio::test(start_paused = true)]
async fn a_loss_while_one_is_stopped_stops_it_again() {
    let (environment, mut fake, mut conn) = connected_with(small(), ours()).await;
    let mut process = started(&environment, &mut conn).await;
    for (seq, byte) in (1..).zip(['a', 'b', 'c']) {
        conn.output(seq, &text(byte)).await;
    }
    conn.asked("process/follow").await;
    conn.cut();
    let mut conn = fake.resumed(ours()).await;
    let asked = conn.asked("process/follow").await;
    assert_eq!(asked.params["follow"], false);
    conn.answer(asked, json!({ "nextSeq": 4 })).await;
    let ((), ()) = tokio::join!(
        async {
            for byte in ['a', 'b', 'c'] {
                assert_eq!(event(&mut process).await, format!("out:{}", text(byte)));
            }
        },
        async {
            let asked = conn.asked("process/read").await;
            conn.page(asked, &[(3, &text('c'))], 4, None).await;
        }
    );
}

#[tokio::test(start_paused = true)]
async fn a_server_that_cannot_stop_one_waits_and_nothing_is_lost() {
    let (environment, _fake, mut conn) = connected_with(small(), reference()).await;
    let mut process = started(&environment, &mut conn).await;
    let mut other = {
        let options = outpost_client::StartOptions {
            process_id: Some("q".to_owned()),
            ..outpost_client::StartOptions::new(["true"])
        };
        let processes = environment.processes();
        let (other, ()) = tokio::join!(processes.start(options), async {
            let asked = conn.asked("process/start").await;
            conn.answer(asked, json!({ "processId": "q" })).await;
        });
        other.unwrap()
    };
    for (seq, byte) in (1..).zip(['a', 'b', 'c', 'd']) {
        conn.output(seq, &text(byte)).await;
    }
    conn.output_of("q", 1, "other").await;
    let waiting = tokio::time::timeout(std::time::Duration::from_secs(60), other.next()).await;
    assert!(waiting.is_err(), "the connection is not read");
    for byte in ['a', 'b', 'c', 'd'] {
        assert_eq!(event(&mut process).await, format!("out:{}", text(byte)));
    }
    assert_eq!(event(&mut other).await, "out:other");
    for (seq, byte) in (5..).zip(['a', 'b', 'c', 'd']) {
        conn.output(seq, &text(byte)).await;
    }
    conn.output_of("q", 2, "again").await;
    // Whoever does not want to read may go.
    drop(process);
    assert_eq!(event(&mut other).await, "out:again");
    assert!(conn.is_silent());
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_connection_that_is_not_read_is_noticed() {
    let (environment, mut fake, mut conn) = connected_with(small(), reference()).await;
    let mut process = started(&environment, &mut conn).await;
    for (seq, byte) in (1..).zip(['a', 'b', 'c', 'd']) {
        conn.output(seq, &text(byte)).await;
    }
    conn.cut();
    let mut conn = fake.resumed(reference()).await;
    let asked = conn.asked("process/read").await;
    assert_eq!(
        asked.params["afterSeq"], 4,
        "what was sent before the end was received"
    );
    conn.page(asked, &[], 5, None).await;
    for byte in ['a', 'b', 'c', 'd'] {
        assert_eq!(event(&mut process).await, format!("out:{}", text(byte)));
    }
}
