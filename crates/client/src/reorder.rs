//! Notifications and pages, in any order and with repeats, become the log of one process in
//! sequence.
//!
//! Pure: no task, no clock. Output, exit and close share one sequence from 1 without gaps. A
//! notification carries its own number. A page (the answer to `process/read`) numbers only its
//! output, so the numbers of exit and close are worked out: below what a page covers, every number
//! that is not output is the exit, the close, or output that the server no longer has. Servers drop
//! their oldest output first, so whatever is missing behind the first output of a page is the exit.
//!
//! What was lost is an entry of the log like any other, at its place. Nothing is handed out twice,
//! and nothing after [`Entry::Closed`].

use std::collections::BTreeMap;

use bytes::Bytes;
use outpost_protocol::exec::process::OutputStream;

use crate::process::Exit;

/// What stands at one number of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// Output.
    Output(OutputStream, Bytes),
    /// The process ended.
    Exited(Exit),
    /// Ended, and its output is complete.
    Closed,
    /// Output that the server no longer has; so many bytes, where it says so.
    Lost(Option<u64>),
}

/// The log of one process as far as it is known and not handed out.
#[derive(Debug)]
pub(crate) struct Reorder {
    /// The number that is handed out next.
    next: u64,
    held: BTreeMap<u64, Held>,
    /// What is held costs this much; see [`ENTRY_COST`].
    bytes: usize,
    /// The exit was handed out or is held.
    exit_known: bool,
    /// The close was handed out or is held.
    close_known: bool,
}

/// The answer to a `process/read`.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    /// What was asked: only what comes after this number.
    pub(crate) after: u64,
    /// No budget of bytes was given, or nothing was left to answer: `next_seq` is the number the
    /// process will assign next, and `closed` belongs to it.
    pub(crate) complete: bool,
    /// The answer's.
    pub(crate) next_seq: u64,
    /// In order.
    pub(crate) chunks: Vec<(u64, OutputStream, Bytes)>,
    /// Known as soon as the process has ended, wherever the page stops.
    pub(crate) exit: Option<Exit>,
    /// Likewise.
    pub(crate) closed: bool,
    /// What the server says it lost.
    pub(crate) lost_bytes: Option<u64>,
    /// Where it says that begins what it still has.
    pub(crate) first_available: Option<u64>,
}

#[derive(Debug)]
struct Held {
    /// The last number it stands for; its own but for [`Entry::Lost`].
    last: u64,
    entry: Entry,
}

/// What an entry costs besides its bytes, so that a bound in bytes is one in entries too.
pub(crate) const ENTRY_COST: usize = 256;

// === impl Entry ===

impl Entry {
    /// What it counts against a bound in bytes.
    pub(crate) fn cost(&self) -> usize {
        match self {
            Self::Output(_, bytes) => ENTRY_COST + bytes.len(),
            Self::Exited(_) | Self::Closed | Self::Lost(_) => ENTRY_COST,
        }
    }
}

// === impl Reorder ===

impl Reorder {
    /// Nothing known.
    pub(crate) fn new() -> Self {
        Self {
            next: 1,
            held: BTreeMap::new(),
            bytes: 0,
            exit_known: false,
            close_known: false,
        }
    }

    /// Takes what stands at a number. Repeats are passed over.
    pub(crate) fn push(&mut self, seq: u64, entry: Entry) {
        self.insert(seq, seq, entry);
    }

    /// Takes an answer to `process/read`.
    pub(crate) fn apply(&mut self, page: Page) {
        let base = page.after.saturating_add(1).max(self.next);
        let empty = page.chunks.is_empty();
        let behind_chunks = page
            .chunks
            .last()
            .map_or(base, |(seq, ..)| seq.saturating_add(1));
        for (seq, stream, bytes) in page.chunks {
            self.push(seq, Entry::Output(stream, bytes));
        }
        let mut end = if page.complete {
            page.next_seq.max(base)
        } else {
            behind_chunks
        };
        // Below this, output was lost.
        let had = page
            .lost_bytes
            .map(|_| page.first_available.unwrap_or(end))
            .unwrap_or(0);
        let mut holes = self.holes(base, end.min(had));
        holes.extend(self.holes(base.max(had), end));
        let ends_here = page.closed && page.complete && !self.close_known;
        let mut close_at = None;
        if ends_here {
            close_at = take_last(&mut holes, |hole| hole.1 == end - 1);
            // The older dialect has no numbers for exit and close in a page.
            if close_at.is_none() && empty {
                close_at = Some(end);
                end += 1;
            }
        }
        if let Some(exit) = page.exit.filter(|_| !self.exit_known) {
            let at = take_last(&mut holes, |hole| page.complete || hole.0 >= had);
            let at = at.or_else(|| {
                let place = close_at?;
                close_at = Some(end);
                Some(place)
            });
            if let Some(at) = at {
                self.push(at, Entry::Exited(exit));
            }
        }
        if let Some(at) = close_at {
            self.push(at, Entry::Closed);
        }
        let mut lost = page.lost_bytes;
        for (first, last) in holes {
            self.insert(first, last, Entry::Lost(lost.take()));
        }
    }

    /// The next entry, if it is known.
    pub(crate) fn pop(&mut self) -> Option<Entry> {
        let first = self
            .held
            .first_entry()
            .filter(|first| *first.key() == self.next)?;
        let Held { last, entry } = first.remove();
        self.next = last.saturating_add(1);
        self.bytes -= entry.cost();
        Some(entry)
    }

    /// The last number up to which everything is known: what a read may start after.
    pub(crate) fn cursor(&self) -> u64 {
        let mut next = self.next;
        for (first, held) in &self.held {
            if *first != next {
                break;
            }
            next = held.last.saturating_add(1);
        }
        next - 1
    }

    /// Something is held, but what comes before it is missing.
    pub(crate) fn has_hole(&self) -> bool {
        self.held
            .first_key_value()
            .is_some_and(|(first, _)| *first != self.next)
    }

    /// The end of the log is known: nothing more will come.
    pub(crate) fn is_ended(&self) -> bool {
        self.close_known
    }

    /// What is held, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Gives up what is held.
    pub(crate) fn clear(&mut self) {
        self.held.clear();
        self.bytes = 0;
    }

    fn insert(&mut self, first: u64, last: u64, entry: Entry) {
        let covered = self
            .held
            .range(..=first)
            .next_back()
            .is_some_and(|(_, h)| h.last >= first);
        if first < self.next || covered {
            return;
        }
        match &entry {
            Entry::Exited(_) => self.exit_known = true,
            Entry::Closed => self.close_known = true,
            Entry::Output(..) | Entry::Lost(_) => {}
        }
        self.bytes += entry.cost();
        self.held.insert(first, Held { last, entry });
    }

    /// The ranges from `start` up to, not including, `end` that are not held; both ends of a range
    /// belong to it.
    fn holes(&self, start: u64, end: u64) -> Vec<(u64, u64)> {
        let mut holes = Vec::new();
        let mut at = start;
        for (first, held) in self.held.range(..end) {
            if *first > at {
                holes.push((at, first - 1));
            }
            at = at.max(held.last.saturating_add(1));
        }
        if at < end {
            holes.push((at, end - 1));
        }
        holes
    }
}

/// Takes the last number out of the last range, if the range is what is looked for.
fn take_last(holes: &mut Vec<(u64, u64)>, wanted: impl Fn(&(u64, u64)) -> bool) -> Option<u64> {
    let hole = holes.last_mut().filter(|hole| wanted(hole))?;
    let number = hole.1;
    if hole.0 == number {
        holes.pop();
    } else {
        hole.1 -= 1;
    }
    Some(number)
}

#[cfg(test)]
mod tests;
