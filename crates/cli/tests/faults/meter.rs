//! What the kernel says about a process.

use std::{
    fs,
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use rustix::process::Pid;

/// How long anything may take that is expected to happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// How often a fact is looked at that nobody announces.
const LOOK: Duration = Duration::from_millis(2);

/// A process, by its number. Nothing here keeps the number from being used again: the caller has
/// not reaped it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Meter(pub(crate) Pid);

// === impl Meter ===

impl Meter {
    fn path(self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{name}", self.0.as_raw_nonzero()))
    }

    /// The rest of the line of its status that begins with `name`.
    fn status(self, name: &str) -> Option<String> {
        let status = fs::read_to_string(self.path("status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.trim_start_matches(':').trim().to_owned())
    }

    fn kilobytes(self, name: &str) -> usize {
        let line = self.status(name).expect("the process lives");
        let number = line.split(' ').next().and_then(|kib| kib.parse().ok());
        number.unwrap_or_else(|| panic!("{name} is no size: {line}"))
    }

    /// The memory it has, in KiB.
    pub(crate) fn resident(self) -> usize {
        self.kilobytes("VmRSS")
    }

    /// The most memory it ever had, in KiB.
    pub(crate) fn peak(self) -> usize {
        self.kilobytes("VmHWM")
    }

    /// How many descriptors it has open.
    pub(crate) fn descriptors(self) -> usize {
        fs::read_dir(self.path("fd")).map_or(0, Iterator::count)
    }

    /// The processor time it has used, in ticks of 10 ms.
    pub(crate) fn ticks(self) -> u64 {
        let stat = fs::read_to_string(self.path("stat")).expect("the process lives");
        let fields = stat.rsplit(')').next().unwrap_or_default();
        let of = |at: usize| fields.split_whitespace().nth(at)?.parse::<u64>().ok();
        of(11).zip(of(12)).map_or(0, |(user, system)| user + system)
    }

    /// How many bytes it has written.
    pub(crate) fn written(self) -> u64 {
        let io = fs::read_to_string(self.path("io")).expect("the process lives and is ours");
        let line = io.lines().find_map(|line| line.strip_prefix("wchar:"));
        line.and_then(|bytes| bytes.trim().parse().ok())
            .expect("a number")
    }

    /// How much rather than others it is killed when memory runs out.
    pub(crate) fn oom_score(self) -> i32 {
        let text = fs::read_to_string(self.path("oom_score_adj")).expect("the process lives");
        text.trim().parse().expect("a number")
    }

    /// The letter of its state: `S` sleeps, `T` is stopped, `Z` is dead and not reaped.
    pub(crate) fn state(self) -> Option<char> {
        self.status("State")?.chars().next()
    }

    /// Its children now.
    pub(crate) fn children(self) -> Vec<Self> {
        let Ok(threads) = fs::read_dir(self.path("task")) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for thread in threads.filter_map(Result::ok) {
            let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            let pids = children
                .split_whitespace()
                .filter_map(|pid| Pid::from_raw(pid.parse().ok()?));
            found.extend(pids.map(Self));
        }
        found
    }

    /// Its descendants now, a parent before its children.
    pub(crate) fn descendants(self) -> Vec<Self> {
        let mut found = self.children();
        let mut at = 0;
        while let Some(next) = found.get(at) {
            found.extend(next.children());
            at += 1;
        }
        found
    }

    /// Its command line, a blank between the words.
    pub(crate) fn command(self) -> String {
        let words = fs::read(self.path("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&words).replace('\0', " ")
    }
}

/// Looks until `is_so`.
///
/// # Panics
/// When it is not so in time.
#[track_caller]
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "not in time: {what}");
        thread::park_timeout(LOOK);
    }
}

/// The middle one.
pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
