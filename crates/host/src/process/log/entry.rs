//! Pure: what a log holds, and what it remembers of what it no longer holds.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::process::audience::{Chunk, Stream};

/// Evicted chunks whose place is remembered, so that a page can say exactly how many bytes a
/// reader lost. For a reader that is further behind, everything evicted counts as lost.
pub(super) const REMEMBERED_EVICTIONS: usize = 1024;

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) seq: u64,
    pub(super) stream: Stream,
    /// Bytes ever pushed up to the end of this chunk.
    pub(super) end: u64,
    pub(super) data: Data,
}

/// Only the last entry can be open.
#[derive(Debug)]
pub(super) enum Data {
    Sealed(Bytes),
    Open(Vec<u8>),
}

/// What is no longer there.
#[derive(Debug, Default)]
pub(super) struct Evicted {
    /// The highest evicted sequence number; 0 for none.
    pub(super) through: u64,
    pub(super) bytes: u64,
    /// `(seq, end)` of the latest evicted chunks, oldest first.
    latest: VecDeque<(u64, u64)>,
}

impl Entry {
    pub(super) fn len(&self) -> usize {
        match &self.data {
            Data::Sealed(bytes) => bytes.len(),
            Data::Open(buffer) => buffer.len(),
        }
    }

    /// The chunk as readers see it.
    pub(super) fn chunk(&self) -> Chunk {
        let data = match &self.data {
            Data::Sealed(bytes) => bytes.clone(),
            Data::Open(_) => unreachable!("readers seal the log first"),
        };
        Chunk {
            seq: self.seq,
            stream: self.stream,
            data,
        }
    }
}

impl Data {
    /// Ends the growing, and gives back the room it was growing into.
    pub(super) fn seal(&mut self) {
        if let Self::Open(buffer) = self {
            *self = Self::Sealed(std::mem::take(buffer).into_boxed_slice().into());
        }
    }
}

impl Evicted {
    pub(super) fn add(&mut self, seq: u64, end: u64) {
        self.through = seq;
        self.bytes = end;
        if self.latest.len() == REMEMBERED_EVICTIONS {
            self.latest.pop_front();
        }
        self.latest.push_back((seq, end));
    }

    /// Bytes evicted that a reader at `after` has not had.
    pub(super) fn after(&self, after: u64) -> u64 {
        if after >= self.through {
            return 0;
        }
        let known = self.latest.partition_point(|&(seq, _)| seq <= after);
        let had = known.checked_sub(1).map_or(0, |last| self.latest[last].1);
        self.bytes - had
    }
}
