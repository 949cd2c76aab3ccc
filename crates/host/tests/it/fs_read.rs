//! Reading whole files.

use std::{ffi::OsStr, fs, os::unix::ffi::OsStrExt as _, path::Path, task::Poll};

use outpost_host::fs::{FIRST_WINDOW, FsErrorKind, FsLimits};
use proptest::prelude::*;

use crate::fs_kit::*;

/// Bytes of which no two pieces are alike.
fn pattern(len: usize) -> Vec<u8> {
    (0..len)
        .map(|at| at.wrapping_mul(2_654_435_761).to_le_bytes()[2])
        .collect()
}

#[tokio::test]
async fn a_small_file_is_there_with_the_open() {
    let kit = Kit::empty();
    for len in [0, 1, 64 * 1024, FIRST_WINDOW] {
        kit.put("f", &pattern(len));
        let mut file = within(kit.files.open_whole(&kit.path("f"), true))
            .await
            .unwrap();
        assert_eq!(file.size(), len as u64);
        assert_eq!(file.small().unwrap(), pattern(len));
        assert_eq!(rest(&mut file, 100_000).await.unwrap(), pattern(len));
    }
    kit.put("f", &pattern(FIRST_WINDOW + 1));
    let file = within(kit.files.open_whole(&kit.path("f"), true))
        .await
        .unwrap();
    assert!(file.small().is_none());
}

#[tokio::test]
async fn small_is_the_whole_content_or_nothing() {
    let kit = Kit::empty();
    kit.put("f", &pattern(1000));
    let mut file = within(kit.files.open_whole(&kit.path("f"), true))
        .await
        .unwrap();
    assert_eq!(file.next(10).await.unwrap().unwrap(), pattern(1000)[..10]);
    assert!(file.small().is_none(), "part of it has been given away");
    assert_eq!(rest(&mut file, 1 << 20).await.unwrap(), pattern(1000)[10..]);
}

#[tokio::test]
async fn a_large_file_comes_in_windows_of_the_size_asked_for() {
    let kit = Kit::empty();
    let content = pattern(3 * FIRST_WINDOW + 5);
    kit.put("f", &content);
    let mut file = within(kit.files.open_whole(&kit.path("f"), true))
        .await
        .unwrap();
    let mut lengths = Vec::new();
    let mut all = Vec::new();
    while let Some(window) = within(file.next(FIRST_WINDOW)).await.unwrap() {
        lengths.push(window.len());
        all.extend_from_slice(&window);
    }
    assert_eq!(lengths, [FIRST_WINDOW, FIRST_WINDOW, FIRST_WINDOW, 5]);
    assert!(all == content);
    assert!(within(file.next(1)).await.unwrap().is_none());
    let mut file = within(kit.files.open_whole(&kit.path("f"), true))
        .await
        .unwrap();
    assert!(
        rest(&mut file, 4 << 20)
            .await
            .is_ok_and(|all| all == content),
        "an absurd maximum is cut"
    );
}

#[tokio::test]
async fn the_file_that_was_opened_is_the_file_that_is_read() {
    let kit = Kit::empty();
    let content = pattern(2 * FIRST_WINDOW);
    kit.put("f", &content);
    let mut file = within(kit.files.open_whole(&kit.path("f"), true))
        .await
        .unwrap();
    kit.write("f", b"new").await.unwrap();
    assert!(rest(&mut file, FIRST_WINDOW).await.unwrap() == content);

    let mut grows = within(kit.files.open_whole(&kit.path("f"), true))
        .await
        .unwrap();
    fs::OpenOptions::new()
        .append(true)
        .open(kit.path("f"))
        .map(|mut file| std::io::Write::write_all(&mut file, b"er"))
        .unwrap()
        .unwrap();
    assert_eq!(
        rest(&mut grows, 100).await.unwrap(),
        "new",
        "up to the size it had"
    );

    kit.put("g", &content);
    let mut shrinks = within(kit.files.open_whole(&kit.path("g"), true))
        .await
        .unwrap();
    fs::OpenOptions::new()
        .write(true)
        .open(kit.path("g"))
        .unwrap()
        .set_len(10)
        .unwrap();
    assert!(
        rest(&mut shrinks, FIRST_WINDOW).await.unwrap() == content[..FIRST_WINDOW],
        "what had been read, then the end"
    );
}

#[tokio::test]
async fn a_dropped_read_loses_nothing() {
    let kit = Kit::empty();
    let content = pattern(2 * FIRST_WINDOW);
    kit.put("f", &content);
    let mut file = within(kit.files.open_whole(&kit.path("f"), true))
        .await
        .unwrap();
    let mut all = Vec::new();
    for _ in 0..5 {
        let mut reading = Box::pin(file.next(FIRST_WINDOW / 4));
        // Given up, unless it is there at once.
        if let Poll::Ready(window) = futures_util::poll!(&mut reading) {
            all.extend_from_slice(&window.unwrap().unwrap());
        }
    }
    all.extend_from_slice(&rest(&mut file, FIRST_WINDOW).await.unwrap());
    assert!(all == content);
}

#[tokio::test]
async fn f05_a_sparse_40_gib_file_is_refused_and_the_limit_is_exact() {
    let kit = Kit::empty();
    fs::File::create(kit.path("huge"))
        .unwrap()
        .set_len(40 << 30)
        .unwrap();
    let text = "file is too large to read: limit is 536870912 bytes";
    for follow in [true, false] {
        refused(
            within(kit.files.open_whole(&kit.path("huge"), follow)).await,
            FsErrorKind::Invalid,
            text,
        );
    }
    let kit = Kit::limited(FsLimits {
        whole_file_bytes: 1000,
        ..FsLimits::default()
    });
    kit.put("edge", &pattern(1000));
    assert_eq!(
        read(&kit.files, &kit.path("edge")).await.unwrap(),
        pattern(1000)
    );
    kit.put("beyond", &pattern(1001));
    let text = "file is too large to read: limit is 1000 bytes";
    refused(
        read(&kit.files, &kit.path("beyond")).await,
        FsErrorKind::Invalid,
        text,
    );
    // One that does not say how long it is must not slip through.
    refused(
        read(&kit.files, Path::new("/proc/self/status")).await,
        FsErrorKind::Invalid,
        text,
    );
}

#[tokio::test]
async fn f03_proc_files_are_read_to_their_end_or_fail() {
    let kit = Kit::empty();
    let comm = within(kit.files.open_whole(Path::new("/proc/self/comm"), true))
        .await
        .unwrap();
    assert_eq!(
        (comm.size(), comm.small().unwrap().to_vec()),
        (0, fs::read("/proc/self/comm").unwrap())
    );
    let long = Path::new("/proc/kallsyms");
    let expected = fs::read(long).unwrap();
    let got = read(&kit.files, long).await.unwrap();
    assert_eq!(
        got.len(),
        expected.len(),
        "several windows of a file without a size"
    );
    assert!(got == expected);
    let failed = read(&kit.files, Path::new("/proc/self/mem")).await;
    refused(failed, FsErrorKind::Other, "I/O error (os error 5)");
}

#[tokio::test]
async fn what_is_not_a_file_is_refused_in_the_words_of_the_case() {
    let kit = Kit::furnished();
    for (name, following, strictly) in [
        ("dangling", MISSING, LOOP),
        ("loop", LOOP, LOOP),
        ("a/b", NOT_A_DIRECTORY, NOT_A_DIRECTORY),
        ("none", MISSING, MISSING),
        ("none/x", MISSING, MISSING),
    ] {
        refused(
            within(kit.files.open_whole(&kit.path(name), true)).await,
            following.0,
            following.1,
        );
        refused(
            within(kit.files.open_whole(&kit.path(name), false)).await,
            strictly.0,
            strictly.1,
        );
    }
    for name in ["dir", "pipe", "dirlink"] {
        let text = format!("path `{}` is not a file", kit.path(name).display());
        refused(
            within(kit.files.open_whole(&kit.path(name), true)).await,
            FsErrorKind::Invalid,
            &text,
        );
    }
    for name in ["dir", "pipe"] {
        refused(
            within(kit.files.open_whole(&kit.path(name), false)).await,
            NOT_REGULAR.0,
            NOT_REGULAR.1,
        );
    }
    refused(
        within(kit.files.open_whole(&kit.path("link"), false)).await,
        LOOP.0,
        LOOP.1,
    );
    refused(
        within(kit.files.open_whole(&kit.path("dirlink/f"), false)).await,
        NOT_A_DIRECTORY.0,
        NOT_A_DIRECTORY.1,
    );
    assert_eq!(
        read(&kit.files, &kit.path("link")).await.unwrap(),
        "hello\n"
    );
    let mut strict = within(kit.files.open_whole(&kit.path("dir/f"), false))
        .await
        .unwrap();
    assert_eq!(rest(&mut strict, 10).await.unwrap(), "f");
    let long = kit.path(&"x".repeat(256));
    refused(
        read(&kit.files, &long).await,
        FsErrorKind::Other,
        "Filename too long (os error 36)",
    );
    let nul = Path::new(OsStr::from_bytes(b"/tmp/a\0b"));
    let words = "file name contained an unexpected NUL byte";
    refused(read(&kit.files, nul).await, FsErrorKind::Invalid, words);
    for call in [
        within(kit.files.write_whole(nul, bytes::Bytes::new(), true)).await,
        within(kit.files.copy(&kit.path("f"), nul, false)).await,
        within(kit.files.copy(nul, &kit.path("f"), false)).await,
        within(kit.files.create_directory(nul, true, true)).await,
    ] {
        refused(call, FsErrorKind::Invalid, words);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn windows_of_any_size_join_to_the_file(len in 0..200_000usize, sizes in proptest::collection::vec(1..90_000usize, 1..6)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let kit = Kit::empty();
            kit.put("f", &pattern(len));
            let mut file = kit.files.open_whole(&kit.path("f"), true).await.unwrap();
            let mut all = Vec::new();
            for max in sizes.iter().cycle() {
                match file.next(*max).await.unwrap() {
                    Some(window) => {
                        assert!(!window.is_empty() && window.len() <= *max);
                        all.extend_from_slice(&window);
                    }
                    None => break,
                }
            }
            assert!(all == pattern(len));
        });
    }
}
