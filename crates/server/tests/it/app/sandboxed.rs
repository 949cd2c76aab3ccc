//! Commands that are held to a policy, for real.

use outpost_host::process::keeper::KeeperProgram;
use serde_json::json;

use super::{Server, configured, plain, refused, sh};

fn walled() -> Server {
    configured(tempfile::tempdir().unwrap(), &[], |config| {
        config.keeper.program = KeeperProgram::Path(env!("CARGO_BIN_EXE_outpost-helper").into());
    })
}

#[tokio::test]
async fn without_a_policy_files_are_read_and_not_changed() {
    let server = walled();
    let mut client = plain(&server).await;
    let folder = tempfile::tempdir().unwrap();
    let cwd = json!({"cwd": folder.path()});
    let script =
        "echo $CODEX_SANDBOX_NETWORK_DISABLED; test -r /etc/passwd && ! touch f 2>/dev/null";
    let answer = sh(&mut client, script, &cwd).await.unwrap();
    assert_eq!(answer["exitCode"], 0, "{answer}");
    assert_eq!(answer["stdout"], "1\n");
    let free = json!({"cwd": folder.path(), "sandboxPolicy": {"type": "dangerFullAccess"}});
    let script = "echo ${CODEX_SANDBOX_NETWORK_DISABLED-on} > f";
    assert_eq!(sh(&mut client, script, &free).await.unwrap()["exitCode"], 0);
    let written = std::fs::read_to_string(folder.path().join("f")).unwrap();
    assert_eq!(written, "on\n");
    server.shutdown().await;
}

#[tokio::test]
async fn a_workspace_is_written_but_for_what_steers_programs() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let server = walled();
    let mut client = plain(&server).await;
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let tmp = json!({
        "cwd": folder.path(), "env": {"TMPDIR": null},
        "sandboxPolicy": {
            "type": "workspaceWrite", "writableRoots": [], "excludeSlashTmp": true,
        },
    });
    let script = format!(
        "touch f && ! mkdir .git 2>/dev/null && ! touch {}/f 2>/dev/null",
        other.path().display()
    );
    let answer = sh(&mut client, &script, &tmp).await.unwrap();
    assert_eq!(answer["exitCode"], 0, "{answer}");
    let roots = json!({
        "cwd": folder.path(),
        "sandboxPolicy": {
            "type": "workspaceWrite", "writableRoots": [other.path()], "networkAccess": true,
            "excludeSlashTmp": true, "excludeTmpdirEnvVar": true,
        },
    });
    let script = format!(
        "touch {}/f && echo ${{CODEX_SANDBOX_NETWORK_DISABLED-on}}",
        other.path().display()
    );
    let answer = sh(&mut client, &script, &roots).await.unwrap();
    assert_eq!(answer["stdout"], "on\n", "{answer}");
    server.shutdown().await;
}

#[tokio::test]
async fn a_missing_program_is_the_same_error_with_and_without_a_sandbox() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let server = walled();
    let mut client = plain(&server).await;
    let missing = "failed to spawn command: No such file or directory (os error 2)";
    for profile in [":read-only", ":workspace", ":danger-full-access"] {
        let params = json!({"command": ["/no/such"], "permissionProfile": profile});
        let answer = client.call("command/exec", params).await;
        assert_eq!(answer, refused(-32603, missing), "{profile}");
    }
    server.shutdown().await;
}

#[tokio::test]
async fn where_a_policy_cannot_be_enforced_nothing_runs() {
    // Without a keeper there is nobody to raise walls.
    let server = configured(tempfile::tempdir().unwrap(), &[], |_| {});
    let mut client = plain(&server).await;
    let folder = tempfile::tempdir().unwrap();
    let cwd = json!({"cwd": folder.path()});
    let (code, words) = sh(&mut client, "touch f", &cwd).await.unwrap_err();
    assert_eq!(code, -32603);
    assert!(words.starts_with("failed to spawn command: "), "{words}");
    assert!(!folder.path().join("f").exists());
    server.shutdown().await;
}
