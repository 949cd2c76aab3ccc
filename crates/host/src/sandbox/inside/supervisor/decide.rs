//! What becomes of each call: it takes its course, is refused, or is done here.
//!
//! Letting a call take its course is always safe: Landlock is the wall, and it looks at what the
//! task really does, whatever its memory said when we looked. So everything odd goes that way, and
//! every error before the doing: the task gets the kernel's own.

use std::{
    os::fd::{AsFd, OwnedFd},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use rustix::{
    fs::{FileType, Mode, OFlags, RenameFlags},
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
pub(super) struct Odd;

impl From<Errno> for Odd {
    fn from(_: Errno) -> Self {
        Self
    }
}

/// What is to be given another name.
enum Source {
    /// A file that the task has open.
    Open(OwnedFd),
    /// What is at this spot.
    Named(Spot),
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
            Call::Remove { at } => self.remove(task, at),
            Call::Change { at } => self.change(task, at),
            Call::Connect { address, length } => Ok(self.connect(task, address, length)),
            Call::Reach => Ok(self.refuse(Errno::PERM)),
        };
        decided.unwrap_or(Answer::GoOn)
    }

    /// Nothing is reached, and what is not there would not be reached without walls either: the C
    /// library asks for a name service in this way, which hardly any computer has.
    fn connect(&self, task: &Task<'_>, address: u64, length: u64) -> Answer {
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

    fn refuse(&self, error: Errno) -> Answer {
        self.note(true);
        Answer::Refuse(error)
    }

    fn note(&self, denied: bool) {
        if denied {
            self.denied.store(true, Ordering::Release);
        }
    }

    /// Whether a refusal would be news.
    fn listens(&self) -> bool {
        !self.denied.load(Ordering::Acquire)
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
            if self.listens() && spot.look()?.is_none() {
                self.note(self.places.keeps(spot.parent.as_fd()));
            }
            return Err(Odd);
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
            return self.open_existing(task, at, flags);
        }
        for _ in 0..TRIES {
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
                if self.listens() && !flags.contains(OFlags::EXCL) | found.is_none() {
                    self.listen(&spot, found, flags);
                }
                return Err(Odd);
            }
            if self.is_guarded(&spot, false)? {
                return Ok(self.refuse(Errno::ROFS));
            }
            match perform::open(task, &spot, flags, mode) {
                Ok(file) => return Ok(Answer::File(file, flags.contains(OFlags::CLOEXEC))),
                Err(Unmade::Refused(error)) => return Ok(Answer::Refuse(error)),
                Err(Unmade::Yours) => {}
            }
        }
        Err(Odd)
    }

    /// Notes whether walls keep a file from being made or changed.
    fn listen(&self, spot: &Spot, found: Option<FileType>, flags: OFlags) {
        if found.is_none() {
            self.note(self.places.keeps(spot.parent.as_fd()));
        } else if writes(flags)
            && let Ok(file) = rustix::fs::openat(
                &spot.parent,
                spot.name(),
                OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC,
                Mode::empty(),
            )
        {
            self.note(self.places.keeps_file(file.as_fd(), spot.parent.as_fd()));
        }
    }

    /// An open that makes nothing always takes its course.
    fn open_existing(&self, task: &Task<'_>, at: Place, flags: OFlags) -> Result<Answer, Odd> {
        if self.listens() && writes(flags) {
            let named = task.named(at)?;
            task.still_waits()?;
            let (spot, found) = Spot::follow(named)?;
            if found.is_some_and(|stat| kind(&stat) == FileType::RegularFile) {
                self.listen(&spot, Some(FileType::RegularFile), flags);
            }
        }
        Err(Odd)
    }

    fn remove(&self, task: &Task<'_>, at: Place) -> Result<Answer, Odd> {
        if self.listens() {
            let spot = Self::spot(task, at)?;
            if spot.look()?.is_some() {
                self.note(self.places.keeps(spot.parent.as_fd()));
            }
        }
        Err(Odd)
    }

    fn change(&self, task: &Task<'_>, at: Place) -> Result<Answer, Odd> {
        if self.listens() {
            let named = task.named(at)?;
            task.still_waits()?;
            let (spot, found) = Spot::follow(named)?;
            if found.is_some() {
                self.listen(&spot, found.map(|stat| kind(&stat)), OFlags::WRONLY);
            }
        }
        Err(Odd)
    }

    fn rename(&self, task: &Task<'_>, from: Place, to: Place, flags: u32) -> Result<Answer, Odd> {
        let flags = RenameFlags::from_bits(flags).ok_or(Odd)?;
        if flags.contains(RenameFlags::WHITEOUT) {
            return Err(Odd);
        }
        let (from, to) = (Self::spot(task, from)?, Self::spot(task, to)?);
        let grounds = (
            self.places.ground(from.parent.as_fd())?,
            self.places.ground(to.parent.as_fd())?,
        );
        match grounds {
            (Ground::Native, Ground::Native) | (Ground::Outside, _) | (_, Ground::Outside) => {
                if self.listens() && from.look()?.is_some() {
                    let keeps = |spot: &Spot| self.places.keeps(spot.parent.as_fd());
                    self.note(keeps(&from) || keeps(&to));
                }
                return Err(Odd);
            }
            _ => {}
        }
        let exchange = flags.contains(RenameFlags::EXCHANGE);
        let moved = from.look()?.ok_or(Odd)?;
        let replaced = to.look()?;
        let roots = [Some(moved), replaced.filter(|_| exchange)];
        if self.is_guarded(&to, true)?
            || (exchange && self.is_guarded(&from, true)?)
            || roots
                .iter()
                .flatten()
                .any(|stat| self.places.is_partial(stat))
        {
            return Ok(self.refuse(Errno::ROFS));
        }
        made(perform::rename(&from, &to, flags))
    }

    fn link(&self, task: &Task<'_>, from: Place, to: Place, flags: u32) -> Result<Answer, Odd> {
        let source = Self::source(task, from, flags)?;
        let to = Self::spot(task, to)?;
        let ground = self.places.ground(to.parent.as_fd())?;
        let native = match &source {
            Source::Open(_) => ground == Ground::Native,
            Source::Named(from) => match self.places.ground(from.parent.as_fd())? {
                Ground::Native => ground == Ground::Native,
                Ground::Ours => false,
                // Another mount, or what Landlock refuses.
                Ground::Outside => true,
            },
        };
        if ground == Ground::Outside || native {
            if self.listens() && to.look()?.is_none() {
                self.note(self.places.keeps(to.parent.as_fd()));
            }
            return Err(Odd);
        }
        if self.is_guarded(&to, true)? {
            return Ok(self.refuse(Errno::ROFS));
        }
        made(match &source {
            Source::Open(file) => perform::link_open(file, &to),
            Source::Named(from) => perform::link(from, &to),
        })
    }

    /// What is to be given another name.
    fn source(task: &Task<'_>, from: Place, flags: u32) -> Result<Source, Odd> {
        const FOLLOW: u32 = libc::AT_SYMLINK_FOLLOW.unsigned_abs();
        const EMPTY: u32 = libc::AT_EMPTY_PATH.unsigned_abs();
        if flags & !(FOLLOW | EMPTY) != 0 {
            return Err(Odd);
        }
        let path = task.text(from.path)?;
        let open = match path.as_bytes() {
            b"" if flags & EMPTY != 0 => Some(from.directory),
            path if flags & FOLLOW != 0 => task.own_descriptor(path),
            _ => None,
        };
        if let Some(number) = open {
            let file = task.descriptor(number)?;
            task.still_waits()?;
            return Ok(Source::Open(file));
        }
        let named = task.named(from)?;
        task.still_waits()?;
        Ok(Source::Named(if flags & FOLLOW == 0 {
            Spot::find(named)?
        } else {
            Spot::follow(named)?.0
        }))
    }
}

fn writes(flags: OFlags) -> bool {
    flags.intersects(OFlags::ACCMODE | OFlags::TRUNC)
}

fn made(result: Result<(), Unmade>) -> Result<Answer, Odd> {
    match result {
        Ok(()) => Ok(Answer::Done),
        Err(Unmade::Refused(error)) => Ok(Answer::Refuse(error)),
        Err(Unmade::Yours) => Err(Odd),
    }
}
