//! What becomes of each call: it takes its course, is refused, or is done here.
//!
//! Letting a call take its course is always safe: Landlock is the wall, and it looks at what the
//! task really does, whatever its memory said when we looked. So everything odd goes that way, and
//! every error before the doing: the task gets the kernel's own.

mod moves;
mod tell;

use std::{
    os::fd::{AsFd, OwnedFd},
    sync::{Arc, atomic::AtomicBool},
};

use rustix::{
    fs::{FileType, OFlags},
    io::Errno,
};

use super::{
    call::{Call, Place},
    perform::{self, Unmade},
    places::{Ground, Places},
    spot::{Spot, kind},
    task::Task,
};

/// The size of `struct open_how`.
const HOW: u64 = 24;

/// How often an open is tried again when what is there changes under our eyes.
const TRIES: usize = 8;

/// What a task is answered.
#[derive(Debug)]
pub(super) enum Answer {
    /// The call takes its course.
    GoOn,
    /// It was done.
    Done,
    /// It was done, and this came of it; the flag says whether it is closed on exec.
    File(OwnedFd, bool),
    /// It is refused.
    Refuse(Errno),
}

/// The call takes its course because something was not as it would have to be to be ours.
struct Odd;

impl From<Errno> for Odd {
    fn from(_: Errno) -> Self {
        Self
    }
}

/// Knows what may be made where, and notes what was refused.
#[derive(Debug)]
pub(super) struct Decider {
    pub(super) places: Places,
    pub(super) denied: Arc<AtomicBool>,
}

// === impl Decider ===

impl Decider {
    /// What becomes of a call.
    pub(super) fn decide(&self, task: &Task<'_>, call: Call) -> Answer {
        let decided = match call {
            Call::Open { at, flags, mode } => self.open(task, at, flags, mode),
            Call::OpenHow { at, how, size } => self.open_how(task, at, how, size),
            Call::MakeDirectory { at, mode } => self.make(task, at, false, |spot| {
                perform::make_directory(task, spot, mode)
            }),
            Call::MakeNode { at, mode } => {
                self.make(task, at, false, |spot| perform::make_node(task, spot, mode))
            }
            Call::Symlink { target, at } => self.symlink(task, target, at),
            Call::Link { from, to, flags } => self.link(task, from, to, flags),
            Call::Rename { from, to, flags } => self.rename(task, from, to, flags),
            Call::Remove { at } => self.tell_removal(task, at),
            Call::Change { at } => self.tell_change(task, at),
            Call::Umask { umask } => {
                task.changes_umask(umask);
                Err(Odd)
            }
            Call::Connect { address, length } => Ok(self.connect(task, address, length)),
            Call::Reach => Ok(self.refuse(Errno::PERM)),
        };
        decided.unwrap_or(Answer::GoOn)
    }

    fn spot(task: &Task<'_>, at: Place) -> Result<Spot, Odd> {
        let named = task.named(at)?;
        task.still_waits()?;
        Ok(Spot::find(named)?)
    }

    /// Makes something that is not there yet. `joins` says that it could bring guarded names
    /// along.
    fn make(
        &self,
        task: &Task<'_>,
        at: Place,
        joins: bool,
        how: impl FnOnce(&Spot) -> Result<(), Unmade>,
    ) -> Result<Answer, Odd> {
        let spot = Self::spot(task, at)?;
        if self.places.ground(spot.parent.as_fd())? != Ground::Ours {
            return self.tell_making(&spot);
        }
        if self.is_guarded(&spot, joins)? {
            return Ok(self.refuse(Errno::ROFS));
        }
        made(how(&spot))
    }

    fn is_guarded(&self, spot: &Spot, joins: bool) -> Result<bool, Errno> {
        Ok(self.places.is_guarded(spot)? || (joins && self.places.bears(spot)?))
    }

    fn symlink(&self, task: &Task<'_>, target: u64, at: Place) -> Result<Answer, Odd> {
        let target = task.text(target)?;
        self.make(task, at, true, |spot| perform::symlink(&target, spot))
    }

    fn open_how(&self, task: &Task<'_>, at: Place, how: u64, size: u64) -> Result<Answer, Odd> {
        if size != HOW {
            return Ok(Answer::Refuse(Errno::NOSYS));
        }
        let [flags, mode, resolve] = task.numbers(how)?;
        let flags = u32::try_from(flags).map_err(|_| Odd)?;
        let flags = OFlags::from_bits_retain(flags);
        let mode = u32::try_from(mode).map_err(|_| Odd)?;
        if resolve != 0 && flags.contains(OFlags::CREATE) {
            // Callers go on with an ordinary open.
            return Ok(Answer::Refuse(Errno::NOSYS));
        }
        self.open(task, at, flags, mode)
    }

    fn open(&self, task: &Task<'_>, at: Place, flags: OFlags, mode: u32) -> Result<Answer, Odd> {
        if flags.intersects(OFlags::PATH | OFlags::DIRECTORY) {
            return Err(Odd);
        }
        if !flags.contains(OFlags::CREATE) {
            return self.tell_opening(task, at, flags);
        }
        for _ in 0..TRIES {
            if let Some(answer) = self.try_open(task, at, flags, mode)? {
                return Ok(answer);
            }
        }
        Err(Odd)
    }

    /// `None` when what is there has changed meanwhile.
    fn try_open(
        &self,
        task: &Task<'_>,
        at: Place,
        flags: OFlags,
        mode: u32,
    ) -> Result<Option<Answer>, Odd> {
        let named = task.named(at)?;
        task.still_waits()?;
        let (spot, found) = if flags.intersects(OFlags::EXCL | OFlags::NOFOLLOW) {
            let spot = Spot::find(named)?;
            let found = spot.look()?;
            (spot, found)
        } else {
            Spot::follow(named)?
        };
        let found = found.map(|stat| kind(&stat));
        let usual = matches!(found, None | Some(FileType::RegularFile));
        if spot.has_slash() || !(usual || flags.contains(OFlags::EXCL)) {
            return Err(Odd);
        }
        if self.places.ground(spot.parent.as_fd())? != Ground::Ours {
            return match found {
                None => self.tell_making(&spot).map(Some),
                Some(_) => self.tell_opening(task, at, flags).map(Some),
            };
        }
        if self.is_guarded(&spot, false)? {
            return Ok(Some(self.refuse(Errno::ROFS)));
        }
        let open = match found {
            None => perform::create,
            Some(_) => perform::open,
        };
        Ok(match open(task, &spot, flags, mode) {
            Ok(file) => Some(Answer::File(file, flags.contains(OFlags::CLOEXEC))),
            Err(Unmade::Refused(error)) => Some(Answer::Refuse(error)),
            Err(Unmade::Yours) => None,
        })
    }
}

fn made(result: Result<(), Unmade>) -> Result<Answer, Odd> {
    match result {
        Ok(()) => Ok(Answer::Done),
        Err(Unmade::Refused(error)) => Ok(Answer::Refuse(error)),
        Err(Unmade::Yours) => Err(Odd),
    }
}
