//! `config/*`: what is read, what is written, what is told and refused.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use outpost_protocol::app::config::{ConfigReadResponse, ConfigRequirementsReadResponse};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Server, client, configured, plain, with};
use crate::client::Client;

/// How many keys a client finds in the effective configuration.
const KEYS: usize = 107;

/// A folder in which the user's file says `user`, for [`configured`].
pub(super) fn says(user: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("home")).unwrap();
    fs::write(folder.path().join("home/config.toml"), user).unwrap();
    folder
}

fn file(server: &Server) -> std::path::PathBuf {
    server.home().join("config.toml")
}

async fn read(client: &mut Client, more: Value) -> Value {
    let answer = client.call("config/read", more).await.unwrap();
    let typed: ConfigReadResponse = serde_json::from_value(answer.clone()).unwrap();
    assert_eq!(json!(typed)["origins"], answer["origins"]);
    answer
}

/// One change, with `more` besides.
fn change(key: &str, value: &Value, more: &Value) -> Value {
    let change = json!({"keyPath": key, "value": value, "mergeStrategy": "replace"});
    with(change, more)
}

/// The error of a refused call, whole.
async fn refusal(client: &mut Client, method: &str, params: Value) -> Value {
    let id = client.ask(method, params).await;
    let answer = client.until(|message| message["id"] == id).await;
    answer["error"].clone()
}

async fn warning(client: &mut Client) -> Value {
    let told = client.until(|message| message["method"] == "configWarning");
    told.await["params"].clone()
}

fn user_layer(server: &Server) -> Value {
    json!({"type": "user", "file": file(server), "profile": null})
}

#[tokio::test]
async fn what_is_in_force_is_read_with_its_origins_and_layers() {
    let folder = says("model = 'mine'\nzzz = 1\n[projects.'/']\ntrust_level = 'trusted'\n");
    let server = configured(folder, &["review_model=cli"], |_| {});
    let mut client = plain(&server).await;
    let answer = read(&mut client, json!({})).await;
    let config = answer["config"].as_object().unwrap();
    assert_eq!(config.len(), KEYS);
    assert_eq!(config["model"], "mine");
    assert_eq!(config["review_model"], "cli");
    assert_eq!(config["sandbox_mode"], Value::Null);
    assert_eq!(
        config["history"],
        json!({"persistence": "save-all", "max_bytes": null})
    );
    assert_eq!(answer["origins"]["model"]["name"], user_layer(&server));
    assert_eq!(answer["origins"]["zzz"]["name"], user_layer(&server));
    assert_eq!(
        answer["origins"]["review_model"]["name"],
        json!({"type": "sessionFlags"})
    );
    assert_eq!(answer.get("layers"), None);
    let answer = read(&mut client, json!({"includeLayers": true})).await;
    let layers = answer["layers"].as_array().unwrap();
    let names: Vec<_> = layers.iter().map(|layer| &layer["name"]["type"]).collect();
    assert_eq!(names, ["sessionFlags", "user", "system"]);
    assert_eq!(layers[0]["config"], json!({"review_model": "cli"}));
    let nothing = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    assert_eq!(layers[2]["version"], nothing);
    assert_eq!(layers[2].get("disabledReason"), None);
    server.shutdown().await;
}

#[tokio::test]
async fn a_project_counts_in_its_folder_once_it_is_trusted() {
    let server = configured(says(""), &[], |_| {});
    let mut client = plain(&server).await;
    let project = tempfile::tempdir().unwrap();
    fs::create_dir(project.path().join(".codex")).unwrap();
    fs::write(project.path().join(".codex/config.toml"), "model = 'here'").unwrap();
    let cwd = json!({"cwd": project.path(), "includeLayers": true});
    let answer = read(&mut client, cwd.clone()).await;
    assert_eq!(answer["config"]["model"], Value::Null);
    let layer = &answer["layers"][0];
    assert_eq!(
        layer["name"],
        json!({"type": "project", "dotCodexFolder": project.path().join(".codex")})
    );
    assert_eq!(
        layer["disabledReason"],
        format!(
            "To load project-local config, hooks, and exec policies, add {} as a trusted project \
             in {}.",
            project.path().display(),
            file(&server).display()
        )
    );
    let key = format!("projects.{:?}.trust_level", project.path());
    let trust = change(&key, &json!("untrusted"), &json!({}));
    client.call("config/value/write", trust).await.unwrap();
    let answer = read(&mut client, cwd.clone()).await;
    let reason = answer["layers"][0]["disabledReason"].as_str().unwrap();
    assert!(reason.contains("is marked as untrusted"), "{reason}");
    let trust = json!({"edits": [change(&key, &json!("trusted"), &json!({}))]});
    client.call("config/batchWrite", trust).await.unwrap();
    let answer = read(&mut client, cwd).await;
    assert_eq!(answer["config"]["model"], "here");
    assert_eq!(answer["layers"][0].get("disabledReason"), None);
    server.shutdown().await;
}

#[tokio::test]
async fn a_write_keeps_what_it_does_not_change() {
    let text = "# mine\nzebra = 1 # why\n\n[tui]\n# quiet\nnotifications = false\n";
    let server = configured(says(text), &[], |_| {});
    fs::set_permissions(file(&server), fs::Permissions::from_mode(0o644)).unwrap();
    let mut client = plain(&server).await;
    let edits = json!({"edits": [
        {"keyPath": "tui.notifications", "value": true, "mergeStrategy": "replace"},
        {"keyPath": "mcp_servers.a", "value": {"command": "c"}, "mergeStrategy": "upsert"},
        {"keyPath": "mcp_servers.a", "value": {"args": ["x"]}, "mergeStrategy": "upsert"},
    ], "reloadUserConfig": true});
    let written = client.call("config/batchWrite", edits).await.unwrap();
    assert_eq!(written["status"], "ok");
    assert_eq!(written["filePath"], json!(file(&server)));
    assert_eq!(written["overriddenMetadata"], Value::Null);
    let now = fs::read_to_string(file(&server)).unwrap();
    assert!(
        now.starts_with("# mine\nzebra = 1 # why\n\n[tui]\n# quiet\nnotifications = true\n"),
        "{now}"
    );
    let answer = read(&mut client, json!({"includeLayers": true})).await;
    let layer = &answer["layers"][0];
    assert_eq!(layer["version"], written["version"]);
    assert_eq!(
        layer["config"]["mcp_servers"]["a"],
        json!({"command": "c", "args": ["x"]})
    );
    let remove = change("mcp_servers", &Value::Null, &json!({}));
    client.call("config/value/write", remove).await.unwrap();
    let none = json!({"edits": []});
    let written = client.call("config/batchWrite", none).await.unwrap();
    let answer = read(&mut client, json!({"includeLayers": true})).await;
    assert_eq!(answer["layers"][0]["version"], written["version"]);
    assert_eq!(answer["config"]["mcp_servers"], json!({}));
    let mode = fs::metadata(file(&server)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    server.shutdown().await;
}

#[tokio::test]
async fn writes_are_refused_with_a_code_and_change_nothing() {
    let text = "model = 'm' # kept\n";
    let server = configured(says(text), &[], |_| {});
    let mut client = plain(&server).await;
    let elsewhere = json!({"filePath": "/nowhere/config.toml"});
    let old = json!({"expectedVersion": "sha256:0"});
    for (code, words, params) in [
        (
            "configLayerReadonly",
            "Only writes to the user config are allowed",
            change("model", &json!("x"), &elsewhere),
        ),
        (
            "configVersionConflict",
            "Configuration was modified since last read. Fetch latest version and retry.",
            change("model", &json!("x"), &old),
        ),
        (
            "configValidationError",
            "keyPath must not be empty",
            change("", &json!("x"), &json!({})),
        ),
        (
            "configValidationError",
            "keyPath segments must not be empty",
            change("a..b", &json!("x"), &json!({})),
        ),
        (
            "configValidationError",
            "cannot set value on non-table parent",
            change("model.x", &json!("x"), &json!({})),
        ),
        (
            "configValidationError",
            "invalid value: invalid type: null, expected any valid TOML value",
            change("a", &json!([null]), &json!({})),
        ),
        (
            "configValidationError",
            "Invalid configuration: invalid type: integer `3`, expected a string\nin `model`\n",
            change("model", &json!(3), &json!({})),
        ),
    ] {
        let error = refusal(&mut client, "config/value/write", params.clone()).await;
        let expected =
            json!({"code": -32600, "message": words, "data": {"config_write_error_code": code}});
        assert_eq!(error, expected, "{params}");
    }
    assert_eq!(fs::read_to_string(file(&server)).unwrap(), text);
    for (words, params) in [
        (
            "Invalid request: missing field `value`",
            json!({"keyPath": "a", "mergeStrategy": "replace"}),
        ),
        (
            "Invalid request: unknown variant `x`, expected `replace` or `upsert`",
            json!({"keyPath": "a", "value": 1, "mergeStrategy": "x"}),
        ),
    ] {
        let error = refusal(&mut client, "config/value/write", params).await;
        assert_eq!(error, json!({"code": -32600, "message": words}));
    }
    server.shutdown().await;
}

#[tokio::test]
async fn a_write_says_when_the_command_line_decides_after_all() {
    let server = configured(says(""), &["model=cli"], |_| {});
    let mut client = plain(&server).await;
    let written = client
        .call(
            "config/value/write",
            change("model", &json!("file"), &json!({})),
        )
        .await
        .unwrap();
    assert_eq!(written["status"], "okOverridden");
    let overridden = &written["overriddenMetadata"];
    assert_eq!(overridden["message"], "Overridden by session flags");
    assert_eq!(overridden["effectiveValue"], "cli");
    assert_eq!(
        overridden["overridingLayer"]["name"],
        json!({"type": "sessionFlags"})
    );
    server.shutdown().await;
}

#[tokio::test]
async fn two_connections_that_write_at_once_lose_nothing() {
    const WRITES: usize = 20;
    let server = configured(says("# both\n"), &[], |_| {});
    let (mut one, mut two) = (plain(&server).await, plain(&server).await);
    let mut ids = Vec::new();
    for n in 0..WRITES {
        let key = |who| change(&format!("{who}.k{n}"), &json!(n), &json!({}));
        ids.push((
            one.ask("config/value/write", key("one")).await,
            two.ask("config/value/write", key("two")).await,
        ));
    }
    for (first, second) in ids {
        assert_eq!(one.answer(first).await.unwrap()["status"], "ok");
        assert_eq!(two.answer(second).await.unwrap()["status"], "ok");
    }
    let answer = read(&mut one, json!({"includeLayers": true})).await;
    let layer = &answer["layers"][0];
    for who in ["one", "two"] {
        assert_eq!(layer["config"][who].as_object().unwrap().len(), WRITES);
    }
    // Of two that build on the same version one is too late.
    let version = json!({"expectedVersion": layer["version"]});
    let asked = (
        one.ask("config/value/write", change("last", &json!(1), &version))
            .await,
        two.ask("config/value/write", change("last", &json!(2), &version))
            .await,
    );
    let answers = [one.answer(asked.0).await, two.answer(asked.1).await];
    let written = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(written, 1, "{answers:?}");
    let text = fs::read_to_string(file(&server)).unwrap();
    assert!(text.contains("# both\n"), "{text}");
    server.shutdown().await;
}

#[tokio::test]
async fn a_file_that_is_broken_from_the_start_is_told_with_its_place() {
    let server = configured(says("model = 'm'\nx = = 1\n"), &[], |_| {});
    let mut client = client(&server, json!({})).await;
    let told = warning(&mut client).await;
    assert_eq!(told["summary"], "Invalid configuration; using defaults.");
    assert_eq!(told["path"], json!(file(&server)));
    assert_eq!(told["range"]["start"], json!({"line": 2, "column": 5}));
    let details = told["details"].as_str().unwrap();
    let place = format!("{}:2:5: ", file(&server).display());
    assert!(details.starts_with(&place), "{details}");
    let answer = read(&mut client, json!({})).await;
    assert_eq!(answer["config"]["model"], Value::Null);
    let error = refusal(
        &mut client,
        "config/value/write",
        change("model", &json!("x"), &json!({})),
    )
    .await;
    let words = format!("failed to load configuration: {details}");
    assert_eq!(error, json!({"code": -32603, "message": words}));
    server.shutdown().await;
}

#[tokio::test]
async fn a_file_that_breaks_leaves_in_force_what_it_said_and_is_told_once() {
    let server = configured(says("model = 'good'\n"), &[], |_| {});
    let mut client = plain(&server).await;
    let put = |text: &str| replace(&file(&server), text);
    assert_eq!(
        read(&mut client, json!({})).await["config"]["model"],
        "good"
    );
    for text in ["model = 3\n", "model = \n"] {
        put(text);
        let answer = read(&mut client, json!({})).await;
        assert_eq!(answer["config"]["model"], "good");
        let told = warning(&mut client).await;
        assert_eq!(
            told["summary"],
            "Invalid configuration; using what the file last said."
        );
        assert_eq!(told["range"]["start"]["line"], 1);
        // Nothing is told again: the next that is told is the next fault.
        read(&mut client, json!({})).await;
    }
    // A connection that comes now is told what the others know.
    let mut second = plain(&server).await;
    let told = warning(&mut second).await;
    assert_eq!(told["path"], json!(file(&server)));
    assert_eq!(
        read(&mut second, json!({})).await["config"]["model"],
        "good"
    );
    put("model = 'better'\n");
    assert_eq!(
        read(&mut client, json!({})).await["config"]["model"],
        "better"
    );
    put("model = \n");
    read(&mut client, json!({})).await;
    warning(&mut client).await;
    server.shutdown().await;
}

/// A new file in the place of one, so that it cannot be taken for the old one.
fn replace(file: &Path, text: &str) {
    let new = file.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::rename(new, file).unwrap();
}

#[tokio::test]
async fn what_nothing_knows_is_told_by_name() {
    let text = "a = 1\nb = 1\n[history]\nzz = 1\nmax_bytes = 2\n";
    let server = configured(says(text), &["q=1"], |_| {});
    let mut client = client(&server, json!({})).await;
    let told = warning(&mut client).await;
    let user = file(&server);
    let user = user.display();
    let words = format!(
        "Codex is ignoring 4 unrecognized configuration settings. Check for typos or deprecated \
         settings.\n  user ({user}): `a` is ignored.\n  user ({user}): `b` is ignored.\n  user \
         ({user}): `history.zz` is ignored.\n  ... and 1 more ignored settings."
    );
    assert_eq!(told, json!({"summary": words, "details": null}));
    server.shutdown().await;
}

#[tokio::test]
async fn what_the_administrator_demands_is_read() {
    let folder = says("");
    let nothing = configured(folder, &[], |_| {});
    let mut client = plain(&nothing).await;
    let answer = client.call("configRequirements/read", Value::Null).await;
    assert_eq!(
        answer.unwrap(),
        json!({"supportsIndependentSpeedModes": true, "requirements": null})
    );
    nothing.shutdown().await;
    let folder = says("");
    fs::create_dir(folder.path().join("system")).unwrap();
    let demands = "allowed_approval_policies = ['on-failure', 'never']\n\
                   allowed_sandbox_modes = ['external-sandbox', 'workspace-write']\n\
                   allowed_web_search_modes = ['live']\nlog_dir = '/a b'\n\
                   [features]\nx = false\n[experimental_network]\nhttp_port = 1\n\
                   [allowed_permission_profiles]\n':workspace' = true\nmine = true\n";
    fs::write(folder.path().join("system/requirements.toml"), demands).unwrap();
    let server = configured(folder, &[], |_| {});
    let mut client = plain(&server).await;
    let answer = client
        .call("configRequirements/read", Value::Null)
        .await
        .unwrap();
    serde_json::from_value::<ConfigRequirementsReadResponse>(answer.clone()).unwrap();
    let read = &answer["requirements"];
    for (key, value) in [
        ("allowedApprovalPolicies", json!(["on-request", "never"])),
        ("allowedSandboxModes", json!(["workspace-write"])),
        ("allowedWebSearchModes", json!(["live", "disabled"])),
        ("allowedLoginMethods", json!(["api", "chatgpt"])),
        ("featureRequirements", json!({"x": false})),
        ("network", json!({"httpPort": 1})),
        ("logDir", json!("file:///a%20b")),
        ("allowLoginShell", Value::Null),
    ] {
        assert_eq!(read[key], value, "{key}");
    }
    let list = client
        .call("permissionProfile/list", json!({}))
        .await
        .unwrap();
    let allowed = list["data"].as_array().unwrap().iter();
    let allowed: Vec<_> = allowed
        .map(|one| one["allowed"].as_bool().unwrap())
        .collect();
    assert_eq!(allowed, [false, true, false]);
    server.shutdown().await;
}

#[tokio::test]
async fn profiles_are_listed_page_by_page() {
    let text = "[permissions.mine]\ndescription = 'my own'\n[permissions.b.filesystem]\n\
                [permissions.c]\nextends = 'nobody'\n";
    let server = configured(says(text), &[], |_| {});
    let mut client = plain(&server).await;
    let mut ids = Vec::new();
    let mut cursor = Value::Null;
    loop {
        let page = json!({"limit": 2, "cursor": cursor});
        let answer = client.call("permissionProfile/list", page).await.unwrap();
        ids.extend(answer["data"].as_array().unwrap().iter().cloned());
        cursor = answer["nextCursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    let own = |id: &str, words: Value| json!({"id": id, "description": words, "allowed": true});
    assert_eq!(
        ids,
        [
            own(":read-only", Value::Null),
            own(":workspace", Value::Null),
            own(":danger-full-access", Value::Null),
            own("b", Value::Null),
            json!({"id": "c", "description": null, "allowed": false}),
            own("mine", json!("my own")),
        ]
    );
    for (cursor, words) in [
        ("x", "invalid cursor: x"),
        ("7", "cursor 7 exceeds total permission profiles 6"),
    ] {
        let error = refusal(
            &mut client,
            "permissionProfile/list",
            json!({"cursor": cursor}),
        )
        .await;
        assert_eq!(error, json!({"code": -32600, "message": words}));
    }
    server.shutdown().await;
}

#[tokio::test]
async fn servers_of_tools_are_reloaded_where_there_are_none() {
    let server = configured(says(""), &[], |_| {});
    let mut client = plain(&server).await;
    let answer = client.call("config/mcpServer/reload", Value::Null).await;
    assert_eq!(answer, Ok(json!({})));
    let some = change("mcp_servers.a.command", &json!("c"), &json!({}));
    client.call("config/value/write", some).await.unwrap();
    let error = refusal(&mut client, "config/mcpServer/reload", Value::Null).await;
    assert_eq!(error["code"], -32601);
    server.shutdown().await;
}
