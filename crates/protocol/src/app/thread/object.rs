//! A thread as clients are shown it.

use serde::{Deserialize, Serialize};

use super::Turn;
use crate::app::AbsolutePath;

/// A thread.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Thread {
    /// Names it; a UUID of version 7.
    pub id: String,
    /// Where its commands run.
    pub environments: Option<Vec<ThreadEnvironment>>,
    /// What no other member has room for.
    pub extra: Option<ThreadExtra>,
    /// The same for a thread and those that were forked from it to work with it.
    pub session_id: String,
    /// The thread whose beginning it has.
    pub forked_from_id: Option<String>,
    /// The thread it goes with.
    pub attached_to_thread_id: Option<String>,
    /// The thread whose model began it.
    pub parent_thread_id: Option<String>,
    /// The beginning of the first message; empty before it.
    pub preview: String,
    /// It is never kept.
    pub ephemeral: bool,
    /// The section the user put it in.
    pub section: Option<ThreadSection>,
    /// Since when, in seconds since 1970.
    pub section_entered_at: Option<i64>,
    /// The project the user put it in.
    pub project_id: Option<String>,
    /// How its past is kept.
    #[serde(default)]
    pub history_mode: ThreadHistoryMode,
    /// Who provides its model.
    pub model_provider: String,
    /// Its model.
    pub model: Option<String>,
    /// How hard its model thinks, where that was said.
    pub reasoning_effort: Option<String>,
    /// In seconds since 1970.
    pub created_at: i64,
    /// In seconds since 1970.
    pub updated_at: i64,
    /// When something last happened that the user would look for, in seconds since 1970.
    pub recency_at: Option<i64>,
    /// What it does.
    pub status: ThreadStatus,
    /// The file it is kept in.
    pub path: Option<String>,
    /// The folder it works in.
    pub cwd: AbsolutePath,
    /// The version of the program that began it.
    pub cli_version: String,
    /// The name of the client that began it.
    pub originator: Option<String>,
    /// What kind of program began it.
    pub source: SessionSource,
    /// The user may write to it.
    pub can_accept_direct_input: Option<bool>,
    /// What it is for, in the words of the client that began it.
    pub thread_source: Option<String>,
    /// The name of a model that another model began.
    pub agent_nickname: Option<String>,
    /// What such a model is for.
    pub agent_role: Option<String>,
    /// The state of the repository when it began.
    pub git_info: Option<GitInfo>,
    /// Its name, if it has been given one.
    pub name: Option<String>,
    /// A switch of the reference's clients.
    pub daybreak_enabled: Option<bool>,
    /// Its turns, where they were asked for.
    pub turns: Vec<Turn>,
}

/// Where a thread's commands run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ThreadEnvironment {
    /// Names it; `local` is the server's own machine.
    pub environment_id: String,
    /// The folder there.
    pub cwd: String,
    /// The folders there that are worked on.
    pub runtime_workspace_roots: Vec<String>,
}

/// Nothing yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ThreadExtra {}

/// A place to put threads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ThreadSection {
    /// Names it here.
    pub id: String,
    /// For people.
    pub name: String,
    /// For people.
    pub appearance: Option<ThreadSectionAppearance>,
}

/// How a section is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ThreadSectionAppearance {
    /// For people.
    pub color: Option<String>,
    /// For people.
    pub icon: Option<String>,
}

/// How a thread's past is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum ThreadHistoryMode {
    /// As one file.
    #[default]
    Legacy,
    /// So that pages of it can be read.
    Paginated,
}

/// What a thread does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum ThreadStatus {
    /// It is not at hand.
    NotLoaded,
    /// Nothing.
    Idle,
    /// Nothing, because something is broken.
    SystemError,
    /// A turn.
    Active {
        /// What the turn waits for.
        active_flags: Vec<ThreadActiveFlag>,
    },
}

/// What a turn waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum ThreadActiveFlag {
    /// A word of the user, whether it may do something.
    WaitingOnApproval,
    /// Something else from the user.
    WaitingOnUserInput,
}

/// The state of a repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct GitInfo {
    /// The commit.
    pub sha: Option<String>,
    /// The branch.
    pub branch: Option<String>,
    /// Where it comes from.
    pub origin_url: Option<String>,
}

/// What kind of program began a thread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum SessionSource {
    /// One in a terminal.
    Cli,
    /// A client of an app server, whatever it is.
    Vscode,
    /// One without a user.
    Exec,
    /// An app server.
    AppServer,
    /// Another one.
    Custom(String),
    /// A model.
    SubAgent(SubAgentSource),
    /// Nobody knows.
    Unknown,
}

/// Why a model began a thread. Its members have snake case on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SubAgentSource {
    /// To look at changes.
    Review,
    /// To make what was said shorter.
    Compact,
    /// To have somebody else work on a part.
    ThreadSpawn {
        /// The thread of the model that began it.
        parent_thread_id: String,
        /// How many models stand between it and the user.
        depth: i32,
        /// Where it stands among them.
        #[serde(default)]
        agent_path: Option<String>,
        /// What it is called.
        #[serde(default)]
        agent_nickname: Option<String>,
        /// What it is for.
        #[serde(default)]
        agent_role: Option<String>,
    },
    /// To put memories in order.
    MemoryConsolidation,
    /// For something else.
    Other(String),
}
