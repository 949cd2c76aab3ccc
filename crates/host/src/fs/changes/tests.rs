use std::{ffi::OsStr, fs, os::unix::fs::symlink};

use super::{way::Way, *};
use crate::fs::FsLimits;

fn role_of(role: Role) -> HashMap<Number, Vec<Role>> {
    HashMap::from([(1, vec![role])])
}

fn told(role: Role, kind: Kind, name: &str) -> (bool, Vec<PathBuf>) {
    let mut batch = Batch::new(Path::new("/p"), 9);
    let event = Event {
        number: 1,
        kind,
        name: OsStr::new(name),
    };
    let stale = note(&event, &role_of(role), &mut batch);
    (stale, batch.take())
}

#[test]
fn each_event_means_what_its_place_makes_of_it() {
    let turn = |last| Role::Turn {
        name: "n".into(),
        last,
    };
    let root = || vec![PathBuf::from("/p")];
    let cases = [
        (turn(true), Kind::Name, "n", true, root()),
        (turn(false), Kind::Name, "n", true, vec![]),
        (turn(true), Kind::Name, "other", false, vec![]),
        (turn(true), Kind::Content, "n", false, vec![]),
        (turn(true), Kind::Gone, "", true, vec![]),
        (Role::Passage, Kind::Gone, "", true, vec![]),
        (Role::Passage, Kind::Name, "n", false, vec![]),
        (Role::File, Kind::Content, "", false, root()),
        (Role::File, Kind::Gone, "", true, root()),
        (Role::Directory, Kind::Name, "n", false, vec!["/p/n".into()]),
        (
            Role::Directory,
            Kind::Content,
            "n",
            false,
            vec!["/p/n".into()],
        ),
        (Role::Directory, Kind::Content, "", false, root()),
        (Role::Directory, Kind::Gone, "", true, vec![]),
    ];
    for (role, kind, name, stale, paths) in cases {
        let case = format!("{role:?} {kind:?} {name}");
        assert_eq!(told(role, kind, name), (stale, paths), "{case}");
    }
}

#[test]
fn lost_events_are_a_change_of_the_watched_path() {
    let mut batch = Batch::new(Path::new("/p"), 9);
    let event = Event {
        number: -1,
        kind: Kind::Lost,
        name: OsStr::new(""),
    };
    assert!(note(&event, &HashMap::new(), &mut batch));
    assert_eq!(batch.take(), [Path::new("/p")]);
}

#[test]
fn paths_are_made_plain() {
    let cases = [("/a/../b/./c/", "/b/c"), ("/", "/"), ("/..", "/")];
    for (given, expected) in cases {
        assert_eq!(plain(Path::new(given)), Some(expected.into()));
    }
    assert_eq!(plain(Path::new("a/b")), None);
    assert_eq!(plain(Path::new("")), None);
}

#[test]
fn a_way_ends_where_the_system_says() {
    let keep = tempfile::tempdir().unwrap();
    let root = keep.path().canonicalize().unwrap();
    fs::create_dir_all(root.join("d/sub")).unwrap();
    fs::write(root.join("d/f"), "").unwrap();
    for (target, link) in [
        ("d", "ld"),
        ("ld/f", "lf"),
        ("../lf", "d/up"),
        ("round", "round"),
        ("nowhere", "dangling"),
    ] {
        symlink(target, root.join(link)).unwrap();
    }
    symlink(root.join("ld/sub/.."), root.join("absolute")).unwrap();
    let paths = [
        "d",
        "d/f",
        "ld",
        "lf",
        "d/up",
        "ld/up",
        "absolute",
        "absolute/up",
        "round",
        "dangling",
        "d/f/below",
        "gone/far",
        "ld/sub",
    ];
    for path in paths {
        let path = root.join(path);
        let way = Way::go(&path);
        let system = fs::metadata(&path).ok().map(|data| data.is_dir());
        assert_eq!(way.spot.map(|spot| spot.directory), system, "{path:?}");
        let real = path.canonicalize().ok();
        let end = way.steps.last().filter(|_| system.is_some());
        assert_eq!(end.map(|(end, _)| end), real.as_ref(), "{path:?}");
    }
}

/// Overflows the kernel's queue for real.
#[tokio::test]
async fn an_overflow_is_told_as_a_change_of_the_watched_path() {
    let keep = tempfile::tempdir().unwrap();
    let root = keep.path().canonicalize().unwrap();
    let watches = ChangeWatches::new(&Files::new(FsLimits::default()));
    let mut watch = watches.watch(&root).await.unwrap();
    let most = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap();
    let most: usize = most.trim().parse().unwrap();
    // Equal events in a row are one to the kernel.
    for number in 0..most / 2 + 1 {
        fs::write(root.join(format!("f{}", number % 3)), "").unwrap();
    }
    let told = watch.next().await;
    assert!(told.contains(&root), "{told:?}");
    fs::write(root.join("after"), "").unwrap();
    assert_eq!(watch.next().await, [root.join("after")]);
}
