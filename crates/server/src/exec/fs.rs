//! `fs/*`: from the wire to the engine and back.

mod encode;
mod read;

use std::path::PathBuf;

use outpost_host::fs::{OpenMode, RemoveOptions, WalkKind, WalkOptions};
use outpost_protocol::{
    Base64Bytes, PathUri, RpcError,
    exec::{
        fs::{
            Done, FsCanonicalizeResponse, FsCloseParams, FsGetMetadataResponse, FsOpenMode,
            FsOpenResponse, FsReadDirectoryEntry, FsReadDirectoryResponse, FsWalkEntry,
            FsWalkError, FsWalkKind, FsWalkResponse, FsWatchMissingParams, FsWatchMissingResponse,
            FsWriteBlockParams, WireFsCanonicalizeParams, WireFsCopyParams,
            WireFsCreateDirectoryParams, WireFsGetMetadataParams, WireFsOpenParams,
            WireFsReadDirectoryParams, WireFsRemoveParams, WireFsWalkParams, WireFsWriteFileParams,
        },
        sandbox::SandboxContext,
    },
};
use outpost_rpc::router::Reply;

pub(super) use self::read::{read_block, read_file};
use super::{
    connection::Call,
    errors::{self, refuse_sandbox},
    watch,
};

/// The answer of every handler.
type Answer<T> = Result<Reply<T>, RpcError>;

/// The path, for a call that this server may make as asked.
fn path(path: PathUri, sandbox: Option<&SandboxContext>) -> Result<PathBuf, RpcError> {
    refuse_sandbox(sandbox)?;
    path.into_native()
        .map_err(|foreign| errors::foreign_path(&foreign))
}

/// `fs/writeFile`.
pub(super) async fn write_file(call: Call, params: WireFsWriteFileParams) -> Answer<Done> {
    let path = path(params.path, params.sandbox.as_ref())?;
    let data = Base64Bytes::decode(&params.data_base64).map_err(|words| {
        RpcError::invalid_request(format!(
            "fs/writeFile requires valid base64 dataBase64: {words}"
        ))
    })?;
    drop(params.data_base64);
    done(
        call.server
            .files
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
    call: Call,
    params: WireFsCreateDirectoryParams,
) -> Answer<Done> {
    let path = path(params.path, params.sandbox.as_ref())?;
    let recursive = params.recursive.unwrap_or(true);
    done(
        call.server
            .files
            .create_directory(&path, recursive, params.follow_symlinks)
            .await,
    )
}

/// `fs/getMetadata`.
pub(super) async fn get_metadata(
    call: Call,
    params: WireFsGetMetadataParams,
) -> Answer<FsGetMetadataResponse> {
    let path = path(params.path, params.sandbox.as_ref())?;
    let metadata = call
        .server
        .files
        .metadata(&path, params.follow_symlinks)
        .await;
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
    call: Call,
    params: WireFsCanonicalizeParams,
) -> Answer<FsCanonicalizeResponse> {
    let path = path(params.path, params.sandbox.as_ref())?;
    let path = call
        .server
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
    call: Call,
    params: WireFsReadDirectoryParams,
) -> Answer<FsReadDirectoryResponse> {
    let path = path(params.path, params.sandbox.as_ref())?;
    let entries = call
        .server
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
pub(super) async fn walk(call: Call, params: WireFsWalkParams) -> Answer<FsWalkResponse> {
    let path = path(params.path, params.sandbox.as_ref())?;
    let options = WalkOptions {
        max_depth: params.options.max_depth,
        max_directories: params.options.max_directories,
        max_entries: params.options.max_entries,
        follow_directory_symlinks: params.options.follow_directory_symlinks,
        prune_hidden_directories: params.options.prune_hidden_directories,
    };
    let walk = call
        .server
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
pub(super) async fn remove(call: Call, params: WireFsRemoveParams) -> Answer<Done> {
    let path = path(params.path, params.sandbox.as_ref())?;
    let options = RemoveOptions {
        recursive: params.recursive.unwrap_or(true),
        force: params.force.unwrap_or(true),
        follow: params.follow_symlinks,
    };
    done(call.server.files.remove(&path, options).await)
}

/// `fs/copy`.
pub(super) async fn copy(call: Call, params: WireFsCopyParams) -> Answer<Done> {
    let from = path(params.source_path, params.sandbox.as_ref())?;
    let to = path(params.destination_path, None)?;
    done(call.server.files.copy(&from, &to, params.recursive).await)
}

/// `fs/open`.
pub(super) async fn open(call: Call, params: WireFsOpenParams) -> Answer<FsOpenResponse> {
    let path = path(params.path, params.sandbox.as_ref())?;
    let mode = match params.mode {
        FsOpenMode::Read => OpenMode::Read,
        FsOpenMode::Replace => OpenMode::Replace,
    };
    let opened = call
        .client
        .handles
        .open(&params.handle_id, &path, mode)
        .await;
    opened.map_err(|error| errors::fs(&error))?;
    Ok(FsOpenResponse {
        handle_id: params.handle_id,
    }
    .into())
}

/// `fs/writeBlock`.
pub(super) async fn write_block(call: Call, params: FsWriteBlockParams) -> Answer<Done> {
    let FsWriteBlockParams {
        handle_id,
        offset,
        chunk,
    } = params;
    done(
        call.client
            .handles
            .write_block(&handle_id, offset, chunk.0)
            .await,
    )
}

/// `fs/close`: closing what is not open is fine.
pub(super) async fn close(call: Call, params: FsCloseParams) -> Answer<Done> {
    call.client.handles.close(&params.handle_id).await;
    Ok(Done {}.into())
}

/// `fs/watchMissing`.
pub(super) async fn watch_missing(
    call: Call,
    params: FsWatchMissingParams,
) -> Answer<FsWatchMissingResponse> {
    watch::begin(call, params).await
}
