//! Handles: blocks, bounds and the files behind them.

#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

use std::{fs, path::Path};

use bytes::Bytes;
use outpost_host::fs::{Block, FsErrorKind, FsLimits, Handles, OpenMode};
use proptest::prelude::*;

use crate::fs_kit::*;

const MIB: usize = 1024 * 1024;
const BAD_HANDLE: (FsErrorKind, &str) = (FsErrorKind::Other, "Bad file descriptor (os error 9)");

fn unknown(id: &str) -> (FsErrorKind, String) {
    (FsErrorKind::NotFound, format!("unknown file handle `{id}`"))
}

async fn block(handles: &Handles, id: &str, offset: u64, len: usize) -> (Vec<u8>, bool) {
    let Block { data, eof } = within(handles.read_block(id, offset, len)).await.unwrap();
    (data.to_vec(), eof)
}

#[tokio::test]
async fn blocks_are_read_in_any_order_and_eof_means_fewer_than_asked_for() {
    let kit = Kit::empty();
    kit.put("f", b"hello\n");
    let handles = Handles::new(&kit.files);
    within(handles.open("r", &kit.path("f"), OpenMode::Read))
        .await
        .unwrap();
    for (offset, len, expected, eof) in [
        (3, 3, "lo\n", false),
        (0, 3, "hel", false),
        (4, 3, "o\n", true),
        (6, 1, "", true),
        (1 << 40, 1, "", true),
        (0, MIB, "hello\n", true),
    ] {
        assert_eq!(
            block(&handles, "r", offset, len).await,
            (expected.into(), eof)
        );
    }
    assert_eq!(handles.ids(), ["r"], "the end closes nothing");
}

#[tokio::test]
async fn replacing_empties_at_once_and_keeps_inode_and_mode() {
    let kit = Kit::furnished();
    kit.set_mode("a", 0o751);
    let inode = kit.inode("a");
    let handles = Handles::new(&kit.files);
    within(handles.open("w", &kit.path("link"), OpenMode::Replace))
        .await
        .unwrap();
    assert_eq!(
        (kit.get("hard"), kit.inode("a"), kit.mode("a")),
        (vec![], inode, 0o751)
    );
    within(handles.write_block("w", 0, "abc".into()))
        .await
        .unwrap();
    within(handles.write_block("w", 5, "x".into()))
        .await
        .unwrap();
    assert_eq!(kit.get("a"), b"abc\0\0x");
    within(handles.open("n", &kit.path("dangling"), OpenMode::Replace))
        .await
        .unwrap();
    within(handles.write_block("n", 0, "new".into()))
        .await
        .unwrap();
    assert_eq!(kit.get("gone"), b"new");
}

#[tokio::test]
async fn a_handle_stays_with_its_file_whatever_becomes_of_the_path() {
    let kit = Kit::empty();
    kit.put("f", b"old");
    let handles = Handles::new(&kit.files);
    within(handles.open("r", &kit.path("f"), OpenMode::Read))
        .await
        .unwrap();
    kit.put("g", b"other");
    fs::rename(kit.path("g"), kit.path("f")).unwrap();
    assert_eq!(block(&handles, "r", 0, 9).await, (b"old".to_vec(), true));
    kit.remove("f", false, false).await.unwrap();
    assert_eq!(block(&handles, "r", 1, 2).await, (b"ld".to_vec(), false));
}

#[tokio::test]
async fn what_cannot_be_opened_is_refused_without_taking_the_id() {
    let kit = Kit::furnished();
    let handles = Handles::new(&kit.files);
    let not_a_file = |path: &Path| format!("path `{}` is not a file", path.display());
    for (name, reading, replacing) in [
        ("loop", LOOP, LOOP),
        ("no/x", MISSING, MISSING),
        ("a/b", NOT_A_DIRECTORY, NOT_A_DIRECTORY),
    ] {
        refused(
            within(handles.open("h", &kit.path(name), OpenMode::Read)).await,
            reading.0,
            reading.1,
        );
        refused(
            within(handles.open("h", &kit.path(name), OpenMode::Replace)).await,
            replacing.0,
            replacing.1,
        );
    }
    for (name, replacing) in [
        ("dir", IS_A_DIRECTORY),
        ("dirlink", IS_A_DIRECTORY),
        ("pipe", NO_SUCH_DEVICE),
    ] {
        let text = not_a_file(&kit.path(name));
        refused(
            within(handles.open("h", &kit.path(name), OpenMode::Read)).await,
            FsErrorKind::Invalid,
            &text,
        );
        refused(
            within(handles.open("h", &kit.path(name), OpenMode::Replace)).await,
            replacing.0,
            replacing.1,
        );
    }
    for mode in [OpenMode::Read, OpenMode::Replace] {
        for device in ["/dev/null", "/dev/zero", "/dev/full", "/dev/tty"].map(Path::new) {
            refused(
                within(handles.open("h", device, mode)).await,
                FsErrorKind::Invalid,
                &not_a_file(device),
            );
        }
    }
    refused(
        within(handles.open("h", &kit.path("dangling"), OpenMode::Read)).await,
        MISSING.0,
        MISSING.1,
    );
    assert!(handles.ids().is_empty());
    within(handles.open("h", Path::new("/proc/self/comm"), OpenMode::Read))
        .await
        .unwrap();
}

#[tokio::test]
async fn handles_go_one_way() {
    let kit = Kit::furnished();
    let handles = Handles::new(&kit.files);
    within(handles.open("r", &kit.path("a"), OpenMode::Read))
        .await
        .unwrap();
    within(handles.open("w", &kit.path("new"), OpenMode::Replace))
        .await
        .unwrap();
    refused(
        within(handles.write_block("r", 0, "x".into())).await,
        BAD_HANDLE.0,
        BAD_HANDLE.1,
    );
    assert_eq!(
        block(&handles, "r", 0, 1).await.0,
        b"h",
        "a failed write closes nothing"
    );
    refused(
        within(handles.read_block("w", 0, 1)).await,
        BAD_HANDLE.0,
        BAD_HANDLE.1,
    );
    let gone = unknown("w");
    refused(
        within(handles.write_block("w", 0, "x".into())).await,
        gone.0,
        &gone.1,
    );
}

#[tokio::test]
async fn f18_ids_handles_and_blocks_are_bounded_at_their_edges() {
    let kit = Kit::furnished();
    let handles = Handles::new(&kit.files);
    let path = kit.path("a");
    let open = async |id: &str| within(handles.open(id, &path, OpenMode::Read)).await;
    open("").await.unwrap();
    refused(
        open("").await,
        FsErrorKind::Invalid,
        "file handle `` already exists",
    );
    open(&"é".repeat(16)).await.unwrap();
    let text = "file handle ID must not exceed 32 bytes";
    refused(open(&"x".repeat(33)).await, FsErrorKind::Invalid, text);
    for number in 2..128 {
        open(&number.to_string()).await.unwrap();
    }
    let text = "at most 128 file handles may be open per connection";
    refused(open("one more").await, FsErrorKind::Invalid, text);
    refused(
        open("5").await,
        FsErrorKind::Invalid,
        "file handle `5` already exists",
    );
    assert!(within(handles.close("5")).await && !within(handles.close("5")).await);
    open("one more").await.unwrap();

    let text = "file read block length must be between 1 and 1048576";
    for len in [0, MIB + 1, usize::MAX] {
        refused(
            within(handles.read_block("6", 0, len)).await,
            FsErrorKind::Invalid,
            text,
        );
    }
    assert_eq!(block(&handles, "6", 0, MIB).await.0.len(), 6);
    within(handles.close("6")).await;
    within(handles.open("w", &kit.path("new"), OpenMode::Replace))
        .await
        .unwrap();
    let text = "file write block length must be between 1 and 1048576";
    for len in [0, MIB + 1] {
        let data = Bytes::from(vec![0; len]);
        refused(
            within(handles.write_block("w", 0, data)).await,
            FsErrorKind::Invalid,
            text,
        );
    }
    within(handles.write_block("w", 0, vec![1; MIB].into()))
        .await
        .unwrap();
    assert_eq!(kit.get("new").len(), MIB);
}

#[tokio::test]
async fn f18_absurd_offsets_are_errors() {
    let kit = Kit::furnished();
    let handles = Handles::new(&kit.files);
    for offset in [i64::MAX as u64, 1 << 63, u64::MAX] {
        within(handles.open("r", &kit.path("a"), OpenMode::Read))
            .await
            .unwrap();
        let failed = within(handles.read_block("r", offset, 1)).await;
        refused(
            failed,
            FsErrorKind::Invalid,
            "Invalid argument (os error 22)",
        );
        assert!(
            !within(handles.close("r")).await,
            "a failed read closes its handle"
        );
    }
    within(handles.open("w", &kit.path("new"), OpenMode::Replace))
        .await
        .unwrap();
    let text = "file write range exceeds the signed 64-bit file offset limit";
    for (offset, data) in [
        (i64::MAX as u64, "x"),
        (i64::MAX as u64 - 1, "xx"),
        (u64::MAX, "x"),
    ] {
        refused(
            within(handles.write_block("w", offset, data.into())).await,
            FsErrorKind::Invalid,
            text,
        );
    }
    // The last byte a file can have: most file systems are smaller.
    match within(handles.write_block("w", i64::MAX as u64 - 1, "x".into())).await {
        Ok(()) => assert_eq!(
            fs::metadata(kit.path("new")).unwrap().len(),
            i64::MAX as u64
        ),
        refusal => refused(refusal, FsErrorKind::Other, "File too large (os error 27)"),
    }
    within(handles.write_block("w", 0, "x".into()))
        .await
        .unwrap();
}

#[tokio::test]
async fn f18_dropping_the_handles_closes_their_files() {
    let kit = Kit::furnished();
    let handles = Handles::new(&kit.files);
    for number in 0..128 {
        within(handles.open(&number.to_string(), &kit.path("a"), OpenMode::Read))
            .await
            .unwrap();
    }
    let open = || {
        let descriptors = fs::read_dir("/proc/self/fd")
            .unwrap()
            .filter_map(Result::ok);
        descriptors
            .filter(|entry| fs::read_link(entry.path()).is_ok_and(|to| to == kit.path("a")))
            .count()
    };
    assert_eq!(open(), 128);
    drop(handles);
    within(kit.files.finish()).await;
    assert_eq!(open(), 0);
}

#[tokio::test]
async fn opening_one_id_twice_at_once_succeeds_once_and_a_dropped_opening_frees_it() {
    let kit = Kit::furnished();
    let handles = Handles::new(&kit.files);
    let path = kit.path("a");
    let opens = (0..8).map(|_| handles.open("same", &path, OpenMode::Read));
    let opened = within(futures_util::future::join_all(opens)).await;
    assert_eq!(opened.iter().filter(|opened| opened.is_ok()).count(), 1);

    let mut opening = Box::pin(handles.open("other", &path, OpenMode::Read));
    let opened = futures_util::poll!(&mut opening).is_ready();
    drop(opening);
    assert_eq!(handles.ids().len(), if opened { 2 } else { 1 });
}

#[tokio::test]
async fn smaller_limits_are_told_in_the_refusals() {
    let kit = Kit::limited(FsLimits {
        handles: 1,
        handle_id_bytes: 2,
        block_bytes: 3,
        ..FsLimits::default()
    });
    kit.put("a", b"hello");
    let handles = Handles::new(&kit.files);
    within(handles.open("ab", &kit.path("a"), OpenMode::Read))
        .await
        .unwrap();
    let open = async |id: &str| within(handles.open(id, &kit.path("a"), OpenMode::Read)).await;
    refused(
        open("abc").await,
        FsErrorKind::Invalid,
        "file handle ID must not exceed 2 bytes",
    );
    refused(
        open("b").await,
        FsErrorKind::Invalid,
        "at most 1 file handles may be open per connection",
    );
    assert_eq!(block(&handles, "ab", 2, 3).await, (b"llo".to_vec(), false));
    let text = "file read block length must be between 1 and 3";
    refused(
        within(handles.read_block("ab", 0, 4)).await,
        FsErrorKind::Invalid,
        text,
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]
    /// The model is a vector that grows with zeros.
    #[test]
    fn blocks_in_any_order_make_the_file_a_vector_would_be(
        writes in proptest::collection::vec((0..5000u64, 1..3000usize, any::<u8>()), 1..12),
        reads in proptest::collection::vec((0..9000u64, 1..9000usize), 1..8),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let kit = Kit::empty();
            let handles = Handles::new(&kit.files);
            handles.open("w", &kit.path("f"), OpenMode::Replace).await.unwrap();
            let mut model: Vec<u8> = Vec::new();
            for (offset, len, byte) in writes {
                handles.write_block("w", offset, vec![byte; len].into()).await.unwrap();
                let start = usize::try_from(offset).unwrap();
                model.resize(model.len().max(start + len), 0);
                model[start..start + len].fill(byte);
            }
            handles.open("r", &kit.path("f"), OpenMode::Read).await.unwrap();
            for (offset, len) in reads {
                let start = usize::try_from(offset).unwrap().min(model.len());
                let end = (start + len).min(model.len());
                let expected = (model[start..end].to_vec(), end - start < len);
                assert_eq!(block(&handles, "r", offset, len).await, expected);
            }
        });
    }
}
