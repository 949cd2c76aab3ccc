//! Names that must not come into being, by every call that could make them.

use std::{
    env, fs,
    os::unix::fs::{OpenOptionsExt, symlink},
    path::Path,
};

use rustix::{
    fs::{CWD, FileType, Mode, OFlags, RenameFlags, mkdirat, mknodat, openat, renameat_with},
    io::Errno,
};

use super::{World, behind_walls};
use crate::sandbox::inside::trial::apart;

type Made = Result<(), Errno>;

/// A way to make something at a path, with its name.
type Way = (&'static str, Box<dyn Fn(&Path) -> Made>);

fn of(result: std::io::Result<()>) -> Made {
    result.map_err(|error| Errno::from_io_error(&error).unwrap())
}

/// Each way to make something at a path.
fn ways(world: &World) -> Vec<Way> {
    let (directory, file) = (world.path("old/a"), world.path("old/b"));
    fs::create_dir_all(&directory).unwrap();
    fs::write(&file, "").unwrap();
    let source = file.clone();
    let root = world.root.clone();
    vec![
        ("mkdir", Box::new(|path| of(fs::create_dir(path)))),
        (
            "create",
            Box::new(|path| of(fs::File::create(path).map(drop))),
        ),
        (
            "create new",
            Box::new(|path| of(fs::File::create_new(path).map(drop))),
        ),
        (
            "create to read",
            Box::new(|path| {
                openat(CWD, path, OFlags::CREATE | OFlags::NOFOLLOW, Mode::RWXU).map(drop)
            }),
        ),
        (
            "rename",
            Box::new(move |path| of(fs::rename(&directory, path))),
        ),
        (
            "rename, not over",
            Box::new(move |path| renameat_with(CWD, &file, CWD, path, RenameFlags::NOREPLACE)),
        ),
        (
            "link",
            Box::new(move |path| of(fs::hard_link(&source, path))),
        ),
        ("symlink", Box::new(move |path| of(symlink(&root, path)))),
        (
            "mkfifo",
            Box::new(|path| mknodat(CWD, path, FileType::Fifo, Mode::RWXU, 0)),
        ),
        (
            "mknod",
            Box::new(|path| mknodat(CWD, path, FileType::RegularFile, Mode::RWXU, 0)),
        ),
        (
            "socket",
            Box::new(|path| mknodat(CWD, path, FileType::Socket, Mode::RWXU, 0)),
        ),
    ]
}

#[test]
fn no_call_makes_a_guarded_name() {
    apart(|| {
        behind_walls(|world| {
            for (way, make) in ways(world) {
                for name in [".git", ".codex", "deep/er/secret", "old/../.git"] {
                    assert_eq!(make(&world.path(name)), Err(Errno::ROFS), "{way} {name}");
                    assert!(world.denied(), "{way} {name}");
                }
                // The same, from where it is.
                env::set_current_dir(world.path("old")).unwrap();
                assert_eq!(make("../.git".as_ref()), Err(Errno::ROFS), "{way}");
                env::set_current_dir(&world.root).unwrap();
                assert_eq!(make(".git".as_ref()), Err(Errno::ROFS), "{way}");
                assert_eq!(make("./.git".as_ref()), Err(Errno::ROFS), "{way}");
                assert!(make(".git/.".as_ref()).is_err(), "{way}");
                assert!(make(".git/below".as_ref()).is_err(), "{way}");
                assert!(make(".git/".as_ref()).is_err(), "{way}");
                world.denied();
            }
        });
    });
}

#[test]
fn a_guarded_name_is_not_made_through_links_and_descriptors() {
    apart(|| {
        behind_walls(|world| {
            // Where Landlock lets the links be made, and where it does not.
            for link in ["old/link", "link"] {
                let target = world.path(".git");
                symlink(&target, world.path(link)).unwrap();
                let opened = fs::File::create(world.path(link)).unwrap_err();
                assert!(matches!(
                    Errno::from_io_error(&opened),
                    Some(Errno::ROFS | Errno::ACCESS)
                ));
                let directory = fs::create_dir(world.path(link)).unwrap_err();
                assert_eq!(Errno::from_io_error(&directory), Some(Errno::EXIST));
            }
            symlink(&world.root, world.path("round")).unwrap();
            let error = fs::create_dir(world.path("round/.git")).unwrap_err();
            assert_eq!(Errno::from_io_error(&error), Some(Errno::ROFS));
            let root = fs::OpenOptions::new()
                .read(true)
                .custom_flags(libc::O_DIRECTORY)
                .open(&world.root)
                .unwrap();
            assert_eq!(mkdirat(&root, ".git", Mode::RWXU), Err(Errno::ROFS));
            let opened = openat(&root, ".git", OFlags::CREATE | OFlags::WRONLY, Mode::RWXU);
            assert_eq!(opened.err(), Some(Errno::ROFS));
            let by_number = format!(
                "/proc/self/fd/{}/.git",
                std::os::fd::AsRawFd::as_raw_fd(&root)
            );
            assert!(fs::create_dir(by_number).is_err());
            assert!(fs::create_dir("/proc/self/root/.git").is_err());
        });
    });
}

#[test]
fn a_guarded_directory_cannot_be_exchanged_for_another() {
    apart(|| {
        behind_walls(|world| {
            fs::create_dir(world.path("mine")).unwrap();
            fs::write(world.path("mine/secret"), "").unwrap();
            let (mine, deep) = (world.path("mine"), world.path("deep"));
            for flags in [RenameFlags::empty(), RenameFlags::EXCHANGE] {
                let moved = renameat_with(CWD, &mine, CWD, world.path("deep/er"), flags);
                assert_eq!(moved, Err(Errno::ROFS));
                let moved = renameat_with(CWD, world.path("deep/er"), CWD, &mine, flags);
                assert_eq!(moved, Err(Errno::ROFS));
                assert_eq!(
                    renameat_with(CWD, &deep, CWD, &mine, flags),
                    Err(Errno::ROFS)
                );
            }
            assert_eq!(
                fs::rename(&deep, world.path("old/deep"))
                    .unwrap_err()
                    .kind(),
                std::io::ErrorKind::ReadOnlyFilesystem
            );
            // Removing is no making; what is made anew is guarded like what was there.
            fs::remove_dir(world.path("deep/er")).unwrap();
            assert!(symlink(&mine, world.path("deep/er")).is_err());
            assert!(fs::rename(&mine, world.path("deep/er")).is_err());
            fs::create_dir(world.path("deep/er")).unwrap();
            assert!(fs::rename(&mine, world.path("deep/er")).is_err());
            assert!(fs::write(world.path("deep/er/secret"), "").is_err());
            fs::write(world.path("deep/er/open"), "").unwrap();
            assert!(fs::rename(world.path("deep/er/open"), world.path("deep/er/secret")).is_err());
        });
    });
}
