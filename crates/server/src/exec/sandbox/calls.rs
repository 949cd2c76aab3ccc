//! File calls in the server: done here where no policy names rules about files, by a helper behind
//! walls where one does.
//!
//! A file that was opened under a policy stays in its helper; the calls on it go where it is. It
//! counts like one that is open here, and ends with the connection.

use std::{collections::HashMap, sync::Arc};

use outpost_host::fs::TakenId;
use outpost_protocol::{
    Method, RpcError,
    exec::{
        fs::{Close, FsCloseParams, FsOpenResponse, Open, ReadBlock, WireFsOpenParams},
        sandbox::SandboxContext,
    },
};
use outpost_rpc::router::Reply;
use parking_lot::Mutex;

use super::{
    RAISES,
    helper::Helper,
    helpers::{Hold, Turn},
};
use crate::exec::{
    connection::Call,
    errors,
    fs::{self as desk, Answer, Desk},
    methods::{Block, FileCalls, Held},
};

/// Files of a connection that are open in helpers, by their ids.
#[derive(Debug, Default)]
pub(in crate::exec) struct OpenElsewhere {
    files: Mutex<HashMap<String, Arc<OpenFile>>>,
}

/// A file that is open, or being opened, in a helper. Dropping it closes it there.
struct OpenFile {
    id: String,
    helper: Arc<Helper>,
    _hold: Hold,
    _taken: TakenId,
}

impl FileCalls for Call {
    async fn on_path<M, W>(
        self,
        mut params: M::Params,
        here: fn(Desk, M::Params) -> W,
    ) -> Answer<M::Answer>
    where
        M: Held,
        W: Future<Output = Answer<M::Answer>> + Send,
    {
        match M::take_sandbox(&mut params) {
            None => here(self.desk(), params).await,
            Some(policy) => Box::pin(self.held::<M, W>(policy, params, here)).await,
        }
    }

    async fn open(self, mut params: WireFsOpenParams) -> Answer<FsOpenResponse> {
        match Open::take_sandbox(&mut params) {
            None => desk::open(self.desk(), params).await,
            Some(policy) => Box::pin(self.open_held(policy, params)).await,
        }
    }

    async fn on_open_file<M, W>(
        self,
        params: M::Params,
        here: fn(Desk, M::Params) -> W,
    ) -> Answer<M::Answer>
    where
        M: Block,
        W: Future<Output = Answer<M::Answer>> + Send,
    {
        let file = self.client.elsewhere.find(M::handle(&params));
        let Some(file) = file else {
            return here(self.desk(), params).await;
        };
        let asked = file.helper.ask::<M>(&params);
        drop(params);
        let answer = match asked {
            Ok(call) => call.answer().await,
            Err(error) => Err(error),
        };
        match M::NAME {
            Close::NAME => {
                self.client.elsewhere.forget(&file);
                // With its helper the file was closed, too.
                answer.or(Ok(Reply::Encoded("{}".to_owned())))
            }
            // A read that fails in the system closes its file.
            ReadBlock::NAME if answer.as_ref().err().is_some_and(is_of_the_system) => {
                self.client.elsewhere.forget(&file);
                answer
            }
            _ => answer,
        }
    }
}

// === impl Call ===

impl Call {
    /// What does file calls in this process.
    fn desk(&self) -> Desk {
        Desk {
            files: self.server.files.clone(),
            handles: self.client.handles.clone(),
            answer_bytes: self.client.answer_bytes(),
        }
    }

    async fn held<M, W>(
        self,
        policy: SandboxContext,
        params: M::Params,
        here: fn(Desk, M::Params) -> W,
    ) -> Answer<M::Answer>
    where
        M: Held,
        W: Future<Output = Answer<M::Answer>> + Send,
    {
        let Some(turn) = self.turn(&policy).await? else {
            return here(self.desk(), params).await;
        };
        let call = turn.helper.ask::<M>(&params)?;
        drop(params);
        call.answer().await
    }

    /// The helper of a policy; none where it has no rules about files. Files that the walls are
    /// made from can change before they are raised; then they are made anew from what is there.
    async fn turn(&self, policy: &SandboxContext) -> Result<Option<Turn<'_>>, RpcError> {
        let client = &self.client;
        let Some(mut walls) = super::of_files(&self.server, policy).await? else {
            return Ok(None);
        };
        for _ in 1..RAISES {
            let failed = match client.helpers.take(&walls, client.answer_bytes()).await {
                Err(failed) if failed.raising => failed.error,
                taken => return taken.map(Some).map_err(|failed| failed.error),
            };
            match super::of_files(&self.server, policy).await? {
                Some(anew) => walls = anew,
                None => return Err(failed),
            }
        }
        let taken = client.helpers.take(&walls, client.answer_bytes()).await;
        taken.map(Some).map_err(|failed| failed.error)
    }

    async fn open_held(
        self,
        policy: SandboxContext,
        params: WireFsOpenParams,
    ) -> Answer<FsOpenResponse> {
        let path = params
            .path
            .native()
            .map_err(|foreign| errors::foreign_path(&foreign))?;
        let client = &self.client;
        let taken = client.handles.take(&params.handle_id, path);
        let taken = taken.map_err(|error| errors::fs(&error))?;
        let Some(turn) = self.turn(&policy).await? else {
            drop(taken);
            return desk::open(self.desk(), params).await;
        };
        // From here on what comes of it is closed again, unless it is kept.
        let file = Arc::new(OpenFile {
            id: params.handle_id.clone(),
            helper: Arc::clone(&turn.helper),
            _hold: turn.hold(),
            _taken: taken,
        });
        let answer = turn.helper.ask::<Open>(&params)?.answer().await?;
        client.elsewhere.keep(file);
        Ok(answer)
    }
}

/// Whether a refusal is of the system, and not of what was asked.
fn is_of_the_system(error: &RpcError) -> bool {
    !error.message.starts_with("file read block length")
}

// === impl OpenElsewhere ===

impl OpenElsewhere {
    /// Closes all of them.
    pub(in crate::exec) fn close(&self) {
        let files = std::mem::take(&mut *self.files.lock());
        drop(files);
    }

    fn keep(&self, file: Arc<OpenFile>) {
        self.files.lock().insert(file.id.clone(), file);
    }

    fn find(&self, id: &str) -> Option<Arc<OpenFile>> {
        self.files.lock().get(id).cloned()
    }

    /// Forgets this very file, not another one that has been given its id meanwhile.
    fn forget(&self, file: &Arc<OpenFile>) {
        let mut files = self.files.lock();
        if files
            .get(&file.id)
            .is_some_and(|other| Arc::ptr_eq(other, file))
        {
            files.remove(&file.id);
        }
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        let handle_id = std::mem::take(&mut self.id);
        self.helper.tell::<Close>(&FsCloseParams { handle_id });
    }
}

impl std::fmt::Debug for OpenFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("OpenFile").field(&self.id).finish()
    }
}
