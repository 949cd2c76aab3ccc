//! How commands end: what guards and children report, and when a tree is empty.

use std::mem;

use rustix::{event::epoll::EventFlags, io::Errno, process::Signal};

use super::{
    commands::{Held, failed},
    main::{About, Keeper, unwatch},
    wire::Reply,
};
use crate::process::cgroup;

// === impl Keeper: ends ===

impl Keeper {
    /// A guard reports on its command.
    pub(super) fn hear_guard(&mut self, id: u64) {
        let Some(Held::Guard { control, ours }) = self.table.get(id) else {
            return;
        };
        // Its end is heard of by reaping it; after this its socket is only quieted.
        let open = control.receive().unwrap_or(false);
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
                    let mut fds = mem::take(&mut ours);
                    fds.extend(pidfd);
                    self.started(id, pid, fds);
                }
                Reply::SpawnFailed { stage, errno, .. } => self.failed(id, (stage, errno)),
                Reply::Exited { status, .. } => self.exited(id, status),
                Reply::Ready { .. } | Reply::Empty { .. } => {}
            }
        }
        let still_starting = self.table.is_starting(id);
        if let Some(Held::Guard {
            control,
            ours: kept,
        }) = self.table.get(id)
        {
            *kept = if still_starting { ours } else { Vec::new() };
            if !open {
                return unwatch(&self.epoll, control);
            }
        }
        self.tell_guard(id);
    }

    fn exited(&mut self, id: u64, status: i32) {
        if self.table.exited(id) {
            self.leash.reply(&Reply::Exited { id, status }, Vec::new());
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
                self.exited(id, status);
                self.check_empty(id);
            }
            Some(Held::Guard { .. }) => {
                self.hear_guard(id);
                self.table.reaped(pid);
                if !self.table.is_over(id) {
                    // It was killed. The leader died with it; the others came down to us.
                    self.failed(id, failed(Errno::CHILD));
                    self.exited(id, Signal::KILL.as_raw());
                    self.kill_strays();
                }
                self.emptied(id);
            }
            None => {}
        }
    }

    /// Sees whether a leaf without a leader is empty, and has it watched if not.
    pub(super) fn check_empty(&mut self, id: u64) {
        let Some(group) = self.means.group() else {
            return;
        };
        if !self.table.is_over(id) {
            return;
        }
        if group.remove_leaf(id) {
            return self.emptied(id);
        }
        let watched = group.leaf_events(id).and_then(|opened| {
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
            ..
        }) = self.table.get(id)
        else {
            return;
        };
        if cgroup::is_populated(events) {
            return;
        }
        if let Some(group) = self.means.group() {
            // A directory that stays behind goes with the whole group.
            group.remove_leaf(id);
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
        if say {
            self.leash.reply(&Reply::Empty { id }, Vec::new());
        }
    }
}
