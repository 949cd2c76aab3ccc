//! Giving a file new content, whole or not at all.
//!
//! What is promised, for content that is complete in memory or in another file before we begin:
//!
//! - **A new file** appears with all of its content or not at all. It is written without a name
//!   first.
//! - **An existing file with one name** is replaced in one step by a complete sibling that has been
//!   brought to disk and carries its owner, mode, access lists and extended attributes. Until that
//!   step the old content stands, whatever happens: disk full, a crash of the server, a power cut.
//!   Several writers at once: one of the contents wins whole.
//! - **An existing file that must keep its identity** is overwritten in place: one with several
//!   names (hard links), with a set-id bit or file capabilities (the kernel takes those away from a
//!   file that is written), a mount point of its own, or one whose directory, owner or attributes
//!   we may not touch. Room for the new content is reserved first, so a full disk leaves the old
//!   content; writers of this process take turns. Only a crash in the middle of the copying itself,
//!   or a failing device, can leave a mixture; so can a full disk on file systems that cannot
//!   reserve.
//! - A symbolic link is written through, also to a file that does not exist yet.
//! - A directory is refused with "Is a directory", a pipe or socket with "No such device or
//!   address", without waiting for anybody. Of the devices only those take data that swallow it at
//!   once: null, zero and full.

mod carry;
mod stage;

use std::{
    fs,
    io::{self, Read as _, Seek as _, Write as _},
    path::Path,
};

use parking_lot::{Mutex, MutexGuard};
use rustix::{
    fs::{FallocateFlags, FileType, Mode, OFlags, fallocate, fchmod, fdatasync, ftruncate},
    io::Errno,
};

use self::stage::Staged;
use super::{
    error::{Cause, Outcome},
    facts::{Facts, Identity},
    place::Place,
};

/// How often a name may change under us before we give up: each time another writer has got in
/// between.
const MAX_TRIES: usize = 64;

/// Writers in place take turns by file; this many files can be written at once without one waiting
/// for another.
const TURNS: usize = 64;

static IN_PLACE: [Mutex<()>; TURNS] = [const { Mutex::new(()) }; TURNS];

/// What a file is to hold.
#[derive(Clone, Copy, Debug)]
pub(super) enum Content<'a> {
    /// These bytes.
    Bytes(&'a [u8]),
    /// All of another open file, from its start. `id` tells that the two are not one and the same.
    File {
        file: &'a fs::File,
        size: u64,
        id: Identity,
    },
}

/// What to do with the permission bits.
#[derive(Clone, Copy, Debug)]
pub(super) enum Permissions {
    /// Those of the existing file stay; a new one gets the usual ones.
    Usual,
    /// These.
    Exactly(u32),
}

/// The whole-file write of a path.
pub(super) fn write_path(path: &Path, data: &[u8], follow: bool) -> Outcome<()> {
    let place = Place::of(path, follow)?;
    put(
        place,
        path,
        Content::Bytes(data),
        Permissions::Usual,
        follow,
    )
}

/// Makes `place` a file with this content. `path` is only for the words of a refusal.
pub(super) fn put(
    mut place: Place,
    path: &Path,
    content: Content<'_>,
    permissions: Permissions,
    follow: bool,
) -> Outcome<()> {
    for _ in 0..MAX_TRIES {
        let facts;
        (place, facts) = look(place, follow)?;
        let done = match facts {
            None => create(&place, content, permissions),
            Some(facts) if facts.is_file() => rewrite(&place, content, permissions),
            Some(facts) => return pour(&place, path, &facts, content),
        };
        match done {
            // Somebody made, removed or exchanged the file since we looked.
            Err(cause)
                if matches!(
                    cause.errno(),
                    Some(Errno::EXIST | Errno::NOENT | Errno::LOOP)
                ) =>
            {
                if facts.is_none() && cause.errno() == Some(Errno::NOENT) {
                    return Err(cause);
                }
            }
            done => return done,
        }
    }
    Err(Errno::AGAIN.into())
}

fn look(place: Place, follow: bool) -> rustix::io::Result<(Place, Option<Facts>)> {
    if follow {
        return place.resolve();
    }
    match place.facts() {
        Ok(facts) if facts.is_link() => Err(Errno::LOOP),
        Ok(facts) => Ok((place, Some(facts))),
        Err(Errno::NOENT) => Ok((place, None)),
        Err(errno) => Err(errno),
    }
}

/// A file that is not there yet. `EEXIST` if it is after all.
fn create(place: &Place, content: Content<'_>, permissions: Permissions) -> Outcome<()> {
    let staged = Staged::new(place.dir(), Mode::from_raw_mode(0o666))?;
    content.write_to(staged.file())?;
    if let Permissions::Exactly(mode) = permissions {
        fchmod(staged.file(), Mode::from_raw_mode(mode))?;
    }
    Ok(staged.publish_new(place.name())?)
}

/// A regular file that is there.
fn rewrite(place: &Place, content: Content<'_>, permissions: Permissions) -> Outcome<()> {
    // Opening it for writing asks for the same rights a write in place would need, whichever way is
    // taken then.
    let file = fs::File::from(place.open(OFlags::WRONLY)?);
    let facts = Facts::of_open(&file)?;
    if !facts.is_file() {
        return Err(Errno::LOOP.into());
    }
    if matches!(content, Content::File { id, .. } if id == facts.id) {
        return Err(Cause::invalid("fs/copy cannot copy a file to itself"));
    }
    let _turn = turn(facts.id);
    // Another writer may have been before us.
    let facts = Facts::of_open(&file)?;
    if carry::may_be_replaced(&file, &facts) {
        match replace(place, &file, &facts, content, permissions) {
            Err(errno) if means_in_place(errno) => {}
            done => return Ok(done?),
        }
    }
    if facts.links == 0 {
        // The file we have open is no longer the one of this name.
        return Err(Errno::NOENT.into());
    }
    overwrite(&file, &facts, content)?;
    if let Permissions::Exactly(mode) = permissions {
        fchmod(&file, Mode::from_raw_mode(mode))?;
    }
    Ok(())
}

fn turn(id: Identity) -> MutexGuard<'static, ()> {
    let index = (id.2 ^ u64::from(id.1)) % TURNS as u64;
    IN_PLACE[usize::try_from(index).expect("smaller than TURNS")].lock()
}

/// Exchanges the file for a complete sibling with the same owner, rights and attributes.
fn replace(
    place: &Place,
    file: &fs::File,
    facts: &Facts,
    content: Content<'_>,
    permissions: Permissions,
) -> Result<(), Errno> {
    // Nobody but us may look into it until it has the right owner and mode.
    let staged = Staged::new(place.dir(), Mode::from_raw_mode(0o600))?;
    content
        .write_to(staged.file())
        .map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    let mode = match permissions {
        Permissions::Usual => facts.mode,
        Permissions::Exactly(mode) => mode,
    };
    carry::over(file, staged.file(), facts, mode)?;
    fdatasync(staged.file())?;
    staged.publish_over(place.name())
}

/// Whether a failed replacement leaves the way in place open: something was not allowed or not
/// possible here, or there is no room for old and new side by side.
fn means_in_place(errno: Errno) -> bool {
    matches!(
        errno,
        Errno::PERM
            | Errno::ACCESS
            | Errno::BUSY
            | Errno::NOSPC
            | Errno::DQUOT
            | Errno::OPNOTSUPP
            | Errno::NOSYS
            | Errno::INVAL
            | Errno::XDEV
            | Errno::NAMETOOLONG
            | Errno::ROFS
            | Errno::MLINK
            | Errno::RANGE
            | Errno::TOOBIG
            | Errno::NOENT
    )
}

/// Writes over the old content, having made sure first that there is room.
fn overwrite(file: &fs::File, facts: &Facts, content: Content<'_>) -> Outcome<()> {
    let size = content.size();
    if size > 0 {
        match fallocate(file, FallocateFlags::KEEP_SIZE, 0, size) {
            Ok(()) => {}
            Err(errno @ (Errno::NOSPC | Errno::DQUOT | Errno::FBIG)) => {
                // What was set aside beyond the old end is given back; that the size itself does
                // not change is the point.
                ftruncate(file, facts.size)?;
                return Err(errno.into());
            }
            // This file system does not know how to reserve.
            Err(_) => {}
        }
    }
    let written = content.write_to(file)?;
    if written < facts.size {
        ftruncate(file, written)?;
    }
    Ok(())
}

/// Data for something that is not a regular file.
fn pour(place: &Place, path: &Path, facts: &Facts, content: Content<'_>) -> Outcome<()> {
    /// The numbers of null, zero and full among the memory devices (major number 1).
    const SINKS: [(u32, u32); 3] = [(1, 3), (1, 5), (1, 7)];
    match facts.kind {
        FileType::Directory => Err(Errno::ISDIR.into()),
        FileType::Fifo | FileType::Socket => Err(Errno::NXIO.into()),
        FileType::CharacterDevice if SINKS.contains(&facts.device) => {
            let sink = fs::File::from(place.open(OFlags::WRONLY)?);
            if Facts::of_open(&sink)?.device != facts.device {
                return Err(Cause::not_a_file(path));
            }
            content.write_to(&sink)?;
            Ok(())
        }
        _ => Err(Cause::not_a_file(path)),
    }
}

// === impl Content ===

impl Content<'_> {
    fn size(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File { size, .. } => *size,
        }
    }

    /// Writes all of it at the start of `out`; says how much it was.
    fn write_to(&self, mut out: &fs::File) -> io::Result<u64> {
        match self {
            Self::Bytes(bytes) => {
                out.write_all(bytes)?;
                Ok(bytes.len() as u64)
            }
            // Inside the kernel where it can be, sharing blocks where the file system can.
            &Self::File { mut file, size, .. } => {
                file.rewind()?;
                // A file that reports a size is copied that far, even if it grows; of the others,
                // all.
                let end = if size == 0 { u64::MAX } else { size };
                io::copy(&mut file.take(end), &mut out)
            }
        }
    }
}
