//! `fuzzyFileSearch`: from the wire to the engine and back.
//!
//! A single search is answered when it is complete. A later one of the same connection with the
//! same token ends it, and then it is answered at once with nothing. A connection has a few at
//! work at a time, and its others wait, so a burst of one holds up nobody else.
//!
//! A session searches for its latest query and tells what it finds for that one, the best first,
//! as often as that is news, and at the end that it has looked everywhere. It belongs to its
//! connection and ends with it.

mod sessions;

use std::{collections::HashMap, path::Path, sync::Arc};

use outpost_host::search::{Findings, Match, SearchError, SearchLimits, Searches};
use outpost_protocol::{
    RpcError,
    app::search::{
        FuzzyFileSearchMatchType, FuzzyFileSearchParams, FuzzyFileSearchResponse,
        FuzzyFileSearchResult, Search, SessionStart, SessionStop, SessionUpdate,
    },
};
use outpost_rpc::{
    lanes::{Access, Claim},
    router::{Reply, Router},
};
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use self::sessions::Sessions;
use super::{connection::Call, errors};

/// What searches the files of this server.
pub(super) struct Desk {
    limits: SearchLimits,
    /// Single searches.
    single: Searches,
    /// Sessions.
    lasting: Searches,
    /// Room for sessions that are open.
    sessions: Arc<Semaphore>,
}

/// What one connection searches.
pub(super) struct Running {
    /// Its single searches that can be ended, by their tokens. Locked for a look-up, never across
    /// an await.
    tokens: Mutex<HashMap<String, CancellationToken>>,
    /// Turns of its single searches.
    turns: Arc<Semaphore>,
    sessions: Sessions,
}

/// Single searches of the server that are at work at once. Each walks with some threads; more of
/// them only hold each other up.
const AT_ONCE: usize = 4;

/// Single searches of one connection that are at work at once, so that no connection can have all
/// of [`AT_ONCE`].
const TURNS: usize = 2;

/// Adds the methods of this family.
pub(super) fn methods(router: Router<Call>) -> Router<Call> {
    router
        .call::<Search, _, _>(
            |lane| {
                // In order of arrival, so that it is the later one that ends the earlier one.
                lane.waits().claims(|p| {
                    let token = p.cancellation_token.iter();
                    token
                        .map(|token| Claim::new("search", token, Access::Exclusive))
                        .collect()
                })
            },
            search,
        )
        .call::<SessionStart, _, _>(
            |lane| lane.waits().claims(|p| named(&p.session_id)),
            sessions::start,
        )
        .call::<SessionUpdate, _, _>(
            |lane| lane.control().claims(|p| named(&p.session_id)),
            sessions::update,
        )
        .call::<SessionStop, _, _>(
            |lane| lane.control().claims(|p| named(&p.session_id)),
            sessions::stop,
        )
}

fn named(id: &str) -> Vec<Claim> {
    vec![Claim::new("search session", id, Access::Exclusive)]
}

/// `fuzzyFileSearch`. Its claim is free once it is at work.
async fn search(
    call: Call,
    params: FuzzyFileSearchParams,
) -> Result<Reply<FuzzyFileSearchResponse>, RpcError> {
    let FuzzyFileSearchParams {
        query,
        roots,
        cancellation_token,
    } = params;
    let Call { server, client } = call;
    server.search.check(&query, &roots)?;
    let over = CancellationToken::new();
    if let Some(token) = &cancellation_token {
        client.searches.begin(token, &over);
    }
    let turn = Arc::clone(&client.searches.turns).acquire_owned().await;
    let turn = turn.expect("nobody closes the semaphore");
    Ok(Reply::Later(Box::new(move |answerer| {
        let searching = Arc::clone(&client);
        client.spawn(async move {
            let outcome = tokio::select! {
                biased;
                () = over.cancelled() => Ok(FuzzyFileSearchResponse { files: Vec::new() }),
                outcome = server.search.find(&query, roots) => outcome,
            };
            if let Some(token) = &cancellation_token {
                searching.searches.end(token, &over);
            }
            drop(turn);
            answerer.answer(outcome).await;
        });
    })))
}

// === impl Desk ===

impl Desk {
    pub(super) fn new(limits: SearchLimits) -> Self {
        let lasting = Searches::new(limits);
        Self {
            limits,
            single: lasting.beside(AT_ONCE),
            lasting,
            sessions: Arc::new(Semaphore::new(limits.searches)),
        }
    }

    /// Refuses what is beyond the bounds.
    fn check(&self, query: &str, roots: &[String]) -> Result<(), RpcError> {
        let limits = &self.limits;
        let error = match (query.len(), roots.len()) {
            (bytes, _) if bytes > limits.query_bytes => {
                SearchError::QueryTooLong(limits.query_bytes)
            }
            (_, roots) if roots > limits.roots => SearchError::TooManyRoots(limits.roots),
            _ => return Ok(()),
        };
        Err(RpcError::invalid_request(error.to_string()))
    }

    async fn find(
        &self,
        query: &str,
        roots: Vec<String>,
    ) -> Result<FuzzyFileSearchResponse, RpcError> {
        let roots = roots.into_iter().map(Into::into).collect();
        let findings = match self.single.find(roots, query).await {
            Ok(findings) => findings,
            // Nowhere is nothing.
            Err(SearchError::NoRoots) => Findings::default(),
            Err(error) => return Err(refusal(&error)),
        };
        Ok(FuzzyFileSearchResponse {
            files: results(&findings),
        })
    }
}

/// A search that is not begun.
fn refusal(error: &SearchError) -> RpcError {
    match error {
        SearchError::TooManySearches(limit) => {
            errors::overloaded(format_args!("the server has {limit} search sessions"))
        }
        _ => RpcError::invalid_request(error.to_string()),
    }
}

// === impl Running ===

impl Running {
    /// Ends an earlier search with this token; a later one will cancel `over`.
    fn begin(&self, token: &str, over: &CancellationToken) {
        let earlier = self.tokens.lock().insert(token.to_owned(), over.clone());
        if let Some(earlier) = earlier {
            earlier.cancel();
        }
    }

    /// A search has ended. If it was cancelled, the token is that of a later one.
    fn end(&self, token: &str, over: &CancellationToken) {
        let mut tokens = self.tokens.lock();
        if !over.is_cancelled() {
            tokens.remove(token);
        }
    }

    /// The connection has ended.
    pub(super) fn clear(&self) {
        self.sessions.clear();
    }
}

impl Default for Running {
    fn default() -> Self {
        Self {
            tokens: Mutex::default(),
            turns: Arc::new(Semaphore::new(TURNS)),
            sessions: Sessions::default(),
        }
    }
}

// === results ===

fn results(findings: &Findings) -> Vec<FuzzyFileSearchResult> {
    if findings.cut {
        tracing::warn!(
            query = findings.query,
            "a search has not looked at everything: there is no more memory for paths"
        );
    }
    findings.matches.iter().map(result).collect()
}

fn result(found: &Match) -> FuzzyFileSearchResult {
    let name = Path::new(&found.path).file_name();
    FuzzyFileSearchResult {
        root: found.root.to_string_lossy().into_owned(),
        match_type: match found.directory {
            true => FuzzyFileSearchMatchType::Directory,
            false => FuzzyFileSearchMatchType::File,
        },
        file_name: name.unwrap_or_default().to_string_lossy().into_owned(),
        path: found.path.clone(),
        score: found.score,
        indices: Some(found.indices.clone()),
    }
}
