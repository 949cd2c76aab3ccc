//! What the commands of a thread are held to, as its clients are told. Pure but for the look at the
//! configuration.
//!
//! Clients are told one of four kinds. The rules of a profile say more than any of them: of what
//! may be read nothing is told.

use std::{collections::BTreeSet, path::Path};

use outpost_agent::{
    config::{Configuration, Said},
    threads::{Held as Told, Hold},
};
use outpost_host::sandbox::{Access, FileRules, Network, Place, Policy, Special};
use outpost_protocol::app::{
    AbsolutePath,
    policy::{NetworkAccess, SandboxPolicy},
    thread::ActivePermissionProfile,
};

use super::held::{self, LOOKING, Rulebook};
use crate::app::sandbox::Held;

/// What commands in the folder `cwd` are held to where `said` holds; the words of a refusal
/// otherwise. What the administrator forbids is refused to who asks for it, and where nobody does
/// commands only look.
pub(in crate::app) fn shown(
    all: &Configuration,
    said: &Said,
    cwd: &Path,
    hold: Hold,
) -> Result<Told, String> {
    let (demanded, home) = (all.requirements(), held::home());
    Rulebook {
        said,
        demanded: demanded.as_ref(),
        workspace: cwd,
        home: home.as_deref(),
    }
    .shown(hold)
}

// === impl Rulebook ===

impl Rulebook<'_> {
    fn shown(&self, hold: Hold) -> Result<Told, String> {
        match hold {
            Hold::Profile(name) => self.shown_profile(&name),
            Hold::Policy { policy, is_wish } => match self.allow_kind(&policy) {
                Ok(()) => Ok((policy, None)),
                Err(words) if is_wish => Err(words),
                Err(_) => Ok((LOOKING, None)),
            },
            Hold::Usual => {
                let demanded = self.demand("default_permissions");
                if let Some(name) = demanded.and_then(serde_json::Value::as_str) {
                    return self.shown_profile(name);
                }
                let usual = match self.said.trusted {
                    Some(_) => ":workspace",
                    None => ":read-only",
                };
                Ok(self.shown_profile(usual).unwrap_or((LOOKING, None)))
            }
        }
    }

    fn shown_profile(&self, name: &str) -> Result<Told, String> {
        let policy = match self.named(name)? {
            Held::Kind { policy, .. } => policy,
            Held::Rules { policy, roots } => {
                let roots: Vec<_> = roots.iter().filter_map(|root| path(root)).collect();
                kind(&policy, &roots)
            }
        };
        let profiles = self.profiles();
        let own = profiles.as_ref().and_then(|profiles| profiles.get(name));
        let extends = own.and_then(|own| own["extends"].as_str());
        let profile = ActivePermissionProfile {
            id: name.to_owned(),
            extends: extends.map(str::to_owned),
        };
        Ok((policy, Some(profile)))
    }
}

/// The kind that is nearest to rules; the first of `roots` is the folder commands run in, which
/// needs no telling.
fn kind(policy: &Policy, roots: &[AbsolutePath]) -> SandboxPolicy {
    let network_access = policy.network == Network::Enabled;
    let FileRules::Restricted(rules) = &policy.files else {
        return all(network_access);
    };
    let (mut has_root, mut tmpdir, mut slash_tmp) = (false, false, false);
    let mut written = BTreeSet::new();
    let may_write = |access| access == Access::Write;
    for rule in rules.iter().filter(|rule| may_write(rule.access)) {
        match &rule.place {
            Place::Special(Special::Root) => has_root = true,
            Place::Special(Special::TmpDir) => tmpdir = true,
            Place::Special(Special::SlashTmp) => slash_tmp = true,
            Place::Special(Special::ProjectRoots { below: None }) => {
                written.extend(roots.iter().cloned());
            }
            Place::Special(Special::ProjectRoots { below: Some(below) }) => {
                let below = |root: &AbsolutePath| path(&root.as_path().join(below));
                written.extend(roots.iter().filter_map(below));
            }
            Place::Path(at) if at.parent().is_none() => has_root = true,
            Place::Path(at) => written.extend(path(at)),
            // Nothing else can be written by a profile.
            Place::Special(_) | Place::Glob(_) => {}
        }
    }
    if has_root {
        if rules.iter().all(|rule| may_write(rule.access)) {
            return all(network_access);
        }
        written.extend(path(Path::new("/")));
        slash_tmp = true;
    }
    if written.is_empty() && !tmpdir && !slash_tmp {
        return SandboxPolicy::ReadOnly { network_access };
    }
    if let Some(own) = roots.first() {
        written.remove(own);
    }
    SandboxPolicy::WorkspaceWrite {
        writable_roots: written.into_iter().collect(),
        network_access,
        exclude_tmpdir_env_var: !tmpdir,
        exclude_slash_tmp: !slash_tmp,
    }
}

/// All files are written.
fn all(network_access: bool) -> SandboxPolicy {
    if network_access {
        return SandboxPolicy::DangerFullAccess {};
    }
    SandboxPolicy::ExternalSandbox {
        network_access: NetworkAccess::Restricted,
    }
}

fn path(path: &Path) -> Option<AbsolutePath> {
    AbsolutePath::new(path)
}
