//! How a thread's turns are done.

use serde::{Deserialize, Serialize};

use super::ThreadEnvironment;
use crate::app::{
    AbsolutePath,
    choices::ModeKind,
    config::ReasoningSummary,
    policy::{ApprovalsReviewer, AskForApproval, SandboxPolicy},
};

/// How a thread's later turns are done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ThreadSettings {
    /// Plugins that are not used.
    #[serde(default)]
    pub disabled_plugin_ids: Vec<String>,
    /// The folder.
    pub cwd: AbsolutePath,
    /// Where commands run.
    pub environments: Option<Vec<ThreadEnvironment>>,
    /// When somebody is asked.
    pub approval_policy: AskForApproval,
    /// Who is asked.
    pub approvals_reviewer: ApprovalsReviewer,
    /// What commands are held to.
    pub sandbox_policy: SandboxPolicy,
    /// The profile that comes from, if it comes from one.
    pub active_permission_profile: Option<ActivePermissionProfile>,
    /// Who answers.
    pub model: String,
    /// Who provides it.
    pub model_provider: String,
    /// How soon.
    pub service_tier: Option<String>,
    /// How hard it thinks, where that was said.
    pub effort: Option<String>,
    /// How much of that is told.
    pub summary: Option<ReasoningSummary>,
    /// The mode of working.
    pub collaboration_mode: CollaborationMode,
    /// How it works with others of its kind.
    #[serde(default)]
    pub multi_agent_mode: MultiAgentMode,
    /// Its tone.
    pub personality: Option<Personality>,
}

/// What is to be changed; what is absent stays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ThreadSettingsUpdateParams {
    /// Whose.
    pub thread_id: String,
    /// Plugins that are not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled_plugin_ids: Option<Vec<String>>,
    /// The folder; a relative one is below the server's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// Where commands run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<TurnEnvironmentParams>>,
    /// When somebody is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval_policy: Option<AskForApproval>,
    /// Who is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approvals_reviewer: Option<ApprovalsReviewer>,
    /// What commands are held to; not together with `permissions`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sandbox_policy: Option<SandboxPolicy>,
    /// A permission profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions: Option<String>,
    /// Who answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// How soon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<String>,
    /// How hard the model thinks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effort: Option<String>,
    /// How much of that is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<ReasoningSummary>,
    /// The mode of working; its model and effort win over those here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collaboration_mode: Option<CollaborationMode>,
    /// How the model works with others of its kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub multi_agent_mode: Option<MultiAgentMode>,
    /// Its tone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub personality: Option<Personality>,
}

/// Where commands are to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TurnEnvironmentParams {
    /// Names it; `local` is the server's own machine.
    pub environment_id: String,
    /// The folder there.
    pub cwd: String,
    /// The folders there that are worked on; absent: that folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime_workspace_roots: Option<Vec<String>>,
}

/// A permission profile in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ActivePermissionProfile {
    /// Its name; one that is built in begins with a colon.
    pub id: String,
    /// The one it builds upon.
    pub extends: Option<String>,
}

/// A mode of working.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CollaborationMode {
    /// Which.
    pub mode: ModeKind,
    /// With what.
    pub settings: CollaborationSettings,
}

/// What a mode of working works with. Its members have snake case on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CollaborationSettings {
    /// Who answers.
    pub model: String,
    /// How hard it thinks.
    pub reasoning_effort: Option<String>,
    /// What it is told.
    pub developer_instructions: Option<String>,
}

/// How a model works with others of its kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum MultiAgentMode {
    /// When it is asked to.
    #[default]
    ExplicitRequestOnly,
    /// When it thinks so.
    Proactive,
    /// As it says here.
    Custom(String),
}

/// A model's tone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Personality {
    /// Its own.
    None,
    /// Warm.
    Friendly,
    /// To the point.
    Pragmatic,
}
