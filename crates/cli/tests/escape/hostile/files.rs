//! Files outside: written, made, removed, changed, and read where that is denied.

use std::{
    fs::{self, File, OpenOptions},
    os::{
        fd::AsRawFd,
        unix::fs::{PermissionsExt, symlink},
    },
    path::{Path, PathBuf},
};

use super::{
    Report, Scene, open_to_write,
    sys::{Errno, Tried, call, words},
};

const HERE: i32 = libc::AT_FDCWD;

/// A descriptor of a path, by a raw call.
pub(super) fn open(path: &Path, flags: i32) -> Tried {
    call!(SYS_openat, HERE, path, flags | libc::O_CLOEXEC, 0o666)
}

/// Content.
pub(crate) fn write(scene: &Scene, report: &mut Report) {
    let file = scene.out("file");
    let file = file.as_path();
    for (name, flags) in [
        ("write", libc::O_WRONLY),
        ("read and write", libc::O_RDWR),
        ("append", libc::O_WRONLY | libc::O_APPEND),
        ("truncate", libc::O_RDONLY | libc::O_TRUNC),
        ("create", libc::O_WRONLY | libc::O_CREAT),
    ] {
        report.way(format_args!("open to {name}"), open(file, flags));
    }
    report.way("truncate", call!(SYS_truncate, file, 1));
    report.way("creat", call!(SYS_creat, file, 0o666));
    let how = words(&[u64::from(libc::O_RDWR.cast_unsigned()), 0, 0]);
    let outcome = call!(SYS_openat2, HERE, file, how.as_slice(), how.len());
    report.way("openat2", outcome);
    let outcome = open(&scene.outside, libc::O_RDONLY | libc::O_DIRECTORY)
        .and_then(|at| call!(SYS_openat, at, "file", libc::O_RDWR, 0));
    report.way("by its folder", outcome);
    let outcome = open(&scene.outside, libc::O_PATH)
        .and_then(|at| call!(SYS_openat, at, "file", libc::O_RDWR, 0));
    report.way("by its folder's place", outcome);
    let outcome = OpenOptions::new().write(true).open(file);
    report.way(
        "a byte",
        outcome.and_then(|mut file| std::io::Write::write_all(&mut file, b"X")),
    );
}

/// New names.
pub(crate) fn make(scene: &Scene, report: &mut Report) {
    let new = |name: &str| scene.out(name);
    report.way("a file", File::create_new(new("new-file")));
    report.way("a folder", fs::create_dir(new("new-folder")));
    report.way("a link", symlink("file", new("new-link")));
    report.way("a hard link", fs::hard_link(new("file"), new("new-hard")));
    let pipe = new("new-pipe");
    report.way(
        "a pipe",
        call!(SYS_mknod, pipe.as_path(), libc::S_IFIFO | 0o666, 0),
    );
    let plain = new("new-plain");
    report.way(
        "a file by mknod",
        call!(SYS_mknod, plain.as_path(), libc::S_IFREG | 0o666, 0),
    );
    report.way(
        "a socket",
        std::os::unix::net::UnixListener::bind(new("new-socket")),
    );
    report.way(
        "a file without a name",
        open(&scene.outside, libc::O_TMPFILE | libc::O_RDWR),
    );
    let own = scene.own("to-be-moved");
    let moved = fs::write(&own, "x").and_then(|()| fs::rename(&own, new("moved")));
    report.way("moved there", moved);
    let own = scene.own("to-be-linked");
    let linked = fs::write(&own, "x").and_then(|()| fs::hard_link(&own, new("linked")));
    report.way("linked there", linked);
    report.way("in /etc", File::create_new(format!("/etc/{}", scene.name)));
    report.way("in /usr", File::create_new(format!("/usr/{}", scene.name)));
    report.way("in /", File::create_new(format!("/{}", scene.name)));
    for folder in ["/etc", "/usr", "/"] {
        // Only where it went.
        let _not_there = fs::remove_file(Path::new(folder).join(&scene.name)).is_err();
    }
}

/// Names that were there.
pub(crate) fn remove(scene: &Scene, report: &mut Report) {
    let (file, folder) = (scene.out("file"), scene.out("folder"));
    report.way("rename", fs::rename(&file, scene.out("renamed")));
    report.way("move away", fs::rename(&file, scene.own("taken")));
    let own = scene.own("own");
    let own_there = fs::write(&own, "x");
    report.note(format_args!("{own_there:?}"));
    let (from, to) = (own.as_path(), file.as_path());
    report.way("replace", call!(SYS_renameat2, HERE, from, HERE, to, 0));
    report.way(
        "exchange",
        call!(SYS_renameat2, HERE, from, HERE, to, libc::RENAME_EXCHANGE),
    );
    report.way(
        "move a folder away",
        fs::rename(&folder, scene.own("folder")),
    );
    report.way("remove a folder", fs::remove_dir(scene.out("empty")));
    report.way("remove", fs::remove_file(scene.out("second")));
}

/// Modes, owners, times, attributes.
pub(crate) fn attributes(scene: &Scene, report: &mut Report) {
    let (uid, gid) = (
        rustix::process::getuid().as_raw(),
        rustix::process::getgid().as_raw(),
    );
    for path in [scene.out("file"), scene.outside.clone()] {
        let path = path.as_path();
        let shown = path.display();
        let ways: [(&str, Tried); 8] = [
            ("chmod", call!(SYS_chmod, path, 0o777)),
            ("fchmodat", call!(SYS_fchmodat, HERE, path, 0o777)),
            ("fchmodat2", call!(SYS_fchmodat2, HERE, path, 0o777, 0)),
            ("chown", call!(SYS_chown, path, uid, gid)),
            ("fchownat", call!(SYS_fchownat, HERE, path, uid, gid, 0)),
            ("utimensat", call!(SYS_utimensat, HERE, path, 0, 0)),
            (
                "setxattr",
                call!(SYS_setxattr, path, "user.hostile", b"x".as_slice(), 1, 0),
            ),
            ("truncate", call!(SYS_truncate, path, 0)),
        ];
        for (name, outcome) in ways {
            report.way(format_args!("{name} {shown}"), outcome);
        }
        let nodump = 0x40_u64.to_ne_bytes();
        let outcome = open(path, libc::O_RDONLY | libc::O_NONBLOCK)
            .and_then(|fd| call!(SYS_ioctl, fd, 0x4008_6602_u64, nodump.as_slice()));
        report.way(format_args!("flags of {shown}"), outcome);
    }
}

/// What was opened to be read, made into more.
pub(crate) fn read_only_descriptor(scene: &Scene, report: &mut Report) {
    let file = scene.out("file");
    for (kind, flags) in [("read", libc::O_RDONLY), ("found", libc::O_PATH)] {
        let fd = match open(&file, flags) {
            Ok(fd) => fd,
            Err(error) => {
                report.judge(format_args!("it cannot be {kind}"), false, error);
                continue;
            }
        };
        let (uid, gid) = (
            rustix::process::getuid().as_raw(),
            rustix::process::getgid().as_raw(),
        );
        for base in [
            "/proc/self/fd",
            "/dev/fd",
            "/proc/thread-self/fd",
            "/proc/self/root/proc/self/fd",
        ] {
            let path = PathBuf::from(base).join(fd.to_string());
            report.way(format_args!("{kind}: open {base}"), open_to_write(&path));
            report.way(
                format_args!("{kind}: mode by {base}"),
                call!(SYS_chmod, path.as_path(), 0o777),
            );
            let (link, path) = (scene.own("linked-by-descriptor"), path.as_path());
            let follow = libc::AT_SYMLINK_FOLLOW;
            let outcome = call!(SYS_linkat, HERE, path, HERE, link.as_path(), follow);
            report.way(format_args!("{kind}: link {base}"), outcome);
        }
        report.way(format_args!("{kind}: fchmod"), call!(SYS_fchmod, fd, 0o777));
        report.way(
            format_args!("{kind}: fchown"),
            call!(SYS_fchown, fd, uid, gid),
        );
        report.way(
            format_args!("{kind}: times"),
            call!(SYS_utimensat, fd, 0, 0, 0),
        );
        let outcome = call!(SYS_fsetxattr, fd, "user.hostile", b"x".as_slice(), 1, 0);
        report.way(format_args!("{kind}: attribute"), outcome);
        report.way(
            format_args!("{kind}: truncate"),
            call!(SYS_ftruncate, fd, 0),
        );
        let link = scene.own("linked-empty");
        let outcome = call!(
            SYS_linkat,
            fd,
            "",
            HERE,
            link.as_path(),
            libc::AT_EMPTY_PATH
        );
        report.way(format_args!("{kind}: link by nothing"), outcome);
        report.way(
            format_args!("{kind}: chmod by nothing"),
            call!(SYS_fchmodat2, fd, "", 0o777, libc::AT_EMPTY_PATH),
        );
    }
}

/// A file whose reading is denied, by every name it has.
pub(crate) fn read_denied(scene: &Scene, report: &mut Report) {
    let key = scene.secret.join("key");
    let below = key.strip_prefix("/").expect("it is absolute");
    let vault = scene.own("vault");
    let mut paths = vec![
        key.clone(),
        Path::new("/proc/self/root").join(below),
        Path::new("/proc/thread-self/root").join(below),
        Path::new("/proc/1/root").join(below),
        Path::new("/proc/self/cwd/../secret/key").to_owned(),
        scene.outside.join("../secret/key"),
        vault.join("key"),
        Path::new("/proc/self/cwd/vault/key").to_owned(),
    ];
    let mut alias = |made: std::io::Result<()>, path: PathBuf| {
        if made.is_ok() {
            paths.push(path);
        }
    };
    alias(
        symlink(&scene.secret, scene.own("by-link")),
        scene.own("by-link/key"),
    );
    alias(
        fs::hard_link(&key, scene.own("by-hard")),
        scene.own("by-hard"),
    );
    alias(
        fs::hard_link(vault.join("key"), scene.own("by-hard-2")),
        scene.own("by-hard-2"),
    );
    alias(fs::create_dir(scene.own("other")), scene.own("other/key"));
    let (from, to) = (vault.as_path(), scene.own("other"));
    let swap = call!(
        SYS_renameat2,
        HERE,
        from,
        HERE,
        to.as_path(),
        libc::RENAME_EXCHANGE
    );
    report.note(format_args!("exchange: {swap:?}"));
    alias(
        fs::rename(&vault, scene.own("moved")),
        scene.own("moved/key"),
    );
    for path in paths {
        let outcome = fs::read(&path);
        report.way(format_args!("read {}", path.display()), outcome);
    }
    for folder in [&scene.secret, &vault] {
        let names = fs::read_dir(folder).map_err(Errno::from).and_then(|names| {
            names
                .flatten()
                .next()
                .map(|_| ())
                .ok_or(Errno(libc::ENOENT))
        });
        report.way(format_args!("list {}", folder.display()), names);
        let outcome = open(folder, libc::O_PATH)
            .and_then(|at| call!(SYS_openat, at, "key", libc::O_RDONLY, 0));
        report.way(format_args!("by the place {}", folder.display()), outcome);
        let mode = fs::set_permissions(folder, fs::Permissions::from_mode(0o755));
        report.note(format_args!("chmod: {mode:?}"));
        report.way(
            format_args!("after chmod {}", folder.display()),
            fs::read(folder.join("key")),
        );
    }
    let listing = File::open(&scene.work);
    let outcome = listing.map_err(Errno::from).and_then(|work| {
        let fd = work.as_raw_fd();
        call!(SYS_openat, fd, "vault/key", libc::O_RDONLY, 0)
    });
    report.way("by the workspace's descriptor", outcome);
}
