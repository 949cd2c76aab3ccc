//! Pure: running, exited, closed: which of a process's ends have been met, and what follows.
//!
//! Always true: one exit, and one close after it; the close comes when every output stream is at
//! its end, or when it was decided not to wait for them any longer.

use super::{
    exit::{Ending, Exit, ExitReason},
    keeper::RawExit,
};

#[derive(Debug)]
pub(super) struct Lifecycle {
    /// Output streams not at their end yet.
    open_streams: usize,
    ending: Option<Ending>,
    phase: Phase,
    /// Some output stream was given up before its end.
    abandoned: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Running,
    Exited,
    Closed,
}

impl Lifecycle {
    pub(super) fn new(open_streams: usize) -> Self {
        Self {
            open_streams,
            ending: None,
            phase: Phase::Running,
            abandoned: false,
        }
    }

    /// Whether the leader is still there, as far as anyone knows.
    pub(super) fn is_running(&self) -> bool {
        self.phase == Phase::Running
    }

    /// The process is being ended for `reason`, with TERM first or at once. The first reason
    /// counts; asking less politely later does not change it. Returns whether its leader is
    /// running.
    pub(super) fn end(&mut self, reason: ExitReason, asked: bool) -> bool {
        if self.is_running() {
            self.ending.get_or_insert(Ending { reason, asked });
        }
        self.is_running()
    }

    /// The leader ended: the exit to append, if this is the first one says so.
    pub(super) fn exited(&mut self, raw: RawExit) -> Option<Exit> {
        if !self.is_running() {
            return None;
        }
        self.phase = Phase::Exited;
        Some(Exit::new(raw, self.ending))
    }

    /// One output stream is at its end.
    pub(super) fn stream_ended(&mut self) {
        self.open_streams = self.open_streams.saturating_sub(1);
    }

    /// Output that may still come is not waited for.
    pub(super) fn abandon_streams(&mut self) {
        self.abandoned |= self.open_streams > 0;
        self.open_streams = 0;
    }

    /// Whether output that might have come was not waited for.
    pub(super) fn has_abandoned(&self) -> bool {
        self.abandoned
    }

    /// Whether the close is to be appended now; true once.
    pub(super) fn close(&mut self) -> bool {
        let closes = self.phase == Phase::Exited && self.open_streams == 0;
        if closes {
            self.phase = Phase::Closed;
        }
        closes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::keeper::wire::Verdict;

    #[derive(Clone, Debug)]
    enum Op {
        Exited,
        StreamEnded,
        Abandon,
        End,
    }

    proptest! {
        #[test]
        fn one_exit_then_one_close_whatever_the_order(
            ops in proptest::collection::vec(
                prop_oneof![
                    Just(Op::Exited), Just(Op::StreamEnded), Just(Op::Abandon), Just(Op::End),
                ],
                0..20,
            ),
        ) {
            let mut life = Lifecycle::new(2);
            let (mut exits, mut closes, mut ends, mut abandoned) = (0, 0, 0, false);
            for op in ops {
                match op {
                    Op::Exited => exits += usize::from(life.exited(RawExit::Status(0, Verdict::default())).is_some()),
                    Op::StreamEnded => { life.stream_ended(); ends += 1; }
                    Op::Abandon => { life.abandon_streams(); abandoned = true; }
                    Op::End => prop_assert_eq!(life.end(ExitReason::Terminated, false), exits == 0),
                }
                closes += usize::from(life.close());
                let may_close = exits == 1 && (ends >= 2 || abandoned);
                prop_assert_eq!(closes, usize::from(may_close));
                prop_assert!(exits <= 1);
                prop_assert!(!life.has_abandoned() || abandoned);
            }
        }
    }

    #[test]
    fn the_first_reason_to_end_counts() {
        let mut life = Lifecycle::new(1);
        assert!(life.end(ExitReason::TimedOut, false));
        assert!(life.end(ExitReason::Terminated, false));
        let exit = life
            .exited(RawExit::Status(libc::SIGKILL, Verdict::default()))
            .unwrap();
        assert_eq!(
            exit,
            Exit {
                code: 137,
                reason: ExitReason::TimedOut,
                denied: false,
                exceeded: None,
            }
        );
        assert!(!life.end(ExitReason::Terminated, false));
    }
}
