//! What a user may choose between: permission profiles, modes of working, experimental features.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::method::methods;

methods! {
    /// The permission profiles, built in and configured.
    PermissionProfileList = "permissionProfile/list": PermissionProfileListParams => PermissionProfileListResponse;
    /// The modes of working.
    CollaborationModeList = "collaborationMode/list": CollaborationModeListParams => CollaborationModeListResponse;
    /// The features one may switch.
    ExperimentalFeatureList = "experimentalFeature/list": ExperimentalFeatureListParams => ExperimentalFeatureListResponse;
    /// Switches features until the server ends.
    ExperimentalFeatureEnablementSet = "experimentalFeature/enablement/set": ExperimentalFeatureEnablementSetParams => ExperimentalFeatureEnablementSetResponse;
}

/// Which profiles.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PermissionProfileListParams {
    /// Where to go on: the last answer's `nextCursor`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// How many at most; absent: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Whose project's configuration counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
}

/// Profiles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PermissionProfileListResponse {
    /// In the order they are to be shown.
    pub data: Vec<PermissionProfileSummary>,
    /// Where to go on, if there are more.
    pub next_cursor: Option<String>,
}

/// One profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PermissionProfileSummary {
    /// Its name; one that is built in begins with a colon.
    pub id: String,
    /// For people.
    pub description: Option<String>,
    /// The administrator lets it be used.
    pub allowed: bool,
}

/// Nothing to say.
#[derive(Clone, Debug, PartialEq, Eq, Copy, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CollaborationModeListParams {}

/// Modes of working.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CollaborationModeListResponse {
    /// All of them.
    pub data: Vec<CollaborationModeMask>,
}

/// What a mode changes. Its members have snake case on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CollaborationModeMask {
    /// For people.
    pub name: String,
    /// Which.
    pub mode: Option<ModeKind>,
    /// The model it uses.
    pub model: Option<String>,
    /// How hard the model thinks in it.
    pub reasoning_effort: Option<String>,
}

/// A mode of working.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum ModeKind {
    /// Making a plan first.
    Plan,
    /// At once.
    Default,
}

/// Which features.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ExperimentalFeatureListParams {
    /// Where to go on: the last answer's `nextCursor`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// How many at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Whose configuration counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<String>,
}

/// Features.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ExperimentalFeatureListResponse {
    /// In the order they are to be shown.
    pub data: Vec<ExperimentalFeature>,
    /// Where to go on, if there are more.
    pub next_cursor: Option<String>,
}

/// One feature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ExperimentalFeature {
    /// Its key in the configuration.
    pub name: String,
    /// How far it is.
    pub stage: ExperimentalFeatureStage,
    /// For people, where they may choose.
    pub display_name: Option<String>,
    /// For people, where they may choose.
    pub description: Option<String>,
    /// For people, when it is new.
    pub announcement: Option<String>,
    /// It is on.
    pub enabled: bool,
    /// It would be on if nothing were said.
    pub default_enabled: bool,
}

/// How far a feature is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum ExperimentalFeatureStage {
    /// To be tried.
    Beta,
    /// Not yet to be tried.
    UnderDevelopment,
    /// Done.
    Stable,
    /// On its way out.
    Deprecated,
    /// Out; the key is still known.
    Removed,
}

/// What to switch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExperimentalFeatureEnablementSetParams {
    /// On or off, by key; unknown keys are no mistake.
    pub enablement: BTreeMap<String, bool>,
}

/// What was switched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExperimentalFeatureEnablementSetResponse {
    /// The keys that were known.
    pub enablement: BTreeMap<String, bool>,
}
