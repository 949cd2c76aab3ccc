//! `fs/*` in environments beside this machine: from the wire to the client of an exec server.
//!
//! What a server refuses is told in its words and in this face's codes; what it does not answer is
//! told with the name of the environment. A large file is passed on while it is read.

use std::sync::Arc;

use outpost_client::{ClientError, DirectoryEntry, FileReader, Files};
use outpost_protocol::{
    RpcError,
    app::{
        Done,
        fs::{
            FsCopyParams, FsCreateDirectoryParams, FsGetMetadataParams, FsGetMetadataResponse,
            FsReadDirectoryEntry, FsReadDirectoryParams, FsReadDirectoryResponse, FsReadFileParams,
            FsReadFileResponse, FsRemoveParams, FsWatchParams, FsWriteFileParams,
        },
    },
    code,
};
use outpost_rpc::{
    frame::{PieceWriter, ReaderGone},
    router::Reply,
};

use super::{errors, remote::Remote};
use crate::{app::files::content, contents::Encoder};

/// The answer of every handler.
type Answer<T> = Result<Reply<T>, RpcError>;

/// Parameters that say where they are meant.
pub(in crate::app) trait Placed {
    /// The environment that is named.
    fn environment(&self) -> Option<&str>;
}

/// Files of another environment.
pub(in crate::app) struct Away {
    files: Files,
    environment: Arc<str>,
}

macro_rules! placed {
    ($($params:ty),* $(,)?) => {$(
        impl Placed for $params {
            fn environment(&self) -> Option<&str> {
                self.environment_id.as_deref()
            }
        }
    )*};
}

placed! {
    FsReadFileParams, FsWriteFileParams, FsCreateDirectoryParams, FsGetMetadataParams,
    FsReadDirectoryParams, FsRemoveParams, FsCopyParams, FsWatchParams,
}

/// The largest file that is read, in bytes; the reference's number.
const WHOLE: u64 = 512 << 20;

/// The largest file that is answered at once, in bytes.
const AT_ONCE: u64 = 1 << 20;

// === impl Away ===

impl Away {
    /// The files of an environment that answers.
    pub(in crate::app) async fn reach(remote: &Remote) -> Result<Self, RpcError> {
        let reached = remote.reach().await;
        let reached = reached.map_err(|error| RpcError::internal(error.advice()))?;
        Ok(Self {
            files: reached.environment.files(),
            environment: Arc::clone(remote.id()),
        })
    }

    fn refusal(&self, error: &ClientError) -> RpcError {
        let ClientError::Refused { error, .. } = error else {
            let words = errors::words(error);
            return RpcError::internal(format!("environment `{}`: {words}", self.environment));
        };
        let words = error.message.clone();
        // Exec servers have a code for what is missing, and refuse what the system forbids.
        match error.code {
            code::INVALID_REQUEST if !words.contains("(os error ") => {
                RpcError::invalid_request(words)
            }
            code::INVALID_PARAMS => RpcError::invalid_params(words),
            _ => RpcError::internal(words),
        }
    }

    fn done(&self, outcome: Result<(), ClientError>) -> Answer<Done> {
        match outcome {
            Ok(()) => Ok(Done {}.into()),
            Err(error) => Err(self.refusal(&error)),
        }
    }
}

/// `fs/readFile`.
pub(in crate::app) async fn read_file(
    away: Away,
    params: FsReadFileParams,
) -> Answer<FsReadFileResponse> {
    let path = params.path.as_path();
    let size = away.files.metadata(path).await;
    let size = size.map_err(|error| away.refusal(&error))?.size;
    if size > WHOLE {
        let words = format!("file is too large to read: limit is {WHOLE} bytes");
        return Err(RpcError::invalid_request(words));
    }
    if size <= AT_ONCE {
        let data = away.files.read(path).await;
        let data_base64 = data.map_err(|error| away.refusal(&error))?.into();
        return Ok(FsReadFileResponse { data_base64 }.into());
    }
    let reader = away.files.open_reader(path).await;
    let reader = reader.map_err(|error| away.refusal(&error))?;
    Ok(Reply::Pieces(Box::new(move |writer| {
        Box::pin(send(reader, away.environment, writer))
    })))
}

/// Passes a file on.
async fn send(
    mut reader: FileReader,
    environment: Arc<str>,
    writer: PieceWriter,
) -> Result<PieceWriter, ReaderGone> {
    writer.part(r#"{"dataBase64":""#.to_owned()).await?;
    let mut encoder = Encoder::default();
    loop {
        match reader.next().await {
            Ok(Some(block)) => {
                for text in encoder.texts(&block) {
                    writer.part(text).await?;
                }
            }
            Ok(None) => break,
            Err(error) => {
                // What was sent cannot be taken back: the connection ends, so that nobody takes
                // half a file for a whole one.
                tracing::warn!(
                    environment = &*environment,
                    %error,
                    "reading failed in the middle of an answer"
                );
                return Err(ReaderGone);
            }
        }
    }
    writer.part(encoder.end() + "\"}").await?;
    Ok(writer)
}

/// `fs/writeFile`.
pub(in crate::app) async fn write_file(away: Away, params: FsWriteFileParams) -> Answer<Done> {
    let data = content(&params.data_base64)?;
    away.done(away.files.write(params.path.as_path(), data.0).await)
}

/// `fs/createDirectory`.
pub(in crate::app) async fn create_directory(
    away: Away,
    params: FsCreateDirectoryParams,
) -> Answer<Done> {
    let recursive = params.recursive.unwrap_or(true);
    let path = params.path.as_path();
    away.done(away.files.create_directory(path, recursive).await)
}

/// `fs/getMetadata`.
pub(in crate::app) async fn get_metadata(
    away: Away,
    params: FsGetMetadataParams,
) -> Answer<FsGetMetadataResponse> {
    let metadata = away.files.metadata(params.path.as_path()).await;
    let metadata = metadata.map_err(|error| away.refusal(&error))?;
    Ok(FsGetMetadataResponse {
        is_directory: metadata.is_directory,
        is_file: metadata.is_file,
        is_symlink: metadata.is_symlink,
        created_at_ms: metadata.created_at_ms,
        modified_at_ms: metadata.modified_at_ms,
    }
    .into())
}

/// `fs/readDirectory`.
pub(in crate::app) async fn read_directory(
    away: Away,
    params: FsReadDirectoryParams,
) -> Answer<FsReadDirectoryResponse> {
    let entries = away.files.read_directory(params.path.as_path()).await;
    let entries = entries.map_err(|error| away.refusal(&error))?;
    let entry = |entry: DirectoryEntry| FsReadDirectoryEntry {
        file_name: entry.file_name,
        is_directory: entry.is_directory,
        is_file: entry.is_file,
    };
    Ok(FsReadDirectoryResponse {
        entries: entries.into_iter().map(entry).collect(),
    }
    .into())
}

/// `fs/remove`.
pub(in crate::app) async fn remove(away: Away, params: FsRemoveParams) -> Answer<Done> {
    let (recursive, force) = (
        params.recursive.unwrap_or(true),
        params.force.unwrap_or(true),
    );
    let path = params.path.as_path();
    away.done(away.files.remove(path, recursive, force).await)
}

/// `fs/copy`.
pub(in crate::app) async fn copy(away: Away, params: FsCopyParams) -> Answer<Done> {
    let (from, to) = (
        params.source_path.as_path(),
        params.destination_path.as_path(),
    );
    away.done(away.files.copy(from, to, params.recursive).await)
}

/// `fs/watch`: exec servers only tell when something that is missing appears.
pub(in crate::app) fn no_watch(remote: &Remote) -> RpcError {
    RpcError::invalid_request(format!(
        "fs/watch is not available in environment `{}`: exec servers do not tell of changes; look \
         again when they matter",
        remote.id()
    ))
}
