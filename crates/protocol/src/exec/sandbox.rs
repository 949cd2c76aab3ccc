//! What a caller wants a command or a file call to be held to.

use serde::{Deserialize, Serialize};

use crate::PathUri;

/// The sandbox of one call.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SandboxContext {
    /// What is allowed.
    pub permissions: Permissions,
    /// The folder relative rules are about.
    #[serde(default)]
    pub cwd: Option<PathUri>,
    /// The folders of the project.
    #[serde(default)]
    pub workspace_roots: Vec<PathUri>,
    /// Of no effect here, but required on the wire.
    pub windows_sandbox_level: WindowsSandboxLevel,
    /// Of no effect here.
    #[serde(default)]
    pub windows_sandbox_private_desktop: bool,
    /// Of no effect here.
    #[serde(default)]
    pub use_legacy_landlock: bool,
    /// Whether a caller wants less than the policy says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sandbox_override: Option<SandboxOverride>,
}

/// What is allowed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Permissions {
    /// This server holds the call to rules.
    Managed {
        /// What files may be touched.
        file_system: FileSystemPolicy,
        /// Whether the network may be reached.
        network: NetworkPolicy,
    },
    /// No rules.
    Disabled,
    /// Someone else holds the call to rules.
    External {
        /// Whether the network may be reached.
        network: NetworkPolicy,
    },
}

/// What files may be touched.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum FileSystemPolicy {
    /// All of them.
    Unrestricted,
    /// Those that the entries grant.
    Restricted {
        /// The rules, each a path and an access.
        entries: Vec<serde_json::Value>,
    },
}

/// Whether the network may be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NetworkPolicy {
    /// No.
    Restricted,
    /// Yes.
    Enabled,
}

/// Levels of another operating system's sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WindowsSandboxLevel {
    /// None.
    Disabled,
    /// A restricted token.
    RestrictedToken,
    /// An elevated one.
    Elevated,
    /// A container.
    Mxc,
}

/// Whether a caller wants less than the policy says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SandboxOverride {
    /// No.
    NoOverride,
    /// More, but with rules.
    EscalatedSandboxWithRestrictions,
    /// No sandbox at the first attempt.
    BypassSandboxFirstAttempt,
}
