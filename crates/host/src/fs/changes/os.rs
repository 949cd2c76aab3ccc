//! A queue of changes as Linux tells them.

#![expect(
    unsafe_code,
    reason = "Tokio asks for a promise that a descriptor stays open"
)]

use std::{
    ffi::OsStr,
    future, io,
    mem::MaybeUninit,
    os::{fd::OwnedFd, unix::ffi::OsStrExt as _},
    path::Path,
    sync::Arc,
};

use rustix::{
    fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags},
    io::Errno,
};
use tokio::io::{Interest, unix::AsyncFd};

use super::way::Role;

/// Room for many events; the kernel keeps what does not fit.
const EVENT_BYTES: usize = 16 * 1024;

/// About how many events are taken before others get their turn.
const EVENTS_AT_ONCE: usize = 1024;

/// A watched file or directory, as the system numbers it. Two paths of one file have one number.
pub(super) type Number = i32;

/// Where the kernel puts what happens.
pub(super) type Queue = Arc<OwnedFd>;

/// The same, waited for on the runtime.
#[derive(Debug)]
pub(super) struct Events(AsyncFd<Queue>);

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name has come into or gone from a directory.
    Name,
    /// A content or an attribute is another.
    Content,
    /// What is watched is not where it was.
    Gone,
    /// Events were lost; anything may have happened.
    Lost,
}

/// Something that happened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event<'a> {
    pub(super) number: Number,
    pub(super) kind: Kind,
    /// Where in a directory; empty for what is watched itself.
    pub(super) name: &'a OsStr,
}

/// Watches what is at `path` for what matters to `role`, besides what it is watched for already.
pub(super) fn add(queue: &Queue, path: &Path, role: &Role) -> Result<Number, Errno> {
    let itself = WatchFlags::DELETE_SELF | WatchFlags::MOVE_SELF;
    let names =
        WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::DELETE | WatchFlags::MOVED_FROM;
    let content = WatchFlags::MODIFY | WatchFlags::ATTRIB | WatchFlags::CLOSE_WRITE;
    let what = match role {
        Role::Passage => itself | WatchFlags::ONLYDIR,
        Role::Turn { .. } => itself | names | WatchFlags::ONLYDIR,
        Role::File => itself | content,
        Role::Directory => itself | names | content | WatchFlags::ONLYDIR,
    };
    let how = WatchFlags::DONT_FOLLOW | WatchFlags::MASK_ADD;
    inotify::add_watch(queue, path, what | how)
}

/// Ends a watch. That it has ended by itself is nothing to tell.
pub(super) fn remove(queue: &Queue, number: Number) {
    let _ended = inotify::remove_watch(queue, number);
}

impl Events {
    pub(super) fn new() -> Result<Self, Errno> {
        let queue = Arc::new(inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?);
        // SAFETY: the descriptor is owned by the `Arc`, of which the `AsyncFd` keeps one, so it
        // stays open and the same.
        let ready = unsafe { AsyncFd::register_with_interest(queue, Interest::READABLE) };
        let ready = ready.map_err(|error| {
            let error = io::Error::from(error);
            Errno::from_io_error(&error).unwrap_or(Errno::IO)
        })?;
        Ok(Self(ready))
    }

    pub(super) fn queue(&self) -> Queue {
        Arc::clone(self.0.get_ref())
    }

    /// Waits for events and gives those there are. Dropping the future loses none.
    pub(super) async fn drain(&self, mut take: impl FnMut(Event<'_>)) {
        let Ok(mut ready) = self.0.readable().await else {
            // The runtime is going down and takes the caller with it.
            return future::pending().await;
        };
        let _drained = ready.try_io(|queue| match read(queue.get_ref(), &mut take) {
            Err(Errno::AGAIN) => Err(io::ErrorKind::WouldBlock.into()),
            done => Ok(done),
        });
    }
}

/// Reads until there is nothing more (`EAGAIN`) or it was enough for now.
fn read(queue: &Queue, take: &mut impl FnMut(Event<'_>)) -> Result<(), Errno> {
    let mut memory = [MaybeUninit::uninit(); EVENT_BYTES];
    let mut reader = Reader::new(queue, &mut memory);
    let mut taken = 0;
    // What is in the memory is taken, whatever the number.
    while taken < EVENTS_AT_ONCE || !reader.is_buffer_empty() {
        taken += 1;
        let event = reader.next()?;
        let flags = event.events();
        let gone = ReadFlags::DELETE_SELF | ReadFlags::MOVE_SELF | ReadFlags::UNMOUNT;
        let names =
            ReadFlags::CREATE | ReadFlags::MOVED_TO | ReadFlags::DELETE | ReadFlags::MOVED_FROM;
        let kind = if flags.contains(ReadFlags::QUEUE_OVERFLOW) {
            Kind::Lost
        } else if flags.contains(ReadFlags::IGNORED) {
            continue;
        } else if flags.intersects(gone) {
            Kind::Gone
        } else if flags.intersects(names) {
            Kind::Name
        } else {
            Kind::Content
        };
        take(Event {
            number: event.wd(),
            kind,
            name: event
                .file_name()
                .map_or(OsStr::new(""), |name| OsStr::from_bytes(name.to_bytes())),
        });
    }
    Ok(())
}
