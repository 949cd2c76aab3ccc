//! Writing when the disk is full, when others write, when nobody waits any more.

#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::Bytes;
use outpost_host::fs::{Handles, OpenMode};

use crate::fs_kit::*;

const MIB: usize = 1024 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn f16_two_writers_leave_one_of_the_contents_whole() {
    let kit = Kit::empty();
    for (name, links) in [("one", false), ("two", true)] {
        kit.put(name, b"");
        let other = if links {
            fs::hard_link(kit.path(name), kit.path("other")).unwrap();
            "other"
        } else {
            name
        };
        for round in 0..10 {
            let writes = (0..6u8).map(|writer| {
                let content = vec![b'a' + writer; MIB / 2 + usize::from(writer) * 4096];
                let name = if writer % 2 == 0 { name } else { other };
                let (files, path) = (kit.files.clone(), kit.path(name));
                async move { within(files.write_whole(&path, content.into(), true)).await }
            });
            for written in futures_util::future::join_all(writes).await {
                written.unwrap();
            }
            let content = kit.get(name);
            let writer = content[0] - b'a';
            assert_eq!(
                content.len(),
                MIB / 2 + usize::from(writer) * 4096,
                "round {round}"
            );
            assert!(
                content.iter().all(|byte| *byte == content[0]),
                "round {round}"
            );
        }
    }
}

/// Whoever looks at any moment sees one whole content. A crash is such a moment: what it leaves is
/// what could be seen.
#[tokio::test(flavor = "multi_thread")]
async fn f12_at_no_moment_is_a_file_half_written() {
    let kit = Kit::empty();
    let (small, large) = (vec![b's'; 1000], vec![b'l'; 4 * MIB]);
    kit.put("f", &small);
    let done = Arc::new(AtomicBool::new(false));
    let (path, seen_done) = (kit.path("f"), Arc::clone(&done));
    let looking = tokio::task::JoinSet::from_iter([async move {
        tokio::task::spawn_blocking(move || {
            let mut looks = 0;
            while !seen_done.load(Ordering::Relaxed) || looks == 0 {
                let content = fs::read(&path).unwrap();
                assert!(
                    content == vec![b's'; 1000] || content == vec![b'l'; 4 * MIB],
                    "{}",
                    content.len()
                );
                looks += 1;
            }
        })
        .await
        .unwrap();
    }]);
    for _ in 0..20 {
        kit.write("f", &large).await.unwrap();
        kit.write("f", &small).await.unwrap();
    }
    done.store(true, Ordering::Relaxed);
    looking.join_all().await;
    assert_eq!(kit.names(), ["f"], "nothing is left beside it");
}

/// A file system of one MiB, gone when dropped; `None` where it cannot be had.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(kit: &Kit) -> Option<Self> {
        let path = kit.path("disk");
        fs::create_dir(&path).unwrap();
        let path_text = path.to_str().unwrap();
        if run(
            "mount",
            &["-t", "tmpfs", "-o", "size=1M", "none", path_text],
        ) {
            return Some(Self(path));
        }
        skipped("mounting a small disk needs root");
        None
    }

    fn free(&self) -> u64 {
        let disk = rustix::fs::statvfs(&self.0).unwrap();
        disk.f_bfree * disk.f_frsize
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        run("umount", &["-l", self.0.to_str().unwrap()]);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "mounting is a program of the system"
)]
fn run(program: &str, arguments: &[&str]) -> bool {
    let output = std::process::Command::new(program).args(arguments).output();
    output.is_ok_and(|output| output.status.success())
}

#[tokio::test]
async fn f12_a_full_disk_leaves_the_old_content() {
    let kit = Kit::empty();
    let Some(disk) = SmallDisk::mount(&kit) else {
        return;
    };
    let old = vec![b'o'; 600 * 1024];
    kit.put("disk/one", &old);
    let free = disk.free();
    refused(
        kit.write("disk/one", &vec![b'n'; 2 * MIB]).await,
        FULL.0,
        FULL.1,
    );
    assert!(kit.get("disk/one") == old);

    fs::hard_link(kit.path("disk/one"), kit.path("disk/two")).unwrap();
    refused(
        kit.write("disk/two", &vec![b'n'; 2 * MIB]).await,
        FULL.0,
        FULL.1,
    );
    assert!(kit.get("disk/one") == old && kit.get("disk/two") == old);
    fs::remove_file(kit.path("disk/two")).unwrap();

    refused(
        kit.write("disk/new", &vec![b'n'; MIB / 2]).await,
        FULL.0,
        FULL.1,
    );
    kit.put("big", &vec![b'b'; 2 * MIB]);
    refused(kit.copy("big", "disk/one").await, FULL.0, FULL.1);
    assert!(kit.get("disk/one") == old);
    assert_eq!(
        (kit.names(), disk.free()),
        (vec!["big".into(), "disk".into(), "disk/one".into()], free)
    );

    // There is no room for both side by side, but there is for the one.
    let new = vec![b'n'; 700 * 1024];
    kit.write("disk/one", &new).await.unwrap();
    assert!(kit.get("disk/one") == new);
}

#[tokio::test]
async fn f12_a_block_that_does_not_fit_fails_and_the_handle_stays() {
    let kit = Kit::empty();
    let Some(disk) = SmallDisk::mount(&kit) else {
        return;
    };
    let handles = Handles::new(&kit.files);
    within(handles.open("w", &disk.0.join("f"), OpenMode::Replace))
        .await
        .unwrap();
    let block = Bytes::from(vec![1; MIB]);
    within(handles.write_block("w", 0, block.slice(..MIB / 2)))
        .await
        .unwrap();
    refused(
        within(handles.write_block("w", MIB as u64, block)).await,
        FULL.0,
        FULL.1,
    );
    within(handles.write_block("w", 0, "again".into()))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_file_that_is_a_mount_point_of_its_own_is_written_in_place() {
    let kit = Kit::empty();
    kit.put("f", b"old");
    kit.put("over", b"");
    let (from, to) = (kit.path("f"), kit.path("over"));
    if !run(
        "mount",
        &["--bind", from.to_str().unwrap(), to.to_str().unwrap()],
    ) {
        return skipped("binding a file needs root");
    }
    let written = kit.write("over", b"new").await;
    let seen = kit.get("over");
    assert!(run("umount", &[to.to_str().unwrap()]));
    written.unwrap();
    assert_eq!(
        (seen, kit.get("f"), kit.names()),
        (
            b"new".to_vec(),
            b"new".to_vec(),
            vec!["f".into(), "over".into()]
        )
    );
}

#[tokio::test]
async fn a_write_that_has_begun_ends_without_its_caller() {
    let kit = Kit::empty();
    let path = kit.path("f");
    let mut write = Box::pin(kit.files.write_whole(&path, vec![7; MIB].into(), true));
    // Begun by being asked for the first time; whether it is done already does not matter.
    let _begun = futures_util::poll!(&mut write);
    drop(write);
    within(kit.files.finish()).await;
    assert!(kit.get("f") == vec![7; MIB]);
}
