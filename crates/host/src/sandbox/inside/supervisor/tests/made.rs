//! Everything else is made as if nobody watched.

use std::{
    env, fs,
    io::{Read, Seek, Write},
    os::{
        fd::AsRawFd,
        unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, symlink},
    },
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use rustix::{
    fs::{
        AtFlags, CWD, FileType, Mode, OFlags, RenameFlags, linkat, mknodat, openat, renameat_with,
    },
    io::Errno,
};

use super::behind_walls;
use crate::sandbox::inside::trial::{apart, call};

#[test]
fn whatever_the_policy_permits_is_made() {
    apart(|| {
        behind_walls(|world| {
            for place in ["", "old/", "new/", "new/er/", "deep/", "deep/er/"] {
                let at = |name: &str| world.path(&format!("{place}{name}"));
                fs::create_dir_all(at("")).unwrap();
                fs::create_dir(at("made")).unwrap();
                assert_eq!(
                    fs::create_dir(at("made")).unwrap_err().kind(),
                    std::io::ErrorKind::AlreadyExists
                );
                fs::write(at("one"), "one").unwrap();
                fs::rename(at("one"), at("made/two")).unwrap();
                fs::rename(at("made/two"), at("one")).unwrap();
                fs::rename(at("made"), at("moved")).unwrap();
                fs::hard_link(at("one"), at("moved/linked")).unwrap();
                assert_eq!(fs::metadata(at("one")).unwrap().nlink(), 2);
                symlink("one", at("symbolic")).unwrap();
                assert_eq!(fs::read_to_string(at("symbolic")).unwrap(), "one");
                // Through a link that leads nowhere yet.
                symlink("moved/later", at("dangling")).unwrap();
                fs::write(at("dangling"), "later").unwrap();
                assert_eq!(fs::read_to_string(at("moved/later")).unwrap(), "later");
                mknodat(CWD, at("pipe"), FileType::Fifo, Mode::RUSR, 0).unwrap();
                mknodat(CWD, at("node"), FileType::RegularFile, Mode::RUSR, 0).unwrap();
                renameat_with(CWD, at("one"), CWD, at("moved"), RenameFlags::EXCHANGE).unwrap();
                assert!(at("one").is_dir());
                fs::remove_dir_all(at("one")).unwrap();
                for name in ["moved", "symbolic", "dangling", "pipe", "node"] {
                    fs::remove_file(at(name)).unwrap();
                }
                assert!(!world.denied(), "{place}");
            }
        });
    });
}

#[test]
fn an_open_means_what_its_flags_say() {
    apart(|| {
        behind_walls(|world| {
            let path = world.path("opened");
            let options = || fs::File::options();
            let mut file = options().create_new(true).write(true).open(&path).unwrap();
            file.write_all(b"one").unwrap();
            let again = options().create_new(true).write(true).open(&path);
            assert_eq!(again.unwrap_err().kind(), std::io::ErrorKind::AlreadyExists);
            let mut file = options().create(true).append(true).open(&path).unwrap();
            file.write_all(b"two").unwrap();
            let mut file = options();
            let file = file.create(true).read(true).write(true).truncate(false);
            let mut file = file.open(&path).unwrap();
            let mut text = String::new();
            file.read_to_string(&mut text).unwrap();
            assert_eq!(text, "onetwo");
            file.rewind().unwrap();
            let file = fs::File::create(&path).unwrap();
            assert_eq!(file.metadata().unwrap().len(), 0);
            // Those of the descriptor, too.
            for flags in [OFlags::empty(), OFlags::CLOEXEC, OFlags::NONBLOCK] {
                let flags = flags | OFlags::CREATE | OFlags::WRONLY;
                let file = openat(CWD, &path, flags, Mode::RUSR).unwrap();
                let closes = rustix::io::fcntl_getfd(&file).unwrap();
                assert_eq!(
                    closes.contains(rustix::io::FdFlags::CLOEXEC),
                    flags.contains(OFlags::CLOEXEC)
                );
                let now = rustix::fs::fcntl_getfl(&file).unwrap();
                assert_eq!(
                    now.contains(OFlags::NONBLOCK),
                    flags.contains(OFlags::NONBLOCK)
                );
                assert_eq!(now & OFlags::ACCMODE, OFlags::WRONLY);
            }
            symlink("opened", world.path("link")).unwrap();
            let refused = options()
                .create(true)
                .write(true)
                .truncate(false)
                .custom_flags(libc::O_NOFOLLOW)
                .open(world.path("link"));
            assert_eq!(
                Errno::from_io_error(&refused.unwrap_err()),
                Some(Errno::LOOP)
            );
            let refused = options()
                .create(true)
                .write(true)
                .truncate(false)
                .open(world.path("slash/"));
            assert_eq!(
                Errno::from_io_error(&refused.unwrap_err()),
                Some(Errno::ISDIR)
            );
        });
    });
}

#[test]
fn modes_are_those_of_the_task() {
    apart(|| {
        behind_walls(|world| {
            let mode =
                |name: &str| fs::metadata(world.path(name)).unwrap().permissions().mode() & 0o7777;
            world.line("umask 027; mkdir a; mkdir -m 711 b; : > c; mkfifo -m 640 d; umask 0; : > e; mkdir f");
            assert_eq!(
                ["a", "b", "c", "d", "e", "f"].map(mode),
                [0o750, 0o711, 0o640, 0o640, 0o666, 0o777]
            );
        });
    });
}

#[test]
fn a_umask_that_changes_holds_for_what_is_made_next() {
    apart(|| {
        behind_walls(|world| {
            let directory = world.path("masked");
            fs::create_dir(&directory).unwrap();
            let make = |name: &str| {
                let path = directory.join(name);
                let flags = OFlags::CREATE | OFlags::EXCL;
                drop(openat(CWD, &path, flags, Mode::from_raw_mode(0o666)).unwrap());
                let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o7777;
                fs::remove_file(&path).unwrap();
                mode
            };
            let stop = AtomicBool::new(false);
            thread::scope(|scope| {
                // Asks in between, so that what it shares with us is looked up at any time.
                let beside = scope.spawn(|| {
                    let mut rounds = 0;
                    while !stop.load(Ordering::Relaxed) {
                        make("beside");
                        rounds += 1;
                    }
                    rounds
                });
                for mask in (0..=0o776).step_by(3) {
                    rustix::process::umask(Mode::from_raw_mode(mask));
                    assert_eq!(make("own"), 0o666 & !mask, "{mask:o}");
                    assert_eq!(make("own"), 0o666 & !mask, "{mask:o}");
                }
                stop.store(true, Ordering::Relaxed);
                assert!(beside.join().unwrap() > 0);
            });
            // Another's is its own.
            world.line("umask 0; : > masked/a; umask 22; : > masked/b");
            assert_eq!(make("own"), 0o666 & !0o776);
        });
    });
}

#[test]
fn a_file_without_a_name_gets_one() {
    apart(|| {
        behind_walls(|world| {
            let flags = OFlags::TMPFILE | OFlags::RDWR;
            for place in ["", "new/", "old/"] {
                fs::create_dir_all(world.path(place)).unwrap();
                let file = openat(CWD, world.path(place), flags, Mode::RUSR).unwrap();
                let own = format!("/proc/self/fd/{}", file.as_raw_fd());
                let to =
                    |name: &str| linkat(CWD, &own, CWD, world.path(name), AtFlags::SYMLINK_FOLLOW);
                to(&format!("{place}named")).unwrap();
                assert_eq!(to(".git"), Err(Errno::ROFS));
            }
        });
    });
}

#[test]
fn a_directory_made_again_is_like_one_that_was_not_there() {
    apart(|| {
        behind_walls(|world| {
            for _ in 0..3 {
                fs::remove_dir_all(world.path("old")).unwrap();
                fs::create_dir_all(world.path("old/below")).unwrap();
                fs::write(world.path("old/below/file"), "").unwrap();
            }
            // What had all rights keeps them wherever it is.
            fs::create_dir(world.path("to")).unwrap();
            fs::rename(world.path("old"), world.path("to/old")).unwrap();
            fs::write(world.path("to/old/file"), "").unwrap();
        });
    });
}

#[test]
fn what_the_kernel_refuses_stays_refused() {
    apart(|| {
        behind_walls(|world| {
            let error = |result: std::io::Result<()>| Errno::from_io_error(&result.unwrap_err());
            assert_eq!(
                error(fs::create_dir(world.path("no/where"))),
                Some(Errno::NOENT)
            );
            assert_eq!(
                error(fs::create_dir(world.path("file/x"))),
                Some(Errno::NOTDIR)
            );
            assert_eq!(
                error(fs::create_dir(world.path(&"x".repeat(256)))),
                Some(Errno::NAMETOOLONG)
            );
            assert_eq!(
                error(fs::create_dir(world.path(&"x/".repeat(2100)))),
                Some(Errno::NAMETOOLONG)
            );
            assert_eq!(error(fs::create_dir(world.path("."))), Some(Errno::EXIST));
            assert_eq!(error(fs::create_dir("")), Some(Errno::NOENT));
            let number = libc::SYS_mkdirat;
            let here = libc::AT_FDCWD.cast_unsigned().into();
            assert_eq!(call(number, [here, 0, 0]), Err(Errno::FAULT));
            assert_eq!(call(number, [here, 1 << 60, 0]), Err(Errno::FAULT));
            let name = c"name".as_ptr() as u64;
            assert_eq!(call(number, [9999, name, 0]), Err(Errno::BADF));
            assert_eq!(
                call(libc::SYS_openat2, [here, name, 0, 24]),
                Err(Errno::FAULT)
            );
            let how = [u64::from(libc::O_CREAT.unsigned_abs()), 0o600, 8];
            let how = how.as_ptr() as u64;
            assert_eq!(
                call(libc::SYS_openat2, [here, name, how, 24]),
                Err(Errno::NOSYS)
            );
            // Beyond what fits into a path, step by step.
            let deep = "d".repeat(200);
            env::set_current_dir(&world.root).unwrap();
            for _ in 0..40 {
                fs::create_dir(&deep).unwrap();
                env::set_current_dir(&deep).unwrap();
            }
            fs::write("bottom", "").unwrap();
            env::set_current_dir(&world.root).unwrap();
            world.line("rm -r ddd*");
            assert!(!world.denied());
        });
    });
}
