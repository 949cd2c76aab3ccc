//! What commands are held to, and when a user is asked.

mod sandbox;

use serde::{Deserialize, Serialize};

pub use self::sandbox::{NetworkAccess, SandboxPolicy};

/// What commands are held to, in short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum SandboxMode {
    /// Looking.
    ReadOnly,
    /// Changing the project.
    WorkspaceWrite,
    /// Nothing.
    DangerFullAccess,
}

/// When a user is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum AskForApproval {
    /// For every command that no rule allows.
    Untrusted,
    /// When a model asks for more than the sandbox permits.
    OnRequest,
    /// As its members say. Experimental.
    Granular {
        /// To leave the sandbox.
        sandbox_approval: bool,
        /// Where a rule says so.
        rules: bool,
        /// To use a skill.
        #[serde(default)]
        skill_approval: bool,
        /// To have more permissions.
        #[serde(default)]
        request_permissions: bool,
        /// For what a tool server wants to know.
        mcp_elicitations: bool,
    },
    /// Never.
    Never,
}

/// Who is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ApprovalsReviewer {
    /// The user.
    User,
    /// A model in the user's place.
    AutoReview,
    /// The older name of that.
    GuardianSubagent,
}
