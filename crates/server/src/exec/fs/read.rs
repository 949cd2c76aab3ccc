//! `fs/readFile` and `fs/readBlock`; large answers are written while they are sent (see
//! [`crate::contents`]).

use outpost_host::fs::Block;
use outpost_protocol::{
    RpcError,
    exec::fs::{FsReadBlockParams, FsReadBlockResponse, FsReadFileResponse, WireFsReadFileParams},
};
use outpost_rpc::{
    frame::{PieceWriter, ReaderGone},
    router::Reply,
};

use super::{Answer, Desk, path};
use crate::{
    contents::{Contents, Encoder, PART, data_base64},
    exec::errors,
};

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
    let opened = Contents::open(&desk.files, &path, params.follow_symlinks).await;
    let file = match opened.map_err(|error| errors::fs(&error))? {
        Contents::Small(data) => {
            return Ok(FsReadFileResponse {
                data_base64: data.into(),
            }
            .into());
        }
        Contents::Large(file) => file,
    };
    if let Some(limit) = desk.answer_bytes.filter(|limit| file.size() > *limit) {
        return Err(RpcError::invalid_request(format!(
            "file is too large for one message of this client: limit is {limit} bytes; read it \
             through fs/open and fs/readBlock"
        )));
    }
    data_base64(file).await.map_err(|error| errors::fs(&error))
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
