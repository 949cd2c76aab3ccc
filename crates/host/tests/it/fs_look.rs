//! Metadata, real names and listings.

use std::{ffi::OsStr, fs, os::unix::ffi::OsStrExt as _, path::Path};

use outpost_host::fs::{FsErrorKind, FsLimits, Metadata};

use crate::fs_kit::*;

#[tokio::test]
async fn metadata_tells_of_the_target_and_that_the_path_is_a_link() {
    let kit = Kit::furnished();
    let ask = async |name: &str, follow| within(kit.files.metadata(&kit.path(name), follow)).await;
    let kind = |data: Metadata| (data.is_dir, data.is_file, data.is_symlink);
    for (name, expected) in [
        ("a", (false, true, false)),
        ("link", (false, true, true)),
        ("dir", (true, false, false)),
        ("dirlink", (true, false, true)),
        ("dirlink/f", (false, true, false)),
        ("pipe", (false, false, false)),
        ("", (true, false, false)),
    ] {
        assert_eq!(kind(ask(name, true).await.unwrap()), expected, "{name}");
    }
    assert_eq!(ask("link", true).await.unwrap().size, 6);
    refused(ask("dangling", true).await, MISSING.0, MISSING.1);
    refused(ask("loop", true).await, LOOP.0, LOOP.1);
    for name in ["a", "dir", "pipe", ""] {
        let strict = ask(name, false).await.unwrap();
        assert_eq!(strict, ask(name, true).await.unwrap(), "{name}");
    }
    for name in ["link", "dangling", "loop", "dirlink"] {
        refused(ask(name, false).await, CONTAINS_LINK.0, CONTAINS_LINK.1);
    }
    refused(
        ask("dirlink/f", false).await,
        NOT_A_DIRECTORY.0,
        NOT_A_DIRECTORY.1,
    );
    refused(
        ask("a/b", false).await,
        NOT_A_DIRECTORY.0,
        NOT_A_DIRECTORY.1,
    );
    refused(ask("none", false).await, MISSING.0, MISSING.1);
    assert!(
        within(kit.files.metadata(Path::new("/"), false))
            .await
            .unwrap()
            .is_dir
    );
}

#[tokio::test]
async fn times_are_milliseconds_and_may_lie_before_1970() {
    let kit = Kit::furnished();
    let before = std::time::UNIX_EPOCH - std::time::Duration::from_millis(5500);
    fs::File::options()
        .write(true)
        .open(kit.path("a"))
        .unwrap()
        .set_modified(before)
        .unwrap();
    assert_eq!(
        within(kit.files.metadata(&kit.path("a"), true))
            .await
            .unwrap()
            .modified_ms,
        -5500
    );
    let after = std::time::UNIX_EPOCH + std::time::Duration::from_millis(1_700_000_000_123);
    fs::File::options()
        .write(true)
        .open(kit.path("a"))
        .unwrap()
        .set_modified(after)
        .unwrap();
    assert_eq!(
        within(kit.files.metadata(&kit.path("a"), true))
            .await
            .unwrap()
            .modified_ms,
        1_700_000_000_123
    );
}

#[tokio::test]
async fn canonical_paths_have_no_links_and_must_exist() {
    let kit = Kit::furnished();
    let ask = async |name: &str| within(kit.files.canonicalize(&kit.path(name))).await;
    assert_eq!(ask("dirlink/../link").await.unwrap(), kit.path("a"));
    assert_eq!(ask("dirlink/f").await.unwrap(), kit.path("dir/f"));
    refused(ask("dangling").await, MISSING.0, MISSING.1);
    refused(ask("loop").await, LOOP.0, LOOP.1);
    refused(ask("a/b").await, NOT_A_DIRECTORY.0, NOT_A_DIRECTORY.1);
}

#[tokio::test]
async fn a_listing_follows_links_and_leaves_out_those_that_lead_nowhere() {
    let kit = Kit::furnished();
    let mut entries = within(kit.files.read_directory(&kit.path("")))
        .await
        .unwrap();
    entries.sort();
    let told: Vec<_> = entries
        .iter()
        .map(|entry| (entry.name.to_str().unwrap(), entry.is_dir, entry.is_file))
        .collect();
    assert_eq!(
        told,
        [
            ("a", false, true),
            ("dir", true, false),
            ("dirlink", true, false),
            ("hard", false, true),
            ("link", false, true),
            ("pipe", false, false),
        ]
    );
    let list = async |name: &str| within(kit.files.read_directory(&kit.path(name))).await;
    assert_eq!(list("dirlink").await.unwrap().len(), 2);
    refused(list("a").await, NOT_A_DIRECTORY.0, NOT_A_DIRECTORY.1);
    refused(list("none").await, MISSING.0, MISSING.1);
    refused(list("loop").await, LOOP.0, LOOP.1);
}

#[tokio::test]
async fn f06_all_of_30_000_names_are_listed_and_the_limit_is_exact() {
    let kit = Kit::limited(FsLimits {
        directory_entries: 30_000,
        ..FsLimits::default()
    });
    for number in 0..30_000 {
        fs::hard_link(
            kit.path(&(number / 15_000).to_string()),
            kit.path(&number.to_string()),
        )
        .unwrap_or_else(|_| kit.put(&number.to_string(), b""));
    }
    let mut numbers: Vec<usize> = within(kit.files.read_directory(&kit.path("")))
        .await
        .unwrap()
        .iter()
        .map(|entry| entry.name.to_str().unwrap().parse().unwrap())
        .collect();
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(0..30_000));
    kit.put("one more", b"");
    let text = "directory is too large to list: limit is 30000 entries";
    refused(
        within(kit.files.read_directory(&kit.path(""))).await,
        FsErrorKind::Invalid,
        text,
    );
}

#[tokio::test]
async fn f07_names_that_are_not_utf_8_are_listed_and_read() {
    let kit = Kit::empty();
    let name = OsStr::from_bytes(b"caf\xe9");
    let path = kit.path("").join(name);
    within(kit.files.write_whole(&path, "x".into(), true))
        .await
        .unwrap();
    assert_eq!(
        within(kit.files.read_directory(&kit.path("")))
            .await
            .unwrap()[0]
            .name,
        name
    );
    assert_eq!(read(&kit.files, &path).await.unwrap(), "x");
    assert_eq!(within(kit.files.canonicalize(&path)).await.unwrap(), path);
    let options = super::fs_tree::ALL;
    assert_eq!(
        within(kit.files.walk(&kit.path(""), options))
            .await
            .unwrap()
            .entries[0]
            .path,
        path
    );
}
