//! Starting a program straight from this process, with no code of ours between fork and exec.
//!
//! This is how the keeper itself is started, and how commands are where there is no keeper. The
//! new process leads a session and a group of its own, has every signal at its default and none
//! blocked, and gets only the descriptors named here; every other descriptor of this process must
//! be closed on exec, as all that the standard library and ours open are.

#![expect(
    unsafe_code,
    reason = "posix_spawn and its attributes have no safe form"
)]

use std::{
    ffi::{CStr, CString},
    io,
    mem::MaybeUninit,
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
    ptr,
};

use rustix::{io::Errno, process::Pid};

use super::program::{Program, first_that_runs};

/// What a descriptor of the new process is.
#[derive(Debug)]
pub(crate) enum Slot<'a> {
    /// A copy of one of ours.
    Copy(BorrowedFd<'a>),
    /// This file, opened to be read and written. A terminal becomes the controlling terminal.
    Open(&'a CStr),
    /// The same as an earlier one of the new process.
    Same(i32),
    /// The same as ours, if that is open.
    Ours,
}

/// Starts `program` in its working directory with descriptor n being `slots[n]`.
///
/// Waits until the program was executed, about a millisecond, during which only the calling thread
/// stands still.
pub(crate) fn spawn(program: &Program, slots: &[Slot<'_>]) -> Result<Pid, Errno> {
    // Copies above all targets, so that no target overwrites a source that is still needed.
    let above = i32::try_from(slots.len()).map_err(|_| Errno::INVAL)?;
    let copies: Vec<Option<OwnedFd>> = slots
        .iter()
        .map(|slot| match slot {
            Slot::Copy(fd) => rustix::io::fcntl_dupfd_cloexec(fd, above).map(Some),
            Slot::Open(_) | Slot::Same(_) | Slot::Ours => Ok(None),
        })
        .collect::<Result<_, _>>()?;
    let (mut actions, attributes) = (Actions::new()?, Attributes::new()?);
    actions.change_directory(&program.cwd)?;
    for ((slot, copy), target) in slots.iter().zip(&copies).zip(0..) {
        match (slot, copy) {
            (Slot::Copy(_), Some(copy)) => actions.copy(copy.as_fd().as_raw_fd(), target)?,
            (Slot::Open(path), _) => actions.open(path, target)?,
            (Slot::Same(earlier), _) => actions.copy(*earlier, target)?,
            (Slot::Copy(_) | Slot::Ours, _) => {}
        }
    }
    let (argv, env) = (pointers(&program.argv), pointers(&program.env));
    first_that_runs(&program.candidates, |path| {
        let mut pid = 0;
        // SAFETY: all pointers are to initialised objects that outlive the call; the arrays end
        // with a null pointer; `posix_spawn` changes none of the strings.
        let code = unsafe {
            libc::posix_spawn(
                &raw mut pid,
                path.as_ptr(),
                actions.0.as_ptr(),
                attributes.0.as_ptr(),
                argv.as_ptr(),
                env.as_ptr(),
            )
        };
        check(code)?;
        Pid::from_raw(pid).ok_or(Errno::CHILD)
    })
}

fn pointers(strings: &[CString]) -> Vec<*mut libc::c_char> {
    strings
        .iter()
        .map(|string| string.as_ptr().cast_mut())
        .chain([ptr::null_mut()])
        .collect()
}

fn check(code: libc::c_int) -> Result<(), Errno> {
    if code == 0 {
        Ok(())
    } else {
        Err(Errno::from_raw_os_error(code))
    }
}

/// What the new process does to its descriptors.
struct Actions(MaybeUninit<libc::posix_spawn_file_actions_t>);

/// What the new process is.
struct Attributes(MaybeUninit<libc::posix_spawnattr_t>);

// === impl Actions ===

impl Actions {
    fn new() -> Result<Self, Errno> {
        let mut actions = MaybeUninit::uninit();
        // SAFETY: this call initialises what it is given.
        check(unsafe { libc::posix_spawn_file_actions_init(actions.as_mut_ptr()) })?;
        Ok(Self(actions))
    }

    fn change_directory(&mut self, path: &CStr) -> Result<(), Errno> {
        let (this, path) = (self.0.as_mut_ptr(), path.as_ptr());
        // SAFETY: initialised; the path is copied.
        check(unsafe { libc::posix_spawn_file_actions_addchdir_np(this, path) })
    }

    fn copy(&mut self, from: i32, to: i32) -> Result<(), Errno> {
        // SAFETY: initialised; the descriptors are only numbers until the new process uses them.
        check(unsafe { libc::posix_spawn_file_actions_adddup2(self.0.as_mut_ptr(), from, to) })
    }

    fn open(&mut self, path: &CStr, target: i32) -> Result<(), Errno> {
        let (this, path) = (self.0.as_mut_ptr(), path.as_ptr());
        let flags = libc::O_RDWR;
        // SAFETY: initialised; the path is copied.
        check(unsafe { libc::posix_spawn_file_actions_addopen(this, target, path, flags, 0) })
    }
}

impl Drop for Actions {
    fn drop(&mut self) {
        // SAFETY: initialised by `new`, destroyed once.
        unsafe { libc::posix_spawn_file_actions_destroy(self.0.as_mut_ptr()) };
    }
}

// === impl Attributes ===

impl Attributes {
    fn new() -> Result<Self, Errno> {
        let mut attributes = MaybeUninit::uninit();
        // SAFETY: this call initialises what it is given.
        check(unsafe { libc::posix_spawnattr_init(attributes.as_mut_ptr()) })?;
        let mut this = Self(attributes);
        let flags = libc::POSIX_SPAWN_SETSID
            | short(libc::POSIX_SPAWN_SETSIGDEF)?
            | short(libc::POSIX_SPAWN_SETSIGMASK)?;
        let (mut all, mut none) = (MaybeUninit::uninit(), MaybeUninit::uninit());
        let attributes = this.0.as_mut_ptr();
        // SAFETY: the attributes are initialised, and so is each set before it is read.
        unsafe {
            // Every bit: `sigfillset` leaves out the two signals the library uses itself, which
            // `posix_spawn` would then make ignored.
            ptr::write_bytes(all.as_mut_ptr(), 0xff, 1);
            libc::sigemptyset(none.as_mut_ptr());
            check(libc::posix_spawnattr_setflags(attributes, flags))?;
            check(libc::posix_spawnattr_setsigdefault(
                attributes,
                all.as_ptr(),
            ))?;
            check(libc::posix_spawnattr_setsigmask(attributes, none.as_ptr()))?;
        }
        Ok(this)
    }
}

fn short(flag: libc::c_int) -> Result<libc::c_short, Errno> {
    libc::c_short::try_from(flag).map_err(|_| Errno::INVAL)
}

impl Drop for Attributes {
    fn drop(&mut self) {
        // SAFETY: initialised by `new`, destroyed once.
        unsafe { libc::posix_spawnattr_destroy(self.0.as_mut_ptr()) };
    }
}

/// The error of a failed call of the standard library, as a number.
pub(crate) fn errno(error: &io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}
