//! Policies of this face: from their four kinds and the rules of profiles to walls.
//!
//! A policy is enforced or nothing is started.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    sync::Arc,
};

use outpost_host::{
    process::{Process, Spec, StartError, keeper::SpawnError},
    sandbox::{Access, FileRules, Network, Place, Policy, Rule, Scene, Special, Walls},
};
use outpost_protocol::{RpcError, app::policy::SandboxPolicy};

use super::{Shared, connection::Call, environment::NETWORK_DISABLED, errors, running::Family};

/// How often walls are raised for one command while the files they are made from keep changing.
const RAISES: usize = 5;

/// Names the folder for temporary files.
const TMPDIR: &str = "TMPDIR";

/// What a command is held to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// One of the four kinds.
    Kind {
        policy: SandboxPolicy,
        /// What a workspace is, where it is not the command's own folder.
        workspace: Option<PathBuf>,
    },
    /// The rules of a profile of the configuration.
    Rules {
        policy: Policy,
        /// The folders of the project.
        roots: Vec<PathBuf>,
    },
}

// === impl Held ===

impl Held {
    /// One of the four kinds, whose workspace is the command's own folder.
    pub(super) fn of(policy: SandboxPolicy) -> Self {
        Self::Kind {
            policy,
            workspace: None,
        }
    }

    /// The kind, if it is one.
    pub(super) fn kind(&self) -> Option<&SandboxPolicy> {
        match self {
            Self::Kind { policy, .. } => Some(policy),
            Self::Rules { .. } => None,
        }
    }

    /// Whether this server keeps the command from the network.
    fn has_no_network(&self) -> bool {
        match self {
            Self::Kind { policy, .. } => has_no_network(policy),
            Self::Rules { policy, .. } => policy.network == Network::Restricted,
        }
    }
}

/// What a built-in profile stands for.
pub(super) fn built_in(name: &str, workspace: Option<&Path>) -> Option<Held> {
    let policy = match name {
        ":read-only" => SandboxPolicy::ReadOnly {
            network_access: false,
        },
        ":workspace" => SandboxPolicy::WorkspaceWrite {
            writable_roots: Vec::new(),
            network_access: false,
            exclude_tmpdir_env_var: false,
            exclude_slash_tmp: false,
        },
        ":danger-full-access" => SandboxPolicy::DangerFullAccess {},
        _ => return None,
    };
    Some(Held::Kind {
        policy,
        workspace: workspace.map(Path::to_owned),
    })
}

/// Starts a command under a policy. Files that its walls were made from can vanish before they are
/// raised; then they are made anew from what is there.
pub(super) async fn start(
    call: &Call,
    family: Family,
    name: &str,
    mut spec: Spec,
    held: &Held,
) -> Result<Result<Process, StartError>, RpcError> {
    let processes = &call.client.processes;
    if held.has_no_network() {
        spec.env.insert(NETWORK_DISABLED.to_owned(), "1".to_owned());
    }
    spec.walls = walls(&call.server, family, held, &spec).await?;
    for _ in 1..RAISES {
        let failed = match processes.start(name, spec.clone()).await {
            Err(StartError::Spawn(failed @ SpawnError::Walls { .. })) => failed,
            started => return Ok(started),
        };
        let anew = walls(&call.server, family, held, &spec).await?;
        if anew == spec.walls {
            return Ok(Err(StartError::Spawn(failed)));
        }
        tracing::debug!(%failed, "the files have changed meanwhile; the walls are made anew");
        spec.walls = anew;
    }
    Ok(processes.start(name, spec).await)
}

/// The walls of a command; none where nothing is to be enforced here.
async fn walls(
    server: &Shared,
    family: Family,
    held: &Held,
    spec: &Spec,
) -> Result<Option<Arc<Walls>>, RpcError> {
    let tmpdir = || {
        // An environment that cannot be made is the start's error.
        let variables = server.host.environment(spec).unwrap_or_default();
        let tmpdir = variables
            .into_iter()
            .find(|(name, _)| name == OsStr::new(TMPDIR));
        tmpdir.map(|(_, value)| PathBuf::from(value))
    };
    let Some((policy, scene)) = translate(held, spec.cwd.clone(), tmpdir) else {
        return Ok(None);
    };
    let walls = server.sandboxes.prepare_command(&policy, &scene).await;
    walls
        .map(Some)
        .map_err(|error| errors::sandbox(family, &error))
}

/// What is held in the engine's words; `None` where it asks for nothing. Pure.
fn translate(
    held: &Held,
    cwd: PathBuf,
    tmpdir: impl FnOnce() -> Option<PathBuf>,
) -> Option<(Policy, Scene)> {
    // The root would be everything.
    let tmpdir = || tmpdir().filter(|path| path.is_absolute() && path.parent().is_some());
    match held {
        Held::Kind { policy, workspace } => of_kind(policy, workspace.clone(), cwd, tmpdir),
        Held::Rules { policy, roots } => Some((
            policy.clone(),
            Scene {
                cwd,
                project_roots: roots.clone(),
                tmpdir: names_tmpdir(policy).then(tmpdir).flatten(),
            },
        )),
    }
}

/// Whether it makes a difference where temporary files are.
fn names_tmpdir(policy: &Policy) -> bool {
    let is_tmpdir = |rule: &Rule| rule.place == Place::Special(Special::TmpDir);
    match &policy.files {
        FileRules::Restricted(rules) => rules.iter().any(is_tmpdir),
        FileRules::Unrestricted => false,
    }
}

fn of_kind(
    policy: &SandboxPolicy,
    workspace: Option<PathBuf>,
    cwd: PathBuf,
    tmpdir: impl FnOnce() -> Option<PathBuf>,
) -> Option<(Policy, Scene)> {
    let rule = |place, access| Rule {
        place,
        access,
        skip_missing: false,
    };
    let mut rules = vec![rule(Place::Special(Special::Root), Access::Read)];
    let mut scene = Scene {
        cwd,
        project_roots: Vec::new(),
        tmpdir: None,
    };
    match policy {
        SandboxPolicy::DangerFullAccess {} | SandboxPolicy::ExternalSandbox { .. } => return None,
        // Of what is the same everywhere the walls are the same everywhere.
        SandboxPolicy::ReadOnly { .. } => scene.cwd = PathBuf::from("/"),
        SandboxPolicy::WorkspaceWrite {
            writable_roots,
            exclude_tmpdir_env_var,
            exclude_slash_tmp,
            ..
        } => {
            let mut writes = |place| rules.push(rule(place, Access::Write));
            match workspace {
                Some(workspace) => {
                    scene.project_roots.push(workspace);
                    writes(Place::Special(Special::ProjectRoots { below: None }));
                }
                None => writes(Place::Special(Special::CurrentDirectory)),
            }
            for root in writable_roots {
                writes(Place::Path(root.as_path().to_owned()));
            }
            if !exclude_slash_tmp {
                writes(Place::Special(Special::SlashTmp));
            }
            if !exclude_tmpdir_env_var {
                scene.tmpdir = tmpdir();
                if scene.tmpdir.is_some() {
                    writes(Place::Special(Special::TmpDir));
                }
            }
        }
    }
    let network = if has_no_network(policy) {
        Network::Restricted
    } else {
        Network::Enabled
    };
    let files = FileRules::Restricted(rules);
    Some((Policy { files, network }, scene))
}

/// Whether this server keeps the command from the network.
pub(super) fn has_no_network(policy: &SandboxPolicy) -> bool {
    match policy {
        SandboxPolicy::DangerFullAccess {} | SandboxPolicy::ExternalSandbox { .. } => false,
        SandboxPolicy::ReadOnly { network_access }
        | SandboxPolicy::WorkspaceWrite { network_access, .. } => !network_access,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What may be written, and whether the network may be reached.
    fn meaning(held: &Held, tmpdir: &str) -> Option<(Vec<Place>, Network)> {
        let tmpdir = || Some(PathBuf::from(tmpdir));
        let (policy, _) = translate(held, PathBuf::from("/w"), tmpdir)?;
        let FileRules::Restricted(rules) = policy.files else {
            panic!("no rules");
        };
        let root = Place::Special(Special::Root);
        assert!(
            rules
                .iter()
                .any(|rule| rule.place == root && rule.access == Access::Read)
        );
        let written = rules
            .into_iter()
            .filter(|rule| rule.access == Access::Write);
        Some((written.map(|rule| rule.place).collect(), policy.network))
    }

    #[test]
    fn each_profile_means_what_its_name_says() {
        let of = |name| meaning(&built_in(name, None).unwrap(), "/t");
        assert_eq!(of(":danger-full-access"), None);
        assert_eq!(of(":read-only"), Some((vec![], Network::Restricted)));
        let special = |special| Place::Special(special);
        let written = vec![
            special(Special::CurrentDirectory),
            special(Special::SlashTmp),
            special(Special::TmpDir),
        ];
        assert_eq!(of(":workspace"), Some((written, Network::Restricted)));
        assert_eq!(built_in(":x", None), None);
        let elsewhere = built_in(":workspace", Some(Path::new("/v"))).unwrap();
        let (_, scene) = translate(&elsewhere, PathBuf::from("/w"), || None).unwrap();
        assert_eq!(scene.project_roots, [PathBuf::from("/v")]);
    }

    #[test]
    fn a_folder_for_temporary_files_that_is_the_root_or_nowhere_opens_nothing() {
        let policy = Held::of(SandboxPolicy::WorkspaceWrite {
            writable_roots: Vec::new(),
            network_access: true,
            exclude_tmpdir_env_var: false,
            exclude_slash_tmp: true,
        });
        let rules = |name| Held::Rules {
            policy: Policy {
                files: FileRules::Restricted(vec![Rule {
                    place: Place::Special(name),
                    access: Access::Write,
                    skip_missing: false,
                }]),
                network: Network::Enabled,
            },
            roots: Vec::new(),
        };
        for tmpdir in ["/", "relative", ""] {
            let cwd = vec![Place::Special(Special::CurrentDirectory)];
            assert_eq!(meaning(&policy, tmpdir), Some((cwd, Network::Enabled)));
            let tmpdir = || Some(PathBuf::from(tmpdir));
            let (_, scene) = translate(&rules(Special::TmpDir), "/w".into(), tmpdir).unwrap();
            assert_eq!(scene.tmpdir, None);
        }
        let (_, scene) = translate(&rules(Special::TmpDir), "/w".into(), || Some("/t".into()))
            .expect("rules are enforced");
        assert_eq!(scene.tmpdir, Some(PathBuf::from("/t")));
    }
}
