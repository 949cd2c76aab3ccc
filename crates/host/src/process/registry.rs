//! Pure: the processes of one session by their ids.
//!
//! Always true: an id names one process at a time, starting or started; no more than the limit are
//! not closed; once ended, nothing is added. A closed process keeps its id until it is forgotten,
//! or until someone was told of the close and the id is wanted again.

use std::collections::BTreeMap;

use tokio::time::{Duration, Instant};

/// What the registry needs to know of a process.
pub(super) trait Member: Clone {
    /// When it was closed, if it is.
    fn closed_at(&self) -> Option<Instant>;
    /// Whether someone was told of its close.
    fn is_settled(&self) -> bool;
}

#[derive(Debug)]
pub(super) struct Registry<P> {
    slots: BTreeMap<String, Slot<P>>,
    /// Processes that are not closed.
    limit: usize,
    /// Closed processes remembered.
    closed_limit: usize,
    reservations: u64,
    ended: bool,
}

#[derive(Debug)]
enum Slot<P> {
    Starting { reservation: u64, cancelled: bool },
    Ready(P),
}

/// Why an id cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    InUse,
    TooMany,
    Ended,
}

/// What an id names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named<P> {
    Starting,
    Ready(P),
}

impl<P: Member> Registry<P> {
    pub(super) fn new(limit: usize, closed_limit: usize) -> Self {
        Self {
            slots: BTreeMap::new(),
            limit,
            closed_limit,
            reservations: 0,
            ended: false,
        }
    }

    /// Reserves an id, and returns what is forgotten for it.
    pub(super) fn reserve(&mut self, id: &str) -> Result<(u64, Vec<P>), Refusal> {
        if self.ended {
            return Err(Refusal::Ended);
        }
        let reusable = |process: &P| process.closed_at().is_some() && process.is_settled();
        match self.slots.get(id) {
            None => {}
            Some(Slot::Ready(process)) if reusable(process) => {}
            Some(_) => return Err(Refusal::InUse),
        }
        let live = self
            .slots
            .values()
            .filter(|slot| slot.closed_at().is_none())
            .count();
        if live >= self.limit {
            return Err(Refusal::TooMany);
        }
        let mut forgotten = self.forget_oldest();
        self.reservations += 1;
        let slot = Slot::Starting {
            reservation: self.reservations,
            cancelled: false,
        };
        if let Some(Slot::Ready(former)) = self.slots.insert(id.to_owned(), slot) {
            forgotten.push(former);
        }
        Ok((self.reservations, forgotten))
    }

    /// Puts a started process in the place reserved for it; false if it was cancelled by then.
    pub(super) fn fill(&mut self, id: &str, reservation: u64, process: P) -> bool {
        let slot = self
            .slots
            .get_mut(id)
            .filter(|slot| slot.is_reserved(reservation));
        let reserved = slot.is_some();
        if let Some(slot) = slot {
            *slot = Slot::Ready(process);
        }
        reserved
    }

    /// Frees an id that was reserved and not filled.
    pub(super) fn release(&mut self, id: &str, reservation: u64) {
        let ours = |slot: &Slot<P>| matches!(slot, Slot::Starting { reservation: other, .. } if *other == reservation);
        if self.slots.get(id).is_some_and(ours) {
            self.slots.remove(id);
        }
    }

    /// Cancels a start; returns whether there was one under way.
    pub(super) fn cancel(&mut self, id: &str) -> bool {
        match self.slots.get_mut(id) {
            Some(Slot::Starting { cancelled, .. }) => {
                *cancelled = true;
                true
            }
            _ => false,
        }
    }

    pub(super) fn find(&self, id: &str) -> Option<Named<P>> {
        self.slots.get(id).map(|slot| match slot {
            Slot::Starting { .. } => Named::Starting,
            Slot::Ready(process) => Named::Ready(process.clone()),
        })
    }

    /// Every process that has started, in the order of their ids.
    pub(super) fn ready(&self) -> Vec<P> {
        self.slots
            .values()
            .filter_map(Slot::process)
            .cloned()
            .collect()
    }

    /// Forgets what was closed `keep` ago or earlier; returns it, and when to ask again.
    pub(super) fn prune(&mut self, now: Instant, keep: Duration) -> (Vec<P>, Option<Instant>) {
        let due = |slot: &Slot<P>| slot.closed_at().and_then(|closed| closed.checked_add(keep));
        let over = self
            .slots
            .extract_if(.., |_, slot| due(slot).is_some_and(|due| due <= now));
        let forgotten = over.filter_map(|(_, slot)| slot.into_process()).collect();
        (forgotten, self.slots.values().filter_map(due).min())
    }

    /// Forgets one process, if it is closed.
    pub(super) fn forget(&mut self, id: &str) -> Option<P> {
        self.slots.get(id)?.closed_at()?;
        self.slots.remove(id).and_then(Slot::into_process)
    }

    /// Cancels every start, takes every process out, and adds nothing from now on.
    pub(super) fn end(&mut self) -> Vec<P> {
        self.ended = true;
        for slot in self.slots.values_mut() {
            if let Slot::Starting { cancelled, .. } = slot {
                *cancelled = true;
            }
        }
        let ready = self
            .slots
            .extract_if(.., |_, slot| slot.process().is_some());
        ready.filter_map(|(_, slot)| slot.into_process()).collect()
    }

    /// Makes room among the closed processes for one more, the longest closed first.
    fn forget_oldest(&mut self) -> Vec<P> {
        let mut closed = self.slots.values().filter_map(Slot::closed_at).count();
        let mut forgotten = Vec::new();
        while closed > 0 && closed >= self.closed_limit {
            let oldest = self
                .slots
                .iter()
                .filter_map(|(id, slot)| Some((slot.closed_at()?, id)));
            let Some(id) = oldest.min().map(|(_, id)| id.clone()) else {
                break;
            };
            forgotten.extend(self.slots.remove(&id).and_then(Slot::into_process));
            closed -= 1;
        }
        forgotten
    }
}

impl<P: Member> Slot<P> {
    fn process(&self) -> Option<&P> {
        match self {
            Self::Starting { .. } => None,
            Self::Ready(process) => Some(process),
        }
    }

    fn into_process(self) -> Option<P> {
        match self {
            Self::Starting { .. } => None,
            Self::Ready(process) => Some(process),
        }
    }

    fn closed_at(&self) -> Option<Instant> {
        self.process().and_then(Member::closed_at)
    }

    fn is_reserved(&self, by: u64) -> bool {
        matches!(self, Self::Starting { reservation, cancelled: false } if *reservation == by)
    }
}

#[cfg(test)]
mod tests;
