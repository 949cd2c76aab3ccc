//! What every command is refused, whatever its policy.

use libc::{Ioctl, c_long};
use seccompiler::BackendError;

use super::{
    Rules,
    rule::{always, bits, is, is_not, when, when_all, word},
};

/// Not yet named by the library on every architecture; the same number on all of them.
const OPEN_TREE_ATTR: c_long = 467;

/// Another view of the files: mounts, roots, and handles that open a file without its path.
const MOUNTS: [c_long; 13] = [
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    OPEN_TREE_ATTR,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_open_by_handle_at,
];

/// Reaching into another process.
const OTHERS: [c_long; 7] = [
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    libc::SYS_setns,
];

/// Ways around every filter, and parts of the kernel that break often and that no ordinary
/// program needs: it finds them refused in containers too.
const SURFACE: [c_long; 10] = [
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_fanotify_init,
];

/// The computer itself. Capabilities are needed too, of which there are none.
const MACHINE: [c_long; 19] = [
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_reboot,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    libc::SYS_nfsservctl,
    libc::SYS_lookup_dcookie,
    libc::SYS_vhangup,
    libc::SYS_syslog,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
];

/// What only this architecture has of [`MACHINE`].
#[cfg(target_arch = "x86_64")]
const MACHINE_HERE: [c_long; 4] = [
    libc::SYS_iopl,
    libc::SYS_ioperm,
    libc::SYS_uselib,
    libc::SYS__sysctl,
];
#[cfg(not(target_arch = "x86_64"))]
const MACHINE_HERE: [c_long; 0] = [];

/// New namespaces: in one of users, a process has every capability again.
const NAMESPACES: [i32; 7] = [
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWNS,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWCGROUP,
];

/// One of time. Its bit means something else to `clone`.
const NEW_TIME: u32 = 0x80;

/// Controls of terminals that reach whoever reads them outside: typed input, pasted input, the
/// console, and drivers behind a line.
const TERMINALS: [Ioctl; 4] = [
    libc::TIOCSTI,
    libc::TIOCLINUX,
    libc::TIOCCONS,
    libc::TIOCSETD,
];

/// Controls of btrfs and ocfs2 that make or remove a name where neither Landlock nor the guard of
/// names sees it: snapshots, subvolumes and the end of one (two forms each), and the copy by
/// reference.
const NAMES: [Ioctl; 7] = [
    0x5000_9401,
    0x5000_9417,
    0x5000_940e,
    0x5000_9418,
    0x5000_940f,
    0x5000_943f,
    0x4018_6f04,
];

/// Where a control says whose it is, and that it is of bcachefs, which has such ones too.
const WHOSE: u32 = 0xff00;
const OF_BCACHEFS: u32 = 0xbc00;

/// Ways for a program to be executed (`personality`) that leave the kernel's protections as they
/// are, or lift the random placement of a debugged program's memory; the last is the question
/// for the present one.
const PERSONALITIES: [u32; 7] = [0, 0x8, 0x2_0000, 0x2_0008, 0x4_0000, 0x4_0008, 0xffff_ffff];

/// What is refused with `EPERM`.
pub(super) fn rules() -> Result<Rules, BackendError> {
    let mut rules = Rules::new();
    for calls in [&MOUNTS[..], &OTHERS, &SURFACE, &MACHINE, &MACHINE_HERE] {
        always(&mut rules, calls);
    }
    for namespace in NAMESPACES.map(i32::cast_unsigned) {
        for call in [libc::SYS_clone, libc::SYS_unshare] {
            when(&mut rules, call, [bits(0, namespace, namespace)])?;
        }
    }
    when(&mut rules, libc::SYS_unshare, [bits(0, NEW_TIME, NEW_TIME)])?;
    for control in TERMINALS.into_iter().chain(NAMES) {
        when(&mut rules, libc::SYS_ioctl, [is(1, word(control))])?;
    }
    let bcachefs = bits(1, WHOSE, OF_BCACHEFS);
    when(&mut rules, libc::SYS_ioctl, [bcachefs])?;
    let others = PERSONALITIES.map(|known| is_not(0, known));
    when_all(&mut rules, libc::SYS_personality, others)?;
    Ok(rules)
}

/// What does not exist: its flags are in memory, where no filter sees them, and whoever finds it
/// missing uses `clone`, whose flags a filter does see.
pub(super) fn missing() -> Rules {
    let mut rules = Rules::new();
    always(&mut rules, &[libc::SYS_clone3]);
    rules
}
