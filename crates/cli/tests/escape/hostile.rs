//! The hostile program: one attack, one verdict.
//!
//! `hostile ATTACK key=value…` tries every way of one attack, says of each what came of it, and
//! ends with a line that begins `blocked` or `ESCAPED`. It knows nothing of the sandbox; what it
//! aims at is in its arguments (see [`Scene`]).

mod calls;
mod devices;
mod files;
mod first;
mod kernel;
mod links;
mod metadata;
mod mounts;
mod namespaces;
mod privileges;
mod processes;
mod races;
mod sockets;
pub(crate) mod sys;
mod table;
mod terminal;

use std::{
    fmt::Display,
    io::Write as _,
    path::{Path, PathBuf},
    time::Duration,
};

use self::sys::Errno;

pub(crate) use self::table::{ATTACKS, Attack, Control, UnderNetwork};
pub(crate) use self::{metadata::NAMES as METADATA, processes::Segment, races::exchange};

/// What an attack aims at.
#[derive(Debug, Default)]
pub(crate) struct Scene {
    /// The workspace, which is the working directory.
    pub(crate) work: PathBuf,
    /// A folder outside of it, open to everybody as far as its mode goes.
    pub(crate) outside: PathBuf,
    /// A file outside that the policy does not even let be read, where it says so.
    pub(crate) secret: PathBuf,
    /// The folder of this program, and of its setuid copy.
    pub(crate) tools: PathBuf,
    /// A process of the same user outside.
    pub(crate) victim: i32,
    /// The server.
    pub(crate) server: i32,
    /// The ports of listeners on the host's loopback.
    pub(crate) tcp: u16,
    /// The same for datagrams.
    pub(crate) udp: u16,
    /// The name of an abstract socket that listens.
    pub(crate) name: String,
    /// The key of a segment of shared memory.
    pub(crate) key: i32,
    /// How long a race lasts.
    pub(crate) seconds: u64,
    /// Whether mounts are to be made in a mount namespace of its own: without a sandbox only.
    pub(crate) own_mounts: bool,
}

/// What came of the ways of an attack.
#[derive(Debug, Default)]
pub(crate) struct Report {
    tried: usize,
    escaped: Vec<String>,
}

/// Runs the attack that the words name; answers the exit code: 0 blocked, 1 escaped, 2 misused.
pub(super) fn main(mut words: impl Iterator<Item = String>) -> i32 {
    let name = words.next().unwrap_or_default();
    let scene = Scene::of(words);
    if name == "swap" {
        return races::swap(&scene);
    }
    let Some(attack) = ATTACKS.iter().find(|attack| attack.name == name) else {
        say(&format_args!("no such attack: {name}"));
        return 2;
    };
    if scene.own_mounts
        && let Err(error) = mounts::private()
    {
        say(&format_args!("no mount namespace: {error}"));
        return 2;
    }
    let mut report = Report::default();
    (attack.run)(&scene, &mut report);
    report.verdict()
}

/// The version of Landlock, or why there is none.
pub(crate) fn landlock() -> String {
    sys::call!(SYS_landlock_create_ruleset, 0, 0, 1)
        .map_or_else(|error| error.to_string(), |version| version.to_string())
}

fn say(line: &dyn Display) {
    // Nobody listens any more when this fails; the verdict is missed then.
    let _unheard = writeln!(std::io::stdout(), "{line}").is_err();
}

// === impl Scene ===

impl Scene {
    fn of(words: impl Iterator<Item = String>) -> Self {
        let mut scene = Self::default();
        for word in words {
            let (key, value) = word.split_once('=').unwrap_or((&word, ""));
            let number = || value.parse::<i64>().unwrap_or_default();
            let small = || i32::try_from(number()).unwrap_or_default();
            match key {
                "work" => scene.work = value.into(),
                "outside" => scene.outside = value.into(),
                "secret" => scene.secret = value.into(),
                "tools" => scene.tools = value.into(),
                "victim" => scene.victim = small(),
                "server" => scene.server = small(),
                "tcp" => scene.tcp = u16::try_from(number()).unwrap_or_default(),
                "udp" => scene.udp = u16::try_from(number()).unwrap_or_default(),
                "name" => value.clone_into(&mut scene.name),
                "key" => scene.key = small(),
                "seconds" => scene.seconds = u64::try_from(number()).unwrap_or_default(),
                "own_mounts" => scene.own_mounts = true,
                _ => {}
            }
        }
        scene
    }

    /// A file outside.
    pub(crate) fn out(&self, name: &str) -> PathBuf {
        self.outside.join(name)
    }

    /// A file in the workspace.
    pub(crate) fn own(&self, name: &str) -> PathBuf {
        self.work.join(name)
    }

    /// How long a race lasts.
    pub(crate) fn time(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

// === impl Report ===

impl Report {
    /// A way that is an escape when it succeeds.
    pub(crate) fn way<T, E: Into<Errno>>(&mut self, what: impl Display, outcome: Result<T, E>) {
        match outcome {
            Ok(_) => self.judge(what, true, "it was done"),
            Err(error) => self.judge(what, false, error.into()),
        }
    }

    /// A way that asks for something impossible on purpose: an escape unless it is refused before
    /// the kernel looks at what was asked.
    pub(crate) fn gate(&mut self, what: impl Display, outcome: Result<usize, Errno>) {
        match outcome {
            Err(error) if error.is_refusal() => self.judge(what, false, error),
            Err(error) => self.judge(what, true, format_args!("not refused, but {error}")),
            Ok(_) => self.judge(what, true, "it was done"),
        }
    }

    /// A way, and what was found to have come of it.
    pub(crate) fn judge(&mut self, what: impl Display, escaped: bool, found: impl Display) {
        self.tried += 1;
        let word = if escaped { "ESCAPED" } else { "blocked" };
        say(&format_args!("  {word}: {what}: {found}"));
        if escaped {
            self.escaped.push(format!("{what}: {found}"));
        }
    }

    /// Something worth reading that is no verdict.
    pub(crate) fn note(&self, what: impl Display) {
        say(&format_args!("  note: {what}"));
    }

    fn verdict(&self) -> i32 {
        if self.tried == 0 {
            say(&"nothing was tried");
            return 2;
        }
        if self.escaped.is_empty() {
            say(&format_args!("blocked {} ways", self.tried));
            return 0;
        }
        say(&format_args!("ESCAPED {}", self.escaped.join("; ")));
        1
    }
}

/// Opens for writing and says whether that went; nothing is written.
pub(crate) fn open_to_write(path: &Path) -> Result<usize, Errno> {
    sys::call!(
        SYS_openat,
        libc::AT_FDCWD,
        path,
        libc::O_WRONLY | libc::O_NONBLOCK | libc::O_CLOEXEC
    )
}
