//! The helper itself: this program behind walls, doing file calls.
//!
//! One thread serves standard input and output with the server's own file handlers, and what
//! blocks runs on threads of its own. There is no handshake and no other method. It ends when its
//! input does, after what it has begun to change.

use std::{env, ffi::OsStr};

use outpost_host::fs::{Files, FsLimits, Handles};
use outpost_protocol::{Method, RequestId, RpcError, code, exec::fs::Open};
use outpost_rpc::{
    connection::{Connection, Service},
    limits::{Limits, WireLimits},
    link::{Close, Link},
    router::Router,
    transport::stdio,
};
use serde_json::value::RawValue;
use tokio_util::sync::CancellationToken;

use crate::exec::{
    fs::{self as desk, Answer, Desk},
    methods::{Block, FileCalls, Held, file_methods},
};

/// The first argument of a program that is to be a helper.
pub(super) const SUBCOMMAND: &str = "files";

/// The variable that says a program was started as a helper by a server, and how many bytes of a
/// file fit one answer.
const MARK: &str = "OUTPOST_FILES";

/// What [`MARK`] says where that is not bounded.
const UNBOUNDED: &str = "unbounded";

/// The longest request: what a client may send, with room for a path that is escaped anew.
const REQUEST_BYTES: usize = 128 << 20;

/// The variable of a helper's environment that makes it one.
pub(super) fn mark(answer_bytes: Option<u64>) -> (String, String) {
    let bound = answer_bytes.map_or_else(|| UNBOUNDED.to_owned(), |bytes| bytes.to_string());
    (MARK.to_owned(), bound)
}

/// Becomes a helper when this program was started as one, and then ends with it; otherwise returns
/// at once.
pub(crate) fn dispatch() {
    let first = env::args_os().nth(1);
    let (Some(first), Ok(bound)) = (first, env::var(MARK)) else {
        return;
    };
    if first != OsStr::new(SUBCOMMAND) {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    // Without one nothing is answered, and the server says so to whoever asks.
    if let Ok(runtime) = runtime {
        runtime.block_on(serve(bound.parse().ok()));
        // A call that only looks and hangs is not waited for.
        runtime.shutdown_background();
    }
    #[expect(clippy::exit, reason = "what follows is another program's main")]
    std::process::exit(0);
}

async fn serve(answer_bytes: Option<u64>) {
    let limits = Limits {
        wire: WireLimits {
            message_bytes: REQUEST_BYTES,
            ..WireLimits::default()
        },
        ..Limits::default()
    };
    let files = Files::new(FsLimits::default());
    let desk = Desk {
        handles: Handles::new(&files),
        files,
        answer_bytes,
    };
    let (ours, theirs) = Link::pair((limits.outbox_bytes, limits.inbox_bytes));
    let pump = stdio::pump(stdio::stdin(), stdio::stdout(), theirs, &limits);
    let service = DeskService {
        router: file_methods(Router::new()),
        desk,
    };
    let connection = Connection::new(ours, limits.clone());
    tokio::join!(connection.run(service, CancellationToken::new()), pump);
}

/// [`Service`] of a helper.
struct DeskService {
    router: Router<Desk>,
    desk: Desk,
}

impl Service for DeskService {
    type Context = Desk;

    fn router(&self) -> &Router<Desk> {
        &self.router
    }

    fn context(&self) -> Desk {
        self.desk.clone()
    }

    fn gate(&mut self, _: &str, _: Option<&RawValue>) -> Result<(), RpcError> {
        Ok(())
    }

    fn unknown(&self, method: &str) -> RpcError {
        RpcError::new(
            code::METHOD_NOT_FOUND,
            format!("`{method}` is no file call"),
        )
    }

    fn notified(&mut self, method: &str, _: Option<&RawValue>) -> Result<(), Close> {
        Err(Close::protocol(format!("`{method}` is not known here")))
    }

    fn malformed(&self, words: &str) -> Option<RpcError> {
        Some(RpcError::invalid_request(words))
    }

    fn stray_answer(&mut self, id: &RequestId) -> Result<(), Close> {
        Err(Close::protocol(format!("nothing was asked with id {id}")))
    }

    fn ended(&mut self, _: &Close) {}
}

impl FileCalls for Desk {
    async fn on_path<M, W>(
        self,
        params: M::Params,
        here: fn(Self, M::Params) -> W,
    ) -> Answer<M::Answer>
    where
        M: Held,
        W: Future<Output = Answer<M::Answer>> + Send,
    {
        here(self, params).await
    }

    async fn open(self, params: <Open as Method>::Params) -> Answer<<Open as Method>::Answer> {
        desk::open(self, params).await
    }

    async fn on_open_file<M, W>(
        self,
        params: M::Params,
        here: fn(Self, M::Params) -> W,
    ) -> Answer<M::Answer>
    where
        M: Block,
        W: Future<Output = Answer<M::Answer>> + Send,
    {
        here(self, params).await
    }
}
