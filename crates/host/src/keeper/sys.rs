//! The few system calls of the keeper that no safe wrapper offers.
//!
//! Everything in the keeper runs on one thread, from its first instruction to its last. That is
//! what makes [`fork`] sound here: no other thread can hold a lock that the copy would wait for.

#![expect(
    unsafe_code,
    reason = "fork, exec, signal masks and adopted descriptors have no safe form"
)]

use std::{
    ffi::{CStr, CString},
    io,
    mem::{MaybeUninit, size_of},
    os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd},
    ptr,
    time::Duration,
};

use rustix::{
    io::Errno,
    process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open},
};

/// Put the child straight into the cgroup of `clone_args.cgroup`.
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

/// The highest signal there is.
const LAST_SIGNAL: i32 = 64;

/// The size of the kernel's signal set: a bit for each signal.
const KERNEL_SIGSET: usize = 8;

/// At least the size of the kernel's `struct sigaction`, on any architecture.
const KERNEL_SIGACTION: usize = 64;

/// Which side of a fork this is.
#[derive(Debug)]
pub(crate) enum Forked {
    /// The copy. It must end in [`exec`] or [`exit_now`], never return to the loop.
    Child,
    /// The original, with the copy's identity.
    Parent(Pid, OwnedFd),
}

/// Copies this process, which must be single-threaded (the keeper and its guards are). With
/// `cgroup`, a directory of cgroup v2, the copy begins its life in there.
pub(crate) fn fork(cgroup: Option<BorrowedFd<'_>>) -> io::Result<Forked> {
    let Some(cgroup) = cgroup else {
        return plain_fork();
    };
    let mut pidfd: RawFd = -1;
    // SAFETY: all zero is a valid `clone_args`: every field is an integer.
    let mut args: libc::clone_args = unsafe { MaybeUninit::zeroed().assume_init() };
    args.flags = (libc::CLONE_PIDFD as u64) | CLONE_INTO_CGROUP;
    args.pidfd = ptr::from_mut(&mut pidfd) as u64;
    args.exit_signal = libc::SIGCHLD as u64;
    args.cgroup = cgroup.as_raw_fd() as u64;
    // SAFETY: without CLONE_VM this is a fork: the copy has its own memory and goes on here on its
    // own stack. There is one thread, so no lock is held by a thread that the copy lacks. `args`
    // is of the size given, and `pidfd` outlives the call.
    let pid = unsafe {
        libc::syscall(
            libc::SYS_clone3,
            &raw mut args,
            size_of::<libc::clone_args>(),
        )
    };
    match i32::try_from(pid) {
        Ok(0) => Ok(Forked::Child),
        Ok(pid) if pid > 0 => {
            // SAFETY: the call succeeded, so the kernel stored a new descriptor that nobody owns.
            let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
            let pid = Pid::from_raw(pid).ok_or(Errno::CHILD)?;
            Ok(Forked::Parent(pid, pidfd))
        }
        _ => Err(io::Error::last_os_error()),
    }
}

fn plain_fork() -> io::Result<Forked> {
    // SAFETY: there is one thread (see the module).
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(Forked::Child),
        pid => {
            let pid = Pid::from_raw(pid).ok_or(Errno::CHILD)?;
            // Not reaped by anybody yet, so the number means our child.
            match pidfd_open(pid, PidfdFlags::empty()) {
                Ok(pidfd) => Ok(Forked::Parent(pid, pidfd)),
                Err(error) => {
                    // Nothing may run that cannot be named.
                    kill_process(pid, Signal::KILL).ok();
                    Err(error.into())
                }
            }
        }
    }
}

/// Strings as `execve` wants them: pointers, ended by a null pointer.
#[derive(Debug)]
pub(crate) struct Pointers<'a> {
    pointers: Vec<*const libc::c_char>,
    /// Keeps the strings borrowed as long as they are pointed to.
    _strings: &'a [CString],
}

impl<'a> Pointers<'a> {
    /// Points at each of `strings`.
    pub(crate) fn new(strings: &'a [CString]) -> Self {
        let pointers = strings
            .iter()
            .map(|string| string.as_ptr())
            .chain([ptr::null()])
            .collect();
        Self {
            pointers,
            _strings: strings,
        }
    }

    /// The array itself.
    pub(crate) fn as_ptr(&self) -> *const *const libc::c_char {
        self.pointers.as_ptr()
    }
}

/// Becomes another program. Returns only when that failed.
pub(crate) fn exec(path: &CStr, argv: &Pointers<'_>, env: &Pointers<'_>) -> Errno {
    // SAFETY: three valid null-terminated arguments that live through the call.
    unsafe { libc::execve(path.as_ptr(), argv.as_ptr(), env.as_ptr()) };
    last_errno()
}

/// Ends this process at once: no destructors, no handlers, no buffers.
pub(crate) fn exit_now(code: i32) -> ! {
    // SAFETY: `_exit` has no requirements.
    unsafe { libc::_exit(code) }
}

/// Sets every signal to its default and blocks all of them. From here on signals are only ever
/// read from [`signal_fd`]; TERM, INT and HUP wait for ever.
pub(crate) fn own_signals() -> io::Result<()> {
    // By system call, because the library refuses to touch the two signals it uses itself, which a
    // parent can have left ignored. An action of zeros is the default, without flags or mask.
    let default = [0_u8; KERNEL_SIGACTION];
    for number in 1..=LAST_SIGNAL {
        let (action, previous) = (default.as_ptr(), ptr::null_mut::<u8>());
        // SAFETY: the kernel reads an action, which is no longer than this array, and writes none.
        // KILL and STOP are refused, which is fine: they cannot be anything but default.
        unsafe {
            libc::syscall(
                libc::SYS_rt_sigaction,
                number,
                action,
                previous,
                KERNEL_SIGSET,
            );
        }
    }
    set_mask(libc::sigfillset)
}

/// Blocks no signal: how a command begins.
pub(crate) fn unblock_signals() -> io::Result<()> {
    set_mask(libc::sigemptyset)
}

fn set_mask(fill: unsafe extern "C" fn(*mut libc::sigset_t) -> libc::c_int) -> io::Result<()> {
    let mut set = MaybeUninit::uninit();
    // SAFETY: `fill` initialises the set it is given; the mask call reads it and stores nothing.
    let result = unsafe {
        fill(set.as_mut_ptr());
        libc::sigprocmask(libc::SIG_SETMASK, set.as_ptr(), ptr::null_mut())
    };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// A descriptor that is readable when a child has ended.
pub(crate) fn signal_fd() -> io::Result<OwnedFd> {
    let mut set = MaybeUninit::uninit();
    // SAFETY: the set is initialised by the first call before the others read it; the result is a
    // new descriptor or -1, and only the first is adopted.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        libc::sigaddset(set.as_mut_ptr(), libc::SIGCHLD);
        let fd = libc::signalfd(-1, set.as_ptr(), libc::SFD_CLOEXEC | libc::SFD_NONBLOCK);
        if fd < 0 {
            Err(io::Error::last_os_error())
        } else {
            Ok(OwnedFd::from_raw_fd(fd))
        }
    }
}

/// Makes copies of `fds` the descriptors 3, 4, … of this process, left open on exec, and closes
/// every other above them. For a process about to exec: whoever owned those numbers is gone with
/// it.
pub(crate) fn hand_over(fds: &[BorrowedFd<'_>]) -> Result<(), Errno> {
    let last = 2 + RawFd::try_from(fds.len()).map_err(|_| Errno::MFILE)?;
    // Out of the way first, so that no copy lands on what is still to be copied.
    let aside: Vec<OwnedFd> = fds
        .iter()
        .map(|fd| rustix::io::fcntl_dupfd_cloexec(fd, last + 1))
        .collect::<Result<_, _>>()?;
    for (number, fd) in (3..).zip(&aside) {
        // SAFETY: two valid numbers. What `number` was before belongs to nobody who is still to
        // use it: this process only goes on to exec.
        if unsafe { libc::dup2(fd.as_raw_fd(), number) } < 0 {
            return Err(last_errno());
        }
    }
    close_range(
        u32::try_from(last + 1).unwrap_or(u32::MAX),
        u32::MAX,
        libc::CLOSE_RANGE_CLOEXEC,
    );
    Ok(())
}

/// A child that has ended and was not reaped; it stays so.
pub(crate) fn dead_child() -> Option<Pid> {
    // SAFETY: all zero is a valid `siginfo_t`.
    let mut info: libc::siginfo_t = unsafe { MaybeUninit::zeroed().assume_init() };
    let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    loop {
        // SAFETY: the kernel fills `info`, which lives through the call.
        if unsafe { libc::waitid(libc::P_ALL, 0, &raw mut info, options) } == 0 {
            // SAFETY: filled for a child, or still all zero for nobody.
            return Pid::from_raw(unsafe { info.si_pid() });
        }
        if last_errno() != Errno::INTR {
            return None;
        }
    }
}

/// The processor time that a process, all its threads together, has used; also of one that has
/// ended and was not reaped. It is the very count that the kernel holds against a limit.
pub(crate) fn processor_time(pid: Pid) -> Option<Duration> {
    /// The clock of user and system time of a whole process, behind its inverted number.
    const OF_PROCESS: libc::clockid_t = 0;
    let clock = (!pid.as_raw_pid() << 3) | OF_PROCESS;
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the kernel fills `time`, which lives through the call.
    let told = unsafe { libc::clock_gettime(clock, &raw mut time) } == 0;
    let (seconds, nanos) = (time.tv_sec.try_into(), time.tv_nsec.try_into());
    told.then_some(Duration::new(seconds.ok()?, nanos.ok()?))
}

/// Takes over a descriptor this process was started with, if it is open.
pub(crate) fn adopt(fd: RawFd) -> Option<OwnedFd> {
    // SAFETY: F_SETFD touches nothing but the flags of `fd`. It is called before anything else in
    // the program could have opened a descriptor, so nobody else owns this number.
    unsafe {
        let open = libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) == 0;
        open.then(|| OwnedFd::from_raw_fd(fd))
    }
}

/// Closes every descriptor from 3 on that is not in `kept`.
///
/// Only for a process that goes on without ever touching what it owned before: a guard after its
/// fork, and the keeper before it opens anything.
pub(crate) fn close_all_but(kept: &[BorrowedFd<'_>]) {
    let mut numbers: Vec<_> = kept
        .iter()
        .filter_map(|fd| u32::try_from(fd.as_raw_fd()).ok())
        .collect();
    numbers.sort_unstable();
    let mut first = 3;
    for number in numbers.into_iter().chain([u32::MAX]) {
        if number > first {
            close_range(first, number - 1, 0);
        }
        first = first.max(number.saturating_add(1));
    }
}

/// Marks every descriptor from 3 on to be closed by exec. All of ours are; this is for those that
/// a library might have opened otherwise. Kernels before 5.11 do without.
pub(crate) fn close_others_on_exec() {
    close_range(3, u32::MAX, libc::CLOSE_RANGE_CLOEXEC);
}

fn close_range(first: u32, last: u32, flags: libc::c_uint) {
    // SAFETY: the callers answer for the descriptors in this range. The number is a system call
    // and not the library function, which older libraries lack.
    unsafe { libc::syscall(libc::SYS_close_range, first, last, flags) };
}

fn last_errno() -> Errno {
    let code = io::Error::last_os_error()
        .raw_os_error()
        .unwrap_or(libc::EIO);
    Errno::from_raw_os_error(code)
}
