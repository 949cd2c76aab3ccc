//! Walls that were raised before there was a command: whether they still are what they should be,
//! and the wait.
//!
//! A mount stays with what it was laid on. When that is moved, so is the mount; when it is removed,
//! the mount is gone; what takes the place bears neither protection nor cover. So it is not enough
//! that a place shows the right file. At the use, and not before, two things are asked of each
//! layer's place, found without following a symbolic link:
//!
//! - It is the root of the very mount that was there when the walls had just been raised. Then what
//!   it was laid on is still in its place: a cover still covers, whatever is beneath, and what is
//!   narrowed is narrowed. This alone is asked where the layer hides what the server sees there.
//! - Where something is shown, it is what the server saw there a moment ago. This finds a source
//!   that was replaced while its mount, on an empty root, stayed where it was; also one that was in
//!   the place for only as long as the walls were being raised.
//!
//! The number of an inode cannot come to mean another in the meantime, because the mount holds it.
//! That of a mount could, for one that was mounted outside since; the keeper throws every spare
//! away when the table of mounts has changed. Whatever comes after the look at the use could as
//! well come after the start of any other command.
//!
//! What else depends on the files there are, the rules of Landlock, is made at the use.

use std::{io, os::fd::OwnedFd};

use rustix::{
    event::{PollFd, PollFlags, poll},
    fs::{AtFlags, StatxAttributes, StatxFlags, makedev, statx},
    io::{Errno, retry_on_intr},
};

use super::landlock::{Links, open};
use crate::{
    keeper::{
        socket::Socket,
        wire::{Command, Request},
    },
    sandbox::stamp::{Identity, Mark, Stamp},
};

/// What the place of each layer was when the walls had just been raised.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct View(Vec<Seen>);

/// A place that is the root of a mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    mount: u64,
    identity: Identity,
}

// === impl View ===

impl View {
    /// Looks at the place of each layer.
    ///
    /// # Errors
    ///
    /// When one is not the root of a mount, or this kernel does not tell.
    pub(super) fn look(stamp: &Stamp) -> io::Result<Self> {
        stamp.0.iter().map(see).collect::<io::Result<_>>().map(Self)
    }

    /// Whether each place still is what it was, and what is shown there is what `now` says.
    pub(super) fn still_shows(&self, now: &Stamp) -> bool {
        let same = |(then, mark): (&Seen, &Mark)| {
            let shown = mark.shown.is_none_or(|shown| shown == then.identity);
            shown && see(mark).is_ok_and(|seen| seen == *then)
        };
        self.0.len() == now.0.len() && self.0.iter().zip(&now.0).all(same)
    }
}

fn see(mark: &Mark) -> io::Result<Seen> {
    let place = open(&mark.path, Links::Refuse)?.ok_or(io::ErrorKind::NotFound)?;
    let wanted = StatxFlags::INO | StatxFlags::MNT_ID;
    let found = statx(&place, c"", AtFlags::EMPTY_PATH, wanted)?;
    let told = StatxFlags::from_bits_retain(found.stx_mask).contains(wanted);
    let root = StatxAttributes::MOUNT_ROOT;
    if !told || !found.stx_attributes.contains(root) {
        return Err(Errno::NOTSUP.into());
    }
    let device = makedev(found.stx_dev_major, found.stx_dev_minor);
    let inode = found.stx_ino;
    Ok(Seen {
        mount: found.stx_mnt_id,
        identity: Identity { device, inode },
    })
}

/// Waits for a command. `None` when the keeper is gone or wants none.
pub(super) fn wait(keeper: &mut Socket) -> io::Result<Option<(Box<Command>, Vec<OwnedFd>)>> {
    loop {
        retry_on_intr(|| poll(&mut [PollFd::new(keeper, PollFlags::IN)], None))?;
        let open = keeper.receive()?;
        match keeper.inbox.request().map_err(io::Error::other)? {
            Some(Request::Use { command, fds }) => {
                let handed = keeper.inbox.descriptors().unwrap_or_default();
                return Ok((handed.len() == usize::from(fds)).then_some((command, handed)));
            }
            Some(_) => return Ok(None),
            None if !open => return Ok(None),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(paths: &[&str]) -> Stamp {
        let mark = |path: &&str| Mark {
            path: path.into(),
            shown: None,
        };
        Stamp(paths.iter().map(mark).collect())
    }

    #[test]
    fn only_the_root_of_a_mount_can_be_looked_at() {
        let view = View::look(&stamp(&["/proc"])).unwrap();
        assert!(view.still_shows(&stamp(&["/proc"])));
        assert!(View::look(&stamp(&["/proc/sys"])).is_err());
        assert!(View::look(&stamp(&["/no/such/place"])).is_err());
    }

    #[test]
    fn another_mount_or_another_file_is_noticed() {
        let mut now = stamp(&["/proc"]);
        let view = View::look(&now).unwrap();
        now.0[0].shown = Some(view.0[0].identity);
        assert!(view.still_shows(&now));
        let inode = view.0[0].identity.inode + 1;
        now.0[0].shown = Some(Identity {
            inode,
            ..view.0[0].identity
        });
        assert!(!view.still_shows(&now));
        let mount = view.0[0].mount + 1;
        let other = View(vec![Seen { mount, ..view.0[0] }]);
        assert!(!other.still_shows(&stamp(&["/proc"])));
        assert!(!view.still_shows(&stamp(&["/proc", "/proc"])));
    }
}
