//! Names that are given to what is there: renaming and linking.

use std::os::fd::{AsFd, OwnedFd};

use rustix::{fs::RenameFlags, io::Errno};

use super::{Answer, Decider, Odd, made};
use crate::sandbox::inside::supervisor::{
    call::Place, perform, places::Ground, spot::Spot, task::Task,
};

/// What is to be given another name.
enum Source {
    /// A file that the task has open.
    Open(OwnedFd),
    /// What is at this spot.
    Named(Spot),
}

// === impl Decider: moving ===

impl Decider {
    pub(super) fn rename(
        &self,
        task: &Task<'_>,
        from: Place,
        to: Place,
        flags: u32,
    ) -> Result<Answer, Odd> {
        let flags = RenameFlags::from_bits(flags).ok_or(Odd)?;
        if flags.contains(RenameFlags::WHITEOUT) {
            return Err(Odd);
        }
        let (from, to) = (Self::spot(task, from)?, Self::spot(task, to)?);
        let (source, target) = (self.ground(&from)?, self.ground(&to)?);
        let outside = source == Ground::Outside || target == Ground::Outside;
        if outside || (source == Ground::Native && target == Ground::Native) {
            return self.tell_moving(&from, &to);
        }
        let exchange = flags.contains(RenameFlags::EXCHANGE);
        let moved = from.look()?.ok_or(Odd)?;
        let replaced = to.look()?.filter(|_| exchange);
        // A directory on the way to guarded names stays where it is, and they with it.
        if self.is_guarded(&to, true)?
            || (exchange && self.is_guarded(&from, true)?)
            || self.places.is_partial(&moved)
            || replaced.is_some_and(|stat| self.places.is_partial(&stat))
        {
            return Ok(self.refuse(Errno::ROFS));
        }
        made(perform::rename(&from, &to, flags))
    }

    fn ground(&self, spot: &Spot) -> Result<Ground, Errno> {
        self.places.ground(spot.parent.as_fd())
    }

    fn tell_moving(&self, from: &Spot, to: &Spot) -> Result<Answer, Odd> {
        if self.listens() {
            let keeps = |spot: &Spot| self.places.keeps(spot.parent.as_fd());
            if keeps(from)? || keeps(to)? {
                self.note(from.look()?.is_some());
            }
        }
        Err(Odd)
    }

    pub(super) fn link(
        &self,
        task: &Task<'_>,
        from: Place,
        to: Place,
        flags: u32,
    ) -> Result<Answer, Odd> {
        let source = Self::source(task, from, flags)?;
        let to = Self::spot(task, to)?;
        let target = self.ground(&to)?;
        let ours = match &source {
            Source::Open(_) => target == Ground::Ours,
            Source::Named(from) => match (self.ground(from)?, target) {
                // Another mount, or what Landlock refuses.
                (Ground::Outside, _) | (_, Ground::Outside) => false,
                (Ground::Native, Ground::Native) => false,
                (Ground::Ours, _) | (_, Ground::Ours) => true,
            },
        };
        if !ours {
            return self.tell_making(&to);
        }
        if self.is_guarded(&to, true)? {
            return Ok(self.refuse(Errno::ROFS));
        }
        made(match &source {
            Source::Open(file) => perform::link_open(file, &to),
            Source::Named(from) => perform::link(from, &to),
        })
    }

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
        let named = task.named_from(path, from.directory)?;
        task.still_waits()?;
        Ok(Source::Named(if flags & FOLLOW == 0 {
            Spot::find(named)?
        } else {
            Spot::follow(named)?.0
        }))
    }
}
