//! What a thread has around it: a name, a goal, attachments, terminals, how far it was read.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A name for a thread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ThreadSetNameParams {
    /// Which.
    pub thread_id: String,
    /// White space around it is taken off; something has to be left.
    pub name: String,
}

/// A thread has another name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ThreadNameUpdatedNotification {
    /// Which.
    pub thread_id: String,
    /// The name.
    pub thread_name: Option<String>,
}

/// Which attachments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ThreadAttachmentListParams {
    /// Whose; it need not exist.
    pub thread_id: String,
    /// Where to go on: the last answer's `nextCursor`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// How many at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Attachments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ThreadAttachmentListResponse {
    /// They.
    pub data: Vec<ThreadAttachment>,
    /// Where to go on, if there are more.
    pub next_cursor: Option<String>,
}

/// What a client attached to a thread.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ThreadAttachment {
    /// Names it.
    pub id: String,
    /// Its kind, in the client's words.
    pub attachment_type: String,
    /// What it is, in the client's words.
    pub identity_key: String,
    /// The client's own.
    pub payload: Value,
    /// In seconds since 1970.
    pub created_at: i64,
}

/// Which terminals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ThreadBackgroundTerminalsListParams {
    /// Whose.
    pub thread_id: String,
    /// Where to go on: the last answer's `nextCursor`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// How many at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Terminals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ThreadBackgroundTerminalsListResponse {
    /// They.
    pub data: Vec<ThreadBackgroundTerminal>,
    /// Where to go on, if there are more.
    pub next_cursor: Option<String>,
}

/// A command of a thread that goes on between its turns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ThreadBackgroundTerminal {
    /// The item that began it.
    pub item_id: String,
    /// Names it among those of the thread.
    pub process_id: String,
    /// What runs.
    pub command: String,
    /// In which folder.
    pub cwd: String,
    /// What the kernel calls it.
    pub os_pid: Option<u32>,
    /// How much of a processor it uses, in percent.
    pub cpu_percent: Option<f64>,
    /// How much memory it uses, in KiB.
    pub rss_kb: Option<u64>,
}

/// Whose terminals are to end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ThreadBackgroundTerminalsCleanParams {
    /// Its id.
    pub thread_id: String,
}

/// Which thread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ThreadGoalGetParams {
    /// Its id.
    pub thread_id: String,
}

/// What it is to reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ThreadGoalGetResponse {
    /// Absent: nothing was said.
    pub goal: Option<ThreadGoal>,
}

/// What a thread is to reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ThreadGoal {
    /// Whose.
    pub thread_id: String,
    /// In the user's words.
    pub objective: String,
    /// How far it is.
    pub status: ThreadGoalStatus,
    /// How much may be used for it.
    pub token_budget: Option<i64>,
    /// How much was used.
    pub tokens_used: i64,
    /// How long it took.
    pub time_used_seconds: i64,
    /// In seconds since 1970.
    pub created_at: i64,
    /// In seconds since 1970.
    pub updated_at: i64,
}

/// How far a goal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum ThreadGoalStatus {
    /// On its way.
    Active,
    /// Left for now.
    Paused,
    /// It needs something.
    Blocked,
    /// The account has no more.
    UsageLimited,
    /// The budget is used.
    BudgetLimited,
    /// Reached.
    Complete,
}

/// How far the user has read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ThreadReadState {
    /// The first that was not read; absent: all was.
    pub first_unread: Option<ThreadUnreadPosition>,
    /// Another with each change.
    pub revision: String,
}

/// The first that was not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum ThreadUnreadPosition {
    /// The first there is.
    ThreadStart,
    /// A turn.
    Turn {
        /// Its id.
        turn_id: String,
    },
}

/// The user has read, or wants to have not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ThreadReadStateUpdateParams {
    /// Which thread.
    pub thread_id: String,
    /// Which of both.
    pub operation: ThreadReadStateOperation,
    /// What the client last knew.
    pub expected_revision: String,
}

/// What the user did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum ThreadReadStateOperation {
    /// Read all.
    Read,
    /// Marked it as not read.
    Unread,
}

/// How far the user has read now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ThreadReadStateUpdateResponse {
    /// That.
    pub read_state: ThreadReadState,
}

/// The user has read further.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ThreadReadStateChangedNotification {
    /// In which thread.
    pub thread_id: String,
    /// How far.
    pub read_state: ThreadReadState,
}
