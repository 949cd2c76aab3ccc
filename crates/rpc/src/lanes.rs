//! Which request may run now.
//!
//! A request claims resources: the files of its connection, one process, one open file. It runs
//! once every earlier request whose claim conflicts has ended, so requests that depend on each
//! other keep their order and all others pass each other. Then it needs a place in its pool.
//!
//! Pure: no task, no clock. Each step costs the same however many requests wait.

use std::collections::{HashMap, VecDeque};

/// What a request works on: a kind, and which one of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Resource {
    kind: &'static str,
    name: String,
}

/// How a request works on a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Together with other shared ones; after earlier exclusive ones.
    Shared,
    /// Alone: after everything earlier, before everything later.
    Exclusive,
    /// After earlier exclusive ones; holds nothing back itself. For calls that may wait long.
    After,
}

/// One claim of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    resource: Resource,
    access: Access,
}

/// Which bound a running request counts against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pool {
    /// Quick and urgent: never waits for a place.
    Control,
    /// Works: counts against the concurrent requests.
    Work,
    /// Mostly waits (a long poll, an HTTP exchange, a full stdin): counts against the waits.
    Wait,
}

/// Names a request here. Given out by the caller, never reused.
pub type Ticket = u64;

/// The requests of one connection that wait or run.
#[derive(Debug)]
pub struct Lanes {
    resources: HashMap<Resource, Lane>,
    requests: HashMap<Ticket, Request>,
    work: Places,
    wait: Places,
}

#[derive(Debug, Default)]
struct Lane {
    shared: usize,
    exclusive: usize,
    /// In order of arrival; the first is in conflict with what runs.
    blocked: VecDeque<(Ticket, Access)>,
}

#[derive(Debug)]
struct Request {
    claims: Vec<Claim>,
    pool: Pool,
    /// Claims that are still blocked.
    blocked: usize,
}

#[derive(Debug)]
struct Places {
    free: usize,
    queue: VecDeque<Ticket>,
}

// === impl Claim ===

impl Claim {
    /// A claim on the resource of this kind and name.
    #[must_use]
    pub fn new(kind: &'static str, name: impl Into<String>, access: Access) -> Self {
        Self {
            resource: Resource {
                kind,
                name: name.into(),
            },
            access,
        }
    }
}

// === impl Lanes ===

impl Lanes {
    /// Nothing waits; so many may work and so many may wait at the same time (at least one each).
    #[must_use]
    pub fn new(work: usize, wait: usize) -> Self {
        Self {
            resources: HashMap::new(),
            requests: HashMap::new(),
            work: Places::new(work),
            wait: Places::new(wait),
        }
    }

    /// Takes a request in order of arrival; `true` when it may run now. Otherwise a later
    /// [`Lanes::finish`] names it.
    pub fn admit(&mut self, ticket: Ticket, claims: Vec<Claim>, pool: Pool) -> bool {
        let mut blocked = 0;
        for claim in &claims {
            let lane = self.resources.entry(claim.resource.clone()).or_default();
            if lane.blocked.is_empty() && lane.open_to(claim.access) {
                lane.enter(claim.access);
            } else {
                lane.blocked.push_back((ticket, claim.access));
                blocked += 1;
            }
        }
        self.requests.insert(
            ticket,
            Request {
                claims,
                pool,
                blocked,
            },
        );
        blocked == 0 && self.take_place(ticket, pool)
    }

    /// A running request has ended; returns those that may run now, in order.
    pub fn finish(&mut self, ticket: Ticket) -> Vec<Ticket> {
        let Some(request) = self.requests.remove(&ticket) else {
            return Vec::new();
        };
        let mut runnable = Vec::new();
        if let Some(next) = self.places(request.pool).and_then(Places::leave) {
            runnable.push(next);
        }
        for claim in request.claims {
            for cleared in self.release(&claim) {
                let waiting = self
                    .requests
                    .get_mut(&cleared)
                    .expect("a blocked request is known");
                waiting.blocked -= 1;
                let (clear, pool) = (waiting.blocked == 0, waiting.pool);
                if clear && self.take_place(cleared, pool) {
                    runnable.push(cleared);
                }
            }
        }
        runnable
    }

    /// Requests that wait or run.
    #[must_use]
    pub fn len(&self) -> usize {
        self.requests.len()
    }

    /// Whether nothing waits or runs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    fn release(&mut self, claim: &Claim) -> Vec<Ticket> {
        // A lane that nothing holds is removed, also under a claim that holds nothing.
        let Some(lane) = self.resources.get_mut(&claim.resource) else {
            return Vec::new();
        };
        lane.leave(claim.access);
        let mut cleared = Vec::new();
        while let Some(&(ticket, access)) = lane.blocked.front() {
            if !lane.open_to(access) {
                break;
            }
            lane.enter(access);
            lane.blocked.pop_front();
            cleared.push(ticket);
        }
        if lane.is_idle() {
            self.resources.remove(&claim.resource);
        }
        cleared
    }

    fn take_place(&mut self, ticket: Ticket, pool: Pool) -> bool {
        self.places(pool).is_none_or(|places| places.take(ticket))
    }

    fn places(&mut self, pool: Pool) -> Option<&mut Places> {
        match pool {
            Pool::Control => None,
            Pool::Work => Some(&mut self.work),
            Pool::Wait => Some(&mut self.wait),
        }
    }
}

// === impl Lane ===

impl Lane {
    fn open_to(&self, access: Access) -> bool {
        match access {
            Access::Shared | Access::After => self.exclusive == 0,
            Access::Exclusive => self.exclusive == 0 && self.shared == 0,
        }
    }

    fn enter(&mut self, access: Access) {
        match access {
            Access::Shared => self.shared += 1,
            Access::Exclusive => self.exclusive += 1,
            Access::After => {}
        }
    }

    fn leave(&mut self, access: Access) {
        match access {
            Access::Shared => self.shared -= 1,
            Access::Exclusive => self.exclusive -= 1,
            Access::After => {}
        }
    }

    fn is_idle(&self) -> bool {
        self.shared == 0 && self.exclusive == 0 && self.blocked.is_empty()
    }
}

// === impl Places ===

impl Places {
    fn new(free: usize) -> Self {
        Self {
            free: free.max(1),
            queue: VecDeque::new(),
        }
    }

    fn take(&mut self, ticket: Ticket) -> bool {
        let Some(left) = self.free.checked_sub(1) else {
            self.queue.push_back(ticket);
            return false;
        };
        self.free = left;
        true
    }

    /// Gives a place back, or on to the next in the queue.
    fn leave(&mut self) -> Option<Ticket> {
        let next = self.queue.pop_front();
        if next.is_none() {
            self.free += 1;
        }
        next
    }
}

#[cfg(test)]
mod tests;
