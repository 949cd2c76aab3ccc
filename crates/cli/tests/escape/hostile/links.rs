//! Other names of what is outside: below `/proc`, by `..`, by links.

use std::{
    fs::{self, File},
    os::{fd::AsRawFd, unix::fs::symlink},
    path::{Path, PathBuf},
};

use super::{Report, Scene, files::open, open_to_write, sys::call};

/// By what the kernel shows of this process.
pub(crate) fn proc_self(scene: &Scene, report: &mut Report) {
    let file = scene.out("file");
    let below = file.strip_prefix("/").expect("it is absolute");
    let thread = rustix::thread::gettid().as_raw_nonzero();
    let mut paths: Vec<PathBuf> = [
        "/proc/self/root",
        "/proc/thread-self/root",
        "/proc/self/root/proc/self/root",
    ]
    .iter()
    .map(|base| Path::new(base).join(below))
    .collect();
    paths.push(PathBuf::from(format!("/proc/self/task/{thread}/root")).join(below));
    paths.push("/proc/self/cwd/../outside/file".into());
    if let Ok(folder) = open(&scene.outside, libc::O_RDONLY | libc::O_DIRECTORY) {
        for base in ["/proc/self/fd", "/dev/fd"] {
            paths.push(format!("{base}/{folder}/file").into());
        }
    }
    for path in paths {
        report.way(path.display(), open_to_write(&path));
    }
    for name in ["exe", "mem"] {
        // The own memory may be written; the own program may not.
        let path = format!("/proc/self/{name}");
        let outcome = open_to_write(Path::new(&path));
        report.note(format_args!("{path}: {outcome:?}"));
    }
}

/// By going up further than there is.
pub(crate) fn dot_dot(scene: &Scene, report: &mut Report) {
    let file = scene.out("file");
    let file = file.strip_prefix("/").expect("it is absolute");
    let up = PathBuf::from("../".repeat(64));
    report.way("from here", open_to_write(&up.join(file)));
    report.way(
        "from the neighbour",
        open_to_write(Path::new("../outside/file")),
    );
    let root = File::open("/").map(|root| {
        call!(
            SYS_openat,
            root.as_raw_fd(),
            up.join(file).as_path(),
            libc::O_WRONLY,
            0
        )
    });
    match root {
        Ok(outcome) => report.way("from the root", outcome),
        Err(error) => report.way("the root", Err::<(), _>(error)),
    }
    let moved =
        std::env::set_current_dir("/proc/self").and_then(|()| std::env::set_current_dir(&up));
    report.note(format_args!("{moved:?}"));
    report.way("after going up", open_to_write(file));
}

/// A second name inside for a file that is outside.
pub(crate) fn hard(scene: &Scene, report: &mut Report) {
    let file = scene.out("file");
    for (index, target) in [
        scene.own("hard"),
        "/dev/shm/hard".into(),
        "/tmp/outpost-hostile-hard".into(),
    ]
    .iter()
    .enumerate()
    {
        let linked = fs::hard_link(&file, target);
        if linked.is_ok() {
            report.way(
                format_args!("write by {}", target.display()),
                open_to_write(target),
            );
            if index > 0 && fs::remove_file(target).is_err() {
                report.note("it cannot be removed");
            }
        }
        report.way(format_args!("link {}", target.display()), linked);
    }
    // The other way: what is linked in was there before, and is only to be read.
    let linked = fs::hard_link(scene.own("own"), scene.out("in-again"));
    report.way("link out", linked);
}

/// Links inside that lead out.
pub(crate) fn symbolic(scene: &Scene, report: &mut Report) {
    let cases = [
        ("to-file", scene.out("file"), ""),
        ("to-folder", scene.outside.clone(), "file"),
        ("to-nothing", scene.out("dangling"), ""),
        ("to-new", scene.outside.clone(), "new-by-link"),
        ("up", "../outside".into(), "file"),
        (
            "by-proc",
            Path::new("/proc/self/root")
                .join(scene.out("file").strip_prefix("/").expect("absolute")),
            "",
        ),
    ];
    for (name, target, rest) in cases {
        let link = scene.own(name);
        let made = symlink(&target, &link);
        let path = if rest.is_empty() {
            link
        } else {
            link.join(rest)
        };
        let outcome = made
            .map_err(Into::into)
            .and_then(|()| open(&path, libc::O_WRONLY | libc::O_CREAT));
        report.way(path.display(), outcome);
    }
    let made = symlink(&scene.outside, scene.own("for-folders"));
    let outcome = made.and_then(|()| fs::create_dir(scene.own("for-folders/new-by-link-folder")));
    report.way("a folder by a link", outcome);
    let outcome = fs::rename(scene.own("own"), scene.own("for-folders/moved-by-link"));
    report.way("moved by a link", outcome);
}
