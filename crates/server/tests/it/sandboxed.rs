//! Commands and file calls that are held to a policy, for real.

mod files;
mod helpers;

use std::{fs, os::unix::fs::symlink, path::Path};

use outpost_host::process::keeper::KeeperProgram;
use outpost_server::embed::EmbeddedExec;
use serde_json::{Value, json};

use crate::client::{self, Client, decode, encode};

/// A server whose commands are held by a keeper, which alone can raise walls.
fn server() -> EmbeddedExec {
    client::server(|config| {
        config.keeper.program = KeeperProgram::Path(env!("CARGO_BIN_EXE_outpost-helper").into());
    })
}

fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}

fn special(kind: &str, access: &str) -> Value {
    json!({"path": {"type": "special", "value": {"kind": kind}}, "access": access})
}

fn at(path: &Path, access: &str) -> Value {
    json!({"path": {"type": "path", "path": uri(path)}, "access": access})
}

/// A policy with these rules, whose folder is `/` and whose project is none.
fn policy(entries: &[Value]) -> Value {
    json!({
        "permissions": {
            "type": "managed",
            "file_system": {"type": "restricted", "entries": entries},
            "network": "restricted",
        },
        "cwd": "file:///",
        "workspaceRoots": [],
        "windowsSandboxLevel": "disabled",
        "useLegacyLandlock": false,
    })
}

/// A folder with parts that a policy tells apart.
struct Tree {
    folder: tempfile::TempDir,
}

impl Tree {
    /// `in` may be written, `ro` be read, `deny` neither.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["in", "ro", "deny"] {
            fs::create_dir(folder.path().join(name)).unwrap();
            fs::write(folder.path().join(name).join("f"), name).unwrap();
        }
        Self { folder }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn uri(&self, name: &str) -> String {
        uri(&self.path(name))
    }

    fn policy(&self) -> Value {
        policy(&[
            special("root", "read"),
            at(&self.path("in"), "write"),
            at(&self.path("deny"), "deny"),
        ])
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }
}

const READ_ONLY: (i64, &str) = (-32603, "Read-only file system (os error 30)");
const DENIED: (i64, &str) = (-32600, "Permission denied (os error 13)");
const MISSING: (i64, &str) = (-32004, "No such file or directory (os error 2)");

fn refused((code, words): (i64, &str)) -> Result<Value, (i64, String)> {
    Err((code, words.to_owned()))
}

#[tokio::test]
async fn a_command_is_held_to_its_policy_and_says_so() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let (server, tree) = (server(), Tree::new());
    let (mut client, _) = Client::new(&server).await;
    let script = format!(
        "echo new > {}; echo new > {}",
        tree.path("in/f").display(),
        tree.path("ro/f").display()
    );
    let started = client
        .start("p", &script, json!({"sandbox": tree.policy()}))
        .await;
    assert_eq!(started.unwrap()["sandboxType"], "linuxSeccomp");
    let ending = client.ending("p").await;
    assert_eq!(ending.exit["exitCode"], 2, "{ending:?}");
    assert_eq!(ending.exit["sandboxDenied"], true, "{ending:?}");
    assert_eq!(
        (tree.read("in/f").as_str(), tree.read("ro/f").as_str()),
        ("new\n", "ro")
    );
    server.shutdown().await;
}

#[tokio::test]
async fn what_is_not_refused_by_the_policy_is_not_said_to_be() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let (server, tree) = (server(), Tree::new());
    let (mut client, _) = Client::new(&server).await;
    for (id, script, code) in [
        (
            "words",
            "echo Read-only file system: permission denied >&2; exit 1".to_owned(),
            1,
        ),
        ("plain", "exit 3".to_owned(), 3),
        (
            "handled",
            format!("echo x > {}; exit 0", tree.path("ro/f").display()),
            0,
        ),
    ] {
        let sandbox = json!({"sandbox": tree.policy()});
        client.start(id, &script, sandbox).await.unwrap();
        let ending = client.ending(id).await;
        assert_eq!(ending.exit["exitCode"], code, "{id}");
        assert_eq!(ending.exit["sandboxDenied"], false, "{id}");
    }
    server.shutdown().await;
}

#[tokio::test]
async fn devices_work_where_the_whole_tree_may_be_written_and_what_is_denied_stays_denied() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let (server, tree) = (server(), Tree::new());
    let (mut client, _) = Client::new(&server).await;
    let sandbox = policy(&[special("root", "write"), at(&tree.path("deny"), "deny")]);
    let script = format!(
        "echo x > /dev/null && head -c 3 /dev/zero | wc -c && echo new > {} && cat {}",
        tree.path("ro/f").display(),
        tree.path("deny/f").display()
    );
    client
        .start("p", &script, json!({"sandbox": sandbox}))
        .await
        .unwrap();
    let ending = client.ending("p").await;
    assert_eq!(
        String::from_utf8_lossy(&ending.stdout).trim(),
        "3",
        "{ending:?}"
    );
    assert_eq!(
        (ending.exit["exitCode"].as_i64(), tree.read("ro/f").as_str()),
        (Some(1), "new\n")
    );
    server.shutdown().await;
}

#[tokio::test]
async fn a_start_that_fails_behind_walls_fails_as_it_does_without() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let (server, tree) = (server(), Tree::new());
    let (mut client, _) = Client::new(&server).await;
    for sandbox in [Value::Null, tree.policy()] {
        for (change, words) in [
            (
                json!({"argv": ["no-such-program"]}),
                "No such file or directory (os error 2)",
            ),
            (
                json!({"argv": [tree.path("ro/f")]}),
                "Permission denied (os error 13)",
            ),
            (
                json!({"cwd": tree.uri("none")}),
                "No such file or directory (os error 2)",
            ),
        ] {
            let mut change = change;
            change["sandbox"] = sandbox.clone();
            let refused = client.start("p", "true", change.clone()).await;
            assert_eq!(refused, Err((-32603, words.to_owned())), "{change}");
        }
    }
    server.shutdown().await;
}

#[tokio::test]
async fn a_policy_that_cannot_be_enforced_is_refused_with_the_reason() {
    let (server, tree) = (server(), Tree::new());
    let (mut client, _) = Client::new(&server).await;
    let sandbox = policy(&[
        special("root", "read"),
        json!({
            "path": {"type": "glob_pattern", "pattern": "[" }, "access": "deny",
        }),
    ]);
    let started = client.start("p", "true", json!({"sandbox": sandbox})).await;
    let look = json!({"path": tree.uri("in/f"), "sandbox": sandbox});
    for refused in [started, client.call("fs/getMetadata", look).await] {
        let (code, words) = refused.unwrap_err();
        assert_eq!(code, -32602, "{words}");
        assert!(words.contains("cannot be enforced"), "{words}");
    }
    server.shutdown().await;
}

/// A call on one path of a tree, and what comes of it.
type Case = (
    &'static str,
    &'static str,
    Value,
    Result<Value, (i64, String)>,
);

fn changing_calls() -> Vec<Case> {
    let done = || Ok(json!({}));
    let data = || json!({"dataBase64": encode(b"new")});
    let (write, make, remove) = ("fs/writeFile", "fs/createDirectory", "fs/remove");
    vec![
        (write, "in/new", data(), done()),
        (write, "ro/f", data(), refused(READ_ONLY)),
        (write, "ro/g", data(), refused(READ_ONLY)),
        (write, "in/link", data(), refused(READ_ONLY)),
        (write, "deny/f", data(), refused(DENIED)),
        (make, "in/d/e", json!({}), done()),
        (make, "ro/d", json!({}), refused(READ_ONLY)),
        (make, "deny/d", json!({}), refused(DENIED)),
        (remove, "in/new", json!({}), done()),
        (remove, "ro/f", json!({}), refused(READ_ONLY)),
        (remove, "deny/f", json!({}), refused(DENIED)),
    ]
}

fn looking_calls() -> Vec<Case> {
    let (look, read, open) = ("fs/getMetadata", "fs/readFile", "fs/open");
    let handle = json!({"handleId": "h"});
    let replace = json!({"handleId": "h", "mode": "replace"});
    vec![
        (look, "deny/f", json!({}), refused(DENIED)),
        (look, "ro/none", json!({}), refused(MISSING)),
        (read, "deny/f", json!({}), refused(DENIED)),
        (
            read,
            "ro/f",
            json!({}),
            Ok(json!({"dataBase64": encode(b"ro")})),
        ),
        (open, "deny/f", handle, refused(DENIED)),
        (open, "ro/f", replace, refused(READ_ONLY)),
    ]
}

#[tokio::test]
async fn file_calls_under_a_policy_answer_as_the_reference_does() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let (server, tree) = (server(), Tree::new());
    let (mut client, _) = Client::new(&server).await;
    symlink(tree.path("ro/f"), tree.path("in/link")).unwrap();
    let sandbox = tree.policy();
    for (method, name, mut params, expected) in changing_calls().into_iter().chain(looking_calls())
    {
        params["path"] = json!(tree.uri(name));
        params["sandbox"] = sandbox.clone();
        assert_eq!(
            client.call(method, params).await,
            expected,
            "{method} {name}"
        );
    }
    for (from, to, expected) in [
        ("ro/f", "in/c", Ok(json!({}))),
        ("in/f", "ro/c", refused(READ_ONLY)),
        ("deny/f", "in/x", refused(DENIED)),
    ] {
        let params = json!({
            "sourcePath": tree.uri(from), "destinationPath": tree.uri(to),
            "recursive": false, "sandbox": sandbox,
        });
        assert_eq!(
            client.call("fs/copy", params).await,
            expected,
            "{from} {to}"
        );
    }
    assert_eq!(
        (tree.read("ro/f").as_str(), tree.read("in/c").as_str()),
        ("ro", "ro")
    );
    server.shutdown().await;
}
