//! Making, walking and removing directories.

use std::{fs, os::unix::fs::MetadataExt as _, path::Path};

use outpost_host::fs::{FsErrorKind, RemoveOptions, WalkKind, WalkOptions};

use crate::fs_kit::*;

pub(crate) const ALL: WalkOptions = WalkOptions {
    max_depth: 64,
    max_directories: 10_000,
    max_entries: 50_000,
    follow_directory_symlinks: false,
    prune_hidden_directories: false,
};

#[tokio::test]
async fn directories_are_made_with_those_above_them() {
    let kit = Kit::furnished();
    let make = async |name: &str, recursive, follow| {
        within(
            kit.files
                .create_directory(&kit.path(name), recursive, follow),
        )
        .await
    };
    for follow in [true, false] {
        let deep = format!("deep-{follow}/er/est");
        make(&deep, true, follow).await.unwrap();
        make(&deep, true, follow).await.unwrap();
        assert!(kit.path(&deep).is_dir());
        refused(make(&deep, false, follow).await, EXISTS.0, EXISTS.1);
        make(&format!("flat-{follow}"), false, follow)
            .await
            .unwrap();
        assert_eq!(kit.mode(&format!("flat-{follow}")), kit.mode("dir"));
        refused(make("no/x", false, follow).await, MISSING.0, MISSING.1);
        refused(
            make("a/b", false, follow).await,
            NOT_A_DIRECTORY.0,
            NOT_A_DIRECTORY.1,
        );
        refused(
            make("a/b", true, follow).await,
            NOT_A_DIRECTORY.0,
            NOT_A_DIRECTORY.1,
        );
        for name in ["a", "link", "dangling", "loop", "pipe", "dir", "dirlink"] {
            refused(make(name, false, follow).await, EXISTS.0, EXISTS.1);
        }
    }
    for name in ["a", "link", "dangling", "loop", "pipe"] {
        refused(make(name, true, true).await, EXISTS.0, EXISTS.1);
        refused(
            make(name, true, false).await,
            NOT_A_DIRECTORY.0,
            NOT_A_DIRECTORY.1,
        );
    }
    make("dirlink", true, true).await.unwrap();
    make("dirlink/new", true, true).await.unwrap();
    assert!(kit.path("dir/new").is_dir());
    for name in ["dirlink", "dirlink/other"] {
        refused(
            make(name, true, false).await,
            NOT_A_DIRECTORY.0,
            NOT_A_DIRECTORY.1,
        );
    }
    for follow in [true, false] {
        within(kit.files.create_directory(Path::new("/"), true, follow))
            .await
            .unwrap();
        let root = within(kit.files.create_directory(Path::new("/"), false, follow)).await;
        refused(root, EXISTS.0, EXISTS.1);
    }
}

#[tokio::test]
async fn a_walk_of_real_directories_reports_them_in_order() {
    let kit = Kit::furnished();
    let walk = async |name: &str, options| within(kit.files.walk(&kit.path(name), options)).await;
    let told = async |name: &str, options| -> Vec<String> {
        let walk = walk(name, options).await.unwrap();
        assert!(walk.errors.is_empty() && !walk.truncated);
        let tell = |path: &Path, kind| {
            let path = path
                .strip_prefix(kit.path(""))
                .unwrap()
                .display()
                .to_string();
            if kind == WalkKind::Directory {
                path + "/"
            } else {
                path
            }
        };
        walk.entries
            .iter()
            .map(|entry| tell(&entry.path, entry.kind))
            .collect()
    };
    assert_eq!(
        told("", ALL).await,
        ["a", "dir/", "hard", "dir/f", "dir/sub/", "dir/sub/z"]
    );
    let follow = WalkOptions {
        follow_directory_symlinks: true,
        ..ALL
    };
    assert_eq!(
        told("", follow).await,
        [
            "a",
            "dir/",
            "dirlink/",
            "hard",
            "dir/f",
            "dir/sub/",
            "dir/sub/z"
        ]
    );
    assert_eq!(
        told("dirlink", follow).await,
        ["dirlink/f", "dirlink/sub/", "dirlink/sub/z"]
    );
    for empty in ["a", "pipe", "dirlink"] {
        assert!(told(empty, ALL).await.is_empty());
    }
    refused(walk("none", ALL).await, MISSING.0, MISSING.1);
    refused(walk("dangling", ALL).await, MISSING.0, MISSING.1);
    refused(walk("loop", ALL).await, LOOP.0, LOOP.1);
    let zero = WalkOptions {
        max_entries: 0,
        ..ALL
    };
    let text = "filesystem walk limits must be greater than zero";
    refused(walk("none", zero).await, FsErrorKind::Invalid, text);
    let beyond = WalkOptions {
        max_depth: 65,
        ..ALL
    };
    let text = "filesystem walk limits exceed maximums: depth=64, directories=10000, entries=50000";
    refused(walk("", beyond).await, FsErrorKind::Invalid, text);
}

#[tokio::test]
async fn f13_link_loops_end_every_call() {
    let kit = Kit::furnished();
    kit.link("ping", "pong");
    kit.link("pong", "ping");
    kit.link("..", "dir/up");
    let path = kit.path("ping/x");
    refused(read(&kit.files, &path).await, LOOP.0, LOOP.1);
    refused(kit.write("ping/x", b"").await, LOOP.0, LOOP.1);
    refused(kit.write("ping", b"").await, LOOP.0, LOOP.1);
    refused(kit.copy("a", "ping").await, LOOP.0, LOOP.1);
    refused(
        within(kit.files.metadata(&path, true)).await,
        LOOP.0,
        LOOP.1,
    );
    refused(
        within(kit.files.read_directory(&path)).await,
        LOOP.0,
        LOOP.1,
    );
    let follow = WalkOptions {
        follow_directory_symlinks: true,
        ..ALL
    };
    let walk = within(kit.files.walk(&kit.path("dir"), follow))
        .await
        .unwrap();
    assert!(
        !walk.truncated && walk.entries.len() < 12,
        "each directory is read once"
    );
    kit.copy("ping", "copied").await.unwrap();
    assert_eq!(
        fs::read_link(kit.path("copied")).unwrap(),
        Path::new("pong")
    );
    kit.copy("dir", "tree").await.unwrap();
    assert!(kit.path("tree/up").is_symlink());
}

#[tokio::test]
async fn f14_removing_a_tree_leaves_what_its_links_lead_to() {
    let kit = Kit::furnished();
    fs::create_dir_all(kit.path("tree/in")).unwrap();
    kit.link("../dir", "tree/out");
    kit.link("../../a", "tree/in/file");
    kit.pipe("tree/pipe");
    kit.remove("tree", true, false).await.unwrap();
    kit.remove("dirlink", true, false).await.unwrap();
    assert!(!kit.path("tree").exists() && !kit.path("dirlink").is_symlink());
    assert_eq!(
        (kit.get("a"), kit.get("dir/f"), kit.get("dir/sub/z")),
        (b"hello\n".to_vec(), b"f".to_vec(), b"z".to_vec())
    );
}

#[tokio::test]
async fn removing_follows_its_options() {
    for (recursive, force) in [(true, true), (true, false), (false, true), (false, false)] {
        let kit = Kit::furnished();
        fs::create_dir(kit.path("empty")).unwrap();
        for name in [
            "link",
            "a",
            "dangling",
            "empty",
            "loop",
            "pipe",
            "dirlink/f",
        ] {
            kit.remove(name, recursive, force).await.unwrap();
            assert!(
                !kit.path(name).exists() && !kit.path(name).is_symlink(),
                "{name}"
            );
        }
        if !recursive {
            let text = "Directory not empty (os error 39)";
            refused(
                kit.remove("dir", recursive, force).await,
                FsErrorKind::Other,
                text,
            );
        }
        refused(
            kit.remove("hard/x", recursive, force).await,
            NOT_A_DIRECTORY.0,
            NOT_A_DIRECTORY.1,
        );
        for name in ["none", "none/x"] {
            match kit.remove(name, recursive, force).await {
                done if force => done.unwrap(),
                done => refused(done, MISSING.0, MISSING.1),
            }
        }
    }
}

#[tokio::test]
async fn without_follow_only_single_things_reached_without_links_are_removed() {
    let kit = Kit::furnished();
    let remove = async |name: &str, recursive, force| {
        let options = RemoveOptions {
            recursive,
            force,
            follow: false,
        };
        within(kit.files.remove(&kit.path(name), options)).await
    };
    let text = "recursive no-follow removal is unsupported";
    refused(remove("a", true, true).await, FsErrorKind::Other, text);
    for name in ["link", "dangling", "loop", "dirlink"] {
        refused(
            remove(name, false, true).await,
            CONTAINS_LINK.0,
            CONTAINS_LINK.1,
        );
    }
    for name in ["dirlink/f", "a/b"] {
        refused(
            remove(name, false, true).await,
            NOT_A_DIRECTORY.0,
            NOT_A_DIRECTORY.1,
        );
    }
    refused(
        remove("dir", false, true).await,
        FsErrorKind::Other,
        "Directory not empty (os error 39)",
    );
    refused(remove("none/x", false, false).await, MISSING.0, MISSING.1);
    remove("none/x", false, true).await.unwrap();
    for name in ["dir/sub/z", "dir/sub", "pipe", "a"] {
        remove(name, false, false).await.unwrap();
        assert!(!kit.path(name).exists());
    }
}

#[tokio::test]
async fn the_root_is_never_removed() {
    let kit = Kit::empty();
    for recursive in [true, false] {
        let options = RemoveOptions {
            recursive,
            force: true,
            follow: true,
        };
        let refusal = within(kit.files.remove(Path::new("/"), options)).await;
        refused(refusal, FsErrorKind::Other, "Resource busy (os error 16)");
    }
    assert!(fs::metadata("/").unwrap().ino() > 0);
}
