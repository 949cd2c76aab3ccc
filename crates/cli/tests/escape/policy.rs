//! The policies the attacks are tried under, as they stand on the wire.

use std::path::Path;

use serde_json::{Value, json};

use crate::{arena::Arena, server::Base};

/// A policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Policy {
    /// Everything may be read.
    ReadOnly,
    /// Also the workspace and temporary folders be written.
    Workspace,
    /// Also the network be reached.
    WorkspaceAndNetwork,
    /// As [`Policy::Workspace`], but only what programs need may be read.
    Minimal,
}

/// The URI of a path.
pub(crate) fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}

fn special(kind: &str, access: &str) -> Value {
    json!({"path": {"type": "special", "value": {"kind": kind}}, "access": access})
}

fn skipped(subpath: &str) -> Value {
    json!({
        "path": {"type": "special", "value": {"kind": "project_roots", "subpath": subpath}},
        "access": "read", "missing_path_behavior": "skip",
    })
}

/// An entry for one path.
pub(crate) fn entry(path: &Path, access: &str) -> Value {
    json!({"path": {"type": "path", "path": uri(path)}, "access": access})
}

/// The whole object around entries.
pub(crate) fn sandbox(work: &Path, entries: &[Value], network: &str) -> Value {
    json!({
        "permissions": {
            "type": "managed",
            "file_system": {"type": "restricted", "entries": entries},
            "network": network,
        },
        "cwd": uri(work), "workspaceRoots": [uri(work)], "windowsSandboxLevel": "disabled",
    })
}

// === impl Policy ===

impl Policy {
    /// Its entries.
    pub(crate) fn entries(self, base: &Base) -> Vec<Value> {
        if self == Self::ReadOnly {
            return vec![special("root", "read")];
        }
        let mut entries = if self == Self::Minimal {
            vec![
                special("minimal", "read"),
                entry(&base.path("tools"), "read"),
            ]
        } else {
            vec![special("root", "read"), special("tmpdir", "write")]
        };
        entries.push(special("project_roots", "write"));
        entries.extend([".git", ".agents", ".codex", ".aws"].map(skipped));
        entries
    }

    /// The object for an arena; what is secret there is denied when `secrets`.
    pub(crate) fn sandbox(self, base: &Base, arena: &Arena, secrets: bool) -> Value {
        let mut entries = self.entries(base);
        if secrets {
            entries.push(entry(&arena.path("secret"), "deny"));
            entries.push(entry(&arena.work().join("vault"), "deny"));
        }
        sandbox(&arena.work(), &entries, self.network())
    }

    pub(crate) fn network(self) -> &'static str {
        if self == Self::WorkspaceAndNetwork {
            "enabled"
        } else {
            "restricted"
        }
    }

    /// Whether the workspace may be written.
    pub(crate) fn writes(self) -> bool {
        self != Self::ReadOnly
    }
}
