//! Hooks: commands a user has others run at certain moments.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::AbsolutePath;
use crate::method::methods;

methods! {
    /// The hooks of some folders.
    List = "hooks/list": HooksListParams => HooksListResponse;
}

/// Whose hooks.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct HooksListParams {
    /// Folders; none: the server's own. Not together with `threadId`.
    #[serde(default)]
    pub cwds: Vec<PathBuf>,
    /// Those of a thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<String>,
}

/// Hooks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HooksListResponse {
    /// One entry a folder.
    pub data: Vec<HooksListEntry>,
}

/// The hooks of one folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HooksListEntry {
    /// The folder.
    pub cwd: PathBuf,
    /// In the order they run.
    pub hooks: Vec<HookMetadata>,
    /// What is odd.
    pub warnings: Vec<String>,
    /// What cannot be read.
    pub errors: Vec<HookErrorInfo>,
}

/// A file that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HookErrorInfo {
    /// Where.
    pub path: PathBuf,
    /// Why.
    pub message: String,
}

/// One hook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct HookMetadata {
    /// Names it: its file, moment and place there.
    pub key: String,
    /// The moment.
    pub event_name: HookEventName,
    /// What runs.
    #[serde(flatten)]
    pub handler: HookHandler,
    /// What the moment has to be about.
    pub matcher: Option<String>,
    /// Seconds it may take.
    pub timeout_sec: u64,
    /// For people, while it runs.
    pub status_message: Option<String>,
    /// How much it may add to a conversation, in tokens; 0: anything.
    pub additional_context_limit: Option<usize>,
    /// The file that says so.
    pub source_path: AbsolutePath,
    /// Whose file that is.
    pub source: HookSource,
    /// The plugin that brought it.
    pub plugin_id: Option<String>,
    /// Where it runs, if that is what brought it.
    pub environment_id: Option<String>,
    /// Its place among all.
    pub display_order: i64,
    /// It is on.
    pub enabled: bool,
    /// The administrator wants it.
    pub is_managed: bool,
    /// What it is known by when a user trusts it.
    pub current_hash: String,
    /// Whether one does.
    pub trust_status: HookTrustStatus,
}

/// What runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "handlerType", rename_all = "camelCase")]
pub enum HookHandler {
    /// A command.
    Command {
        /// A shell's line.
        command: String,
        /// Nobody waits for it.
        #[serde(default)]
        r#async: bool,
    },
    /// A tool.
    McpTool {
        /// Whose.
        server: String,
        /// Which.
        tool: String,
    },
    /// A model is asked.
    Prompt {},
    /// An agent is asked.
    Agent {},
}

/// The moment a hook runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum HookEventName {
    /// Before a model is asked.
    PreModelRequest,
    /// After that.
    PostModelRequest,
    /// Before a tool is used.
    PreToolUse,
    /// Where a user would be asked.
    PermissionRequest,
    /// After a tool was used.
    PostToolUse,
    /// Before a conversation is shortened.
    PreCompact,
    /// After that.
    PostCompact,
    /// When a conversation begins.
    SessionStart,
    /// When it ends.
    SessionEnd,
    /// When a user says something.
    UserPromptSubmit,
    /// When an agent calls another.
    SubagentStart,
    /// When that one is done.
    SubagentStop,
    /// When a turn is done.
    Stop,
    /// When a turn is interrupted.
    Interrupt,
}

/// Whose file a hook is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum HookSource {
    /// The machine's.
    System,
    /// The user's.
    User,
    /// A project's.
    Project,
    /// The management's.
    Mdm,
    /// The command line's.
    SessionFlags,
    /// A plugin's.
    Plugin,
    /// An organisation's rules.
    CloudRequirements,
    /// An organisation's configuration.
    CloudManagedConfig,
    /// An older file of the administrator's.
    LegacyManagedConfigFile,
    /// An older profile of the management's.
    LegacyManagedConfigMdm,
    /// Any other.
    Unknown,
}

/// Whether a user trusts a hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum HookTrustStatus {
    /// Nobody is asked.
    Managed,
    /// Not yet.
    Untrusted,
    /// Yes.
    Trusted,
    /// Yes, but it has changed since.
    Modified,
}
