use serde_json::json;

use crate::client::{Client, decode, encode, server};

#[tokio::test]
async fn a_large_file_is_read_while_it_is_sent_and_a_small_one_at_once() {
    let server = server(|_| {});
    let folder = tempfile::tempdir().unwrap();
    let (mut client, _) = Client::new(&server).await;
    for size in [0, 1, 65_536, 65_537, 786_431, 786_432, 786_433, 5_000_000] {
        let bytes: Vec<u8> = (0..size)
            .map(|i: u32| i.wrapping_mul(2_654_435_761).to_be_bytes()[0])
            .collect();
        let path = folder.path().join(size.to_string());
        std::fs::write(&path, &bytes).unwrap();
        let read = client
            .call(
                "fs/readFile",
                json!({"path": format!("file://{}", path.display())}),
            )
            .await;
        assert!(
            decode(read.unwrap()["dataBase64"].as_str().unwrap()) == bytes,
            "{size}"
        );
    }
    server.shutdown().await;
}

#[tokio::test]
async fn a_file_the_reference_client_could_not_take_is_refused_to_it() {
    let server = server(|_| {});
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large");
    std::fs::File::create(&path)
        .unwrap()
        .set_len(50_332_000)
        .unwrap();
    let read = json!({"path": format!("file://{}", path.display())});
    let mut client = Client::silent(&server);
    client
        .call("initialize", json!({"clientName": "codex-environment"}))
        .await
        .unwrap();
    client.say(json!({"method": "initialized"})).await;
    let (code, words) = client.call("fs/readFile", read.clone()).await.unwrap_err();
    assert_eq!(code, -32600);
    assert!(words.contains("fs/readBlock"), "{words}");
    let (mut other, _) = Client::new(&server).await;
    assert!(other.call("fs/readFile", read).await.is_ok());
    server.shutdown().await;
}

#[tokio::test]
async fn open_files_belong_to_the_connection_and_blocks_keep_their_order() {
    let server = server(|_| {});
    let folder = tempfile::tempdir().unwrap();
    let uri = format!("file://{}/f", folder.path().display());
    let (mut client, session) = Client::new(&server).await;
    client
        .ask(
            "fs/open",
            json!({"handleId": "w", "path": uri, "mode": "replace"}),
        )
        .await;
    for i in 0..10u64 {
        let chunk = encode(format!("{i}").as_bytes());
        client
            .ask(
                "fs/writeBlock",
                json!({"handleId": "w", "offset": i, "chunk": chunk}),
            )
            .await;
    }
    client.ask("fs/close", json!({"handleId": "w"})).await;
    client
        .ask("fs/open", json!({"handleId": "r", "path": uri}))
        .await;
    let block = client
        .call(
            "fs/readBlock",
            json!({"handleId": "r", "offset": 2, "len": 100}),
        )
        .await
        .unwrap();
    assert_eq!(block, json!({"chunk": encode(b"23456789"), "eof": true}));
    drop(client);
    let mut client = Client::resumed(&server, &session).await;
    assert_eq!(
        client
            .call(
                "fs/readBlock",
                json!({"handleId": "r", "offset": 0, "len": 1})
            )
            .await,
        Err((-32004, "unknown file handle `r`".to_owned()))
    );
    server.shutdown().await;
}

#[tokio::test]
async fn a_missing_path_is_told_of_once() {
    let server = server(|_| {});
    let folder = tempfile::tempdir().unwrap();
    let uri = |name: &str| format!("file://{}/{name}", folder.path().display());
    let (mut client, _) = Client::new(&server).await;
    let watch = json!({"watchId": 7, "missing": [uri("a"), uri("b")]});
    assert_eq!(
        client.call("fs/watchMissing", watch.clone()).await,
        Ok(json!({"watching": true}))
    );
    std::fs::write(folder.path().join("b"), "").unwrap();
    assert_eq!(
        client.told().await,
        json!({"method": "fs/missingChanged", "params": {"watchId": 7}})
    );
    assert_eq!(
        client.call("fs/watchMissing", watch).await,
        Ok(json!({"watching": false}))
    );
    server.shutdown().await;
}
