//! The sandbox of a command or a thread, in the form that has four kinds.
//!
//! Older clients wrote which files may be read into it. What asked for less than all of them is
//! refused; what asked for all of them is what is meant today.

use serde::{Deserialize, Serialize};

use crate::app::AbsolutePath;

/// What a command is held to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    try_from = "SandboxPolicyDeserialize"
)]
pub enum SandboxPolicy {
    /// Nothing.
    DangerFullAccess {},
    /// Files may be read, not changed.
    ReadOnly {
        /// The network may be reached.
        network_access: bool,
    },
    /// Someone else holds it to something.
    ExternalSandbox {
        /// Whether the network may be reached there.
        network_access: NetworkAccess,
    },
    /// Files may be changed in the project's folder and where temporary files go.
    WorkspaceWrite {
        /// Folders beside the project's.
        writable_roots: Vec<AbsolutePath>,
        /// The network may be reached.
        network_access: bool,
        /// Not in the folder that `TMPDIR` names.
        exclude_tmpdir_env_var: bool,
        /// Not in `/tmp`.
        exclude_slash_tmp: bool,
    },
}

/// Whether the network may be reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum NetworkAccess {
    /// No.
    #[default]
    Restricted,
    /// Yes.
    Enabled,
}

/// The policy as it comes, with what older clients say. It has the reference's name, which a
/// client is told where the value is none of its kinds.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
enum SandboxPolicyDeserialize {
    DangerFullAccess {},
    ReadOnly {
        #[serde(default)]
        network_access: bool,
        #[serde(default)]
        access: Option<ReadAccess>,
    },
    ExternalSandbox {
        #[serde(default)]
        network_access: NetworkAccess,
    },
    WorkspaceWrite {
        #[serde(default)]
        writable_roots: Vec<AbsolutePath>,
        #[serde(default)]
        network_access: bool,
        #[serde(default)]
        exclude_tmpdir_env_var: bool,
        #[serde(default)]
        exclude_slash_tmp: bool,
        #[serde(default)]
        read_only_access: Option<ReadAccess>,
    },
}

/// Which files may be read, as older clients say it.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "camelCase")]
enum ReadAccess {
    FullAccess {},
    // Refused, in words of its own.
    #[cfg_attr(feature = "schema", schemars(skip))]
    Restricted {},
}

// === impl SandboxPolicy ===

impl TryFrom<SandboxPolicyDeserialize> for SandboxPolicy {
    type Error = String;

    fn try_from(policy: SandboxPolicyDeserialize) -> Result<Self, String> {
        use SandboxPolicyDeserialize as Wire;
        Ok(match policy {
            Wire::DangerFullAccess {} => Self::DangerFullAccess {},
            Wire::ReadOnly {
                network_access,
                access,
            } => {
                all_files(access.as_ref(), "readOnly.access")?;
                Self::ReadOnly { network_access }
            }
            Wire::ExternalSandbox { network_access } => Self::ExternalSandbox { network_access },
            Wire::WorkspaceWrite {
                writable_roots,
                network_access,
                exclude_tmpdir_env_var,
                exclude_slash_tmp,
                read_only_access,
            } => {
                all_files(read_only_access.as_ref(), "workspaceWrite.readOnlyAccess")?;
                Self::WorkspaceWrite {
                    writable_roots,
                    network_access,
                    exclude_tmpdir_env_var,
                    exclude_slash_tmp,
                }
            }
        })
    }
}

fn all_files(access: Option<&ReadAccess>, member: &str) -> Result<(), String> {
    match access {
        None | Some(ReadAccess::FullAccess {}) => Ok(()),
        Some(ReadAccess::Restricted {}) => Err(format!(
            "{member} is no longer supported; use permissionProfile for restricted reads"
        )),
    }
}
