//! Skills: folders with instructions, listed as they are found, switched on and off.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{AbsolutePath, Done};
use crate::method::{methods, notifications};

methods! {
    /// The skills of some folders.
    List = "skills/list": SkillsListParams => SkillsListResponse;
    /// Says where else to look, in place of what was said before.
    ExtraRootsSet = "skills/extraRoots/set": SkillsExtraRootsSetParams => Done;
    /// Switches a skill on or off.
    ConfigWrite = "skills/config/write": SkillsConfigWriteParams => SkillsConfigWriteResponse;
}

notifications! {
    /// What was listed may no longer be so.
    Changed = "skills/changed": SkillsChangedNotification;
}

/// Whose skills.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SkillsListParams {
    /// Folders; none: the server's own.
    #[serde(default)]
    pub cwds: Vec<PathBuf>,
    /// Looks again, whatever is known.
    #[serde(default)]
    pub force_reload: bool,
}

/// Skills.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SkillsListResponse {
    /// One entry a folder.
    pub data: Vec<SkillsListEntry>,
}

/// The skills of one folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SkillsListEntry {
    /// The folder.
    pub cwd: PathBuf,
    /// Those that can be used there.
    pub skills: Vec<SkillMetadata>,
    /// Those that cannot be read.
    pub errors: Vec<SkillErrorInfo>,
}

/// A skill that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SkillErrorInfo {
    /// Where.
    pub path: PathBuf,
    /// Why.
    pub message: String,
}

/// One skill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SkillMetadata {
    /// Names it.
    pub name: String,
    /// When to use it.
    pub description: String,
    /// The same in fewer words; an older place for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub short_description: Option<String>,
    /// How it is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface: Option<SkillInterface>,
    /// What it needs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dependencies: Option<SkillDependencies>,
    /// Its `SKILL.md`.
    pub path: String,
    /// Whose it is.
    pub scope: SkillScope,
    /// It is on.
    pub enabled: bool,
    /// The plugin that brought it.
    pub plugin_id: Option<String>,
}

/// How a skill is shown.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SkillInterface {
    /// For people.
    pub display_name: Option<String>,
    /// For people.
    pub short_description: Option<String>,
    /// A picture.
    pub icon_small: Option<AbsolutePath>,
    /// A picture.
    pub icon_large: Option<AbsolutePath>,
    /// A picture elsewhere.
    pub icon_small_url: Option<String>,
    /// A picture elsewhere.
    pub icon_large_url: Option<String>,
    /// Its colour, as in `#00ff00`.
    pub brand_color: Option<String>,
    /// What to ask first.
    pub default_prompt: Option<String>,
}

/// What a skill needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SkillDependencies {
    /// Tools.
    pub tools: Vec<SkillToolDependency>,
}

/// One tool a skill needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SkillToolDependency {
    /// What kind of tool.
    pub r#type: String,
    /// Which.
    pub value: String,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How it is reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transport: Option<String>,
    /// What to run for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// Whose a skill is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum SkillScope {
    /// The user's.
    User,
    /// A project's.
    Repo,
    /// The program's own.
    System,
    /// The administrator's.
    Admin,
}

/// Where else to look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SkillsExtraRootsSetParams {
    /// Folders; none: nowhere else.
    pub extra_roots: Vec<AbsolutePath>,
}

/// What to switch: exactly one of path and name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SkillsConfigWriteParams {
    /// The skill that lies there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<AbsolutePath>,
    /// The skills of that name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// On or off.
    pub enabled: bool,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Copy, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SkillsConfigWriteResponse {
    /// On or off.
    pub effective_enabled: bool,
}

/// Nothing to say.
#[derive(Clone, Debug, PartialEq, Eq, Copy, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SkillsChangedNotification {}
