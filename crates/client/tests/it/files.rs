//! Files block by block.

use outpost_client::ClientError;
use serde_json::{Value, json};

use crate::fake::{Asked, Conn, connected, ours, reference};

const BLOCK: u64 = 256 << 10;

fn metadata(size: u64, modified: i64) -> Value {
    json!({
        "isDirectory": false, "isFile": true, "isSymlink": false, "size": size,
        "createdAtMs": 0, "modifiedAtMs": modified,
    })
}

async fn opens(conn: &mut Conn, size: u64, modified: i64) {
    let asked = conn.asked("fs/open").await;
    let id = asked.params["handleId"].clone();
    conn.answer(asked, json!({ "handleId": id })).await;
    let asked = conn.asked("fs/getMetadata").await;
    conn.answer(asked, metadata(size, modified)).await;
}

/// Answers a read of a file of this size; each byte tells its block.
async fn block(conn: &Conn, asked: Asked, size: u64) {
    let offset = asked.params["offset"].as_u64().unwrap();
    let len = size.saturating_sub(offset).min(BLOCK);
    let byte = u8::try_from(offset / BLOCK).unwrap();
    let bytes = vec![byte; usize::try_from(len).unwrap()];
    let chunk = serde_json::to_value(outpost_protocol::Base64Bytes::from(bytes)).unwrap();
    conn.answer(asked, json!({ "chunk": chunk, "eof": len < BLOCK }))
        .await;
}

#[tokio::test(start_paused = true)]
async fn blocks_are_asked_for_ahead_and_handed_out_in_order() {
    let (environment, _fake, mut conn) = connected(reference()).await;
    let size = 9 * BLOCK + 7;
    let files = environment.files();
    let (read, ()) = tokio::join!(
        async {
            let mut reader = files.open_reader("/a").await.unwrap();
            assert_eq!(reader.size(), size);
            let mut bytes = Vec::new();
            while let Some(block) = reader.next().await.unwrap() {
                bytes.extend_from_slice(&block);
            }
            bytes
        },
        async {
            opens(&mut conn, size, 1).await;
            let mut window = Vec::new();
            for _ in 0..8 {
                window.push(conn.asked("fs/readBlock").await);
            }
            assert!(conn.is_silent(), "no more than eight at once");
            // Answers may come in any order.
            window.reverse();
            for asked in window {
                block(&conn, asked, size).await;
            }
            for _ in 0..2 {
                let asked = conn.asked("fs/readBlock").await;
                block(&conn, asked, size).await;
            }
            conn.asked("fs/close").await;
        }
    );
    assert_eq!(read.len() as u64, size);
    assert!(read.is_sorted());
}

#[tokio::test(start_paused = true)]
async fn a_small_file_costs_one_block_and_an_unknown_size_is_read_to_its_end() {
    let (environment, _fake, mut conn) = connected(reference()).await;
    for (told, size, blocks) in [(3, 3, 1), (0, BLOCK + 1, 2), (BLOCK, BLOCK, 2)] {
        let files = environment.files();
        let (read, ()) = tokio::join!(
            async {
                let mut reader = files.open_reader("/proc/a").await.unwrap();
                let mut read = 0;
                while let Some(block) = reader.next().await.unwrap() {
                    read += block.len() as u64;
                }
                read
            },
            async {
                opens(&mut conn, told, 1).await;
                for _ in 0..blocks {
                    let asked = conn.asked("fs/readBlock").await;
                    block(&conn, asked, size).await;
                }
                conn.asked("fs/close").await;
            }
        );
        assert_eq!(read, size);
    }
}

#[tokio::test(start_paused = true)]
async fn reading_goes_on_after_a_loss_if_the_file_is_the_same() {
    for (modified, same) in [(1, true), (2, false)] {
        let (environment, mut fake, mut conn) = connected(ours()).await;
        let size = 2 * BLOCK + 5;
        let files = environment.files();
        let (outcome, ()) = tokio::join!(
            async {
                let mut reader = files.open_reader("/a").await.unwrap();
                let mut bytes = reader.next().await.unwrap().unwrap().to_vec();
                while let Some(block) = reader.next().await? {
                    bytes.extend_from_slice(&block);
                }
                Ok::<_, ClientError>(bytes)
            },
            async {
                opens(&mut conn, size, 1).await;
                let first = conn.asked("fs/readBlock").await;
                conn.asked("fs/readBlock").await;
                conn.asked("fs/readBlock").await;
                block(&conn, first, size).await;
                conn.cut();
                let mut conn = fake.resumed(ours()).await;
                opens(&mut conn, size, modified).await;
                if same {
                    for _ in 0..2 {
                        let asked = conn.asked("fs/readBlock").await;
                        block(&conn, asked, size).await;
                    }
                }
                conn.asked("fs/close").await;
            }
        );
        match outcome {
            Ok(bytes) => assert!(same && bytes.len() as u64 == size && bytes.is_sorted()),
            Err(error) => assert!(
                !same && matches!(error, ClientError::FileChanged { .. }),
                "{error}"
            ),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_writer_sends_blocks_ahead_and_waits_for_all_of_them() {
    let (environment, _fake, mut conn) = connected(reference()).await;
    let files = environment.files();
    let (finished, ()) = tokio::join!(
        async {
            let mut writer = files.open_writer("/a").await.unwrap();
            writer.write(vec![1; 300 << 10]).await.unwrap();
            writer.write("tail").await.unwrap();
            assert_eq!(writer.written(), (300 << 10) + 4);
            writer.finish().await
        },
        async {
            let asked = conn.asked("fs/open").await;
            assert_eq!(asked.params["mode"], "replace");
            let id = asked.params["handleId"].clone();
            conn.answer(asked, json!({ "handleId": id })).await;
            for offset in [0, BLOCK, 300 << 10] {
                let asked = conn.asked("fs/writeBlock").await;
                assert_eq!(asked.params["offset"], offset);
                conn.answer(asked, json!({})).await;
            }
            let asked = conn.asked("fs/close").await;
            conn.answer(asked, json!({})).await;
        }
    );
    finished.unwrap();
    assert!(conn.is_silent(), "closed once");
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_is_the_end_of_a_writer() {
    let (environment, mut fake, mut conn) = connected(ours()).await;
    let files = environment.files();
    let (outcome, ()) = tokio::join!(
        async {
            let mut writer = files.open_writer("/a").await.unwrap();
            writer.write("x").await.unwrap();
            writer.finish().await
        },
        async {
            let asked = conn.asked("fs/open").await;
            conn.answer(asked, json!({ "handleId": "w" })).await;
            conn.asked("fs/writeBlock").await;
            conn.cut();
            let conn = fake.resumed(ours()).await;
            assert!(conn.is_silent());
        }
    );
    assert!(matches!(
        outcome,
        Err(ClientError::Unanswered {
            method: "fs/writeBlock",
            ..
        })
    ));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_asked_is_refused_here() {
    let (environment, _fake, conn) = connected(json!({})).await;
    let files = environment.files();
    assert!(matches!(
        files.read("a/b").await,
        Err(ClientError::NotAbsolute { .. })
    ));
    assert!(files.open_writer("/a").await.unwrap_err().is_unsupported());
    assert!(
        files
            .watch_missing(&[], None)
            .await
            .unwrap_err()
            .is_unsupported()
    );
    let large = vec![0; (47 << 20) + 1];
    assert!(matches!(
        files.write("/a", &large).await,
        Err(ClientError::TooLarge { .. })
    ));
    assert!(conn.is_silent());
}

#[tokio::test(start_paused = true)]
async fn a_watch_fires_once_and_ends_with_its_connection() {
    let (environment, mut fake, mut conn) = connected(ours()).await;
    let files = environment.files();
    let missing = ["/missing".into()];
    for (seen, watching) in [(true, true), (false, true), (false, false)] {
        let (watch, id) = tokio::join!(files.watch_missing(&missing, None), async {
            let asked = conn.asked("fs/watchMissing").await;
            let id = asked.params["watchId"].clone();
            conn.answer(asked, json!({ "watching": watching })).await;
            id
        });
        let Some(watch) = watch.unwrap() else {
            assert!(!watching);
            continue;
        };
        if seen {
            conn.tell("fs/missingChanged", json!({ "watchId": id }))
                .await;
        } else {
            conn.cut();
            conn = fake.resumed(ours()).await;
        }
        assert_eq!(watch.changed().await, seen);
    }
}
