//! The calls we wait for.
//!
//! Every call ends exactly once: by its answer, or by the end of the connection. An answer that
//! was read before the end wins, because the connection hands over what it read first.

use std::collections::HashMap;

use outpost_protocol::RpcError;

use crate::link::Close;

/// What a call came to: the text of its result, or why there is none.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The peer's result, not yet decoded.
    Result(String),
    /// The peer's refusal.
    Refused(RpcError),
    /// The end of the connection.
    Closed(Close),
}

/// Why a call was not registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotRegistered {
    /// The connection has ended.
    Closed(Close),
    /// The bound is reached.
    Full,
}

/// Calls by their id. `W` is whoever waits.
#[derive(Debug)]
pub struct Pending<W> {
    waiting: HashMap<i64, W>,
    next: i64,
    limit: usize,
    closed: Option<Close>,
}

// === impl Pending ===

impl<W> Pending<W> {
    /// Nothing is waited for; at most so many calls may be.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            waiting: HashMap::new(),
            next: 1,
            limit,
            closed: None,
        }
    }

    /// Registers a call before it is written; returns its id.
    pub fn register(&mut self, waiter: W) -> Result<i64, NotRegistered> {
        if let Some(close) = &self.closed {
            return Err(NotRegistered::Closed(close.clone()));
        }
        if self.waiting.len() >= self.limit {
            return Err(NotRegistered::Full);
        }
        let id = self.next;
        self.next += 1;
        self.waiting.insert(id, waiter);
        Ok(id)
    }

    /// Takes out whoever waits for this answer.
    pub fn complete(&mut self, id: i64) -> Option<W> {
        self.waiting.remove(&id)
    }

    /// Whether this id was ever given out: an answer to it is late, not stray.
    #[must_use]
    pub fn was_asked(&self, id: i64) -> bool {
        (1..self.next).contains(&id)
    }

    /// Ends the table; returns everybody who still waits. The first reason stays.
    pub fn close(&mut self, close: Close) -> Vec<W> {
        self.closed.get_or_insert(close);
        self.waiting.drain().map(|(_, waiter)| waiter).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Op {
        Register,
        Complete(prop::sample::Index),
        Close,
    }

    fn ops() -> impl Strategy<Value = Vec<Op>> {
        let op = prop_oneof![
            6 => Just(Op::Register),
            4 => any::<prop::sample::Index>().prop_map(Op::Complete),
            1 => Just(Op::Close),
        ];
        prop::collection::vec(op, 0..60)
    }

    proptest! {
        #[test]
        fn every_call_ends_exactly_once(ops in ops(), limit in 1..8usize) {
            let mut pending = Pending::new(limit);
            let (mut open, mut ended, mut closed) = (Vec::new(), BTreeSet::new(), false);
            for (name, op) in ops.into_iter().enumerate() {
                match op {
                    Op::Register => match pending.register(name) {
                        Ok(id) => open.push((id, name)),
                        Err(NotRegistered::Full) => prop_assert_eq!(open.len(), limit),
                        Err(NotRegistered::Closed(_)) => prop_assert!(closed),
                    },
                    Op::Complete(_) if open.is_empty() => {}
                    Op::Complete(which) => {
                        let (id, name) = open.remove(which.index(open.len()));
                        prop_assert_eq!(pending.complete(id), Some(name));
                        prop_assert_eq!(pending.complete(id), None);
                        prop_assert!(pending.was_asked(id) && ended.insert(name));
                    }
                    Op::Close => {
                        closed = true;
                        for name in pending.close(Close::lost()) {
                            prop_assert!(ended.insert(name));
                        }
                        open.clear();
                    }
                }
            }
            for name in pending.close(Close::normal()) {
                prop_assert!(ended.insert(name));
            }
        }
    }
}
