//! A local file that appears under its name only when it is complete.
//!
//! It is written under another name in the same directory. [`Incoming::finish`] reads it again,
//! compares what it finds with what came in, and renames it. Dropped before that, it is removed and
//! an older file under the name is as it was. It is not forced to the disk: what is promised holds
//! for failures of the connection, the server and this program, not of the power.

use std::{
    ffi::OsString,
    fs::OpenOptions,
    io,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
};

use anyhow::{Context, bail, ensure};
use sha2::{Digest, Sha256};
use tokio::{
    fs::{self, File},
    io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt},
};

/// How much is read at a time for the comparison.
const BLOCK: usize = 256 << 10;

/// A file that is being received.
#[derive(Debug)]
pub(super) struct Incoming {
    name: PathBuf,
    hidden: Hidden,
    file: File,
    hash: Sha256,
    length: u64,
}

/// The name it has meanwhile; dropped, the file of this name is removed.
#[derive(Debug)]
struct Hidden(Option<PathBuf>);

// === impl Incoming ===

impl Incoming {
    /// Begins to receive `name`. A link is followed, so that the link stays.
    pub(super) async fn create(name: &Path) -> anyhow::Result<Self> {
        let (name, mode) = match fs::canonicalize(name).await {
            Ok(name) => {
                let metadata = fs::metadata(&name).await?;
                ensure!(metadata.is_file(), "it exists and is no regular file");
                (name, Some(metadata.permissions()))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => (name.to_path_buf(), None),
            Err(error) => return Err(error.into()),
        };
        let hidden = hidden_name(&name).context("it has no name")?;
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create_new(true);
        // Without an await, so that a dropped future cannot leave the file behind.
        let file = File::from_std(options.open(&hidden)?);
        let hidden = Hidden(Some(hidden));
        if let Some(mode) = mode {
            file.set_permissions(mode).await?;
        }
        let hash = Sha256::new();
        Ok(Self {
            name,
            hidden,
            file,
            hash,
            length: 0,
        })
    }

    /// Appends `bytes`.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes).await?;
        self.hash.update(bytes);
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// How many bytes came in.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Gives the file its name, when it holds what came in.
    pub(super) async fn finish(mut self) -> anyhow::Result<()> {
        self.file.flush().await?;
        self.file.rewind().await?;
        let (mut written, mut block) = (Sha256::new(), vec![0; BLOCK]);
        loop {
            match self.file.read(&mut block).await? {
                0 => break,
                length => written.update(&block[..length]),
            }
        }
        if written.finalize() != self.hash.finalize() {
            bail!("it does not hold what was received");
        }
        self.hidden.rename(&self.name).await?;
        Ok(())
    }
}

// === impl Hidden ===

impl Hidden {
    async fn rename(mut self, name: &Path) -> io::Result<()> {
        if let Some(hidden) = &self.0 {
            fs::rename(hidden, name).await?;
            self.0 = None;
        }
        Ok(())
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        if let Some(hidden) = self.0.take() {
            // There is nobody left to tell, and the name says what it is.
            let _left = std::fs::remove_file(hidden);
        }
    }
}

/// A name beside `name` that nobody else uses.
fn hidden_name(name: &Path) -> Option<PathBuf> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let mut hidden = OsString::from(".");
    // A name may have 255 bytes; what identifies the file is in front.
    let base = name.file_name()?.to_string_lossy();
    let short: String = base.chars().take(50).collect();
    hidden.push(format!("{short}.{}-{count}.outpost", process::id()));
    Some(name.with_file_name(hidden))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn names(folder: &Path) -> Vec<OsString> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    }

    #[tokio::test]
    async fn a_file_appears_when_it_is_complete() {
        let folder = tempfile::tempdir().unwrap();
        let name = folder.path().join("x");
        let mut incoming = Incoming::create(&name).await.unwrap();
        incoming.write(b"one ").await.unwrap();
        incoming.write(b"two").await.unwrap();
        assert!(!name.exists());
        assert_eq!(incoming.length(), 7);
        incoming.finish().await.unwrap();
        assert_eq!(std::fs::read(&name).unwrap(), b"one two");
        assert_eq!(names(folder.path()), ["x"]);
    }

    #[tokio::test]
    async fn what_is_not_finished_leaves_the_old_file_and_no_trace() {
        let folder = tempfile::tempdir().unwrap();
        let name = folder.path().join("x");
        std::fs::write(&name, "old").unwrap();
        let mut incoming = Incoming::create(&name).await.unwrap();
        incoming.write(b"new").await.unwrap();
        drop(incoming);
        assert_eq!(std::fs::read(&name).unwrap(), b"old");
        assert_eq!(names(folder.path()), ["x"]);
    }

    #[tokio::test]
    async fn a_replaced_file_keeps_its_mode_and_a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (name, link) = (folder.path().join("x"), folder.path().join("link"));
        std::fs::write(&name, "old").unwrap();
        std::fs::set_permissions(&name, std::fs::Permissions::from_mode(0o750)).unwrap();
        std::os::unix::fs::symlink("x", &link).unwrap();
        let mut incoming = Incoming::create(&link).await.unwrap();
        incoming.write(b"new").await.unwrap();
        incoming.finish().await.unwrap();
        assert_eq!(std::fs::read(&name).unwrap(), b"new");
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(
            std::fs::metadata(&name).unwrap().permissions().mode() & 0o777,
            0o750
        );
    }

    #[tokio::test]
    async fn only_a_regular_file_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Incoming::create(folder.path()).await.is_err());
        assert!(Incoming::create(Path::new("/dev/null")).await.is_err());
        assert!(Incoming::create(&folder.path().join("no/x")).await.is_err());
        assert!(names(folder.path()).is_empty());
    }

    #[tokio::test]
    async fn the_longest_name_can_be_received() {
        let folder = tempfile::tempdir().unwrap();
        let name = folder.path().join("ü".repeat(127));
        let incoming = Incoming::create(&name).await.unwrap();
        incoming.finish().await.unwrap();
        assert!(name.exists());
    }
}
