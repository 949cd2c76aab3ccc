//! The wall of Landlock around a command's process: which files it may open, make and remove.
//!
//! It stands beneath the mounts, and alone where there are none. It is also what makes the guard
//! of names free of races: a directory from a root that may be changed down to one with guarded
//! names gives no right to make or move anything in it, while every other directory that is there
//! when the command starts has all rights (see [`grants`]). Whatever the wall refuses and the
//! policy permits is done by the supervisor, from its own copy of the path.
//!
//! The ruleset is made by the first process, before the command's is forked from it, and applied
//! by the latter. It holds for whatever that starts, and cannot be taken off.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
    path::{Path, PathBuf},
};

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath,
    Ruleset as Builder, RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetStatus, Scope,
};

use self::grants::Kind;
use crate::sandbox::{policy::Network, seal::Seal};

pub(crate) mod grants;
mod open;
mod sys;
#[cfg(test)]
mod tests;

pub(super) use self::open::{Links, open};
pub(crate) use self::{grants::Grants, sys::abi};

/// The newest interface whose rights are used. What is newer is about path sockets, which the
/// filter of system calls deals with.
const NEWEST: ABI = ABI::V8;

/// From here on moving between directories is a right of its own, instead of refused.
const REFER: u32 = 2;

/// From here on signals and abstract sockets can be kept within the sandbox.
const SCOPES: u32 = 6;

/// Devices that every program may use; they keep nothing and reveal nothing.
const DEVICES: [&str; 6] = [
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/tty",
];

/// Where terminals are made. Only in a sandbox of its own mounts: elsewhere these are also the
/// terminals of others.
const TERMINALS: [&str; 3] = ["/dev/ptmx", "/dev/pts", "/dev/console"];

/// Where programs share memory by name. A sandbox has its own, unless the policy says something
/// of it.
const SHARED_MEMORY: &str = "/dev/shm";

/// The program that runs now.
const OURSELVES: &str = "/proc/self/exe";

/// The wall, ready to be raised.
#[derive(Debug)]
pub(crate) struct Ruleset {
    /// `None` where the kernel has no Landlock and the seal can do without.
    created: Option<RulesetCreated>,
    grants: Grants,
}

// === impl Ruleset ===

impl Ruleset {
    /// Makes what `seal` demands. `terminal` is the command's own, if it has one: it can come from
    /// a mount that the sandbox does not have.
    ///
    /// # Errors
    ///
    /// When this kernel cannot keep what the seal rests on Landlock for, or a rule cannot be made.
    /// What a rule is about may be missing; then there is no rule.
    pub(crate) fn prepare(seal: &Seal, terminal: Option<BorrowedFd<'_>>) -> io::Result<Self> {
        let abi = abi();
        suffices(seal, abi)?;
        if abi == 0 {
            return Ok(Self {
                created: None,
                grants: Grants::default(),
            });
        }
        let mut created = builder(seal)?.create().map_err(io::Error::other)?;
        let read = AccessFs::from_read(NEWEST);
        for path in &seal.read {
            allow_path(&mut created, path, read)?;
        }
        let mut grants = Grants::default();
        // Alone, a command changes nothing but devices, and among those no terminals of others.
        if seal.namespaces {
            grants::survey(seal, &mut |fd, granted, kind| {
                allow(&mut created, fd, rights(kind))?;
                grants.add(granted, kind);
                Ok(())
            })?;
            let said = |path: &PathBuf| path.starts_with(SHARED_MEMORY);
            if !seal.write.iter().any(said) {
                allow_path(&mut created, SHARED_MEMORY, rights(Kind::Full))?;
            }
        }
        let program = AccessFs::ReadFile | AccessFs::Execute;
        allow_path(&mut created, OURSELVES, program)?;
        let terminals = if seal.namespaces { &TERMINALS[..] } else { &[] };
        for path in DEVICES.iter().chain(terminals) {
            allow_path(&mut created, path, device())?;
        }
        if let Some(terminal) = terminal {
            allow(&mut created, terminal, device())?;
        }
        let created = Some(created);
        Ok(Self { created, grants })
    }

    /// Where the command may make and move without anybody's help, and where not.
    pub(crate) fn grants(&self) -> &Grants {
        &self.grants
    }

    /// Raises the wall around the calling thread and whatever it starts, for good. Sets
    /// `no_new_privs`.
    ///
    /// # Errors
    ///
    /// When the kernel does not enforce it. Then nothing may be run.
    pub(crate) fn restrict(&self) -> io::Result<()> {
        let Some(created) = &self.created else {
            return Ok(());
        };
        let status = created
            .try_clone()?
            .restrict_self()
            .map_err(io::Error::other)?;
        match status.ruleset {
            RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced => Ok(()),
            RulesetStatus::NotEnforced => Err(io::Error::other("landlock is not enforced")),
        }
    }
}

/// Whether Landlock of this version keeps what `seal` rests on it for.
fn suffices(seal: &Seal, abi: u32) -> io::Result<()> {
    let needed = if !seal.namespaces {
        SCOPES
    } else if seal.guarded.is_empty() {
        0
    } else {
        REFER
    };
    if abi >= needed {
        return Ok(());
    }
    let have = if abi == 0 {
        "none".to_owned()
    } else {
        abi.to_string()
    };
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        format!("landlock of version {needed} is needed, this kernel has {have}"),
    ))
}

/// Everything the seal wants kept, as far as this kernel can; [`suffices`] was asked before.
fn builder(seal: &Seal) -> io::Result<Builder> {
    let mut builder = Builder::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST))
        .and_then(|builder| builder.scope(Scope::AbstractUnixSocket | Scope::Signal))
        .map_err(io::Error::other)?;
    if seal.network == Network::Restricted {
        builder = builder
            .handle_access(AccessNet::BindTcp | AccessNet::ConnectTcp)
            .map_err(io::Error::other)?;
    }
    Ok(builder)
}

/// What a directory that may be changed gives. Nowhere are devices made.
fn rights(kind: Kind) -> BitFlags<AccessFs> {
    let all = AccessFs::from_all(NEWEST) & !(AccessFs::MakeChar | AccessFs::MakeBlock);
    match kind {
        Kind::Full => all,
        Kind::Partial => {
            let make = AccessFs::MakeDir
                | AccessFs::MakeReg
                | AccessFs::MakeSock
                | AccessFs::MakeFifo
                | AccessFs::MakeSym;
            all & !(make | AccessFs::Refer)
        }
    }
}

fn device() -> BitFlags<AccessFs> {
    AccessFs::ReadFile
        | AccessFs::ReadDir
        | AccessFs::WriteFile
        | AccessFs::Truncate
        | AccessFs::IoctlDev
}

fn allow_path(
    created: &mut RulesetCreated,
    path: impl AsRef<Path>,
    access: BitFlags<AccessFs>,
) -> io::Result<()> {
    match open(path.as_ref(), Links::Follow)? {
        Some(fd) => allow(created, fd.as_fd(), access),
        None => Ok(()),
    }
}

fn allow(
    created: &mut RulesetCreated,
    fd: BorrowedFd<'_>,
    access: BitFlags<AccessFs>,
) -> io::Result<()> {
    created
        .add_rule(PathBeneath::new(fd, access))
        .map_err(io::Error::other)?;
    Ok(())
}
