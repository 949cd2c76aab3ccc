//! The system calls of the supervisor that no safe wrapper offers: seccomp's notifications, and
//! reading another process's memory.
//!
//! The kernel's structures are those of `libc`. Their sizes are part of the numbers of the calls,
//! so a kernel with other structures refuses the call instead of writing past ours.

#![expect(
    unsafe_code,
    reason = "seccomp and reading the memory of another process have no safe form"
)]

use std::{
    io,
    mem::MaybeUninit,
    os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd},
};

use rustix::{
    io::Errno,
    ioctl::{self, IntegerSetter, Opcode, Updater},
    thread::UnshareFlags,
};
use seccompiler::BpfProgramRef;

/// The numbers of the calls on a listener.
const RECEIVE: Opcode = opcode(libc::SECCOMP_IOCTL_NOTIF_RECV);
const SEND: Opcode = opcode(libc::SECCOMP_IOCTL_NOTIF_SEND);
const IS_VALID: Opcode = opcode(libc::SECCOMP_IOCTL_NOTIF_ID_VALID);
const ADD_DESCRIPTOR: Opcode = opcode(libc::SECCOMP_IOCTL_NOTIF_ADDFD);
const SET_FLAGS: Opcode = opcode(libc::SECCOMP_IOCTL_NOTIF_SET_FLAGS);

#[expect(
    clippy::cast_possible_truncation,
    reason = "the kernel takes 32 bits of what some libraries declare with 64"
)]
const fn opcode(number: libc::Ioctl) -> Opcode {
    number as Opcode
}

/// `SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP`: who waits for the other runs on the same processor.
const WAKE_HERE: usize = 1;

/// The smallest page there is; larger ones begin where one of these does.
const PAGE: usize = 4096;

/// One call that waits for an answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Notification {
    /// Names it until it is answered or its task is gone.
    pub(super) id: u64,
    /// The thread that waits.
    pub(super) tid: u32,
    /// The number of the call.
    pub(super) number: i64,
    /// Its arguments.
    pub(super) arguments: [u64; 6],
}

/// Puts a filter around this thread and returns what hears of the calls it reports. Needs
/// `no_new_privs`.
///
/// A call that was reported is not interrupted any more by signals that do not kill (kernels
/// from 5.19 on), so nothing is done twice when one arrives meanwhile.
pub(in super::super) fn install(program: BpfProgramRef<'_>) -> io::Result<OwnedFd> {
    let listener = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER;
    let patient = listener | libc::SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
    match install_with(program, patient) {
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => install_with(program, listener),
        result => result,
    }
}

fn install_with(program: BpfProgramRef<'_>, flags: libc::c_ulong) -> io::Result<OwnedFd> {
    let len = libc::c_ushort::try_from(program.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    let filter = libc::sock_fprog {
        len,
        filter: program.as_ptr().cast_mut().cast(),
    };
    // SAFETY: the kernel reads `len` instructions, which are laid out as its own (`repr(C)`, the
    // same four fields), and stores nothing; the result is a new descriptor or -1.
    unsafe {
        let fd = libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            flags,
            &raw const filter,
        );
        match RawFd::try_from(fd) {
            Ok(fd) if fd >= 0 => Ok(OwnedFd::from_raw_fd(fd)),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

/// Lets the two sides of a notification wake each other without changing the processor. Kernels
/// before 6.6 do without.
pub(super) fn wake_here(listener: BorrowedFd<'_>) {
    // SAFETY: this call takes flags as a number.
    unsafe {
        let flags = IntegerSetter::<SET_FLAGS>::new_usize(WAKE_HERE);
        ioctl::ioctl(listener, flags).ok();
    }
}

/// Takes the next call that waits. [`Errno::NOENT`] when its task has died meanwhile.
pub(super) fn receive(listener: BorrowedFd<'_>) -> Result<Notification, Errno> {
    // SAFETY: all zero is a valid value: every field is an integer. The kernel wants zeros.
    let mut notice: libc::seccomp_notif = unsafe { MaybeUninit::zeroed().assume_init() };
    // SAFETY: the structure is the one of this call.
    unsafe { ioctl::ioctl(listener, Updater::<RECEIVE, _>::new(&mut notice)) }?;
    Ok(Notification {
        id: notice.id,
        tid: notice.pid,
        number: i64::from(notice.data.nr),
        arguments: notice.data.args,
    })
}

/// Whether the task of a notification still waits. Only what was read before this said yes was
/// that task's.
pub(super) fn is_waiting(listener: BorrowedFd<'_>, mut id: u64) -> bool {
    // SAFETY: the kernel reads one number.
    unsafe { ioctl::ioctl(listener, Updater::<IS_VALID, _>::new(&mut id)) }.is_ok()
}

/// Answers with 0 or an error.
pub(super) fn answer(listener: BorrowedFd<'_>, id: u64, result: Result<(), Errno>) {
    let error = result.map_or_else(|error| -error.raw_os_error(), |()| 0);
    send(listener, id, error, 0);
}

/// Lets the call take its course.
pub(super) fn go_on(listener: BorrowedFd<'_>, id: u64) {
    send(listener, id, 0, libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE);
}

fn send(listener: BorrowedFd<'_>, id: u64, error: i32, flags: libc::c_ulong) {
    let mut response = libc::seccomp_notif_resp {
        id,
        val: 0,
        error,
        flags: u32::try_from(flags).unwrap_or(0),
    };
    // Fails when the task is gone, and then nobody waits.
    // SAFETY: the structure is the one of this call.
    unsafe { ioctl::ioctl(listener, Updater::<SEND, _>::new(&mut response)) }.ok();
}

/// Answers with a descriptor: a copy of `file`, at the lowest free number of the task.
pub(super) fn answer_with(
    listener: BorrowedFd<'_>,
    id: u64,
    file: BorrowedFd<'_>,
    close_on_exec: bool,
) -> Result<(), Errno> {
    let mut added = libc::seccomp_notif_addfd {
        id,
        flags: u32::try_from(libc::SECCOMP_ADDFD_FLAG_SEND).unwrap_or(0),
        srcfd: u32::try_from(file.as_raw_fd()).unwrap_or(u32::MAX),
        newfd: 0,
        newfd_flags: if close_on_exec {
            libc::O_CLOEXEC.unsigned_abs()
        } else {
            0
        },
    };
    // SAFETY: the structure is the one of this call; the kernel takes a reference of its own to
    // the open file.
    unsafe { ioctl::ioctl(listener, Updater::<ADD_DESCRIPTOR, _>::new(&mut added)) }
}

/// Copies memory of another process from `address` on, into `into`, up to what is mapped there.
/// Returns how many bytes that were.
pub(super) fn read_memory(tid: u32, address: u64, into: &mut [u8]) -> Result<usize, Errno> {
    let tid = libc::pid_t::try_from(tid).map_err(|_| Errno::SRCH)?;
    let address = usize::try_from(address).map_err(|_| Errno::FAULT)?;
    // What is not mapped cuts the copy short between two parts only, so a part ends with a page.
    let first = (address.wrapping_neg() % PAGE).min(into.len());
    let part = |start: usize, length| libc::iovec {
        iov_base: std::ptr::without_provenance_mut(address.wrapping_add(start)),
        iov_len: length,
    };
    let remote = [part(0, first), part(first, into.len() - first)];
    let local = libc::iovec {
        iov_base: into.as_mut_ptr().cast(),
        iov_len: into.len(),
    };
    // SAFETY: the kernel writes to `into` alone, at most its length; the addresses in the other
    // process are checked by it.
    let copied = unsafe { libc::process_vm_readv(tid, &raw const local, 1, remote.as_ptr(), 2, 0) };
    usize::try_from(copied).map_err(|_| {
        let code = io::Error::last_os_error().raw_os_error();
        Errno::from_raw_os_error(code.unwrap_or(libc::EFAULT))
    })
}

/// Gives this thread a umask, a root and a current directory of its own.
pub(super) fn own_umask() -> Result<(), Errno> {
    // SAFETY: nothing that is shared by descriptor or memory changes, and what becomes this
    // thread's own is used by this thread only.
    unsafe { rustix::thread::unshare_unsafe(UnshareFlags::FS) }
}
