//! `outpost run --limit`: each bound holds, and is told when it ended the command.

use crate::support::{Finished, Home};

fn limited(home: &Home, limit: &str, script: &str) -> Finished {
    home.run(&["run", "--limit", limit, "--", "sh", "-c", script])
}

#[track_caller]
fn assert_told(finished: &Finished, name: &str) {
    assert!(
        finished.status.is_some_and(|status| status > 128),
        "{finished:?}"
    );
    let words = format!("outpost: the command went over its limit of {name}; ");
    assert!(finished.stderr.contains(&words), "{finished:?}");
}

#[test]
fn memory_is_bounded_and_its_end_told_apart_from_a_kill() {
    let home = Home::new();
    let hungry = "head -c 200000000 /dev/zero | tail -c 200000000 >/dev/null; exit $?";
    let script = format!("exec sh -c '{hungry}'");
    let finished = limited(&home, "memory=32M", &script);
    assert!(finished.stderr.contains("limit of memory"), "{finished:?}");
    assert_ne!(finished.status, Some(0));
    let killed = limited(&home, "memory=32M", "kill -KILL $$");
    killed.assert(137, "", "");
    home.assert_nothing_left();
}

#[test]
fn processor_time_is_bounded() {
    let home = Home::new();
    assert_told(&limited(&home, "cpu=1", "while :; do :; done"), "cpu");
    home.assert_nothing_left();
}

#[test]
fn the_size_of_files_is_bounded() {
    let home = Home::new();
    let finished = limited(&home, "file-size=4K", "exec head -c 9000 /dev/zero >big");
    assert_told(&finished, "file-size");
    let size = std::fs::metadata(home.path().join("big")).unwrap().len();
    assert!(size <= 4096, "{size}");
}

#[test]
fn open_files_and_processes_are_bounded() {
    let home = Home::new();
    limited(&home, "files=20,pids=50", "ulimit -n").assert(0, "20\n", "");
    let storm = "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 600 >/dev/null 2>&1 & done";
    let finished = limited(&home, "pids=6", storm);
    assert!(
        finished.status.is_some_and(|status| status != 0),
        "{finished:?}"
    );
    home.assert_nothing_left();
}

#[test]
fn what_stays_below_its_limits_is_not_touched() {
    let home = Home::new();
    let limits = "memory=512M,cpu=20,pids=100,files=64,file-size=10M";
    let finished = limited(&home, limits, "echo x >small; cat small");
    finished.assert(0, "x\n", "");
}
