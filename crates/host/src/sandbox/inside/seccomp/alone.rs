//! What is refused in addition where no namespaces and mounts stand around.
//!
//! Such a command may change nothing at all. Landlock keeps it from opening files for change, and
//! from making and removing them, from signals and from looking into others; here is the rest:
//! what changes a file without opening it for that, and what acts on other processes or on memory
//! shared with them. Its own settings stay in its hands.

use libc::{Ioctl, c_long};
use seccompiler::BackendError;

use super::{
    Rules,
    rule::{always, is, is_given, is_not, when, when_all, word},
};

/// Not yet named by the library on every architecture; the same numbers on all of them.
const FCHMODAT2: c_long = 452;
const SETXATTRAT: c_long = 463;
const REMOVEXATTRAT: c_long = 466;
const FILE_SETATTR: c_long = 469;

/// Modes, owners, times and attributes of files. Landlock does not know these.
const ATTRIBUTES: [c_long; 15] = [
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    FCHMODAT2,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_utimensat,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    SETXATTRAT,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
    REMOVEXATTRAT,
    FILE_SETATTR,
];

/// Older forms, which only this architecture has.
#[cfg(target_arch = "x86_64")]
const ATTRIBUTES_HERE: [c_long; 6] = [
    libc::SYS_chmod,
    libc::SYS_chown,
    libc::SYS_lchown,
    libc::SYS_utime,
    libc::SYS_utimes,
    libc::SYS_futimesat,
];
#[cfg(not(target_arch = "x86_64"))]
const ATTRIBUTES_HERE: [c_long; 0] = [];

/// Memory, semaphores and queues with names that all processes share.
const SHARED: [c_long; 13] = [
    libc::SYS_shmget,
    libc::SYS_shmat,
    libc::SYS_shmctl,
    libc::SYS_semget,
    libc::SYS_semop,
    libc::SYS_semtimedop,
    libc::SYS_semctl,
    libc::SYS_msgget,
    libc::SYS_msgsnd,
    libc::SYS_msgrcv,
    libc::SYS_msgctl,
    libc::SYS_mq_open,
    libc::SYS_mq_unlink,
];

/// Acting on the process in the first argument, where 0 is oneself.
const TARGETED: [c_long; 6] = [
    libc::SYS_sched_setaffinity,
    libc::SYS_sched_setscheduler,
    libc::SYS_sched_setparam,
    libc::SYS_sched_setattr,
    libc::SYS_migrate_pages,
    libc::SYS_move_pages,
];

/// Controls that only ask, or act on a terminal or a descriptor of one's own. Any other could
/// change a file that was opened to be read.
const CONTROLS: [Ioctl; 38] = [
    libc::TCGETS,
    libc::TCSETS,
    libc::TCSETSW,
    libc::TCSETSF,
    libc::TCGETA,
    libc::TCSETA,
    libc::TCSETAW,
    libc::TCSETAF,
    libc::TCGETS2,
    libc::TCSETS2,
    libc::TCSETSW2,
    libc::TCSETSF2,
    libc::TCSBRK,
    libc::TCSBRKP,
    libc::TCXONC,
    libc::TCFLSH,
    libc::TIOCSCTTY,
    libc::TIOCNOTTY,
    libc::TIOCGPGRP,
    libc::TIOCSPGRP,
    libc::TIOCGSID,
    libc::TIOCOUTQ,
    libc::TIOCGWINSZ,
    libc::TIOCSWINSZ,
    libc::TIOCGETD,
    libc::TIOCGPTN,
    libc::TIOCSPTLCK,
    libc::TIOCGPTPEER,
    libc::FIONREAD,
    libc::FIONBIO,
    libc::FIOASYNC,
    libc::FIOCLEX,
    libc::FIONCLEX,
    libc::FS_IOC_GETFLAGS,
    GET_ATTRIBUTES,
    EXTENTS,
    BLOCK_SIZE,
    SIZE,
];

/// What `lsattr` and tools for copying ask; the library does not name these.
const GET_ATTRIBUTES: Ioctl = 0x801c_581f_u32 as Ioctl;
const EXTENTS: Ioctl = 0xc020_660b_u32 as Ioctl;
const BLOCK_SIZE: Ioctl = 2;
const SIZE: Ioctl = 0x5460;

/// `IOPRIO_WHO_USER`: every process of a user.
const IOPRIO_OF_USER: u32 = 3;

/// What is refused with `EPERM`.
pub(super) fn rules() -> Result<Rules, BackendError> {
    let mut rules = Rules::new();
    for calls in [&ATTRIBUTES[..], &ATTRIBUTES_HERE, &SHARED] {
        always(&mut rules, calls);
    }
    always(&mut rules, &[libc::SYS_process_mrelease]);
    for call in TARGETED {
        when(&mut rules, call, [is_not(0, 0)])?;
    }
    // Asking for another's limits is fine, setting them is not.
    when(&mut rules, libc::SYS_prlimit64, [is_not(0, 0), is_given(2)])?;
    for (call, user) in [
        (libc::SYS_setpriority, libc::PRIO_USER),
        (libc::SYS_ioprio_set, IOPRIO_OF_USER),
    ] {
        when(&mut rules, call, [is_not(1, 0)])?;
        when(&mut rules, call, [is(0, user)])?;
    }
    let others = CONTROLS.map(|known| is_not(1, word(known)));
    when_all(&mut rules, libc::SYS_ioctl, others)?;
    Ok(rules)
}
