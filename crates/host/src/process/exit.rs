//! Pure: how a process ended: from the kernel's wait status, and from what we asked for, to one
//! exit code and its reason.
//!
//! The code is the same for pipes and terminals: the program's own, or 128 + the signal.

use super::keeper::RawExit;
use crate::keeper::{Exceeded, wire::Verdict};

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit {
    /// The program's exit code, or 128 + the number of the signal that ended it.
    pub code: i32,
    /// Why it ended.
    pub reason: ExitReason,
    /// Something was refused by its sandbox while it ran.
    pub denied: bool,
    /// The bound that it exceeded.
    pub exceeded: Option<Exceeded>,
}

/// Why a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitReason {
    /// It returned by itself.
    Exited,
    /// A signal ended it that was not part of ending the process from here.
    Signaled {
        /// The signal's number.
        number: i32,
        /// The signal's name, such as `SIGSEGV`.
        name: &'static str,
    },
    /// It ran longer than its time limit.
    TimedOut,
    /// It was told to end, by a caller or by the server's stop.
    Terminated,
    /// Its session was gone for longer than sessions are kept.
    Expired,
    /// The keeper died, and with it the knowledge of how the process ended. The code is 137,
    /// because whatever was left of the process has been killed.
    KeeperLost,
}

/// The exit code of a process that was killed.
const KILLED: i32 = 128 + libc::SIGKILL;

/// What was asked of a process that is to end, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ending {
    /// The reason its exit will carry.
    pub(super) reason: ExitReason,
    /// Whether it was asked politely first, so that a plain exit is an answer to us.
    pub(super) asked: bool,
}

impl Exit {
    /// The exit a raw status means, given what had been asked of the process by then.
    ///
    /// A process that returned by itself just before our KILL reached it has exited, not been
    /// terminated; one that returned after our TERM was terminated and keeps its own code.
    pub(super) fn new(raw: RawExit, ending: Option<Ending>) -> Self {
        let RawExit::Status(status, Verdict { denied, exceeded }) = raw else {
            return Self {
                code: KILLED,
                reason: ExitReason::KeeperLost,
                denied: false,
                exceeded: None,
            };
        };
        if !libc::WIFSIGNALED(status) {
            let reason = match ending {
                Some(Ending {
                    reason,
                    asked: true,
                }) => reason,
                _ => ExitReason::Exited,
            };
            return Self {
                code: libc::WEXITSTATUS(status),
                reason,
                denied,
                exceeded,
            };
        }
        let number = libc::WTERMSIG(status);
        let reason = match ending {
            Some(ending) if number == libc::SIGKILL => ending.reason,
            Some(Ending {
                reason,
                asked: true,
            }) if number == libc::SIGTERM => reason,
            _ => ExitReason::Signaled {
                number,
                name: signal_name(number),
            },
        };
        Self {
            code: 128 + number,
            reason,
            denied,
            exceeded,
        }
    }
}

/// The name of a signal; real-time signals share one, their number tells them apart.
fn signal_name(number: i32) -> &'static str {
    match number {
        libc::SIGHUP => "SIGHUP",
        libc::SIGINT => "SIGINT",
        libc::SIGQUIT => "SIGQUIT",
        libc::SIGILL => "SIGILL",
        libc::SIGTRAP => "SIGTRAP",
        libc::SIGABRT => "SIGABRT",
        libc::SIGBUS => "SIGBUS",
        libc::SIGFPE => "SIGFPE",
        libc::SIGKILL => "SIGKILL",
        libc::SIGUSR1 => "SIGUSR1",
        libc::SIGSEGV => "SIGSEGV",
        libc::SIGUSR2 => "SIGUSR2",
        libc::SIGPIPE => "SIGPIPE",
        libc::SIGALRM => "SIGALRM",
        libc::SIGTERM => "SIGTERM",
        libc::SIGSTKFLT => "SIGSTKFLT",
        libc::SIGXCPU => "SIGXCPU",
        libc::SIGXFSZ => "SIGXFSZ",
        libc::SIGVTALRM => "SIGVTALRM",
        libc::SIGPROF => "SIGPROF",
        libc::SIGIO => "SIGIO",
        libc::SIGPWR => "SIGPWR",
        libc::SIGSYS => "SIGSYS",
        _ => "SIGRT",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The wait status of a process that returned `code`.
    fn returned(code: i32) -> RawExit {
        RawExit::Status(code << 8, Verdict::default())
    }

    fn killed_by(signal: i32) -> RawExit {
        RawExit::Status(signal, Verdict::default())
    }

    const fn exit(code: i32, reason: ExitReason) -> Exit {
        Exit {
            code,
            reason,
            denied: false,
            exceeded: None,
        }
    }

    const TERMINATED_AT_ONCE: Ending = Ending {
        reason: ExitReason::Terminated,
        asked: false,
    };
    const TERMINATED_POLITELY: Ending = Ending {
        reason: ExitReason::Terminated,
        asked: true,
    };

    #[test]
    fn our_kill_is_terminated_with_137() {
        let found = Exit::new(killed_by(libc::SIGKILL), Some(TERMINATED_AT_ONCE));
        assert_eq!(found, exit(137, ExitReason::Terminated));
    }

    #[test]
    fn a_strangers_kill_is_a_signal() {
        let found = Exit::new(killed_by(libc::SIGKILL), None);
        let reason = ExitReason::Signaled {
            number: 9,
            name: "SIGKILL",
        };
        assert_eq!(found, exit(137, reason));
    }

    #[test]
    fn a_crash_while_being_terminated_stays_a_crash() {
        let found = Exit::new(killed_by(libc::SIGSEGV), Some(TERMINATED_POLITELY));
        let reason = ExitReason::Signaled {
            number: 11,
            name: "SIGSEGV",
        };
        assert_eq!(found, exit(139, reason));
    }

    #[test]
    fn a_trap_that_answers_our_term_keeps_its_code() {
        let found = Exit::new(returned(3), Some(TERMINATED_POLITELY));
        assert_eq!(found, exit(3, ExitReason::Terminated));
    }

    #[test]
    fn an_exit_that_beat_our_kill_is_an_exit() {
        let found = Exit::new(returned(0), Some(TERMINATED_AT_ONCE));
        assert_eq!(found, exit(0, ExitReason::Exited));
    }

    #[test]
    fn a_lost_keeper_reports_a_killed_process() {
        let found = Exit::new(RawExit::KeeperLost, Some(TERMINATED_AT_ONCE));
        assert_eq!(found, exit(137, ExitReason::KeeperLost));
    }

    proptest! {
        #[test]
        fn codes_are_the_programs_own(code in 0..256) {
            prop_assert_eq!(Exit::new(returned(code), None), exit(code, ExitReason::Exited));
        }

        #[test]
        fn signals_are_128_plus_their_number(signal in 1..65) {
            let found = Exit::new(killed_by(signal), None);
            prop_assert_eq!(found.code, 128 + signal);
            let is_signal =
                matches!(found.reason, ExitReason::Signaled { number, .. } if number == signal);
            prop_assert!(is_signal);
        }
    }
}
