//! Watches for changes.

#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    thread,
    time::Instant,
};

use outpost_host::fs::{
    CHANGED_PATHS, ChangeWatch, ChangeWatchError, ChangeWatches, FsLimits, GATHER,
};

use crate::fs_kit::*;

async fn watch(kit: &Kit, name: &str) -> ChangeWatch {
    let watches = ChangeWatches::new(&kit.files);
    within(watches.watch(&kit.path(name))).await.unwrap()
}

/// What is told next.
async fn told(kit: &Kit, watch: &mut ChangeWatch) -> Vec<String> {
    let root = kit.path("");
    let name = |path: PathBuf| {
        path.strip_prefix(&root)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned()
    };
    within(watch.next()).await.into_iter().map(name).collect()
}

fn replace(kit: &Kit, name: &str) {
    kit.put("beside", b"new");
    fs::rename(kit.path("beside"), kit.path(name)).unwrap();
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[tokio::test]
async fn a_directory_tells_its_own_names_and_no_deeper_ones() {
    let kit = Kit::furnished();
    let mut dir = watch(&kit, "dir").await;
    assert_eq!(dir.path(), kit.path("dir"));
    kit.put("dir/new", b"");
    kit.put("dir/f", b"more");
    assert_eq!(told(&kit, &mut dir).await, ["dir/f", "dir/new"]);
    kit.put("dir/sub/deeper", b"");
    kit.put("a", b"elsewhere");
    fs::read(kit.path("dir/f")).unwrap();
    fs::read_dir(kit.path("dir")).unwrap().for_each(drop);
    fs::rename(kit.path("dir/new"), kit.path("dir/newer")).unwrap();
    assert_eq!(told(&kit, &mut dir).await, ["dir/new", "dir/newer"]);
    chmod(&kit.path("dir/f"), 0o600);
    assert_eq!(told(&kit, &mut dir).await, ["dir/f"]);
    fs::remove_file(kit.path("dir/f")).unwrap();
    fs::create_dir(kit.path("dir/made")).unwrap();
    assert_eq!(told(&kit, &mut dir).await, ["dir/f", "dir/made"]);
}

#[tokio::test]
async fn a_file_is_told_however_often_it_is_replaced() {
    let kit = Kit::furnished();
    let mut file = watch(&kit, "dir/../a").await;
    assert_eq!(file.path(), kit.path("a"));
    for _ in 0..3 {
        replace(&kit, "a");
        assert_eq!(told(&kit, &mut file).await, ["a"]);
        kit.put("a", b"written");
        assert_eq!(told(&kit, &mut file).await, ["a"]);
        chmod(&kit.path("a"), 0o640);
        assert_eq!(told(&kit, &mut file).await, ["a"]);
        fs::remove_file(kit.path("a")).unwrap();
        assert_eq!(told(&kit, &mut file).await, ["a"]);
        kit.put("a", b"again");
        assert_eq!(told(&kit, &mut file).await, ["a"]);
    }
    fs::remove_file(kit.path("a")).unwrap();
    fs::create_dir(kit.path("a")).unwrap();
    assert_eq!(told(&kit, &mut file).await, ["a"]);
    kit.put("a/x", b"");
    assert_eq!(told(&kit, &mut file).await, ["a/x"]);
}

#[tokio::test]
async fn a_missing_path_is_told_when_it_comes_with_what_is_in_it() {
    let kit = Kit::empty();
    let mut deep = watch(&kit, "m1/m2/m3").await;
    fs::create_dir_all(kit.path("m1/m2")).unwrap();
    kit.put("m1/m2/other", b"");
    fs::create_dir(kit.path("elsewhere")).unwrap();
    kit.put("elsewhere/x", b"");
    fs::rename(kit.path("elsewhere"), kit.path("m1/m2/m3")).unwrap();
    assert_eq!(told(&kit, &mut deep).await, ["m1/m2/m3", "m1/m2/m3/x"]);
    kit.put("m1/m2/m3/y", b"");
    assert_eq!(told(&kit, &mut deep).await, ["m1/m2/m3/y"]);
}

#[tokio::test]
async fn what_a_link_leads_to_is_told_under_the_watched_path() {
    let kit = Kit::furnished();
    symlink("link", kit.path("second")).unwrap();
    let mut link = watch(&kit, "second").await;
    kit.put("a", b"through two links");
    assert_eq!(told(&kit, &mut link).await, ["second"]);
    replace(&kit, "a");
    assert_eq!(told(&kit, &mut link).await, ["second"]);
    kit.put("a", b"still");
    assert_eq!(told(&kit, &mut link).await, ["second"]);
    fs::remove_file(kit.path("link")).unwrap();
    symlink("dir", kit.path("link")).unwrap();
    let found = told(&kit, &mut link).await;
    assert_eq!(
        found,
        ["second", "second/f", "second/nowhere", "second/sub"]
    );
    kit.put("dir/g", b"");
    assert_eq!(told(&kit, &mut link).await, ["second/g"]);
    let mut below = watch(&kit, "dirlink/f").await;
    kit.put("dir/f", b"");
    assert_eq!(told(&kit, &mut below).await, ["dirlink/f"]);
}

#[tokio::test]
async fn a_path_whose_directories_move_is_watched_where_it_is_named() {
    let kit = Kit::furnished();
    let mut file = watch(&kit, "dir/sub/z").await;
    for _ in 0..2 {
        fs::rename(kit.path("dir"), kit.path("away")).unwrap();
        assert_eq!(told(&kit, &mut file).await, ["dir/sub/z"]);
        kit.put("away/sub/z", b"not here");
        fs::create_dir_all(kit.path("dir/sub")).unwrap();
        kit.put("dir/sub/z", b"here");
        assert_eq!(told(&kit, &mut file).await, ["dir/sub/z"]);
        fs::remove_dir_all(kit.path("dir")).unwrap();
        assert_eq!(told(&kit, &mut file).await, ["dir/sub/z"]);
        fs::rename(kit.path("away"), kit.path("dir")).unwrap();
        assert_eq!(told(&kit, &mut file).await, ["dir/sub/z"]);
    }
}

#[tokio::test]
async fn changes_close_together_are_told_together() {
    let kit = Kit::furnished();
    let mut dir = watch(&kit, "dir").await;
    let since = Instant::now();
    kit.put("dir/one", b"");
    // Asked and given up: nothing is lost.
    for _ in 0..10 {
        assert!(futures_util::poll!(Box::pin(dir.next())).is_pending());
        tokio::task::yield_now().await;
    }
    kit.put("dir/two", b"");
    assert_eq!(told(&kit, &mut dir).await, ["dir/one", "dir/two"]);
    assert!(since.elapsed() >= GATHER);
}

#[tokio::test]
async fn more_changes_than_fit_are_told_as_one_of_the_watched_path() {
    let kit = Kit::furnished();
    let mut dir = watch(&kit, "many").await;
    for (count, expected) in [(CHANGED_PATHS - 1, CHANGED_PATHS), (CHANGED_PATHS, 1)] {
        fs::create_dir(kit.path("new")).unwrap();
        for number in 0..count {
            kit.put(&format!("new/{number}"), b"");
        }
        fs::rename(kit.path("new"), kit.path("many")).unwrap();
        let found = told(&kit, &mut dir).await;
        assert_eq!((found.len(), &found[0][..]), (expected, "many"));
        fs::rename(kit.path("many"), kit.path(&format!("gone{count}"))).unwrap();
        assert_eq!(told(&kit, &mut dir).await, ["many"]);
    }
}

#[tokio::test]
async fn the_number_of_watches_is_bounded() {
    let kit = Kit::limited(FsLimits {
        change_watches: 2,
        ..FsLimits::default()
    });
    let watches = ChangeWatches::new(&kit.files);
    let relative = watches.watch(Path::new("a")).await.err();
    assert_eq!(relative, Some(ChangeWatchError::Relative));
    let first = watches.watch(&kit.path("a")).await.unwrap();
    let _second = watches.watch(&kit.path("a")).await.unwrap();
    let third = watches.watch(&kit.path("a")).await.err();
    assert_eq!(third, Some(ChangeWatchError::TooMany(2)));
    drop(first);
    watches.watch(&kit.path("a")).await.unwrap();
}

/// Directories come and go while the watch looks at them; at the end all that stays was told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_stays_goes_untold_however_it_came() {
    let kit = Kit::empty();
    let mut dir = watch(&kit, "p/q").await;
    let path = kit.path("p");
    let writer = thread::spawn(move || {
        for round in 0..60 {
            fs::create_dir_all(path.join("q")).unwrap();
            fs::write(path.join(format!("q/f{round}")), "").unwrap();
            if round < 59 {
                fs::remove_dir_all(&path).unwrap();
            }
        }
    });
    let mut seen = BTreeSet::new();
    while !seen.contains("p/q/f59") {
        seen.extend(told(&kit, &mut dir).await);
    }
    writer.join().unwrap();
    assert!(seen.contains("p/q"));
    kit.put("p/q/last", b"");
    while !seen.contains("p/q/last") {
        seen.extend(told(&kit, &mut dir).await);
    }
}
