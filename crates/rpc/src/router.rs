//! A face's surface: one table, one line a method.
//!
//! A line says which type the method is, how it shares with others ([`Lane`]), and what handles
//! it. A route decodes the parameters when the request arrives, so a mistake in them is answered
//! at once, and makes a [`Job`] that answers when it is run.

use std::{collections::HashMap, fmt, pin::Pin};

use outpost_protocol::{Method, RequestId, RpcError, app, decode_params, envelope};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

pub use crate::answer::Answerer;
use crate::{
    answer::{Desk, Open},
    frame::{Frame, PieceWriter, ReaderGone},
    lanes::{Claim, Pool},
};

/// A future that is owned and may move between threads.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The methods of one face. `C` is what a handler gets besides the parameters.
pub struct Router<C> {
    dialect: Dialect,
    routes: HashMap<&'static str, Box<dyn Route<C>>>,
}

/// How parameters that do not decode are refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// -32602 with the decoder's words; parameters that are absent are `null`.
    #[default]
    Exec,
    /// -32600 with `Invalid request: ` before the decoder's words.
    App,
}

/// How a request shares its connection with others, and what becomes of it when that ends.
pub struct Lane<P> {
    pool: Pool,
    claims: fn(&P) -> Vec<Claim>,
    alone: bool,
    finishes: bool,
}

/// What a handler answers.
pub enum Reply<T> {
    /// The result.
    Value(T),
    /// The result, and what is done once the answer is queued: what it does on the same
    /// connection comes after the answer.
    Then(T, Box<dyn FnOnce() + Send>),
    /// The JSON of the result, from somebody who answers for it.
    Encoded(String),
    /// The JSON of the result, written while it is sent.
    Pieces(Box<dyn FnOnce(PieceWriter) -> BoxFuture<Result<PieceWriter, ReaderGone>> + Send>),
    /// The answer comes later, from whoever is handed the request here. What the request claimed
    /// and its place among those that work are free from now on, so it is for the face to bound how
    /// many there are.
    Later(Box<dyn FnOnce(Answerer<T>) + Send>),
}

/// A decoded request that has not begun.
pub struct Job {
    pub(crate) claims: Vec<Claim>,
    pub(crate) pool: Pool,
    /// Nothing of this connection is looked at until it has ended.
    pub(crate) alone: bool,
    /// The end of the connection does not end it.
    pub(crate) finishes: bool,
    pub(crate) work: BoxFuture<()>,
}

trait Route<C>: Send + Sync {
    fn plan(
        &self,
        dialect: Dialect,
        context: C,
        request: (RequestId, Option<&RawValue>),
        desk: Desk,
    ) -> Result<Job, RpcError>;
}

struct Typed<M: Method, F> {
    lane: Lane<M::Params>,
    handler: F,
}

// === impl Router ===

impl<C: Send + 'static> Router<C> {
    /// No methods.
    #[must_use]
    pub fn new() -> Self {
        Self::speaking(Dialect::Exec)
    }

    /// No methods, and refusals in this dialect.
    #[must_use]
    pub fn speaking(dialect: Dialect) -> Self {
        Self {
            dialect,
            routes: HashMap::new(),
        }
    }

    /// Adds a method; `lane` says how it differs from one that works and depends on nothing. The
    /// same method twice is a mistake in the table.
    #[must_use]
    pub fn call<M, F, W>(mut self, lane: fn(Lane<M::Params>) -> Lane<M::Params>, handler: F) -> Self
    where
        M: Method,
        F: Fn(C, M::Params) -> W + Clone + Send + Sync + 'static,
        W: Future<Output = Result<Reply<M::Answer>, RpcError>> + Send + 'static,
    {
        let lane = lane(Lane::new());
        let known = self
            .routes
            .insert(M::NAME, Box::new(Typed::<M, F> { lane, handler }));
        assert!(known.is_none(), "{} stands twice in the table", M::NAME);
        self
    }

    /// Whether the table has the method.
    #[must_use]
    pub fn knows(&self, method: &str) -> bool {
        self.routes.contains_key(method)
    }

    /// The methods of the table, in no order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.routes.keys().copied()
    }

    /// Decodes a request; `None` when there is no such method.
    pub(crate) fn plan(
        &self,
        context: C,
        (id, method, params): (RequestId, &str, Option<&RawValue>),
        desk: Desk,
    ) -> Option<Result<Job, RpcError>> {
        let route = self.routes.get(method)?;
        Some(route.plan(self.dialect, context, (id, params), desk))
    }
}

impl<C: Send + 'static> Default for Router<C> {
    fn default() -> Self {
        Self::new()
    }
}

impl<C> fmt::Debug for Router<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.routes.keys()).finish()
    }
}

// === impl Lane ===

impl<P> Lane<P> {
    /// Works, and depends on nothing.
    fn new() -> Self {
        Self {
            pool: Pool::Work,
            claims: |_| Vec::new(),
            alone: false,
            finishes: false,
        }
    }

    /// Quick, urgent, waits for no place.
    #[must_use]
    pub fn control(self) -> Self {
        Self {
            pool: Pool::Control,
            ..self
        }
    }

    /// Mostly waits.
    #[must_use]
    pub fn waits(self) -> Self {
        Self {
            pool: Pool::Wait,
            ..self
        }
    }

    /// Nothing of this connection is looked at until it has ended; for the handshake.
    #[must_use]
    pub fn alone(self) -> Self {
        Self {
            alone: true,
            ..self.control()
        }
    }

    /// What it works on.
    #[must_use]
    pub fn claims(self, claims: fn(&P) -> Vec<Claim>) -> Self {
        Self { claims, ..self }
    }

    /// Once begun it runs to its end, also when the connection ends.
    #[must_use]
    pub fn finishes(self) -> Self {
        Self {
            finishes: true,
            ..self
        }
    }
}

impl<P> fmt::Debug for Lane<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lane")
            .field("pool", &self.pool)
            .field("alone", &self.alone)
            .finish()
    }
}

// === impl Typed ===

impl<C, M, F, W> Route<C> for Typed<M, F>
where
    C: Send + 'static,
    M: Method,
    F: Fn(C, M::Params) -> W + Clone + Send + Sync + 'static,
    W: Future<Output = Result<Reply<M::Answer>, RpcError>> + Send + 'static,
{
    fn plan(
        &self,
        dialect: Dialect,
        context: C,
        (id, params): (RequestId, Option<&RawValue>),
        desk: Desk,
    ) -> Result<Job, RpcError> {
        let params: M::Params = dialect.decode(params)?;
        let claims = (self.lane.claims)(&params);
        let handler = self.handler.clone();
        let work = Box::pin(async move {
            // From here on it is answered, whatever becomes of the handler.
            let open = desk.open(id);
            let outcome = handler(context, params).await;
            answer::<M>(open, outcome).await;
        });
        let Lane {
            pool,
            alone,
            finishes,
            ..
        } = self.lane;
        Ok(Job {
            claims,
            pool,
            alone,
            finishes,
            work,
        })
    }
}

/// Queues the answer; a connection that has ended needs none.
async fn answer<M: Method>(open: Open, outcome: Result<Reply<M::Answer>, RpcError>) {
    let reply = match outcome {
        Ok(reply) => reply,
        Err(error) => return drop(open.settle::<M::Answer>(Err(error)).await),
    };
    match reply {
        Reply::Value(value) => drop(open.settle(Ok(value)).await),
        Reply::Then(value, then) => {
            if open.settle(Ok(value)).await.is_ok() {
                then();
            }
        }
        Reply::Encoded(result) => {
            let mut text = envelope::response_head(open.id());
            text.reserve_exact(result.len() + 1);
            text.push_str(&result);
            text.push('}');
            drop(open.close(Frame::Text(text)).await);
        }
        Reply::Pieces(write) => in_pieces(open, write).await,
        Reply::Later(take) => take(Answerer::new(open)),
    }
}

async fn in_pieces(
    open: Open,
    write: Box<dyn FnOnce(PieceWriter) -> BoxFuture<Result<PieceWriter, ReaderGone>> + Send>,
) {
    let (writer, frame) = Frame::in_pieces();
    let id = open.id().clone();
    if open.close(frame).await.is_err() {
        return;
    }
    let whole = async {
        writer.part(envelope::response_head(&id)).await?;
        let writer = write(writer).await?;
        writer.part("}".to_owned()).await?;
        writer.end().await
    };
    if let Err(gone) = whole.await {
        tracing::debug!(%id, "{gone}");
    }
}

// === impl Dialect ===

impl Dialect {
    fn decode<P: DeserializeOwned>(self, params: Option<&RawValue>) -> Result<P, RpcError> {
        match self {
            Self::Exec => decode_params(params),
            Self::App => app::decode_params(params)
                .map_err(|bad| RpcError::invalid_request(format!("Invalid request: {bad}"))),
        }
    }
}

// === impl Reply ===

impl<T> Reply<T> {
    /// The result, and what is done once the answer is queued.
    pub fn then(value: T, then: impl FnOnce() + Send + 'static) -> Self {
        Self::Then(value, Box::new(then))
    }
}

impl<T> From<T> for Reply<T> {
    fn from(value: T) -> Self {
        Self::Value(value)
    }
}

impl<T: fmt::Debug> fmt::Debug for Reply<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(value) | Self::Then(value, _) => {
                f.debug_tuple("Reply").field(value).finish()
            }
            Self::Encoded(text) => f.debug_tuple("Reply").field(text).finish(),
            Self::Pieces(_) => f.write_str("Reply(in pieces)"),
            Self::Later(_) => f.write_str("Reply(later)"),
        }
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("claims", &self.claims)
            .field("pool", &self.pool)
            .finish()
    }
}
