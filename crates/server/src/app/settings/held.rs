//! What the configuration holds a command to: the policy of one that names none, the profile of
//! one that names one, what the administrator lets be asked for, the environment. Pure.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use outpost_agent::config::{Requirements, Said};
use outpost_host::{
    process::{EnvPolicy, Inherit},
    sandbox::{Access, FileRules, Place, Rule, Special},
};
use outpost_protocol::app::{AbsolutePath, policy::SandboxPolicy};
use serde_json::{Map, Value};

use super::permissions;
use crate::app::sandbox::Held;

/// The settings that decide.
pub(in crate::app) const SETTINGS: [&str; 5] = [
    "default_permissions",
    "permissions",
    "sandbox_mode",
    "sandbox_workspace_write",
    "shell_environment_policy",
];

/// What is said, and who may say it.
#[derive(Clone, Copy)]
pub(super) struct Rulebook<'a> {
    pub(super) said: &'a Said,
    pub(super) demanded: Option<&'a Requirements>,
    /// What is written in, where a workspace is.
    pub(super) workspace: &'a Path,
    /// What `~` stands for.
    pub(super) home: Option<&'a Path>,
}

impl Rulebook<'_> {
    /// What a command is held to that names nothing.
    pub(super) fn usual(&self) -> Result<Held, String> {
        let setting = |key| self.said.settings.get(key).and_then(Value::as_str);
        let mode = setting("sandbox_mode");
        let name = setting("default_permissions").or_else(|| match mode {
            Some(_) => None,
            None => self.demand("default_permissions")?.as_str(),
        });
        if let Some(name) = name {
            return self.named(name);
        }
        let mode = match (mode, self.said.trusted) {
            (Some(mode), _) => mode,
            // Somebody has looked at the project and said something.
            (None, Some(_)) => "workspace-write",
            (None, None) => "read-only",
        };
        let policy = match mode {
            "danger-full-access" => SandboxPolicy::DangerFullAccess {},
            "workspace-write" => self.workspace_write(),
            _ => LOOKING,
        };
        // Looking can be asked for by everybody.
        let policy = match self.allow_kind(&policy) {
            Ok(()) => policy,
            Err(words) => {
                tracing::warn!(words, "commands that name no policy may only look");
                LOOKING
            }
        };
        Ok(Held::Kind {
            policy,
            workspace: Some(self.workspace.to_owned()),
        })
    }

    /// The profiles that are configured, if there are any; the administrator's word is the last.
    pub(super) fn profiles(&self) -> Option<Map<String, Value>> {
        let said = self.said.settings.get("permissions");
        let both = [said, self.demand("permissions")];
        let both = both.into_iter().flatten().filter_map(Value::as_object);
        both.cloned().reduce(|mut all, own| {
            all.extend(own);
            all
        })
    }

    /// What the profile `name` holds a command to.
    pub(super) fn named(&self, name: &str) -> Result<Held, String> {
        let profiles = self.profiles();
        let held = permissions::profile(name, profiles.as_ref(), self.workspace, self.home)?;
        if let Some(allowed) = self.demand("allowed_permission_profiles")
            && allowed.get(name) != Some(&Value::Bool(true))
        {
            return Err(format!(
                "permissions profile `{name}` is not in the allowed set (set by {})",
                self.files()
            ));
        }
        match &held {
            Held::Kind { policy, .. } => self.allow_kind(policy)?,
            Held::Rules { policy, .. } => self.allow(mode_of(&policy.files))?,
        }
        Ok(held)
    }

    /// Whether a policy may be asked for.
    pub(super) fn allow_kind(&self, policy: &SandboxPolicy) -> Result<(), String> {
        self.allow(match policy {
            SandboxPolicy::DangerFullAccess {} => ("danger-full-access", "DangerFullAccess"),
            SandboxPolicy::ReadOnly { .. } => ("read-only", "ReadOnly"),
            SandboxPolicy::WorkspaceWrite { .. } => ("workspace-write", "WorkspaceWrite"),
            SandboxPolicy::ExternalSandbox { .. } => ("external-sandbox", "ExternalSandbox"),
        })
    }

    /// Whether a mode may be asked for; it has a name in files and one for people.
    fn allow(&self, (mode, shown): (&str, &str)) -> Result<(), String> {
        let Some(Value::Array(allowed)) = self.demand("allowed_sandbox_modes") else {
            return Ok(());
        };
        if allowed.iter().any(|each| each == mode) {
            return Ok(());
        }
        let names = allowed.iter().filter_map(Value::as_str).map(in_camel_case);
        Err(format!(
            "invalid value for `sandbox_mode`: `{shown}` is not in the allowed set [{}] (set by {})",
            names.collect::<Vec<_>>().join(", "),
            self.files()
        ))
    }

    pub(super) fn demand(&self, key: &str) -> Option<&Value> {
        self.demanded?.demands.get(key)
    }

    fn files(&self) -> String {
        let files = self.demanded.iter().flat_map(|demanded| &demanded.files);
        let files: Vec<_> = files.map(|file| file.display().to_string()).collect();
        files.join(", ")
    }

    fn workspace_write(&self) -> SandboxPolicy {
        let none = Value::Null;
        let details = self.said.settings.get("sandbox_workspace_write");
        let details = details.unwrap_or(&none);
        let is = |key: &str| details[key] == true;
        let roots = details["writable_roots"].as_array().into_iter().flatten();
        let roots = roots.filter_map(Value::as_str).map(Path::new);
        SandboxPolicy::WorkspaceWrite {
            writable_roots: roots.filter_map(AbsolutePath::new).collect(),
            network_access: is("network_access"),
            exclude_tmpdir_env_var: is("exclude_tmpdir_env_var"),
            exclude_slash_tmp: is("exclude_slash_tmp"),
        }
    }
}

/// What holds where nothing else does.
pub(super) const LOOKING: SandboxPolicy = SandboxPolicy::ReadOnly {
    network_access: false,
};

fn in_camel_case(mode: &str) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_ascii_uppercase() + rest
    };
    mode.split('-').map(word).collect()
}

/// The weakest of the modes that has what these rules have.
fn mode_of(files: &FileRules) -> (&'static str, &'static str) {
    const ALL: (&str, &str) = ("danger-full-access", "DangerFullAccess");
    let FileRules::Restricted(rules) = files else {
        return ALL;
    };
    let written = |rule: &&Rule| rule.access == Access::Write;
    let is_root = |rule: &Rule| match &rule.place {
        Place::Special(Special::Root) => true,
        Place::Path(path) => path.parent().is_none(),
        _ => false,
    };
    let mut written = rules.iter().filter(written).peekable();
    if written.peek().is_none() {
        return ("read-only", "ReadOnly");
    }
    if written.any(is_root) {
        return ALL;
    }
    ("workspace-write", "WorkspaceWrite")
}

/// The environment that commands begin with.
pub(super) fn environment(said: &Said) -> EnvPolicy {
    let none = Value::Null;
    let policy = said.settings.get("shell_environment_policy");
    let policy = policy.unwrap_or(&none);
    let texts = |key: &str| -> Vec<String> {
        let items = policy[key].as_array().into_iter().flatten();
        items.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let set = policy["set"].as_object().into_iter().flatten();
    let set = set.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
    let mut environment = EnvPolicy {
        inherit: match policy["inherit"].as_str() {
            Some("none") => Inherit::None,
            Some("core") => Inherit::Core,
            _ => Inherit::All,
        },
        ignore_default_excludes: policy["ignore_default_excludes"] != false,
        exclude: texts("exclude"),
        set: set.collect::<BTreeMap<_, _>>(),
        include_only: texts("include_only"),
    };
    for (pattern, verdict) in policy["filters"].as_object().into_iter().flatten() {
        match verdict.as_str() {
            Some("include") => environment.include_only.push(pattern.clone()),
            _ => environment.exclude.push(pattern.clone()),
        }
    }
    environment
}

/// The home folder of the user this server runs as.
pub(super) fn home() -> Option<PathBuf> {
    std::env::home_dir()
}

#[cfg(test)]
mod tests;
