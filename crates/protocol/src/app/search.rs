//! Files by a part of their name: one question, or a session whose question changes as it is typed.

use serde::{Deserialize, Serialize};

use super::Done;
use crate::method::{methods, notifications};

methods! {
    /// Searches once.
    Search = "fuzzyFileSearch": FuzzyFileSearchParams => FuzzyFileSearchResponse;
    /// Opens a session.
    SessionStart = "fuzzyFileSearch/sessionStart": FuzzyFileSearchSessionStartParams => Done;
    /// Changes what a session searches for.
    SessionUpdate = "fuzzyFileSearch/sessionUpdate": FuzzyFileSearchSessionUpdateParams => Done;
    /// Ends a session.
    SessionStop = "fuzzyFileSearch/sessionStop": FuzzyFileSearchSessionStopParams => Done;
}

notifications! {
    /// What a session has found so far.
    SessionUpdated = "fuzzyFileSearch/sessionUpdated": FuzzyFileSearchSessionUpdatedNotification;
    /// A session has looked everywhere for what it was last asked.
    SessionCompleted = "fuzzyFileSearch/sessionCompleted": FuzzyFileSearchSessionCompletedNotification;
}

/// What to search where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FuzzyFileSearchParams {
    /// Characters that have to be there in this order; empty finds nothing.
    pub query: String,
    /// Folders to search.
    pub roots: Vec<String>,
    /// A later search with the same one ends this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancellation_token: Option<String>,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FuzzyFileSearchResponse {
    /// Best first.
    pub files: Vec<FuzzyFileSearchResult>,
}

/// One hit. Its members have snake case on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FuzzyFileSearchResult {
    /// The folder it is below.
    pub root: String,
    /// From the root on.
    pub path: String,
    /// What it is.
    pub match_type: FuzzyFileSearchMatchType,
    /// The last part of the path.
    pub file_name: String,
    /// More is better; comparable within one answer.
    pub score: u32,
    /// The characters of the path that matched, from 0, in order.
    pub indices: Option<Vec<u32>>,
}

/// What a hit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum FuzzyFileSearchMatchType {
    /// A file.
    File,
    /// A directory.
    Directory,
}

/// A session to open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FuzzyFileSearchSessionStartParams {
    /// The client's name for it.
    pub session_id: String,
    /// Folders to search.
    pub roots: Vec<String>,
}

/// What to search for now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FuzzyFileSearchSessionUpdateParams {
    /// Which session.
    pub session_id: String,
    /// As in a single search.
    pub query: String,
}

/// A session to end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FuzzyFileSearchSessionStopParams {
    /// Which session.
    pub session_id: String,
}

/// What was found so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FuzzyFileSearchSessionUpdatedNotification {
    /// Which session.
    pub session_id: String,
    /// What this answers; it may be older than the last update.
    pub query: String,
    /// All hits so far, best first.
    pub files: Vec<FuzzyFileSearchResult>,
}

/// A search that is complete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FuzzyFileSearchSessionCompletedNotification {
    /// Which session.
    pub session_id: String,
}
