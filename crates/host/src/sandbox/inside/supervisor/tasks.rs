//! What is known of the tasks that asked before: their place in `/proc`, their umask.
//!
//! Looking these up is the greater part of what an answer costs. A place in `/proc` that is held
//! open is that of one task and no other; when it has ended nothing is found there any more, so an
//! identity that is used again is noticed. Umasks are forgotten whenever any task is about to
//! change its own, because others can share it, and are not kept until it has.
//!
//! Bounded: [`KNOWN`] tasks, the one that asked least recently makes room.

use std::os::fd::OwnedFd;

use rustix::{
    fs::{AtFlags, CWD, Mode, OFlags},
    io::Errno,
};

/// Tasks that are remembered, each with an open descriptor: more than make files at the same time.
const KNOWN: usize = 64;

/// Changes of umasks that are waited for; with more nothing is remembered until they are over.
const PENDING: usize = 64;

/// How much of `/proc/…/status` is looked through for the umask, which is its second line.
const STATUS: usize = 512;

/// What is remembered.
#[derive(Debug, Default)]
pub(super) struct Tasks {
    /// The one that asked last is the last.
    known: Vec<Known>,
    /// Tasks that are about to have this umask.
    pending: Vec<(u32, Mode)>,
}

#[derive(Debug)]
struct Known {
    tid: u32,
    /// Its directory in `/proc`.
    place: OwnedFd,
    umask: Option<Mode>,
}

// === impl Tasks ===

impl Tasks {
    /// Opens something in a task's directory of `/proc`, only as a place.
    pub(super) fn open(&mut self, tid: u32, what: &str) -> Result<OwnedFd, Errno> {
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        let known = self.find(tid)?;
        rustix::fs::openat(&known.place, what, flags, Mode::empty())
    }

    /// The umask of a task.
    pub(super) fn umask(&mut self, tid: u32) -> Result<Mode, Errno> {
        self.settle();
        let settled = self.pending.is_empty();
        let known = self.find(tid)?;
        if let Some(umask) = known.umask {
            return Ok(umask);
        }
        let umask = read_umask(&known.place)?;
        known.umask = settled.then_some(umask);
        Ok(umask)
    }

    /// A task is about to change its umask.
    pub(super) fn changes(&mut self, tid: u32, umask: Mode) {
        self.known.iter_mut().for_each(|known| known.umask = None);
        self.pending.retain(|(one, _)| *one != tid);
        // One too many stays: it can be any, for as long as there is one nothing is kept.
        if self.pending.len() < PENDING {
            self.pending.push((tid, umask));
        } else {
            self.pending[0] = (tid, umask);
        }
    }

    /// Drops the changes that have happened, or whose task is gone.
    fn settle(&mut self) {
        let mut index = 0;
        while let Some(&(tid, umask)) = self.pending.get(index) {
            let now = self.find(tid).and_then(|known| read_umask(&known.place));
            if now.is_ok_and(|now| now != umask) {
                index += 1;
            } else {
                self.pending.swap_remove(index);
            }
        }
    }

    /// The task with this number now.
    fn find(&mut self, tid: u32) -> Result<&mut Known, Errno> {
        let found = self.known.iter().position(|known| known.tid == tid);
        let known = found.map(|index| self.known.remove(index));
        let known = match known.filter(Known::lives) {
            Some(known) => known,
            None => Known::look_up(tid)?,
        };
        if self.known.len() == KNOWN {
            self.known.remove(0);
        }
        self.known.push(known);
        self.known.last_mut().ok_or(Errno::SRCH)
    }
}

// === impl Known ===

impl Known {
    fn look_up(tid: u32) -> Result<Self, Errno> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self {
            tid,
            place: rustix::fs::openat(CWD, format!("/proc/{tid}"), flags, Mode::empty())?,
            umask: None,
        })
    }

    /// Whether the task that was found there has not ended.
    fn lives(&self) -> bool {
        rustix::fs::statat(&self.place, c"cwd", AtFlags::SYMLINK_NOFOLLOW).is_ok()
    }
}

fn read_umask(place: &OwnedFd) -> Result<Mode, Errno> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let file = rustix::fs::openat(place, c"status", flags, Mode::empty())?;
    let mut bytes = [0; STATUS];
    let length = rustix::io::read(&file, &mut bytes)?;
    let mut lines = bytes[..length].split(|&byte| byte == b'\n');
    let line = lines.find_map(|line| line.strip_prefix(b"Umask:"));
    let digits = line.and_then(|line| str::from_utf8(line).ok());
    let umask = digits.and_then(|digits| u32::from_str_radix(digits.trim(), 8).ok());
    umask.map(Mode::from_raw_mode).ok_or(Errno::IO)
}
