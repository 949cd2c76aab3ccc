//! Proof that nothing a test started is still alive.
//!
//! A [`Marker`] is an environment variable with a unique value. It is given to
//! the programs of one test and inherited by everything they start, however
//! far that has run: a new session, a second fork and a new parent do not take
//! it away. A process that was started with an environment of its own choosing
//! does lose it.

use std::{
    fs,
    os::fd::OwnedFd,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::program::ended;

/// The variable that carries the marker.
pub const VARIABLE: &str = "OUTPOST_TEST_MARKER";

/// A value that marks the processes of one test.
#[derive(Debug, Clone)]
pub struct Marker(String);

/// A process that carries a marker.
#[derive(Debug)]
pub struct Survivor {
    /// Its process id.
    pub pid: Pid,
    /// Its command line, for a person to read.
    pub command: String,
    pidfd: OwnedFd,
}

// === impl Marker ===

impl Marker {
    /// A marker that no other test has.
    #[expect(clippy::new_without_default, reason = "each marker is another one")]
    pub fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_nanos();
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Self(format!("{}-{now}-{count}", std::process::id()))
    }

    /// The value of [`VARIABLE`].
    pub fn value(&self) -> &str {
        &self.0
    }

    /// Every process that carries the marker now.
    pub fn living(&self) -> Vec<Survivor> {
        let wanted = format!("{VARIABLE}={}", self.0).into_bytes();
        let processes = fs::read_dir("/proc").expect("/proc is mounted");
        processes
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter_map(|pid| Survivor::find(Pid::from_raw(pid)?, &wanted))
            .collect()
    }

    /// Waits until no process carries the marker.
    ///
    /// # Panics
    /// With the list of those that live after `patience`; they are killed first,
    /// so that a failed test leaves nothing behind either.
    pub fn assert_gone(&self, patience: Duration) {
        let deadline = Instant::now() + patience;
        loop {
            let living = self.living();
            if living.is_empty() {
                return;
            }
            if !living
                .iter()
                .all(|survivor| ended(&survivor.pidfd, deadline))
            {
                for survivor in &living {
                    // It may have ended meanwhile, which is as good.
                    if pidfd_send_signal(&survivor.pidfd, Signal::KILL).is_err() {
                        continue;
                    }
                }
                panic!("still alive: {living:#?}");
            }
        }
    }
}

// === impl Survivor ===

impl Survivor {
    /// The process, when its environment holds `wanted`. The pidfd is opened
    /// first, so that it names the process whose environment was read or one
    /// that has ended.
    fn find(pid: Pid, wanted: &[u8]) -> Option<Self> {
        let pidfd = pidfd_open(pid, PidfdFlags::empty()).ok()?;
        let path = format!("/proc/{}", pid.as_raw_nonzero());
        let environment = fs::read(format!("{path}/environ")).ok()?;
        if !environment
            .split(|&byte| byte == 0)
            .any(|variable| variable == wanted)
        {
            return None;
        }
        let command = fs::read(format!("{path}/cmdline")).unwrap_or_default();
        let command = String::from_utf8_lossy(&command).replace('\0', " ");
        Some(Self {
            pid,
            command,
            pidfd,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::{Program, command};

    #[test]
    fn a_grandchild_in_its_own_session_is_found_and_then_gone() {
        let marker = Marker::new();
        let mut parent = Program::start(
            command("/bin/sh")
                .args(["-c", "setsid sleep 600 & read _"])
                .stdin(std::process::Stdio::piped())
                .env("PATH", "/usr/bin:/bin")
                .env(VARIABLE, marker.value()),
        );
        let deadline = Instant::now() + Duration::from_secs(10);
        let sleeper = loop {
            let living = marker.living();
            if let Some(found) = living
                .into_iter()
                .find(|one| one.command.starts_with("sleep"))
            {
                break found;
            }
            assert!(Instant::now() < deadline, "the sleeper never appeared");
        };
        drop(parent.take_stdin());
        parent.wait(Duration::from_secs(10)).unwrap();
        pidfd_send_signal(&sleeper.pidfd, Signal::KILL).unwrap();
        marker.assert_gone(Duration::from_secs(10));
    }

    #[test]
    #[should_panic(expected = "still alive")]
    fn a_survivor_fails_the_test() {
        let marker = Marker::new();
        let _program = Program::start(
            command("/bin/sleep")
                .arg("600")
                .env(VARIABLE, marker.value()),
        );
        marker.assert_gone(Duration::from_millis(50));
    }
}
