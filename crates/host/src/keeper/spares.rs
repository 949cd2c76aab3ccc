//! Walls that were raised beforehand, each for one command to come: which are kept, and how long.
//!
//! Pure: no process is touched, and the time is an argument. Always true: there are at most
//! [`ALIKE`] for an order, and [`MOST`] in all; each is given out once; none is given out for an
//! order that differs from its own in anything. Those raised longest ago come first, and go first,
//! but the only one for an order goes after those that have a twin.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::wire::Order;

/// How many there are at most. A client works with a handful of policies; each spare keeps some
/// processes and mounts.
pub(super) const MOST: usize = 4;

/// How many there are at most for one order. Raising walls takes longer than a short command behind
/// them, so where commands follow each other at once a second is raised, on another processor,
/// while the first is still on its way to the next command.
pub(super) const ALIKE: usize = 2;

/// How long one waits for its command. Who works sends the next one within seconds.
pub(super) const IDLE: Duration = Duration::from_secs(60);

/// The spares, each with what is held for it.
#[derive(Debug)]
pub(super) struct Spares<T> {
    kept: VecDeque<Kept<T>>,
}

#[derive(Debug)]
struct Kept<T> {
    order: Order,
    since: Instant,
    held: T,
}

// === impl Spares ===

impl<T> Spares<T> {
    /// Whether one is to be raised for the next command of this order. One always is; as many as
    /// [`ALIKE`] for an order that comes `again` and again, if there is room.
    pub(super) fn wants(&self, order: &Order, again: bool) -> bool {
        match self.kept.iter().filter(|kept| kept.order == *order).count() {
            0 => true,
            alike => again && alike < ALIKE && self.kept.len() < MOST,
        }
    }

    /// Enters one that is being raised. Returns those it takes the place of.
    pub(super) fn admit(&mut self, order: Order, now: Instant, held: T) -> Vec<T> {
        let outdated = |kept: &mut Kept<T>| {
            let same = kept.order.launcher == order.launcher && kept.order.seal == order.seal;
            same && kept.order.stamp != order.stamp
        };
        let mut gone = self.take_all(outdated);
        self.kept.push_back(Kept {
            order,
            since: now,
            held,
        });
        while self.kept.len() > MOST {
            let place = self.first_twin().unwrap_or(0);
            gone.extend(self.kept.remove(place).map(|kept| kept.held));
        }
        gone
    }

    /// The place of the first one after which there is another for the same order.
    fn first_twin(&self) -> Option<usize> {
        let twin = |(place, one): (usize, &Kept<T>)| {
            let mut later = self.kept.iter().skip(place + 1);
            later.any(|other| other.order == one.order).then_some(place)
        };
        self.kept.iter().enumerate().find_map(twin)
    }

    /// Gives out the one that was raised for this very order.
    pub(super) fn take(&mut self, order: &Order) -> Option<T> {
        let place = self.kept.iter().position(|kept| kept.order == *order)?;
        self.kept.remove(place).map(|kept| kept.held)
    }

    /// Takes out those for which this holds.
    pub(super) fn take_where(&mut self, wanted: impl Fn(&T) -> bool) -> Vec<T> {
        self.take_all(|kept| wanted(&kept.held))
    }

    /// Takes out those that have waited too long.
    pub(super) fn take_idle(&mut self, now: Instant) -> Vec<T> {
        self.take_all(|kept| now.saturating_duration_since(kept.since) >= IDLE)
    }

    /// When the next one will have waited too long, counted from now.
    pub(super) fn next_idle(&self, now: Instant) -> Option<Duration> {
        let first = self.kept.front()?;
        Some(IDLE.saturating_sub(now.saturating_duration_since(first.since)))
    }

    /// What is held.
    pub(super) fn held(&self) -> impl Iterator<Item = &T> {
        self.kept.iter().map(|kept| &kept.held)
    }

    fn take_all(&mut self, mut wanted: impl FnMut(&mut Kept<T>) -> bool) -> Vec<T> {
        let mut taken = Vec::new();
        for _ in 0..self.kept.len() {
            let Some(mut kept) = self.kept.pop_front() else {
                break;
            };
            if wanted(&mut kept) {
                taken.push(kept.held);
            } else {
                self.kept.push_back(kept);
            }
        }
        taken
    }
}

impl<T> Default for Spares<T> {
    fn default() -> Self {
        Self {
            kept: VecDeque::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::sandbox::{
        Network,
        seal::Seal,
        stamp::{Mark, Stamp},
    };

    /// An order of this kind, made from what was there at this state of the files.
    fn order(kind: u8, state: u8) -> Order {
        let mark = Mark {
            path: [state].map(char::from).iter().collect::<String>().into(),
            shown: None,
        };
        Order {
            launcher: vec![vec![kind]],
            seal: Seal {
                namespaces: true,
                network: Network::Restricted,
                read: Vec::new(),
                write: Vec::new(),
                guarded: Vec::new(),
            },
            stamp: Some(Stamp(vec![mark])),
            recurs: true,
        }
    }

    #[derive(Debug, Clone, Copy)]
    enum Op {
        Admit(u8, u8, bool),
        Take(u8, u8),
        Wait(u64),
        Dead(usize),
    }

    fn op() -> impl Strategy<Value = Op> {
        prop_oneof![
            (0..6_u8, 0..2_u8, any::<bool>())
                .prop_map(|(kind, state, again)| Op::Admit(kind, state, again)),
            (0..6_u8, 0..2_u8).prop_map(|(kind, state)| Op::Take(kind, state)),
            (0..70_u64).prop_map(Op::Wait),
            (0..60_usize).prop_map(Op::Dead),
        ]
    }

    proptest! {
        #[test]
        fn they_are_what_a_plain_list_would_be(ops in vec(op(), 0..60)) {
            let mut spares = Spares::default();
            let mut model: Vec<(u8, u8, Instant, usize)> = Vec::new();
            let mut now = Instant::now();
            for (number, op) in ops.into_iter().enumerate() {
                let before: Vec<usize> = spares.held().copied().collect();
                match op {
                    Op::Admit(kind, state, again) => {
                        let alike = |model: &[(u8, u8, Instant, usize)], kind, state| {
                            model.iter().filter(|(k, s, ..)| (*k, *s) == (kind, state)).count()
                        };
                        let more = again && alike(&model, kind, state) == 1 && model.len() < MOST;
                        let wanted = alike(&model, kind, state) == 0 || more;
                        prop_assert_eq!(spares.wants(&order(kind, state), again), wanted);
                        if !wanted {
                            continue;
                        }
                        let gone = spares.admit(order(kind, state), now, number);
                        model.retain(|(k, s, ..)| *k != kind || *s == state);
                        model.push((kind, state, now, number));
                        if model.len() > MOST {
                            let twin = |(k, s, ..): &(u8, u8, Instant, usize)| alike(&model, *k, *s) > 1;
                            let place = model.iter().position(twin);
                            model.remove(place.unwrap_or(0));
                        }
                        let left = |number: &usize| model.iter().all(|(.., kept)| kept != number);
                        prop_assert_eq!(gone, before.into_iter().filter(left).collect::<Vec<_>>());
                    }
                    Op::Take(kind, state) => {
                        let place = model.iter().position(|(k, s, ..)| (*k, *s) == (kind, state));
                        let expected = place.map(|place| model.remove(place).3);
                        prop_assert_eq!(spares.take(&order(kind, state)), expected);
                    }
                    Op::Wait(seconds) => {
                        now += Duration::from_secs(seconds);
                        let first = model.first().map(|(_, _, since, _)| IDLE.saturating_sub(now - *since));
                        prop_assert_eq!(spares.next_idle(now), first);
                        let idle = spares.take_idle(now);
                        let idle_now = |(_, _, since, _): &(u8, u8, Instant, usize)| now - *since >= IDLE;
                        let (old, young): (Vec<_>, Vec<_>) = model.drain(..).partition(idle_now);
                        model = young;
                        prop_assert_eq!(idle, old.iter().map(|old| old.3).collect::<Vec<_>>());
                    }
                    Op::Dead(which) => {
                        let expected = model.iter().filter(|(.., number)| *number == which).count();
                        prop_assert_eq!(spares.take_where(|number| *number == which).len(), expected);
                        model.retain(|(.., number)| *number != which);
                    }
                }
                prop_assert!(model.len() <= MOST);
                for (kind, state, ..) in &model {
                    let alike = model.iter().filter(|(k, s, ..)| (k, s) == (kind, state)).count();
                    prop_assert!(alike <= ALIKE);
                }
                let kept: Vec<usize> = spares.held().copied().collect();
                prop_assert_eq!(kept, model.iter().map(|(.., number)| *number).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn the_last_place_is_kept_and_one_more_ends_the_oldest() {
        let (mut spares, now) = (Spares::default(), Instant::now());
        for kind in 0..4 {
            assert!(spares.admit(order(kind, 0), now, kind).is_empty());
        }
        assert_eq!(spares.admit(order(4, 0), now, 4), [0_u8]);
        let almost = now + IDLE - Duration::from_millis(1);
        assert!(spares.take_idle(almost).is_empty());
        assert_eq!(spares.take_idle(now + IDLE), [1, 2, 3, 4]);
    }

    #[test]
    fn a_second_for_an_order_takes_no_place_from_others_and_goes_before_them() {
        let (mut spares, now) = (Spares::default(), Instant::now());
        assert!(spares.wants(&order(0, 0), false));
        for kind in [0, 1, 1, 2] {
            assert!(spares.wants(&order(kind, 0), true));
            spares.admit(order(kind, 0), now, kind);
        }
        assert!(!spares.wants(&order(1, 0), true), "there are two");
        assert!(!spares.wants(&order(2, 0), true), "there is no room");
        assert!(spares.wants(&order(3, 0), false), "there was none");
        assert_eq!(spares.admit(order(3, 0), now, 3), [1_u8]);
        assert_eq!(spares.held().copied().collect::<Vec<_>>(), [0, 1, 2, 3]);
        assert_eq!(spares.take(&order(0, 0)), Some(0));
        assert!(!spares.wants(&order(1, 0), false), "one is enough at first");
        assert!(spares.wants(&order(1, 0), true));
    }

    #[test]
    fn one_raised_from_other_files_is_not_given_out() {
        let mut spares = Spares::default();
        spares.admit(order(0, 0), Instant::now(), ());
        assert_eq!(spares.take(&order(0, 1)), None);
        assert_eq!(spares.take(&order(0, 0)), Some(()));
        assert_eq!(spares.take(&order(0, 0)), None, "once");
    }
}
