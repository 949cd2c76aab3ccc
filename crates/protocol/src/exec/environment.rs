//! What the machine is, how it is configured, and what skills and plugins it holds.

mod capabilities;
mod discovery;

use serde::{Deserialize, Serialize};

pub use self::{capabilities::Capabilities, discovery::*};
use crate::{NoParams, PathUri, method::methods};

methods! {
    /// Describes the machine.
    Info = "environment/info": NoParams => EnvironmentInfo;
    /// Whether the machine can be used.
    Status = "environment/status": NoParams => StatusResponse;
    /// Reads the parts of the configuration that a client asks for.
    ConfigRead = "environmentConfig/read": EnvironmentConfigReadParams => ConfigReadResponse;
    /// Looks for skills and plugins below given roots.
    DiscoverRoots = "capabilityRoots/discoverV1": WireCapabilityRootsDiscoverParams => DiscoverRootsResponse;
    /// Looks for skills and plugins in the usual places.
    Discover = "capabilities/discoverV2": DiscoverV2CapabilitiesRequest => DiscoverResponse;
}

/// The machine.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentInfo {
    /// The user's shell.
    pub shell: ShellInfo,
    /// The version of the dialect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executor_version: Option<String>,
    /// Names what provides the machine; opaque.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<String>,
    /// The server's working directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<PathUri>,
    /// The user's home.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_home_dir: Option<PathUri>,
    /// `linux`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform_os: Option<String>,
    /// Put in front of PATH in inherited environments.
    #[serde(default)]
    pub prepend_path_dirs: Vec<PathUri>,
    /// Temporary directories named by the environment.
    #[serde(default)]
    pub temporary_directories: Vec<PathUri>,
    /// The temporary directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temp_dir: Option<PathUri>,
    /// What this server can do beyond the older dialect.
    #[serde(default)]
    pub capabilities: Capabilities,
}

/// A shell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ShellInfo {
    /// `bash`, `zsh` or `sh`.
    pub name: String,
    /// The program.
    pub path: String,
}

/// Whether the machine can be used.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StatusResponse {
    /// `ready`.
    pub status: String,
}

/// Which parts of the configuration.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentConfigReadParams {
    /// Whose project's configuration.
    pub cwd: PathUri,
    /// Keys of the configuration, segment by segment.
    pub config_paths: Vec<Vec<String>>,
    /// Keys of the requirements, segment by segment.
    pub requirements_paths: Vec<Vec<String>>,
}

/// The configuration, layer by layer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConfigReadResponse {
    /// The user's home.
    pub user_home_dir: Option<PathUri>,
    /// The folder of the configuration.
    pub codex_home_dir: PathUri,
    /// The machine's name.
    pub hostname: Option<String>,
    /// What is wished.
    pub config: ConfigLayers,
    /// What is demanded.
    pub requirements: ConfigLayers,
}

/// Layers from the weakest to the strongest.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConfigLayers {
    /// The layers that hold something of what was asked.
    pub layers: Vec<ConfigLayer>,
    /// Where a client puts layers of its own.
    pub cloud_insertion_index: usize,
}

/// One layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConfigLayer {
    /// Where it came from, for people.
    pub source: String,
    /// What relative paths in it are relative to.
    pub base_dir: PathUri,
    /// What it holds of what was asked.
    pub toml: String,
}
