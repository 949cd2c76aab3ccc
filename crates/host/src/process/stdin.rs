//! Pure: what has been written to a process and not reached it yet, and which writes were
//! accepted before.
//!
//! Writes keep the order they were offered in. A write is accepted once it and everything
//! accepted before it fit the bound (or it is alone: a write larger than the bound is accepted
//! when nothing else is left); until then it waits, and its caller with it. A write whose callers
//! all went away before it was accepted is withdrawn.
//! Accepted bytes are written in the end, unless the process closes its input or ends first:
//! then they are discarded, and nobody is told twice.

use std::collections::{BTreeMap, VecDeque};

use bytes::{Buf, Bytes};
use sha2::{Digest, Sha256};

/// What one queued write costs beyond its bytes, so that a flood of empty ones is bounded too.
const WRITE_COST: usize = 64;

/// Longer write ids are remembered by their digest.
const ID_BYTES: usize = 64;

/// A write's place in the order of all writes of its process.
pub(super) type Ticket = u64;

#[derive(Debug)]
pub(super) struct StdinQueue {
    bound: usize,
    writes: VecDeque<Write>,
    /// How many of `writes`, from the front, are accepted.
    accepted: usize,
    /// The cost of those.
    cost: usize,
    next: Ticket,
    /// Every write below that was not withdrawn was accepted.
    settled: Ticket,
    /// No further writes.
    ended: bool,
    ids: Ids,
}

#[derive(Debug)]
struct Write {
    ticket: Ticket,
    id: Option<Box<str>>,
    data: Bytes,
    /// The cost when accepted, to be given back when it is gone.
    cost: usize,
    /// Callers that wait for it.
    callers: usize,
}

/// What became of an offered write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offer {
    /// It is accepted, now or at an earlier time.
    Accepted,
    /// It waits for room: ask [`StdinQueue::outcome`].
    Waiting(Ticket),
    /// There is no input any more.
    Ended,
}

impl StdinQueue {
    pub(super) fn new(bound: usize, remembered_ids: usize) -> Self {
        Self {
            bound,
            writes: VecDeque::new(),
            accepted: 0,
            cost: 0,
            next: 0,
            settled: 0,
            ended: false,
            ids: Ids {
                bound: remembered_ids,
                ..Ids::default()
            },
        }
    }

    /// Offers a write. One with the id of an earlier write is that write.
    pub(super) fn offer(&mut self, id: Option<&str>, data: Bytes) -> Offer {
        let id = id.map(key);
        if let Some(id) = &id {
            match self.ids.known.get(id) {
                Some(Known::Accepted) => return Offer::Accepted,
                Some(&Known::Waiting(ticket)) => {
                    if let Some(write) = self.find(ticket) {
                        self.writes[write].callers += 1;
                    }
                    return Offer::Waiting(ticket);
                }
                None => {}
            }
        }
        if self.ended {
            return Offer::Ended;
        }
        let ticket = self.next;
        self.next += 1;
        if let Some(id) = &id {
            self.ids.known.insert(id.clone(), Known::Waiting(ticket));
        }
        let cost = data.len() + WRITE_COST;
        self.writes.push_back(Write {
            ticket,
            id,
            data,
            cost,
            callers: 1,
        });
        self.accept();
        self.outcome(ticket)
    }

    /// What has become of a write that was not withdrawn.
    pub(super) fn outcome(&self, ticket: Ticket) -> Offer {
        if ticket < self.settled {
            Offer::Accepted
        } else if self.find(ticket).is_some() {
            Offer::Waiting(ticket)
        } else {
            Offer::Ended
        }
    }

    /// A caller no longer waits for its write.
    pub(super) fn leave(&mut self, ticket: Ticket) {
        let Some(at) = self.find(ticket).filter(|&at| at >= self.accepted) else {
            return;
        };
        self.writes[at].callers -= 1;
        if self.writes[at].callers == 0 {
            let write = self.writes.remove(at).expect("find returned its place");
            self.ids.forget(write.id.as_deref());
            self.accept();
        }
    }

    /// The bytes to write next.
    pub(super) fn front(&mut self) -> Option<&[u8]> {
        while self
            .writes
            .front()
            .is_some_and(|write| write.data.is_empty())
        {
            self.pop();
        }
        self.writes.front().map(|write| &write.data[..])
    }

    /// `written` bytes of the front have been written.
    pub(super) fn consume(&mut self, written: usize) {
        if let Some(write) = self.writes.front_mut() {
            write.data.advance(written);
            if write.data.is_empty() {
                self.pop();
            }
        }
    }

    /// No further writes; those already offered are still written.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// Whether no further writes are taken.
    pub(super) fn is_ended(&self) -> bool {
        self.ended
    }

    /// The input is gone: everything left is discarded. Waiting writes end unaccepted.
    pub(super) fn discard(&mut self) {
        self.ended = true;
        for write in self.writes.drain(..).skip(self.accepted) {
            self.ids.forget(write.id.as_deref());
        }
        self.accepted = 0;
        self.cost = 0;
    }

    fn pop(&mut self) {
        if let Some(write) = self.writes.pop_front() {
            self.accepted -= 1;
            self.cost -= write.cost;
            self.accept();
        }
    }

    /// Accepts what fits by now, in order.
    fn accept(&mut self) {
        while let Some(write) = self.writes.get_mut(self.accepted) {
            if self.cost > 0 && self.cost + write.cost > self.bound {
                break;
            }
            self.cost += write.cost;
            self.accepted += 1;
            self.settled = write.ticket + 1;
            if let Some(id) = write.id.take() {
                self.ids.accepted(id);
            }
        }
    }

    fn find(&self, ticket: Ticket) -> Option<usize> {
        self.writes
            .binary_search_by_key(&ticket, |write| write.ticket)
            .ok()
    }
}

/// The ids of waiting writes, and of the latest accepted ones.
#[derive(Debug, Default)]
struct Ids {
    bound: usize,
    known: BTreeMap<Box<str>, Known>,
    /// The accepted ones, oldest first.
    order: VecDeque<Box<str>>,
}

#[derive(Debug)]
enum Known {
    Waiting(Ticket),
    Accepted,
}

impl Ids {
    fn accepted(&mut self, id: Box<str>) {
        self.known.insert(id.clone(), Known::Accepted);
        self.order.push_back(id);
        if self.order.len() > self.bound {
            let oldest = self.order.pop_front();
            self.forget(oldest.as_deref());
        }
    }

    fn forget(&mut self, id: Option<&str>) {
        if let Some(id) = id {
            self.known.remove(id);
        }
    }
}

/// What an id is remembered as: itself, or its digest where it is long.
fn key(id: &str) -> Box<str> {
    if id.len() <= ID_BYTES {
        return id.into();
    }
    let digest = Sha256::digest(id.as_bytes());
    digest
        .iter()
        .fold(String::from("sha256:"), |text, byte| {
            format!("{text}{byte:02x}")
        })
        .into()
}

#[cfg(test)]
mod tests;
