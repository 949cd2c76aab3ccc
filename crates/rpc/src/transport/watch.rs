//! When a peer is asked for a sign of life, and when it is given up. Pure: `now` is an argument.
//!
//! Two clocks run beside each other. The *pong* clock runs from a ping to the next byte of the
//! peer; it stands still while this side does not read, because then the pong may be waiting in
//! our own socket buffer; meanwhile pings leave twice as often, because this side answers none and
//! they are what keeps the peer from giving it up. The *stall* clock runs while bytes wait for a peer that takes none.
//! A peer that took bytes after it had stopped is alive, whatever its pongs do: they may be queued
//! behind much data.

use std::time::Duration;

use tokio::time::Instant;

use crate::limits::Timeouts;

/// The two clocks of one connection.
#[derive(Debug)]
pub(crate) struct Watch {
    interval: Duration,
    pong: Duration,
    stall: Duration,
    ping_at: Instant,
    /// Since when a ping waits for a sign of life.
    asked: Option<Instant>,
    /// Whether this side has stopped reading.
    paused: bool,
    /// Since when the peer has taken nothing although bytes wait for it.
    blocked: Option<Instant>,
}

/// What the time demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// Nothing yet.
    Nothing,
    /// A ping is to be sent; counted as sent now.
    Ping,
    /// The peer gave no sign of life in time.
    Silent,
    /// The peer took no byte in time.
    Stuck,
}

// === impl Watch ===

impl Watch {
    pub(crate) fn new(timeouts: &Timeouts, now: Instant) -> Self {
        Self {
            interval: timeouts.ping_interval,
            pong: timeouts.pong,
            stall: timeouts.write_stall,
            ping_at: now + timeouts.ping_interval,
            asked: None,
            paused: false,
            blocked: None,
        }
    }

    /// Bytes of the peer arrived.
    pub(crate) fn heard(&mut self) {
        self.asked = None;
    }

    /// This side stops reading.
    pub(crate) fn pause(&mut self, now: Instant) {
        self.paused = true;
        self.asked = None;
        self.ping_at = self.ping_at.min(now + self.interval / 2);
    }

    /// This side reads again; the next ping asks anew.
    pub(crate) fn resume(&mut self) {
        self.paused = false;
    }

    /// Bytes wait and the peer takes none. Says whether that is news.
    pub(crate) fn blocked(&mut self, now: Instant) -> bool {
        let news = self.blocked.is_none();
        self.blocked.get_or_insert(now);
        news
    }

    /// Some of the waiting bytes were taken.
    pub(crate) fn took_some(&mut self, now: Instant) {
        if let Some(since) = &mut self.blocked {
            *since = now;
            self.asked = self.asked.map(|_| now);
        }
    }

    /// No bytes wait any more.
    pub(crate) fn took_all(&mut self, now: Instant) {
        self.took_some(now);
        self.blocked = None;
    }

    /// When to ask [`Watch::due`] again, at the latest.
    pub(crate) fn deadline(&self) -> Instant {
        let silent = self.asked.map_or(self.ping_at, |since| since + self.pong);
        let stuck = self
            .blocked
            .map_or(self.ping_at, |since| since + self.stall);
        self.ping_at.min(silent).min(stuck)
    }

    /// What is due at this time.
    pub(crate) fn due(&mut self, now: Instant) -> Due {
        if self.blocked.is_some_and(|since| now >= since + self.stall) {
            return Due::Stuck;
        }
        if self.asked.is_some_and(|since| now >= since + self.pong) {
            return Due::Silent;
        }
        if now < self.ping_at {
            return Due::Nothing;
        }
        if self.paused {
            self.ping_at = now + self.interval / 2;
        } else {
            self.ping_at = now + self.interval;
            self.asked.get_or_insert(now);
        }
        Due::Ping
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn timeouts() -> Timeouts {
        Timeouts {
            ping_interval: Duration::from_secs(20),
            pong: Duration::from_secs(20),
            write_stall: Duration::from_secs(30),
            ..Timeouts::default()
        }
    }

    #[derive(Clone, Debug)]
    enum Op {
        Heard,
        Pause,
        Resume,
        Blocked,
        TookSome,
        TookAll,
        Wait(u64),
    }

    fn op() -> impl Strategy<Value = Op> {
        prop_oneof![
            Just(Op::Heard),
            Just(Op::Pause),
            Just(Op::Resume),
            Just(Op::Blocked),
            Just(Op::TookSome),
            Just(Op::TookAll),
            (1u64..30).prop_map(Op::Wait),
        ]
    }

    /// The naive model: the last time of everything that counts as life, and nothing else.
    struct Model {
        /// The last sign of life, or the last time at which nothing could be demanded.
        alive: Instant,
        paused: bool,
        /// The last byte taken since the peer began to block.
        blocked: Option<Instant>,
    }

    proptest! {
        #[test]
        fn a_peer_is_given_up_neither_early_nor_late(ops in prop::collection::vec(op(), 0..60)) {
            let start = Instant::now();
            let (mut watch, mut now) = (Watch::new(&timeouts(), start), start);
            let mut model = Model { alive: start, paused: false, blocked: None };
            for op in ops {
                match op {
                    Op::Heard => { watch.heard(); model.alive = now; }
                    Op::Pause => { watch.pause(now); model.paused = true; model.alive = now; }
                    Op::Resume => {
                        watch.resume();
                        if model.paused { model.alive = now; }
                        model.paused = false;
                    }
                    Op::Blocked => { watch.blocked(now); model.blocked.get_or_insert(now); }
                    Op::TookSome | Op::TookAll => {
                        if let Some(since) = &mut model.blocked {
                            *since = now;
                            model.alive = now;
                        }
                        if matches!(op, Op::TookAll) {
                            watch.took_all(now);
                            model.blocked = None;
                        } else {
                            watch.took_some(now);
                        }
                    }
                    Op::Wait(seconds) => {
                        let until = now + Duration::from_secs(seconds);
                        while watch.deadline() <= until {
                            now = now.max(watch.deadline());
                            match watch.due(now) {
                                Due::Silent => {
                                    prop_assert!(!model.paused);
                                    prop_assert!(now >= model.alive + Duration::from_secs(20));
                                    return Ok(());
                                }
                                Due::Stuck => {
                                    let since = model.blocked.expect("stuck without a block");
                                    prop_assert_eq!(now, since + Duration::from_secs(30));
                                    return Ok(());
                                }
                                Due::Ping => {}
                                Due::Nothing => prop_assert!(false, "woken for nothing"),
                            }
                        }
                        now = until;
                        if model.paused { model.alive = now; }
                        prop_assert!(now < model.alive + Duration::from_secs(45), "noticed late");
                        if let Some(since) = model.blocked {
                            prop_assert!(now < since + Duration::from_secs(30), "stall missed");
                        }
                    }
                }
            }
        }
    }
}
