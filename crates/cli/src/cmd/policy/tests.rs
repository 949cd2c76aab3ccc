use serde_json::{Value, json};

use super::*;
use crate::args::Limit;

fn asked(mode: Mode) -> Sandbox {
    Sandbox {
        mode: Some(mode),
        ..Sandbox::default()
    }
}

fn sent(arguments: &Sandbox) -> Value {
    let context = context(arguments, Some(Path::new("/w"))).unwrap();
    serde_json::to_value(context).unwrap()
}

fn entries(arguments: &Sandbox) -> Vec<Value> {
    let sent = sent(arguments);
    let entries = &sent["permissions"]["file_system"]["entries"];
    entries.as_array().unwrap().clone()
}

fn special(kind: &str, access: &str) -> Value {
    json!({"path": {"type": "special", "value": {"kind": kind}}, "access": access})
}

#[test]
fn to_read_only_is_one_rule() {
    let sent = sent(&asked(Mode::ReadOnly));
    assert_eq!(
        sent["permissions"],
        json!({
            "type": "managed",
            "file_system": {"type": "restricted", "entries": [special("root", "read")]},
            "network": "restricted",
        })
    );
    assert_eq!(sent["cwd"], "file:///w");
    assert_eq!(sent["workspaceRoots"], json!(["file:///w"]));
    assert_eq!(sent["windowsSandboxLevel"], "disabled");
}

#[test]
fn to_write_a_workspace_is_what_codex_sends_and_our_own_metadata() {
    let metadata = [".git", ".agents", ".codex", ".aws", ".outpost"].map(|name| {
        json!({
            "path": {"type": "special", "value": {"kind": "project_roots", "subpath": name}},
            "access": "read",
            "missing_path_behavior": "skip",
        })
    });
    let places = [
        special("root", "read"),
        special("project_roots", "write"),
        special("slash_tmp", "write"),
        special("tmpdir", "write"),
    ];
    let expected: Vec<_> = places.into_iter().chain(metadata).collect();
    assert_eq!(entries(&asked(Mode::WorkspaceWrite)), expected);
}

#[test]
fn paths_are_relative_to_where_the_command_runs() {
    let arguments = Sandbox {
        net: true,
        writable: vec!["out".into(), "/srv/x".into()],
        deny: vec!["../secret".into(), "**/*.pem".into(), "/w/[ab]".into()],
        ..asked(Mode::ReadOnly)
    };
    let path = |uri: &str| json!({"type": "path", "path": uri});
    let pattern = |text: &str| json!({"type": "glob_pattern", "pattern": text});
    let rules = [
        (path("file:///w/out"), "write"),
        (path("file:///srv/x"), "write"),
        (path("file:///secret"), "deny"),
        (pattern("/w/**/*.pem"), "deny"),
        (pattern("/w/[ab]"), "deny"),
    ];
    let rules: Vec<_> = rules
        .iter()
        .map(|(path, access)| json!({"path": path, "access": access}))
        .collect();
    assert_eq!(entries(&arguments)[1..], rules);
    assert_eq!(sent(&arguments)["permissions"]["network"], "enabled");
}

#[test]
fn without_walls_there_is_nothing_to_say_about_them() {
    let free = Sandbox {
        net: true,
        ..asked(Mode::DangerFullAccess)
    };
    for arguments in [Sandbox::default(), free] {
        assert_eq!(context(&arguments, None).unwrap(), None);
    }
    for (writable, deny) in [(vec!["x".into()], vec![]), (vec![], vec!["x".into()])] {
        let arguments = Sandbox {
            writable,
            deny,
            ..asked(Mode::DangerFullAccess)
        };
        assert!(context(&arguments, Some(Path::new("/w"))).is_err());
    }
}

#[test]
fn a_policy_is_about_a_directory_that_is_known() {
    let refusal = context(&asked(Mode::WorkspaceWrite), None).unwrap_err();
    assert!(refusal.to_string().contains("-C"), "{refusal}");
}

#[test]
fn each_limit_is_said_once() {
    let with = |limits: &[(Bounded, u64)]| Sandbox {
        limits: limits
            .iter()
            .map(|(what, value)| Limit {
                what: *what,
                value: *value,
            })
            .collect(),
        ..Sandbox::default()
    };
    assert_eq!(limits(&with(&[])).unwrap(), None);
    let all = with(&[
        (Bounded::Memory, 1),
        (Bounded::Cpu, 2),
        (Bounded::Pids, 3),
        (Bounded::Files, 4),
        (Bounded::FileSize, 5),
    ]);
    let sent = serde_json::to_value(limits(&all).unwrap()).unwrap();
    let expected = json!({
        "memoryBytes": 1, "cpuSeconds": 2, "pids": 3, "openFiles": 4, "fileSizeBytes": 5,
    });
    assert_eq!(sent, expected);
    let refusal = limits(&with(&[(Bounded::Pids, 1), (Bounded::Pids, 1)])).unwrap_err();
    assert_eq!(refusal.to_string(), "--limit pids is given twice");
}
