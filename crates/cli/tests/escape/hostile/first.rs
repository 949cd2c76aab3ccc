//! The first process of a sandbox, which is no part of the command.

use std::{fs, path::Path};

use super::{Report, Scene, open_to_write, processes::read, sys::call};

/// The memory and the secrets of the first process.
pub(crate) fn memory(_: &Scene, report: &mut Report) {
    report.way("write mem", open_to_write(Path::new("/proc/1/mem")));
    for name in [
        "mem",
        "environ",
        "maps",
        "auxv",
        "syscall",
        "personality",
        "pagemap",
    ] {
        let path = format!("/proc/1/{name}");
        let outcome = match name {
            // It can be opened, and then says nothing to those who may not.
            "mem" | "environ" => fs::File::open(&path).map(|_| ()),
            _ => read(&path),
        };
        report.way(path, outcome);
    }
    for name in ["oom_score_adj", "clear_refs", "coredump_filter", "comm"] {
        let path = format!("/proc/1/{name}");
        if name != "comm" && name != "oom_score_adj" {
            report.way(
                format_args!("write {path}"),
                open_to_write(Path::new(&path)),
            );
        }
    }
}

/// What the first process has open, and the tree as it sees it.
pub(crate) fn files(scene: &Scene, report: &mut Report) {
    for fd in 0..64 {
        let path = format!("/proc/1/fd/{fd}");
        if fs::symlink_metadata(&path).is_ok() || fd < 3 {
            report.way(format_args!("open {path}"), fs::File::open(&path));
            report.way(format_args!("read the link {path}"), fs::read_link(&path));
        }
    }
    let file = format!("/proc/1/root{}/file", scene.outside.display());
    report.way(
        format_args!("write {file}"),
        open_to_write(Path::new(&file)),
    );
    for name in ["root", "cwd", "exe"] {
        let path = format!("/proc/1/{name}");
        report.way(format_args!("read the link {path}"), fs::read_link(&path));
    }
}

/// The first process is neither stopped nor ended.
pub(crate) fn signals(_: &Scene, report: &mut Report) {
    for signal in [
        libc::SIGSTOP,
        libc::SIGTSTP,
        libc::SIGKILL,
        libc::SIGHUP,
        libc::SIGQUIT,
    ] {
        if let Err(error) = call!(SYS_kill, 1, signal) {
            report.note(format_args!("{signal}: {error}"));
        }
        let status = fs::read_to_string("/proc/1/status").unwrap_or_default();
        let state = status.lines().find_map(|line| line.strip_prefix("State:"));
        let state = state.unwrap_or("gone").trim();
        let stopped = ["T", "t", "Z", "X", "gone"]
            .iter()
            .any(|bad| state.starts_with(bad));
        report.judge(format_args!("signal {signal}"), stopped, state);
    }
}
