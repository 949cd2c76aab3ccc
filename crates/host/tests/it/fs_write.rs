//! Giving files new content: what stays, what is refused, and what is left when it fails.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, chown},
    path::{Path, PathBuf},
};

use outpost_host::fs::FsErrorKind;
use rustix::{
    fs::{XattrFlags, getxattr, setxattr},
    io::Errno,
};

use crate::fs_kit::*;

#[tokio::test]
async fn a_new_file_appears_with_the_usual_mode() {
    let kit = Kit::empty();
    kit.put("usual", b"");
    kit.write("new", b"content").await.unwrap();
    assert_eq!(
        (kit.get("new"), kit.mode("new")),
        (b"content".to_vec(), kit.mode("usual"))
    );
    kit.write("empty", b"").await.unwrap();
    assert_eq!(kit.get("empty"), b"");
    refused(kit.write("no/x", b"").await, MISSING.0, MISSING.1);
    assert_eq!(kit.names(), ["empty", "new", "usual"]);
}

#[tokio::test]
async fn links_are_written_through_also_to_what_is_not_there_yet() {
    let kit = Kit::furnished();
    kit.write("link", b"1").await.unwrap();
    assert_eq!(
        (kit.get("a"), kit.get("hard")),
        (b"1".to_vec(), b"1".to_vec())
    );
    kit.write("dangling", b"2").await.unwrap();
    assert_eq!(kit.get("gone"), b"2");
    kit.link("../new", "dir/up");
    kit.write("dirlink/up", b"3").await.unwrap();
    assert_eq!(kit.get("new"), b"3");
    for link in ["link", "dangling", "dir/up", "dirlink"] {
        assert!(kit.path(link).is_symlink(), "{link}");
    }
    kit.link(kit.path("far").to_str().unwrap(), "absolute");
    kit.write("absolute", b"4").await.unwrap();
    assert_eq!(kit.get("far"), b"4");
    kit.link("none/x", "lost");
    refused(kit.write("lost", b"").await, MISSING.0, MISSING.1);
    refused(kit.write("loop", b"").await, LOOP.0, LOOP.1);
}

#[tokio::test]
async fn without_follow_a_link_anywhere_is_refused() {
    let kit = Kit::furnished();
    let write =
        async |name: &str| within(kit.files.write_whole(&kit.path(name), "w".into(), false)).await;
    for name in ["link", "dangling", "loop"] {
        refused(write(name).await, LOOP.0, LOOP.1);
    }
    for name in ["a/b", "dirlink/f", "dirlink/new"] {
        refused(write(name).await, NOT_A_DIRECTORY.0, NOT_A_DIRECTORY.1);
    }
    refused(write("no/x").await, MISSING.0, MISSING.1);
    assert_eq!(
        (kit.get("a"), kit.get("dir/f")),
        (b"hello\n".to_vec(), b"f".to_vec())
    );
    for name in ["a", "dir/f", "dir/new"] {
        write(name).await.unwrap();
        assert_eq!(kit.get(name), b"w");
    }
}

#[tokio::test]
async fn directories_pipes_and_devices_are_refused_and_only_the_sinks_take_data() {
    let kit = Kit::furnished();
    for name in ["dir", "dirlink", ""] {
        refused(
            kit.write(name, b"x").await,
            IS_A_DIRECTORY.0,
            IS_A_DIRECTORY.1,
        );
    }
    refused(
        kit.write("a/b", b"x").await,
        NOT_A_DIRECTORY.0,
        NOT_A_DIRECTORY.1,
    );
    refused(
        kit.write("pipe", b"x").await,
        NO_SUCH_DEVICE.0,
        NO_SUCH_DEVICE.1,
    );
    let socket = std::os::unix::net::UnixListener::bind(kit.path("socket")).unwrap();
    refused(
        kit.write("socket", b"x").await,
        NO_SUCH_DEVICE.0,
        NO_SUCH_DEVICE.1,
    );
    drop(socket);
    let device =
        async |path: &str| within(kit.files.write_whole(Path::new(path), "x".into(), true)).await;
    device("/dev/null").await.unwrap();
    refused(device("/dev/full").await, FULL.0, FULL.1);
    for path in ["/dev/random", "/dev/tty"] {
        let text = format!("path `{path}` is not a file");
        refused(device(path).await, FsErrorKind::Invalid, &text);
    }
}

#[tokio::test]
async fn files_of_proc_are_written_in_place() {
    let kit = Kit::empty();
    let path = PathBuf::from(format!(
        "/proc/self/task/{}/comm",
        rustix::thread::gettid().as_raw_nonzero()
    ));
    let old = fs::read(&path).unwrap();
    within(kit.files.write_whole(&path, "written".into(), true))
        .await
        .unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"written\n");
    within(kit.files.write_whole(&path, old.into(), true))
        .await
        .unwrap();
    let refusal = within(
        kit.files
            .write_whole(Path::new("/proc/version"), "x".into(), true),
    )
    .await;
    assert!(matches!(
        refusal.unwrap_err().kind(),
        FsErrorKind::Other | FsErrorKind::Permission
    ));
}

#[tokio::test]
async fn hard_links_keep_leading_to_one_file() {
    let kit = Kit::furnished();
    let inode = kit.inode("a");
    for content in [&b"longer than it was before"[..], b"short", b""] {
        kit.write("a", content).await.unwrap();
        assert_eq!((kit.inode("a"), kit.inode("hard")), (inode, inode));
        assert_eq!(
            (kit.get("a"), kit.get("hard")),
            (content.to_vec(), content.to_vec())
        );
    }
}

#[tokio::test]
async fn mode_owner_and_attributes_of_the_target_stay() {
    let kit = Kit::empty();
    for links in [1, 2] {
        let name = format!("f{links}");
        kit.put(&name, b"old and long");
        if links == 2 {
            fs::hard_link(kit.path(&name), kit.path("other")).unwrap();
        }
        kit.set_mode(&name, 0o640);
        let path = kit.path(&name);
        let attribute = setxattr(&path, "user.outpost", b"kept", XattrFlags::empty());
        let root = rustix::process::geteuid().is_root();
        if root {
            chown(&path, Some(12_345), Some(54_321)).unwrap();
        }
        let before = fs::metadata(&path).unwrap();
        kit.write(&name, b"new").await.unwrap();
        let after = fs::metadata(&path).unwrap();
        assert_eq!(kit.get(&name), b"new");
        assert_eq!(
            (after.mode(), after.uid(), after.gid(), after.nlink()),
            (before.mode(), before.uid(), before.gid(), links)
        );
        if attribute != Err(Errno::OPNOTSUPP) {
            attribute.unwrap();
            let mut value = [0; 16];
            let len = getxattr(&path, "user.outpost", &mut value[..]).unwrap();
            assert_eq!(&value[..len], b"kept");
        }
    }
}

/// An access list as the kernel stores it: one more user may read and write.
fn access_list() -> Vec<u8> {
    let entries: [(u16, u16, u32); 5] = [
        (1, 6, u32::MAX),
        (2, 6, 4321),
        (4, 4, u32::MAX),
        (16, 6, u32::MAX),
        (32, 4, u32::MAX),
    ];
    let mut list = 2u32.to_le_bytes().to_vec();
    for (tag, rights, id) in entries {
        list.extend([tag.to_le_bytes(), rights.to_le_bytes()].concat());
        list.extend(id.to_le_bytes());
    }
    list
}

#[tokio::test]
async fn access_lists_stay_and_a_replacement_inherits_none() {
    const LIST: &str = "system.posix_acl_access";
    let kit = Kit::empty();
    kit.put("plain", b"old");
    kit.put("listed", b"old");
    match setxattr(
        kit.path("listed"),
        LIST,
        &access_list(),
        XattrFlags::empty(),
    ) {
        Err(Errno::OPNOTSUPP) => return skipped("no access lists on this file system"),
        done => done.unwrap(),
    }
    // From now on every new file in here gets a list.
    setxattr(
        kit.path(""),
        "system.posix_acl_default",
        &access_list(),
        XattrFlags::empty(),
    )
    .unwrap();
    let mode = kit.mode("listed");
    kit.write("plain", b"new").await.unwrap();
    kit.write("listed", b"new").await.unwrap();
    let mut value = [0; 256];
    assert_eq!(
        getxattr(kit.path("plain"), LIST, &mut value[..]),
        Err(Errno::NODATA)
    );
    let len = getxattr(kit.path("listed"), LIST, &mut value[..]).unwrap();
    assert_eq!(
        (&value[..len], kit.mode("listed")),
        (&access_list()[..], mode)
    );
    assert_eq!(
        (kit.get("plain"), kit.get("listed")),
        (b"new".to_vec(), b"new".to_vec())
    );
}

#[tokio::test]
async fn a_file_with_a_set_id_bit_is_written_in_place() {
    let kit = Kit::empty();
    kit.put("tool", b"old");
    kit.set_mode("tool", 0o4755);
    let inode = kit.inode("tool");
    kit.write("tool", b"new").await.unwrap();
    assert_eq!(
        (kit.inode("tool"), kit.get("tool")),
        (inode, b"new".to_vec())
    );
}

#[tokio::test]
async fn what_the_system_protects_stays() {
    let kit = Kit::empty();
    if !rustix::process::geteuid().is_root() {
        kit.put("locked", b"old");
        kit.set_mode("locked", 0o444);
        let denied = (FsErrorKind::Permission, "Permission denied (os error 13)");
        refused(kit.write("locked", b"new").await, denied.0, denied.1);
        assert_eq!(kit.get("locked"), b"old");
        fs::create_dir(kit.path("closed")).unwrap();
        kit.put("closed/f", b"old");
        kit.set_mode("closed", 0o555);
        refused(kit.write("closed/new", b"x").await, denied.0, denied.1);
        // The directory cannot be changed, but the file can.
        kit.write("closed/f", b"new").await.unwrap();
        assert_eq!(kit.get("closed/f"), b"new");
        kit.set_mode("closed", 0o755);
    }
    // A program that is running.
    fs::copy("/bin/sleep", kit.path("program")).unwrap();
    #[expect(
        clippy::disallowed_methods,
        reason = "a test needs a program that runs"
    )]
    let mut child = std::process::Command::new(kit.path("program"))
        .arg("600")
        .spawn()
        .unwrap();
    let busy = kit.write("program", b"x").await;
    child.kill().unwrap();
    child.wait().unwrap();
    refused(busy, FsErrorKind::Other, "Text file busy (os error 26)");
}
