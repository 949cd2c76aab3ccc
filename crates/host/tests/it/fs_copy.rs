//! Copying files, links and directories.

use std::{fs, path::Path};

use outpost_host::fs::FsErrorKind;

use crate::fs_kit::*;

const ITSELF: &str = "fs/copy cannot copy a directory to itself or one of its descendants";

#[tokio::test]
async fn copies_keep_modes_and_links_and_pass_over_special_files() {
    let kit = Kit::furnished();
    kit.set_mode("dir/f", 0o751);
    kit.pipe("dir/pipe");
    kit.copy("dir", "new/er").await.unwrap();
    let below: Vec<_> = kit
        .names()
        .into_iter()
        .filter(|name| name.starts_with("new/er/"))
        .collect();
    assert_eq!(
        below,
        ["new/er/f", "new/er/nowhere", "new/er/sub", "new/er/sub/z"]
    );
    assert_eq!(
        (kit.mode("new/er/f"), kit.get("new/er/sub/z")),
        (0o751, b"z".to_vec())
    );
    assert_eq!(
        fs::read_link(kit.path("new/er/nowhere")).unwrap(),
        Path::new("gone")
    );

    kit.set_mode("a", 0o4640);
    kit.copy("a", "b").await.unwrap();
    assert_eq!((kit.get("b"), kit.mode("b")), (b"hello\n".to_vec(), 0o4640));
    kit.put("old", b"old, longer");
    kit.set_mode("old", 0o600);
    kit.copy("a", "old").await.unwrap();
    assert_eq!(
        (kit.get("old"), kit.mode("old")),
        (b"hello\n".to_vec(), 0o4640)
    );
    kit.copy("dangling", "still").await.unwrap();
    assert_eq!(fs::read_link(kit.path("still")).unwrap(), Path::new("gone"));
    kit.copy("a", "dangling").await.unwrap();
    assert_eq!(kit.get("gone"), b"hello\n");
    kit.copy("dirlink", "same").await.unwrap();
    assert!(
        kit.path("same").is_symlink(),
        "a link to a directory is a link"
    );
    within(
        kit.files
            .copy(Path::new("/proc/self/comm"), &kit.path("comm"), false),
    )
    .await
    .unwrap();
    assert_eq!(kit.get("comm"), fs::read("/proc/self/comm").unwrap());
}

#[tokio::test]
async fn copies_that_cannot_be_are_refused_in_the_words_of_the_case() {
    let kit = Kit::furnished();
    let flat = within(kit.files.copy(&kit.path("dir"), &kit.path("x"), false)).await;
    refused(
        flat,
        FsErrorKind::Invalid,
        "fs/copy requires recursive: true when sourcePath is a directory",
    );
    let text = "fs/copy only supports regular files, directories, and symlinks";
    refused(kit.copy("pipe", "x").await, FsErrorKind::Invalid, text);
    let device = within(kit.files.copy(Path::new("/dev/null"), &kit.path("x"), true)).await;
    refused(device, FsErrorKind::Invalid, text);
    for (from, to, expected) in [
        ("none", "x", MISSING),
        ("a", "no/x", MISSING),
        ("a/b", "x", NOT_A_DIRECTORY),
        ("a", "dir", IS_A_DIRECTORY),
        ("a", "dirlink", IS_A_DIRECTORY),
        ("dir", "a", EXISTS),
        ("dir", "dangling", EXISTS),
        ("link", "a", EXISTS),
        ("link", "dir", EXISTS),
        ("link", "link", EXISTS),
        ("a", "pipe", NO_SUCH_DEVICE),
    ] {
        refused(kit.copy(from, to).await, expected.0, expected.1);
    }
    assert!(!kit.path("x").exists());
}

#[tokio::test]
async fn an_existing_destination_is_merged_and_conflicts_stop_the_copy() {
    let kit = Kit::furnished();
    fs::create_dir_all(kit.path("to/sub")).unwrap();
    kit.put("to/keep", b"kept");
    kit.put("to/f", b"old");
    fs::remove_file(kit.path("dir/nowhere")).unwrap();
    kit.copy("dir", "to").await.unwrap();
    kit.copy("dir", "to").await.unwrap();
    assert_eq!(
        (kit.get("to/keep"), kit.get("to/f"), kit.get("to/sub/z")),
        (b"kept".to_vec(), b"f".to_vec(), b"z".to_vec())
    );

    for (conflict, expected) in [("f", IS_A_DIRECTORY), ("sub", EXISTS)] {
        fs::remove_dir_all(kit.path("to")).unwrap();
        fs::create_dir(kit.path("to")).unwrap();
        if conflict == "f" {
            fs::create_dir(kit.path("to/f")).unwrap();
        } else {
            kit.put("to/sub", b"");
        }
        refused(kit.copy("dir", "to").await, expected.0, expected.1);
    }
    // A link in the destination leads no directory of the copy elsewhere.
    fs::remove_dir_all(kit.path("to")).unwrap();
    fs::create_dir_all(kit.path("to")).unwrap();
    fs::create_dir(kit.path("outside")).unwrap();
    kit.link("../outside", "to/sub");
    refused(kit.copy("dir", "to").await, EXISTS.0, EXISTS.1);
    assert_eq!(fs::read_dir(kit.path("outside")).unwrap().count(), 0);
    // The destination itself may be named by a link.
    kit.link("outside", "way");
    kit.copy("dir", "way").await.unwrap();
    assert_eq!(kit.get("outside/sub/z"), b"z");
}

#[tokio::test]
async fn f15_nothing_is_copied_onto_or_into_itself() {
    let kit = Kit::furnished();
    for target in ["a", "hard", "link", "dir/../a"] {
        refused(
            kit.copy("a", target).await,
            FsErrorKind::Invalid,
            "fs/copy cannot copy a file to itself",
        );
    }
    let before = kit.names();
    for target in [
        "dir",
        "dir/sub",
        "dir/new",
        "dir/new/er",
        "dirlink",
        "dirlink/new",
        "dir/sub/../../dirlink/x",
    ] {
        refused(kit.copy("dir", target).await, FsErrorKind::Invalid, ITSELF);
    }
    assert_eq!((kit.get("a"), kit.names()), (b"hello\n".to_vec(), before));
    // A directory whose name only begins like the other's is another one.
    kit.copy("dir", "dir2").await.unwrap();
    assert_eq!(kit.get("dir2/f"), b"f");
}
