//! Which call a notification is about. Pure.

use rustix::fs::OFlags;

use super::sys::Notification;

/// A call that may bring a name into being or change something, with its arguments. Paths are
/// addresses in the task's memory, each behind the directory it is relative to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    /// `open`, `creat`, `openat`.
    Open { at: Place, flags: OFlags, mode: u32 },
    /// `openat2`, whose flags are in the task's memory: their address and size.
    OpenHow { at: Place, how: u64, size: u64 },
    /// `mkdir`, `mkdirat`.
    MakeDirectory { at: Place, mode: u32 },
    /// `mknod`, `mknodat`.
    MakeNode { at: Place, mode: u32 },
    /// `symlink`, `symlinkat`.
    Symlink { target: u64, at: Place },
    /// `link`, `linkat`.
    Link { from: Place, to: Place, flags: u32 },
    /// `rename`, `renameat`, `renameat2`.
    Rename { from: Place, to: Place, flags: u32 },
    /// A change of a directory's entry that is only told of: `unlink`, `rmdir`, `unlinkat`.
    Remove { at: Place },
    /// A change of a file itself that is only told of: `chmod` and its like, `truncate`.
    Change { at: Place },
    /// `umask`.
    Umask { umask: u32 },
    /// `connect`: where its address is, and how long it is.
    Connect { address: u64, length: u64 },
    /// Another call that reaches for the network.
    Reach,
}

/// A path in the memory of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The descriptor it is relative to, or `AT_FDCWD`.
    pub(super) directory: i32,
    /// The address of the path.
    pub(super) path: u64,
}

/// The numbers of the file calls a filter reports, but for those that open files, whose flags it
/// looks at.
pub(in super::super) const CREATING: &[i64] = &[
    #[cfg(target_arch = "x86_64")]
    libc::SYS_mkdir,
    libc::SYS_mkdirat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_mknod,
    libc::SYS_mknodat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_symlink,
    libc::SYS_symlinkat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_link,
    libc::SYS_linkat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_rename,
    #[cfg(not(target_arch = "riscv64"))]
    libc::SYS_renameat,
    libc::SYS_renameat2,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_creat,
    libc::SYS_openat2,
];

/// The numbers of the calls that bring nothing into being and are reported only to tell what the
/// walls refuse, or so that what is made here is made with the right permissions.
pub(in super::super) const CHANGING: &[i64] = &[
    libc::SYS_umask,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_unlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_rmdir,
    libc::SYS_unlinkat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chmod,
    libc::SYS_fchmodat,
    libc::SYS_fchmodat2,
    libc::SYS_truncate,
];

// === impl Call ===

impl Call {
    /// What this is about. Whatever is not a file call was reported for the sake of the network.
    pub(super) fn of(notice: &Notification) -> Self {
        let given = notice.arguments;
        match notice.number {
            libc::SYS_openat => Self::Open {
                at: at(given[0], given[1]),
                flags: flags(given[2]),
                mode: low(given[3]),
            },
            libc::SYS_openat2 => Self::OpenHow {
                at: at(given[0], given[1]),
                how: given[2],
                size: given[3],
            },
            libc::SYS_mkdirat => Self::MakeDirectory {
                at: at(given[0], given[1]),
                mode: low(given[2]),
            },
            libc::SYS_mknodat => Self::MakeNode {
                at: at(given[0], given[1]),
                mode: low(given[2]),
            },
            libc::SYS_symlinkat => Self::Symlink {
                target: given[0],
                at: at(given[1], given[2]),
            },
            libc::SYS_linkat => Self::Link {
                from: at(given[0], given[1]),
                to: at(given[2], given[3]),
                flags: low(given[4]),
            },
            #[cfg(not(target_arch = "riscv64"))]
            libc::SYS_renameat => renamed(given, 0),
            libc::SYS_renameat2 => renamed(given, low(given[4])),
            libc::SYS_unlinkat => Self::Remove {
                at: at(given[0], given[1]),
            },
            libc::SYS_fchmodat | libc::SYS_fchmodat2 => Self::Change {
                at: at(given[0], given[1]),
            },
            libc::SYS_umask => Self::Umask {
                umask: low(given[0]),
            },
            libc::SYS_connect => Self::Connect {
                address: given[1],
                length: given[2],
            },
            libc::SYS_truncate => Self::Change { at: here(given[0]) },
            _ => Self::of_old(notice),
        }
    }

    /// The calls that newer architectures do without.
    #[cfg(target_arch = "x86_64")]
    fn of_old(notice: &Notification) -> Self {
        let given = notice.arguments;
        match notice.number {
            libc::SYS_open => Self::Open {
                at: here(given[0]),
                flags: flags(given[1]),
                mode: low(given[2]),
            },
            libc::SYS_creat => Self::Open {
                at: here(given[0]),
                flags: OFlags::CREATE | OFlags::WRONLY | OFlags::TRUNC,
                mode: low(given[1]),
            },
            libc::SYS_mkdir => Self::MakeDirectory {
                at: here(given[0]),
                mode: low(given[1]),
            },
            libc::SYS_mknod => Self::MakeNode {
                at: here(given[0]),
                mode: low(given[1]),
            },
            libc::SYS_symlink => Self::Symlink {
                target: given[0],
                at: here(given[1]),
            },
            libc::SYS_unlink | libc::SYS_rmdir => Self::Remove { at: here(given[0]) },
            libc::SYS_chmod => Self::Change { at: here(given[0]) },
            libc::SYS_link => Self::Link {
                from: here(given[0]),
                to: here(given[1]),
                flags: 0,
            },
            libc::SYS_rename => Self::Rename {
                from: here(given[0]),
                to: here(given[1]),
                flags: 0,
            },
            _ => Self::Reach,
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn of_old(_: &Notification) -> Self {
        Self::Reach
    }
}

fn renamed(given: [u64; 6], flags: u32) -> Call {
    Call::Rename {
        from: at(given[0], given[1]),
        to: at(given[2], given[3]),
        flags,
    }
}

fn at(directory: u64, path: u64) -> Place {
    Place {
        directory: low(directory).cast_signed(),
        path,
    }
}

fn here(path: u64) -> Place {
    Place {
        directory: libc::AT_FDCWD,
        path,
    }
}

fn flags(argument: u64) -> OFlags {
    OFlags::from_bits_retain(low(argument))
}

/// The kernel takes an `int` from the lower half of an argument, whatever the upper one is.
fn low(argument: u64) -> u32 {
    u32::try_from(argument & u64::from(u32::MAX)).unwrap_or(0)
}
