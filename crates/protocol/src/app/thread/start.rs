//! Beginning a thread.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    ActivePermissionProfile, MultiAgentMode, Personality, Thread, ThreadHistoryMode,
    TurnEnvironmentParams,
};
use crate::app::{
    AbsolutePath,
    policy::{ApprovalsReviewer, AskForApproval, SandboxMode, SandboxPolicy},
};

/// How a thread is to begin; what is absent is as configured.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ThreadStartParams {
    /// Who answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Who provides it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_provider: Option<String>,
    /// Another model of the provider is better than none.
    #[serde(default)]
    pub allow_provider_model_fallback: bool,
    /// How soon it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<String>,
    /// The folder; a relative one is below the server's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// The folders that are worked on; absent: that folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime_workspace_roots: Option<Vec<AbsolutePath>>,
    /// When somebody is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval_policy: Option<AskForApproval>,
    /// Who is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approvals_reviewer: Option<ApprovalsReviewer>,
    /// What commands are held to; not together with `permissions`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<SandboxMode>,
    /// A permission profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions: Option<String>,
    /// Configuration for this thread alone, by dotted keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<BTreeMap<String, Value>>,
    /// The name of a service that the client is part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_name: Option<String>,
    /// What the model is told in place of the usual.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_instructions: Option<String>,
    /// What it is told beside that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub developer_instructions: Option<String>,
    /// Its tone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub personality: Option<Personality>,
    /// How it works with others of its kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub multi_agent_mode: Option<MultiAgentMode>,
    /// It is never to be kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ephemeral: Option<bool>,
    /// How its past is to be kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history_mode: Option<ThreadHistoryMode>,
    /// Why the user begins one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_start_source: Option<ThreadStartSource>,
    /// What it is for, in the client's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_source: Option<String>,
    /// The project to put it in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_id: Option<String>,
    /// A switch of the reference's clients.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daybreak_enabled: Option<bool>,
    /// Where commands run; absent: on the server's own machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<TurnEnvironmentParams>>,
    /// Tools that the client has for the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dynamic_tools: Option<Vec<DynamicToolSpec>>,
    /// Folders of capabilities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selected_capability_roots: Option<Vec<SelectedCapabilityRoot>>,
    /// For tests of the experimental members.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mock_experimental_field: Option<String>,
    /// The client is told what the provider says, as it is.
    #[serde(default)]
    pub experimental_raw_events: bool,
}

/// Why a user begins a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum ThreadStartSource {
    /// The client has started.
    Startup,
    /// The user wants a clean one.
    Clear,
}

/// A tool, or several with one name in front.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum DynamicToolSpec {
    /// One.
    Function {
        /// What the model calls it.
        name: String,
        /// What it does.
        description: String,
        /// What it takes, as a JSON Schema.
        input_schema: Value,
        /// The model is told of it when it looks for one.
        #[serde(default)]
        defer_loading: bool,
    },
    /// Several.
    Namespace {
        /// The name in front.
        name: String,
        /// What they do.
        description: String,
        /// They.
        tools: Vec<DynamicToolNamespaceTool>,
    },
}

/// One of several tools.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum DynamicToolNamespaceTool {
    /// A tool.
    Function {
        /// What the model calls it.
        name: String,
        /// What it does.
        description: String,
        /// What it takes, as a JSON Schema.
        input_schema: Value,
        /// The model is told of it when it looks for one.
        #[serde(default)]
        defer_loading: bool,
    },
}

/// A folder of capabilities.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SelectedCapabilityRoot {
    /// Names it.
    pub id: String,
    /// Where it is.
    pub location: CapabilityRootLocation,
}

/// Where a folder of capabilities is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum CapabilityRootLocation {
    /// In an environment.
    Environment {
        /// Which.
        environment_id: String,
        /// Where there.
        path: String,
    },
}

/// A thread that has begun, and how its turns are done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ThreadStartResponse {
    /// It.
    pub thread: Thread,
    /// Who answers.
    pub model: String,
    /// Who provides it.
    pub model_provider: String,
    /// How soon it answers.
    pub service_tier: Option<String>,
    /// Plugins that are not used.
    #[serde(default)]
    pub disabled_plugin_ids: Vec<String>,
    /// The folder.
    pub cwd: AbsolutePath,
    /// The folders that are worked on.
    #[serde(default)]
    pub runtime_workspace_roots: Vec<AbsolutePath>,
    /// Files with words for the model.
    #[serde(default)]
    pub instruction_sources: Vec<String>,
    /// When somebody is asked.
    pub approval_policy: AskForApproval,
    /// Who is asked.
    pub approvals_reviewer: ApprovalsReviewer,
    /// What commands are held to.
    pub sandbox: SandboxPolicy,
    /// The profile that comes from, if it comes from one.
    pub active_permission_profile: Option<ActivePermissionProfile>,
    /// How hard the model thinks, where that was said.
    pub reasoning_effort: Option<String>,
    /// How it works with others of its kind.
    #[serde(default)]
    pub multi_agent_mode: MultiAgentMode,
}
