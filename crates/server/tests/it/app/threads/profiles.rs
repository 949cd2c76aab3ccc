//! Permission profiles of a thread: those of the configuration, and what the administrator allows.

use std::fs;

use serde_json::{Value, json};

use super::{start, started};
use crate::{
    app::{configured, held::says, plain, refused},
    client::Client,
};

/// What the user has configured.
const PROFILES: &str = r#"
[permissions.look.filesystem]
":root" = "read"
[permissions.again]
extends = "look"
[permissions.work]
extends = ":workspace"
[permissions.work.network]
enabled = true
[permissions.out]
extends = "look"
[permissions.out.filesystem]
":workspace_roots" = { "." = "write", "out" = "write" }
"/v" = "write"
"/q" = "write"
":slash_tmp" = "write"
[permissions.out.workspace_roots]
"/more" = true
[permissions.secret]
extends = ":workspace"
[permissions.secret.filesystem]
"/etc/shadow" = "deny"
[permissions.all.filesystem]
":root" = "write"
[permissions.free.filesystem]
":root" = "write"
[permissions.free.network]
enabled = true
[permissions.most.filesystem]
":root" = "write"
"/etc" = "read"
[permissions.nothing]
[permissions.orphan]
extends = "nobody"
[permissions.ring]
extends = "ring"
[permissions.sites.network]
enabled = true
domains = { "a.example" = "allow" }
"#;

fn looks() -> Value {
    json!({"type": "readOnly", "networkAccess": false})
}

/// Which roots are written, whether the network is reached, and which folders for temporary files
/// are not written.
fn writes(roots: &[&str], network: bool, (no_tmpdir, no_slash_tmp): (bool, bool)) -> Value {
    json!({
        "type": "workspaceWrite", "writableRoots": roots, "networkAccess": network,
        "excludeTmpdirEnvVar": no_tmpdir, "excludeSlashTmp": no_slash_tmp,
    })
}

/// A profile, what clients are told it holds commands to, and what it extends.
fn profiles() -> Vec<(&'static str, Value, Option<&'static str>)> {
    let all = json!({"type": "externalSandbox", "networkAccess": "restricted"});
    let below = ["/more", "/more/out", "/q", "/v", "/ws/out"];
    vec![
        ("look", looks(), None),
        ("again", looks(), Some("look")),
        (
            "work",
            writes(&[], true, (false, false)),
            Some(":workspace"),
        ),
        ("out", writes(&below, false, (true, false)), Some("look")),
        (
            "secret",
            writes(&[], false, (false, false)),
            Some(":workspace"),
        ),
        ("all", all, None),
        ("free", json!({"type": "dangerFullAccess"}), None),
        ("most", writes(&["/"], false, (true, false)), None),
        ("nothing", looks(), None),
        (":workspace", writes(&[], false, (false, false)), None),
    ]
}

/// What is said of a thread's commands.
fn told(settings: &Value, policy: &str) -> (Value, Value) {
    let profile = settings["activePermissionProfile"].clone();
    (settings[policy].clone(), profile)
}

async fn updated(client: &mut Client, params: Value) -> (Value, Value) {
    let done = client.call("thread/settings/update", params).await;
    assert_eq!(done, Ok(json!({})));
    let told_all = client
        .until(|message| message["method"] == "thread/settings/updated")
        .await;
    told(&told_all["params"]["threadSettings"], "sandboxPolicy")
}

#[tokio::test]
async fn a_profile_of_the_configuration_is_taken_and_shown() {
    let server = configured(says(PROFILES), &[], |_| {});
    let mut client = plain(&server).await;
    let id = started(&mut client, json!({"permissions": ":danger-full-access"})).await;
    for (name, policy, extends) in profiles() {
        let expected = (policy, json!({"id": name, "extends": extends}));
        let begun = start(&mut client, json!({"permissions": name})).await;
        assert_eq!(told(&begun, "sandbox"), expected, "{name}");
        let update = json!({"threadId": id, "permissions": name});
        assert_eq!(updated(&mut client, update).await, expected, "{name}");
    }
    // The workspace is the folder that a thread is moved to.
    let moved = json!({"threadId": id, "permissions": "out", "cwd": "/v"});
    let (policy, _) = updated(&mut client, moved).await;
    let roots = ["/more", "/more/out", "/q", "/v/out"];
    assert_eq!(policy, writes(&roots, false, (true, false)));
    server.shutdown().await;
}

#[tokio::test]
async fn a_profile_that_is_configured_to_hold_by_default_does() {
    let text =
        format!("default_permissions = 'look'\nsandbox_mode = 'workspace-write'\n{PROFILES}");
    let server = configured(says(&text), &[], |_| {});
    let mut client = plain(&server).await;
    let named = |name: &str| (looks(), json!({"id": name, "extends": null}));
    let begun = start(&mut client, json!({})).await;
    assert_eq!(told(&begun, "sandbox"), named("look"));
    let own = json!({"config": {
        "default_permissions": "new", "permissions.new.filesystem": {":root": "read"},
    }});
    let begun = start(&mut client, own).await;
    assert_eq!(told(&begun, "sandbox"), named("new"));
    let mode = json!({"config": {"sandbox_mode": "danger-full-access"}});
    let begun = start(&mut client, mode).await;
    let free = json!({"type": "dangerFullAccess"});
    assert_eq!(told(&begun, "sandbox"), (free, Value::Null));
    server.shutdown().await;
}

#[tokio::test]
async fn a_profile_is_refused_where_a_command_is_refused_it_and_in_the_same_words() {
    let undefined = "default_permissions refers to undefined profile `other`";
    let unknown = "default_permissions refers to unknown built-in profile `:other`";
    for (text, name, words) in [
        (
            "",
            "other",
            "default_permissions requires a `[permissions]` table",
        ),
        ("", ":other", unknown),
        (PROFILES, "other", undefined),
        (PROFILES, ":other", unknown),
        (
            PROFILES,
            "orphan",
            "permissions profile `orphan` extends undefined profile `nobody`",
        ),
        (
            PROFILES,
            "ring",
            "permissions profile inheritance cycle detected: ring -> ring",
        ),
        (
            PROFILES,
            "sites",
            "permissions profile `sites`: this server cannot enforce network.domains; without it \
             the network is reached whole, with network.enabled = false not at all",
        ),
    ] {
        let server = configured(says(text), &[], |_| {});
        let mut client = plain(&server).await;
        let id = started(&mut client, json!({})).await;
        let refusal = |about: &str| refused(-32600, &format!("{about}: {words}"));
        for (method, params, about) in [
            (
                "command/exec",
                json!({"command": ["true"], "permissionProfile": name}),
                "invalid permission profile",
            ),
            (
                "thread/start",
                json!({"model": "m", "permissions": name}),
                "failed to load configuration",
            ),
            (
                "thread/settings/update",
                json!({"threadId": id, "permissions": name}),
                "failed to load configuration",
            ),
        ] {
            let answer = client.call(method, params).await;
            assert_eq!(answer, refusal(about), "{method} {name}");
        }
        server.shutdown().await;
    }
}

#[tokio::test]
async fn a_thread_gets_nothing_that_the_administrator_forbids() {
    let folder = says(&format!("sandbox_mode = 'workspace-write'\n{PROFILES}"));
    fs::create_dir(folder.path().join("system")).unwrap();
    let file = folder.path().join("system/requirements.toml");
    let demands = "allowed_sandbox_modes = ['read-only']\n[allowed_permission_profiles]\n\
                   look = true\nwork = true\n";
    fs::write(&file, demands).unwrap();
    let server = configured(folder, &[], |_| {});
    let mut client = plain(&server).await;
    let by = format!("(set by {})", file.display());
    let mode = |shown: &str| {
        format!(
            "invalid value for `sandbox_mode`: `{shown}` is not in the allowed set [ReadOnly] {by}"
        )
    };
    // What nobody asked for is not refused: commands only look.
    let begun = start(&mut client, json!({})).await;
    assert_eq!(told(&begun, "sandbox"), (looks(), Value::Null));
    let begun = start(&mut client, json!({"permissions": "look"})).await;
    let look = json!({"id": "look", "extends": null});
    assert_eq!(told(&begun, "sandbox"), (looks(), look));
    let id = &begun["thread"]["id"];
    let unlisted = format!("permissions profile `again` is not in the allowed set {by}");
    for (name, words) in [("again", unlisted), ("work", mode("WorkspaceWrite"))] {
        let refusal = refused(-32600, &format!("failed to load configuration: {words}"));
        let params = json!({"model": "m", "permissions": name});
        assert_eq!(client.call("thread/start", params).await, refusal);
        let params = json!({"threadId": id, "permissions": name});
        assert_eq!(client.call("thread/settings/update", params).await, refusal);
    }
    let words = format!("failed to load configuration: {}", mode("DangerFullAccess"));
    let params = json!({"model": "m", "sandbox": "danger-full-access"});
    let answer = client.call("thread/start", params).await;
    assert_eq!(answer, refused(-32600, &words));
    let params = json!({"threadId": id, "sandboxPolicy": {"type": "dangerFullAccess"}});
    let answer = client.call("thread/settings/update", params).await;
    assert_eq!(answer, refused(-32600, &words));
    server.shutdown().await;
}
