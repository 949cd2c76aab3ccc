//! Signals and kills: what the keeper does to trees that run.

use rustix::{
    event::epoll::{self, EventFlags},
    process::{Pid, Signal, kill_process_group},
};

use super::{
    commands::Held,
    main::{About, Keeper},
    tree,
    wire::{Request, To},
};

// === impl Keeper: orders ===

impl Keeper {
    /// Sends a signal to the group of a command's leader or to its whole tree.
    pub(super) fn signal(&mut self, id: u64, number: i32, to: To) {
        let Some(signal) = Signal::from_named_raw(number) else {
            return;
        };
        let unreaped = self.table.pid(id);
        match self.table.get(id) {
            Some(Held::Guard { control, .. }) => {
                let signal = Request::Signal {
                    id,
                    signal: number,
                    to,
                };
                control.request(&signal, Vec::new());
                self.tell_guard(id);
            }
            Some(Held::Leaf { leader, leaf, .. }) => match (to, unreaped.and_then(pid)) {
                // Not reaped, so the number still means its group. It may have no member.
                (To::Group, Some(leader)) => drop(kill_process_group(leader, signal)),
                (To::Group, None) => {
                    let (group, leaf) = (*leader, *leaf);
                    self.signal_leaf(leaf, signal, |stat| stat.group == group);
                }
                (To::Tree, _) => {
                    let leaf = *leaf;
                    self.signal_leaf(leaf, signal, |_| true);
                }
            },
            None => {}
        }
    }

    /// Sends a guard what is meant for it, the rest when it has read.
    pub(super) fn tell_guard(&mut self, id: u64) {
        let Some(Held::Guard { control, .. }) = self.table.get(id) else {
            return;
        };
        control.flush();
        let mut wanted = EventFlags::IN;
        wanted.set(EventFlags::OUT, control.backlog() > 0);
        // Not watched any more is a guard that has ended; it needs no telling.
        epoll::modify(&self.epoll, control, About::Guard(id).token(), wanted).ok();
    }

    fn signal_leaf(&self, leaf: u64, signal: Signal, wanted: impl Fn(&tree::Stat) -> bool) {
        let Some(group) = self.means.group() else {
            return;
        };
        let stats: Vec<_> = group
            .leaf_members(leaf)
            .into_iter()
            .filter_map(tree::look)
            .collect();
        // Whoever is still a member now was one when it was looked at, or is one now.
        let members = group.leaf_members(leaf);
        for stat in stats
            .iter()
            .filter(|stat| members.contains(&stat.pid) && wanted(stat))
        {
            tree::signal(stat, signal);
        }
    }

    /// Ends every member of a command's tree.
    pub(super) fn kill(&mut self, id: u64) {
        match self.table.get(id) {
            Some(Held::Guard {
                walls: None,
                control,
                ..
            }) => {
                control.request(&Request::Kill { id }, Vec::new());
                self.tell_guard(id);
            }
            // The end of its first process is the end of a sandbox. The leaf, where there is one,
            // is killed as well: what raises the walls lives outside of them.
            Some(Held::Guard {
                walls: Some(walls),
                control,
                again,
                ..
            }) => {
                // Whoever wants it dead wants no second attempt.
                *again = None;
                let leaf = walls.leaf;
                control.request(&Request::Kill { id }, Vec::new());
                self.tell_guard(id);
                if let (Some(group), Some(leaf)) = (self.means.group(), leaf) {
                    group.kill_leaf(leaf).ok();
                }
            }
            Some(Held::Leaf { leaf, .. }) => {
                let leaf = *leaf;
                if let Some(group) = self.means.group() {
                    // Fails when the leaf is being removed, thus empty.
                    group.kill_leaf(leaf).ok();
                }
            }
            None => {}
        }
    }
}

fn pid(number: u32) -> Option<Pid> {
    i32::try_from(number).ok().and_then(Pid::from_raw)
}
