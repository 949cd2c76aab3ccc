//! Pure: what a signal to `outpost run` means for its command.

use std::time::Duration;

use outpost_protocol::exec::process::SignalName;
use tokio::time::Instant;

use super::requests::Request;

/// Two Ctrl-C within this time say that asking is not enough.
const AGAIN: Duration = Duration::from_secs(1);

/// What to do about a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reaction {
    /// The command is asked for something.
    Ask(Request),
    /// Nobody waits for the command any more.
    Leave,
}

/// The signals so far.
#[derive(Debug, Default)]
pub(super) struct Interrupts {
    last: Option<Instant>,
    ending: bool,
}

// === impl Interrupts ===

impl Interrupts {
    /// Takes a signal that came at `now`.
    pub(super) fn on(&mut self, signal: SignalName, now: Instant) -> Reaction {
        if self.ending {
            return Reaction::Leave;
        }
        if signal != SignalName::Interrupt {
            return Reaction::Ask(Request::Signal(signal));
        }
        let last = self.last.replace(now);
        if last.is_some_and(|last| now.duration_since(last) <= AGAIN) {
            self.ending = true;
            return Reaction::Ask(Request::End);
        }
        Reaction::Ask(Request::Signal(signal))
    }

    /// The command is being ended for another reason; the next signal is a wish to leave.
    pub(super) fn ending(&mut self) {
        self.ending = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reactions(signals: &[(SignalName, u64)]) -> Vec<Reaction> {
        let start = Instant::now();
        let mut interrupts = Interrupts::default();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let signals = signals.iter();
        signals
            .map(|(signal, ms)| interrupts.on(*signal, at(*ms)))
            .collect()
    }

    const LEAVE: Reaction = Reaction::Leave;
    const END: Reaction = Reaction::Ask(Request::End);
    const INT: SignalName = SignalName::Interrupt;
    const TERM: SignalName = SignalName::Terminate;

    fn pass(signal: SignalName) -> Reaction {
        Reaction::Ask(Request::Signal(signal))
    }

    #[test]
    fn the_second_interrupt_within_a_second_ends_and_the_third_leaves() {
        assert_eq!(
            reactions(&[(INT, 0), (INT, 1000), (INT, 1001)]),
            [pass(INT), END, LEAVE]
        );
        assert_eq!(
            reactions(&[(INT, 0), (INT, 1001), (INT, 3000)]),
            [pass(INT); 3]
        );
        assert_eq!(
            reactions(&[(INT, 0), (TERM, 1), (TERM, 2), (INT, 3), (TERM, 4)]),
            [pass(INT), pass(TERM), pass(TERM), END, LEAVE]
        );
    }

    #[test]
    fn a_signal_while_the_command_is_being_ended_leaves() {
        let mut interrupts = Interrupts::default();
        interrupts.ending();
        assert_eq!(interrupts.on(SignalName::Hangup, Instant::now()), LEAVE);
    }
}
