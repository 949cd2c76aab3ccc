//! Pure: the output of one process: sequence numbers, retention, reading after a cursor.
//!
//! Output, exit and close share one sequence from 1 without holes, in the order they are
//! appended. Output is kept in chunks up to the bounds and given up oldest first, but only as far
//! as the caller of [`Log::push`] says it may be: see `cursor.rs`. While nobody can have seen the
//! newest chunk, more output of its stream grows it, so that many tiny writes cost few chunks.
//! Always true: what is retained is the end of everything pushed, byte for byte.

use std::collections::VecDeque;

use bytes::Bytes;

use self::entry::{Data, Entry, Evicted};
use super::{
    audience::{Chunk, Event, Stream},
    exit::Exit,
};

mod entry;

/// How much a log keeps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) bytes: usize,
    pub(super) chunks: usize,
    /// The largest chunk.
    pub(super) chunk_bytes: usize,
}

/// What a read found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slice {
    pub(super) chunks: Vec<Chunk>,
    pub(super) next_seq: u64,
    pub(super) lost_bytes: u64,
}

#[derive(Debug)]
pub(super) struct Log {
    bounds: Bounds,
    entries: VecDeque<Entry>,
    /// Bytes in `entries`.
    bytes: usize,
    /// Bytes ever pushed.
    total: u64,
    /// The next sequence number to be assigned.
    next: u64,
    /// The highest sequence number whose content someone may know; it changes no more.
    seen: u64,
    exited: Option<(u64, Exit)>,
    closed: Option<u64>,
    evicted: Evicted,
}

impl Log {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            entries: VecDeque::new(),
            bytes: 0,
            total: 0,
            next: 1,
            seen: 0,
            exited: None,
            closed: None,
            evicted: Evicted::default(),
        }
    }

    /// Bytes retained.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The next sequence number to be assigned.
    pub(super) fn next_seq(&self) -> u64 {
        self.next
    }

    /// The lowest sequence number from which on nothing has been evicted.
    pub(super) fn first_available_seq(&self) -> u64 {
        self.evicted.through + 1
    }

    pub(super) fn exit(&self) -> Option<Exit> {
        self.exited.map(|(_, exit)| exit)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.is_some()
    }

    /// Bytes of `stream` that can be pushed without breaking a bound or evicting anything above
    /// `releasable`.
    pub(super) fn room(&self, stream: Stream, releasable: u64) -> usize {
        let gone = self
            .entries
            .partition_point(|entry| entry.seq <= releasable);
        let gone_bytes = match gone.checked_sub(1).and_then(|last| self.entries.get(last)) {
            Some(last) => usize::try_from(last.end - self.evicted.bytes).unwrap_or(self.bytes),
            None => 0,
        };
        let bytes = self.bounds.bytes.saturating_sub(self.bytes - gone_bytes);
        let chunks = self.bounds.chunks.saturating_sub(self.entries.len() - gone);
        let tail = self.tail_room(stream).unwrap_or(0);
        bytes.min(tail.saturating_add(chunks.saturating_mul(self.bounds.chunk_bytes)))
    }

    /// Appends output in as many chunks as it takes, and evicts from the oldest on what is in the
    /// way, nothing above `releasable`. More than [`Log::room`] is kept beyond the bounds.
    /// Returns the bytes evicted.
    pub(super) fn push(&mut self, stream: Stream, mut data: &[u8], releasable: u64) -> usize {
        let mut freed = 0;
        while self.bytes + data.len() > self.bounds.bytes {
            let Some(bytes) = self.evict_one(releasable) else {
                break;
            };
            freed += bytes;
        }
        if let Some(room) = self.tail_room(stream) {
            let (now, later) = data.split_at(room.min(data.len()));
            self.grow_tail(now);
            data = later;
        }
        for piece in data.chunks(self.bounds.chunk_bytes) {
            while self.entries.len() >= self.bounds.chunks {
                let Some(bytes) = self.evict_one(releasable) else {
                    break;
                };
                freed += bytes;
            }
            self.append(stream, piece);
        }
        freed
    }

    /// Evicts what is kept beyond the bounds, nothing above `releasable`. Returns the bytes
    /// evicted.
    pub(super) fn trim(&mut self, releasable: u64) -> usize {
        let mut freed = 0;
        while self.bytes > self.bounds.bytes || self.entries.len() > self.bounds.chunks {
            let Some(bytes) = self.evict_one(releasable) else {
                break;
            };
            freed += bytes;
        }
        freed
    }

    /// Gives up the oldest output, nothing above `releasable`, until `wanted` bytes are freed.
    /// Returns the bytes evicted.
    pub(super) fn evict(&mut self, wanted: usize, releasable: u64) -> usize {
        let mut freed = 0;
        while freed < wanted {
            let Some(bytes) = self.evict_one(releasable) else {
                break;
            };
            freed += bytes;
        }
        freed
    }

    /// Appends the leader's exit.
    pub(super) fn push_exit(&mut self, exit: Exit) {
        debug_assert!(
            self.exited.is_none() && self.closed.is_none(),
            "one exit, before the close"
        );
        let seq = self.assign();
        self.exited = Some((seq, exit));
    }

    /// Appends the close, after which nothing is appended.
    pub(super) fn push_closed(&mut self) {
        debug_assert!(
            self.exited.is_some() && self.closed.is_none(),
            "one close, after the exit"
        );
        let seq = self.assign();
        self.closed = Some(seq);
    }

    /// The first event at `seq` or after it that is still there.
    pub(super) fn event_from(&mut self, seq: u64) -> Option<Event> {
        self.seal();
        let at = self.entries.partition_point(|entry| entry.seq < seq);
        let output = self
            .entries
            .get(at)
            .map(|entry| Event::Output(entry.chunk()));
        let exited = self.exited.map(|(seq, exit)| Event::Exited { seq, exit });
        let closed = self.closed.map(|seq| Event::Closed { seq });
        let events = [output, exited, closed].into_iter().flatten();
        events
            .filter(|event| event.seq() >= seq)
            .min_by_key(Event::seq)
    }

    /// The chunks after `after`: whole ones, at least one if there is any, and no more than
    /// `max_bytes` otherwise. `next_seq` continues where the slice ends.
    pub(super) fn read(&mut self, after: u64, max_bytes: Option<usize>) -> Slice {
        self.seal();
        let mut chunks: Vec<Chunk> = Vec::new();
        let mut bytes = 0_usize;
        let start = self.entries.partition_point(|entry| entry.seq <= after);
        for entry in self.entries.range(start..) {
            bytes += entry.len();
            if !chunks.is_empty() && max_bytes.is_some_and(|max| bytes > max) {
                break;
            }
            chunks.push(entry.chunk());
        }
        let next_seq = match (max_bytes, chunks.last()) {
            (Some(_), Some(last)) => last.seq + 1,
            _ => self.next,
        };
        Slice {
            chunks,
            next_seq,
            lost_bytes: self.evicted.after(after),
        }
    }

    /// Fixes the content of everything appended so far, because someone is about to know it.
    pub(super) fn seal(&mut self) {
        self.seen = self.next - 1;
        if let Some(Entry { data, .. }) = self.entries.back_mut() {
            data.seal();
        }
    }

    /// How much the newest chunk can still grow by output of `stream`, if it can.
    fn tail_room(&self, stream: Stream) -> Option<usize> {
        let tail = self.entries.back()?;
        let grows = tail.stream == stream && tail.seq > self.seen && tail.seq + 1 == self.next;
        grows.then(|| self.bounds.chunk_bytes.saturating_sub(tail.len()))
    }

    fn grow_tail(&mut self, data: &[u8]) {
        let Some(tail) = self.entries.back_mut().filter(|_| !data.is_empty()) else {
            return;
        };
        let mut buffer = match std::mem::replace(&mut tail.data, Data::Sealed(Bytes::new())) {
            Data::Open(buffer) => buffer,
            Data::Sealed(bytes) => bytes.to_vec(),
        };
        buffer.extend_from_slice(data);
        tail.data = Data::Open(buffer);
        self.bytes += data.len();
        self.total += data.len() as u64;
        tail.end = self.total;
    }

    fn append(&mut self, stream: Stream, data: &[u8]) {
        if let Some(tail) = self.entries.back_mut() {
            tail.data.seal();
        }
        self.bytes += data.len();
        self.total += data.len() as u64;
        let data = Data::Sealed(Bytes::copy_from_slice(data));
        let seq = self.assign();
        self.entries.push_back(Entry {
            seq,
            stream,
            end: self.total,
            data,
        });
    }

    fn evict_one(&mut self, releasable: u64) -> Option<usize> {
        let oldest = self.entries.pop_front_if(|entry| entry.seq <= releasable)?;
        self.bytes -= oldest.len();
        self.evicted.add(oldest.seq, oldest.end);
        Some(oldest.len())
    }

    fn assign(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }
}

#[cfg(test)]
mod tests;
