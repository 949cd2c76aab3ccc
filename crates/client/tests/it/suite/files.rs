//! Files, over every connector.

use outpost_client::WalkOptions;

use crate::real::On;

pub(super) async fn a_file_is_written_looked_at_moved_and_removed(on: &On) {
    let (files, root) = (on.files(), tempfile::tempdir().unwrap());
    let at = |name: &str| root.path().join(name);
    files.create_directory(at("a/b"), true).await.unwrap();
    assert!(files.create_directory(at("a/b"), false).await.is_err());
    files.write(at("a/b/é x"), "hello").await.unwrap();
    assert_eq!(files.read(at("a/b/é x")).await.unwrap(), "hello");
    files.write(at("a/b/é x"), "").await.unwrap();
    assert_eq!(files.read(at("a/b/é x")).await.unwrap(), "");
    files.copy(at("a"), at("c"), true).await.unwrap();
    let metadata = files.metadata(at("c/b")).await.unwrap();
    assert!(metadata.is_directory && !metadata.is_file);
    let names = files.read_directory(at("c/b")).await.unwrap();
    assert_eq!((names.len(), names[0].file_name.as_str()), (1, "é x"));
    let options = WalkOptions {
        max_depth: 8,
        max_directories: 100,
        max_entries: 100,
        follow_directory_symlinks: false,
        prune_hidden_directories: false,
    };
    let walk = files.walk(root.path(), options).await.unwrap();
    let found = walk
        .entries
        .into_iter()
        .map(|entry| entry.path.into_native().unwrap());
    assert_eq!(
        found.collect::<Vec<_>>(),
        ["a", "c", "a/b", "c/b", "a/b/é x", "c/b/é x"].map(at)
    );
    assert_eq!(
        files.canonicalize(at("a/../c")).await.unwrap(),
        at("c").canonicalize().unwrap()
    );
    files.remove(at("a"), true, false).await.unwrap();
    assert!(!at("a").exists());
    assert!(
        files
            .remove(at("a"), true, false)
            .await
            .unwrap_err()
            .is_not_found()
    );
    files.remove(at("a"), true, true).await.unwrap();
}

pub(super) async fn large_files_go_block_by_block(on: &On) {
    let (files, root) = (on.files(), tempfile::tempdir().unwrap());
    let path = root.path().join("large");
    for size in [0, 1, (256 << 10) - 1, 256 << 10, (17 << 20) + 3] {
        let bytes: Vec<u8> = (0..size).map(|n| u8::try_from(n % 253).unwrap()).collect();
        let mut writer = files.open_writer(&path).await.unwrap();
        for part in bytes.chunks(1_000_000) {
            writer.write(part.to_vec()).await.unwrap();
        }
        writer.finish().await.unwrap();
        let mut reader = files.open_reader(&path).await.unwrap();
        assert_eq!(reader.size(), bytes.len() as u64);
        let mut read = Vec::new();
        while let Some(block) = reader.next().await.unwrap() {
            read.extend_from_slice(&block);
        }
        assert!(read == bytes, "block by block: {} of {size}", read.len());
        assert!(files.read(&path).await.unwrap() == bytes, "whole: {size}");
    }
    // More than the handles of a connection: each is closed again.
    for _ in 0..200 {
        let mut reader = files.open_reader(&path).await.unwrap();
        reader.next().await.unwrap();
    }
    assert!(!files.read("/proc/self/status").await.unwrap().is_empty());
}

pub(super) async fn a_missing_file_is_not_found(on: &On) {
    let files = on.files();
    let missing = "/no/such/file";
    assert!(files.read(missing).await.unwrap_err().is_not_found());
    assert!(files.metadata(missing).await.unwrap_err().is_not_found());
    assert!(files.open_reader(missing).await.unwrap_err().is_not_found());
    assert!(files.write(missing, "x").await.unwrap_err().is_not_found());
    assert!(files.open_writer(missing).await.unwrap_err().is_not_found());
}

pub(super) async fn a_path_that_appears_is_seen(on: &On) {
    let (files, root) = (on.files(), tempfile::tempdir().unwrap());
    let path = root.path().join("appears");
    let watch = files
        .watch_missing(std::slice::from_ref(&path), None)
        .await
        .unwrap();
    let watch = watch.expect("it is watched");
    files.write(&path, "").await.unwrap();
    assert!(watch.changed().await);
    assert!(
        files.watch_missing(&[path], None).await.unwrap().is_none(),
        "it is there already"
    );
}
