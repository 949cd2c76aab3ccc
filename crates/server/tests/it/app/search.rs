use std::{fs, path::Path};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Answer, plain, refused, server};
use crate::client::Client;

/// A folder with these files.
fn tree(paths: &[&str]) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for path in paths {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
    root
}

async fn search(client: &mut Client, query: &str, roots: &[&Path]) -> Answer {
    let params = json!({"query": query, "roots": roots});
    client.call("fuzzyFileSearch", params).await
}

async fn start(client: &mut Client, id: &str, roots: &[&Path]) -> Answer {
    let params = json!({"sessionId": id, "roots": roots});
    client.call("fuzzyFileSearch/sessionStart", params).await
}

async fn update(client: &mut Client, id: &str, query: &str) -> Answer {
    let params = json!({"sessionId": id, "query": query});
    client.call("fuzzyFileSearch/sessionUpdate", params).await
}

async fn stop(client: &mut Client, id: &str) -> Answer {
    let params = json!({"sessionId": id});
    client.call("fuzzyFileSearch/sessionStop", params).await
}

fn paths(files: &Value) -> Vec<&str> {
    let files = files.as_array().unwrap().iter();
    files.map(|file| file["path"].as_str().unwrap()).collect()
}

/// What a session has told about a query by the time it has looked everywhere; it tells of no
/// other one meanwhile.
async fn complete(client: &mut Client, id: &str, query: &str) -> Value {
    let mut files = Value::Null;
    loop {
        let told = client
            .until(|message| message["params"]["sessionId"] == id)
            .await;
        match told["method"].as_str().unwrap() {
            "fuzzyFileSearch/sessionUpdated" => {
                assert_eq!(told["params"]["query"], query);
                files = told["params"]["files"].clone();
            }
            "fuzzyFileSearch/sessionCompleted" => return files,
            other => panic!("{other}"),
        }
    }
}

#[tokio::test]
async fn a_search_is_answered_with_the_best_paths() {
    let server = server(|_| {});
    let tree = tree(&["src/main.rs", "src/main_test.rs", "maintenance/note", "x"]);
    let root = tree.path();
    let mut client = plain(&server).await;
    let found = search(&mut client, "main.rs", &[root]).await.unwrap();
    assert_eq!(paths(&found["files"]), ["src/main.rs", "src/main_test.rs"]);
    let best = json!({
        "root": root, "path": "src/main.rs", "match_type": "file", "file_name": "main.rs",
        "score": found["files"][0]["score"], "indices": [4, 5, 6, 7, 8, 9, 10],
    });
    assert_eq!(found["files"][0], best);
    let found = search(&mut client, "maintenance", &[root]).await.unwrap();
    assert_eq!(found["files"][0]["match_type"], "directory");
    for (query, roots) in [
        ("", vec![root]),
        ("x", vec![]),
        ("x", vec![&root.join("none")]),
    ] {
        let found = search(&mut client, query, &roots).await;
        assert_eq!(found, Ok(json!({"files": []})));
    }
    server.shutdown().await;
}

#[tokio::test]
async fn a_later_search_with_the_same_token_ends_the_earlier_one() {
    let server = server(|_| {});
    let tree = tree(&["found"]);
    let mut client = plain(&server).await;
    let mut other = plain(&server).await;
    let params = json!({"query": "found", "roots": [tree.path()], "cancellationToken": "t"});
    for _ in 0..20 {
        // Without an end to read of, every one but the last may be ended, and all are answered.
        let theirs = other.ask("fuzzyFileSearch", params.clone()).await;
        let mut ids = Vec::new();
        for _ in 0..20 {
            ids.push(client.ask("fuzzyFileSearch", params.clone()).await);
        }
        let last = ids.pop().unwrap();
        for id in ids {
            let found = client.answer(id).await.unwrap();
            let found = paths(&found["files"]);
            assert!(found.is_empty() || found == ["found"], "{found:?}");
        }
        for found in [client.answer(last).await, other.answer(theirs).await] {
            assert_eq!(paths(&found.unwrap()["files"]), ["found"]);
        }
    }
    server.shutdown().await;
}

#[tokio::test]
async fn a_burst_of_searches_is_answered_whole_and_holds_up_nobody() {
    let server = server(|config| config.search.searches = 1);
    let tree = tree(&["one", "two"]);
    let mut busy = plain(&server).await;
    let mut other = plain(&server).await;
    let params = json!({"query": "one", "roots": [tree.path()]});
    let mut ids = Vec::new();
    for _ in 0..500 {
        ids.push(busy.ask("fuzzyFileSearch", params.clone()).await);
    }
    // It is not behind all of those.
    let found = search(&mut other, "two", &[tree.path()]).await.unwrap();
    assert_eq!(paths(&found["files"]), ["two"]);
    for id in ids {
        let found = busy.answer(id).await.unwrap();
        assert_eq!(paths(&found["files"]), ["one"]);
    }
    server.shutdown().await;
}

#[tokio::test]
async fn a_session_tells_what_it_finds_for_its_latest_query() {
    let server = server(|_| {});
    let tree = tree(&["one", "two", "three"]);
    let mut client = plain(&server).await;
    assert_eq!(start(&mut client, "s", &[tree.path()]).await, Ok(json!({})));
    assert_eq!(complete(&mut client, "s", "").await, json!([]));
    for (query, found) in [
        ("one", vec!["one"]),
        ("t", vec!["three", "two"]),
        ("", vec![]),
    ] {
        // The same once more is told once more.
        for _ in 0..2 {
            assert_eq!(update(&mut client, "s", query).await, Ok(json!({})));
            let files = complete(&mut client, "s", query).await;
            let mut names = paths(&files);
            names.sort_unstable();
            assert_eq!(names, found);
        }
    }
    server.shutdown().await;
}

#[tokio::test]
async fn after_an_update_is_answered_nothing_is_told_of_an_earlier_one() {
    let server = server(|_| {});
    let tree = tree(&["a", "ab", "abc", "abcd", "abcde"]);
    let mut client = plain(&server).await;
    assert_eq!(start(&mut client, "s", &[tree.path()]).await, Ok(json!({})));
    let mut ids = Vec::new();
    let queries: Vec<&str> = ["a", "ab", "abc", "abcd", "abcde"].repeat(40);
    for query in &queries {
        let params = json!({"sessionId": "s", "query": query});
        ids.push(client.ask("fuzzyFileSearch/sessionUpdate", params).await);
    }
    let (mut answered, mut completed) = ("", false);
    while !(completed && ids.is_empty()) {
        let message = client.next().await.unwrap();
        if let Some(id) = message["id"].as_i64() {
            assert_eq!(message["result"], json!({}));
            assert_eq!(id, ids.remove(0), "in order");
            answered = queries[queries.len() - 1 - ids.len()];
            completed = false;
        } else if message["method"] == "fuzzyFileSearch/sessionUpdated" {
            assert_eq!(message["params"]["query"], answered);
        } else {
            completed = true;
        }
    }
    server.shutdown().await;
}

#[tokio::test]
async fn nothing_is_told_after_the_end_of_a_session_is_answered() {
    let server = server(|_| {});
    let tree = tree(&["one"]);
    let mut client = plain(&server).await;
    for round in 0..40 {
        assert_eq!(start(&mut client, "s", &[tree.path()]).await, Ok(json!({})));
        if round % 2 == 0 {
            assert_eq!(update(&mut client, "s", "o").await, Ok(json!({})));
        }
        let end = json!({"sessionId": "s"});
        let end = client.ask("fuzzyFileSearch/sessionStop", end).await;
        while client.next().await.unwrap()["id"] != json!(end) {}
        let echo = client.ask("fuzzyFileSearch", json!({"query": "", "roots": []}));
        let echo = echo.await;
        assert_eq!(client.next().await.unwrap()["id"], json!(echo));
    }
    assert_eq!(stop(&mut client, "s").await, Ok(json!({})));
    let unknown = "fuzzy file search session not found: s";
    let updated = update(&mut client, "s", "o").await;
    assert_eq!(updated, refused(-32600, unknown));
    server.shutdown().await;
}

#[tokio::test]
async fn a_session_that_is_started_again_is_another_one() {
    let server = server(|config| config.search.searches = 1);
    let (one, two) = (tree(&["one"]), tree(&["two"]));
    let mut client = plain(&server).await;
    for _ in 0..20 {
        for (tree, name) in [(&one, "one"), (&two, "two")] {
            assert_eq!(start(&mut client, "s", &[tree.path()]).await, Ok(json!({})));
            assert_eq!(update(&mut client, "s", "o").await, Ok(json!({})));
            let told = client.until(|message| {
                message["params"]["query"] == "o" && message["params"]["files"] != json!([])
            });
            assert_eq!(paths(&told.await["params"]["files"]), [name]);
        }
    }
    server.shutdown().await;
}

#[tokio::test]
async fn sessions_belong_to_their_connection_and_end_with_it() {
    let server = server(|config| config.search.searches = 1);
    let tree = tree(&["one"]);
    let full = "Server overloaded; retry later: the server has 1 search sessions";
    let mut other = plain(&server).await;
    for _ in 0..10 {
        let mut one = plain(&server).await;
        // The connection before has ended, or is about to.
        while start(&mut one, "s", &[tree.path()]).await == refused(-32001, full) {}
        assert_eq!(complete(&mut one, "s", "").await, json!([]));
        let unknown = "fuzzy file search session not found: s";
        let updated = update(&mut other, "s", "o").await;
        assert_eq!(updated, refused(-32600, unknown));
        let more = start(&mut other, "s", &[tree.path()]).await;
        assert_eq!(more, refused(-32001, full));
        assert_eq!(stop(&mut one, "s").await, Ok(json!({})));
        assert_eq!(start(&mut other, "s", &[tree.path()]).await, Ok(json!({})));
        assert_eq!(stop(&mut other, "s").await, Ok(json!({})));
        while start(&mut one, "s", &[tree.path()]).await == refused(-32001, full) {}
        let link = one.link;
        drop(link.tx);
        let mut rx = link.rx;
        while rx.recv().await.is_some() {}
    }
    server.shutdown().await;
}

#[tokio::test]
async fn every_bound_of_searches_holds_at_its_edge() {
    let server = server(|config| {
        config.search.roots = 2;
        config.search.query_bytes = 3;
    });
    let tree = tree(&["one"]);
    let root = tree.path();
    let mut client = plain(&server).await;
    let (many, long) = (
        "too many search directories: limit is 2",
        "query is too long: limit is 3 bytes",
    );
    assert!(search(&mut client, "one", &[root, root]).await.is_ok());
    let found = search(&mut client, "one", &[root, root, root]).await;
    assert_eq!(found, refused(-32600, many));
    let found = search(&mut client, "one ", &[root]).await;
    assert_eq!(found, refused(-32600, long));
    let id = "i".repeat(1024);
    assert!(start(&mut client, &id, &[root, root]).await.is_ok());
    assert!(update(&mut client, &id, "one").await.is_ok());
    let updated = update(&mut client, &id, "one ").await;
    assert_eq!(updated, refused(-32600, long));
    let started = start(&mut client, "s", &[root, root, root]).await;
    assert_eq!(started, refused(-32600, many));
    let started = start(&mut client, &(id + "i"), &[root]).await;
    assert_eq!(started, refused(-32600, "sessionId has at most 1024 bytes"));
    let started = start(&mut client, "", &[root]).await;
    assert_eq!(started, refused(-32600, "sessionId must not be empty"));
    let nowhere =
        "failed to start fuzzy file search session: at least one search directory is required";
    let started = start(&mut client, "s", &[]).await;
    assert_eq!(started, refused(-32603, nowhere));
    server.shutdown().await;
}
