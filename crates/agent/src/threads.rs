//! The threads at hand: which there are, how their turns are to be done, who wants to be told.
//!
//! [`Threads`] decides and does nothing: it has no clock, sends nothing and keeps no file. Ids and
//! times are arguments. What clients are told follows from what it answers; in which words, the
//! server decides.
//!
//! # What is always true
//!
//! A thread is known from its start until nobody has wanted to be told of it for
//! [`ThreadLimits::unload_after`]; then it is gone, because nothing of it is kept before its first
//! message. There are never more than [`ThreadLimits::loaded`]: for one more, the thread that was
//! left longest makes room, and when somebody holds all of them there is none. No thread holds
//! more text than [`ThreadLimits::bytes_each`].

mod error;
mod id;
mod loaded;
mod resolve;
mod settings;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, time::Duration};

use outpost_protocol::app::thread::Thread;

pub use self::{
    error::{ChangeError, StartError, TooLong},
    id::{InvalidId, ThreadId},
    loaded::{Birth, Loaded},
    resolve::{Held, Hold, Surroundings, Wishes, resolve},
    settings::{Change, Settings, SettingsError},
};

/// All threads at hand.
#[derive(Debug)]
pub struct Threads {
    limits: ThreadLimits,
    loaded: BTreeMap<ThreadId, Loaded>,
}

/// Every bound of the threads at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThreadLimits {
    /// Threads at once: some clients with some each, far more than a user looks at.
    pub loaded: usize,
    /// What one thread may hold of its clients' text, in bytes of JSON: a long list of folders,
    /// but not a file.
    pub bytes_each: usize,
    /// How long a thread stays that nobody wants to be told of.
    pub unload_after: Duration,
}

/// Somebody who may want to be told of threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Watcher(pub u64);

/// A moment, as the wall says it and as time goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// In seconds since 1970; may jump.
    pub wall: i64,
    /// Since the server's start; never goes back.
    pub running: Duration,
}

/// A thread has begun.
#[derive(Clone, Debug, PartialEq)]
pub struct Started {
    /// As clients are shown it.
    pub thread: Thread,
    /// The thread that made room for it.
    pub gone: Option<ThreadId>,
}

/// What became of not wanting to be told of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsubscribed {
    /// It is not at hand.
    Unknown,
    /// It was not told anyhow.
    WasNot,
    /// It is not told any more.
    Done,
}

// === impl ThreadLimits ===

impl Default for ThreadLimits {
    fn default() -> Self {
        Self {
            loaded: 1000,
            bytes_each: 64 << 10,
            // The reference's number.
            unload_after: Duration::from_secs(60),
        }
    }
}

impl ThreadLimits {
    fn check(self, thread: &Loaded) -> Result<(), TooLong> {
        if thread.weight() <= self.bytes_each {
            return Ok(());
        }
        Err(TooLong {
            limit: self.bytes_each,
        })
    }
}

// === impl Threads ===

impl Threads {
    /// No threads.
    #[must_use]
    pub fn new(limits: ThreadLimits) -> Self {
        Self {
            limits,
            loaded: BTreeMap::new(),
        }
    }

    /// Begins a thread; who begins it is told of it. `id` is one that no thread has had.
    ///
    /// # Errors
    ///
    /// See [`StartError`]; then nothing has changed.
    pub fn start(
        &mut self,
        id: ThreadId,
        by: Watcher,
        (birth, settings): (Birth, Settings),
        now: Now,
    ) -> Result<Started, StartError> {
        let thread = Loaded::new(id, by, (birth, settings), now);
        self.limits.check(&thread)?;
        let mut gone = None;
        if self.loaded.len() >= self.limits.loaded {
            let longest = self.longest_left();
            let longest = longest.ok_or(StartError::TooMany(self.limits.loaded))?;
            self.loaded.remove(&longest);
            gone = Some(longest);
        }
        let shown = thread.shown();
        self.loaded.insert(id, thread);
        Ok(Started {
            thread: shown,
            gone,
        })
    }

    fn longest_left(&self) -> Option<ThreadId> {
        let left = self.loaded.values();
        let left = left.filter_map(|thread| Some((thread.left?, thread.id)));
        left.min().map(|(_, id)| id)
    }

    /// A thread at hand.
    #[must_use]
    pub fn get(&self, id: ThreadId) -> Option<&Loaded> {
        self.loaded.get(&id)
    }

    /// All of them, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Loaded> {
        self.loaded.values()
    }

    /// The ids behind `after`, the oldest first.
    pub fn ids(&self, after: Option<ThreadId>) -> impl Iterator<Item = ThreadId> {
        use std::ops::Bound::{Excluded, Unbounded};
        let from = after.map_or(Unbounded, Excluded);
        self.loaded.range((from, Unbounded)).map(|(id, _)| *id)
    }

    /// Names a thread; white space around the name is taken off. Answers whether it had another
    /// name.
    ///
    /// # Errors
    ///
    /// See [`ChangeError`]; then nothing has changed.
    pub fn rename(&mut self, id: ThreadId, name: &str, now: Now) -> Result<bool, ChangeError> {
        let name = name.trim();
        if name.is_empty() {
            return Err(ChangeError::EmptyName);
        }
        let limits = self.limits;
        let thread = self.loaded.get_mut(&id).ok_or(ChangeError::Unknown)?;
        if thread.birth.ephemeral {
            return Err(ChangeError::Ephemeral);
        }
        let old = thread.name.replace(name.to_owned());
        if let Err(refused) = limits.check(thread) {
            thread.name = old;
            return Err(refused.into());
        }
        thread.updated = now.wall;
        Ok(old != thread.name)
    }

    /// Changes how a thread's later turns are done. Answers whether that is another way.
    ///
    /// # Errors
    ///
    /// See [`ChangeError`]; then nothing has changed.
    pub fn change(&mut self, id: ThreadId, change: Change, now: Now) -> Result<bool, ChangeError> {
        let limits = self.limits;
        let thread = self.loaded.get_mut(&id).ok_or(ChangeError::Unknown)?;
        let changed = thread.settings.with(change);
        if changed == thread.settings {
            return Ok(false);
        }
        let old = std::mem::replace(&mut thread.settings, changed);
        if let Err(refused) = limits.check(thread) {
            thread.settings = old;
            return Err(refused.into());
        }
        thread.updated = now.wall;
        Ok(true)
    }

    /// `watcher` no longer wants to be told of a thread.
    pub fn unsubscribe(&mut self, id: ThreadId, watcher: Watcher, now: Now) -> Unsubscribed {
        let Some(thread) = self.loaded.get_mut(&id) else {
            return Unsubscribed::Unknown;
        };
        match thread.forget(watcher, now) {
            true => Unsubscribed::Done,
            false => Unsubscribed::WasNot,
        }
    }

    /// `watcher` is gone.
    pub fn leave(&mut self, watcher: Watcher, now: Now) {
        for thread in self.loaded.values_mut() {
            thread.forget(watcher, now);
        }
    }

    /// Takes away the threads that were left long enough, and says which, the oldest first.
    pub fn expire(&mut self, now: Now) -> Vec<ThreadId> {
        let after = self.limits.unload_after;
        let over = |left: Duration| left.saturating_add(after) <= now.running;
        let gone = self
            .loaded
            .extract_if(.., |_, thread| thread.left.is_some_and(over));
        gone.map(|(id, _)| id).collect()
    }

    /// When [`Threads::expire`] has something to do again, since the server's start.
    #[must_use]
    pub fn next_expiry(&self) -> Option<Duration> {
        let left = self.loaded.values().filter_map(|thread| thread.left);
        Some(left.min()?.saturating_add(self.limits.unload_after))
    }
}
