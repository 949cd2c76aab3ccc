//! Policies of this face: from their four kinds and the names of profiles to walls.
//!
//! A policy is enforced or nothing is started.

use std::{ffi::OsStr, path::PathBuf, sync::Arc};

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

/// The policy that a built-in profile stands for.
pub(super) fn profile(name: &str) -> Result<SandboxPolicy, RpcError> {
    let words = match name {
        ":read-only" => {
            return Ok(SandboxPolicy::ReadOnly {
                network_access: false,
            });
        }
        ":workspace" => {
            return Ok(SandboxPolicy::WorkspaceWrite {
                writable_roots: Vec::new(),
                network_access: false,
                exclude_tmpdir_env_var: false,
                exclude_slash_tmp: false,
            });
        }
        ":danger-full-access" => return Ok(SandboxPolicy::DangerFullAccess {}),
        _ if name.starts_with(':') => {
            format!("default_permissions refers to unknown built-in profile `{name}`")
        }
        _ => "default_permissions requires a `[permissions]` table".to_owned(),
    };
    Err(RpcError::invalid_request(format!(
        "invalid permission profile: {words}"
    )))
}

/// Starts a command under a policy. Files that its walls were made from can vanish before they are
/// raised; then they are made anew from what is there.
pub(super) async fn start(
    call: &Call,
    family: Family,
    name: &str,
    mut spec: Spec,
    policy: &SandboxPolicy,
) -> Result<Result<Process, StartError>, RpcError> {
    let processes = &call.client.processes;
    if has_no_network(policy) {
        spec.env.insert(NETWORK_DISABLED.to_owned(), "1".to_owned());
    }
    spec.walls = walls(&call.server, family, policy, &spec).await?;
    for _ in 1..RAISES {
        let failed = match processes.start(name, spec.clone()).await {
            Err(StartError::Spawn(failed @ SpawnError::Walls { .. })) => failed,
            started => return Ok(started),
        };
        let anew = walls(&call.server, family, policy, &spec).await?;
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
    policy: &SandboxPolicy,
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
    let Some((policy, scene)) = translate(policy, spec.cwd.clone(), tmpdir) else {
        return Ok(None);
    };
    let walls = server.sandboxes.prepare(&policy, &scene).await;
    walls
        .map(Some)
        .map_err(|error| errors::sandbox(family, &error))
}

/// A policy in the engine's words; `None` where it asks for nothing. Pure.
fn translate(
    policy: &SandboxPolicy,
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
            writes(Place::Special(Special::CurrentDirectory));
            for root in writable_roots {
                writes(Place::Path(root.as_path().to_owned()));
            }
            if !exclude_slash_tmp {
                writes(Place::Special(Special::SlashTmp));
            }
            if !exclude_tmpdir_env_var {
                // The root would be everything.
                scene.tmpdir =
                    tmpdir().filter(|path| path.is_absolute() && path.parent().is_some());
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
    fn meaning(policy: &SandboxPolicy, tmpdir: &str) -> Option<(Vec<Place>, Network)> {
        let tmpdir = || Some(PathBuf::from(tmpdir));
        let (policy, _) = translate(policy, PathBuf::from("/w"), tmpdir)?;
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
        let of = |name| meaning(&profile(name).unwrap(), "/t");
        assert_eq!(of(":danger-full-access"), None);
        assert_eq!(of(":read-only"), Some((vec![], Network::Restricted)));
        let special = |special| Place::Special(special);
        let written = vec![
            special(Special::CurrentDirectory),
            special(Special::SlashTmp),
            special(Special::TmpDir),
        ];
        assert_eq!(of(":workspace"), Some((written, Network::Restricted)));
        for (name, words) in [
            (
                ":x",
                "invalid permission profile: default_permissions refers to unknown built-in profile `:x`",
            ),
            (
                "x",
                "invalid permission profile: default_permissions requires a `[permissions]` table",
            ),
        ] {
            assert_eq!(profile(name).unwrap_err().message, words);
        }
    }

    #[test]
    fn a_folder_for_temporary_files_that_is_the_root_or_nowhere_opens_nothing() {
        let policy = SandboxPolicy::WorkspaceWrite {
            writable_roots: Vec::new(),
            network_access: true,
            exclude_tmpdir_env_var: false,
            exclude_slash_tmp: true,
        };
        for tmpdir in ["/", "relative", ""] {
            let cwd = vec![Place::Special(Special::CurrentDirectory)];
            assert_eq!(meaning(&policy, tmpdir), Some((cwd, Network::Enabled)));
        }
    }
}
