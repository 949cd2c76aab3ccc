//! Finding what is in a thread.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::Value;

use super::SortDirection;

/// Which turns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ThreadTurnsListParams {
    /// Whose.
    pub thread_id: String,
    /// Where to go on: one of the last answer's cursors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// How many at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// In which direction; absent: the newest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort_direction: Option<SortDirection>,
    /// With how much of their items; absent: a summary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items_view: Option<TurnItemsView>,
}

/// Turns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ThreadTurnsListResponse {
    /// In the order that was asked for.
    pub data: Vec<Turn>,
    /// Where to go on, if there are more.
    pub next_cursor: Option<String>,
    /// Where to begin to go back.
    pub backwards_cursor: Option<String>,
}

/// A turn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Turn {
    /// Names it.
    pub id: String,
    /// The turn of the user that it belongs to.
    pub root_turn_id: Option<String>,
    /// What happened in it; carried as it is.
    pub items: Vec<Value>,
    /// How much of that is here.
    #[serde(default)]
    pub items_view: TurnItemsView,
    /// How far it is.
    pub status: TurnStatus,
    /// Why it failed; carried as it is.
    pub error: Option<Value>,
    /// In seconds since 1970.
    pub started_at: Option<i64>,
    /// In seconds since 1970.
    pub completed_at: Option<i64>,
    /// In milliseconds.
    pub duration_ms: Option<i64>,
}

/// How much of a turn's items is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum TurnItemsView {
    /// Nothing.
    NotLoaded,
    /// What the user said first and the model said last.
    Summary,
    /// All.
    #[default]
    Full,
}

/// How far a turn is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum TurnStatus {
    /// At its end.
    Completed,
    /// Stopped.
    Interrupted,
    /// Broken.
    Failed,
    /// On its way.
    InProgress,
}

/// Which items.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ThreadItemsListParams {
    /// Whose.
    pub thread_id: String,
    /// Only those of this turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<String>,
    /// Where to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<ThreadItemsListCursor>,
    /// How many at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// In which direction; absent: the oldest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort_direction: Option<SortDirection>,
    /// Which items come without their output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub defer_output: Option<ThreadItemOutputDeferral>,
}

/// Which items come without their output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ThreadItemOutputDeferral {
    /// Commands.
    #[serde(default)]
    pub command_execution: bool,
    /// Calls of tool servers.
    #[serde(default)]
    pub mcp_tool_call: bool,
}

/// Where to go on with items.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ThreadItemsListCursor {
    /// One of the last answer's cursors.
    Opaque(String),
    /// Beside an item.
    Anchor(ThreadItemsListAnchor),
}

/// An item to go on beside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum ThreadItemsListAnchor {
    /// This one.
    Item {
        /// Its id.
        item_id: String,
    },
}

/// Items.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ThreadItemsListResponse {
    /// In the order that was asked for.
    pub data: Vec<ThreadItemEntry>,
    /// Where to go on, if there are more.
    pub next_cursor: Option<String>,
    /// Where to begin to go back.
    pub backwards_cursor: Option<String>,
}

/// An item, with the turn it is in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ThreadItemEntry {
    /// The turn.
    pub turn_id: String,
    /// The item; carried as it is.
    pub item: Value,
    /// It is here without its output.
    #[serde(default)]
    pub output_deferred: bool,
    /// In milliseconds since 1970.
    pub started_at_ms: Option<i64>,
    /// In milliseconds since 1970.
    pub completed_at_ms: Option<i64>,
}

// === impl ThreadItemsListCursor ===

impl<'de> Deserialize<'de> for ThreadItemsListCursor {
    fn deserialize<D: Deserializer<'de>>(decoder: D) -> Result<Self, D::Error> {
        struct Cursor;

        impl<'de> Visitor<'de> for Cursor {
            type Value = ThreadItemsListCursor;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a cursor or an anchor")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(ThreadItemsListCursor::Opaque(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                let anchor = ThreadItemsListAnchor::deserialize(MapAccessDeserializer::new(map))?;
                Ok(ThreadItemsListCursor::Anchor(anchor))
            }
        }

        decoder.deserialize_any(Cursor)
    }
}
