//! The hooks that are configured: what runs at which moments of an agent's work.
//!
//! Hooks stand in `hooks.json` beside a layer's configuration and under `hooks` in it. Only layers
//! that count are asked: a folder that the user does not trust has no hooks. Whether the user
//! trusts a hook is known by its digest, and said in the user's file or on the command line only,
//! so that no project can vouch for itself.
//!
//! Nothing here runs a hook.

mod files;
mod identity;
mod moment;
mod written;

use std::path::{Path, PathBuf};

use serde_json::Value as Json;

pub use self::moment::Moment;
use self::{files::Files, identity::Normal, written::Group};
use crate::{
    config::{Configuration, Snapshot, Source},
    features,
};

/// How many hooks are told of: hundreds of times what anybody has.
pub const MAX_HOOKS: usize = 1024;

/// How many warnings are told.
pub const MAX_WARNINGS: usize = 128;

/// Where hooks of the command line are said to stand.
const FLAGS_FILE: &str = "/<session-flags>/config.toml";

/// The hooks of somebody who works in a folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hooks {
    /// In the order they run.
    pub hooks: Vec<Hook>,
    /// What is odd.
    pub warnings: Vec<String>,
    /// What cannot be understood.
    pub errors: Vec<String>,
}

/// One hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// Names it: its file, moment and place there.
    pub key: String,
    /// The moment.
    pub moment: Moment,
    /// What runs.
    pub runs: Runs,
    /// What the moment has to be about.
    pub matcher: Option<String>,
    /// Seconds it may take.
    pub timeout: u64,
    /// For people, while it runs.
    pub status_message: Option<String>,
    /// How much it may add to a conversation, in tokens.
    pub context_limit: Option<usize>,
    /// The file that says so.
    pub file: PathBuf,
    /// Whose file that is.
    pub owner: Owner,
    /// It is on.
    pub enabled: bool,
    /// What it is known by when a user trusts it.
    pub digest: String,
    /// Whether one does.
    pub trust: HookTrust,
}

/// What a hook runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Runs {
    /// A shell's line.
    Command {
        /// The line.
        line: String,
        /// Nobody waits for it.
        unattended: bool,
    },
    /// A tool.
    Tool {
        /// Whose.
        server: String,
        /// Which.
        tool: String,
    },
}

/// Whose file a hook is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The administrator's.
    System,
    /// The user's.
    User,
    /// A project's.
    Project,
    /// The command line's.
    Flags,
    /// The administrator's old one.
    Managed,
}

/// Whether a hook is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookTrust {
    /// Nobody is asked: the administrator wants it.
    Managed,
    /// Nobody said so.
    Untrusted,
    /// The user said so.
    Trusted,
    /// The user said so, but it has changed since.
    Modified,
}

/// The hooks that count in `cwd`, which is absolute and where `snapshot` was taken. Blocks on the
/// file system.
pub fn list(configuration: &Configuration, snapshot: &Snapshot, cwd: &Path) -> Hooks {
    let mut listing = Listing {
        states: states(snapshot),
        found: Hooks::default(),
    };
    if features::is_on(snapshot, features::HOOKS) {
        for files in files::of(configuration, snapshot, cwd) {
            listing.add(&files);
        }
    }
    listing.found
}

/// What the user has said of hooks, by their keys; the later count.
fn states(snapshot: &Snapshot) -> Vec<&Json> {
    let says = |source: &Source| matches!(source, Source::User { .. } | Source::Flags);
    let layers = snapshot.layers.iter().filter(|layer| says(&layer.source));
    layers
        .filter_map(|layer| layer.config.pointer("/hooks/state"))
        .collect()
}

/// A list in the making.
struct Listing<'a> {
    /// From the highest layer to the lowest.
    states: Vec<&'a Json>,
    found: Hooks,
}

impl Listing<'_> {
    fn add(&mut self, files: &Files) {
        let written = written::read(files, &mut self.found);
        for (path, moments) in written {
            for (moment, groups) in moments.in_order() {
                for (index, group) in groups.into_iter().enumerate() {
                    self.group(files.owner, &path, (moment, index), group);
                }
            }
        }
    }

    fn group(&mut self, owner: Owner, path: &Path, place: (Moment, usize), group: Group) {
        let (moment, index) = place;
        let matcher = group.matcher.filter(|_| moment.has_matter());
        if let Some(words) = matcher.as_deref().and_then(misfit) {
            let matcher = matcher.as_deref().unwrap_or_default();
            let path = path.display();
            self.warn(format!("invalid matcher {matcher:?} in {path}: {words}"));
            return;
        }
        for (number, handler) in group.hooks.into_iter().enumerate() {
            let normal = match identity::normal(moment, handler, path) {
                Ok((normal, warnings)) => {
                    warnings.into_iter().for_each(|warning| self.warn(warning));
                    normal
                }
                Err(skipped) => {
                    self.warn(skipped);
                    continue;
                }
            };
            if self.found.hooks.len() == MAX_HOOKS {
                self.warn(format!("hooks beyond the first {MAX_HOOKS} are left out"));
                return;
            }
            let label = moment.label();
            let key = format!("{}:{label}:{index}:{number}", path.display());
            let hook = self.hook(key, moment, matcher.clone(), (owner, path), normal);
            self.found.hooks.push(hook);
        }
    }

    fn hook(
        &self,
        key: String,
        moment: Moment,
        matcher: Option<String>,
        (owner, path): (Owner, &Path),
        normal: Normal,
    ) -> Hook {
        let said = |what: &str| self.states.iter().find_map(|s| s.get(&key)?.get(what));
        let digest = identity::digest(moment, matcher.as_deref(), &normal);
        let is_managed = matches!(owner, Owner::System | Owner::Managed);
        let trust = match said("trusted_hash").and_then(Json::as_str) {
            _ if is_managed => HookTrust::Managed,
            None => HookTrust::Untrusted,
            Some(trusted) if trusted == digest => HookTrust::Trusted,
            Some(_) => HookTrust::Modified,
        };
        let is_off = said("enabled") == Some(&Json::Bool(false));
        Hook {
            moment,
            runs: normal.runs(),
            matcher,
            timeout: normal.timeout,
            status_message: normal.status_message,
            context_limit: normal.context_limit,
            file: path.to_owned(),
            owner,
            enabled: is_managed || !is_off,
            digest,
            trust,
            key,
        }
    }

    fn warn(&mut self, warning: String) {
        if self.found.warnings.len() < MAX_WARNINGS {
            self.found.warnings.push(warning);
        }
    }
}

/// Why a matcher matches nothing. Everything is matched by the empty one and by `*`.
fn misfit(matcher: &str) -> Option<String> {
    if matches!(matcher, "" | "*") {
        return None;
    }
    let error = regex_syntax::parse(matcher).err()?;
    Some(error.to_string())
}

#[cfg(test)]
mod tests;
