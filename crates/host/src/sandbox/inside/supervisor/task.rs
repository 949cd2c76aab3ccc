//! The task that waits for an answer: what its arguments point at, where its paths begin.
//!
//! Everything is a copy. The task's other threads may change the original at any time; nobody
//! looks at it twice. What was read is the task's own only when [`Task::still_waits`] says so
//! afterwards: until then its number may have become another's.

use std::{
    cell::RefCell,
    ffi::CString,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use rustix::{
    fs::{CWD, Mode},
    io::Errno,
};

use super::{
    call::Place,
    sys::{self, Notification},
    tasks::Tasks,
};

/// The longest path the kernel takes, with its end.
const PATH_MAX: usize = 4096;

/// The longest address of a socket with a path.
const SOCKET_ADDRESS: usize = 110;

/// `AF_UNIX`, as an address begins.
const FAMILY_OF_PATHS: u16 = 1;

/// A task that waits.
#[derive(Debug)]
pub(super) struct Task<'a> {
    listener: BorrowedFd<'a>,
    id: u64,
    tid: u32,
    tasks: &'a RefCell<Tasks>,
}

/// A path and where it begins.
#[derive(Debug)]
pub(super) struct Named {
    /// What it is relative to; `None` if it is absolute.
    pub(super) base: Option<OwnedFd>,
    /// The path, not empty.
    pub(super) path: CString,
}

// === impl Named ===

impl Named {
    /// Where it begins.
    pub(super) fn base(&self) -> BorrowedFd<'_> {
        self.base.as_ref().map_or(CWD, AsFd::as_fd)
    }
}

// === impl Task ===

impl<'a> Task<'a> {
    pub(super) fn new(
        listener: BorrowedFd<'a>,
        notice: &Notification,
        tasks: &'a RefCell<Tasks>,
    ) -> Self {
        Self {
            listener,
            id: notice.id,
            tid: notice.tid,
            tasks,
        }
    }

    /// Fails when the task is gone, and what was read may have been another's.
    pub(super) fn still_waits(&self) -> Result<(), Errno> {
        match sys::is_waiting(self.listener, self.id) {
            true => Ok(()),
            false => Err(Errno::SRCH),
        }
    }

    /// The string at this address.
    pub(super) fn text(&self, address: u64) -> Result<CString, Errno> {
        let mut bytes = vec![0; PATH_MAX];
        let length = sys::read_memory(self.tid, address, &mut bytes)?;
        bytes.truncate(length);
        let end = bytes.iter().position(|&byte| byte == 0);
        // Either it is too long or it ends where nothing is mapped; the kernel knows which.
        bytes.truncate(end.ok_or(Errno::NAMETOOLONG)?);
        CString::new(bytes).map_err(|_| Errno::INVAL)
    }

    /// The path in a socket's address, if it has one.
    pub(super) fn socket_path(&self, address: u64, length: u64) -> Option<CString> {
        let length = usize::try_from(length).ok()?.min(SOCKET_ADDRESS);
        let mut bytes = vec![0; length];
        if sys::read_memory(self.tid, address, &mut bytes) != Ok(length) {
            return None;
        }
        let (family, path) = bytes.split_first_chunk()?;
        let local = u16::from_ne_bytes(*family) == FAMILY_OF_PATHS;
        let path = path.split(|&byte| byte == 0).next()?;
        (local && !path.is_empty()).then(|| CString::new(path).ok())?
    }

    /// `N` numbers at this address.
    pub(super) fn numbers<const N: usize>(&self, address: u64) -> Result<[u64; N], Errno> {
        let mut bytes = vec![0; N * size_of::<u64>()];
        let length = sys::read_memory(self.tid, address, &mut bytes)?;
        if length != bytes.len() {
            return Err(Errno::FAULT);
        }
        let (parts, _) = bytes.as_chunks();
        let mut parts = parts.iter().map(|part| u64::from_ne_bytes(*part));
        Ok(std::array::from_fn(|_| parts.next().unwrap_or(0)))
    }

    /// The path at a place, and where it begins.
    pub(super) fn named(&self, place: Place) -> Result<Named, Errno> {
        self.named_from(self.text(place.path)?, place.directory)
    }

    /// A path of the task that is relative to this descriptor or `AT_FDCWD`.
    pub(super) fn named_from(&self, path: CString, directory: i32) -> Result<Named, Errno> {
        let base = match path.as_bytes().first() {
            None => return Err(Errno::NOENT),
            Some(b'/') => None,
            Some(_) if directory == libc::AT_FDCWD => Some(self.open("cwd")?),
            Some(_) => Some(self.descriptor(directory)?),
        };
        Ok(Named { base, path })
    }

    /// What a descriptor of the task refers to.
    pub(super) fn descriptor(&self, number: i32) -> Result<OwnedFd, Errno> {
        let number = u32::try_from(number).map_err(|_| Errno::BADF)?;
        self.open(&format!("fd/{number}"))
    }

    /// Opened only as a place, which neither waits nor has effects.
    fn open(&self, what: &str) -> Result<OwnedFd, Errno> {
        self.tasks.borrow_mut().open(self.tid, what)
    }

    /// Which descriptor of its own a path like `/proc/self/fd/7` means, if it is one.
    pub(super) fn own_descriptor(&self, path: &[u8]) -> Option<i32> {
        let rest = path.strip_prefix(b"/proc/")?;
        let mut parts = rest.splitn(3, |&byte| byte == b'/');
        let (who, what, number) = (parts.next()?, parts.next()?, parts.next()?);
        let own = who == b"self" || who == b"thread-self" || who == self.tid.to_string().as_bytes();
        let number = str::from_utf8(number).ok()?.parse().ok()?;
        (own && what == b"fd" && number >= 0).then_some(number)
    }

    /// Its umask.
    pub(super) fn umask(&self) -> Result<Mode, Errno> {
        self.tasks.borrow_mut().umask(self.tid)
    }

    /// It is about to have another umask.
    pub(super) fn changes_umask(&self, umask: u32) {
        let umask = Mode::from_raw_mode(umask & 0o777);
        self.tasks.borrow_mut().changes(self.tid, umask);
    }
}
