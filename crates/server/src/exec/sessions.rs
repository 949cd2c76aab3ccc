//! Which sessions exist, and who is attached to them.
//!
//! Pure: `now` is an argument. Always true: a session has at most one connection; an attached
//! session never expires; a session is handed out for ending exactly once.

use std::collections::HashMap;

use tokio::time::{Duration, Instant};

/// All sessions of a server. `S` is a session, `C` its connection.
#[derive(Debug)]
pub(crate) struct Sessions<S, C> {
    by_id: HashMap<String, Entry<S, C>>,
    ttl: Duration,
    limit: usize,
}

#[derive(Debug)]
struct Entry<S, C> {
    session: S,
    state: State<C>,
}

#[derive(Debug)]
enum State<C> {
    Attached { connection: u64, client: C },
    Detached { since: Instant },
}

/// What came of a wish to resume.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Resume<S, C> {
    /// The session is the caller's.
    Resumed(S),
    /// Somebody is attached: this connection.
    Attached {
        /// Its number.
        connection: u64,
        /// Itself.
        client: C,
    },
    /// There is no such session, or no longer.
    Unknown,
}

/// There are as many sessions as there may be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full {
    pub(crate) limit: usize,
}

// === impl Sessions ===

impl<S: Clone, C: Clone> Sessions<S, C> {
    pub(crate) fn new(ttl: Duration, limit: usize) -> Self {
        Self {
            by_id: HashMap::new(),
            ttl,
            limit,
        }
    }

    /// How long a session without a connection is kept.
    pub(crate) fn ttl(&self) -> Duration {
        self.ttl
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Adds a session, attached. When there is no room, the detached session that has waited
    /// longest among those `idle` says have nothing to lose makes room.
    pub(crate) fn open(
        &mut self,
        id: String,
        session: S,
        (connection, client): (u64, C),
        idle: impl Fn(&S) -> bool,
    ) -> Result<(), Full> {
        if self.by_id.len() >= self.limit {
            let oldest = self.oldest_idle(idle).ok_or(Full { limit: self.limit })?;
            self.by_id.remove(&oldest);
        }
        let state = State::Attached { connection, client };
        self.by_id.insert(id, Entry { session, state });
        Ok(())
    }

    /// Attaches a connection to a session that has none, or that still has the dead connection
    /// `instead_of`.
    pub(crate) fn resume(
        &mut self,
        id: &str,
        (connection, client): (u64, C),
        instead_of: Option<u64>,
    ) -> Resume<S, C> {
        let Some(entry) = self.by_id.get_mut(id) else {
            return Resume::Unknown;
        };
        match &entry.state {
            State::Attached {
                connection: current,
                client,
            } if Some(*current) != instead_of => Resume::Attached {
                connection: *current,
                client: client.clone(),
            },
            State::Attached { .. } | State::Detached { .. } => {
                entry.state = State::Attached { connection, client };
                Resume::Resumed(entry.session.clone())
            }
        }
    }

    /// The connection has ended; `false` when the session was not its any more.
    pub(crate) fn detach(&mut self, id: &str, connection: u64, now: Instant) -> bool {
        let held = self.holds(id, connection);
        if held && let Some(entry) = self.by_id.get_mut(id) {
            entry.state = State::Detached { since: now };
        }
        held
    }

    /// Whether the session is this connection's.
    pub(crate) fn holds(&self, id: &str, connection: u64) -> bool {
        self.by_id.get(id).is_some_and(|entry| {
            matches!(&entry.state, State::Attached { connection: held, .. } if *held == connection)
        })
    }

    /// Takes out the sessions that have been detached for the time to live.
    pub(crate) fn expire(&mut self, now: Instant) -> Vec<S> {
        let ttl = self.ttl;
        let over = |entry: &Entry<S, C>| matches!(&entry.state, State::Detached { since } if now.duration_since(*since) >= ttl);
        self.by_id
            .extract_if(|_, entry| over(entry))
            .map(|(_, entry)| entry.session)
            .collect()
    }

    /// When the next session expires, as far as is known now.
    pub(crate) fn next_expiry(&self) -> Option<Instant> {
        let since = self.by_id.values().filter_map(|entry| match &entry.state {
            State::Attached { .. } => None,
            State::Detached { since } => Some(*since),
        });
        since.min().and_then(|since| since.checked_add(self.ttl))
    }

    /// Every session, in no order.
    pub(crate) fn all(&self) -> Vec<S> {
        self.by_id
            .values()
            .map(|entry| entry.session.clone())
            .collect()
    }

    /// Takes out everything.
    pub(crate) fn drain(&mut self) -> Vec<S> {
        self.by_id.drain().map(|(_, entry)| entry.session).collect()
    }

    fn oldest_idle(&self, idle: impl Fn(&S) -> bool) -> Option<String> {
        let waiting = self
            .by_id
            .iter()
            .filter_map(|(id, entry)| match &entry.state {
                State::Detached { since } if idle(&entry.session) => Some((*since, id)),
                State::Attached { .. } | State::Detached { .. } => None,
            });
        waiting.min().map(|(_, id)| id.clone())
    }
}

#[cfg(test)]
mod tests;
