//! Writing a file block by block.

use std::{fmt, path::Path, sync::Arc};

use bytes::Bytes;
use futures_util::{StreamExt, stream::FuturesOrdered};
use outpost_protocol::{
    Method,
    exec::fs::{
        Close, Done, FsCloseParams, FsOpenMode, FsWriteBlockParams, Open, WireFsOpenParams,
        WriteBlock,
    },
};
use outpost_rpc::router::BoxFuture;

use super::{
    reader::{BLOCK, WINDOW},
    uri,
};
use crate::{
    ClientError,
    session::{Chore, Core, Failed, Live, ask},
};

/// A file that is being written from its start. The file was emptied when it was opened; what a
/// failed or dropped writer leaves is a part. A lost connection is the end of it.
pub struct FileWriter {
    core: Arc<Core>,
    live: Live,
    handle_id: String,
    blocks: FuturesOrdered<BoxFuture<Result<Done, Failed>>>,
    offset: u64,
}

// === impl FileWriter ===

impl FileWriter {
    pub(super) async fn open(core: Arc<Core>, path: &Path) -> Result<Self, ClientError> {
        let live = core.live().await?;
        if !live.can().file_write_streaming {
            return Err(ClientError::Unsupported {
                what: "writing files block by block",
            });
        }
        let params = WireFsOpenParams {
            handle_id: format!("w{}", core.shared.next_name()),
            path: uri(path)?,
            mode: FsOpenMode::Replace,
            sandbox: None,
        };
        let opened = answered::<Open>(ask::<Open>(&live, &params).await)?;
        let handle_id = opened.handle_id;
        Ok(Self {
            core,
            live,
            handle_id,
            blocks: FuturesOrdered::new(),
            offset: 0,
        })
    }

    /// Bytes handed over so far.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.offset
    }

    /// Hands over the next bytes; waits while too many are on their way. An error may be that of
    /// earlier bytes. Dropping the future leaves open how much of the bytes was handed over.
    pub async fn write(&mut self, bytes: impl Into<Bytes>) -> Result<(), ClientError> {
        let mut rest: Bytes = bytes.into();
        while !rest.is_empty() {
            if self.blocks.len() >= WINDOW {
                self.next_answer().await?;
            }
            let chunk = rest.split_to(rest.len().min(BLOCK));
            let offset = self.offset;
            self.offset += chunk.len() as u64;
            let live = self.live.clone();
            let handle_id = self.handle_id.clone();
            let params = FsWriteBlockParams {
                handle_id,
                offset,
                chunk: chunk.into(),
            };
            let block: BoxFuture<_> =
                Box::pin(async move { ask::<WriteBlock>(&live, &params).await });
            self.blocks.push_back(block);
        }
        Ok(())
    }

    /// Waits until everything is written and closes the file.
    pub async fn finish(mut self) -> Result<(), ClientError> {
        while !self.blocks.is_empty() {
            self.next_answer().await?;
        }
        let params = FsCloseParams {
            handle_id: self.handle_id.clone(),
        };
        answered::<Close>(ask::<Close>(&self.live, &params).await)?;
        self.handle_id.clear();
        Ok(())
    }

    async fn next_answer(&mut self) -> Result<(), ClientError> {
        match self.blocks.next().await {
            Some(answer) => answered::<WriteBlock>(answer).map(drop),
            None => Ok(()),
        }
    }
}

fn answered<M: Method>(answer: Result<M::Answer, Failed>) -> Result<M::Answer, ClientError> {
    answer.map_err(|failed| match failed {
        Failed::Lost(close) => ClientError::unanswered(M::NAME, &close),
        Failed::With(error) => error,
    })
}

impl Drop for FileWriter {
    fn drop(&mut self) {
        if !self.handle_id.is_empty() {
            let handle_id = std::mem::take(&mut self.handle_id);
            let generation = self.live.generation;
            self.core.shared.chores.add(Chore::CloseFile {
                handle_id,
                generation,
            });
        }
    }
}

impl fmt::Debug for FileWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileWriter")
            .field("written", &self.offset)
            .finish_non_exhaustive()
    }
}
