use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use super::{Answer, client, plain, refused, server};
use crate::client::Client;

async fn watch(client: &mut Client, id: &str, path: &Path) -> Answer {
    let params = json!({"watchId": id, "path": path});
    client.call("fs/watch", params).await
}

async fn unwatch(client: &mut Client, id: &str) -> Answer {
    client.call("fs/unwatch", json!({"watchId": id})).await
}

fn is_told(message: &Value, id: &str) -> bool {
    message["method"] == "fs/changed" && message["params"]["watchId"] == id
}

/// The next paths that are told of a watch.
async fn told(client: &mut Client, id: &str) -> Vec<PathBuf> {
    let told = client.until(|message| is_told(message, id)).await;
    serde_json::from_value(told["params"]["changedPaths"].clone()).unwrap()
}

/// Reads on until all of these were told of a watch, in however many messages, and nothing else.
async fn hears(client: &mut Client, id: &str, paths: &[&Path]) {
    let wanted: BTreeSet<PathBuf> = paths.iter().map(|path| path.to_path_buf()).collect();
    let mut heard = BTreeSet::new();
    while heard != wanted {
        let paths = told(client, id).await;
        assert!(paths.is_sorted(), "{paths:?}");
        heard.extend(paths);
        assert!(heard.is_subset(&wanted), "{heard:?}, not {wanted:?}");
    }
}

#[tokio::test]
async fn a_watch_tells_its_own_connection_until_its_end() {
    let server = server(|_| {});
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let mut one = plain(&server).await;
    let mut other = plain(&server).await;
    let path = Ok(json!({"path": root}));
    assert_eq!(watch(&mut one, "w", &root.join("x/..")).await, path);
    // The name is the connection's, and any name is one.
    assert_eq!(watch(&mut other, "w", root).await, path);
    assert_eq!(watch(&mut one, "", root).await, path);
    for id in ["w", ""] {
        let words = format!("watchId already exists: {id}");
        assert_eq!(watch(&mut one, id, root).await, refused(-32600, &words));
    }
    let made = root.join("made");
    fs::create_dir(&made).unwrap();
    hears(&mut one, "w", &[&made]).await;
    hears(&mut one, "", &[&made]).await;
    hears(&mut other, "w", &[&made]).await;
    assert_eq!(unwatch(&mut one, "w").await, Ok(json!({})));
    assert_eq!(unwatch(&mut one, "w").await, Ok(json!({})));
    let again = root.join("again");
    fs::create_dir(&again).unwrap();
    hears(&mut one, "", &[&again]).await;
    hears(&mut other, "w", &[&again]).await;
    // The name is free, and what was before is not told.
    assert_eq!(watch(&mut one, "w", &made).await, Ok(json!({"path": made})));
    fs::create_dir(made.join("in")).unwrap();
    hears(&mut one, "w", &[&made.join("in")]).await;
    server.shutdown().await;
}

#[tokio::test]
async fn nothing_is_told_after_the_end_of_a_watch_is_answered() {
    let server = server(|_| {});
    let folder = tempfile::tempdir().unwrap();
    let mut client = plain(&server).await;
    for round in 0..20 {
        assert!(watch(&mut client, "w", folder.path()).await.is_ok());
        fs::create_dir(folder.path().join(round.to_string())).unwrap();
        if round % 2 == 0 {
            // Something is on its way.
            tokio::time::sleep(outpost_host::fs::GATHER).await;
        }
        let end = client.ask("fs/unwatch", json!({"watchId": "w"})).await;
        loop {
            let message = client.next().await.unwrap();
            if message["id"] == json!(end) {
                break;
            }
        }
        let echo = client.ask("fs/unwatch", json!({"watchId": "w"})).await;
        assert_eq!(client.next().await.unwrap()["id"], json!(echo));
    }
    server.shutdown().await;
}

#[tokio::test]
async fn what_is_asked_in_a_row_happens_in_that_order() {
    let server = server(|_| {});
    let folder = tempfile::tempdir().unwrap();
    let mut client = plain(&server).await;
    let dir = folder.path().join("dir");
    let (before, after) = (dir.join("before"), dir.join("after"));
    let steps = [
        ("fs/createDirectory", json!({"path": dir})),
        ("fs/createDirectory", json!({"path": before})),
        ("fs/watch", json!({"watchId": "w", "path": dir})),
        ("fs/createDirectory", json!({"path": after})),
        ("fs/watch", json!({"watchId": "x", "path": dir})),
        ("fs/unwatch", json!({"watchId": "x"})),
        ("fs/watch", json!({"watchId": "x", "path": after})),
    ];
    let mut ids = Vec::new();
    for (method, params) in steps {
        ids.push(client.ask(method, params).await);
    }
    for id in ids {
        assert!(client.answer(id).await.is_ok());
    }
    hears(&mut client, "w", &[&after]).await;
    server.shutdown().await;
}

#[tokio::test]
async fn a_file_is_watched_on_after_it_was_replaced() {
    let server = server(|_| {});
    let folder = tempfile::tempdir().unwrap();
    let mut client = plain(&server).await;
    let (file, other) = (folder.path().join("f"), folder.path().join("g"));
    fs::write(&file, "").unwrap();
    assert!(watch(&mut client, "w", &file).await.is_ok());
    for _ in 0..3 {
        fs::write(&other, "").unwrap();
        fs::rename(&other, &file).unwrap();
        hears(&mut client, "w", &[&file]).await;
        // The one that is there now.
        let mut permissions = fs::metadata(&file).unwrap().permissions();
        permissions.set_readonly(!permissions.readonly());
        fs::set_permissions(&file, permissions).unwrap();
        hears(&mut client, "w", &[&file]).await;
    }
    fs::remove_file(&file).unwrap();
    hears(&mut client, "w", &[&file]).await;
    server.shutdown().await;
}

#[tokio::test]
async fn a_path_that_is_missing_is_watched_until_it_comes() {
    let server = server(|_| {});
    let folder = tempfile::tempdir().unwrap();
    let mut client = plain(&server).await;
    let deep = folder.path().join("a/b/c");
    assert!(watch(&mut client, "w", &deep).await.is_ok());
    fs::create_dir_all(&deep).unwrap();
    hears(&mut client, "w", &[&deep]).await;
    fs::create_dir(deep.join("in")).unwrap();
    hears(&mut client, "w", &[&deep.join("in")]).await;
    server.shutdown().await;
}

#[tokio::test]
async fn a_queue_that_overflows_is_told_as_a_change_of_the_watched_path() {
    let server = server(|_| {});
    let folder = tempfile::tempdir().unwrap();
    let mut client = plain(&server).await;
    assert!(watch(&mut client, "w", folder.path()).await.is_ok());
    let bound = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap();
    let bound: usize = bound.trim().parse().unwrap();
    // Two events each, and nothing else of this runtime runs meanwhile.
    let names = [folder.path().join("f"), folder.path().join("g")];
    fs::create_dir(&names[0]).unwrap();
    for number in 0..bound / 2 + 2 {
        fs::rename(&names[number % 2], &names[(number + 1) % 2]).unwrap();
    }
    // It may have begun to tell what fits before it has read that there was more.
    let root = folder.path().to_owned();
    while !told(&mut client, "w").await.contains(&root) {}
    // It goes on.
    let made = folder.path().join("made");
    fs::create_dir(&made).unwrap();
    while !told(&mut client, "w").await.contains(&made) {}
    server.shutdown().await;
}

#[tokio::test]
async fn the_end_of_a_connection_ends_its_watches() {
    let server = server(|config| config.files.change_watches = 2);
    let folder = tempfile::tempdir().unwrap();
    let full = "Server overloaded; retry later: the server has 2 watches";
    let mut last = plain(&server).await;
    for _ in 0..10 {
        let mut one = plain(&server).await;
        // The connection before has ended, or is about to.
        while watch(&mut one, "a", folder.path()).await == refused(-32001, full) {}
        while watch(&mut one, "b", folder.path()).await == refused(-32001, full) {}
        let words = "watchId already exists: b";
        assert_eq!(
            watch(&mut one, "b", folder.path()).await,
            refused(-32600, words)
        );
        let more = watch(&mut last, "c", folder.path()).await;
        assert_eq!(more, refused(-32001, full));
        // An end gives room at once.
        assert!(unwatch(&mut one, "a").await.is_ok());
        assert!(watch(&mut last, "c", folder.path()).await.is_ok());
        assert!(unwatch(&mut last, "c").await.is_ok());
        let link = one.link;
        drop(link.tx);
        let mut rx = link.rx;
        while rx.recv().await.is_some() {}
    }
    server.shutdown().await;
}

#[tokio::test]
async fn a_name_at_the_bound_is_taken_and_a_longer_one_is_refused() {
    let server = server(|_| {});
    let folder = tempfile::tempdir().unwrap();
    let mut client = plain(&server).await;
    let id = "i".repeat(1024);
    assert!(watch(&mut client, &id, folder.path()).await.is_ok());
    let made = folder.path().join("made");
    fs::create_dir(&made).unwrap();
    hears(&mut client, &id, &[&made]).await;
    assert_eq!(
        watch(&mut client, &(id + "i"), folder.path()).await,
        refused(-32600, "watchId has at most 1024 bytes")
    );
    server.shutdown().await;
}

#[tokio::test]
async fn a_client_that_does_not_want_to_hear_of_changes_does_not() {
    let server = server(|_| {});
    let folder = tempfile::tempdir().unwrap();
    let unwanted = ["remoteControl/status/changed", "fs/changed"];
    let mut deaf = client(&server, json!({"optOutNotificationMethods": unwanted})).await;
    let mut other = plain(&server).await;
    assert!(watch(&mut deaf, "w", folder.path()).await.is_ok());
    assert!(watch(&mut other, "w", folder.path()).await.is_ok());
    let made = folder.path().join("made");
    fs::create_dir(&made).unwrap();
    hears(&mut other, "w", &[&made]).await;
    let end = deaf.ask("fs/unwatch", json!({"watchId": "w"})).await;
    assert_eq!(deaf.next().await.unwrap()["id"], json!(end));
    server.shutdown().await;
}
