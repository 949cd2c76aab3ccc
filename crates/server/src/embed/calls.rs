//! Requests that wait for their answers, by the ids the embedder gave them. Pure but for the
//! channels in it.
//!
//! Each ends once: by its answer, by the end of the server's connection, or by a shutdown. An id
//! stays taken until then, even when nobody waits any more, so that an answer never meets a later
//! request.

use std::collections::HashMap;

use outpost_protocol::{RequestId, RpcError};
use serde_json::value::RawValue;

use super::refusals;

/// What a request came to.
pub(super) type Answer = Result<Box<RawValue>, RpcError>;

/// Requests by their ids. `W` is whoever waits.
#[derive(Debug)]
pub(super) struct Calls<W> {
    waiting: HashMap<RequestId, W>,
    limit: usize,
    ended: Option<Ended>,
}

/// Why no request is taken any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// The server's connection has ended.
    Lost,
    /// The embedder has shut it down.
    ShutDown,
}

/// Why a request is not taken.
#[derive(Debug, PartialEq)]
pub(super) enum NotTaken {
    /// There is nobody to give it to: a transport's error.
    ShutDown,
    /// It is answered at once.
    Refused(RpcError),
}

// === impl Calls ===

impl<W> Calls<W> {
    /// At most so many at a time.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            waiting: HashMap::new(),
            limit,
            ended: None,
        }
    }

    /// Whether a request of this id may be sent.
    pub(super) fn admits(&self, id: &RequestId) -> Result<(), NotTaken> {
        match self.ended {
            Some(Ended::ShutDown) => return Err(NotTaken::ShutDown),
            Some(Ended::Lost) => return Err(NotTaken::Refused(refusals::lost())),
            None => {}
        }
        if self.waiting.contains_key(id) {
            return Err(NotTaken::Refused(refusals::duplicate(id)));
        }
        if self.waiting.len() >= self.limit {
            return Err(NotTaken::Refused(refusals::full()));
        }
        Ok(())
    }

    /// A request that was admitted is sent.
    pub(super) fn sent(&mut self, id: RequestId, waiter: W) {
        self.waiting.insert(id, waiter);
    }

    /// Takes out whoever waits for this answer.
    pub(super) fn answered(&mut self, id: &RequestId) -> Option<W> {
        self.waiting.remove(id)
    }

    /// Takes no more; returns everybody who still waits. The first reason stays, but that a
    /// shutdown is always told.
    pub(super) fn end(&mut self, ended: Ended) -> Vec<W> {
        if self.ended.is_none() || ended == Ended::ShutDown {
            self.ended = Some(ended);
        }
        self.waiting.drain().map(|(_, waiter)| waiter).collect()
    }

    /// Why no more are taken; `None` while they are.
    pub(super) fn ended(&self) -> Option<Ended> {
        self.ended
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Op {
        Send(i64),
        Answer(i64),
        End(Ended),
    }

    fn ops() -> impl Strategy<Value = Vec<Op>> {
        let ended = prop_oneof![Just(Ended::Lost), Just(Ended::ShutDown)];
        let op = prop_oneof![
            10 => (0..6i64).prop_map(Op::Send),
            8 => (0..6i64).prop_map(Op::Answer),
            1 => ended.prop_map(Op::End),
        ];
        prop::collection::vec(op, 0..60)
    }

    proptest! {
        #[test]
        fn every_request_ends_once(ops in ops(), limit in 1..5usize) {
            let mut calls = Calls::new(limit);
            let mut open = BTreeMap::new();
            let mut ended = None;
            for (name, op) in ops.into_iter().enumerate() {
                match op {
                    Op::Send(id) => {
                        let expected = match ended {
                            Some(Ended::ShutDown) => Err(NotTaken::ShutDown),
                            Some(Ended::Lost) => Err(NotTaken::Refused(refusals::lost())),
                            None if open.contains_key(&id) => {
                                Err(NotTaken::Refused(refusals::duplicate(&id.into())))
                            }
                            None if open.len() >= limit => Err(NotTaken::Refused(refusals::full())),
                            None => Ok(()),
                        };
                        prop_assert_eq!(&calls.admits(&id.into()), &expected);
                        if expected.is_ok() {
                            calls.sent(id.into(), name);
                            open.insert(id, name);
                        }
                    }
                    Op::Answer(id) => prop_assert_eq!(calls.answered(&id.into()), open.remove(&id)),
                    Op::End(why) => {
                        let mut left = calls.end(why);
                        left.sort_unstable();
                        let mut expected: Vec<_> = std::mem::take(&mut open).into_values().collect();
                        expected.sort_unstable();
                        prop_assert_eq!(left, expected);
                        ended = Some(if ended == Some(Ended::ShutDown) { Ended::ShutDown } else { why });
                        prop_assert_eq!(calls.ended(), ended);
                    }
                }
            }
        }
    }
}
