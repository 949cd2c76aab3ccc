//! Shell, folders and names of this computer: gathered as [`Facts`], read as a [`Description`].

use std::{
    ffi::OsString,
    fmt::Write as _,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use super::{Account, Shell, home, passwd, shell, text_file};

/// What clients are told about this computer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// The shell to write commands for.
    pub shell: Shell,
    /// The folder this process runs in; `None` when it was deleted.
    pub cwd: Option<PathBuf>,
    /// The user's home folder, for `~` in paths.
    pub user_home: Option<PathBuf>,
    /// The home folder of this program.
    pub home: PathBuf,
    /// The operating system, as Rust names it: `linux`.
    pub platform_os: &'static str,
    /// The network name of this computer.
    pub hostname: Option<String>,
    /// Where temporary files go.
    pub temp_dir: PathBuf,
    /// The folders a user's environment names for temporary files: none or one.
    pub temporary_directories: Vec<PathBuf>,
    /// Folders that commands find before those of `PATH`.
    pub prepend_path_dirs: Vec<PathBuf>,
    /// `sha256:` and 64 digits: the same for every server of one user on one computer, and
    /// nothing that tells who or where that is.
    pub provider_id: String,
}

/// What [`Description::new`] decides from.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The variables `HOME`, `OUTPOST_HOME`, `CODEX_HOME`, `TMPDIR`, `SHELL` and `PATH`.
    pub variables: Vec<(&'static str, OsString)>,
    /// The folder this process runs in.
    pub cwd: Option<PathBuf>,
    /// The user.
    pub uid: u32,
    /// The user's entry in the account database.
    pub account: Option<Account>,
    /// The network name.
    pub hostname: Option<String>,
    /// What the operating system tells computers apart by.
    pub machine_id: Option<String>,
}

const VARIABLES: [&str; 6] = [
    "HOME",
    "OUTPOST_HOME",
    "CODEX_HOME",
    "TMPDIR",
    "SHELL",
    "PATH",
];

/// The largest account database read: far more than one computer's own accounts.
const PASSWD_LIMIT: usize = 4 << 20;

/// A machine id has 32 digits.
const MACHINE_ID_LIMIT: usize = 4096;

impl Facts {
    /// The facts of the running process.
    pub fn of_this_process() -> Self {
        let uid = rustix::process::getuid().as_raw();
        let read = |path: &str, limit| text_file::read(Path::new(path), limit).ok().flatten();
        Self {
            variables: VARIABLES
                .into_iter()
                .filter_map(|name| Some((name, std::env::var_os(name)?)))
                .collect(),
            cwd: std::env::current_dir().ok(),
            uid,
            account: read("/etc/passwd", PASSWD_LIMIT)
                .and_then(|passwd| passwd::account(&passwd, uid)),
            hostname: rustix::system::uname()
                .nodename()
                .to_str()
                .ok()
                .filter(|name| !name.is_empty())
                .map(str::to_owned),
            machine_id: read("/etc/machine-id", MACHINE_ID_LIMIT),
        }
    }

    /// A variable that is set to something.
    fn variable(&self, wanted: &str) -> Option<&OsString> {
        let (_, value) = self.variables.iter().find(|(name, _)| *name == wanted)?;
        Some(value).filter(|value| !value.is_empty())
    }

    /// `HOME`, or the account's home; nothing when `HOME` is relative, which leads anywhere.
    fn user_home(&self) -> Option<PathBuf> {
        let home = match self.variable("HOME") {
            Some(home) => PathBuf::from(home),
            None => self.account.as_ref()?.home.clone(),
        };
        Some(home).filter(|home| home.is_absolute())
    }
}

impl Description {
    /// Decides from `facts`; of the file system it asks only which shells are there.
    pub fn new(facts: &Facts, prepend_path_dirs: Vec<PathBuf>) -> Self {
        let root = Path::new("/");
        let cwd = facts.cwd.as_deref().unwrap_or(root);
        let user_home = facts.user_home();
        let temporary = facts.variable("TMPDIR").map(|path| cwd.join(path));
        let login = match &facts.account {
            Some(account) => Some(account.shell.as_path()),
            None => facts.variable("SHELL").map(Path::new),
        };
        Self {
            shell: shell::choose(login, facts.variable("PATH").map(|p| &**p), &is_executable),
            home: home(
                facts.variable("OUTPOST_HOME").map(|value| &**value),
                facts.variable("CODEX_HOME").map(|value| &**value),
                user_home.as_deref().unwrap_or(root),
                cwd,
            ),
            cwd: facts.cwd.clone(),
            user_home,
            platform_os: std::env::consts::OS,
            hostname: facts.hostname.clone(),
            temp_dir: temporary.clone().unwrap_or_else(|| PathBuf::from("/tmp")),
            temporary_directories: temporary.into_iter().collect(),
            prepend_path_dirs,
            provider_id: provider_id(facts),
        }
    }
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path)
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

fn provider_id(facts: &Facts) -> String {
    let machine = facts.machine_id.as_deref().map(str::trim);
    let mut hash = Sha256::new();
    hash.update("outpost executor\0");
    hash.update(machine.or(facts.hostname.as_deref()).unwrap_or_default());
    hash.update(facts.uid.to_be_bytes());
    hash.finalize()
        .iter()
        .fold("sha256:".to_owned(), |mut id, byte| {
            write!(id, "{byte:02x}").expect("a string takes everything");
            id
        })
}

#[cfg(test)]
mod tests;
