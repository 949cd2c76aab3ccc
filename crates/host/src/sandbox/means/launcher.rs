//! The bubblewrap of this computer: where it is, whether it can be trusted, and whether it works.
//!
//! It is executed with the server's rights, so one that anybody else could have put there is
//! refused. One that is looked for has to belong to the system: a command may well be allowed to
//! write to a directory of the user's `PATH`. One that the operator names may also be the user's.

use std::{
    ffi::OsStr,
    fmt, fs,
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::{Path, PathBuf},
};

use rustix::process::geteuid;

use super::{
    Reason,
    reasons::{self, Scene},
    trial,
};

/// What it is called.
const NAME: &str = "bwrap";

/// Where it is looked for after `PATH`.
const USUAL: [&str; 3] = ["/usr/bin", "/bin", "/usr/local/bin"];

/// How many directories of `PATH` are looked into. Each costs some system calls, and longer ones
/// are a mistake.
const DIRECTORIES: usize = 256;

/// The oldest bubblewrap that knows every option that is used here; `--perms` is the youngest.
pub(super) const OLDEST: Version = Version(0, 5, 0);

/// What is asked of it in a trial: the namespaces of a sandbox with everything that can fail, but
/// nothing of the tree changed.
const TRIAL: [&str; 19] = [
    "--as-pid-1",
    "--unshare-user",
    "--unshare-pid",
    "--unshare-ipc",
    "--unshare-net",
    "--ro-bind",
    "/",
    "/",
    "--dev",
    "/dev",
    "--proc",
    "/proc",
    "--perms",
    "0000",
    "--tmpfs",
    "/dev/shm",
    "--cap-drop",
    "ALL",
    "--cap-add",
];

/// A bubblewrap that can be trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launcher {
    /// Where it is: absolute, without a symbolic link in it.
    pub path: PathBuf,
    /// How old it is.
    pub version: Version,
}

/// Major, minor and patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u32, pub u32, pub u32);

/// Whose files are trusted beside the system's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trust {
    System,
    AlsoOurs,
}

/// The one at `path`.
pub(super) fn at(path: &Path) -> Result<Launcher, Reason> {
    if !path.is_absolute() {
        return Err(reasons::relative_launcher(path));
    }
    let found = fs::canonicalize(path).map_err(|error| reasons::no_launcher_at(path, &error))?;
    trust(path, &found, Trust::AlsoOurs)?;
    versioned(found)
}

/// The first good one of `path`, the value of the variable, and of the usual places; else why the
/// first one that is there is not good.
pub(super) fn find(path: Option<&OsStr>) -> Result<Launcher, Reason> {
    find_in(&places(path, &USUAL))
}

fn find_in(places: &[PathBuf]) -> Result<Launcher, Reason> {
    let mut refused = None;
    for place in places {
        let Ok(found) = fs::canonicalize(place) else {
            continue;
        };
        match trust(place, &found, Trust::System).and_then(|()| versioned(found)) {
            Ok(launcher) => return Ok(launcher),
            Err(reason) => {
                refused.get_or_insert(reason);
            }
        }
    }
    Err(refused.unwrap_or_else(reasons::no_launcher))
}

/// Where it may be.
fn places(path: Option<&OsStr>, usual: &[&str]) -> Vec<PathBuf> {
    let given = path.map(OsStr::as_bytes).unwrap_or_default();
    let given = given.split(|byte| *byte == b':').map(OsStr::from_bytes);
    given
        .take(DIRECTORIES)
        .chain(usual.iter().map(OsStr::new))
        .map(Path::new)
        // A relative one means another place from each directory.
        .filter(|directory| directory.is_absolute())
        .map(|directory| directory.join(NAME))
        .collect()
}

/// Whether nobody else could have put it there: neither where it was looked for, nor where that
/// leads to.
fn trust(place: &Path, found: &Path, whose: Trust) -> Result<(), Reason> {
    for path in [place, found] {
        for (above, part) in path.ancestors().enumerate() {
            let refuse = |why: &str| Err(reasons::untrusted_launcher(path, part, why));
            let Ok(metadata) = fs::symlink_metadata(part) else {
                return refuse("cannot be looked at");
            };
            let ours = whose == Trust::AlsoOurs && metadata.uid() == geteuid().as_raw();
            if metadata.uid() != 0 && !ours {
                return refuse("belongs to somebody else");
            }
            // The mode of a link says nothing. In a directory with the sticky bit, others can add
            // names, but not replace that of a directory which is trusted itself.
            let mode = metadata.mode();
            let safe = metadata.is_symlink() || (above > 1 && mode & 0o1000 != 0);
            if mode & 0o002 != 0 && !safe {
                return refuse("can be written by everybody");
            }
            if mode & 0o020 != 0 && metadata.gid() != 0 && !ours && !safe {
                return refuse("can be written by a group");
            }
        }
    }
    Ok(())
}

/// Asks it for its version.
fn versioned(path: PathBuf) -> Result<Launcher, Reason> {
    let outcome = trial::run(&[path.as_os_str(), OsStr::new("--version")])
        .map_err(|errno| reasons::no_launcher_at(&path, &errno.into()))?;
    let version = Version::read(&outcome.words);
    let version = version.ok_or_else(|| reasons::no_version(&path, &outcome.words))?;
    if version < OLDEST {
        return Err(reasons::old_launcher(&path, version, OLDEST));
    }
    Ok(Launcher { path, version })
}

/// Raises the namespaces of a sandbox, and has it say its version in there.
pub(super) fn raise(launcher: &Launcher) -> Result<(), Reason> {
    let own = launcher.path.as_os_str();
    let mut argv = vec![own];
    argv.extend(TRIAL.iter().map(OsStr::new));
    argv.extend(["CAP_SETPCAP", "--"].map(OsStr::new));
    argv.extend([own, OsStr::new("--version")]);
    let outcome = trial::run(&argv)
        .map_err(|errno| reasons::no_launcher_at(&launcher.path, &errno.into()))?;
    let said = Version::read(&outcome.words) == Some(launcher.version);
    // Without a status, somebody else reaps our children; then its words are all there is.
    if said && !outcome.late && outcome.status.unwrap_or(0) == 0 {
        return Ok(());
    }
    let setuid = fs::metadata(&launcher.path).is_ok_and(|file| file.mode() & 0o4000 != 0);
    Err(reasons::no_namespaces(&Scene::look(setuid), &outcome))
}

// === impl Version ===

impl Version {
    /// What `--version` says; a missing patch is zero, and what follows the numbers is ignored.
    fn read(words: &str) -> Option<Self> {
        let numbers = words.strip_prefix("bubblewrap ")?;
        let end = numbers.find(|c: char| !c.is_ascii_digit() && c != '.');
        let numbers = &numbers[..end.unwrap_or(numbers.len())];
        let mut numbers = numbers.split('.').map(str::parse);
        let (major, minor) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
        let patch = numbers.next().unwrap_or(Ok(0)).ok()?;
        Some(Self(major, minor, patch))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

#[cfg(test)]
mod tests;
