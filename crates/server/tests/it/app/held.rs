//! What the configuration holds a command to, for real.

use std::{fs, path::Path};

use outpost_host::process::keeper::KeeperProgram;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Answer, Server, configured, plain, sh, with};
use crate::client::Client;

/// A folder in which the user's file says `user`, for [`configured`].
pub(super) fn says(user: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("home")).unwrap();
    fs::write(folder.path().join("home/config.toml"), user).unwrap();
    folder
}

fn walled(folder: TempDir) -> Server {
    configured(folder, &[], |config| {
        config.keeper.program = KeeperProgram::Path(env!("CARGO_BIN_EXE_outpost-helper").into());
    })
}

/// Two folders outside those for temporary files, which are written by many policies.
fn folders() -> (TempDir, TempDir) {
    let here = || tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    (here(), here())
}

/// Which of `folders` a command may write in.
async fn written(client: &mut Client, folders: &[&Path], more: Value) -> Vec<bool> {
    let mut written = Vec::new();
    for folder in folders {
        let more = with(json!({"env": {"FOLDER": folder}}), &more);
        let script = "touch \"$FOLDER/f\" 2>/dev/null";
        let answer = sh(client, script, &more).await.unwrap();
        assert_eq!(folder.join("f").exists(), answer["exitCode"] == 0);
        if folder.join("f").exists() {
            fs::remove_file(folder.join("f")).unwrap();
        }
        written.push(answer["exitCode"] == 0);
    }
    written
}

fn words(answer: Answer) -> String {
    let (code, words) = answer.unwrap_err();
    assert_eq!(code, -32600, "{words}");
    words
}

#[tokio::test]
async fn a_command_without_a_policy_is_held_to_the_mode_that_is_configured() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let (open, own) = folders();
    let text = format!(
        "sandbox_mode = 'workspace-write'\n[sandbox_workspace_write]\nwritable_roots = [{:?}]\n\
         exclude_slash_tmp = true\nexclude_tmpdir_env_var = true\n",
        open.path()
    );
    let server = walled(says(&text));
    let mut client = plain(&server).await;
    let both = [open.path(), own.path()];
    // The workspace is the server's folder, wherever the command works.
    let cwd = json!({"cwd": own.path()});
    assert_eq!(
        written(&mut client, &both, cwd.clone()).await,
        [true, false]
    );
    let asked = json!({"sandboxPolicy": {
        "type": "workspaceWrite", "excludeSlashTmp": true, "excludeTmpdirEnvVar": true,
    }});
    let policy = with(cwd.clone(), &asked);
    assert_eq!(written(&mut client, &both, policy).await, [false, true]);
    // What is configured now is what holds now.
    let change =
        json!({"keyPath": "sandbox_mode", "value": "read-only", "mergeStrategy": "replace"});
    client.call("config/value/write", change).await.unwrap();
    assert_eq!(
        written(&mut client, &both, cwd.clone()).await,
        [false, false]
    );
    // A file that breaks changes nothing of that.
    let new = server.home().join("new");
    fs::write(&new, "sandbox_mode = 'danger-full-access'\nx = \n").unwrap();
    fs::rename(new, server.home().join("config.toml")).unwrap();
    assert_eq!(written(&mut client, &both, cwd).await, [false, false]);
    let told = client.until(|message| message["method"] == "configWarning");
    let words = "Invalid configuration; using what the file last said.";
    assert_eq!(told.await["params"]["summary"], words);
    server.shutdown().await;
}

#[tokio::test]
async fn a_profile_of_the_configuration_holds_by_default_or_by_its_name() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let (open, own) = folders();
    fs::write(open.path().join("secret"), "s").unwrap();
    let text = format!(
        "default_permissions = 'mine'\n[permissions.mine.filesystem]\n':root' = 'read'\n{:?} = \
         'write'\n{:?} = 'deny'\n[permissions.own]\nextends = 'mine'\n\
         [permissions.own.filesystem]\n':project_roots' = 'write'\n",
        open.path(),
        open.path().join("secret")
    );
    let server = walled(says(&text));
    let mut client = plain(&server).await;
    let both = [open.path(), own.path()];
    let cwd = json!({"cwd": own.path()});
    assert_eq!(
        written(&mut client, &both, cwd.clone()).await,
        [true, false]
    );
    let named = |name: &str| with(cwd.clone(), &json!({"permissionProfile": name}));
    assert_eq!(
        written(&mut client, &both, named("own")).await,
        [true, true]
    );
    let read = json!({"env": {"SECRET": open.path().join("secret")}});
    let answer = sh(&mut client, "cat \"$SECRET\"", &with(named("own"), &read)).await;
    assert_ne!(answer.unwrap()["exitCode"], 0);
    for (name, expected) in [
        (
            "other",
            "invalid permission profile: default_permissions refers to undefined profile `other`",
        ),
        (
            ":other",
            "invalid permission profile: default_permissions refers to unknown built-in profile \
             `:other`",
        ),
    ] {
        assert_eq!(words(sh(&mut client, "true", &named(name)).await), expected);
    }
    server.shutdown().await;
}

#[tokio::test]
async fn what_cannot_be_understood_is_not_run_under_something_else() {
    let text = "default_permissions = 'm'\n[permissions.m.network]\nenabled = true\n\
                domains = { 'a.example' = 'allow' }\n";
    let server = configured(says(text), &[], |_| {});
    let mut client = plain(&server).await;
    let told = client
        .until(|message| message["method"] == "configWarning")
        .await;
    let summary = "Invalid configuration; commands that name no policy are refused.";
    assert_eq!(told["params"]["summary"], summary);
    let refused = words(sh(&mut client, "true", &json!({})).await);
    assert!(
        refused.starts_with(
            "invalid permission profile: permissions profile `m`: this server cannot enforce \
             network.domains"
        ),
        "{refused}"
    );
    let free = json!({"sandboxPolicy": {"type": "dangerFullAccess"}});
    assert_eq!(sh(&mut client, "true", &free).await.unwrap()["exitCode"], 0);
    server.shutdown().await;
}

#[tokio::test]
async fn a_client_gets_no_policy_that_the_administrator_forbids() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let folder = says("sandbox_mode = 'danger-full-access'\n");
    fs::create_dir(folder.path().join("system")).unwrap();
    let file = folder.path().join("system/requirements.toml");
    fs::write(&file, "allowed_sandbox_modes = ['read-only']\n").unwrap();
    let server = walled(folder);
    let mut client = plain(&server).await;
    let set = format!(
        "is not in the allowed set [ReadOnly] (set by {})",
        file.display()
    );
    for (kind, shown) in [
        ("dangerFullAccess", "DangerFullAccess"),
        ("workspaceWrite", "WorkspaceWrite"),
        ("externalSandbox", "ExternalSandbox"),
    ] {
        let policy = json!({"sandboxPolicy": {"type": kind}});
        assert_eq!(
            words(sh(&mut client, "true", &policy).await),
            format!("invalid sandbox policy: invalid value for `sandbox_mode`: `{shown}` {set}")
        );
    }
    let profile = json!({"permissionProfile": ":workspace"});
    assert!(words(sh(&mut client, "true", &profile).await).ends_with(&set));
    let (open, _) = folders();
    let cwd = json!({"cwd": open.path()});
    assert_eq!(written(&mut client, &[open.path()], cwd).await, [false]);
    server.shutdown().await;
}

#[tokio::test]
async fn a_command_gets_the_environment_that_is_configured() {
    let text = "sandbox_mode = 'danger-full-access'\n[shell_environment_policy]\n\
                inherit = 'none'\nset = { A = 'one', B = 'two' }\n";
    let server = configured(says(text), &[], |_| {});
    let mut client = plain(&server).await;
    let script = "/usr/bin/env | /usr/bin/grep -v -e ^PWD= -e ^SHLVL= -e ^_= | /usr/bin/sort";
    let more = json!({"command": ["/bin/sh", "-c", script], "env": {"B": null, "C": "three"}});
    let answer = client.call("command/exec", more).await.unwrap();
    assert_eq!(answer["stdout"], "A=one\nC=three\n");
    server.shutdown().await;
}
