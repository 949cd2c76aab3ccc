//! What file calls under a policy cannot do.

use std::{
    collections::BTreeMap,
    os::unix::fs::{MetadataExt, symlink},
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
};

use super::*;

/// Every path below a folder with its content, or where it leads.
fn picture(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut picture = BTreeMap::new();
    let mut ahead = vec![folder.to_owned()];
    while let Some(path) = ahead.pop() {
        let facts = fs::symlink_metadata(&path).unwrap();
        let seen = if facts.is_symlink() {
            format!("leads to {}", fs::read_link(&path).unwrap().display())
        } else if facts.is_dir() {
            let entries = fs::read_dir(&path).unwrap();
            ahead.extend(entries.map(|entry| entry.unwrap().path()));
            "a folder".to_owned()
        } else {
            fs::read_to_string(&path).unwrap()
        };
        picture.insert(path, format!("{:o} {seen}", facts.mode()));
    }
    picture
}

/// Every call that changes something, about a path that is in the place of `PATH`.
fn changes(path: &str, other: &str) -> Vec<(&'static str, Value)> {
    vec![
        (
            "fs/writeFile",
            json!({"path": path, "dataBase64": encode(b"changed")}),
        ),
        (
            "fs/createDirectory",
            json!({"path": format!("{path}/made/deep")}),
        ),
        (
            "fs/createDirectory",
            json!({"path": format!("{path}.made"), "recursive": false}),
        ),
        ("fs/remove", json!({"path": path, "force": false})),
        (
            "fs/copy",
            json!({"sourcePath": other, "destinationPath": path, "recursive": true}),
        ),
        (
            "fs/open",
            json!({"handleId": "h", "path": path, "mode": "replace"}),
        ),
    ]
}

/// Asserts that no change of `path` is answered with success, whatever comes of it.
async fn refused_all(client: &mut Client, sandbox: &Value, path: &str, other: &str) {
    for (method, mut params) in changes(path, other) {
        params["sandbox"] = sandbox.clone();
        let answer = client.call(method, params).await;
        assert!(answer.is_err(), "{method} {path}: {answer:?}");
    }
}

#[tokio::test]
async fn f08_no_spelling_of_a_path_leads_out_of_what_may_be_written() {
    let (server, tree) = (server(), Tree::new());
    let (mut client, _) = Client::new(&server).await;
    let sandbox = tree.policy();
    symlink(tree.path("ro"), tree.path("in/out")).unwrap();
    symlink("../ro/f", tree.path("in/file")).unwrap();
    symlink("../ro/none", tree.path("in/dangling")).unwrap();
    let before = picture(&tree.path("ro"));
    let root = tree.uri("in");
    for spelling in [
        "/../ro/f",
        "/%2e%2e/ro/f",
        "/..%2Fro%2Ff",
        "/out/f",
        "/out/none",
        "/./../in/../ro/f",
    ] {
        refused_all(
            &mut client,
            &sandbox,
            &format!("{root}{spelling}"),
            &tree.uri("in/f"),
        )
        .await;
    }
    // A link itself may be removed; what it leads to may not be changed through it.
    for name in ["in/file", "in/dangling"] {
        for (method, mut params) in changes(&tree.uri(name), &tree.uri("in/f")) {
            params["sandbox"] = sandbox.clone();
            let through = matches!(method, "fs/writeFile" | "fs/open");
            let answer = client.call(method, params).await;
            assert!(!through || answer.is_err(), "{method} {name}: {answer:?}");
            if fs::symlink_metadata(tree.path(name)).is_err() {
                symlink(
                    format!("../ro/{}", if name == "in/file" { "f" } else { "none" }),
                    tree.path(name),
                )
                .unwrap();
            }
        }
    }
    assert_eq!(picture(&tree.path("ro")), before);
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f09_a_folder_swapped_for_a_link_lets_no_write_escape() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let (server, tree) = (server(), Tree::new());
    let (mut client, _) = Client::new(&server).await;
    let sandbox = tree.policy();
    let before = picture(&tree.path("ro"));
    let (real, link, place) = (
        tree.path("in/real"),
        tree.path("in/link"),
        tree.path("in/place"),
    );
    fs::create_dir(&real).unwrap();
    symlink(tree.path("ro"), &link).unwrap();
    let stop = AtomicBool::new(false);
    let (mut done, mut refused) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                for from in [&real, &link] {
                    // A folder that was made there meanwhile is in the way.
                    while fs::rename(from, &place).is_err() {
                        // More may be made in it while it goes.
                        fs::remove_dir_all(&place).ok();
                    }
                    fs::rename(&place, from).unwrap();
                }
            }
        });
        tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(async {
                for number in 0..400 {
                    let path = tree.uri(&format!("in/place/{}", number % 7));
                    let (method, mut params) =
                        changes(&path, &tree.uri("in/f")).swap_remove(number % 6);
                    params["sandbox"] = sandbox.clone();
                    match client.call(method, params).await {
                        Ok(_) => done += 1,
                        Err(_) => refused += 1,
                    }
                    client
                        .call("fs/close", json!({"handleId": "h"}))
                        .await
                        .unwrap();
                }
            });
        });
        stop.store(true, Ordering::Relaxed);
    });
    assert!(
        done > 0 && refused > 0,
        "the race was run: {done} done, {refused} refused"
    );
    assert_eq!(picture(&tree.path("ro")), before);
    server.shutdown().await;
}

#[tokio::test]
async fn f10_a_policy_that_only_reads_lets_nothing_be_changed() {
    let (server, tree) = (server(), Tree::new());
    let (mut client, _) = Client::new(&server).await;
    let sandbox = policy(&[special("root", "read")]);
    let before = picture(tree.folder.path());
    for name in ["in/f", "ro/f", "in/none", "in"] {
        refused_all(&mut client, &sandbox, &tree.uri(name), &tree.uri("deny/f")).await;
    }
    let read = json!({"path": tree.uri("deny/f"), "sandbox": sandbox});
    assert_eq!(
        client.call("fs/readFile", read).await,
        Ok(json!({"dataBase64": encode(b"deny")}))
    );
    assert_eq!(picture(tree.folder.path()), before);
    server.shutdown().await;
}

#[tokio::test]
async fn f11_the_metadata_of_a_project_stays_as_it_is_and_as_it_is_not() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let (server, tree) = (server(), Tree::new());
    let (mut client, _) = Client::new(&server).await;
    fs::create_dir(tree.path("in/.codex")).unwrap();
    fs::write(tree.path("in/.codex/config.toml"), "a = 1").unwrap();
    let sandbox = tree.policy();
    let before = picture(&tree.path("in"));
    for name in [
        ".git",
        ".codex",
        ".agents",
        ".git/hooks",
        ".codex/config.toml",
    ] {
        let path = tree.uri(&format!("in/{name}"));
        for (method, mut params) in changes(&path, &tree.uri("ro/f")) {
            params["sandbox"] = sandbox.clone();
            // What is not there needs no removing, and beside the name there may be another.
            let harmless = method == "fs/remove" || params["path"] == json!(format!("{path}.made"));
            let answer = client.call(method, params.clone()).await;
            assert!(harmless || answer.is_err(), "{method} {params}: {answer:?}");
            if harmless && answer.is_ok() {
                fs::remove_dir(tree.path(&format!("in/{name}.made"))).ok();
            }
        }
    }
    assert_eq!(picture(&tree.path("in")), before);
    // The rest of the folder is not in its way.
    let write = json!({"path": tree.uri("in/new"), "dataBase64": encode(b"x"), "sandbox": sandbox});
    assert_eq!(client.call("fs/writeFile", write).await, Ok(json!({})));
    server.shutdown().await;
}

#[tokio::test]
async fn a_policy_about_one_folder_shows_that_folder_and_nothing_else() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let (server, tree) = (server(), Tree::new());
    let (mut client, _) = Client::new(&server).await;
    let sandbox = policy(&[at(&tree.path("in"), "write")]);
    let mut read = async |path: String| {
        let params = json!({"path": path, "sandbox": sandbox});
        client.call("fs/readFile", params).await
    };
    assert_eq!(
        read(tree.uri("in/f")).await,
        Ok(json!({"dataBase64": encode(b"in")}))
    );
    for hidden in [tree.uri("ro/f"), "file:///etc/passwd".to_owned()] {
        assert_eq!(read(hidden.clone()).await, refused(MISSING), "{hidden}");
    }
    server.shutdown().await;
}
