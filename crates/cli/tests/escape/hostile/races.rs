//! Races: what a path means is changed by one thread while another has it looked up.
//!
//! Each thread does one thing over and over until the time is up or the race is won. Won is what
//! can be seen afterwards: a file outside that changed, a name that came into being.

use std::{
    fs,
    os::unix::{ffi::OsStrExt, fs::symlink},
    path::Path,
    sync::atomic::{AtomicBool, AtomicI32, AtomicU8, AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use super::{
    Report, Scene,
    files::open,
    sys::{self, Arg, call},
};

const HERE: i32 = libc::AT_FDCWD;

/// What the races write.
const MARK: &[u8] = b"hostile";

/// How often the watcher looks. The processor is for those who race.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// How often a race says that it goes on.
const SAY_EVERY: Duration = Duration::from_secs(5);

/// Runs the threads until one has won or the time is up; says what was won and how often it was
/// tried.
fn race(
    scene: &Scene,
    report: &mut Report,
    won: &(dyn Fn() -> bool + Sync),
    threads: &[&(dyn Fn() + Sync)],
) {
    let (over, rounds) = (AtomicBool::new(false), AtomicU64::new(0));
    let end = Instant::now() + scene.time();
    thread::scope(|scope| {
        for work in threads {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    work();
                    rounds.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        // Said now and then, so that whoever waits knows that it goes on.
        let mut next = Instant::now() + SAY_EVERY;
        while Instant::now() < end && !won() {
            if Instant::now() > next {
                next += SAY_EVERY;
                report.note("it goes on");
            }
            thread::park_timeout(LOOK_EVERY);
        }
        over.store(true, Ordering::Relaxed);
    });
    let rounds = rounds.into_inner();
    report.judge(
        "the race",
        won(),
        format_args!("{rounds} rounds in {} s", scene.seconds),
    );
}

/// Errors are what a race is made of.
fn whatever<T, E>(outcome: Result<T, E>) {
    drop(outcome);
}

/// Lets two paths change places.
pub(crate) fn exchange(one: &Path, other: &Path) {
    whatever(call!(
        SYS_renameat2,
        HERE,
        one,
        HERE,
        other,
        libc::RENAME_EXCHANGE
    ));
}

/// Exchanges a folder of the workspace with a link until the time is up; not an attack by itself,
/// but a help to one that another command makes. Says how often that went.
pub(super) fn swap(scene: &Scene) -> i32 {
    let (nested, out) = (scene.own("nested"), scene.own("out"));
    let (end, mut done) = (Instant::now() + scene.time(), 0_u32);
    while Instant::now() < end {
        let (from, to) = (nested.as_path(), out.as_path());
        let flags = libc::RENAME_EXCHANGE;
        done += u32::from(call!(SYS_renameat2, HERE, from, HERE, to, flags).is_ok());
    }
    super::say(&format_args!("{done} times"));
    0
}

/// A folder and a link to what is outside, ready to be exchanged.
fn door(scene: &Scene, target: &Path) {
    whatever(fs::create_dir(scene.own("door")));
    whatever(fs::write(scene.own("door/file"), "own"));
    whatever(symlink(target, scene.own("out")));
}

/// Whether anything outside changed.
fn outside_changed(scene: &Scene) -> impl Fn() -> bool + Sync + use<> {
    let folder = scene.outside.clone();
    let before = fs::read(folder.join("file")).unwrap_or_default();
    move || {
        let new = ["planted", "moved", "second-moved"];
        new.iter()
            .any(|name| fs::symlink_metadata(folder.join(name)).is_ok())
            || fs::read(folder.join("file")).is_ok_and(|now| now != before)
    }
}

/// Writing, while a folder on the way becomes a link.
pub(crate) fn symlink_out(scene: &Scene, report: &mut Report) {
    door(scene, &scene.outside);
    let (door, out) = (scene.own("door"), scene.own("out"));
    let (file, planted) = (door.join("file"), door.join("planted"));
    race(
        scene,
        report,
        &outside_changed(scene),
        &[
            &|| exchange(&door, &out),
            &|| {
                let opened = fs::OpenOptions::new().write(true).open(&file);
                let write = |mut file: fs::File| std::io::Write::write_all(&mut file, MARK);
                whatever(opened.and_then(write));
            },
            &|| {
                let opened = open(&planted, libc::O_WRONLY | libc::O_CREAT | libc::O_EXCL);
                whatever(opened.and_then(|fd| call!(SYS_close, fd)));
                whatever(fs::create_dir(&planted));
            },
        ],
    );
}

/// Moving a file into a folder that becomes a link.
pub(crate) fn rename(scene: &Scene, report: &mut Report) {
    door(scene, &scene.outside);
    let (door, out) = (scene.own("door"), scene.own("out"));
    let (own, moved) = (scene.own("to-be-moved"), door.join("moved"));
    race(
        scene,
        report,
        &outside_changed(scene),
        &[&|| exchange(&door, &out), &|| {
            whatever(fs::write(&own, MARK));
            whatever(fs::rename(&own, &moved));
            whatever(fs::rename(door.join("second"), door.join("second-moved")));
        }],
    );
}

/// Making `.git` in a folder that becomes a link to the workspace.
pub(crate) fn parent(scene: &Scene, report: &mut Report) {
    door(scene, Path::new("."));
    let (door, out, git) = (scene.own("door"), scene.own("out"), scene.own(".git"));
    let (through, own) = (door.join(".git"), scene.own("to-be-moved"));
    // It may be taken away again before anybody else looks.
    let seen = AtomicBool::new(false);
    let there = || fs::symlink_metadata(&git).is_ok();
    let won = || seen.load(Ordering::Relaxed) || there();
    race(
        scene,
        report,
        &won,
        &[
            &|| exchange(&door, &out),
            &|| {
                whatever(fs::create_dir(&through));
                seen.fetch_or(there(), Ordering::Relaxed);
                whatever(fs::remove_dir(&through));
            },
            &|| {
                whatever(fs::create_dir(&own));
                whatever(fs::rename(&own, &through));
            },
            &|| whatever(symlink("x", &through)),
        ],
    );
}

/// A hard link to a file in a folder that becomes a link.
pub(crate) fn hard_link(scene: &Scene, report: &mut Report) {
    door(scene, &scene.outside);
    let (door, out) = (scene.own("door"), scene.own("out"));
    let (file, alias) = (door.join("file"), scene.own("alias"));
    race(
        scene,
        report,
        &outside_changed(scene),
        &[&|| exchange(&door, &out), &|| {
            whatever(fs::hard_link(&file, &alias));
            whatever(fs::write(&alias, MARK));
            whatever(fs::remove_file(&alias));
        }],
    );
}

/// The path itself, which lies in memory that another thread writes.
static PATH: [AtomicU8; 5] = [
    AtomicU8::new(b'.'),
    AtomicU8::new(b'g'),
    AtomicU8::new(b'i'),
    AtomicU8::new(b't'),
    AtomicU8::new(0),
];

/// Making a name that is changed between the look at it and the use of it.
pub(crate) fn path(scene: &Scene, report: &mut Report) {
    let git = scene.own(".git");
    let won = || fs::symlink_metadata(&git).is_ok();
    let name = || Arg::from(PATH.as_ptr() as usize);
    let make = |number, more: [Arg<'_>; 2]| {
        let [first, second] = more;
        sys::perform(number, &mut [Arg::from(HERE), name(), first, second])
    };
    race(
        scene,
        report,
        &won,
        &[
            &|| {
                PATH[0].store(b'.', Ordering::Relaxed);
                PATH[0].store(b'-', Ordering::Relaxed);
            },
            &|| {
                whatever(make(libc::SYS_mkdirat, [Arg::from(0o755), Arg::from(0)]));
                whatever(fs::remove_dir(scene.own("-git")));
            },
            &|| {
                let create = Arg::from(libc::O_CREAT | libc::O_WRONLY);
                let opened = make(libc::SYS_openat, [create, Arg::from(0o644)]);
                whatever(opened.and_then(|fd| call!(SYS_close, fd)));
                whatever(fs::remove_file(scene.own("-git")));
            },
            &|| {
                let plain = Arg::from(libc::S_IFREG | 0o644);
                whatever(make(libc::SYS_mknodat, [plain, Arg::from(0)]));
            },
        ],
    );
}

/// The address of a socket, which lies in memory that another thread writes.
static ADDRESS: [AtomicU8; 110] = [const { AtomicU8::new(0) }; 110];

/// Connecting to an address that is changed, on a descriptor that is replaced, between the look at
/// them and their use. Whom it reached is asked of the socket itself.
pub(crate) fn address(scene: &Scene, report: &mut Report) {
    const AT: i32 = 50;
    let own = scene.own("own.socket");
    let listening = std::os::unix::net::UnixListener::bind(&own);
    report.note(format_args!("{listening:?}"));
    let address = |family: i32, name: &[u8]| {
        let family = u16::try_from(family).expect("small").to_ne_bytes();
        [&family[..], name, &[0; 110][name.len() + 2..]].concat()
    };
    let path = |path: &Path| address(libc::AF_UNIX, path.as_os_str().as_bytes());
    let mut loopback = scene.tcp.to_be_bytes().to_vec();
    loopback.extend([127, 0, 0, 1]);
    let meant = [path(&own), address(libc::AF_INET, &loopback)];
    let outside = path(&scene.out("stream.socket"));
    let write = |bytes: &[u8]| {
        for (to, from) in ADDRESS.iter().zip(bytes) {
            to.store(*from, Ordering::Relaxed);
        }
    };
    let socket = |family: i32| {
        call!(
            SYS_socket,
            family,
            libc::SOCK_STREAM | libc::SOCK_NONBLOCK,
            0
        )
    };
    let seen = AtomicBool::new(false);
    let won = || seen.load(Ordering::Relaxed);
    race(
        scene,
        report,
        &won,
        &[
            &|| {
                for other in &meant {
                    write(other);
                    write(&outside);
                }
            },
            &|| {
                for family in [libc::AF_INET, libc::AF_UNIX] {
                    let made = socket(family);
                    whatever(made.and_then(|fd| call!(SYS_dup3, fd, AT, 0)));
                    whatever(made.and_then(|fd| call!(SYS_close, fd)));
                }
            },
            &|| {
                let target = Arg::from(ADDRESS.as_ptr() as usize);
                let length = Arg::from(ADDRESS.len());
                whatever(sys::perform(
                    libc::SYS_connect,
                    &mut [Arg::from(AT), target, length],
                ));
                let (mut peer, mut length) = ([0_u8; 128], 128_u32.to_ne_bytes());
                let asked = call!(
                    SYS_getpeername,
                    AT,
                    peer.as_mut_slice(),
                    length.as_mut_slice()
                );
                let reached = peer.windows(7).any(|part| part == b"outside");
                seen.fetch_or(asked.is_ok() && reached, Ordering::Relaxed);
            },
        ],
    );
}

/// The folder that a name is relative to, whose descriptor another thread replaces.
pub(crate) fn folder(scene: &Scene, report: &mut Report) {
    /// A number for the descriptor that is looked at.
    const AT: i32 = 50;
    whatever(fs::create_dir(scene.own("sub")));
    let flags = libc::O_RDONLY | libc::O_DIRECTORY;
    let (Ok(work), Ok(sub)) = (open(&scene.work, flags), open(&scene.own("sub"), flags)) else {
        report.judge("the workspace cannot be used", false, "no folder");
        return;
    };
    let git = scene.own(".git");
    let won = || fs::symlink_metadata(&git).is_ok();
    let made = AtomicI32::new(0);
    race(
        scene,
        report,
        &won,
        &[
            &|| {
                whatever(call!(SYS_dup3, work, AT, 0));
                whatever(call!(SYS_dup3, sub, AT, 0));
            },
            &|| {
                if call!(SYS_mkdirat, AT, ".git", 0o755).is_ok() {
                    made.fetch_add(1, Ordering::Relaxed);
                }
                whatever(fs::remove_dir(scene.own("sub/.git")));
                whatever(fs::remove_file(scene.own("sub/.git")));
            },
            &|| whatever(call!(SYS_symlinkat, "x", AT, ".git")),
        ],
    );
    report.note(format_args!(
        "made {} in the folder below",
        made.into_inner()
    ));
}
