//! How commands end: what guards and children report, and when a tree is empty.

use std::mem;

use rustix::{event::epoll::EventFlags, io::Errno, process::Signal};

use super::{
    commands::{Held, failed},
    main::{About, Keeper, unwatch},
    walled,
    wire::{Reply, Stage, Verdict},
};
use crate::process::cgroup;

// === impl Keeper: ends ===

impl Keeper {
    /// A guard reports on its command.
    pub(super) fn hear_guard(&mut self, id: u64) {
        let Some(Held::Guard {
            control,
            ours,
            walls,
            ..
        }) = self.table.get(id)
        else {
            return;
        };
        // Its end is heard of by reaping it; after this its socket is only quieted.
        let open = control.receive().unwrap_or(false);
        let walled = walls.is_some();
        let (mut replies, mut ours) = (Vec::new(), mem::take(ours));
        while let Ok(Some(reply)) = control.inbox.reply() {
            replies.push(reply);
        }
        for (reply, pidfd) in replies {
            match reply {
                Reply::Spawned { .. } if pidfd.is_empty() => {
                    // No descriptor was left for it. Nobody can be given this command.
                    self.failed(id, failed(Errno::MFILE));
                    self.kill(id);
                }
                Reply::Spawned { pid, .. } => {
                    // Behind walls numbers mean something else.
                    let real = pidfd.first().filter(|_| walled).and_then(walled::number);
                    let pid = real.unwrap_or(pid);
                    let mut fds = mem::take(&mut ours);
                    fds.extend(pidfd);
                    self.started(id, pid, fds);
                    self.prepare_for_next(id);
                }
                Reply::Taken { .. } => self.taken(id),
                Reply::SpawnFailed {
                    stage,
                    errno,
                    words,
                    ..
                } => self.failed_with(id, (stage, errno), words),
                Reply::Exited {
                    status, verdict, ..
                } => self.exited(id, status, verdict),
                Reply::Ready { .. } | Reply::Empty { .. } => {}
            }
        }
        let still_starting = self.table.is_starting(id);
        if let Some(Held::Guard {
            control,
            ours: kept,
            ..
        }) = self.table.get(id)
        {
            *kept = if still_starting { ours } else { Vec::new() };
            if !open {
                return unwatch(&self.epoll, control);
            }
        }
        self.tell_guard(id);
    }

    fn exited(&mut self, id: u64, status: i32, verdict: Verdict) {
        if self.table.exited(id) {
            let verdict = self.judge(id, status, verdict);
            let exited = Reply::Exited {
                id,
                status,
                verdict,
            };
            self.leash.reply(&exited, Vec::new());
            // Before the leaf is removed, which nobody waits for.
            self.leash.flush();
        }
    }

    /// The leader of a leaf, or a guard, has ended and was reaped.
    pub(super) fn child_ended(&mut self, id: u64, pid: u32, status: i32) {
        match self.table.get(id) {
            Some(Held::Leaf { .. }) => {
                // What it reported comes before what became of it.
                self.finish_start(id);
                self.table.reaped(pid);
                let verdict = Verdict {
                    exceeded: self.exceeded_alone(id, status),
                    ..Verdict::default()
                };
                self.exited(id, status, verdict);
                self.check_empty(id);
            }
            Some(Held::Guard { .. }) => {
                self.hear_guard(id);
                self.table.reaped(pid);
                if self.start_again(id) {
                    return;
                }
                let walls = match self.table.get(id) {
                    Some(Held::Guard { walls, .. }) => walls.take(),
                    _ => None,
                };
                if !self.table.is_over(id) {
                    // It was killed, and the leader died with it; or walls were not raised.
                    let words = walls.as_ref().map(walled::words);
                    let stage = words.as_ref().map_or(Stage::Resource, |_| Stage::Walls);
                    let errno = Errno::CHILD.raw_os_error();
                    self.failed_with(id, (stage, errno), words.unwrap_or_default());
                    self.exited(id, Signal::KILL.as_raw(), Verdict::default());
                    // Below a guard the others came down to us.
                    if walls.is_none() {
                        self.kill_strays();
                    }
                }
                self.all_but_leaf_ended(id, pid, walls.and_then(|walls| walls.leaf));
            }
            None => {}
        }
    }

    /// What stood between us and a walled command has ended; its leaf may not be empty yet.
    fn all_but_leaf_ended(&mut self, id: u64, leader: u32, leaf: Option<u64>) {
        match (self.table.get(id), leaf) {
            (Some(held), Some(leaf)) => {
                let left = Held::Leaf {
                    leader,
                    leaf,
                    starting: None,
                    events: None,
                };
                if let Held::Guard { control, .. } = mem::replace(held, left) {
                    unwatch(&self.epoll, &control);
                }
                self.kill(id);
                self.check_empty(id);
            }
            _ => self.emptied(id),
        }
    }

    /// Sees whether a leaf without a leader is empty, and has it watched if not.
    pub(super) fn check_empty(&mut self, id: u64) {
        let Some(Held::Leaf { leaf, .. }) = self.table.get(id) else {
            return;
        };
        let (leaf, Some(group)) = (*leaf, self.means.group()) else {
            return;
        };
        if !self.table.is_over(id) {
            return;
        }
        if group.remove_leaf(leaf) {
            return self.emptied(id);
        }
        let watched = group.leaf_events(leaf).and_then(|opened| {
            self.watch(&opened, About::Leaf(id), EventFlags::PRI)?;
            Ok(opened)
        });
        let Ok(opened) = watched else {
            return self.unwatched.push(id);
        };
        if let Some(Held::Leaf { events, .. }) = self.table.get(id) {
            *events = Some(opened);
            self.leaf_changed(id);
        }
    }

    /// A watched leaf may have become empty.
    pub(super) fn leaf_changed(&mut self, id: u64) {
        let Some(Held::Leaf {
            events: Some(events),
            leaf,
            ..
        }) = self.table.get(id)
        else {
            return;
        };
        if cgroup::is_populated(events) {
            return;
        }
        let leaf = *leaf;
        if let Some(group) = self.means.group() {
            // A directory that stays behind goes with the whole group.
            group.remove_leaf(leaf);
        }
        self.emptied(id);
    }

    fn emptied(&mut self, id: u64) {
        let Some((held, say)) = self.table.emptied(id) else {
            return;
        };
        match &held {
            Held::Leaf {
                events: Some(events),
                ..
            } => unwatch(&self.epoll, events),
            Held::Guard { control, .. } => unwatch(&self.epoll, control),
            Held::Leaf { events: None, .. } => {}
        }
        self.release(id);
        if say {
            self.leash.reply(&Reply::Empty { id }, Vec::new());
        }
    }
}
