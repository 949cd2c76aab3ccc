//! Noting what is refused. Once something was, nobody looks any closer.

use std::{os::fd::AsFd, sync::atomic::Ordering};

use rustix::{
    fs::{FileType, OFlags},
    io::Errno,
};

use super::{Answer, Decider, Odd};
use crate::sandbox::inside::supervisor::{
    call::Place,
    spot::{Spot, kind},
    task::Task,
};

// === impl Decider: telling ===

impl Decider {
    /// Refuses a call, which is news.
    pub(super) fn refuse(&self, error: Errno) -> Answer {
        self.note(true);
        Answer::Refuse(error)
    }

    pub(super) fn note(&self, denied: bool) {
        if denied {
            self.denied.store(true, Ordering::Release);
        }
    }

    /// Whether a refusal would be news.
    pub(super) fn listens(&self) -> bool {
        !self.denied.load(Ordering::Acquire)
    }

    /// Nothing is reached, and what is not there would not be reached without walls either: the C
    /// library asks for a name service in this way, which hardly any computer has.
    pub(super) fn connect(&self, task: &Task<'_>, address: u64, length: u64) -> Answer {
        let missing = task.socket_path(address, length).is_some_and(|path| {
            let named = task.named_from(path, libc::AT_FDCWD);
            let followed = named.and_then(Spot::follow);
            followed.map_or_else(|error| error == Errno::NOENT, |(_, found)| found.is_none())
        });
        if missing {
            Answer::Refuse(Errno::NOENT)
        } else {
            self.refuse(Errno::PERM)
        }
    }

    /// Something is to be made where it is the kernel that decides.
    pub(super) fn tell_making(&self, spot: &Spot) -> Result<Answer, Odd> {
        if self.listens() && self.places.keeps(spot.parent.as_fd())? {
            self.note(spot.look()?.is_none());
        }
        Err(Odd)
    }

    /// A file that is there is to be opened by the task.
    pub(super) fn tell_opening(
        &self,
        task: &Task<'_>,
        at: Place,
        flags: OFlags,
    ) -> Result<Answer, Odd> {
        let writes = flags.intersects(OFlags::ACCMODE | OFlags::TRUNC);
        // Who makes a file only if there is none gets no other answer elsewhere.
        if self.listens() && writes && !flags.contains(OFlags::EXCL) {
            self.tell(task, at, &[FileType::RegularFile])?;
        }
        Err(Odd)
    }

    /// Something that is there is to be changed by its name.
    pub(super) fn tell_change(&self, task: &Task<'_>, at: Place) -> Result<Answer, Odd> {
        if self.listens() {
            self.tell(task, at, &[FileType::RegularFile, FileType::Directory])?;
        }
        Err(Odd)
    }

    fn tell(&self, task: &Task<'_>, at: Place, kinds: &[FileType]) -> Result<(), Odd> {
        let named = task.named(at)?;
        task.still_waits()?;
        let file = Spot::open(&named)?;
        if self.places.keeps_file(&file)? {
            let stat = rustix::fs::fstat(&file)?;
            self.note(kinds.contains(&kind(&stat)));
        }
        Ok(())
    }

    /// A name is to be removed.
    pub(super) fn tell_removal(&self, task: &Task<'_>, at: Place) -> Result<Answer, Odd> {
        if self.listens() {
            let spot = Self::spot(task, at)?;
            if self.places.keeps(spot.parent.as_fd())? {
                self.note(spot.look()?.is_some());
            }
        }
        Err(Odd)
    }
}
