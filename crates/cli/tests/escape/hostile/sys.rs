//! System calls as they are, and the entry of the hostile program.
//!
//! An attack speaks to the kernel without a library in between, so that what is refused is
//! refused by the kernel.

#![expect(
    unsafe_code,
    reason = "raw system calls, a fork, and a start before the test runner's own"
)]

use std::{ffi::CString, fmt, os::unix::ffi::OsStrExt, path::Path};

/// How a system call failed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Errno(pub(crate) i32);

/// What a system call answered.
pub(crate) type Tried = Result<usize, Errno>;

/// One argument of a system call.
#[derive(Debug)]
pub(crate) enum Arg<'a> {
    /// A number, or a null pointer.
    Number(usize),
    /// A text that ends in NUL.
    Text(CString),
    /// Bytes to be read.
    Bytes(&'a [u8]),
    /// Bytes to be written.
    Buffer(&'a mut [u8]),
}

/// Performs a system call: `call!(SYS_mount, "none", target, "tmpfs", 0, 0)`.
macro_rules! call {
    ($number:ident $(, $argument:expr)* $(,)?) => {
        $crate::hostile::sys::perform(
            libc::$number,
            &mut [$($crate::hostile::sys::Arg::from($argument)),*],
        )
    };
}
pub(crate) use call;

/// Runs before `main`: when the first word is `hostile`, this is the hostile program.
#[used]
#[unsafe(link_section = ".init_array")]
static ENTRY: extern "C" fn() = enter;

extern "C" fn enter() {
    let mut words = std::env::args().skip(1);
    if words.next().as_deref() == Some("hostile") {
        exit(super::main(words));
    }
}

/// Ends the process at once.
pub(crate) fn exit(code: i32) -> ! {
    // SAFETY: it takes a number and does not return.
    unsafe { libc::_exit(code) }
}

/// Performs the system call of this number. Buffers must be as long as the call takes them to be.
pub(crate) fn perform(number: libc::c_long, arguments: &mut [Arg<'_>]) -> Tried {
    let mut raw = [0_usize; 6];
    for (raw, argument) in raw.iter_mut().zip(arguments) {
        *raw = match argument {
            Arg::Number(number) => *number,
            Arg::Text(text) => text.as_ptr() as usize,
            Arg::Bytes(bytes) => bytes.as_ptr() as usize,
            Arg::Buffer(bytes) => bytes.as_mut_ptr() as usize,
        };
    }
    let [a, b, c, d, e, f] = raw;
    // SAFETY: pointers come from borrows that live as long as `arguments`; calls that change the
    // process itself in a way Rust could not bear are not made through here.
    let answer = unsafe { libc::syscall(number, a, b, c, d, e, f) };
    usize::try_from(answer).map_err(|_| Errno::last())
}

/// Runs `work` in a forked child; answers how that ended, as `waitpid` tells it.
pub(crate) fn child(work: impl FnOnce() -> i32) -> Result<i32, Errno> {
    // SAFETY: this program forks before it starts threads, or only calls the kernel in the child.
    match unsafe { libc::fork() } {
        -1 => Err(Errno::last()),
        0 => exit(work()),
        pid => wait(pid),
    }
}

/// A process made with these flags, which ends at once.
pub(crate) fn clone(flags: i32) -> Tried {
    let flags = usize::try_from(flags).expect("flags are positive") | libc::SIGCHLD as usize;
    // SAFETY: without a stack of its own and without shared memory it is a fork.
    match unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) } {
        -1 => Err(Errno::last()),
        0 => exit(0),
        pid => reaped(pid),
    }
}

/// The same by `clone3`.
pub(crate) fn clone3(flags: u64) -> Tried {
    let mut arguments = [0_u64; 11];
    arguments[0] = flags;
    arguments[4] = libc::SIGCHLD as u64;
    // SAFETY: as in `clone`; the structure is as long as is said.
    match unsafe {
        libc::syscall(
            libc::SYS_clone3,
            arguments.as_ptr(),
            size_of_val(&arguments),
        )
    } {
        -1 => Err(Errno::last()),
        0 => exit(0),
        pid => reaped(pid),
    }
}

fn reaped(pid: libc::c_long) -> Tried {
    let pid = i32::try_from(pid).expect("a process id");
    wait(pid)?;
    Ok(usize::try_from(pid).expect("positive"))
}

fn wait(pid: i32) -> Result<i32, Errno> {
    let mut status = 0;
    loop {
        // SAFETY: the status is a local.
        match unsafe { libc::waitpid(pid, &raw mut status, libc::__WALL) } {
            -1 if Errno::last().0 == libc::EINTR => {}
            -1 => return Err(Errno::last()),
            _ => return Ok(status),
        }
    }
}

/// A call by the numbers of 32-bit programs, with a text below 4 GiB as its first argument where
/// there is one. Whoever knows no such calls ends by a signal.
#[cfg(target_arch = "x86_64")]
pub(crate) fn call_of_32_bits(number: i32, text: Option<&str>, first: u32) -> Tried {
    let mut first = u64::from(first);
    if let Some(text) = text {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_32BIT;
        let (length, access) = (4096, libc::PROT_READ | libc::PROT_WRITE);
        // SAFETY: a new page, which stays.
        let page = unsafe { libc::mmap(std::ptr::null_mut(), length, access, flags, -1, 0) };
        if page == libc::MAP_FAILED || text.len() >= length {
            return Err(Errno::last());
        }
        // SAFETY: the page is longer than the text, and begins as zeros.
        unsafe { std::ptr::copy_nonoverlapping(text.as_ptr(), page.cast(), text.len()) };
        first = page as u64;
    }
    let mut answer = number;
    // SAFETY: the calls made through here change no memory.
    unsafe {
        std::arch::asm!(
            "push rbx", "mov rbx, {first}", "int 0x80", "pop rbx",
            first = in(reg) first, inout("eax") answer, in("rcx") 0o755_u64, in("rdx") 0_u64,
            out("r8") _, out("r9") _, out("r10") _, out("r11") _,
        );
    }
    usize::try_from(answer).map_err(|_| Errno(-answer))
}

/// Numbers as the bytes of a structure.
pub(crate) fn words(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_ne_bytes()).collect()
}

// === impl Errno ===

impl Errno {
    fn last() -> Self {
        std::io::Error::last_os_error().into()
    }

    /// Whether this says that the caller may not, rather than that it asked wrongly.
    pub(crate) fn is_refusal(self) -> bool {
        [libc::EPERM, libc::EACCES, libc::ENOSYS, libc::EROFS].contains(&self.0)
    }
}

impl From<std::io::Error> for Errno {
    fn from(error: std::io::Error) -> Self {
        Self(error.raw_os_error().unwrap_or(0))
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", std::io::Error::from_raw_os_error(self.0))
    }
}

impl fmt::Debug for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

// === impl Arg ===

impl From<usize> for Arg<'_> {
    fn from(number: usize) -> Self {
        Self::Number(number)
    }
}

impl From<u64> for Arg<'_> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a register has 64 bits here"
    )]
    fn from(number: u64) -> Self {
        Self::Number(number as usize)
    }
}

impl From<i32> for Arg<'_> {
    #[expect(clippy::cast_sign_loss, reason = "a register has no sign")]
    fn from(number: i32) -> Self {
        Self::Number(number as isize as usize)
    }
}

impl From<u32> for Arg<'_> {
    fn from(number: u32) -> Self {
        Self::Number(number as usize)
    }
}

impl From<&str> for Arg<'_> {
    fn from(text: &str) -> Self {
        Self::Text(CString::new(text).expect("no NUL in it"))
    }
}

impl From<&Path> for Arg<'_> {
    fn from(path: &Path) -> Self {
        Self::Text(CString::new(path.as_os_str().as_bytes()).expect("no NUL in it"))
    }
}

impl<'a> From<&'a [u8]> for Arg<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a> From<&'a mut [u8]> for Arg<'a> {
    fn from(bytes: &'a mut [u8]) -> Self {
        Self::Buffer(bytes)
    }
}
