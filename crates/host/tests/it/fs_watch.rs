//! Watches for missing paths.

use std::{fs, future::Future, path::PathBuf, pin::Pin};

use outpost_host::fs::{FsLimits, MissingWatch};

use crate::fs_kit::*;

type Told = Pin<Box<dyn Future<Output = ()> + Send>>;

async fn watch(kit: &Kit, missing: &[&str], present: Option<&str>) -> Option<Told> {
    let missing: Vec<PathBuf> = missing.iter().map(|name| kit.path(name)).collect();
    let watch = MissingWatch::new(&kit.files);
    let told = within(watch.watch_missing(missing, present.map(|name| kit.path(name)))).await?;
    Some(Box::pin(told))
}

/// Whether the watch has nothing to tell, although the runtime has looked for events.
async fn silent(told: &mut Told) -> bool {
    for _ in 0..50 {
        if futures_util::poll!(&mut *told).is_ready() {
            return false;
        }
        tokio::task::yield_now().await;
    }
    true
}

#[tokio::test]
async fn a_missing_path_is_told_once_it_appears_in_any_way() {
    for way in 0..4 {
        let kit = Kit::furnished();
        let mut told = watch(&kit, &["m1", "m2"], None).await.unwrap();
        kit.put("something else", b"");
        kit.put("dir/m1", b"");
        assert!(silent(&mut told).await);
        match way {
            0 => kit.put("m2", b""),
            1 => fs::create_dir(kit.path("m1")).unwrap(),
            2 => fs::rename(kit.path("a"), kit.path("m1")).unwrap(),
            _ => kit.link("nowhere", "m1"),
        }
        within(told).await;
    }
}

#[tokio::test]
async fn a_deep_path_is_told_when_the_way_to_it_changes() {
    let kit = Kit::furnished();
    let told = watch(&kit, &["deep/er/x"], None).await.unwrap();
    fs::create_dir(kit.path("deep")).unwrap();
    within(told).await;
    let told = watch(&kit, &["dir/x"], None).await.unwrap();
    fs::rename(kit.path("dir"), kit.path("elsewhere")).unwrap();
    within(told).await;
    fs::create_dir(kit.path("short")).unwrap();
    let told = watch(&kit, &["short/x"], None).await.unwrap();
    fs::remove_dir(kit.path("short")).unwrap();
    within(told).await;
}

#[tokio::test]
async fn a_present_path_is_told_when_it_vanishes() {
    for name in ["a", "dir/f"] {
        let kit = Kit::furnished();
        let mut told = watch(&kit, &["dir/m"], Some(name)).await.unwrap();
        kit.put("dir/other", b"");
        fs::remove_file(kit.path("dir/other")).unwrap();
        assert!(silent(&mut told).await);
        fs::remove_file(kit.path(name)).unwrap();
        within(told).await;
    }
    let kit = Kit::furnished();
    let told = watch(&kit, &["m"], Some("a")).await.unwrap();
    kit.put("m", b"");
    within(told).await;
}

#[tokio::test]
async fn what_cannot_be_watched_exactly_is_not_watched() {
    let kit = Kit::furnished();
    for missing in [
        &["a"][..],
        &["m", "a"],
        &[],
        &["a/b"],
        &["dangling"],
        &["loop"],
        &["pipe/x"],
        &["dirlink/x"],
    ] {
        assert!(watch(&kit, missing, None).await.is_none(), "{missing:?}");
    }
    assert!(watch(&kit, &["m"], Some("nope")).await.is_none());
    assert!(watch(&kit, &["m", "m"], None).await.is_some());
    let relative = MissingWatch::new(&kit.files)
        .watch_missing(vec!["m".into()], None)
        .await;
    assert!(relative.is_none());
}

#[tokio::test]
async fn paths_and_watches_are_bounded_and_dropping_frees() {
    let kit = Kit::limited(FsLimits {
        watches: 2,
        watched_paths: 3,
        ..FsLimits::default()
    });
    assert!(watch(&kit, &["1", "2", "3", "4"], None).await.is_none());
    let watches = MissingWatch::new(&kit.files);
    let begin = async || within(watches.clone().watch_missing(vec![kit.path("m")], None)).await;
    let (first, second) = (begin().await.unwrap(), begin().await.unwrap());
    assert!(begin().await.is_none());
    drop(first);
    let third = begin().await.unwrap();
    kit.put("m", b"");
    within(async { tokio::join!(second, third) }).await;
    fs::remove_file(kit.path("m")).unwrap();
    assert!(begin().await.is_some(), "one that has told is over");
}
