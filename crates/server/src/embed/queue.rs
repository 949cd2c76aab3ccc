//! The events that wait to be read: what is kept, what is dropped, how the dropped are counted.
//! Pure.
//!
//! Order is kept. A gap is told where it is: between two events that come out, as many are skipped
//! as [`Popped::Lagged`] said between them. The queue is bounded in events and in bytes; one event
//! larger than all bytes is taken when nothing else is there. A mark of a gap takes no room.

use std::collections::VecDeque;

/// Events in order, with the gaps between them.
#[derive(Debug)]
pub(super) struct Queue<T> {
    entries: VecDeque<Entry<T>>,
    capacity: usize,
    bytes: usize,
    bound: usize,
    /// Dropped since the last that was taken in.
    skipped: u64,
}

#[derive(Debug)]
struct Entry<T> {
    event: T,
    bytes: usize,
    /// Dropped before it.
    skipped: u64,
}

/// What is to become of an event when there is no room for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnFull {
    /// It waits; nothing may be offered before it is taken.
    Wait,
    /// It is dropped and counted.
    Drop,
    /// It is given back, and is not missed: whoever sent it will be told.
    GiveBack,
}

/// What became of an event.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Offered<T> {
    /// It will be read.
    Taken,
    /// It was dropped.
    Dropped,
    /// There is no room; offer it again later, before any other.
    Waits(T),
    /// There is no room, and it is not in the queue.
    GivenBack(T),
}

/// What is read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Popped<T> {
    /// So many were dropped here.
    Lagged(u64),
    /// The next one.
    Event(T),
}

// === impl Queue ===

impl<T> Queue<T> {
    /// At most so many events, and bytes. A capacity of none would take nothing, so it is one.
    pub(super) fn new(capacity: usize, bound: usize) -> Self {
        Self {
            entries: VecDeque::new(),
            capacity: capacity.max(1),
            bytes: 0,
            bound,
            skipped: 0,
        }
    }

    pub(super) fn offer(&mut self, event: T, bytes: usize, on_full: OnFull) -> Offered<T> {
        if self.has_room_for(bytes) {
            self.bytes += bytes;
            self.entries.push_back(Entry {
                event,
                bytes,
                skipped: std::mem::take(&mut self.skipped),
            });
            return Offered::Taken;
        }
        match on_full {
            OnFull::Wait => Offered::Waits(event),
            OnFull::GiveBack => Offered::GivenBack(event),
            OnFull::Drop => {
                self.skipped += 1;
                Offered::Dropped
            }
        }
    }

    /// The next event or gap; `None` when there is nothing to tell.
    pub(super) fn pop(&mut self) -> Option<Popped<T>> {
        let skipped = match self.entries.front_mut() {
            Some(entry) => &mut entry.skipped,
            None => &mut self.skipped,
        };
        if *skipped > 0 {
            return Some(Popped::Lagged(std::mem::take(skipped)));
        }
        let entry = self.entries.pop_front()?;
        self.bytes -= entry.bytes;
        Some(Popped::Event(entry.event))
    }

    /// Takes out everything that waits, without the gaps.
    pub(super) fn drain(&mut self) -> Vec<T> {
        self.bytes = 0;
        self.skipped = 0;
        self.entries.drain(..).map(|entry| entry.event).collect()
    }

    fn has_room_for(&self, bytes: usize) -> bool {
        self.entries.is_empty()
            || self.entries.len() < self.capacity && self.bytes.saturating_add(bytes) <= self.bound
    }
}

#[cfg(test)]
mod tests;
