//! What a process may: what it has, what it could get, what it was handed.

use std::{fs, os::fd::AsRawFd, process::Stdio};

use outpost_testkit::program::command;
use rustix::fs::{MemfdFlags, memfd_create};

use super::{
    Report, Scene,
    sys::{self, Errno, call, words},
};

fn status() -> String {
    fs::read_to_string("/proc/self/status").unwrap_or_default()
}

fn field<'a>(status: &'a str, name: &str) -> Option<&'a str> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim_start_matches(':').trim())
}

/// No new privileges, no capability in any set, a filter.
pub(crate) fn state(_: &Scene, report: &mut Report) {
    let status = status();
    let mut expect = |name: &str, good: &dyn Fn(&str) -> bool| {
        let found = field(&status, name).unwrap_or("missing");
        report.judge(name, !good(found), found);
    };
    expect("NoNewPrivs", &|found| found == "1");
    expect("Seccomp", &|found| found == "2");
    for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        expect(set, &|found| found.bytes().all(|digit| digit == b'0'));
    }
}

/// What was given up, taken back.
pub(crate) fn regain(_: &Scene, report: &mut Report) {
    let header = words(&[0x2008_0522]);
    let everything = words(&[u64::MAX, u64::MAX, u64::MAX]);
    report.way(
        "capset",
        call!(SYS_capset, header.as_slice(), everything.as_slice()),
    );
    report.way(
        "an ambient one",
        call!(SYS_prctl, libc::PR_CAP_AMBIENT, 2, 21, 0, 0),
    );
    report.way(
        "new privileges",
        call!(SYS_prctl, libc::PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0),
    );
    report.way(
        "securebits",
        call!(SYS_prctl, libc::PR_SET_SECUREBITS, 0, 0, 0, 0),
    );
    let nobody = 0_u32.to_ne_bytes();
    report.gate("setgroups", call!(SYS_setgroups, 1, nobody.as_slice()));
    for id in [0, 1, 65_534] {
        let own = rustix::process::getuid().as_raw();
        if own != id {
            report.way(
                format_args!("become user {id}"),
                call!(SYS_setresuid, id, id, id),
            );
            report.way(
                format_args!("become group {id}"),
                call!(SYS_setresgid, id, id, id),
            );
        }
    }
    report.way("an identity", fs::write("/proc/self/uid_map", "0 0 1"));
    report.way("a group's", fs::write("/proc/self/gid_map", "0 0 1"));
    report.way(
        "not to be killed for memory",
        fs::write("/proc/self/oom_score_adj", "-1000"),
    );
}

/// A program that runs as root, whoever starts it.
pub(crate) fn setuid_program(scene: &Scene, report: &mut Report) {
    let own = rustix::process::getuid().as_raw();
    let program = scene.tools.join("setuid-id");
    let started = command(program).arg("-u").stdout(Stdio::piped()).output();
    match started {
        Ok(done) => {
            let said = String::from_utf8_lossy(&done.stdout).trim().to_owned();
            report.judge("whom it runs as", said == "0" && own != 0, said);
        }
        Err(error) => report.judge("whom it runs as", false, error),
    }
    for (program, word) in [
        ("/usr/bin/su", "-c"),
        ("/usr/bin/sudo", "-n"),
        ("/usr/bin/pkexec", ""),
    ] {
        let started = command(program)
            .arg(word)
            .arg("id -u")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .output();
        let said = started.map(|done| String::from_utf8_lossy(&done.stdout).trim().to_owned());
        let said = said.unwrap_or_else(|error| error.to_string());
        report.judge(program, own != 0 && said == "0", said);
    }
}

/// A program that is no file, which has the same walls around it.
pub(crate) fn program_in_memory(scene: &Scene, report: &mut Report) {
    let outcome = memfd_create("hostile", MemfdFlags::empty()).map_err(std::io::Error::from);
    let outcome = outcome.and_then(|memory| {
        let mut own = fs::File::open("/proc/self/exe")?;
        let mut memory = fs::File::from(memory);
        std::io::copy(&mut own, &mut memory)?;
        let path = format!("/proc/self/fd/{}", memory.as_raw_fd());
        let mut again = command(path);
        again
            .args(["hostile", "write-outside"])
            .stdout(Stdio::inherit());
        for (key, value) in [("work", &scene.work), ("outside", &scene.outside)] {
            again.arg(format!("{key}={}", value.display()));
        }
        again.status()
    });
    match outcome {
        Ok(status) => report.judge("its walls", status.code() != Some(0), status),
        Err(error) => report.judge("it does not run", false, error),
    }
}

/// Descriptors that were left open: there are three, and none is a folder.
pub(crate) fn descriptors(_: &Scene, report: &mut Report) {
    for fd in 0..1024 {
        if call!(SYS_fcntl, fd, libc::F_GETFD).is_err() {
            continue;
        }
        let link = fs::read_link(format!("/proc/self/fd/{fd}"));
        let link = link.map_or_else(|error| error.to_string(), |link| link.display().to_string());
        if fd > 2 {
            report.judge(format_args!("descriptor {fd}"), true, &link);
        }
        report.note(format_args!("{fd} is {link}"));
        for path in [".", "..", "etc/passwd"] {
            let flags = libc::O_RDONLY | libc::O_NONBLOCK;
            report.way(
                format_args!("{path} at {fd}"),
                call!(SYS_openat, fd, path, flags),
            );
        }
    }
}

/// A dump of memory, written by the kernel where the process stands.
pub(crate) fn core_dump(scene: &Scene, report: &mut Report) {
    let unlimited = words(&[u64::MAX, u64::MAX]);
    let limit = call!(SYS_prlimit64, 0, libc::RLIMIT_CORE, unlimited.as_slice(), 0);
    if limit.is_err() {
        let now = words(&[1 << 30, 1 << 30]);
        report.note(format_args!(
            "{:?}",
            call!(SYS_prlimit64, 0, libc::RLIMIT_CORE, now.as_slice(), 0)
        ));
    }
    let outside = scene.outside.as_path();
    let ended = sys::child(|| {
        if let Err(Errno(error)) = call!(SYS_chdir, outside) {
            return error;
        }
        let own = rustix::process::getpid().as_raw_nonzero().get();
        call!(SYS_kill, own, libc::SIGABRT).map_or(1, |_| 0)
    });
    report.note(format_args!("it ended with {ended:?}"));
    let names = fs::read_dir(outside).into_iter().flatten().flatten();
    let found = names
        .map(|entry| entry.file_name())
        .find(|name| name.to_string_lossy().starts_with("core"));
    report.judge("a dump outside", found.is_some(), format_args!("{found:?}"));
}
