//! Which ids are in use (a pure type).
//!
//! An id is reserved before its file is opened and filled afterwards, so two openings of one id
//! cannot both succeed and the bound holds while files are still being opened. A reserved id counts
//! but leads to nothing. If it is removed before it is filled, filling it does nothing.

use std::collections::HashMap;

/// Proof of a reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket(u64);

/// Why an id was not reserved. Carries the bound that was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    IdTooLong(usize),
    IdInUse,
    Full(usize),
}

pub(super) struct Table<T> {
    slots: HashMap<String, Slot<T>>,
    limit: usize,
    id_bytes: usize,
    next: u64,
}

enum Slot<T> {
    Reserved(Ticket),
    Filled(T),
}

impl<T> Table<T> {
    /// Room for `limit` ids of at most `id_bytes` bytes each.
    pub(super) fn new(limit: usize, id_bytes: usize) -> Self {
        Self {
            slots: HashMap::new(),
            limit,
            id_bytes,
            next: 0,
        }
    }

    pub(super) fn reserve(&mut self, id: &str) -> Result<Ticket, Refusal> {
        if id.len() > self.id_bytes {
            return Err(Refusal::IdTooLong(self.id_bytes));
        }
        if self.slots.contains_key(id) {
            return Err(Refusal::IdInUse);
        }
        if self.slots.len() >= self.limit {
            return Err(Refusal::Full(self.limit));
        }
        let ticket = Ticket(self.next);
        self.next += 1;
        self.slots.insert(id.to_owned(), Slot::Reserved(ticket));
        Ok(ticket)
    }

    pub(super) fn fill(&mut self, id: &str, ticket: Ticket, value: T) {
        if self.holds(id, ticket) {
            self.slots.insert(id.to_owned(), Slot::Filled(value));
        }
    }

    pub(super) fn give_back(&mut self, id: &str, ticket: Ticket) {
        if self.holds(id, ticket) {
            self.slots.remove(id);
        }
    }

    pub(super) fn get(&self, id: &str) -> Option<&T> {
        match self.slots.get(id)? {
            Slot::Filled(value) => Some(value),
            Slot::Reserved(_) => None,
        }
    }

    /// Frees the id, filled or not.
    pub(super) fn remove(&mut self, id: &str) -> Option<T> {
        match self.slots.remove(id)? {
            Slot::Filled(value) => Some(value),
            Slot::Reserved(_) => None,
        }
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        self.slots.keys().map(String::as_str)
    }

    fn holds(&self, id: &str, ticket: Ticket) -> bool {
        matches!(self.slots.get(id), Some(Slot::Reserved(held)) if *held == ticket)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Op {
        Reserve(usize),
        Fill(usize),
        GiveBack(usize),
        Remove(usize),
    }

    const IDS: [&str; 5] = ["", "a", "bb", "ccc", "dddd"];

    fn op() -> impl Strategy<Value = Op> {
        (0..4, 0..12usize).prop_map(|(what, which)| match what {
            0 => Op::Reserve(which % IDS.len()),
            1 => Op::Fill(which),
            2 => Op::GiveBack(which),
            _ => Op::Remove(which % IDS.len()),
        })
    }

    proptest! {
        /// The model is a list of (id, ticket, value), searched from end to end.
        #[test]
        fn behaves_like_a_list(ops in proptest::collection::vec(op(), 0..60)) {
            let mut table = Table::new(3, 3);
            let mut model: Vec<(&str, Ticket, Option<usize>)> = Vec::new();
            let mut tickets: Vec<(&str, Ticket)> = Vec::new();
            for (step, op) in ops.into_iter().enumerate() {
                match op {
                    Op::Reserve(which) => {
                        let id = IDS[which];
                        let expected = if id.len() > 3 {
                            Some(Refusal::IdTooLong(3))
                        } else if model.iter().any(|(other, ..)| *other == id) {
                            Some(Refusal::IdInUse)
                        } else {
                            (model.len() == 3).then_some(Refusal::Full(3))
                        };
                        let got = table.reserve(id);
                        prop_assert_eq!(got.err(), expected);
                        if let Ok(ticket) = got {
                            model.push((id, ticket, None));
                            tickets.push((id, ticket));
                        }
                    }
                    Op::Fill(which) => if let Some((id, ticket)) = tickets.get(which).copied() {
                        table.fill(id, ticket, step);
                        for slot in model.iter_mut().filter(|slot| slot.1 == ticket && slot.2.is_none()) {
                            slot.2 = Some(step);
                        }
                    },
                    Op::GiveBack(which) => if let Some((id, ticket)) = tickets.get(which).copied() {
                        table.give_back(id, ticket);
                        model.retain(|slot| slot.1 != ticket || slot.2.is_some());
                    },
                    Op::Remove(which) => {
                        let expected = model.iter().find(|slot| slot.0 == IDS[which]).and_then(|slot| slot.2);
                        prop_assert_eq!(table.remove(IDS[which]), expected);
                        model.retain(|slot| slot.0 != IDS[which]);
                    }
                }
                prop_assert_eq!(table.ids().count(), model.len());
                for id in IDS {
                    let expected = model.iter().find(|slot| slot.0 == id).and_then(|slot| slot.2);
                    prop_assert_eq!(table.get(id).copied(), expected);
                }
            }
        }
    }
}
