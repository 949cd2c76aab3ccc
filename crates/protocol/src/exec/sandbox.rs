//! What a caller wants a command or a file call to be held to.
//!
//! Nothing here decides: a policy is decoded whole, or refused with the reference's words. Members
//! of a rule that are not known are refused too, where the reference ignores them, because a rule
//! that is half understood can only be guessed at. Beside the policy unknown members are ignored
//! as everywhere.

mod path;

use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

pub use self::path::{PROJECT_ROOTS_GLOB, SandboxPath, SpecialPath};
use crate::PathUri;

/// The sandbox of one call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(
    rename_all = "camelCase",
    expecting = "struct WireFileSystemSandboxContext"
)]
pub struct SandboxContext {
    /// What is allowed.
    pub permissions: Permissions,
    /// The folder relative rules are about; a command's own folder without it.
    #[serde(default)]
    pub cwd: Option<PathUri>,
    /// In place of `cwd` and `workspace_roots`, both of them, where it is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_context: Option<PolicyContext>,
    /// The folders of the project.
    #[serde(default)]
    pub workspace_roots: Vec<PathUri>,
    /// Of no effect here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_home_dir: Option<PathUri>,
    /// Of no effect here: [`SpecialPath::Tmpdir`] is about the environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temporary_directories: Option<Vec<PathUri>>,
    /// Of no effect here, but required on the wire.
    pub windows_sandbox_level: WindowsSandboxLevel,
    /// Of no effect here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub windows_sandbox_proxy_settings_mode: Option<WindowsSandboxProxySettingsMode>,
    /// Of no effect here.
    #[serde(default)]
    pub use_legacy_landlock: bool,
    /// Whether a caller wants less than the policy says; of no effect here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sandbox_override: Option<SandboxOverride>,
}

/// What relative rules are about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(
    rename_all = "camelCase",
    default,
    expecting = "struct WireFileSystemPolicyContext"
)]
pub struct PolicyContext {
    /// The folder relative rules are about.
    pub cwd: Option<PathUri>,
    /// The folders of the project.
    pub workspace_roots: Vec<PathUri>,
}

/// What is allowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(
    tag = "type",
    rename_all = "lowercase",
    deny_unknown_fields,
    expecting = "internally tagged enum ExecPermissionProfile"
)]
pub enum Permissions {
    /// This server holds the call to rules.
    Managed {
        /// What files may be touched.
        file_system: FileSystemPolicy,
        /// Whether the network may be reached.
        network: NetworkPolicy,
    },
    /// No rules.
    Disabled {},
    /// Someone else holds the call to rules.
    External {
        /// Whether the network may be reached.
        network: NetworkPolicy,
    },
}

/// What files may be touched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(
    tag = "type",
    rename_all = "lowercase",
    deny_unknown_fields,
    expecting = "internally tagged enum ExecManagedFileSystemPermissions"
)]
pub enum FileSystemPolicy {
    /// Those that the entries grant.
    Restricted {
        /// The rules; their order has no meaning.
        entries: Vec<SandboxEntry>,
        /// How many levels of directories a `**` may look into.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        glob_scan_max_depth: Option<NonZeroUsize>,
    },
    /// All of them.
    Unrestricted {},
}

/// One rule about files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "struct ExecFileSystemSandboxEntry")]
pub struct SandboxEntry {
    /// What it is about.
    pub path: SandboxPath,
    /// What may be done there.
    pub access: SandboxAccess,
    /// What to do if nothing is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_path_behavior: Option<MissingPathBehavior>,
}

/// What may be done with a file, and with everything below a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum SandboxAccess {
    /// Looking.
    Read,
    /// Looking and changing.
    Write,
    /// Nothing; on the wire also `none`.
    #[serde(alias = "none")]
    Deny,
}

/// What to do with a rule about a path that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum MissingPathBehavior {
    /// Do without it.
    Skip,
}

/// Whether the network may be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum NetworkPolicy {
    /// No.
    Restricted,
    /// Yes.
    Enabled,
}

/// Levels of another operating system's sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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

/// What another operating system's sandbox does with its proxy settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum WindowsSandboxProxySettingsMode {
    /// Brings them up to date.
    Reconcile,
    /// Leaves them alone.
    Preserve,
}

/// Whether a caller wants less than the policy says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum SandboxOverride {
    /// No.
    NoOverride,
    /// More, but with rules.
    EscalatedSandboxWithRestrictions,
    /// No sandbox at the first attempt.
    BypassSandboxFirstAttempt,
}

// === impl SandboxContext ===

impl SandboxContext {
    /// The folder relative rules are about, where the caller named one.
    pub fn policy_cwd(&self) -> Option<&PathUri> {
        match &self.policy_context {
            Some(context) => context.cwd.as_ref(),
            None => self.cwd.as_ref(),
        }
    }

    /// The folders that [`SpecialPath::ProjectRoots`] stands for.
    pub fn policy_roots(&self) -> &[PathUri] {
        match &self.policy_context {
            Some(context) => &context.workspace_roots,
            None => &self.workspace_roots,
        }
    }
}

#[cfg(test)]
mod tests;
