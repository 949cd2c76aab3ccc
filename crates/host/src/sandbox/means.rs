//! What this computer can enforce, and what stands in the way.
//!
//! [`Means::probe`] looks and tries; it blocks for some milliseconds, and for a few seconds at most
//! where a program hangs. Whoever needs it more than once keeps the answer: nothing in it changes
//! but by an administrator's hand. Everything else here is pure.

mod groups;
mod launcher;
mod reasons;
mod trial;

use std::{
    fmt,
    path::{Path, PathBuf},
};

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetError,
    Scope,
};

pub use self::{
    groups::{Groups, Hierarchy},
    launcher::{Launcher, Version},
};

/// The variable that names the bubblewrap to use. With it, no other is looked for.
pub const LAUNCHER_VARIABLE: &str = "OUTPOST_BWRAP";

/// The Landlock that is needed beneath namespaces: the first one that can tell a name that comes
/// into being from one that is moved there, and so guard the one and permit the other.
const LANDLOCK_BENEATH: u8 = 2;

/// The Landlock that is needed where there are no namespaces: the first one that keeps a command
/// from cutting files short, from the abstract sockets of others, and from signalling them.
const LANDLOCK_ALONE: u8 = 6;

/// Where the kernel tells which answers a system call filter may give.
const SECCOMP_ACTIONS: &str = "/proc/sys/kernel/seccomp/actions_avail";

/// Where Yama tells who may look into whom.
const PTRACE_SCOPE: &str = "/proc/sys/kernel/yama/ptrace_scope";

/// From this scope of Yama on only who has a capability, which nobody behind walls has, may read
/// the memory of a process, also of its own descendants.
const PTRACE_CAPABLE: u8 = 2;

/// What this computer can enforce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Means {
    /// The bubblewrap that raises namespaces and mounts, whether or not it may.
    pub launcher: Result<Launcher, Reason>,
    /// Whether it may: it has raised the namespaces of a sandbox with a `/proc` of their own.
    pub namespaces: Result<(), Reason>,
    /// The version of Landlock, as far as it matters here: 0 is none, and it is not looked for
    /// more than 6.
    pub landlock: u8,
    /// Whether system calls can be refused, and others be asked about them.
    pub seccomp: Result<(), Reason>,
    /// Whether who is asked can see what a call is about. Without that every wall stands, and what
    /// only somebody else can do for a command, making a file beside protected names, fails.
    pub insight: Result<(), Reason>,
    /// What can be bounded for a whole tree of processes.
    pub groups: Groups,
}

/// What keeps this computer from enforcing something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What is missing or forbidden, as a sentence without its full stop.
    pub text: String,
    /// What to do about it, as one or more sentences without the last full stop.
    pub remedy: String,
}

/// Which policies can be enforced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Every one.
    Full,
    /// Those that let everything be read, nothing be written, and no network be reached.
    ReadOnlyOnly {
        /// Why not every one.
        why: Reason,
    },
    /// None.
    None {
        /// Why not.
        why: Reason,
    },
}

// === impl Means ===

impl Means {
    /// Looks what there is and tries it. Blocks. `launcher` is the bubblewrap to use; without it
    /// [`LAUNCHER_VARIABLE`] says, and without that it is looked for in `PATH` and where systems
    /// keep it.
    #[must_use]
    pub fn probe(launcher: Option<&Path>) -> Self {
        let named = launcher
            .map(Path::to_path_buf)
            .or_else(|| std::env::var_os(LAUNCHER_VARIABLE).map(PathBuf::from));
        let launcher = match &named {
            Some(path) => launcher::at(path),
            None => launcher::find(std::env::var_os("PATH").as_deref()),
        };
        let namespaces = match &launcher {
            Ok(launcher) => launcher::raise(launcher),
            Err(reason) => Err(reason.clone()),
        };
        Self {
            launcher,
            namespaces,
            landlock: landlock(),
            seccomp: seccomp(setting(SECCOMP_ACTIONS).as_deref()),
            insight: insight(setting(PTRACE_SCOPE).as_deref()),
            groups: Groups::look(),
        }
    }

    /// Which policies can be enforced.
    #[must_use]
    pub fn walls(&self) -> Kind {
        let why = match (&self.seccomp, &self.namespaces) {
            (Err(why), _) => return Kind::None { why: why.clone() },
            (Ok(()), Ok(())) if self.landlock >= LANDLOCK_BENEATH => return Kind::Full,
            (Ok(()), Ok(())) => {
                return Kind::None {
                    why: reasons::landlock(self.landlock, LANDLOCK_BENEATH),
                };
            }
            (Ok(()), Err(why)) => why.clone(),
        };
        if self.landlock >= LANDLOCK_ALONE {
            Kind::ReadOnlyOnly { why }
        } else {
            Kind::None { why }
        }
    }

    /// Everything that stands in the way of enforcing every policy and of what they permit; empty
    /// where nothing does.
    #[must_use]
    pub fn missing(&self) -> Vec<Reason> {
        let namespaces = self.namespaces.as_ref().err();
        let seccomp = self.seccomp.as_ref().err();
        let enough = self.landlock >= LANDLOCK_BENEATH;
        let landlock = (!enough).then(|| reasons::landlock(self.landlock, LANDLOCK_BENEATH));
        let given = namespaces.into_iter().chain(seccomp).cloned();
        let insight = self.insight.as_ref().err().cloned();
        given.chain(landlock).chain(insight).collect()
    }
}

// === impl Reason ===

impl Reason {
    fn new(text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            remedy: remedy.into(),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}. {}", self.text, self.remedy)
    }
}

/// The highest version of Landlock up to [`LANDLOCK_ALONE`] of which a rule set can be made.
/// Making one changes nothing.
fn landlock() -> u8 {
    let works = |version: u8| -> Result<(), RulesetError> {
        let abi = ABI::from(i32::from(version));
        let mut rules = Ruleset::default()
            .set_compatibility(CompatLevel::HardRequirement)
            .handle_access(AccessFs::from_all(abi))?;
        if version >= 4 {
            rules = rules.handle_access(AccessNet::from_all(abi))?;
        }
        if version >= 6 {
            rules = rules.scope(Scope::from_all(abi))?;
        }
        rules.create().map(drop)
    };
    (1..=LANDLOCK_ALONE)
        .rev()
        .find(|version| works(*version).is_ok())
        .unwrap_or(0)
}

/// Judges what the kernel says of the answers it knows, if it says something.
fn seccomp(actions: Option<&str>) -> Result<(), Reason> {
    let Some(actions) = actions else {
        return Err(reasons::no_seccomp());
    };
    let knows = |action: &str| actions.split_whitespace().any(|known| known == action);
    if knows("errno") && knows("user_notif") {
        Ok(())
    } else {
        Err(reasons::old_seccomp())
    }
}

/// Judges the scope that Yama has, where there is Yama.
fn insight(scope: Option<&str>) -> Result<(), Reason> {
    let scope = scope.and_then(|text| text.trim().parse().ok());
    match scope.unwrap_or(0) {
        scope if scope >= PTRACE_CAPABLE => Err(reasons::no_insight(scope)),
        _ => Ok(()),
    }
}

fn setting(path: &str) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

#[cfg(test)]
mod tests;
