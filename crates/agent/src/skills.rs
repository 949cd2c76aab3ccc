//! Where skills are looked for, and which of them are on: what the configuration says of that.
//! Reading them is the engine's.

use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use crate::config::{
    Configuration, Edit, MergeStrategy, Snapshot, Source, Write, WriteError, Written,
};

/// How often somebody else may have changed the configuration in between before that is an error.
const ATTEMPTS: usize = 8;

/// The setting with the switches.
const SETTING: &str = "skills.config";

/// Whose skills, in the order they are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// A project's.
    Repo,
    /// The user's.
    User,
    /// Those that came with a program of this dialect.
    System,
    /// The administrator's.
    Admin,
}

/// A folder with skills below it, which need not be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// The folder.
    pub folder: PathBuf,
    /// Whose.
    pub scope: Scope,
}

/// The folders with the skills of somebody who works in `cwd`, which is absolute. `user_home` is
/// the user's home folder, `extra` are folders that a client has named. Each folder is named once;
/// what is in several of them belongs to the first.
pub fn roots(
    configuration: &Configuration,
    snapshot: &Snapshot,
    user_home: Option<&Path>,
    (cwd, extra): (&Path, &[PathBuf]),
) -> Vec<Root> {
    let places = configuration.places();
    let own = places.home.join("skills");
    let mut roots = Vec::new();
    let mut add = |scope, folder: PathBuf| {
        if !roots.iter().any(|root: &Root| root.folder == folder) {
            roots.push(Root { folder, scope });
        }
    };
    // First those that are somebody's wherever one works: a home folder may be worked in.
    if let Some(home) = user_home {
        add(Scope::User, home.join(".agents/skills"));
    }
    add(Scope::User, own.clone());
    extra
        .iter()
        .for_each(|folder| add(Scope::User, folder.clone()));
    if are_bundled_wanted(&snapshot.config) {
        add(Scope::System, own.join(".system"));
    }
    add(Scope::Admin, places.system.join("skills"));
    for project in configuration.project_folders(cwd) {
        add(Scope::Repo, project.dot_folder.join("skills"));
        add(Scope::Repo, project.folder.join(".agents/skills"));
    }
    roots
}

fn are_bundled_wanted(config: &Json) -> bool {
    config.pointer("/skills/bundled/enabled") != Some(&Json::Bool(false))
}

/// What a switch is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// The skills of that name.
    Name(String),
    /// The skill whose `SKILL.md` that is.
    Path(PathBuf),
}

/// Which skills are on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Switches(Vec<(Selector, bool)>);

// === impl Switches ===

impl Switches {
    /// What the configuration says. What is not understood switches nothing.
    #[must_use]
    pub fn of(config: &Json) -> Self {
        let list = config.pointer("/skills/config").and_then(Json::as_array);
        let switch = |entry: &Json| Some((selector(entry)?, entry.get("enabled")?.as_bool()?));
        Self(list.into_iter().flatten().filter_map(switch).collect())
    }

    /// Whether a skill is on. The last switch that is about it decides; without one it is.
    #[must_use]
    pub fn is_on(&self, name: &str, path: &Path) -> bool {
        let is_about = |selector: &Selector| match selector {
            Selector::Name(other) => other == name,
            Selector::Path(other) => other == path,
        };
        let mut about = self.0.iter().rev();
        about
            .find(|(selector, _)| is_about(selector))
            .is_none_or(|(_, on)| *on)
    }
}

fn selector(entry: &Json) -> Option<Selector> {
    let text = |key| entry.get(key).and_then(Json::as_str);
    match (text("name"), text("path")) {
        (Some(name), None) => Some(Selector::Name(name.to_owned())),
        (None, Some(path)) => Some(Selector::Path(path.into())),
        _ => None,
    }
}

/// Switches skills on or off in the user's file. Blocks on the file system.
///
/// # Errors
///
/// The file cannot be written; then it is as it was.
pub fn switch(
    configuration: &Configuration,
    selector: &Selector,
    on: bool,
) -> Result<Written, WriteError> {
    for _ in 1..ATTEMPTS {
        match attempt(configuration, selector, on) {
            Err(WriteError::Conflict) => {}
            done => return done,
        }
    }
    attempt(configuration, selector, on)
}

fn attempt(
    configuration: &Configuration,
    selector: &Selector,
    on: bool,
) -> Result<Written, WriteError> {
    let layers = configuration.read(None).layers;
    let is_users = |source: &Source| matches!(source, Source::User { .. });
    let user = layers.iter().find(|layer| is_users(&layer.source));
    let old = user.and_then(|user| user.config.pointer("/skills/config"));
    let edit = Edit {
        key_path: SETTING.to_owned(),
        value: switched(old, selector, on),
        strategy: MergeStrategy::Replace,
    };
    configuration.write(&Write {
        edits: vec![edit],
        file: None,
        expected_version: user.map(|user| user.version.clone()),
    })
}

/// The list of switches with one more; null for none. What is on has no switch, because that is
/// the usual.
fn switched(old: Option<&Json>, about: &Selector, on: bool) -> Json {
    let old = old.and_then(Json::as_array).into_iter().flatten();
    let mut list: Vec<_> = old
        .filter(|entry| selector(entry).as_ref() != Some(about))
        .cloned()
        .collect();
    if !on {
        list.push(match about {
            Selector::Name(name) => json!({"name": name, "enabled": false}),
            Selector::Path(path) => json!({"path": path.to_string_lossy(), "enabled": false}),
        });
    }
    match list.is_empty() {
        true => Json::Null,
        false => Json::Array(list),
    }
}

#[cfg(test)]
mod tests;
