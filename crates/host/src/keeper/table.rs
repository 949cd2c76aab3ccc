//! Every command the keeper knows, and what may still be said about it.
//!
//! Pure: no process is touched here. Always true: about one id the table allows `Spawned`, then
//! `Exited`, then `Empty`, each at most once, or `SpawnFailed` alone; nothing after it was
//! forgotten; a process id is known exactly as long as it has not been reaped, so it cannot mean a
//! stranger. An entry goes when its tree is empty.

use std::collections::HashMap;

/// Ids above this would not fit beside the kind in an epoll token.
pub(crate) const MAX_ID: u64 = (1 << 56) - 1;

/// Why a command cannot be admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The table is full.
    Full,
    /// The id is in use or out of range.
    BadId,
}

/// The commands by id, each with what the keeper holds for it.
#[derive(Debug)]
pub(crate) struct Table<T> {
    entries: HashMap<u64, Entry<T>>,
    pids: HashMap<u32, u64>,
    limit: usize,
}

#[derive(Debug)]
struct Entry<T> {
    pid: u32,
    phase: Phase,
    forgotten: bool,
    held: T,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Starting,
    Running,
    Exited,
    Failed,
}

// === impl Table ===

impl<T> Table<T> {
    /// An empty table of at most `limit` commands.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            entries: HashMap::new(),
            pids: HashMap::new(),
            limit,
        }
    }

    /// Whether a command of this id may be started now.
    pub(crate) fn room(&self, id: u64) -> Result<(), Refused> {
        if id > MAX_ID || self.entries.contains_key(&id) {
            Err(Refused::BadId)
        } else if self.entries.len() >= self.limit {
            Err(Refused::Full)
        } else {
            Ok(())
        }
    }

    /// Enters a command whose child `pid` was just made; [`Table::room`] was asked before.
    pub(crate) fn admit(&mut self, id: u64, pid: u32, held: T) {
        self.entries.insert(
            id,
            Entry {
                pid,
                phase: Phase::Starting,
                forgotten: false,
                held,
            },
        );
        self.pids.insert(pid, id);
    }

    /// What is held for a command.
    pub(crate) fn get(&mut self, id: u64) -> Option<&mut T> {
        self.entries.get_mut(&id).map(|entry| &mut entry.held)
    }

    /// The command whose child has this process id and was not reaped.
    pub(crate) fn by_pid(&self, pid: u32) -> Option<u64> {
        self.pids.get(&pid).copied()
    }

    /// The child of a command, while its process id is certain to mean it.
    pub(crate) fn pid(&self, id: u64) -> Option<u32> {
        let pid = self.entries.get(&id)?.pid;
        (self.pids.get(&pid) == Some(&id)).then_some(pid)
    }

    /// The process id was given back to the system.
    pub(crate) fn reaped(&mut self, pid: u32) {
        self.pids.remove(&pid);
    }

    /// The program runs. Whether to say so.
    pub(crate) fn started(&mut self, id: u64) -> bool {
        self.step(id, Phase::Starting, Phase::Running)
    }

    /// The program could not be run. Whether to say so.
    pub(crate) fn failed(&mut self, id: u64) -> bool {
        self.step(id, Phase::Starting, Phase::Failed)
    }

    /// The leader has ended. Whether to say so.
    pub(crate) fn exited(&mut self, id: u64) -> bool {
        self.step(id, Phase::Running, Phase::Exited)
    }

    /// Whether the command's leader is known to be gone, so that its tree may be empty.
    pub(crate) fn is_over(&self, id: u64) -> bool {
        let phase = self.entries.get(&id).map(|entry| entry.phase);
        matches!(phase, Some(Phase::Exited | Phase::Failed))
    }

    /// Whether the command is still between fork and exec.
    pub(crate) fn is_starting(&self, id: u64) -> bool {
        self.entries
            .get(&id)
            .is_some_and(|entry| entry.phase == Phase::Starting)
    }

    /// No member is left. Takes the entry out, with whether to say so; nothing happens while the
    /// leader is not known to be gone.
    pub(crate) fn emptied(&mut self, id: u64) -> Option<(T, bool)> {
        if !self.is_over(id) {
            return None;
        }
        let entry = self.entries.remove(&id)?;
        if self.pids.get(&entry.pid) == Some(&id) {
            self.pids.remove(&entry.pid);
        }
        Some((entry.held, entry.phase == Phase::Exited && !entry.forgotten))
    }

    /// Takes out a command of which nothing was said yet, as if it had never been admitted.
    pub(crate) fn withdraw(&mut self, id: u64) -> Option<T> {
        if !self.is_starting(id) {
            return None;
        }
        let entry = self.entries.remove(&id)?;
        if self.pids.get(&entry.pid) == Some(&id) {
            self.pids.remove(&entry.pid);
        }
        Some(entry.held)
    }

    /// Nothing more is said about this command.
    pub(crate) fn forget(&mut self, id: u64) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.forgotten = true;
        }
    }

    /// The ids of all commands.
    pub(crate) fn ids(&self) -> Vec<u64> {
        self.entries.keys().copied().collect()
    }

    /// The children that were not reaped.
    pub(crate) fn children(&self) -> impl Iterator<Item = u32> {
        self.pids.keys().copied()
    }

    /// Whether no command is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn step(&mut self, id: u64, from: Phase, to: Phase) -> bool {
        match self.entries.get_mut(&id) {
            Some(entry) if entry.phase == from => {
                entry.phase = to;
                !entry.forgotten
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    #[derive(Debug, Clone, Copy)]
    enum Op {
        Admit(u64, u32),
        Started(u64),
        Failed(u64),
        Exited(u64),
        Emptied(u64),
        Reaped(u32),
        Forget(u64),
        Withdraw(u64),
    }

    fn op() -> impl Strategy<Value = Op> {
        let (id, pid) = (0..6_u64, 1..8_u32);
        prop_oneof![
            (id.clone(), pid.clone()).prop_map(|(id, pid)| Op::Admit(id, pid)),
            id.clone().prop_map(Op::Started),
            id.clone().prop_map(Op::Failed),
            id.clone().prop_map(Op::Exited),
            id.clone().prop_map(Op::Emptied),
            pid.prop_map(Op::Reaped),
            id.clone().prop_map(Op::Forget),
            id.prop_map(Op::Withdraw),
        ]
    }

    /// What was said about each life of an id, as letters.
    #[derive(Default)]
    struct Said(HashMap<u64, (String, bool)>);

    impl Said {
        fn say(&mut self, id: u64, letter: char, said: bool) {
            let (text, forgotten) = self.0.entry(id).or_default();
            if said {
                assert!(!*forgotten, "something was said after forget");
                text.push(letter);
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_said_is_in_order_and_at_most_once(ops in vec(op(), 0..120)) {
            const LIMIT: usize = 4;
            let (mut table, mut said) = (Table::new(LIMIT), Said::default());
            for op in ops {
                match op {
                    // The system never gives out a process id that was not reaped.
                    Op::Admit(id, pid) if table.by_pid(pid).is_none() => {
                        if table.room(id).is_ok() {
                            table.admit(id, pid, ());
                            said.0.insert(id, Default::default());
                            prop_assert_eq!(table.pid(id), Some(pid));
                        }
                    }
                    Op::Admit(..) => {}
                    Op::Started(id) => said.say(id, 's', table.started(id)),
                    Op::Failed(id) => said.say(id, 'f', table.failed(id)),
                    Op::Exited(id) => said.say(id, 'x', table.exited(id)),
                    Op::Emptied(id) => {
                        let emptied = table.emptied(id);
                        said.say(id, 'e', emptied.is_some_and(|(_, say)| say));
                        prop_assert!(emptied.is_none() || table.get(id).is_none());
                    }
                    Op::Reaped(pid) => {
                        table.reaped(pid);
                        prop_assert_eq!(table.by_pid(pid), None);
                    }
                    Op::Withdraw(id) => {
                        let starting = table.is_starting(id);
                        prop_assert_eq!(table.withdraw(id).is_some(), starting);
                        prop_assert!(!starting || table.get(id).is_none() && table.pid(id).is_none());
                    }
                    Op::Forget(id) => {
                        table.forget(id);
                        if let Some(life) = said.0.get_mut(&id) {
                            life.1 |= table.get(id).is_some();
                        }
                    }
                }
                prop_assert!(table.ids().len() <= LIMIT);
                for (text, _) in said.0.values() {
                    prop_assert!("sxe".starts_with(text.as_str()) || text == "f", "said {}", text);
                }
            }
        }
    }

    #[test]
    fn the_last_place_is_given_and_no_more() {
        let mut table = Table::new(2);
        table.admit(1, 10, ());
        assert_eq!(table.room(2), Ok(()));
        table.admit(2, 20, ());
        assert_eq!(table.room(3), Err(Refused::Full));
        assert_eq!(table.room(2), Err(Refused::BadId));
        table.started(1);
        table.exited(1);
        assert!(table.emptied(1).is_some());
        assert_eq!(table.room(3), Ok(()));
        assert_eq!(table.room(MAX_ID), Ok(()));
        assert_eq!(table.room(MAX_ID + 1), Err(Refused::BadId));
    }
}
