//! Layers: what the configuration is made of.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::app::AbsolutePath;

/// One layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConfigLayer {
    /// Where it comes from.
    pub name: ConfigLayerSource,
    /// What its content is known by: `sha256:` and 64 digits.
    pub version: String,
    /// What it says.
    pub config: Value,
    /// Why it does not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled_reason: Option<String>,
}

/// A layer, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ConfigLayerMetadata {
    /// Where it comes from.
    pub name: ConfigLayerSource,
    /// What its content is known by.
    pub version: String,
}

/// Where a layer comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum ConfigLayerSource {
    /// The program's own file.
    PackagedDefaults {
        /// Where.
        file: AbsolutePath,
    },
    /// The management of the machine.
    Mdm {
        /// In which domain.
        domain: String,
        /// Under which key.
        key: String,
    },
    /// The administrator's file.
    System {
        /// Where; it may be missing.
        file: AbsolutePath,
    },
    /// An organisation.
    EnterpriseManaged {
        /// Names the layer.
        id: String,
        /// For people.
        name: String,
    },
    /// The user's file.
    User {
        /// Where; it may be missing.
        file: AbsolutePath,
        /// The profile it is for.
        profile: Option<String>,
    },
    /// A project's folder.
    Project {
        /// Where.
        dot_codex_folder: AbsolutePath,
    },
    /// The command line.
    SessionFlags {},
    /// The administrator's older file.
    LegacyManagedConfigTomlFromFile {
        /// Where.
        file: AbsolutePath,
    },
    /// The management's older profile.
    LegacyManagedConfigTomlFromMdm {},
}
