//! What all processes of a server share: the keeper, the budget for output, the limits, the tasks.

use std::{
    collections::BTreeMap,
    env,
    ffi::{OsStr, OsString},
    fs,
    os::unix::ffi::OsStringExt as _,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    budget::Budget,
    env::{self as variables, EnvError, Surroundings},
    keeper::{Keeper, Spawned},
    limits::ProcessLimits,
    spec::{Spec, Stdio},
    start::{self, StartError},
};

/// The shell of a user who has none.
const PLAIN_SHELL: &str = "/bin/sh";

/// What all processes of a server share. A cheap clone.
///
/// The environment processes may inherit is the server's own at the time of [`ProcessHost::new`].
#[derive(Clone)]
pub struct ProcessHost {
    inner: Arc<Inner>,
    surroundings: Arc<Surroundings>,
}

struct Inner {
    keeper: Keeper,
    limits: ProcessLimits,
    budget: Budget,
    tasks: TaskTracker,
    stop: CancellationToken,
    numbers: AtomicU64,
}

impl ProcessHost {
    /// A host whose processes are started by `keeper`.
    #[must_use]
    pub fn new(keeper: Keeper, limits: ProcessLimits) -> Self {
        let inherited: BTreeMap<OsString, OsString> = env::vars_os().collect();
        let shell = login_shell(&inherited);
        let (path_dirs, secrets) = (Vec::new(), Vec::new());
        let inner = Inner {
            keeper,
            budget: Budget::new(limits.retain_total),
            limits,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            numbers: AtomicU64::new(0),
        };
        Self {
            inner: Arc::new(inner),
            surroundings: Arc::new(Surroundings {
                inherited,
                path_dirs,
                shell,
                secrets,
            }),
        }
    }

    /// Puts folders before every inherited `PATH`.
    #[must_use]
    pub fn with_path_dirs(mut self, dirs: impl IntoIterator<Item = PathBuf>) -> Self {
        let dirs = dirs.into_iter().map(PathBuf::into_os_string).collect();
        Arc::make_mut(&mut self.surroundings).path_dirs = dirs;
        self
    }

    /// Names variables that hold secrets of the embedder: no process ever gets them, whoever
    /// asks for it.
    #[must_use]
    pub fn with_secrets(mut self, names: impl IntoIterator<Item = OsString>) -> Self {
        Arc::make_mut(&mut self.surroundings).secrets = names.into_iter().collect();
        self
    }

    /// Starts a process that is the caller's alone: it has no id and no log, the caller reads and
    /// writes its streams, and its tree ends when the caller drops it. Its time is not limited.
    ///
    /// # Errors
    /// See [`StartError`]; in every case nothing runs.
    pub async fn spawn(&self, spec: &Spec) -> Result<Spawned, StartError> {
        spec.check()?;
        let request = start::request(self, spec)?;
        Ok(self.keeper().spawn(request).await?)
    }

    /// Ends every process and the keeper, and waits until nothing is left of them. Processes
    /// started later are refused by the keeper.
    pub async fn shutdown(&self) {
        self.inner.keeper.shutdown().await;
        self.inner.stop.cancel();
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
    }

    /// The limits in force.
    #[must_use]
    pub fn limits(&self) -> &ProcessLimits {
        &self.inner.limits
    }

    /// The environment that a process of this specification gets.
    ///
    /// # Errors
    /// When a name or a value cannot be given to a process.
    pub fn environment(&self, spec: &Spec) -> Result<Vec<(OsString, OsString)>, EnvError> {
        let terminal = matches!(spec.stdio, Stdio::Terminal { .. });
        let policy = spec.env_policy.as_ref();
        variables::build(&self.surroundings, policy, &spec.env, terminal)
    }

    pub(super) fn keeper(&self) -> &Keeper {
        &self.inner.keeper
    }

    pub(super) fn budget(&self) -> &Budget {
        &self.inner.budget
    }

    /// The tasks of all processes; waited for by [`ProcessHost::shutdown`].
    pub(super) fn tasks(&self) -> &TaskTracker {
        &self.inner.tasks
    }

    /// A token that is cancelled with the host.
    pub(super) fn stop_token(&self) -> CancellationToken {
        self.inner.stop.child_token()
    }

    /// A number no other process of this host has.
    pub(super) fn next_number(&self) -> u64 {
        self.inner.numbers.fetch_add(1, Ordering::Relaxed)
    }
}

impl std::fmt::Debug for ProcessHost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProcessHost")
            .field("limits", &self.inner.limits)
            .finish_non_exhaustive()
    }
}

/// The shell named by the environment, else by the user database, else the plain one.
fn login_shell(inherited: &BTreeMap<OsString, OsString>) -> OsString {
    if let Some(shell) = inherited
        .get(OsStr::new("SHELL"))
        .filter(|shell| !shell.is_empty())
    {
        return shell.clone();
    }
    let users = fs::read("/etc/passwd").unwrap_or_default();
    let uid = rustix::process::getuid().as_raw().to_string();
    shell_of(&users, &uid).unwrap_or_else(|| PLAIN_SHELL.into())
}

/// The shell a user database names for a user id.
fn shell_of(users: &[u8], uid: &str) -> Option<OsString> {
    users
        .split(|&byte| byte == b'\n')
        .find_map(|line| {
            let mut fields = line.split(|&byte| byte == b':');
            (fields.nth(2)? == uid.as_bytes()).then(|| fields.nth(3).map(<[u8]>::to_vec))?
        })
        .filter(|shell| !shell.is_empty())
        .map(OsString::from_vec)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_shell_is_the_last_field_of_its_line() {
        let users = b"root:x:0:0:root:/root:/bin/bash\nbad line\nu:x:7:7:::/bin/zsh\nv:x:8:8:::\n";
        assert_eq!(shell_of(users, "7"), Some("/bin/zsh".into()));
        assert_eq!(shell_of(users, "8"), None);
        assert_eq!(shell_of(users, "9"), None);
    }

    #[test]
    fn the_environment_names_the_shell_first() {
        let inherited = [("SHELL".into(), "/bin/fish".into())].into();
        assert_eq!(login_shell(&inherited), "/bin/fish");
    }
}
