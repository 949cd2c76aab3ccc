//! System calls that change the machine. Each is asked for something impossible, so that it does
//! no harm where it is not refused.

use super::{
    Report, Scene,
    sys::{call, words},
};

/// No such descriptor.
const NO_FD: i32 = -1;

/// Code in the kernel.
pub(crate) fn modules(_: &Scene, report: &mut Report) {
    let junk = b"junk".as_slice();
    report.gate("init_module", call!(SYS_init_module, junk, junk.len(), ""));
    report.gate("finit_module", call!(SYS_finit_module, NO_FD, "", 0));
    report.gate(
        "delete_module",
        call!(SYS_delete_module, "outpost_hostile", libc::O_NONBLOCK),
    );
}

/// The machine as a whole.
pub(crate) fn machine(_: &Scene, report: &mut Report) {
    report.gate("reboot", call!(SYS_reboot, 0, 0, 0, 0));
    report.gate("kexec_load", call!(SYS_kexec_load, 0, 1000, 0, 0xffff));
    report.gate(
        "kexec_file_load",
        call!(SYS_kexec_file_load, NO_FD, NO_FD, 0, 0, 0xffff),
    );
    report.gate("swapon", call!(SYS_swapon, "/outpost-hostile", 0));
    report.gate("swapoff", call!(SYS_swapoff, "/outpost-hostile"));
    report.gate("acct", call!(SYS_acct, "/outpost-hostile"));
    report.gate("sethostname", call!(SYS_sethostname, "x", -1));
    report.gate("setdomainname", call!(SYS_setdomainname, "x", -1));
    report.gate("syslog", call!(SYS_syslog, 8, 0, 99));
    report.gate("fanotify_init", call!(SYS_fanotify_init, 4, 0));
    report.gate(
        "setpriority",
        call!(SYS_setpriority, libc::PRIO_PROCESS, 0, -20),
    );
    let fifo = 50_u32.to_ne_bytes();
    let outcome = call!(SYS_sched_setscheduler, 0, libc::SCHED_FIFO, fifo.as_slice());
    report.gate("sched_setscheduler", outcome);
    #[cfg(target_arch = "x86_64")]
    {
        report.gate("iopl", call!(SYS_iopl, 3));
        report.gate("ioperm", call!(SYS_ioperm, 0x80, 1, 1));
    }
}

/// The clock, set to no time at all.
pub(crate) fn clock(_: &Scene, report: &mut Report) {
    let mut change = [0_u8; 208];
    change[..4].copy_from_slice(&libc::ADJ_TICK.to_ne_bytes());
    report.gate("adjtimex", call!(SYS_adjtimex, change.as_mut_slice()));
    let outcome = call!(
        SYS_clock_adjtime,
        libc::CLOCK_REALTIME,
        change.as_mut_slice()
    );
    report.gate("clock_adjtime", outcome);
    let far_west = words(&[10_000]);
    report.gate(
        "settimeofday",
        call!(SYS_settimeofday, 0, far_west.as_slice()),
    );
}

/// Programs and tables in the kernel.
pub(crate) fn bpf(_: &Scene, report: &mut Report) {
    // An array of one entry.
    let array = words(&[2 | 4 << 32, 8 | 1 << 32]);
    report.gate("a map", call!(SYS_bpf, 0, array.as_slice(), array.len()));
    let nothing = words(&[0; 9]);
    report.gate(
        "a program",
        call!(SYS_bpf, 5, nothing.as_slice(), nothing.len()),
    );
}

/// Counters of the processor.
pub(crate) fn perf(_: &Scene, report: &mut Report) {
    let mut event = [0_u64; 16];
    event[0] = 1 | 128 << 32;
    // Neither the kernel nor what is below it.
    event[5] = 1 << 5 | 1 << 6;
    let event = words(&event);
    let own = call!(SYS_perf_event_open, event.as_slice(), 0, -1, -1, 0);
    report.gate("of this process", own);
    let all = call!(SYS_perf_event_open, event.as_slice(), -1, 0, -1, 0);
    report.gate("of a processor", all);
}

/// Keyrings, which know no namespace but the user's.
pub(crate) fn keys(_: &Scene, report: &mut Report) {
    report.gate("join a session", call!(SYS_keyctl, 1, "outpost-hostile"));
    let key = b"x".as_slice();
    report.gate(
        "add",
        call!(SYS_add_key, "user", "outpost-hostile", key, 1, -3),
    );
    report.gate("read the user's", call!(SYS_keyctl, 0, -4, 0));
    report.gate(
        "request",
        call!(SYS_request_key, "user", "outpost-hostile", 0, -3),
    );
}

/// Page faults in the kernel's hands, which make races easy to win.
pub(crate) fn userfaultfd(_: &Scene, report: &mut Report) {
    report.gate("of all faults", call!(SYS_userfaultfd, libc::O_CLOEXEC));
    report.gate(
        "of the user's own",
        call!(SYS_userfaultfd, libc::O_CLOEXEC | 1),
    );
}

/// System calls that no filter sees.
pub(crate) fn io_uring(_: &Scene, report: &mut Report) {
    let mut parameters = [0_u8; 120];
    report.gate(
        "setup",
        call!(SYS_io_uring_setup, 1, parameters.as_mut_slice()),
    );
    report.gate("enter", call!(SYS_io_uring_enter, NO_FD, 0, 0, 0, 0, 0));
    report.gate("register", call!(SYS_io_uring_register, NO_FD, 0, 0, 0));
}

/// Files by their number instead of their path.
pub(crate) fn handles(scene: &Scene, report: &mut Report) {
    let mut handle = [0_u8; 136];
    handle[..4].copy_from_slice(&128_u32.to_ne_bytes());
    let (path, mut mount) = (scene.out("file"), [0_u8; 4]);
    let named = call!(
        SYS_name_to_handle_at,
        libc::AT_FDCWD,
        path.as_path(),
        handle.as_mut_slice(),
        mount.as_mut_slice(),
        0,
    );
    if let Err(error) = named {
        report.note(format_args!("no handle: {error}"));
    }
    for root in ["/", "/tmp", "/dev/shm"] {
        let at = call!(SYS_openat, libc::AT_FDCWD, root, libc::O_RDONLY);
        let opened =
            at.and_then(|at| call!(SYS_open_by_handle_at, at, handle.as_slice(), libc::O_RDWR));
        report.way(format_args!("open by handle at {root}"), opened);
    }
}
