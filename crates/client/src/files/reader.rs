//! Reading a file block by block.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use futures_util::{StreamExt, stream::FuturesOrdered};
use outpost_protocol::exec::fs::{
    FsOpenMode, FsReadBlockParams, FsReadBlockResponse, GetMetadata, Open, ReadBlock,
    WireFsGetMetadataParams, WireFsOpenParams,
};
use outpost_rpc::router::BoxFuture;

use super::{Metadata, uri};
use crate::{
    ClientError,
    session::{Chore, Core, Failed, Live, ask},
};

/// An open file. It follows the file that was opened, not the path, as long as the connection
/// lasts. An open file does not outlive its connection: after a loss the path is opened again, and
/// reading goes on only if size and time of change are still the same. Dropping it closes it.
pub struct FileReader {
    core: Arc<Core>,
    path: PathBuf,
    opened: Opened,
    /// Blocks that are on their way, in order.
    blocks: FuturesOrdered<BoxFuture<Result<FsReadBlockResponse, Failed>>>,
    /// From where the next block is asked for.
    asked: u64,
    /// Up to where bytes were handed out.
    given: u64,
    ended: bool,
}

struct Opened {
    live: Live,
    handle_id: String,
    metadata: Metadata,
}

/// Bytes of a block: small enough that a quick call between two blocks is quick.
pub(super) const BLOCK: usize = 256 << 10;

/// Blocks on their way at once; with [`BLOCK`] 2 MiB, which keeps a fast line busy.
pub(super) const WINDOW: usize = 8;

// === impl FileReader ===

impl FileReader {
    pub(super) async fn open(core: Arc<Core>, path: &Path) -> Result<Self, ClientError> {
        let opened = open(&core, path).await?;
        Ok(Self {
            core,
            path: path.to_owned(),
            opened,
            blocks: FuturesOrdered::new(),
            asked: 0,
            given: 0,
            ended: false,
        })
    }

    /// Bytes of the file when it was opened; 0 where the system does not know, as below `/proc`.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.opened.metadata.size
    }

    /// The next bytes, in order; `None` at the end. After an error there is nothing more.
    /// Cancel-safe.
    pub async fn next(&mut self) -> Result<Option<Bytes>, ClientError> {
        while !self.ended {
            self.ask_ahead();
            let block = self
                .blocks
                .next()
                .await
                .expect("one block is always asked for");
            match block {
                Ok(block) => {
                    self.blocks_ended(block.eof || block.chunk.0.len() < BLOCK);
                    self.given += block.chunk.0.len() as u64;
                    if !block.chunk.0.is_empty() {
                        return Ok(Some(block.chunk.0));
                    }
                }
                Err(Failed::Lost(_)) => self.open_again().await?,
                Err(Failed::With(error)) => {
                    self.blocks_ended(true);
                    return Err(error);
                }
            }
        }
        Ok(None)
    }

    /// Asks for blocks that the file is known to have, or for one.
    fn ask_ahead(&mut self) {
        let size = self.opened.metadata.size;
        while self.blocks.is_empty() || (self.blocks.len() < WINDOW && self.asked < size) {
            let live = self.opened.live.clone();
            let handle_id = self.opened.handle_id.clone();
            let params = FsReadBlockParams {
                handle_id,
                offset: self.asked,
                len: BLOCK,
            };
            self.asked += BLOCK as u64;
            let block: BoxFuture<_> =
                Box::pin(async move { ask::<ReadBlock>(&live, &params).await });
            self.blocks.push_back(block);
        }
    }

    fn blocks_ended(&mut self, ended: bool) {
        self.ended = ended;
        if ended {
            self.blocks = FuturesOrdered::new();
        }
    }

    async fn open_again(&mut self) -> Result<(), ClientError> {
        // Until it is open again: a dropped future leaves a reader that asks, fails and comes back.
        self.blocks = FuturesOrdered::new();
        self.asked = self.given;
        let opened = open(&self.core, &self.path)
            .await
            .inspect_err(|_| self.ended = true)?;
        let (before, now) = (&self.opened.metadata, &opened.metadata);
        let same = before.size == now.size && before.modified_at_ms == now.modified_at_ms;
        self.opened = opened;
        if !same {
            self.ended = true;
            return Err(ClientError::FileChanged {
                path: self.path.clone(),
            });
        }
        Ok(())
    }
}

async fn open(core: &Core, path: &Path) -> Result<Opened, ClientError> {
    let open = |handle_id| {
        let (path, mode) = (uri(path)?, FsOpenMode::Read);
        Ok::<_, ClientError>(WireFsOpenParams {
            handle_id,
            path,
            mode,
            sandbox: None,
        })
    };
    let look = WireFsGetMetadataParams {
        path: uri(path)?,
        sandbox: None,
        follow_symlinks: true,
    };
    loop {
        let live = core.live().await?;
        let params = open(format!("r{}", core.shared.next_name()))?;
        let both = tokio::join!(
            ask::<Open>(&live, &params),
            ask::<GetMetadata>(&live, &look)
        );
        match both {
            (Ok(opened), Ok(metadata)) => {
                return Ok(Opened {
                    live,
                    handle_id: opened.handle_id,
                    metadata,
                });
            }
            (Err(Failed::With(error)), _) => return Err(error),
            (Ok(opened), Err(Failed::With(error))) => {
                let (handle_id, generation) = (opened.handle_id, live.generation);
                core.shared.chores.add(Chore::CloseFile {
                    handle_id,
                    generation,
                });
                return Err(error);
            }
            (Err(Failed::Lost(_)), _) | (_, Err(Failed::Lost(_))) => {}
        }
    }
}

impl Drop for FileReader {
    fn drop(&mut self) {
        let handle_id = std::mem::take(&mut self.opened.handle_id);
        let generation = self.opened.live.generation;
        self.core.shared.chores.add(Chore::CloseFile {
            handle_id,
            generation,
        });
    }
}

impl fmt::Debug for FileReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileReader")
            .field("path", &self.path)
            .field("given", &self.given)
            .finish_non_exhaustive()
    }
}
