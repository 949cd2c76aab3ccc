//! Finding threads.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Thread, ThreadReadState};

/// Which thread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ThreadReadParams {
    /// Its id.
    pub thread_id: String,
    /// With its turns.
    #[serde(default)]
    pub include_turns: bool,
}

/// A thread.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ThreadReadResponse {
    /// It.
    pub thread: Thread,
    /// How far the user has read.
    pub read_state: Option<ThreadReadState>,
}

/// Which ids.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ThreadLoadedListParams {
    /// Where to go on: the last answer's `nextCursor`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// How many at most; absent: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ThreadLoadedListResponse {
    /// The oldest first.
    pub data: Vec<String>,
    /// Where to go on, if there are more.
    pub next_cursor: Option<String>,
}

/// Which threads.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ThreadListParams {
    /// Only those of the account in use.
    #[serde(default)]
    pub current_account_only: bool,
    /// Where to go on: the last answer's `nextCursor`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// How many at most; absent or 0: 25.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Without these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excluded_thread_ids: Option<Vec<String>>,
    /// In which order; absent: by their beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort_key: Option<ThreadSortKey>,
    /// In which direction; absent: the newest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort_direction: Option<SortDirection>,
    /// Only those of these providers; empty: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_providers: Option<Vec<String>>,
    /// Only those that such programs began; empty: those a user began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_kinds: Option<Vec<ThreadSourceKind>>,
    /// Only those that clients of these names began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub originators: Option<Vec<String>>,
    /// Those that were put away, or those that were not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archived: Option<bool>,
    /// Those too that go with another.
    #[serde(default)]
    pub include_attached_threads: bool,
    /// Only those of this section.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub section_id: Option<String>,
    /// Only those of this project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_id: Option<String>,
    /// Only those that work in these folders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwd: Option<ThreadListCwdFilter>,
    /// Without looking at the files.
    #[serde(default)]
    pub use_state_db_only: bool,
    /// Only those with this in what they are called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search_term: Option<String>,
    /// Only those that the model of this thread began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_thread_id: Option<String>,
    /// Only those that come from this thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ancestor_thread_id: Option<String>,
    /// Only those that go with this thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attached_to_thread_id: Option<String>,
}

/// Folders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum ThreadListCwdFilter {
    /// One.
    One(String),
    /// Any of several.
    Many(Vec<String>),
}

/// What threads are put in order by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ThreadSortKey {
    /// Their beginning.
    CreatedAt,
    /// Their last change.
    UpdatedAt,
    /// When something last happened that the user would look for.
    RecencyAt,
    /// Where the user put them in their section.
    SectionPosition,
}

/// A direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum SortDirection {
    /// The least first.
    Asc,
    /// The greatest first.
    Desc,
}

/// What kind of program began a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum ThreadSourceKind {
    /// One in a terminal.
    Cli,
    /// A client of an app server.
    Vscode,
    /// One without a user.
    Exec,
    /// An app server.
    AppServer,
    /// A model, for whatever reason.
    SubAgent,
    /// A model, to look at changes.
    SubAgentReview,
    /// A model, to make what was said shorter.
    SubAgentCompact,
    /// A model, to have another work on a part.
    SubAgentThreadSpawn,
    /// A model, for something else.
    SubAgentOther,
    /// Nobody knows.
    Unknown,
}

/// Threads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ThreadListResponse {
    /// In the order that was asked for.
    pub data: Vec<Thread>,
    /// How far the user has read, by thread.
    pub read_states: Option<BTreeMap<String, ThreadReadState>>,
    /// Where to go on, if there are more.
    pub next_cursor: Option<String>,
    /// Where to begin to go back.
    pub backwards_cursor: Option<String>,
}

/// Which thread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ThreadUnsubscribeParams {
    /// Its id.
    pub thread_id: String,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ThreadUnsubscribeResponse {
    /// What.
    pub status: ThreadUnsubscribeStatus,
}

/// What became of not wanting to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum ThreadUnsubscribeStatus {
    /// There is no such thread at hand.
    NotLoaded,
    /// The client was not told anyhow.
    NotSubscribed,
    /// The client is not told any more.
    Unsubscribed,
}
