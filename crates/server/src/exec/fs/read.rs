//! Answers that hold a file or a part of one, written while they are sent.
//!
//! A large file is never held whole: a window is read, encoded in parts, and the parts leave as
//! the client takes them.

use bytes::Bytes;
use outpost_host::fs::{Block, WholeFile};
use outpost_protocol::{
    RpcError,
    exec::fs::{FsReadBlockParams, FsReadBlockResponse, FsReadFileResponse, WireFsReadFileParams},
};
use outpost_rpc::{
    frame::{PieceWriter, ReaderGone},
    router::Reply,
};

use super::{
    Answer, Desk,
    encode::{Encoder, PART},
    path,
};
use crate::exec::errors;

/// Bytes of a file that are read at a time.
const WINDOW: usize = 768 << 10;

/// The reference's own client, which takes no message above 64 MiB and loses its connection over
/// a larger one.
pub(in crate::exec) const REFERENCE_CLIENT: &str = "codex-environment";

/// Bytes of a file whose base64 fits a message of 64 MiB with room for its frame.
pub(in crate::exec) const REFERENCE_CLIENT_FILE: u64 = (64 << 20) / 4 * 3 - 1024;

/// `fs/readFile`: a small file at once, a large one while it is sent.
pub(in crate::exec) async fn read_file(
    desk: Desk,
    params: WireFsReadFileParams,
) -> Answer<FsReadFileResponse> {
    let path = path(params.path)?;
    let opened = desk.files.open_whole(&path, params.follow_symlinks).await;
    let mut file = opened.map_err(|error| errors::fs(&error))?;
    if let Some(data) = file.small().filter(|data| data.len() <= PART) {
        return Ok(FsReadFileResponse {
            data_base64: data.into(),
        }
        .into());
    }
    if let Some(limit) = desk.answer_bytes.filter(|limit| file.size() > *limit) {
        return Err(RpcError::invalid_request(format!(
            "file is too large for one message of this client: limit is {limit} bytes; read it \
             through fs/open and fs/readBlock"
        )));
    }
    // The first window is read before the answer begins, so that a file that cannot be read is
    // refused.
    let first = file
        .next(WINDOW)
        .await
        .map_err(|error| errors::fs(&error))?;
    Ok(Reply::Pieces(Box::new(move |writer| {
        Box::pin(send_file(file, first, writer))
    })))
}

async fn send_file(
    mut file: WholeFile,
    first: Option<Bytes>,
    writer: PieceWriter,
) -> Result<PieceWriter, ReaderGone> {
    writer.part(r#"{"dataBase64":""#.to_owned()).await?;
    let mut encoder = Encoder::default();
    let mut next = first;
    while let Some(window) = next {
        for text in encoder.texts(&window) {
            writer.part(text).await?;
        }
        next = match file.next(WINDOW).await {
            Ok(next) => next,
            Err(error) => {
                // What was sent cannot be taken back: the connection ends, so that nobody takes
                // half a file for a whole one.
                tracing::warn!(%error, "reading failed in the middle of an answer");
                return Err(ReaderGone);
            }
        };
    }
    writer.part(encoder.end() + "\"}").await?;
    Ok(writer)
}

/// `fs/readBlock`.
pub(in crate::exec) async fn read_block(
    desk: Desk,
    params: FsReadBlockParams,
) -> Answer<FsReadBlockResponse> {
    let FsReadBlockParams {
        handle_id,
        offset,
        len,
    } = params;
    let block = desk.handles.read_block(&handle_id, offset, len).await;
    let block = block.map_err(|error| errors::fs(&error))?;
    if block.data.len() <= PART {
        return Ok(FsReadBlockResponse {
            chunk: block.data.into(),
            eof: block.eof,
        }
        .into());
    }
    Ok(Reply::Pieces(Box::new(move |writer| {
        Box::pin(send_block(block, writer))
    })))
}

async fn send_block(block: Block, writer: PieceWriter) -> Result<PieceWriter, ReaderGone> {
    writer.part(r#"{"chunk":""#.to_owned()).await?;
    let mut encoder = Encoder::default();
    for text in encoder.texts(&block.data) {
        writer.part(text).await?;
    }
    writer
        .part(format!(r#"{}","eof":{}}}"#, encoder.end(), block.eof))
        .await?;
    Ok(writer)
}
