//! A policy in the wire's words as the engine's. Pure.
//!
//! What grants and cannot be understood grants nothing; what takes away and cannot be understood
//! is refused, because nobody would notice that it takes nothing away. The scene names only what
//! the rules are about, so that the same rules are the same whoever asks from wherever.

use std::path::{Path, PathBuf};

use outpost_host::sandbox::{Access, FileRules, Network, Place, Policy, Rule, Scene, Special};
use outpost_protocol::{
    NotNative, PathUri,
    exec::sandbox::{
        FileSystemPolicy, NetworkPolicy, PROJECT_ROOTS_GLOB, Permissions, SandboxAccess,
        SandboxContext, SandboxEntry, SandboxPath, SpecialPath,
    },
};

/// What a call is to be held to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) policy: Policy,
    pub(super) scene: Scene,
}

/// Why a policy is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::exec) enum Refused {
    /// A rule is about a path of another system.
    ForeignPath(NotNative),
    /// So is the folder or a root that rules are relative to.
    ForeignRoot(NotNative),
    /// Rules are relative to a folder that is not named.
    NoFolder,
    /// A rule that takes something away cannot be understood.
    Rule(String),
}

/// What is known of the call besides the policy.
pub(super) trait Caller {
    /// The folder that relative rules are about where the policy names none.
    fn folder(&self) -> Option<PathBuf>;

    /// What `TMPDIR` says.
    fn tmpdir(&self) -> Option<PathBuf>;
}

/// What has to be enforced, if anything has.
pub(super) fn translate(
    context: &SandboxContext,
    caller: &impl Caller,
) -> Result<Option<Held>, Refused> {
    let (files, network) = match &context.permissions {
        Permissions::Disabled {} => return Ok(None),
        Permissions::External { network } => (None, *network),
        Permissions::Managed {
            file_system: FileSystemPolicy::Unrestricted {},
            network,
        } => (None, *network),
        // How deep patterns look is not bounded: what is deeper is denied too.
        Permissions::Managed {
            file_system: FileSystemPolicy::Restricted { entries, .. },
            network,
        } => (Some(entries), *network),
    };
    let network = match network {
        NetworkPolicy::Restricted => Network::Restricted,
        NetworkPolicy::Enabled => Network::Enabled,
    };
    let Some(entries) = files else {
        let policy = Policy {
            files: FileRules::Unrestricted,
            network,
        };
        let held = Held {
            policy,
            scene: Stage::default().scene(),
        };
        return Ok((network == Network::Restricted).then_some(held));
    };
    let mut stage = Stage::of(context, entries, caller)?;
    let mut rules = Vec::with_capacity(entries.len());
    for entry in entries {
        stage.rules(entry, &mut rules)?;
    }
    let policy = Policy {
        files: FileRules::Restricted(rules),
        network,
    };
    Ok(Some(Held {
        policy,
        scene: stage.scene(),
    }))
}

/// What the rules may be relative to, and which of it they are.
#[derive(Default)]
struct Stage {
    folder: Option<PathBuf>,
    folder_used: bool,
    roots: Vec<PathBuf>,
    roots_used: bool,
    tmpdir: Option<PathBuf>,
}

// === impl Stage ===

impl Stage {
    fn of(
        context: &SandboxContext,
        entries: &[SandboxEntry],
        caller: &impl Caller,
    ) -> Result<Self, Refused> {
        let native = |uri: &PathUri| uri.clone().into_native().map_err(Refused::ForeignRoot);
        let folder = match context.policy_cwd() {
            Some(uri) => Some(native(uri)?),
            None => caller.folder(),
        };
        if folder.is_none() && entries.iter().any(|entry| is_relative(&entry.path)) {
            return Err(Refused::NoFolder);
        }
        let about_tmpdir = |entry: &SandboxEntry| {
            let SandboxPath::Special { value } = &entry.path else {
                return false;
            };
            *value == SpecialPath::Tmpdir
        };
        let tmpdir = entries.iter().any(about_tmpdir).then(|| caller.tmpdir());
        let roots = context.policy_roots().iter().map(native);
        Ok(Self {
            folder,
            roots: roots.collect::<Result<_, _>>()?,
            tmpdir: tmpdir.flatten().filter(|path| is_folder_below_root(path)),
            ..Self::default()
        })
    }

    fn scene(self) -> Scene {
        let folder = self.folder.filter(|_| self.folder_used);
        let roots = Some(self.roots).filter(|_| self.roots_used);
        Scene {
            cwd: folder.unwrap_or_else(|| PathBuf::from("/")),
            project_roots: roots.unwrap_or_default(),
            tmpdir: self.tmpdir,
        }
    }

    /// Adds what an entry means.
    fn rules(&mut self, entry: &SandboxEntry, rules: &mut Vec<Rule>) -> Result<(), Refused> {
        let access = access(entry.access);
        let mut rule = |place| {
            rules.push(Rule {
                place,
                access,
                skip_missing: entry.missing_path_behavior.is_some(),
            });
        };
        match &entry.path {
            SandboxPath::Path { path } => {
                let path = path.clone().into_native().map_err(Refused::ForeignPath)?;
                rule(Place::Path(path));
            }
            SandboxPath::GlobPattern { pattern } => {
                for pattern in self.patterns(pattern)? {
                    rule(Place::Glob(pattern));
                }
            }
            SandboxPath::Special { value } => {
                if let Some(special) = self.special(value, access)? {
                    rule(Place::Special(special));
                }
            }
        }
        Ok(())
    }

    /// The patterns of the engine that one of the wire's stands for.
    fn patterns(&mut self, pattern: &str) -> Result<Vec<String>, Refused> {
        let Some(below) = pattern.strip_prefix(PROJECT_ROOTS_GLOB) else {
            self.folder_used |= !pattern.starts_with('/');
            return Ok(vec![pattern.to_owned()]);
        };
        let pattern = |root: &PathBuf| match root.to_str() {
            Some(root) => Ok(format!("{}/{below}", escaped(root.trim_end_matches('/')))),
            None => Err(Refused::Rule(format!(
                "pattern `{pattern}` is about {}, whose name is no text; name what is denied by \
                 its path",
                root.display()
            ))),
        };
        self.roots.iter().map(pattern).collect()
    }

    /// The engine's place; none where the wire's is nowhere.
    fn special(&mut self, value: &SpecialPath, access: Access) -> Result<Option<Special>, Refused> {
        Ok(Some(match value {
            SpecialPath::Root => Special::Root,
            SpecialPath::Minimal => Special::Minimal,
            // An older name for the project; where there is none, it is what it says.
            SpecialPath::CurrentWorkingDirectory if self.roots.is_empty() => {
                self.folder_used = true;
                Special::CurrentDirectory
            }
            SpecialPath::CurrentWorkingDirectory => {
                self.roots_used = true;
                Special::ProjectRoots { below: None }
            }
            SpecialPath::ProjectRoots { subpath } => {
                let subpath = subpath.as_deref().unwrap_or_default();
                if !is_below(subpath) {
                    return grants_nothing(access, || {
                        format!(
                            "subpath `{subpath}` of `project_roots` does not lead below them; \
                             leave `.` and `..` out of it and begin it with a name"
                        )
                    });
                }
                if self.roots.is_empty() {
                    return Ok(None);
                }
                self.roots_used = true;
                Special::ProjectRoots {
                    below: (!subpath.is_empty()).then(|| subpath.into()),
                }
            }
            SpecialPath::Tmpdir if self.tmpdir.is_none() => return Ok(None),
            SpecialPath::Tmpdir => Special::TmpDir,
            SpecialPath::SlashTmp => Special::SlashTmp,
            SpecialPath::Unknown { path, .. } => {
                return match access {
                    Access::Deny => Err(Refused::Rule(format!(
                        "`{path}` is denied and not known here; name what is denied by its path"
                    ))),
                    Access::Read | Access::Write => Ok(None),
                };
            }
        }))
    }
}

/// A rule that cannot be understood: nothing where it would only grant.
fn grants_nothing(
    access: Access,
    words: impl FnOnce() -> String,
) -> Result<Option<Special>, Refused> {
    match access {
        Access::Write => Ok(None),
        Access::Read | Access::Deny => Err(Refused::Rule(words())),
    }
}

fn access(access: SandboxAccess) -> Access {
    match access {
        SandboxAccess::Read => Access::Read,
        SandboxAccess::Write => Access::Write,
        SandboxAccess::Deny => Access::Deny,
    }
}

/// Whether a rule means something else in another folder or project.
fn is_relative(path: &SandboxPath) -> bool {
    match path {
        SandboxPath::Path { .. } => false,
        SandboxPath::GlobPattern { pattern } => !pattern.starts_with('/'),
        SandboxPath::Special { value } => matches!(
            value,
            SpecialPath::CurrentWorkingDirectory | SpecialPath::ProjectRoots { .. }
        ),
    }
}

/// Whether a subpath stays below what it is joined to.
fn is_below(subpath: &str) -> bool {
    let plain = |name| !matches!(name, "." | "..");
    !subpath.starts_with('/') && !subpath.contains('\0') && subpath.split('/').all(plain)
}

/// Whether this may stand for a folder for temporary files: the root would be everything.
fn is_folder_below_root(path: &Path) -> bool {
    use std::path::Component::{Normal, RootDir};
    let plain = path
        .components()
        .all(|part| matches!(part, RootDir | Normal(_)));
    path.is_absolute() && path.parent().is_some() && plain
}

/// A name in which no character means anything to a pattern.
fn escaped(name: &str) -> String {
    let mut escaped = String::with_capacity(name.len());
    for character in name.chars() {
        if matches!(character, '*' | '?' | '[' | ']' | '{' | '}' | '\\') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

#[cfg(test)]
mod tests;
