//! Configuration: reading what is in force and where it comes from, writing the user's own file.

mod layer;
mod requirements;
mod values;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::{layer::*, requirements::*, values::*};
use super::AbsolutePath;
use crate::{
    NoParams,
    method::{methods, notifications},
};

methods! {
    /// What is in force, and why.
    Read = "config/read": ConfigReadParams => ConfigReadResponse;
    /// Changes one key of the user's file.
    ValueWrite = "config/value/write": ConfigValueWriteParams => ConfigWriteResponse;
    /// Changes several keys of the user's file, all or none.
    BatchWrite = "config/batchWrite": ConfigBatchWriteParams => ConfigWriteResponse;
    /// What the administrator demands.
    RequirementsRead = "configRequirements/read": NoParams => ConfigRequirementsReadResponse;
}

notifications! {
    /// A file of the configuration is not as it should be.
    Warning = "configWarning": ConfigWarningNotification;
}

/// What to read.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConfigReadParams {
    /// The layers too.
    #[serde(default)]
    pub include_layers: bool,
    /// Whose project's configuration counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
}

/// What is in force.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ConfigReadResponse {
    /// The effective values.
    pub config: Config,
    /// Which layer decided a key, by its dotted path.
    pub origins: BTreeMap<String, ConfigLayerMetadata>,
    /// The layers, highest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layers: Option<Vec<ConfigLayer>>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConfigValueWriteParams {
    /// The dotted path of the key.
    pub key_path: String,
    /// What it becomes; `null` removes it.
    pub value: Value,
    /// What becomes of what was there.
    pub merge_strategy: MergeStrategy,
    /// The file; only the user's own may be written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_path: Option<String>,
    /// The version the file has to have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_version: Option<String>,
}

/// Several changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConfigBatchWriteParams {
    /// One after the other; none is no mistake.
    pub edits: Vec<ConfigEdit>,
    /// The file; only the user's own may be written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_path: Option<String>,
    /// The version the file has to have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_version: Option<String>,
    /// Threads that are loaded take over what they can.
    #[serde(default)]
    pub reload_user_config: bool,
}

/// One change of several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConfigEdit {
    /// The dotted path of the key.
    pub key_path: String,
    /// What it becomes; `null` removes it.
    pub value: Value,
    /// What becomes of what was there.
    pub merge_strategy: MergeStrategy,
}

/// What becomes of what was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum MergeStrategy {
    /// It is gone.
    Replace,
    /// A table keeps the keys that are not written.
    Upsert,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConfigWriteResponse {
    /// Whether it counts.
    pub status: WriteStatus,
    /// The file's version now.
    pub version: String,
    /// The file.
    pub file_path: AbsolutePath,
    /// What counts instead.
    pub overridden_metadata: Option<OverriddenMetadata>,
}

/// Whether what was written counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum WriteStatus {
    /// It does.
    Ok,
    /// It is written, but a higher layer says otherwise.
    OkOverridden,
}

/// What counts instead of what was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OverriddenMetadata {
    /// For people.
    pub message: String,
    /// Who says so.
    pub overriding_layer: ConfigLayerMetadata,
    /// What is in force.
    pub effective_value: Value,
}

/// Why nothing was written: `config_write_error_code` in the error's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum ConfigWriteErrorCode {
    /// The file is not the user's own.
    ConfigLayerReadonly,
    /// The file has another version.
    ConfigVersionConflict,
    /// The key is no key, or the value is not one for it.
    ConfigValidationError,
}

/// A file that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ConfigWarningNotification {
    /// What.
    pub summary: String,
    /// At length.
    pub details: Option<String>,
    /// The file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Where in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<TextRange>,
}

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq, Copy, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TextRange {
    /// Its first character.
    pub start: TextPosition,
    /// The character after its last.
    pub end: TextPosition,
}

/// A place in a text.
#[derive(Clone, Debug, PartialEq, Eq, Copy, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TextPosition {
    /// From 1.
    pub line: usize,
    /// Characters from 1.
    pub column: usize,
}
