//! What the file tests share: a fresh directory with one of everything, and short ways to ask.

#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

use std::{
    fmt::Debug,
    fs,
    future::Future,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use outpost_host::fs::{Files, FsError, FsErrorKind, FsLimits, RemoveOptions, WholeFile};
use rustix::fs::{CWD, Mode, mkfifoat};

/// A call that takes this long hangs.
const HANG: Duration = Duration::from_secs(20);

/// A directory of a test's own, under its real path, and the files of this computer.
pub(crate) struct Kit {
    pub(crate) files: Files,
    root: PathBuf,
    _keep: tempfile::TempDir,
}

impl Kit {
    /// An empty directory.
    pub(crate) fn empty() -> Self {
        Self::limited(FsLimits::default())
    }

    pub(crate) fn limited(limits: FsLimits) -> Self {
        let keep = tempfile::tempdir().unwrap();
        Self {
            files: Files::new(limits),
            root: keep.path().canonicalize().unwrap(),
            _keep: keep,
        }
    }

    /// One of everything: `a` (and `hard`, the same file), `link` to it, `dangling`, `loop`,
    /// `pipe`, `dir` with `f`, `sub/z` and a dangling link, `dirlink` to it.
    pub(crate) fn furnished() -> Self {
        let kit = Self::empty();
        kit.put("a", b"hello\n");
        fs::hard_link(kit.path("a"), kit.path("hard")).unwrap();
        kit.link("a", "link");
        kit.link("gone", "dangling");
        kit.link("loop", "loop");
        kit.pipe("pipe");
        fs::create_dir_all(kit.path("dir/sub")).unwrap();
        kit.put("dir/f", b"f");
        kit.put("dir/sub/z", b"z");
        kit.link("gone", "dir/nowhere");
        kit.link("dir", "dirlink");
        kit
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    pub(crate) fn put(&self, name: &str, content: &[u8]) {
        fs::write(self.path(name), content).unwrap();
    }

    pub(crate) fn get(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    pub(crate) fn link(&self, target: &str, name: &str) {
        symlink(target, self.path(name)).unwrap();
    }

    pub(crate) fn pipe(&self, name: &str) {
        mkfifoat(CWD, self.path(name), Mode::from_raw_mode(0o600)).unwrap();
    }

    pub(crate) fn inode(&self, name: &str) -> u64 {
        fs::symlink_metadata(self.path(name)).unwrap().ino()
    }

    pub(crate) fn mode(&self, name: &str) -> u32 {
        fs::symlink_metadata(self.path(name)).unwrap().mode() & 0o7777
    }

    pub(crate) fn set_mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// All names below the root, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        names_below(&self.root, &self.root)
    }

    pub(crate) async fn write(&self, name: &str, content: &[u8]) -> Result<(), FsError> {
        let data = Bytes::copy_from_slice(content);
        within(self.files.write_whole(&self.path(name), data, true)).await
    }

    pub(crate) async fn copy(&self, from: &str, to: &str) -> Result<(), FsError> {
        within(self.files.copy(&self.path(from), &self.path(to), true)).await
    }

    pub(crate) async fn remove(
        &self,
        name: &str,
        recursive: bool,
        force: bool,
    ) -> Result<(), FsError> {
        let options = RemoveOptions {
            recursive,
            force,
            follow: true,
        };
        within(self.files.remove(&self.path(name), options)).await
    }
}

fn names_below(root: &Path, directory: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        names.push(
            entry
                .path()
                .strip_prefix(root)
                .unwrap()
                .display()
                .to_string(),
        );
        if entry.file_type().unwrap().is_dir() {
            names.extend(names_below(root, &entry.path()));
        }
    }
    names.sort();
    names
}

pub(crate) use outpost_testkit::skipped;

/// The result of a call that must not hang.
pub(crate) async fn within<T>(call: impl Future<Output = T>) -> T {
    tokio::time::timeout(HANG, call)
        .await
        .expect("the call hangs")
}

/// Everything a file still has to give, asked for in pieces of `max` bytes.
pub(crate) async fn rest(file: &mut WholeFile, max: usize) -> Result<Bytes, FsError> {
    let mut all = BytesMut::new();
    while let Some(window) = within(file.next(max)).await? {
        assert!(!window.is_empty() && window.len() <= max);
        all.extend_from_slice(&window);
    }
    Ok(all.freeze())
}

pub(crate) async fn read(files: &Files, path: &Path) -> Result<Bytes, FsError> {
    let mut file = within(files.open_whole(path, true)).await?;
    rest(&mut file, 1 << 20).await
}

/// Asserts that a call was refused with exactly these words and this meaning.
#[track_caller]
pub(crate) fn refused<T: Debug>(result: Result<T, FsError>, kind: FsErrorKind, text: &str) {
    let error = result.expect_err("the call should be refused");
    assert_eq!((error.to_string().as_str(), error.kind()), (text, kind));
}

pub(crate) const MISSING: (FsErrorKind, &str) = (
    FsErrorKind::NotFound,
    "No such file or directory (os error 2)",
);
pub(crate) const LOOP: (FsErrorKind, &str) =
    (FsErrorKind::Other, "Symbolic link loop (os error 40)");
pub(crate) const NOT_A_DIRECTORY: (FsErrorKind, &str) =
    (FsErrorKind::Other, "Not a directory (os error 20)");
pub(crate) const IS_A_DIRECTORY: (FsErrorKind, &str) =
    (FsErrorKind::Other, "Is a directory (os error 21)");
pub(crate) const EXISTS: (FsErrorKind, &str) = (FsErrorKind::Other, "File exists (os error 17)");
pub(crate) const NO_SUCH_DEVICE: (FsErrorKind, &str) =
    (FsErrorKind::Other, "No such device or address (os error 6)");
pub(crate) const FULL: (FsErrorKind, &str) =
    (FsErrorKind::Other, "No space left on device (os error 28)");
pub(crate) const CONTAINS_LINK: (FsErrorKind, &str) =
    (FsErrorKind::Invalid, "path contains a symbolic link");
pub(crate) const NOT_REGULAR: (FsErrorKind, &str) =
    (FsErrorKind::Invalid, "path is not a regular file");
