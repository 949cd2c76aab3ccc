//! A path that changes while it is looked at.

use std::{
    env, fs,
    os::unix::ffi::OsStrExt,
    path::Path,
    sync::atomic::{AtomicBool, AtomicU8, Ordering},
    thread,
    time::{Duration, Instant},
};

use super::{World, behind_walls};
use crate::sandbox::inside::trial::{apart, call};

/// How long is raced; `OUTPOST_RACE` says otherwise, in seconds.
const RACE: Duration = Duration::from_secs(3);

fn duration() -> Duration {
    let given = env::var("OUTPOST_RACE").ok();
    given.map_or(RACE, |seconds| {
        Duration::from_secs(seconds.parse().unwrap())
    })
}

/// Bytes that several threads and the kernel use at once.
fn shared(path: &Path, end: &str) -> Vec<AtomicU8> {
    let bytes = path.as_os_str().as_bytes().iter().copied();
    let bytes = bytes.chain(*b"/").chain(end.bytes()).chain([0]);
    bytes.map(AtomicU8::new).collect()
}

/// Writes two names of the same length into the end of `path`, in turn, until told to stop.
fn flip(path: &[AtomicU8], names: [&str; 2], stop: &AtomicBool) {
    let start = path.len() - 1 - names[0].len();
    while !stop.load(Ordering::Relaxed) {
        for name in names {
            for (byte, new) in path[start..].iter().zip(name.bytes()) {
                byte.store(new, Ordering::Relaxed);
            }
        }
    }
}

fn race(world: &World, path: &[AtomicU8], attempt: impl Fn(u64) + Sync) {
    let stop = AtomicBool::new(false);
    let end = Instant::now() + duration();
    let mut rounds = 0_u64;
    thread::scope(|scope| {
        scope.spawn(|| flip(path, ["okay", ".git"], &stop));
        while Instant::now() < end {
            attempt(path.as_ptr() as u64);
            let found = fs::symlink_metadata(world.path(".git"));
            if found.is_ok() {
                stop.store(true, Ordering::Relaxed);
                panic!("it was made in round {rounds}");
            }
            fs::remove_file(world.path("okay")).ok();
            fs::remove_dir(world.path("okay")).ok();
            rounds += 1;
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(rounds > 1000, "only {rounds} rounds");
}

#[test]
fn a_path_that_changes_meanwhile_wins_nothing() {
    apart(|| {
        behind_walls(|world| {
            let here = libc::AT_FDCWD.cast_unsigned().into();
            let path = shared(&world.root, "okay");
            let flags = (libc::O_CREAT | libc::O_WRONLY).cast_unsigned().into();
            race(world, &path, |path| {
                call(libc::SYS_mkdirat, [here, path, 0o777]).ok();
                if let Ok(fd) = call(libc::SYS_openat, [here, path, flags, 0o666]) {
                    call(libc::SYS_close, [fd.cast_unsigned()]).ok();
                }
                let target = c"target".as_ptr() as u64;
                call(libc::SYS_symlinkat, [target, here, path]).ok();
            });
        });
    });
}

#[test]
fn a_link_that_changes_meanwhile_wins_nothing() {
    apart(|| {
        behind_walls(|world| {
            let stop = AtomicBool::new(false);
            let end = Instant::now() + duration();
            let link = world.path("link");
            let (one, two) = (world.path("old/one"), world.path("old/two"));
            thread::scope(|scope| {
                scope.spawn(|| {
                    while !stop.load(Ordering::Relaxed) {
                        for (name, target) in [(&one, "okay"), (&two, ".git")] {
                            fs::remove_file(name).ok();
                            std::os::unix::fs::symlink(target, name).ok();
                            fs::rename(name, &link).ok();
                        }
                    }
                });
                let mut rounds = 0;
                while Instant::now() < end {
                    fs::File::create(&link).ok();
                    if fs::symlink_metadata(world.path(".git")).is_ok() {
                        stop.store(true, Ordering::Relaxed);
                        panic!("it was made in round {rounds}");
                    }
                    rounds += 1;
                }
                stop.store(true, Ordering::Relaxed);
                assert!(rounds > 1000, "only {rounds} rounds");
            });
        });
    });
}
