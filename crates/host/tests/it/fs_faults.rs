//! Pipes and devices: no call waits for them.

#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

use std::{fs, path::Path};

use outpost_host::fs::{FsErrorKind, Handles, OpenMode};

use crate::fs_kit::*;

async fn nothing_waits(kit: &Kit) {
    let pipe = kit.path("pipe");
    let text = format!("path `{}` is not a file", pipe.display());
    refused(read(&kit.files, &pipe).await, FsErrorKind::Invalid, &text);
    refused(
        within(kit.files.open_whole(&pipe, false)).await,
        NOT_REGULAR.0,
        NOT_REGULAR.1,
    );
    refused(
        kit.write("pipe", b"x").await,
        NO_SUCH_DEVICE.0,
        NO_SUCH_DEVICE.1,
    );
    let strictly = within(kit.files.write_whole(&pipe, "x".into(), false)).await;
    refused(strictly, NO_SUCH_DEVICE.0, NO_SUCH_DEVICE.1);
    refused(
        kit.copy("a", "pipe").await,
        NO_SUCH_DEVICE.0,
        NO_SUCH_DEVICE.1,
    );
    let from = "fs/copy only supports regular files, directories, and symlinks";
    refused(kit.copy("pipe", "b").await, FsErrorKind::Invalid, from);
    let handles = Handles::new(&kit.files);
    refused(
        within(handles.open("h", &pipe, OpenMode::Read)).await,
        FsErrorKind::Invalid,
        &text,
    );
    refused(
        within(handles.open("h", &pipe, OpenMode::Replace)).await,
        NO_SUCH_DEVICE.0,
        NO_SUCH_DEVICE.1,
    );
    let metadata = within(kit.files.metadata(&pipe, true)).await.unwrap();
    assert!(!metadata.is_file && !metadata.is_dir && !metadata.is_symlink);
    refused(
        within(kit.files.read_directory(&pipe)).await,
        NOT_A_DIRECTORY.0,
        NOT_A_DIRECTORY.1,
    );
}

#[tokio::test]
async fn f01_no_call_waits_for_the_other_end_of_a_pipe() {
    let kit = Kit::furnished();
    nothing_waits(&kit).await;
    // Also not where somebody is at the other end, so that opening it would succeed.
    let _ends = fs::File::options()
        .read(true)
        .write(true)
        .open(kit.path("pipe"))
        .unwrap();
    nothing_waits(&kit).await;
    kit.remove("pipe", false, false).await.unwrap();
}

#[tokio::test]
async fn f02_devices_are_neither_read_nor_opened() {
    let kit = Kit::furnished();
    let handles = Handles::new(&kit.files);
    for device in ["/dev/zero", "/dev/null", "/dev/random", "/dev/tty"].map(Path::new) {
        let text = format!("path `{}` is not a file", device.display());
        refused(read(&kit.files, device).await, FsErrorKind::Invalid, &text);
        for mode in [OpenMode::Read, OpenMode::Replace] {
            refused(
                within(handles.open("h", device, mode)).await,
                FsErrorKind::Invalid,
                &text,
            );
        }
        assert!(
            !within(kit.files.metadata(device, true))
                .await
                .unwrap()
                .is_file
        );
    }
    kit.link("/dev/zero", "zero");
    let text = format!("path `{}` is not a file", kit.path("zero").display());
    refused(
        read(&kit.files, &kit.path("zero")).await,
        FsErrorKind::Invalid,
        &text,
    );
}
