//! A path that changes while it is looked at.

use std::{
    cell::Cell,
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

fn race(world: &World, names: [&str; 2], attempt: impl Fn(u64)) {
    let path = shared(&world.root, names[0]);
    let stop = AtomicBool::new(false);
    let end = Instant::now() + duration();
    let (mut rounds, mut made) = (0_u64, 0_u64);
    thread::scope(|scope| {
        scope.spawn(|| flip(&path, names, &stop));
        while Instant::now() < end {
            attempt(path.as_ptr() as u64);
            if fs::symlink_metadata(world.path(".git")).is_ok() {
                stop.store(true, Ordering::Relaxed);
                panic!("it was made in round {rounds}");
            }
            let permitted = world.path(names[0]);
            let removed = fs::remove_file(&permitted).or_else(|_| fs::remove_dir(&permitted));
            made += u64::from(removed.is_ok());
            rounds += 1;
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(rounds > 1000 && made > 100, "{made} of {rounds} rounds");
    assert!(world.denied());
}

fn race_all(world: &World, names: [&str; 2]) {
    let here = libc::AT_FDCWD.cast_unsigned().into();
    let flags = (libc::O_CREAT | libc::O_WRONLY).cast_unsigned().into();
    let turn = Cell::new(0);
    race(world, names, |path| {
        turn.set((turn.get() + 1) % 3);
        let target = c"target".as_ptr() as u64;
        let made = match turn.get() {
            0 => call(libc::SYS_mkdirat, [here, path, 0o777]),
            1 => call(libc::SYS_openat, [here, path, flags, 0o666]),
            _ => call(libc::SYS_symlinkat, [target, here, path]),
        };
        // Only an open gives a descriptor.
        if let Ok(fd @ 1..) = made {
            call(libc::SYS_close, [fd.cast_unsigned()]).unwrap();
        }
    });
}

#[test]
fn a_path_that_changes_meanwhile_wins_nothing() {
    apart(|| behind_walls(|world| race_all(world, ["okay", ".git"])));
}

/// Between a place where the task makes things by itself and one where nobody does.
#[test]
fn a_path_that_changes_to_another_directory_wins_nothing() {
    apart(|| behind_walls(|world| race_all(world, ["old/one", ".//.git"])));
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
                let (mut rounds, mut made) = (0, 0);
                while Instant::now() < end {
                    made += u64::from(fs::File::create(&link).is_ok());
                    if fs::symlink_metadata(world.path(".git")).is_ok() {
                        stop.store(true, Ordering::Relaxed);
                        panic!("it was made in round {rounds}");
                    }
                    rounds += 1;
                }
                stop.store(true, Ordering::Relaxed);
                assert!(rounds > 1000 && made > 100, "{made} of {rounds} rounds");
            });
        });
    });
}
