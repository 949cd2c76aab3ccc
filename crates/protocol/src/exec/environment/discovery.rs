//! Skills and plugins: where they lie and what their files say.

use serde::{Deserialize, Serialize};

use crate::{PathUri, exec::sandbox::SandboxContext};

/// Where to look.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WireCapabilityRootsDiscoverParams {
    /// At most 128.
    pub roots: Vec<CapabilityRoot>,
}

/// One place to look.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CapabilityRoot {
    /// The client's name for it.
    pub id: String,
    /// A directory.
    pub path: PathUri,
    /// The rules it is held to.
    #[serde(default)]
    pub sandbox: Option<SandboxContext>,
}

/// What was found.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DiscoverRootsResponse {
    /// In the order of the question.
    pub roots: Vec<DiscoveredRoot>,
}

/// What one place holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DiscoveredRoot {
    /// The client's name for it.
    pub id: String,
    /// The directory.
    pub path: PathUri,
    /// The plugin whose folder it is.
    pub plugin: Option<PluginFiles>,
    /// The skills below it.
    pub skills: Vec<SkillFiles>,
    /// Manifests that give skills below them a name space.
    pub namespace_manifests: Vec<CapabilityFile>,
    /// What was left out and why.
    pub warnings: Vec<String>,
    /// Why nothing could be found out.
    pub error: Option<String>,
}

/// The files of a plugin.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PluginFiles {
    /// What it is.
    pub manifest: CapabilityFile,
    /// Its tool servers.
    pub mcp_config: Option<CapabilityFile>,
    /// Its apps.
    pub apps_config: Option<CapabilityFile>,
}

/// The files of a skill.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SkillFiles {
    /// `SKILL.md`.
    pub instructions: CapabilityFile,
    /// `agents/openai.yaml` beside it.
    pub metadata: Option<CapabilityFile>,
}

/// A file and what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CapabilityFile {
    /// Where.
    pub path: PathUri,
    /// All of it.
    pub contents: String,
}

/// Whose capabilities.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DiscoverV2CapabilitiesRequest {
    /// Without effect on the answer.
    pub cwd: PathUri,
    /// The rules it is held to.
    #[serde(default)]
    pub sandbox: Option<SandboxContext>,
}

/// What was found in the usual places.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DiscoverResponse {
    /// Sorted by id.
    pub plugins: Vec<Plugin>,
    /// Those outside plugins.
    pub skills: Vec<Skill>,
    /// What was left out and why.
    pub warnings: Vec<String>,
}

/// A plugin.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Plugin {
    /// `name@marketplace`.
    pub id: String,
    /// For people.
    pub display_name: String,
    /// Its name elsewhere.
    pub remote_plugin_id: Option<String>,
    /// The version that is used.
    pub version: String,
    /// Its folder.
    pub root: PathUri,
    /// Its files.
    pub files: PluginFiles,
    /// Its skills.
    pub skills: Vec<Skill>,
}

/// A skill.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Skill {
    /// With its plugin's name in front where it has one.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The same in fewer words.
    pub short_description: Option<String>,
    /// `SKILL.md`.
    pub path: PathUri,
    /// The place it was found in; absent inside a plugin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discovery_root: Option<DiscoveryRoot>,
    /// What it needs.
    pub dependencies: Option<SkillDependencies>,
    /// When it may be used.
    pub policy: Option<SkillPolicy>,
}

/// A place that is always looked at.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DiscoveryRoot {
    /// Which.
    pub id: String,
    /// Where.
    pub path: PathUri,
}

/// What a skill needs.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SkillDependencies {
    /// Tools.
    pub tools: Vec<SkillTool>,
}

/// A tool a skill needs.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SkillTool {
    /// What kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// Which.
    pub value: String,
    /// For people.
    pub description: Option<String>,
    /// How it is reached.
    pub transport: Option<String>,
    /// How it is started.
    pub command: Option<String>,
    /// Where it is.
    pub url: Option<String>,
    /// For signing in.
    pub oauth_callback_port: Option<u16>,
}

/// When a skill may be used.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SkillPolicy {
    /// Without being asked for.
    pub allow_implicit_invocation: Option<bool>,
    /// In which products.
    pub products: Vec<String>,
}
