//! Files of an environment.
//!
//! Paths are absolute paths on the server. What only looks is asked again after a lost connection;
//! what changes something is not, and fails as [`ClientError::Unanswered`].

mod reader;
mod watch;
mod writer;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
pub use outpost_protocol::exec::fs::{
    FsGetMetadataResponse as Metadata, FsReadDirectoryEntry as DirectoryEntry,
    FsWalkEntry as WalkEntry, FsWalkOptions as WalkOptions, FsWalkResponse as Walk,
};
use outpost_protocol::{
    Base64Bytes, PathUri,
    exec::fs::{
        Canonicalize, Copy, CreateDirectory, GetMetadata, ReadDirectory, ReadFile, Remove,
        Walk as WalkMethod, WireFsCanonicalizeParams, WireFsCopyParams,
        WireFsCreateDirectoryParams, WireFsGetMetadataParams, WireFsReadDirectoryParams,
        WireFsReadFileParams, WireFsRemoveParams, WireFsWalkParams, WireFsWriteFileParams,
        WriteFile,
    },
};

pub use self::{reader::FileReader, watch::MissingWatch, writer::FileWriter};
use crate::{ClientError, session::Core};

/// The files of an environment. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Files {
    pub(crate) core: Arc<Core>,
}

/// The largest file that [`Files::read`] takes in one answer: in base64 well within a message.
/// Larger ones are read block by block.
const WHOLE_READ: u64 = 16 << 20;

/// The largest content that [`Files::write`] sends: in base64 within the 64 MiB of one message.
const WHOLE_WRITE: usize = 47 << 20;

// === impl Files ===

impl Files {
    /// A whole file; it is held in memory.
    pub async fn read(&self, path: impl AsRef<Path>) -> Result<Bytes, ClientError> {
        let path = path.as_ref();
        if self.metadata(path).await?.size > WHOLE_READ {
            let mut reader = self.open_reader(path).await?;
            let mut whole = Vec::with_capacity(usize::try_from(reader.size()).unwrap_or(0));
            while let Some(block) = reader.next().await? {
                whole.extend_from_slice(&block);
            }
            return Ok(whole.into());
        }
        let params = WireFsReadFileParams {
            path: uri(path)?,
            sandbox: None,
            follow_symlinks: true,
        };
        Ok(self.core.repeat::<ReadFile>(&params).await?.data_base64.0)
    }

    /// Writes a whole file of at most 47 MiB; when it fails the old content stays. Larger ones go
    /// through [`Files::open_writer`], without that promise.
    pub async fn write(
        &self,
        path: impl AsRef<Path>,
        data: impl AsRef<[u8]>,
    ) -> Result<(), ClientError> {
        let data = data.as_ref();
        if data.len() > WHOLE_WRITE {
            return Err(ClientError::TooLarge {
                bytes: data.len(),
                limit: WHOLE_WRITE,
            });
        }
        let mut data_base64 = String::with_capacity(Base64Bytes::encoded_len(data.len()));
        Base64Bytes::append(data, &mut data_base64);
        let path = uri(path.as_ref())?;
        let params = WireFsWriteFileParams {
            path,
            data_base64,
            sandbox: None,
            follow_symlinks: true,
        };
        self.core.once::<WriteFile>(&params).await.map(drop)
    }

    /// Kind, size and times of what the path leads to.
    pub async fn metadata(&self, path: impl AsRef<Path>) -> Result<Metadata, ClientError> {
        let path = uri(path.as_ref())?;
        let params = WireFsGetMetadataParams {
            path,
            sandbox: None,
            follow_symlinks: true,
        };
        self.core.repeat::<GetMetadata>(&params).await
    }

    /// The names in a directory, in no order.
    pub async fn read_directory(
        &self,
        path: impl AsRef<Path>,
    ) -> Result<Vec<DirectoryEntry>, ClientError> {
        let params = WireFsReadDirectoryParams {
            path: uri(path.as_ref())?,
            sandbox: None,
        };
        Ok(self.core.repeat::<ReadDirectory>(&params).await?.entries)
    }

    /// The names below a directory.
    pub async fn walk(
        &self,
        path: impl AsRef<Path>,
        options: WalkOptions,
    ) -> Result<Walk, ClientError> {
        let params = WireFsWalkParams {
            path: uri(path.as_ref())?,
            options,
            sandbox: None,
        };
        self.core.repeat::<WalkMethod>(&params).await
    }

    /// Removes a file, a link or a directory; `recursive` with everything below, `force` finds it
    /// fine when there is nothing.
    pub async fn remove(
        &self,
        path: impl AsRef<Path>,
        recursive: bool,
        force: bool,
    ) -> Result<(), ClientError> {
        let params = WireFsRemoveParams {
            path: uri(path.as_ref())?,
            recursive: Some(recursive),
            force: Some(force),
            sandbox: None,
            follow_symlinks: true,
        };
        self.core.once::<Remove>(&params).await.map(drop)
    }

    /// Copies a file, a link or, if `recursive`, a directory, on the server.
    pub async fn copy(
        &self,
        from: impl AsRef<Path>,
        to: impl AsRef<Path>,
        recursive: bool,
    ) -> Result<(), ClientError> {
        let params = WireFsCopyParams {
            source_path: uri(from.as_ref())?,
            destination_path: uri(to.as_ref())?,
            recursive,
            sandbox: None,
        };
        self.core.once::<Copy>(&params).await.map(drop)
    }

    /// Makes a directory; `recursive` makes missing parents too and finds an existing one fine.
    pub async fn create_directory(
        &self,
        path: impl AsRef<Path>,
        recursive: bool,
    ) -> Result<(), ClientError> {
        let params = WireFsCreateDirectoryParams {
            path: uri(path.as_ref())?,
            recursive: Some(recursive),
            sandbox: None,
            follow_symlinks: true,
        };
        self.core.once::<CreateDirectory>(&params).await.map(drop)
    }

    /// The path without links, `.` and `..`.
    pub async fn canonicalize(&self, path: impl AsRef<Path>) -> Result<PathBuf, ClientError> {
        let params = WireFsCanonicalizeParams {
            path: uri(path.as_ref())?,
            sandbox: None,
        };
        native(self.core.repeat::<Canonicalize>(&params).await?.path)
    }

    /// Opens a file for reading, block by block, several blocks on the way at once.
    pub async fn open_reader(&self, path: impl AsRef<Path>) -> Result<FileReader, ClientError> {
        FileReader::open(Arc::clone(&self.core), path.as_ref()).await
    }

    /// Makes a file, or empties it, and opens it for writing from its start, several blocks on the
    /// way at once. Needs the capability `fileWriteStreaming`.
    pub async fn open_writer(&self, path: impl AsRef<Path>) -> Result<FileWriter, ClientError> {
        FileWriter::open(Arc::clone(&self.core), path.as_ref()).await
    }

    /// Asks to be told when one of these missing paths appears, or `present` vanishes. `None`: the
    /// server does not watch; look yourself. Needs the capability `fsWatchMissing`.
    pub async fn watch_missing(
        &self,
        missing: &[PathBuf],
        present: Option<&Path>,
    ) -> Result<Option<MissingWatch>, ClientError> {
        MissingWatch::begin(&self.core, missing, present).await
    }
}

/// The wire's form of a path, which must be absolute.
pub(crate) fn uri(path: impl Into<PathBuf>) -> Result<PathUri, ClientError> {
    let path = path.into();
    if path.is_absolute() {
        Ok(PathUri::from_path(path))
    } else {
        Err(ClientError::NotAbsolute { path })
    }
}

fn native(path: PathUri) -> Result<PathBuf, ClientError> {
    path.into_native().map_err(|foreign| ClientError::Protocol {
        words: foreign.to_string(),
    })
}
