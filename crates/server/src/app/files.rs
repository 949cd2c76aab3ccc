//! `fs/*` on whole files and directories: from the wire to the engine and back.
//!
//! A handler knows the files it works on and nothing of connections; [`on`] is the one place that
//! says whose files these are. Those of other environments are in `environments/files.rs`.
//!
//! What one connection asks keeps its order where it matters: calls that only look share, one that
//! changes files waits for what was asked before it and holds back what was asked after it. A
//! change that has begun ends, also when the connection does.

use outpost_host::fs::{Entry, Files, FsError, RemoveOptions};
use outpost_protocol::{
    Base64Bytes, Method, RpcError,
    app::{
        Done,
        fs::{
            Copy, CreateDirectory, FsCopyParams, FsCreateDirectoryParams, FsGetMetadataParams,
            FsGetMetadataResponse, FsReadDirectoryEntry, FsReadDirectoryParams,
            FsReadDirectoryResponse, FsReadFileParams, FsReadFileResponse, FsRemoveParams,
            FsWriteFileParams, GetMetadata, ReadDirectory, ReadFile, Remove, WriteFile,
        },
    },
};
use outpost_rpc::{
    lanes::{Access, Claim},
    router::{Reply, Router},
};

use super::{
    connection::Call,
    environments::{
        Place,
        files::{self as there, Away, Placed},
    },
    errors,
};
use crate::contents::{Contents, data_base64};

/// The answer of every handler.
type Answer<T> = Result<Reply<T>, RpcError>;

/// Adds the methods of this family.
pub(super) fn methods(router: Router<Call>) -> Router<Call> {
    router
        .call::<ReadFile, _, _>(
            |lane| lane.claims(|_| looks()),
            |call, params| on::<ReadFile, _, _>(call, params, read_file, there::read_file),
        )
        .call::<GetMetadata, _, _>(
            |lane| lane.claims(|_| looks()),
            |call, params| on::<GetMetadata, _, _>(call, params, get_metadata, there::get_metadata),
        )
        .call::<ReadDirectory, _, _>(
            |lane| lane.claims(|_| looks()),
            |call, params| {
                on::<ReadDirectory, _, _>(call, params, read_directory, there::read_directory)
            },
        )
        .call::<WriteFile, _, _>(
            |lane| lane.claims(|_| changes()).finishes(),
            |call, params| on::<WriteFile, _, _>(call, params, write_file, there::write_file),
        )
        .call::<CreateDirectory, _, _>(
            |lane| lane.claims(|_| changes()).finishes(),
            |call, params| {
                on::<CreateDirectory, _, _>(call, params, create_directory, there::create_directory)
            },
        )
        .call::<Remove, _, _>(
            |lane| lane.claims(|_| changes()).finishes(),
            |call, params| on::<Remove, _, _>(call, params, remove, there::remove),
        )
        .call::<Copy, _, _>(
            |lane| lane.claims(|_| changes()).finishes(),
            |call, params| on::<Copy, _, _>(call, params, copy, there::copy),
        )
}

const FILES: &str = "files";

/// The claim of what only looks.
pub(super) fn looks() -> Vec<Claim> {
    vec![Claim::new(FILES, "", Access::Shared)]
}

fn changes() -> Vec<Claim> {
    vec![Claim::new(FILES, "", Access::Exclusive)]
}

/// Has a call done where its files are.
async fn on<M, W, F>(
    call: Call,
    params: M::Params,
    here: fn(Files, M::Params) -> W,
    there: fn(Away, M::Params) -> F,
) -> Answer<M::Answer>
where
    M: Method,
    M::Params: Placed,
    W: Future<Output = Answer<M::Answer>> + Send,
    F: Future<Output = Answer<M::Answer>> + Send,
{
    match place(&call, &params)? {
        Place::Local => here(call.server.files.clone(), params).await,
        // In a box, so that calls about this machine do not carry the room for it.
        Place::Remote(remote) => {
            tracing::debug!(
                connection = call.client.number,
                environment = &**remote.id(),
                method = M::NAME,
                "files elsewhere"
            );
            Box::pin(async move { there(Away::reach(&remote).await?, params).await }).await
        }
    }
}

/// Where the files of a call are.
pub(super) fn place(call: &Call, params: &impl Placed) -> Result<Place, RpcError> {
    let place = call.server.environments.choose(params.environment());
    place.map_err(|absent| absent.refusal("filesystem"))
}

fn done(outcome: Result<(), FsError>) -> Answer<Done> {
    match outcome {
        Ok(()) => Ok(Done {}.into()),
        Err(error) => Err(errors::fs(&error)),
    }
}

/// `fs/readFile`: a small file at once, a large one while it is sent.
async fn read_file(files: Files, params: FsReadFileParams) -> Answer<FsReadFileResponse> {
    let opened = Contents::open(&files, params.path.as_path(), true).await;
    match opened.map_err(|error| errors::fs(&error))? {
        Contents::Small(data) => Ok(FsReadFileResponse {
            data_base64: data.into(),
        }
        .into()),
        Contents::Large(file) => data_base64(file).await.map_err(|error| errors::fs(&error)),
    }
}

/// `fs/writeFile`: all of the content or none of it.
async fn write_file(files: Files, params: FsWriteFileParams) -> Answer<Done> {
    let FsWriteFileParams {
        path, data_base64, ..
    } = params;
    let data = content(&data_base64)?;
    drop(data_base64);
    done(files.write_whole(path.as_path(), data.0, true).await)
}

/// What is to be written.
pub(super) fn content(data_base64: &str) -> Result<Base64Bytes, RpcError> {
    Base64Bytes::decode(data_base64).map_err(|words| {
        RpcError::invalid_request(format!(
            "fs/writeFile requires valid base64 dataBase64: {words}"
        ))
    })
}

/// `fs/createDirectory`.
async fn create_directory(files: Files, params: FsCreateDirectoryParams) -> Answer<Done> {
    let recursive = params.recursive.unwrap_or(true);
    let path = params.path.as_path();
    done(files.create_directory(path, recursive, true).await)
}

/// `fs/getMetadata`.
async fn get_metadata(files: Files, params: FsGetMetadataParams) -> Answer<FsGetMetadataResponse> {
    let metadata = files.metadata(params.path.as_path(), true).await;
    let metadata = metadata.map_err(|error| errors::fs(&error))?;
    Ok(FsGetMetadataResponse {
        is_directory: metadata.is_dir,
        is_file: metadata.is_file,
        is_symlink: metadata.is_symlink,
        created_at_ms: metadata.created_ms,
        modified_at_ms: metadata.modified_ms,
    }
    .into())
}

/// `fs/readDirectory`.
async fn read_directory(
    files: Files,
    params: FsReadDirectoryParams,
) -> Answer<FsReadDirectoryResponse> {
    let entries = files.read_directory(params.path.as_path()).await;
    let entries = entries.map_err(|error| errors::fs(&error))?;
    let entry = |entry: Entry| FsReadDirectoryEntry {
        file_name: entry.name.to_string_lossy().into_owned(),
        is_directory: entry.is_dir,
        is_file: entry.is_file,
    };
    Ok(FsReadDirectoryResponse {
        entries: entries.into_iter().map(entry).collect(),
    }
    .into())
}

/// `fs/remove`.
async fn remove(files: Files, params: FsRemoveParams) -> Answer<Done> {
    let options = RemoveOptions {
        recursive: params.recursive.unwrap_or(true),
        force: params.force.unwrap_or(true),
        follow: true,
    };
    done(files.remove(params.path.as_path(), options).await)
}

/// `fs/copy`.
async fn copy(files: Files, params: FsCopyParams) -> Answer<Done> {
    let FsCopyParams {
        source_path,
        destination_path,
        recursive,
        ..
    } = params;
    let (from, to) = (source_path.as_path(), destination_path.as_path());
    done(files.copy(from, to, recursive).await)
}
