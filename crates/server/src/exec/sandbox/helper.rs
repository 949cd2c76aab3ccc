//! One helper: our own program behind walls, which does the file calls of one policy.
//!
//! It is started like a command and asked over its pipes, in the protocol of the server, without a
//! handshake. A call that is dropped leaves it alone; its answer is passed over. When it ends,
//! every call that waits is told so, and whoever has it starts another. Dropping the last handle
//! ends it with everything in it.
//!
//! Bounded: calls by [`CALLS`], the bytes on their way to it by what its connection may have
//! pending, the bytes from it by a part of an answer and the pipe.

mod answers;

use std::{collections::VecDeque, io, marker::PhantomData, sync::Arc};

use outpost_host::process::keeper::{OutputEnds, Spawned, Tree};
use outpost_protocol::{Method, RequestId, RpcError, envelope};
use outpost_rpc::{
    frame::{Piece, PieceWriter, Pieces, ReaderGone},
    link::Close,
    pending::{NotRegistered, Pending},
    router::Reply,
};
use parking_lot::Mutex;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::unix::pipe,
    sync::{Notify, oneshot},
};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use self::answers::{Answer, Answers};

/// Calls that may be unanswered: as many as a connection may have.
const CALLS: usize = 65_536;

/// Bytes kept of what a helper says on its standard error, for the log.
const WORDS: usize = 4096;

/// A running helper. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Helper {
    asked: Arc<Asked>,
    ended: CancellationToken,
    _stop: DropGuard,
}

/// What it was asked.
struct Asked {
    /// Lines on their way to it.
    queue: Mutex<VecDeque<String>>,
    queued: Notify,
    calls: Mutex<Pending<oneshot::Sender<Answer>>>,
}

/// A call whose answer is waited for. Dropping it stops waiting.
pub(super) struct Call<'a, M> {
    asked: &'a Asked,
    id: i64,
    answer: oneshot::Receiver<Answer>,
    method: PhantomData<fn() -> M>,
}

/// The server's ends of its pipes.
struct Ends {
    input: pipe::Sender,
    output: pipe::Receiver,
    errors: pipe::Receiver,
}

// === impl Helper ===

impl Helper {
    /// Takes what was started; its task runs in `tasks`, until `stop` at the latest.
    ///
    /// # Errors
    /// Its ends are no pipes that the runtime can watch.
    pub(super) fn new(
        spawned: Spawned,
        tasks: &TaskTracker,
        stop: &CancellationToken,
    ) -> io::Result<Self> {
        let (ends, tree) = ends(spawned)?;
        let asked = Arc::new(Asked {
            queue: Mutex::default(),
            queued: Notify::new(),
            calls: Mutex::new(Pending::new(CALLS)),
        });
        let (stop, ended) = (stop.child_token(), CancellationToken::new());
        tasks.spawn(attend(
            Arc::clone(&asked),
            (ends, tree),
            stop.clone(),
            ended.clone(),
        ));
        Ok(Self {
            asked,
            ended,
            _stop: stop.drop_guard(),
        })
    }

    /// Whether it answers no more.
    pub(super) fn has_ended(&self) -> bool {
        self.ended.is_cancelled()
    }

    /// Has it do a call.
    ///
    /// # Errors
    /// It has ended.
    pub(super) fn ask<M: Method>(&self, params: &M::Params) -> Result<Call<'_, M>, RpcError> {
        let (waiter, answer) = oneshot::channel();
        let id = self.asked.calls.lock().register(waiter);
        let id = id.map_err(|refused| match refused {
            NotRegistered::Closed(_) => has_ended(M::NAME),
            NotRegistered::Full => RpcError::internal(format!(
                "`{}` was not done: {CALLS} calls are unanswered already",
                M::NAME
            )),
        })?;
        let call = Call {
            asked: &self.asked,
            id,
            answer,
            method: PhantomData,
        };
        self.asked.say::<M>(id, params)?;
        Ok(call)
    }

    /// Has it do a call whose answer nobody needs.
    pub(super) fn tell<M: Method>(&self, params: &M::Params) {
        let (waiter, _) = oneshot::channel();
        let id = self.asked.calls.lock().register(waiter);
        // A helper that has ended needs no telling, and too much is never asked by this.
        if let Ok(id) = id
            && self.asked.say::<M>(id, params).is_err()
        {
            self.asked.calls.lock().complete(id);
        }
    }
}

// === impl Call ===

impl<M: Method> Call<'_, M> {
    /// What it answers, passed on as it is.
    ///
    /// # Errors
    /// Its refusal, or that it has ended.
    pub(super) async fn answer(mut self) -> Result<Reply<M::Answer>, RpcError> {
        match (&mut self.answer).await {
            Ok(Answer::Result(result)) => Ok(Reply::Encoded(result)),
            Ok(Answer::Long(pieces)) => Ok(Reply::Pieces(Box::new(move |writer| {
                Box::pin(pass_on(pieces, writer))
            }))),
            Ok(Answer::Refused(error)) => Err(error),
            Err(_) => Err(has_ended(M::NAME)),
        }
    }
}

impl<M> Drop for Call<'_, M> {
    fn drop(&mut self) {
        drop(self.asked.calls.lock().complete(self.id));
    }
}

/// The refusal of a call whose helper has ended.
fn has_ended(method: &str) -> RpcError {
    RpcError::internal(format!(
        "the process that does file calls under this policy ended before it answered `{method}`; \
         look whether it was done before you ask again"
    ))
}

async fn pass_on(mut pieces: Pieces, writer: PieceWriter) -> Result<PieceWriter, ReaderGone> {
    loop {
        match pieces.next().await {
            Some(Piece::Part(text)) => writer.part(text).await?,
            Some(Piece::End) => return Ok(writer),
            // The helper has ended in the middle: the connection ends with it, so that nobody
            // takes half an answer for a whole one.
            None => return Err(ReaderGone),
        }
    }
}

// === impl Asked ===

impl Asked {
    fn say<M: Method>(&self, id: i64, params: &M::Params) -> Result<(), RpcError> {
        let line = envelope::request::<M>(&RequestId::Number(id), params);
        let mut line = line.map_err(|error| RpcError::internal(error.to_string()))?;
        line.push('\n');
        self.queue.lock().push_back(line);
        self.queued.notify_one();
        Ok(())
    }

    /// Writes the lines as they are queued; returns when that fails.
    async fn write(&self, mut input: pipe::Sender) -> io::Error {
        loop {
            let next = self.queue.lock().pop_front();
            match next {
                Some(line) => {
                    if let Err(error) = input.write_all(line.as_bytes()).await {
                        return error;
                    }
                }
                None => self.queued.notified().await,
            }
        }
    }

    fn answer(&self, id: i64, answer: Answer) {
        if let Some(waiter) = self.calls.lock().complete(id) {
            // Whoever asked may have stopped waiting.
            drop(waiter.send(answer));
        }
    }

    /// No call is taken any more, and none waits.
    fn close(&self) {
        let waiters = self.calls.lock().close(Close::lost());
        drop(waiters);
        self.queue.lock().clear();
    }
}

impl std::fmt::Debug for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Asked").finish_non_exhaustive()
    }
}

/// The task of a helper: carries calls and answers until one side ends, then ends the other.
async fn attend(
    asked: Arc<Asked>,
    (ends, tree): (Ends, Tree),
    stop: CancellationToken,
    ended: CancellationToken,
) {
    let Ends {
        input,
        output,
        errors,
    } = ends;
    let mut words = Vec::new();
    let answers = Answers::new(output).each(|id, answer| asked.answer(id, answer));
    let why = tokio::select! {
        () = stop.cancelled() => None,
        error = asked.write(input) => Some(error.to_string()),
        read = answers => Some(read.err().map_or("it has ended".to_owned(), |e| e.to_string())),
        never = listen(errors, &mut words) => match never {},
    };
    ended.cancel();
    asked.close();
    if let Some(why) = why {
        let words = String::from_utf8_lossy(&words);
        tracing::warn!(%why, words = words.trim(), "a helper for file calls was lost");
    }
    tree.kill().await;
    tree.empty().await;
}

/// Reads what it says on its standard error, for ever; keeps the beginning.
async fn listen(mut errors: pipe::Receiver, words: &mut Vec<u8>) -> std::convert::Infallible {
    let mut part = [0; 1024];
    while let Ok(length @ 1..) = errors.read(&mut part).await {
        let room = WORDS - words.len();
        words.extend_from_slice(&part[..length.min(room)]);
    }
    std::future::pending().await
}

fn ends(spawned: Spawned) -> io::Result<(Ends, Tree)> {
    let Spawned {
        stdin,
        output,
        tree,
        ..
    } = spawned;
    let (Some(stdin), OutputEnds::Pipes { stdout, stderr }) = (stdin, output) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let ends = Ends {
        input: pipe::Sender::from_owned_fd(stdin)?,
        output: pipe::Receiver::from_owned_fd(stdout)?,
        errors: pipe::Receiver::from_owned_fd(stderr)?,
    };
    Ok((ends, tree))
}
