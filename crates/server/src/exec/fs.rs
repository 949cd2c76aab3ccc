//! `fs/*`: from the wire to the engine and back.
//!
//! Nothing here knows of policies. A [`Desk`] is in the server for calls without one, and in a
//! helper behind walls for the others (see [`super::sandbox`]): the same handlers in both.

mod read;

use std::path::PathBuf;

use outpost_host::fs::{Files, Handles, OpenMode, RemoveOptions, WalkKind, WalkOptions};
use outpost_protocol::{
    Base64Bytes, PathUri, RpcError,
    exec::fs::{
        Done, FsCanonicalizeResponse, FsCloseParams, FsGetMetadataResponse, FsOpenMode,
        FsOpenResponse, FsReadDirectoryEntry, FsReadDirectoryResponse, FsWalkEntry, FsWalkError,
        FsWalkKind, FsWalkResponse, FsWatchMissingParams, FsWatchMissingResponse,
        FsWriteBlockParams, WireFsCanonicalizeParams, WireFsCopyParams,
        WireFsCreateDirectoryParams, WireFsGetMetadataParams, WireFsOpenParams,
        WireFsReadDirectoryParams, WireFsRemoveParams, WireFsWalkParams, WireFsWriteFileParams,
    },
};
use outpost_rpc::router::Reply;

pub(super) use self::read::{REFERENCE_CLIENT, REFERENCE_CLIENT_FILE, read_block, read_file};
use super::{connection::Call, errors, watch};

/// The answer of every handler.
pub(super) type Answer<T> = Result<Reply<T>, RpcError>;

/// Where file calls are done.
#[derive(Clone, Debug)]
pub(super) struct Desk {
    pub(super) files: Files,
    /// The open files of one connection.
    pub(super) handles: Handles,
    /// Bytes of a file that fit one answer to the client, where that is known.
    pub(super) answer_bytes: Option<u64>,
}

/// The path as it is known here.
fn path(path: PathUri) -> Result<PathBuf, RpcError> {
    path.into_native()
        .map_err(|foreign| errors::foreign_path(&foreign))
}

/// `fs/writeFile`.
pub(super) async fn write_file(desk: Desk, params: WireFsWriteFileParams) -> Answer<Done> {
    let path = path(params.path)?;
    let data = Base64Bytes::decode(&params.data_base64).map_err(|words| {
        RpcError::invalid_request(format!(
            "fs/writeFile requires valid base64 dataBase64: {words}"
        ))
    })?;
    drop(params.data_base64);
    done(
        desk.files
            .write_whole(&path, data.0, params.follow_symlinks)
            .await,
    )
}

fn done(outcome: Result<(), outpost_host::fs::FsError>) -> Answer<Done> {
    outcome
        .map(|()| Done {}.into())
        .map_err(|error| errors::fs(&error))
}

/// `fs/createDirectory`.
pub(super) async fn create_directory(
    desk: Desk,
    params: WireFsCreateDirectoryParams,
) -> Answer<Done> {
    let path = path(params.path)?;
    let recursive = params.recursive.unwrap_or(true);
    done(
        desk.files
            .create_directory(&path, recursive, params.follow_symlinks)
            .await,
    )
}

/// `fs/getMetadata`.
pub(super) async fn get_metadata(
    desk: Desk,
    params: WireFsGetMetadataParams,
) -> Answer<FsGetMetadataResponse> {
    let path = path(params.path)?;
    let metadata = desk.files.metadata(&path, params.follow_symlinks).await;
    let metadata = metadata.map_err(|error| errors::fs(&error))?;
    let response = FsGetMetadataResponse {
        is_directory: metadata.is_dir,
        is_file: metadata.is_file,
        is_symlink: metadata.is_symlink,
        size: metadata.size,
        created_at_ms: metadata.created_ms,
        modified_at_ms: metadata.modified_ms,
    };
    Ok(response.into())
}

/// `fs/canonicalize`.
pub(super) async fn canonicalize(
    desk: Desk,
    params: WireFsCanonicalizeParams,
) -> Answer<FsCanonicalizeResponse> {
    let path = path(params.path)?;
    let path = desk
        .files
        .canonicalize(&path)
        .await
        .map_err(|error| errors::fs(&error))?;
    Ok(FsCanonicalizeResponse {
        path: PathUri::from_path(path),
    }
    .into())
}

/// `fs/readDirectory`.
pub(super) async fn read_directory(
    desk: Desk,
    params: WireFsReadDirectoryParams,
) -> Answer<FsReadDirectoryResponse> {
    let path = path(params.path)?;
    let entries = desk
        .files
        .read_directory(&path)
        .await
        .map_err(|error| errors::fs(&error))?;
    let entry = |entry: outpost_host::fs::Entry| FsReadDirectoryEntry {
        file_name: entry.name.to_string_lossy().into_owned(),
        is_directory: entry.is_dir,
        is_file: entry.is_file,
    };
    Ok(FsReadDirectoryResponse {
        entries: entries.into_iter().map(entry).collect(),
    }
    .into())
}

/// `fs/walk`.
pub(super) async fn walk(desk: Desk, params: WireFsWalkParams) -> Answer<FsWalkResponse> {
    let path = path(params.path)?;
    let options = WalkOptions {
        max_depth: params.options.max_depth,
        max_directories: params.options.max_directories,
        max_entries: params.options.max_entries,
        follow_directory_symlinks: params.options.follow_directory_symlinks,
        prune_hidden_directories: params.options.prune_hidden_directories,
    };
    let walk = desk
        .files
        .walk(&path, options)
        .await
        .map_err(|error| errors::fs(&error))?;
    let entry = |entry: outpost_host::fs::WalkEntry| FsWalkEntry {
        path: PathUri::from_path(entry.path),
        kind: match entry.kind {
            WalkKind::File => FsWalkKind::File,
            WalkKind::Directory => FsWalkKind::Directory,
        },
    };
    let error = |error: outpost_host::fs::WalkError| FsWalkError {
        path: PathUri::from_path(error.path),
        message: error.message,
    };
    let response = FsWalkResponse {
        entries: walk.entries.into_iter().map(entry).collect(),
        errors: walk.errors.into_iter().map(error).collect(),
        truncated: walk.truncated,
    };
    Ok(response.into())
}

/// `fs/remove`.
pub(super) async fn remove(desk: Desk, params: WireFsRemoveParams) -> Answer<Done> {
    let path = path(params.path)?;
    let options = RemoveOptions {
        recursive: params.recursive.unwrap_or(true),
        force: params.force.unwrap_or(true),
        follow: params.follow_symlinks,
    };
    done(desk.files.remove(&path, options).await)
}

/// `fs/copy`.
pub(super) async fn copy(desk: Desk, params: WireFsCopyParams) -> Answer<Done> {
    let from = path(params.source_path)?;
    let to = path(params.destination_path)?;
    done(desk.files.copy(&from, &to, params.recursive).await)
}

/// `fs/open`.
pub(super) async fn open(desk: Desk, params: WireFsOpenParams) -> Answer<FsOpenResponse> {
    let path = path(params.path)?;
    let mode = match params.mode {
        FsOpenMode::Read => OpenMode::Read,
        FsOpenMode::Replace => OpenMode::Replace,
    };
    let opened = desk.handles.open(&params.handle_id, &path, mode).await;
    opened.map_err(|error| errors::fs(&error))?;
    Ok(FsOpenResponse {
        handle_id: params.handle_id,
    }
    .into())
}

/// `fs/writeBlock`.
pub(super) async fn write_block(desk: Desk, params: FsWriteBlockParams) -> Answer<Done> {
    let FsWriteBlockParams {
        handle_id,
        offset,
        chunk,
    } = params;
    done(desk.handles.write_block(&handle_id, offset, chunk.0).await)
}

/// `fs/close`: closing what is not open is fine.
pub(super) async fn close(desk: Desk, params: FsCloseParams) -> Answer<Done> {
    desk.handles.close(&params.handle_id).await;
    Ok(Done {}.into())
}

/// `fs/watchMissing`.
pub(super) async fn watch_missing(
    call: Call,
    params: FsWatchMissingParams,
) -> Answer<FsWatchMissingResponse> {
    watch::begin(call, params).await
}
