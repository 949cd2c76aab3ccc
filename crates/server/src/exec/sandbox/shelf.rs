//! Which helpers a connection keeps. Pure: `now` is an argument.
//!
//! One entry a key, and a bounded number of them. An entry in use, by calls or by files held open,
//! stays; of the others the one that was used longest ago makes room for a new one, and one that
//! was not used for a while is given up.

use std::time::Duration;

use tokio::time::Instant;

/// Entries by their keys.
#[derive(Debug)]
pub(super) struct Shelf<K, V> {
    entries: Vec<Entry<K, V>>,
    next: u64,
    limit: usize,
    patience: Duration,
}

#[derive(Debug)]
struct Entry<K, V> {
    number: u64,
    key: K,
    value: V,
    calls: usize,
    files: usize,
    /// When it was last taken or given back.
    used: Instant,
}

/// What comes of asking for a key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken<V> {
    /// This one, for a call, until [`Shelf::give_back`].
    Value {
        /// Names the entry.
        number: u64,
        value: V,
        /// What made room for it.
        given_up: Option<V>,
    },
    /// All entries are in use, some of them by calls, which end.
    AllBusy,
    /// All entries hold files open, which is for the client to end.
    AllHeld,
}

// === impl Shelf ===

impl<K: PartialEq + Clone, V: Clone> Shelf<K, V> {
    /// No entries; at most `limit`, each until it was not used for `patience`.
    pub(super) fn new(limit: usize, patience: Duration) -> Self {
        Self {
            entries: Vec::new(),
            next: 0,
            limit,
            patience,
        }
    }

    /// Takes the entry of a key for a call; a new one holds what `make` makes.
    pub(super) fn take(&mut self, key: &K, now: Instant, make: impl FnOnce() -> V) -> Taken<V> {
        let mut given_up = None;
        let known = self.entries.iter().position(|entry| entry.key == *key);
        let place = match known {
            Some(place) => place,
            None if self.entries.len() < self.limit => self.add(key, now, make()),
            None => match self.least_used() {
                Some(place) => {
                    given_up = Some(self.entries.remove(place).value);
                    self.add(key, now, make())
                }
                None if self.entries.iter().any(|entry| entry.calls > 0) => return Taken::AllBusy,
                None => return Taken::AllHeld,
            },
        };
        let entry = &mut self.entries[place];
        entry.calls += 1;
        entry.used = now;
        Taken::Value {
            number: entry.number,
            value: entry.value.clone(),
            given_up,
        }
    }

    /// A call has ended.
    pub(super) fn give_back(&mut self, number: u64, now: Instant) {
        if let Some(entry) = self.entry(number) {
            entry.calls -= 1;
            entry.used = now;
        }
    }

    /// A file is open; the entry is taken for a call meanwhile.
    pub(super) fn hold(&mut self, number: u64) {
        if let Some(entry) = self.entry(number) {
            entry.files += 1;
        }
    }

    /// A file is not open any more.
    pub(super) fn let_go(&mut self, number: u64, now: Instant) {
        if let Some(entry) = self.entry(number) {
            entry.files -= 1;
            entry.used = now;
        }
    }

    /// Takes out what was not used for long enough.
    pub(super) fn expire(&mut self, now: Instant) -> Vec<V> {
        let patience = self.patience;
        let over = |entry: &mut Entry<K, V>| entry.is_idle() && now >= entry.used + patience;
        self.entries
            .extract_if(.., over)
            .map(|entry| entry.value)
            .collect()
    }

    /// When [`Shelf::expire`] takes something out next, if nothing is used until then.
    pub(super) fn next_expiry(&self) -> Option<Instant> {
        let idle = self.entries.iter().filter(|entry| entry.is_idle());
        idle.map(|entry| entry.used + self.patience).min()
    }

    fn add(&mut self, key: &K, now: Instant, value: V) -> usize {
        self.entries.push(Entry {
            number: self.next,
            key: key.clone(),
            value,
            calls: 0,
            files: 0,
            used: now,
        });
        self.next += 1;
        self.entries.len() - 1
    }

    fn least_used(&self) -> Option<usize> {
        let idle = self.entries.iter().enumerate();
        idle.filter(|(_, entry)| entry.is_idle())
            .min_by_key(|(_, entry)| entry.used)
            .map(|(place, _)| place)
    }

    fn entry(&mut self, number: u64) -> Option<&mut Entry<K, V>> {
        self.entries.iter_mut().find(|entry| entry.number == number)
    }
}

// === impl Entry ===

impl<K, V> Entry<K, V> {
    fn is_idle(&self) -> bool {
        self.calls == 0 && self.files == 0
    }
}

#[cfg(test)]
mod tests;
