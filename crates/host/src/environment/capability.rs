//! Skills and plugins that stand on this computer, for clients that offer them to their agents.
//!
//! Three questions are answered. [`discover_roots`] takes folders a client names and returns the
//! files that describe what is in them, unread. [`inventory()`] looks where users and
//! administrators put such things, and returns what the files say. [`list_skills`] looks in one
//! folder, and returns what people are shown of its skills, with what is wrong file by file.
//!
//! Trouble with one file, folder or place costs that one: it becomes a warning, and the rest is
//! still found. Everything is bounded: how deep and wide a folder is searched, how large a file
//! and how large all files of an answer may be.

mod budget;
mod bundle;
mod inventory;
mod listing;
mod manifest;
mod places;
mod skill;
mod walk;

use std::path::{Path, PathBuf};

pub use self::{
    bundle::{MAX_ROOTS, TooManyRoots, discover_roots},
    inventory::{Inventory, inventory},
    listing::{Interface, ListedSkill, Listing, list_skills},
    skill::{Policy, Tool},
};

/// A file of text, as found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextFile {
    /// Where it stands.
    pub path: PathBuf,
    /// All of it.
    pub contents: String,
}

/// The files that describe a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginFiles {
    /// `plugin.json`.
    pub manifest: TextFile,
    /// Its tool servers: the file the manifest names, else `.mcp.json`; or, where the manifest
    /// holds them itself, that part of it under the manifest's path.
    pub mcp_config: Option<TextFile>,
    /// Its connectors: the file the manifest names, else `.app.json`.
    pub apps_config: Option<TextFile>,
}

/// The files that describe a skill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkillFiles {
    /// `SKILL.md`.
    pub instructions: TextFile,
    /// `agents/openai.yaml` beside it.
    pub metadata: Option<TextFile>,
}

/// A folder a client wants searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// The client's name for it.
    pub id: String,
    /// The folder.
    pub path: PathBuf,
}

/// What one such folder holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootDiscovery {
    /// The client's name for it.
    pub id: String,
    /// The folder.
    pub path: PathBuf,
    /// The plugin that the folder itself is.
    pub plugin: Option<PluginFiles>,
    /// The skills in it, by path.
    pub skills: Vec<SkillFiles>,
    /// The manifests of the plugins that the skills belong to: that of the folder, or of the
    /// nearest folder above it, first.
    pub namespace_manifests: Vec<TextFile>,
    /// What was left out, and why.
    pub warnings: Vec<String>,
    /// Why nothing could be searched.
    pub error: Option<String>,
}

/// An installed plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plugin {
    /// `name@marketplace`, from its folders.
    pub id: String,
    /// What people call it.
    pub display_name: String,
    /// Its name where it was installed from, if that was recorded.
    pub remote_plugin_id: Option<String>,
    /// The version's folder.
    pub version: String,
    /// Where it stands.
    pub root: PathBuf,
    /// Its files.
    pub files: PluginFiles,
    /// Its skills.
    pub skills: Vec<Skill>,
}

/// A skill, as its files describe it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skill {
    /// Its name, after that of its plugin and a colon if it has one.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The same in short.
    pub short_description: Option<String>,
    /// Its `SKILL.md`.
    pub path: PathBuf,
    /// The place it was found in, unless it belongs to an installed plugin.
    pub discovery_root: Option<DiscoveryRoot>,
    /// The tools it needs.
    pub tools: Option<Vec<Tool>>,
    /// When it may be used.
    pub policy: Option<Policy>,
}

/// A place where skills are put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscoveryRoot {
    /// What kind of place it is.
    pub id: &'static str,
    /// The folder.
    pub path: PathBuf,
}

/// A path as the `file` address that messages show.
fn shown(path: &Path) -> String {
    match url::Url::from_file_path(path) {
        Ok(url) => url.into(),
        Err(()) => path.display().to_string(),
    }
}
