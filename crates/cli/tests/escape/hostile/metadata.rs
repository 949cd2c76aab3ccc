//! Names in the root of the workspace that belong to tools which trust them.

use std::{
    fs::{self, File},
    os::unix::{fs::symlink, net::UnixListener},
    path::{Path, PathBuf},
};

use super::{
    Report, Scene,
    files::open,
    sys::{Tried, call, words},
};

/// The names.
pub(crate) const NAMES: [&str; 5] = [".git", ".codex", ".agents", ".aws", ".outpost"];

const HERE: i32 = libc::AT_FDCWD;

/// Takes away what came into being, so that the next way is tried as well.
fn clear(path: &Path) {
    let _was_no_folder = fs::remove_dir_all(path).is_err();
    let _was_no_file = fs::remove_file(path).is_err();
}

/// One way to make a name; an escape when it is there afterwards, whatever was answered.
fn made<T, E: std::fmt::Debug>(
    report: &mut Report,
    what: &str,
    path: &Path,
    outcome: Result<T, E>,
) {
    let there = fs::symlink_metadata(path).is_ok();
    let found = match outcome {
        Ok(_) => "it was done".to_owned(),
        Err(error) => format!("{error:?}"),
    };
    report.judge(format_args!("{what} {}", path.display()), there, found);
    clear(path);
}

/// Each name by every call that makes one.
pub(crate) fn create(scene: &Scene, report: &mut Report) {
    let other = scene.own("other");
    let own = fs::write(&other, "x");
    report.note(format_args!("{own:?}"));
    for name in NAMES {
        let full = scene.own(name);
        let path = full.as_path();
        made(report, "mkdir", path, call!(SYS_mkdir, path, 0o755));
        made(
            report,
            "mkdirat",
            path,
            call!(SYS_mkdirat, HERE, name, 0o755),
        );
        made(report, "creat", path, call!(SYS_creat, path, 0o644));
        let create = libc::O_WRONLY | libc::O_CREAT;
        made(report, "open", path, call!(SYS_open, path, create, 0o644));
        made(report, "openat", path, open(path, create));
        made(
            report,
            "openat, new",
            path,
            open(path, create | libc::O_EXCL),
        );
        let how = words(&[u64::from(create.cast_unsigned()), 0o644, 0]);
        made(
            report,
            "openat2",
            path,
            call!(SYS_openat2, HERE, path, how.as_slice(), how.len()),
        );
        made(report, "symlink", path, symlink("other", path));
        made(report, "link", path, fs::hard_link(&other, path));
        made(
            report,
            "pipe",
            path,
            call!(SYS_mknod, path, libc::S_IFIFO | 0o666, 0),
        );
        made(
            report,
            "mknod",
            path,
            call!(SYS_mknodat, HERE, name, libc::S_IFREG | 0o666, 0),
        );
        made(report, "socket", path, UnixListener::bind(path));
        let unnamed = open(&scene.work, libc::O_TMPFILE | libc::O_RDWR);
        let linked = unnamed.and_then(|fd| {
            let from = format!("/proc/self/fd/{fd}");
            call!(
                SYS_linkat,
                HERE,
                from.as_str(),
                HERE,
                path,
                libc::AT_SYMLINK_FOLLOW
            )
        });
        made(report, "a file without a name", path, linked);
        made(
            report,
            "by a thread",
            path,
            std::thread::scope(|scope| {
                scope
                    .spawn(|| fs::create_dir(path))
                    .join()
                    .expect("it does not panic")
            }),
        );
    }
}

/// What leads to the workspace, at its own descriptor too.
fn prefixes(scene: &Scene, at: Option<usize>) -> Vec<String> {
    let whole = scene.work.to_string_lossy().into_owned();
    let mut prefixes: Vec<String> = [
        "./",
        "sub/../",
        ".//././",
        "here/",
        "here/here/here/",
        "absolute/",
        "/proc/self/cwd/",
        "/proc/thread-self/cwd/",
    ]
    .map(str::to_owned)
    .into();
    prefixes.push(format!("/proc/self/root{whole}/"));
    prefixes.push(format!("{whole}/../work/"));
    prefixes.push("./".repeat(1000));
    if let Some(at) = at {
        prefixes.push(format!("/proc/self/fd/{at}/"));
        prefixes.push(format!("/dev/fd/{at}/"));
    }
    prefixes
}

/// The same names in other spellings.
pub(crate) fn spelled(scene: &Scene, report: &mut Report) {
    let made_before = [
        fs::create_dir(scene.own("sub")),
        symlink(".", scene.own("here")),
        symlink(&scene.work, scene.own("absolute")),
        symlink(".git", scene.own("dangling")),
    ];
    report.note(format_args!("{made_before:?}"));
    let at = open(&scene.work, libc::O_RDONLY | libc::O_DIRECTORY).ok();
    for name in NAMES {
        let (path, at) = (scene.own(name), at.unwrap_or(usize::MAX));
        let outcome = call!(SYS_mkdirat, at, name, 0o755);
        made(report, "by descriptor", &path, outcome);
        let outcome = call!(SYS_openat, at, name, libc::O_WRONLY | libc::O_CREAT, 0o644);
        made(report, "by descriptor", &path, outcome);
    }
    let prefixes = prefixes(scene, at);
    for name in NAMES {
        let path = scene.own(name);
        for prefix in &prefixes {
            let spelled = format!("{prefix}{name}");
            let shown = &spelled[spelled.len().saturating_sub(60)..];
            let text = spelled.as_str();
            made(
                report,
                &format!("mkdir {shown} is"),
                &path,
                call!(SYS_mkdir, text, 0o755),
            );
            made(
                report,
                &format!("mkdir {shown}/ is"),
                &path,
                call!(SYS_mkdir, format!("{spelled}/").as_str(), 0o755),
            );
            made(
                report,
                &format!("open {shown} is"),
                &path,
                open(Path::new(&spelled), libc::O_WRONLY | libc::O_CREAT),
            );
            made(
                report,
                &format!("mkdir below {shown} is"),
                &path,
                fs::create_dir_all(format!("{spelled}/hooks")),
            );
        }
    }
    let git = scene.own(".git");
    made(
        report,
        "by a dangling link",
        &git,
        open(&scene.own("dangling"), libc::O_WRONLY | libc::O_CREAT),
    );
    let moved = std::env::set_current_dir(scene.own("sub"));
    report.note(format_args!("{moved:?}"));
    made(
        report,
        "from below",
        &git,
        call!(SYS_mkdir, "../.git", 0o755),
    );
}

/// Something else, renamed to be one of them.
pub(crate) fn move_in(scene: &Scene, report: &mut Report) {
    let rename = |from: &Path, to: &Path, flags: u32| -> Tried {
        call!(SYS_renameat2, HERE, from, HERE, to, flags)
    };
    for name in NAMES {
        let path = scene.own(name);
        for kind in ["folder", "file"] {
            let other = scene.own("thing");
            for (how, flags) in [
                ("rename", 0),
                ("rename to nothing", libc::RENAME_NOREPLACE),
                ("exchange", libc::RENAME_EXCHANGE),
            ] {
                clear(&other);
                let there = if kind == "file" {
                    fs::write(&other, "x")
                } else {
                    fs::create_dir(&other)
                };
                if let Err(error) = there {
                    report.note(error);
                }
                made(
                    report,
                    &format!("{how} a {kind}"),
                    &path,
                    rename(&other, &path, flags),
                );
            }
        }
        let plain = scene.own("thing");
        made(
            report,
            "rename by the old call",
            &path,
            call!(SYS_rename, plain.as_path(), path.as_path()),
        );
    }
    // The workspace itself goes, and another comes that has them.
    let (work, aside) = (scene.work.clone(), scene.work.with_file_name("aside"));
    report.way("move the workspace", fs::rename(&work, &aside));
    if fs::symlink_metadata(&work).is_err() {
        let back = fs::rename(&aside, &work);
        report.note(format_args!("{back:?}"));
    }
}

/// Those that were there before, in the root and in a repository within.
pub(crate) fn change(scene: &Scene, report: &mut Report) {
    for root in [scene.work.clone(), scene.own("nested")] {
        let git = root.join(".git");
        let (config, hooks) = (git.join("config"), git.join("hooks"));
        let mut way = |what: &str, outcome: Tried| {
            report.way(format_args!("{what} {}", git.display()), outcome);
        };
        let io = |outcome: std::io::Result<()>| outcome.map(|()| 0).map_err(Into::into);
        way("write", open(&config, libc::O_WRONLY));
        way("append", open(&config, libc::O_WRONLY | libc::O_APPEND));
        way(
            "a hook",
            open(&hooks.join("pre-commit"), libc::O_WRONLY | libc::O_CREAT),
        );
        way("a folder", io(fs::create_dir(git.join("new"))));
        way("chmod", call!(SYS_chmod, config.as_path(), 0o777));
        way("chmod the folder", call!(SYS_chmod, git.as_path(), 0o777));
        way("times", call!(SYS_utimensat, HERE, config.as_path(), 0, 0));
        way("remove", io(fs::remove_file(&config)));
        way(
            "link",
            io(fs::hard_link(&config, root.join("linked-config"))),
        );
        way("move hooks", io(fs::rename(&hooks, root.join("hooks"))));
        let another = root.join("another");
        let there = fs::create_dir(&another);
        let (from, to) = (another.as_path(), git.as_path());
        way(
            "exchange",
            there
                .map_err(Into::into)
                .and_then(|()| call!(SYS_renameat2, HERE, from, HERE, to, libc::RENAME_EXCHANGE)),
        );
        way("move", io(fs::rename(&git, root.join("old"))));
        way("remove it", io(fs::remove_dir(root.join(".git"))));
        let listing = File::open(&root);
        way(
            "by descriptor",
            listing.map_err(Into::into).and_then(|root| {
                let fd = std::os::fd::AsRawFd::as_raw_fd(&root);
                call!(SYS_openat, fd, ".git/config", libc::O_RDWR, 0)
            }),
        );
    }
    // The repository's own folder is moved; what is in it is still not to be written.
    let (nested, moved) = (scene.own("nested"), scene.own("nested-2"));
    let renamed = fs::rename(&nested, &moved);
    report.note(format_args!("moved: {renamed:?}"));
    let config: PathBuf = moved.join(".git/config");
    report.way("write after a move", open(&config, libc::O_WRONLY));
}
