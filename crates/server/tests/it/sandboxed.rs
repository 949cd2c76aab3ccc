//! Commands and file calls that are held to a policy, for real.

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
    assert_eq!(
        (tree.read("in/f").as_str(), tree.read("ro/f").as_str()),
        ("new\n", "ro")
    );
    server.shutdown().await;
}

#[tokio::test]
async fn file_calls_under_a_policy_answer_as_the_reference_does() {
    let (server, tree) = (server(), Tree::new());
    let (mut client, _) = Client::new(&server).await;
    symlink(tree.path("ro/f"), tree.path("in/link")).unwrap();
    let sandbox = tree.policy();
    let done = || Ok(json!({}));
    let data = encode(b"new");
    for (method, params, expected) in [
        (
            "fs/writeFile",
            json!({"path": tree.uri("in/new"), "dataBase64": data}),
            done(),
        ),
        (
            "fs/writeFile",
            json!({"path": tree.uri("ro/f"), "dataBase64": data}),
            refused(READ_ONLY),
        ),
        (
            "fs/writeFile",
            json!({"path": tree.uri("ro/g"), "dataBase64": data}),
            refused(READ_ONLY),
        ),
        (
            "fs/writeFile",
            json!({"path": tree.uri("in/link"), "dataBase64": data}),
            refused(READ_ONLY),
        ),
        (
            "fs/writeFile",
            json!({"path": tree.uri("deny/f"), "dataBase64": data}),
            refused(DENIED),
        ),
        (
            "fs/createDirectory",
            json!({"path": tree.uri("in/d/e")}),
            done(),
        ),
        (
            "fs/createDirectory",
            json!({"path": tree.uri("ro/d")}),
            refused(READ_ONLY),
        ),
        (
            "fs/createDirectory",
            json!({"path": tree.uri("deny/d")}),
            refused(DENIED),
        ),
        ("fs/remove", json!({"path": tree.uri("in/new")}), done()),
        (
            "fs/remove",
            json!({"path": tree.uri("ro/f")}),
            refused(READ_ONLY),
        ),
        (
            "fs/remove",
            json!({"path": tree.uri("deny/f")}),
            refused(DENIED),
        ),
        (
            "fs/getMetadata",
            json!({"path": tree.uri("deny/f")}),
            refused(DENIED),
        ),
        (
            "fs/getMetadata",
            json!({"path": tree.uri("ro/none")}),
            refused(MISSING),
        ),
        (
            "fs/readFile",
            json!({"path": tree.uri("deny/f")}),
            refused(DENIED),
        ),
        (
            "fs/readFile",
            json!({"path": tree.uri("ro/f")}),
            Ok(json!({"dataBase64": encode(b"ro")})),
        ),
        (
            "fs/copy",
            json!({"sourcePath": tree.uri("ro/f"), "destinationPath": tree.uri("in/c"), "recursive": false}),
            done(),
        ),
        (
            "fs/copy",
            json!({"sourcePath": tree.uri("in/f"), "destinationPath": tree.uri("ro/c"), "recursive": false}),
            refused(READ_ONLY),
        ),
        (
            "fs/copy",
            json!({"sourcePath": tree.uri("deny/f"), "destinationPath": tree.uri("in/x"), "recursive": false}),
            refused(DENIED),
        ),
        (
            "fs/open",
            json!({"handleId": "h", "path": tree.uri("deny/f")}),
            refused(DENIED),
        ),
        (
            "fs/open",
            json!({"handleId": "h", "path": tree.uri("ro/f"), "mode": "replace"}),
            refused(READ_ONLY),
        ),
    ] {
        let mut params = params;
        params["sandbox"] = sandbox.clone();
        assert_eq!(
            client.call(method, params.clone()).await,
            expected,
            "{method} {params}"
        );
    }
    assert_eq!(
        (tree.read("ro/f").as_str(), tree.read("in/c").as_str()),
        ("ro", "ro")
    );
    server.shutdown().await;
}
