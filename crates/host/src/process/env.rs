//! Pure: the environment a process gets.
//!
//! Without a policy it is exactly what the request says. With one it is derived from the server's
//! own, in this order: inherit, drop what looks like a secret, drop `exclude`, add `set`, keep
//! only `include_only`, and at last the request's variables, which nothing filters. Patterns know
//! `*` and `?`, and ignore case.
//! Always true of a result: no name twice, no invalid name or value, none of the server's own
//! secrets, whoever asked for them.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
};

mod pattern;

/// Which variables of the server a process starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inherit {
    /// Every one.
    All,
    /// Those a login gives: home, user, shell, path, language and temporary folders.
    Core,
    /// None.
    None,
}

/// How to derive an environment from the server's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvPolicy {
    /// Where to start from.
    pub inherit: Inherit,
    /// Whether inherited names that look like secrets are kept.
    pub ignore_default_excludes: bool,
    /// Patterns of names to drop.
    pub exclude: Vec<String>,
    /// Variables to add after the dropping.
    pub set: BTreeMap<String, String>,
    /// Patterns of names to keep, if there are any.
    pub include_only: Vec<String>,
}

/// A variable that cannot be given to a process.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum EnvError {
    /// The name is empty or has a `=` or a NUL in it.
    #[error("environment variable name {0:?} is not valid")]
    Name(String),
    /// The value has a NUL in it. The value itself is not shown: it may be a secret.
    #[error("the value of environment variable {0:?} has a NUL in it")]
    Value(String),
}

/// What the server contributes to every process's environment.
#[derive(Clone, Debug, Default)]
pub(super) struct Surroundings {
    /// The server's own environment.
    pub(super) inherited: BTreeMap<OsString, OsString>,
    /// Folders put before an inherited `PATH`.
    pub(super) path_dirs: Vec<OsString>,
    /// What `SHELL` is on a terminal when nothing else says so.
    pub(super) shell: OsString,
    /// Names of the embedder's own secrets, which no process ever gets.
    pub(super) secrets: Vec<OsString>,
}

/// The names [`Inherit::Core`] keeps.
const CORE: [&str; 11] = [
    "HOME", "LANG", "LC_ALL", "LC_CTYPE", "LOGNAME", "PATH", "SHELL", "TEMP", "TMP", "TMPDIR",
    "USER",
];

/// Names that look like secrets.
const SECRET_PATTERNS: [&str; 3] = ["*KEY*", "*SECRET*", "*TOKEN*"];

/// Settings of an exec server that are for itself alone.
const SERVER_ONLY: [&str; 4] = [
    "CODEX_EXEC_SERVER_EXIT_ON_STDIN_CLOSE",
    "CODEX_EXEC_SERVER_NOISE_AUTH_TOKEN",
    "OUTPOST_EXEC_SERVER_EXIT_ON_STDIN_CLOSE",
    "OUTPOST_EXEC_SERVER_AUTH_TOKEN",
];

/// The environment of a process, sorted by name.
pub(super) fn build(
    surroundings: &Surroundings,
    policy: Option<&EnvPolicy>,
    request: &BTreeMap<String, String>,
    terminal: bool,
) -> Result<Vec<(OsString, OsString)>, EnvError> {
    let mut variables = policy.map_or_else(BTreeMap::new, |policy| derive(surroundings, policy));
    for (name, value) in policy.iter().flat_map(|policy| &policy.set).chain(request) {
        check(name, value)?;
    }
    variables.extend(
        request
            .iter()
            .map(|(name, value)| (name.into(), value.into())),
    );
    if terminal && !variables.contains_key(OsStr::new("SHELL")) {
        variables.insert("SHELL".into(), surroundings.shell.clone());
    }
    variables.retain(|name, _| {
        !SERVER_ONLY.iter().any(|secret| name == secret) && !surroundings.secrets.contains(name)
    });
    Ok(variables.into_iter().collect())
}

/// The policy's part, everything but the request's own variables.
fn derive(surroundings: &Surroundings, policy: &EnvPolicy) -> BTreeMap<OsString, OsString> {
    let mut variables = inherit(surroundings, policy.inherit);
    if !policy.ignore_default_excludes {
        variables.retain(|name, _| !matches_any(name, &SECRET_PATTERNS));
    }
    variables.retain(|name, _| !matches_any(name, &policy.exclude));
    variables.extend(
        policy
            .set
            .iter()
            .map(|(name, value)| (name.into(), value.into())),
    );
    if !policy.include_only.is_empty() {
        variables.retain(|name, _| matches_any(name, &policy.include_only));
    }
    variables
}

fn inherit(surroundings: &Surroundings, which: Inherit) -> BTreeMap<OsString, OsString> {
    let mut variables = match which {
        Inherit::None => return BTreeMap::new(),
        Inherit::All => surroundings.inherited.clone(),
        Inherit::Core => CORE
            .iter()
            .filter_map(|name| surroundings.inherited.get_key_value(OsStr::new(name)))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    };
    if let Some(path) = variables.get_mut(OsStr::new("PATH")) {
        let mut longer = OsString::new();
        for dir in &surroundings.path_dirs {
            longer.push(dir);
            longer.push(":");
        }
        longer.push(&path);
        *path = longer;
    }
    variables
}

fn check(name: &str, value: &str) -> Result<(), EnvError> {
    if name.is_empty() || name.contains(['=', '\0']) {
        return Err(EnvError::Name(name.to_owned()));
    }
    if value.contains('\0') {
        return Err(EnvError::Value(name.to_owned()));
    }
    Ok(())
}

/// Whether a name matches one of the patterns. Bytes that are not UTF-8 count as one character.
fn matches_any<P: AsRef<str>>(name: &OsStr, patterns: &[P]) -> bool {
    let name = name.to_string_lossy();
    patterns
        .iter()
        .any(|pattern| pattern::matches(pattern.as_ref(), &name))
}

#[cfg(test)]
mod tests;
