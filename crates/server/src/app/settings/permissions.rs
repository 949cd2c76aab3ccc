//! `[permissions]`: profiles of the configuration, and what they hold a command to. Pure.
//!
//! A profile is enforced whole or refused: what is not understood may be a limit.

mod words;

use std::path::{Path, PathBuf};

use outpost_host::sandbox::{Access, FileRules, Network, Place, Policy, Rule, Special};
use serde_json::{Map, Value};

use self::words::{access, descendant, is_glob, members, path_or_glob, plain};
use crate::app::sandbox::{Held, built_in};

/// What may be in a profile.
const MEMBERS: [&str; 5] = [
    "description",
    "extends",
    "filesystem",
    "network",
    "workspace_roots",
];

/// How many profiles may extend each other: more than anybody keeps in mind.
const MAX_DEPTH: usize = 16;

/// How deep a glob is looked for: the engine has bounds of its own.
const DEPTH: &str = "glob_scan_max_depth";

/// Tables of a configuration.
type Profiles = Map<String, Value>;

/// What the profile `name` holds a command to, whose workspace is `workspace`; `home` is the
/// folder that `~` stands for.
///
/// # Errors
///
/// What about it is not understood or cannot be enforced.
pub(super) fn profile(
    name: &str,
    profiles: Option<&Profiles>,
    workspace: &Path,
    home: Option<&Path>,
) -> Result<Held, String> {
    if name.starts_with(':') {
        let held = built_in(name, Some(workspace));
        return held.ok_or_else(|| {
            format!("default_permissions refers to unknown built-in profile `{name}`")
        });
    }
    let Some(profiles) = profiles else {
        return Err("default_permissions requires a `[permissions]` table".to_owned());
    };
    if !profiles.contains_key(name) {
        return Err(format!(
            "default_permissions refers to undefined profile `{name}`"
        ));
    }
    let mut reading = Reading {
        home,
        rules: Vec::new(),
        network: Network::Restricted,
        roots: vec![workspace.to_owned()],
        globs: Vec::new(),
    };
    for each in lineage(name, profiles)? {
        match each {
            Ancestor::BuiltIn(rules) => reading.rules.extend(rules),
            Ancestor::Own(name, profile) => reading
                .take(profile)
                .map_err(|words| format!("permissions profile `{name}`: {words}"))?,
        }
    }
    let Reading {
        mut rules,
        network,
        roots,
        globs,
        ..
    } = reading;
    for glob in globs {
        let below = |root: &PathBuf| root.join(&glob).to_string_lossy().into_owned();
        let globs = roots.iter().map(|root| Place::Glob(below(root)));
        rules.extend(globs.map(|place| rule(place, Access::Deny)));
    }
    let files = FileRules::Restricted(rules);
    Ok(Held::Rules {
        policy: Policy { files, network },
        roots,
    })
}

/// A profile that another one extends, or the one that was asked for.
enum Ancestor<'a> {
    BuiltIn(Vec<Rule>),
    Own(&'a str, &'a Map<String, Value>),
}

/// A profile and those it extends, the eldest first.
fn lineage<'a>(name: &'a str, profiles: &'a Profiles) -> Result<Vec<Ancestor<'a>>, String> {
    let mut lineage = Vec::new();
    let mut names = vec![name];
    let mut name = name;
    loop {
        let profile = profiles[name]
            .as_object()
            .ok_or_else(|| format!("permissions profile `{name}` is no table"))?;
        lineage.push(Ancestor::Own(name, profile));
        let Some(parent) = profile.get("extends") else {
            break;
        };
        let parent = parent
            .as_str()
            .ok_or_else(|| format!("permissions profile `{name}` extends what is no name"))?;
        if parent.starts_with(':') {
            let rules = extensible(parent).ok_or_else(|| {
                format!(
                    "permissions profile `{name}` cannot extend unsupported built-in profile \
                     `{parent}`"
                )
            })?;
            lineage.push(Ancestor::BuiltIn(rules));
            break;
        }
        let is_cycle = names.contains(&parent);
        names.push(parent);
        if is_cycle || names.len() > MAX_DEPTH {
            return Err(format!(
                "permissions profile inheritance cycle detected: {}",
                names.join(" -> ")
            ));
        }
        if !profiles.contains_key(parent) {
            return Err(format!(
                "permissions profile `{name}` extends undefined profile `{parent}`"
            ));
        }
        name = parent;
    }
    lineage.reverse();
    Ok(lineage)
}

/// The rules of a built-in profile that can be extended.
fn extensible(name: &str) -> Option<Vec<Rule>> {
    let read = rule(Place::Special(Special::Root), Access::Read);
    let write = |special| rule(Place::Special(special), Access::Write);
    match name {
        ":read-only" => Some(vec![read]),
        ":workspace" => Some(vec![
            read,
            write(Special::ProjectRoots { below: None }),
            write(Special::SlashTmp),
            write(Special::TmpDir),
        ]),
        _ => None,
    }
}

fn rule(place: Place, access: Access) -> Rule {
    Rule {
        place,
        access,
        skip_missing: false,
    }
}

/// What has been read so far.
struct Reading<'a> {
    home: Option<&'a Path>,
    rules: Vec<Rule>,
    network: Network,
    roots: Vec<PathBuf>,
    /// What is denied below each root.
    globs: Vec<PathBuf>,
}

impl Reading<'_> {
    fn take(&mut self, profile: &Map<String, Value>) -> Result<(), String> {
        if let Some(stranger) = profile.keys().find(|key| !MEMBERS.contains(&key.as_str())) {
            return Err(format!("`{stranger}` is not known"));
        }
        for (name, value) in members(profile.get("filesystem"), "filesystem")? {
            if name != DEPTH {
                self.place(name, value)?;
            }
        }
        let network = members(profile.get("network"), "network")?;
        for (name, value) in network {
            match (name.as_str(), value) {
                ("enabled", Value::Bool(true)) => self.network = Network::Enabled,
                ("enabled", Value::Bool(false)) => self.network = Network::Restricted,
                ("enabled", _) => return Err("network.enabled is true or false".to_owned()),
                _ => {}
            }
        }
        // Without a network there is nothing that could be limited.
        if self.network == Network::Enabled
            && let Some((limit, _)) = network.iter().find(|(name, _)| *name != "enabled")
        {
            return Err(format!(
                "this server cannot enforce network.{limit}; without it the network is reached \
                 whole, with network.enabled = false not at all"
            ));
        }
        for (name, counts) in members(profile.get("workspace_roots"), "workspace_roots")? {
            match counts {
                Value::Bool(true) => {
                    let root = self.absolute(name).map(|root| plain(&root));
                    self.roots.push(root.ok_or_else(|| {
                        format!("workspace root `{name}` must be absolute or begin with `~/`")
                    })?);
                }
                Value::Bool(false) => {}
                _ => return Err("a workspace root is true or false".to_owned()),
            }
        }
        Ok(())
    }

    /// What is said of one place: an access, or one for each of several places below it.
    fn place(&mut self, name: &str, value: &Value) -> Result<(), String> {
        if let Value::String(word) = value {
            return self.rule(name, None, access(word)?);
        }
        let below = value
            .as_object()
            .ok_or_else(|| format!("the access to `{name}` is no text and no table"))?;
        for (path, value) in below {
            let word = value.as_str().unwrap_or_default();
            let path = match path.as_str() {
                "." => None,
                path => Some(path),
            };
            self.rule(name, path, access(word)?)?;
        }
        Ok(())
    }

    fn rule(&mut self, name: &str, below: Option<&str>, access: Access) -> Result<(), String> {
        let place = match (name, below) {
            (":root", None) => Place::Special(Special::Root),
            (":minimal", None) => Place::Special(Special::Minimal),
            (":tmpdir", None) => Place::Special(Special::TmpDir),
            (":slash_tmp", None) => Place::Special(Special::SlashTmp),
            (":project_roots" | ":workspace_roots", None) => {
                Place::Special(Special::ProjectRoots { below: None })
            }
            (":project_roots" | ":workspace_roots", Some(below)) => {
                return self.below_roots(below, access);
            }
            _ if name.starts_with(':') => {
                return Err(format!("filesystem path `{name}` is not known"));
            }
            _ => {
                let path = self.absolute(name).ok_or_else(|| {
                    format!(
                        "filesystem path `{name}` must be absolute, use `~/...`, or start with `:`"
                    )
                })?;
                let path = match below {
                    Some(below) => path.join(descendant(below)?),
                    None => path,
                };
                path_or_glob(&path, access)?
            }
        };
        // A later word on the same place, of the profile that extends, is the last.
        self.rules.retain(|rule| rule.place != place);
        self.rules.push(rule(place, access));
        Ok(())
    }

    /// A place below each root of the workspace.
    fn below_roots(&mut self, below: &str, access: Access) -> Result<(), String> {
        let (below, access) = (descendant(below)?, access);
        if !is_glob(&below) {
            let place = Place::Special(Special::ProjectRoots { below: Some(below) });
            self.rules.retain(|rule| rule.place != place);
            self.rules.push(rule(place, access));
            return Ok(());
        }
        // To see to it that it is a denial.
        path_or_glob(&below, access)?;
        self.globs.push(below);
        Ok(())
    }

    /// A path that is absolute, or begins at the user's home.
    fn absolute(&self, name: &str) -> Option<PathBuf> {
        let path = match name.strip_prefix('~') {
            Some("") => self.home?.to_owned(),
            Some(rest) => self.home?.join(rest.strip_prefix('/')?),
            None => PathBuf::from(name),
        };
        path.is_absolute().then_some(path)
    }
}

#[cfg(test)]
mod tests;
