//! What a command elsewhere is held to, in the words of exec servers. Pure.
//!
//! The rules are those that Codex sends for the same policies, so that any server of the dialect
//! understands them. The names of metadata are read-only in every folder that may be changed,
//! whether they are there or not; a server may protect more of them.

use std::path::Path;

use outpost_client::sandbox::{
    FileSystemPolicy, MissingPathBehavior, NetworkPolicy, Permissions, SandboxAccess,
    SandboxContext, SandboxEntry, SandboxPath, SpecialPath, WindowsSandboxLevel,
};
use outpost_protocol::{PathUri, app::policy::SandboxPolicy};

/// Names below a folder of a project that tell tools what to execute or to whom to talk.
const METADATA: [&str; 5] = [".git", ".agents", ".codex", ".aws", ".outpost"];

/// The sandbox of a command in this folder; none where nothing is to be enforced.
pub(super) fn context(policy: &SandboxPolicy, cwd: &Path) -> Option<SandboxContext> {
    let mut entries = vec![special(SpecialPath::Root, SandboxAccess::Read)];
    let network_access = match policy {
        SandboxPolicy::DangerFullAccess {} | SandboxPolicy::ExternalSandbox { .. } => return None,
        SandboxPolicy::ReadOnly { network_access } => *network_access,
        SandboxPolicy::WorkspaceWrite {
            writable_roots,
            network_access,
            exclude_tmpdir_env_var,
            exclude_slash_tmp,
        } => {
            entries.extend(workspace());
            for root in writable_roots {
                entries.extend(root_rules(root.as_path()));
            }
            if !exclude_slash_tmp {
                entries.push(special(SpecialPath::SlashTmp, SandboxAccess::Write));
            }
            if !exclude_tmpdir_env_var {
                entries.push(special(SpecialPath::Tmpdir, SandboxAccess::Write));
            }
            *network_access
        }
    };
    let network = if network_access {
        NetworkPolicy::Enabled
    } else {
        NetworkPolicy::Restricted
    };
    let cwd = PathUri::from_path(cwd);
    Some(SandboxContext {
        permissions: Permissions::Managed {
            file_system: FileSystemPolicy::Restricted {
                entries,
                glob_scan_max_depth: None,
            },
            network,
        },
        cwd: Some(cwd.clone()),
        policy_context: None,
        workspace_roots: vec![cwd],
        user_home_dir: None,
        temporary_directories: None,
        windows_sandbox_level: WindowsSandboxLevel::Disabled,
        windows_sandbox_proxy_settings_mode: None,
        use_legacy_landlock: false,
        sandbox_override: None,
    })
}

/// What may be changed of the folder a command runs in.
fn workspace() -> impl Iterator<Item = SandboxEntry> {
    let below = |subpath: Option<&str>| SpecialPath::ProjectRoots {
        subpath: subpath.map(str::to_owned),
    };
    let metadata = METADATA.map(|name| kept(special(below(Some(name)), SandboxAccess::Read)));
    [special(below(None), SandboxAccess::Write)]
        .into_iter()
        .chain(metadata)
}

/// The same of a folder beside it.
fn root_rules(root: &Path) -> impl Iterator<Item = SandboxEntry> {
    let at = |path: &Path| SandboxPath::Path {
        path: PathUri::from_path(path),
    };
    let metadata = METADATA.map(|name| kept(rule(at(&root.join(name)), SandboxAccess::Read)));
    [rule(at(root), SandboxAccess::Write)]
        .into_iter()
        .chain(metadata)
}

fn special(value: SpecialPath, access: SandboxAccess) -> SandboxEntry {
    rule(SandboxPath::Special { value }, access)
}

fn rule(path: SandboxPath, access: SandboxAccess) -> SandboxEntry {
    SandboxEntry {
        path,
        access,
        missing_path_behavior: None,
    }
}

/// A rule about what need not be there.
fn kept(entry: SandboxEntry) -> SandboxEntry {
    SandboxEntry {
        missing_path_behavior: Some(MissingPathBehavior::Skip),
        ..entry
    }
}

#[cfg(test)]
mod tests {
    use outpost_protocol::app::AbsolutePath;
    use serde_json::{Value, json};

    use super::*;

    fn sent(policy: &SandboxPolicy) -> Value {
        serde_json::to_value(context(policy, "/w".as_ref())).unwrap()
    }

    #[test]
    fn nothing_is_sent_where_nothing_is_to_be_enforced() {
        assert_eq!(sent(&SandboxPolicy::DangerFullAccess {}), Value::Null);
        let elsewhere = SandboxPolicy::ExternalSandbox {
            network_access: outpost_protocol::app::policy::NetworkAccess::Restricted,
        };
        assert_eq!(sent(&elsewhere), Value::Null);
    }

    #[test]
    fn looking_is_the_root_and_no_more() {
        let policy = SandboxPolicy::ReadOnly {
            network_access: true,
        };
        let sent = sent(&policy);
        let root = json!({
            "path": {"type": "special", "value": {"kind": "root"}}, "access": "read",
        });
        let files = json!({"type": "restricted", "entries": [root]});
        assert_eq!(sent["permissions"]["file_system"], files);
        assert_eq!(sent["permissions"]["network"], "enabled");
        assert_eq!(sent["cwd"], "file:///w");
        assert_eq!(sent["workspaceRoots"], json!(["file:///w"]));
    }

    #[test]
    fn what_may_be_changed_keeps_its_metadata() {
        let policy = |exclude| SandboxPolicy::WorkspaceWrite {
            writable_roots: vec![AbsolutePath::new("/r".as_ref()).unwrap()],
            network_access: false,
            exclude_tmpdir_env_var: exclude,
            exclude_slash_tmp: exclude,
        };
        let entries = |exclude| {
            let sent = sent(&policy(exclude));
            assert_eq!(sent["permissions"]["network"], "restricted");
            let entries = sent["permissions"]["file_system"]["entries"].clone();
            entries.as_array().unwrap().clone()
        };
        let writes = |entries: &[Value]| {
            let writes = entries.iter().filter(|entry| entry["access"] == "write");
            writes.count()
        };
        // The folder, the root beside it, and those for temporary files.
        assert_eq!((writes(&entries(true)), writes(&entries(false))), (2, 4));
        for (place, path) in [
            ("r", json!({"type": "path", "path": "file:///r/.git"})),
            (
                "the folder",
                json!({
                    "type": "special", "value": {"kind": "project_roots", "subpath": ".git"},
                }),
            ),
        ] {
            let kept = json!({"path": path, "access": "read", "missing_path_behavior": "skip"});
            assert!(
                entries(true).contains(&kept),
                "{place}: {:#?}",
                entries(true)
            );
        }
    }
}
