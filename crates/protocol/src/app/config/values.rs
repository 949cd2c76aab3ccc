//! The effective configuration. Its keys have snake case on the wire, as in the files.
//!
//! Keys that have no member of their own stand in `other`, by name. Tables of services that are
//! closed to this server are carried as they are.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::app::policy::{ApprovalsReviewer, AskForApproval, SandboxMode};

/// The effective values; `null` where nothing is said.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Config {
    /// The model.
    pub model: Option<String>,
    /// The model for reviews.
    pub review_model: Option<String>,
    /// Tokens the model can take.
    pub model_context_window: Option<i64>,
    /// Tokens at which a conversation is shortened.
    pub model_auto_compact_token_limit: Option<i64>,
    /// What those count.
    pub model_auto_compact_token_limit_scope: Option<AutoCompactTokenLimitScope>,
    /// Who provides the model.
    pub model_provider: Option<String>,
    /// When a user is asked.
    pub approval_policy: Option<AskForApproval>,
    /// Who is asked.
    pub approvals_reviewer: Option<ApprovalsReviewer>,
    /// What commands are held to.
    pub sandbox_mode: Option<SandboxMode>,
    /// The details of one of those modes.
    pub sandbox_workspace_write: Option<SandboxWorkspaceWrite>,
    /// The only workspaces one may sign in to.
    pub forced_chatgpt_workspace_id: Option<ForcedChatgptWorkspaceIds>,
    /// The only way one may sign in.
    pub forced_login_method: Option<ForcedLoginMethod>,
    /// Whether the web is searched.
    pub web_search: Option<WebSearchMode>,
    /// By whom.
    pub client_search_provider: Option<WebSearchProvider>,
    /// What tools are offered.
    pub tools: Option<Value>,
    /// What a model is told first.
    pub instructions: Option<String>,
    /// What it is told after that.
    pub developer_instructions: Option<String>,
    /// What it is told when it shortens a conversation.
    pub compact_prompt: Option<String>,
    /// How hard it thinks.
    pub model_reasoning_effort: Option<String>,
    /// How much of that is told.
    pub model_reasoning_summary: Option<ReasoningSummary>,
    /// How much it says.
    pub model_verbosity: Option<Verbosity>,
    /// How fast it is to be.
    pub service_tier: Option<String>,
    /// What is told to the makers.
    pub analytics: Option<Value>,
    /// Settings of apps.
    pub apps: Option<Value>,
    /// Settings of the use of browsers.
    pub browser_use: Option<Value>,
    /// Settings of the use of computers.
    pub computer_use: Option<Value>,
    /// Settings of a desktop client.
    pub desktop: Option<Value>,
    /// All other keys.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

/// What tokens count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AutoCompactTokenLimitScope {
    /// All of a conversation.
    Total,
    /// Those after what every conversation begins with.
    BodyAfterPrefix,
}

/// What commands may do that may write to a project.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SandboxWorkspaceWrite {
    /// Folders beside the project.
    #[serde(default)]
    pub writable_roots: Vec<String>,
    /// They may reach the network.
    #[serde(default)]
    pub network_access: bool,
    /// Not to what `TMPDIR` names.
    #[serde(default)]
    pub exclude_tmpdir_env_var: bool,
    /// Not to `/tmp`.
    #[serde(default)]
    pub exclude_slash_tmp: bool,
}

/// A way to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum ForcedLoginMethod {
    /// At ChatGPT.
    Chatgpt,
    /// With a key.
    Api,
}

/// Whether the web is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum WebSearchMode {
    /// Not at all.
    Disabled,
    /// In what is kept of it.
    Cached,
    /// In an index of it.
    Indexed,
    /// In itself.
    Live,
}

/// Who searches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum WebSearchProvider {
    /// The model's own provider.
    Standalone,
    /// A tool server.
    SearchMcp,
}

/// How much of a model's thinking is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum ReasoningSummary {
    /// As the model likes.
    Auto,
    /// Little.
    Concise,
    /// Much.
    Detailed,
    /// Nothing.
    None,
}

/// How much a model says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Verbosity {
    /// Little.
    Low,
    /// Some.
    Medium,
    /// Much.
    High,
}

/// The only workspaces one may sign in to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum ForcedChatgptWorkspaceIds {
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}
