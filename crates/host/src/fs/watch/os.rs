//! Changes of directories as Linux tells them.

#![expect(
    unsafe_code,
    reason = "Tokio asks for a promise that a descriptor stays open"
)]

use std::{
    ffi::{OsStr, OsString},
    io,
    mem::MaybeUninit,
    os::{fd::OwnedFd, unix::ffi::OsStrExt as _},
    path::{Component, Path, PathBuf},
};

use rustix::{
    fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags},
    io::Errno,
};
use tokio::io::{Interest, unix::AsyncFd};

use super::interest::{Directory, Event};
use crate::fs::facts::Facts;

/// Room for some events, at least one with the longest name there is. The kernel keeps what does
/// not fit.
const EVENT_BYTES: usize = 4096;

/// Where the kernel puts what happens.
pub(super) struct Queue(OwnedFd);

/// The same, waited for on the runtime.
pub(super) struct Events(AsyncFd<OwnedFd>);

impl Queue {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self(inotify::init(
            CreateFlags::CLOEXEC | CreateFlags::NONBLOCK,
        )?))
    }

    /// Watches a directory that is reached without a link at its end.
    pub(super) fn add(&self, directory: &Path) -> io::Result<Directory> {
        let names =
            WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::DELETE | WatchFlags::MOVED_FROM;
        let itself = WatchFlags::DELETE_SELF | WatchFlags::MOVE_SELF;
        let kind = WatchFlags::ONLYDIR | WatchFlags::DONT_FOLLOW;
        Ok(inotify::add_watch(
            &self.0,
            directory,
            names | itself | kind,
        )?)
    }
}

impl Events {
    pub(super) fn new(queue: Queue) -> io::Result<Self> {
        // SAFETY: the descriptor is owned by the `AsyncFd`, which never gives it away, so it stays
        // open and the same.
        let ready = unsafe { AsyncFd::register_with_interest(queue.0, Interest::READABLE) };
        Ok(Self(ready?))
    }

    /// Returns at the first event that `matters`, or when the queue fails, which may hide one.
    pub(super) async fn until(&mut self, mut matters: impl FnMut(Event<'_>) -> bool) {
        loop {
            let Ok(mut ready) = self.0.readable().await else {
                return;
            };
            let drained = ready.try_io(|queue| match drain(queue.get_ref(), &mut matters) {
                Err(Errno::AGAIN) => Err(io::ErrorKind::WouldBlock.into()),
                done => Ok(done),
            });
            if drained.is_ok() {
                return;
            }
        }
    }
}

/// Reads events until one matters (`Ok`) or reading fails (`EAGAIN` when there are no more).
fn drain(queue: &OwnedFd, matters: &mut impl FnMut(Event<'_>) -> bool) -> Result<(), Errno> {
    let mut memory = [MaybeUninit::uninit(); EVENT_BYTES];
    let mut reader = Reader::new(queue, &mut memory);
    loop {
        let event = reader.next()?;
        let flags = event.events();
        let name = event
            .file_name()
            .map_or(OsStr::new(""), |name| OsStr::from_bytes(name.to_bytes()));
        let event = if flags.contains(ReadFlags::QUEUE_OVERFLOW) {
            Event::Lost
        } else if flags.intersects(ReadFlags::CREATE | ReadFlags::MOVED_TO) {
            Event::Appeared(event.wd(), name)
        } else if flags.intersects(ReadFlags::DELETE | ReadFlags::MOVED_FROM) {
            Event::Vanished(event.wd(), name)
        } else {
            Event::Gone
        };
        if matters(event) {
            return Ok(());
        }
    }
}

/// Whether the path itself names something, be it a link to nothing.
pub(super) fn exists(path: &Path) -> bool {
    Facts::of(path, false).is_ok()
}

/// The nearest existing directory above `path` and the next name below it. `None` if the path
/// exists, is not absolute and plain, or leads through a link or anything else that is not a
/// directory.
pub(super) fn first_missing(path: &Path) -> Option<(PathBuf, OsString)> {
    let mut components = path.components();
    if components.next() != Some(Component::RootDir) {
        return None;
    }
    let mut directory = PathBuf::from("/");
    for component in components {
        let Component::Normal(name) = component else {
            return None;
        };
        let next = directory.join(name);
        match Facts::of(&next, false) {
            Ok(facts) if facts.is_dir() => directory = next,
            Err(Errno::NOENT) => return Some((directory, name.to_owned())),
            Ok(_) | Err(_) => return None,
        }
    }
    None
}
