//! Where the trials take place: a temporary directory, and a listener.
//!
//! Dropping it removes the directory.

use std::{
    fs::{self, DirBuilder},
    hash::{BuildHasher, RandomState},
    net::{SocketAddr, TcpListener},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use anyhow::Context;

/// The place.
#[derive(Debug)]
pub(super) struct Scene {
    root: PathBuf,
    listener: TcpListener,
    /// This program.
    pub(super) program: PathBuf,
}

// === impl Scene ===

impl Scene {
    /// Makes it.
    pub(super) fn set() -> anyhow::Result<Self> {
        let above = std::env::temp_dir();
        let random = RandomState::new().hash_one(());
        let name = format!("outpost-doctor-{}-{random:016x}", std::process::id());
        let listener = TcpListener::bind(("127.0.0.1", 0));
        let listener = listener.context("cannot listen on 127.0.0.1 for a trial")?;
        let program = std::env::current_exe().context("cannot find this program")?;
        let root = above.join(name);
        let words = || format!("cannot make {} for the trials", root.display());
        let mut private = DirBuilder::new();
        private.mode(0o700);
        private.create(&root).with_context(words)?;
        let scene = Self {
            root: fs::canonicalize(&root).with_context(words)?,
            listener,
            program,
        };
        private.create(scene.inside("")).with_context(words)?;
        fs::write(scene.secret(), "x").with_context(words)?;
        Ok(scene)
    }

    /// A path in the directory that may be written.
    pub(super) fn inside(&self, name: &str) -> PathBuf {
        let directory = self.root.join("inside");
        if name.is_empty() {
            directory
        } else {
            directory.join(name)
        }
    }

    /// A path beside it.
    pub(super) fn outside(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// A file that is there, beside it.
    pub(super) fn secret(&self) -> PathBuf {
        self.outside("secret")
    }

    /// Where somebody listens.
    pub(super) fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Where the commands run.
    pub(super) fn directory(&self) -> &Path {
        &self.root
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.root) {
            tracing::warn!(path = %self.root.display(), %error, "what was tried left something");
        }
    }
}
