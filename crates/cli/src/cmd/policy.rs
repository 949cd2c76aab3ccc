//! What the arguments ask a command to be held to, in the words of the wire.
//!
//! Pure. The rules are those that Codex sends for the same modes, so that any server of the dialect
//! understands them. The names of metadata are read-only in every directory that may be changed,
//! whether they are there or not; a server may protect more of them.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use outpost_client::{
    Limits,
    sandbox::{
        FileSystemPolicy, MissingPathBehavior, NetworkPolicy, Permissions, SandboxAccess,
        SandboxContext, SandboxEntry, SandboxPath, SpecialPath, WindowsSandboxLevel,
    },
};
use outpost_protocol::PathUri;

use crate::{
    args::{Bounded, Mode, Sandbox},
    cmd::paths,
};

/// Names below a folder of the project that tell tools what to execute or to whom to talk.
const METADATA: [&str; 5] = [".git", ".agents", ".codex", ".aws", ".outpost"];

/// What the command is to be held to; nothing where it may do everything. `directory` is where it
/// runs, which relative paths are relative to.
pub(crate) fn context(
    arguments: &Sandbox,
    directory: Option<&Path>,
) -> anyhow::Result<Option<SandboxContext>> {
    let writes = match arguments.mode {
        None => return Ok(None),
        Some(Mode::DangerFullAccess) => {
            ensure!(
                arguments.writable.is_empty() && arguments.deny.is_empty(),
                "--writable and --deny have no meaning with --sandbox danger-full-access"
            );
            return Ok(None);
        }
        Some(Mode::ReadOnly) => false,
        Some(Mode::WorkspaceWrite) => true,
    };
    let directory = directory.context(
        "the server does not tell where it works, so --sandbox needs -C with an absolute path",
    )?;
    let mut entries = vec![special(SpecialPath::Root, SandboxAccess::Read)];
    if writes {
        entries.extend(workspace());
    }
    for path in writable(arguments, directory)? {
        entries.push(rule(at(&path), SandboxAccess::Write));
    }
    for path in &arguments.deny {
        let path = paths::absolute(Some(directory), path)?;
        entries.push(rule(denied(&path)?, SandboxAccess::Deny));
    }
    let directory = PathUri::from_path(directory);
    Ok(Some(SandboxContext {
        permissions: Permissions::Managed {
            file_system: FileSystemPolicy::Restricted {
                entries,
                glob_scan_max_depth: None,
            },
            network: if arguments.net {
                NetworkPolicy::Enabled
            } else {
                NetworkPolicy::Restricted
            },
        },
        cwd: Some(directory.clone()),
        policy_context: None,
        workspace_roots: vec![directory],
        user_home_dir: None,
        temporary_directories: None,
        windows_sandbox_level: WindowsSandboxLevel::Disabled,
        windows_sandbox_proxy_settings_mode: None,
        use_legacy_landlock: false,
        sandbox_override: None,
    }))
}

/// The paths of `--writable`, absolute.
pub(crate) fn writable(arguments: &Sandbox, directory: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let paths = arguments.writable.iter();
    paths
        .map(|path| paths::absolute(Some(directory), path))
        .collect()
}

/// The limits; nothing where there are none.
pub(crate) fn limits(arguments: &Sandbox) -> anyhow::Result<Option<Limits>> {
    let mut limits = Limits::default();
    for limit in &arguments.limits {
        let member = match limit.what {
            Bounded::Memory => &mut limits.memory_bytes,
            Bounded::Cpu => &mut limits.cpu_seconds,
            Bounded::Pids => &mut limits.pids,
            Bounded::Files => &mut limits.open_files,
            Bounded::FileSize => &mut limits.file_size_bytes,
        };
        if member.replace(limit.value).is_some() {
            bail!("--limit {} is given twice", limit.what.name());
        }
    }
    Ok((limits != Limits::default()).then_some(limits))
}

/// What may be changed of a workspace.
fn workspace() -> impl Iterator<Item = SandboxEntry> {
    let below = |subpath: Option<&str>| SpecialPath::ProjectRoots {
        subpath: subpath.map(str::to_owned),
    };
    let writable = [below(None), SpecialPath::SlashTmp, SpecialPath::Tmpdir];
    let writable = writable.map(|place| special(place, SandboxAccess::Write));
    let metadata = METADATA.map(|name| SandboxEntry {
        missing_path_behavior: Some(MissingPathBehavior::Skip),
        ..special(below(Some(name)), SandboxAccess::Read)
    });
    writable.into_iter().chain(metadata)
}

/// A path or, with the signs of one, a pattern.
fn denied(path: &Path) -> anyhow::Result<SandboxPath> {
    let bytes = path.as_os_str().as_encoded_bytes();
    if !bytes.iter().any(|byte| b"*?[".contains(byte)) {
        return Ok(at(path));
    }
    let pattern = path.to_str().with_context(|| {
        let path = path.display();
        format!("the pattern {path} of --deny is not text")
    })?;
    Ok(SandboxPath::GlobPattern {
        pattern: pattern.to_owned(),
    })
}

fn at(path: &Path) -> SandboxPath {
    SandboxPath::Path {
        path: PathUri::from_path(path),
    }
}

fn special(value: SpecialPath, access: SandboxAccess) -> SandboxEntry {
    rule(SandboxPath::Special { value }, access)
}

fn rule(path: SandboxPath, access: SandboxAccess) -> SandboxEntry {
    SandboxEntry {
        path,
        access,
        missing_path_behavior: None,
    }
}

#[cfg(test)]
mod tests;
