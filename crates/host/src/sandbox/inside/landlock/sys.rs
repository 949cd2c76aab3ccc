//! The version of Landlock in the running kernel, which no safe wrapper tells.

#![expect(unsafe_code, reason = "the version is told by a bare system call")]

use std::ptr;

/// Asks for the version instead of making anything.
const VERSION: libc::c_uint = 1;

/// The version of Landlock's interface; 0 where there is none, or it is switched off.
pub(crate) fn abi() -> u32 {
    let (attributes, size) = (ptr::null::<u8>(), 0_usize);
    // SAFETY: with this flag the kernel reads no attributes and makes no descriptor.
    let version =
        unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, attributes, size, VERSION) };
    u32::try_from(version).unwrap_or(0)
}
