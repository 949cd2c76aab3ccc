use proptest::prelude::*;
use serde_json::{Value, json, value::RawValue};

use super::*;
use crate::decode_params;

/// Why `sandbox` is refused, or nothing.
fn refusal(sandbox: &Value) -> String {
    let raw = RawValue::from_string(sandbox.to_string()).unwrap();
    decode_params::<SandboxContext>(Some(&raw))
        .map_or_else(|error| error.message, |_| String::new())
}

fn context(permissions: &Value) -> Value {
    json!({ "permissions": permissions, "windowsSandboxLevel": "disabled" })
}

fn restricted(entry: &Value) -> Value {
    let file_system = json!({ "type": "restricted", "entries": [entry] });
    context(&json!({ "type": "managed", "file_system": file_system, "network": "restricted" }))
}

fn special(value: &Value) -> Value {
    restricted(&json!({ "path": { "type": "special", "value": value }, "access": "read" }))
}

fn entries(sandbox: &SandboxContext) -> &[SandboxEntry] {
    match &sandbox.permissions {
        Permissions::Managed {
            file_system: FileSystemPolicy::Restricted { entries, .. },
            ..
        } => entries,
        other => panic!("no rules: {other:?}"),
    }
}

/// As the reference's client sends it with `process/start` in its mode `workspace-write`.
const WORKSPACE_WRITE: &str = r#"{"permissions":{"type":"managed","file_system":{"type":"restricted","entries":[{"path":{"type":"special","value":{"kind":"root"}},"access":"read"},{"path":{"type":"special","value":{"kind":"project_roots"}},"access":"write"},{"path":{"type":"special","value":{"kind":"slash_tmp"}},"access":"write"},{"path":{"type":"special","value":{"kind":"tmpdir"}},"access":"write"},{"path":{"type":"special","value":{"kind":"project_roots","subpath":".git"}},"access":"read","missing_path_behavior":"skip"},{"path":{"type":"path","path":"file:///extra"},"access":"write"}]},"network":"restricted"},"cwd":"file:///w","workspaceRoots":["file:///w","file:///extra"],"windowsSandboxLevel":"disabled","windowsSandboxProxySettingsMode":"reconcile","useLegacyLandlock":false}"#;

/// As the reference's client sends it with `fs/writeFile` under a profile of permissions.
const PROFILE: &str = r#"{"permissions":{"type":"managed","file_system":{"type":"restricted","entries":[{"path":{"type":"path","path":"file:///extra"},"access":"deny"},{"path":{"type":"glob_pattern","pattern":"/globs/*.pem"},"access":"deny"},{"path":{"type":"special","value":{"kind":"minimal"}},"access":"read"},{"path":{"type":"glob_pattern","pattern":"codex-project-roots://**/*.env"},"access":"deny"},{"path":{"type":"special","value":{"kind":"project_roots","subpath":"docs"}},"access":"read"}],"glob_scan_max_depth":3},"network":"enabled"},"cwd":"file:///w","policyContext":{"cwd":"file:///w","workspaceRoots":["file:///w"]},"workspaceRoots":["file:///w"],"userHomeDir":"file:///home/u","temporaryDirectories":[],"windowsSandboxLevel":"disabled","useLegacyLandlock":false}"#;

#[test]
fn what_the_reference_client_sends_is_understood_and_written_the_same() {
    for text in [WORKSPACE_WRITE, PROFILE] {
        let sandbox: SandboxContext = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&sandbox).unwrap(), text);
    }
    let sandbox: SandboxContext = serde_json::from_str(WORKSPACE_WRITE).unwrap();
    let git = SandboxPath::Special {
        value: SpecialPath::ProjectRoots {
            subpath: Some(".git".to_owned()),
        },
    };
    assert_eq!(
        entries(&sandbox)[4],
        SandboxEntry {
            path: git,
            access: SandboxAccess::Read,
            missing_path_behavior: Some(MissingPathBehavior::Skip),
        }
    );
}

#[test]
fn no_access_has_two_names() {
    let entry = |access: &str| {
        let path = json!({ "type": "path", "path": "file:///a" });
        let sandbox = restricted(&json!({ "path": path, "access": access }));
        let sandbox: SandboxContext = serde_json::from_value(sandbox).unwrap();
        entries(&sandbox)[0].clone()
    };
    assert_eq!(entry("none"), entry("deny"));
    assert_eq!(
        serde_json::to_value(entry("none")).unwrap()["access"],
        "deny"
    );
}

#[test]
fn a_policy_context_stands_in_for_the_folder_and_the_roots_together() {
    let mut value: Value = serde_json::from_str(WORKSPACE_WRITE).unwrap();
    let told = |value: &Value| {
        let sandbox: SandboxContext = serde_json::from_value(value.clone()).unwrap();
        let roots = sandbox.policy_roots().len();
        (sandbox.policy_cwd().cloned(), roots)
    };
    assert_eq!(told(&value), (Some(PathUri::from_path("/w")), 2));
    value["policyContext"] = json!({ "cwd": "file:///other" });
    assert_eq!(told(&value), (Some(PathUri::from_path("/other")), 0));
    value["policyContext"] = json!({ "workspaceRoots": ["file:///a"] });
    assert_eq!(told(&value), (None, 1));
    value["policyContext"] = Value::Null;
    assert_eq!(told(&value), (Some(PathUri::from_path("/w")), 2));
}

#[test]
fn malformed_permissions_are_refused_in_the_words_of_the_reference() {
    let managed = |file_system: &Value| {
        refusal(&context(&json!({
            "type": "managed", "file_system": file_system, "network": "restricted"
        })))
    };
    let words = [
        (
            refusal(&json!("x")),
            "invalid type: string \"x\", expected struct WireFileSystemSandboxContext",
        ),
        (
            refusal(&json!({ "permissions": { "type": "disabled" } })),
            "missing field `windowsSandboxLevel`",
        ),
        (
            refusal(&context(&Value::Null)),
            "invalid type: null, expected internally tagged enum ExecPermissionProfile",
        ),
        (
            refusal(&context(&json!({ "type": "external" }))),
            "missing field `network`",
        ),
        (
            managed(&json!("x")),
            "invalid type: string \"x\", expected internally tagged enum ExecManagedFileSystemPermissions",
        ),
        (
            managed(&json!({ "type": "x" })),
            "unknown variant `x`, expected `restricted` or `unrestricted`",
        ),
        (
            managed(&json!({ "type": "restricted" })),
            "missing field `entries`",
        ),
        (
            managed(&json!({ "type": "restricted", "entries": null })),
            "invalid type: null, expected a sequence",
        ),
    ];
    for (told, expected) in words {
        assert_eq!(told, expected);
    }
}

#[test]
fn malformed_entries_are_refused_in_the_words_of_the_reference() {
    let usr = json!({ "type": "path", "path": "file:///usr" });
    let words = [
        (json!({}), "missing field `path`"),
        (
            json!("x"),
            "invalid type: string \"x\", expected struct ExecFileSystemSandboxEntry",
        ),
        (json!({ "path": usr }), "missing field `access`"),
        (
            json!({ "path": usr, "access": "Read" }),
            "unknown variant `Read`, expected one of `read`, `write`, `deny`, `none`",
        ),
        (
            json!({ "path": usr, "access": null }),
            "invalid type: null, expected string or map",
        ),
        (
            json!({ "path": { "type": "x" }, "access": "read" }),
            "unknown variant `x`, expected one of `path`, `glob_pattern`, `special`",
        ),
        (
            json!({ "path": "file:///usr", "access": "read" }),
            "invalid type: string \"file:///usr\", expected internally tagged enum ExecFileSystemPath",
        ),
        (
            json!({ "path": { "type": "path", "path": "~/x" }, "access": "read" }),
            "invalid URI: relative URL without a base",
        ),
        (
            json!({ "path": { "type": "special" }, "access": "read" }),
            "missing field `value`",
        ),
        (
            json!({ "path": usr, "access": "read", "missing_path_behavior": "create" }),
            "unknown variant `create`, expected `skip`",
        ),
    ];
    for (entry, expected) in words {
        assert_eq!(refusal(&restricted(&entry)), expected);
    }
    let absent = json!({ "path": usr, "access": "read", "missing_path_behavior": null });
    assert_eq!(refusal(&restricted(&absent)), "");
}

#[test]
fn malformed_special_paths_are_refused_with_their_kind() {
    let words = [
        (
            json!("root"),
            "invalid type: string \"root\", expected internally tagged enum FileSystemSpecialPath",
        ),
        (json!({}), "missing field `kind`"),
        (
            json!({ "kind": "frobnicate" }),
            "unknown variant `frobnicate`, expected one of `root`, `minimal`, `current_working_directory`, `project_roots`, `tmpdir`, `slash_tmp`, `unknown`",
        ),
        (json!({ "kind": "unknown" }), "missing field `path`"),
        (json!({ "kind": "unknown", "path": ":x" }), ""),
        (json!({ "kind": "project_roots", "subpath": null }), ""),
    ];
    for (value, expected) in words {
        assert_eq!(refusal(&special(&value)), expected);
    }
}

#[test]
fn numbers_in_the_wrong_place_are_refused() {
    let depth = |depth: &Value| {
        let file_system =
            json!({ "type": "restricted", "entries": [], "glob_scan_max_depth": depth });
        let managed =
            json!({ "type": "managed", "file_system": file_system, "network": "enabled" });
        refusal(&context(&managed))
    };
    for wrong in [json!(0), json!(-1), json!(1.5), json!("1")] {
        assert!(depth(&wrong).starts_with("invalid"), "{wrong}");
    }
    assert_eq!(depth(&json!(1)), "");
    assert_eq!(depth(&Value::Null), "");
    // The reference takes the number of a kind for the kind.
    for wrong in [
        json!({ "kind": 0 }),
        json!({ "kind": "project_roots", "subpath": 1 }),
    ] {
        assert!(refusal(&special(&wrong)).starts_with("invalid"), "{wrong}");
    }
    let pattern = json!({ "type": "glob_pattern", "pattern": 1 });
    let entry = json!({ "path": pattern, "access": "deny" });
    assert!(refusal(&restricted(&entry)).starts_with("invalid"));
}

#[test]
fn b09_a_rule_with_a_member_that_is_not_understood_is_refused() {
    let usr = json!({ "type": "path", "path": "file:///usr" });
    let unknown = json!({ "type": "path", "path": "file:///usr", "x": 1 });
    let empty = json!({ "type": "restricted", "entries": [], "x": 1 });
    let free = json!({ "type": "unrestricted", "entries": [] });
    let managed = |file_system: &Value, more: &str| {
        let mut permissions =
            json!({ "type": "managed", "file_system": file_system, "network": "enabled" });
        permissions[more] = json!(1);
        context(&permissions)
    };
    let plain = json!({ "type": "unrestricted" });
    for sandbox in [
        restricted(&json!({ "path": usr, "access": "read", "x": 1 })),
        restricted(&json!({ "path": unknown, "access": "read" })),
        special(&json!({ "kind": "root", "x": 1 })),
        special(&json!({ "kind": "root", "path": "/usr" })),
        special(&json!({ "kind": "slash_tmp", "subpath": "a" })),
        context(&json!({ "type": "managed", "file_system": empty, "network": "enabled" })),
        context(&json!({ "type": "managed", "file_system": free, "network": "enabled" })),
        managed(&plain, "x"),
        context(&json!({ "type": "disabled", "network": "restricted" })),
    ] {
        assert_ne!(refusal(&sandbox), "", "{sandbox}");
    }
    let mut beside = context(&json!({ "type": "disabled" }));
    beside["windowsSandboxPrivateDesktop"] = json!(false);
    beside["x"] = json!(1);
    assert_eq!(refusal(&beside), "");
}

fn any_path() -> impl Strategy<Value = SandboxPath> {
    let subpath = || proptest::option::of("[a-z./]{0,8}");
    let value = prop_oneof![
        Just(SpecialPath::Root),
        Just(SpecialPath::Minimal),
        Just(SpecialPath::CurrentWorkingDirectory),
        subpath().prop_map(|subpath| SpecialPath::ProjectRoots { subpath }),
        Just(SpecialPath::Tmpdir),
        Just(SpecialPath::SlashTmp),
        (".{0,8}", subpath()).prop_map(|(path, subpath)| SpecialPath::Unknown { path, subpath }),
    ];
    prop_oneof![
        "(/[a-z é%]{1,6}){1,4}".prop_map(|path| SandboxPath::Path {
            path: PathUri::from_path(path)
        }),
        ".{0,12}".prop_map(|pattern| SandboxPath::GlobPattern { pattern }),
        value.prop_map(|value| SandboxPath::Special { value }),
    ]
}

fn any_entry() -> impl Strategy<Value = SandboxEntry> {
    let access = prop_oneof![
        Just(SandboxAccess::Read),
        Just(SandboxAccess::Write),
        Just(SandboxAccess::Deny),
    ];
    (any_path(), access, any::<bool>()).prop_map(|(path, access, skip)| SandboxEntry {
        path,
        access,
        missing_path_behavior: skip.then_some(MissingPathBehavior::Skip),
    })
}

fn any_permissions() -> impl Strategy<Value = Permissions> {
    let network = || {
        any::<bool>().prop_map(|free| match free {
            true => NetworkPolicy::Enabled,
            false => NetworkPolicy::Restricted,
        })
    };
    let entries = proptest::collection::vec(any_entry(), 0..6);
    let file_system = prop_oneof![
        (entries, any::<usize>()).prop_map(|(entries, depth)| FileSystemPolicy::Restricted {
            entries,
            glob_scan_max_depth: NonZeroUsize::new(depth),
        }),
        Just(FileSystemPolicy::Unrestricted {}),
    ];
    prop_oneof![
        Just(Permissions::Disabled {}),
        network().prop_map(|network| Permissions::External { network }),
        (file_system, network()).prop_map(|(file_system, network)| Permissions::Managed {
            file_system,
            network
        }),
    ]
}

proptest! {
    #[test]
    fn a_policy_is_the_same_after_the_wire(permissions in any_permissions(), with_context: bool) {
        let roots = vec![PathUri::from_path("/a b"), PathUri::from_path("/c")];
        let sandbox = SandboxContext {
            permissions,
            cwd: (!with_context).then(|| PathUri::from_path("/cwd")),
            policy_context: with_context.then(|| PolicyContext {
                cwd: Some(PathUri::from_path("/cwd")),
                workspace_roots: roots.clone(),
            }),
            workspace_roots: roots,
            user_home_dir: None,
            temporary_directories: with_context.then(Vec::new),
            windows_sandbox_level: WindowsSandboxLevel::Mxc,
            windows_sandbox_proxy_settings_mode: Some(WindowsSandboxProxySettingsMode::Preserve),
            use_legacy_landlock: with_context,
            sandbox_override: Some(SandboxOverride::BypassSandboxFirstAttempt),
        };
        let text = serde_json::to_string(&sandbox).unwrap();
        prop_assert_eq!(serde_json::from_str::<SandboxContext>(&text).unwrap(), sandbox);
    }
}
