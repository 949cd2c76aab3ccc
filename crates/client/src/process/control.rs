//! Everything that is done to a process but reading it.

use std::{
    collections::VecDeque,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use outpost_protocol::exec::process::{
    CloseStdin, CloseStdinParams, Resize, ResizeParams, Signal, SignalName, SignalParams,
    TerminalSize, Terminate, TerminateParams, Write, WriteParams, WriteStatus,
};
use tokio::sync::Mutex;

use crate::{
    ClientError,
    session::{Core, Failed, Live},
};

/// Writes to a process, signals it, ends it. Cheap to clone; may outlive its [`Process`](super::Process).
#[derive(Clone)]
pub struct ProcessControl {
    core: Arc<Core>,
    shared: Arc<Writer>,
}

struct Writer {
    id: String,
    /// Write ids, unique among the writers of a process, of earlier handles too.
    prefix: u64,
    next: AtomicU64,
    /// Held by the write whose turn it is; the others wait in order. A tokio mutex, because it is
    /// held across awaits.
    turn: Mutex<()>,
}

/// A write that is not done.
struct Pieces {
    rest: Bytes,
    /// Sent, perhaps; in order.
    unanswered: VecDeque<WriteParams>,
}

/// A long write travels in pieces of this size, so that nothing else waits long behind one.
const PIECE: usize = 256 << 10;

/// Pieces of one write that may be unanswered: as much as the server queues for a process.
const PIECES: usize = 4;

// === impl ProcessControl ===

impl ProcessControl {
    pub(super) fn new(core: Arc<Core>, id: String) -> Self {
        let prefix = uuid::Uuid::new_v4().as_u64_pair().0;
        let writer = Writer {
            id,
            prefix,
            next: AtomicU64::new(1),
            turn: Mutex::new(()),
        };
        Self {
            core,
            shared: Arc::new(writer),
        }
    }

    /// The name of the process in the session.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.shared.id
    }

    /// Writes to the standard input, or types into the terminal. Done when the server has taken
    /// all of it, which it does as fast as the process reads. Writes are done one after the other,
    /// in the order in which they were begun; the pieces of a long one travel together.
    ///
    /// Across a lost connection nothing is written twice. Dropping the future leaves open how much
    /// of the bytes was written.
    pub async fn write(&self, bytes: impl Into<Bytes>) -> Result<(), ClientError> {
        let mut pieces = Pieces {
            rest: bytes.into(),
            unanswered: VecDeque::new(),
        };
        let turn = self.shared.turn.lock().await;
        loop {
            let live = self.core.live().await?;
            match self.write_pieces(&live, &mut pieces).await {
                Ok(()) => break,
                Err(Failed::With(error)) => return Err(error),
                // The oldest servers do not know a write again.
                Err(Failed::Lost(close)) if live.info.is_none() => {
                    return Err(ClientError::unanswered("process/write", &close));
                }
                Err(Failed::Lost(_)) => {}
            }
        }
        drop(turn);
        Ok(())
    }

    /// Sends what was not answered, then the rest, all in order.
    async fn write_pieces(&self, live: &Live, pieces: &mut Pieces) -> Result<(), Failed> {
        let mut begun = VecDeque::new();
        for piece in &pieces.unanswered {
            begun.push_back(live.peer.begin::<Write>(piece).await?);
        }
        loop {
            while begun.len() < PIECES && !pieces.rest.is_empty() {
                let chunk = pieces.rest.split_to(pieces.rest.len().min(PIECE));
                let piece = self.piece(chunk);
                // It may get through even if the next line fails.
                pieces.unanswered.push_back(piece.clone());
                begun.push_back(live.peer.begin::<Write>(&piece).await?);
            }
            let Some(first) = begun.pop_front() else {
                return Ok(());
            };
            let answer = first.answer().await?;
            pieces.unanswered.pop_front();
            self.accepted(answer.status).map_err(Failed::With)?;
        }
    }

    fn piece(&self, chunk: Bytes) -> WriteParams {
        let number = self.shared.next.fetch_add(1, Ordering::Relaxed);
        WriteParams {
            process_id: self.id().to_owned(),
            chunk: chunk.into(),
            write_id: Some(format!("{:x}-{number}", self.shared.prefix)),
        }
    }

    /// Ends the standard input after what was written. Needs the addition `processCloseStdin`.
    pub async fn close_stdin(&self) -> Result<(), ClientError> {
        let turn = self.shared.turn.lock().await;
        self.needs("process/closeStdin", |can| can.process_close_stdin)
            .await?;
        let params = CloseStdinParams {
            process_id: self.id().to_owned(),
        };
        let answer = self.core.repeat::<CloseStdin>(&params).await?;
        drop(turn);
        match answer.status {
            // It is closed, as was wanted.
            WriteStatus::StdinClosed => Ok(()),
            status => self.accepted(status),
        }
    }

    /// Sets the size of the terminal. Needs the addition `processResize`.
    pub async fn resize(&self, rows: u16, cols: u16) -> Result<(), ClientError> {
        self.needs("process/resize", |can| can.process_resize)
            .await?;
        let params = ResizeParams {
            process_id: self.id().to_owned(),
            size: TerminalSize { rows, cols },
        };
        self.core.repeat::<Resize>(&params).await.map(drop)
    }

    /// Signals the process group; nobody being there is fine. Signals other than
    /// [`SignalName::Interrupt`] need the addition `processSignals`.
    pub async fn signal(&self, signal: SignalName) -> Result<(), ClientError> {
        if signal != SignalName::Interrupt {
            self.needs("this signal", |can| can.process_signals).await?;
        }
        let params = SignalParams {
            process_id: self.id().to_owned(),
            signal,
        };
        self.core.once::<Signal>(&params).await.map(drop)
    }

    /// Ends the whole tree: at once, or with SIGTERM first and SIGKILL after the grace time, which
    /// needs the addition `terminateGrace`. Returns whether the process itself was running; after
    /// a connection that was lost meanwhile this may be `false` for one that was ended by this call.
    pub async fn terminate(&self, grace: Option<Duration>) -> Result<bool, ClientError> {
        if grace.is_some() {
            self.needs("a grace time", |can| can.terminate_grace)
                .await?;
        }
        let grace_ms = grace.map(|grace| u64::try_from(grace.as_millis()).unwrap_or(u64::MAX));
        let params = TerminateParams {
            process_id: self.id().to_owned(),
            grace_ms,
        };
        Ok(self.core.repeat::<Terminate>(&params).await?.running)
    }

    async fn needs(
        &self,
        what: &'static str,
        has: impl Fn(&outpost_protocol::exec::environment::Capabilities) -> bool,
    ) -> Result<(), ClientError> {
        if has(&self.core.live().await?.can()) {
            Ok(())
        } else {
            Err(ClientError::Unsupported { what })
        }
    }

    fn accepted(&self, status: WriteStatus) -> Result<(), ClientError> {
        let id = self.id().to_owned();
        match status {
            WriteStatus::Accepted => Ok(()),
            WriteStatus::StdinClosed => Err(ClientError::StdinClosed { id }),
            // A process that is starting has no handle but a guessed one.
            WriteStatus::UnknownProcess | WriteStatus::Starting => {
                Err(ClientError::UnknownProcess { id })
            }
        }
    }
}

impl fmt::Debug for ProcessControl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessControl")
            .field("id", &self.id())
            .finish_non_exhaustive()
    }
}
