//! Sessions: a search whose query changes as it is typed.
//!
//! Nothing is told of a query before its answer, of an earlier query once a later one is answered
//! for, or of a session after the answer of its end.

use std::{collections::HashMap, sync::Arc};

use outpost_host::search::{Search, SearchError, Updates};
use outpost_protocol::{
    RpcError,
    app::{
        Done,
        search::{
            FuzzyFileSearchResult, FuzzyFileSearchSessionCompletedNotification,
            FuzzyFileSearchSessionStartParams, FuzzyFileSearchSessionStopParams,
            FuzzyFileSearchSessionUpdateParams, FuzzyFileSearchSessionUpdatedNotification,
            SessionCompleted, SessionUpdated,
        },
    },
};
use outpost_rpc::router::Reply;
use parking_lot::Mutex;
use tokio::sync::{Mutex as Gate, OwnedSemaphorePermit};

use super::{refusal, results};
use crate::app::{
    connection::{Call, Client},
    telling::Telling,
};

/// The sessions of one connection, by the client's names for them.
#[derive(Default)]
pub(super) struct Sessions {
    /// Locked for a look-up, never across an await.
    open: Mutex<HashMap<String, Session>>,
}

struct Session {
    /// Dropping it ends the walk.
    search: Arc<Search>,
    asked: Arc<Gate<Asked>>,
    telling: Telling,
    room: OwnedSemaphorePermit,
}

/// What is searched for. Held by whoever tells what was found, and by an update until it is
/// answered.
#[derive(Default)]
struct Asked {
    query: String,
    /// What the client knows of it, once it was told.
    told: Option<Vec<FuzzyFileSearchResult>>,
}

/// The longest name, in bytes: it is said with everything that is found.
const MAX_ID: usize = 1024;

/// The answer of every handler.
type Answer = Result<Reply<Done>, RpcError>;

/// `fuzzyFileSearch/sessionStart`: one that has the name already is replaced.
pub(super) async fn start(call: Call, params: FuzzyFileSearchSessionStartParams) -> Answer {
    let FuzzyFileSearchSessionStartParams { session_id, roots } = params;
    let Call { server, client } = call;
    if session_id.is_empty() {
        return Err(RpcError::invalid_request("sessionId must not be empty"));
    }
    if session_id.len() > MAX_ID {
        let words = format!("sessionId has at most {MAX_ID} bytes");
        return Err(RpcError::invalid_request(words));
    }
    if roots.is_empty() {
        let nowhere = SearchError::NoRoots;
        let words = format!("failed to start fuzzy file search session: {nowhere}");
        return Err(RpcError::internal(words));
    }
    let desk = &server.search;
    desk.check("", &roots)?;
    let room = match client.searches.sessions.end(&session_id).await {
        Some(room) => room,
        None => Arc::clone(&desk.sessions)
            .try_acquire_owned()
            .map_err(|_| refusal(&SearchError::TooManySearches(desk.limits.searches)))?,
    };
    let roots = roots.into_iter().map(Into::into).collect();
    // There is room: what may be waited for is the walk of a session that has just ended.
    let opened = desk.lasting.open_in_turn(roots).await;
    let (search, updates) = opened.map_err(|error| refusal(&error))?;
    Ok(Reply::then(Done {}, move || {
        let asked = Arc::<Gate<Asked>>::default();
        let session = (session_id.clone(), Arc::clone(&asked));
        let telling = Telling::begin(&client, tell(Arc::clone(&client), session, updates));
        let session = Session {
            search: Arc::new(search),
            asked,
            telling,
            room,
        };
        let mut open = client.searches.sessions.open.lock();
        open.insert(session_id, session);
    }))
}

async fn tell(
    client: Arc<Client>,
    (session_id, asked): (String, Arc<Gate<Asked>>),
    mut updates: Updates,
) {
    while let Some(findings) = updates.next().await {
        let mut asked = asked.lock().await;
        if asked.query != findings.query {
            continue;
        }
        let files = results(&findings);
        if asked.told.as_ref() != Some(&files) {
            let updated = FuzzyFileSearchSessionUpdatedNotification {
                session_id: session_id.clone(),
                query: findings.query,
                files,
            };
            client.notify::<SessionUpdated>(&updated).await;
            asked.told = Some(updated.files);
        }
        if findings.complete {
            let session_id = session_id.clone();
            let completed = FuzzyFileSearchSessionCompletedNotification { session_id };
            client.notify::<SessionCompleted>(&completed).await;
        }
    }
}

/// `fuzzyFileSearch/sessionUpdate`: from its answer on nothing is told of an earlier query.
pub(super) async fn update(call: Call, params: FuzzyFileSearchSessionUpdateParams) -> Answer {
    let FuzzyFileSearchSessionUpdateParams { session_id, query } = params;
    let open = call.client.searches.sessions.get(&session_id);
    let (search, asked) = open.ok_or_else(|| {
        let words = format!("fuzzy file search session not found: {session_id}");
        RpcError::invalid_request(words)
    })?;
    let mut asked = asked.lock_owned().await;
    search.set_query(&query).map_err(|error| refusal(&error))?;
    *asked = Asked { query, told: None };
    Ok(Reply::then(Done {}, move || drop(asked)))
}

/// `fuzzyFileSearch/sessionStop`: stopping what is not there is fine.
pub(super) async fn stop(call: Call, params: FuzzyFileSearchSessionStopParams) -> Answer {
    drop(call.client.searches.sessions.end(&params.session_id).await);
    Ok(Done {}.into())
}

// === impl Sessions ===

impl Sessions {
    fn get(&self, id: &str) -> Option<(Arc<Search>, Arc<Gate<Asked>>)> {
        let open = self.open.lock();
        let session = open.get(id)?;
        Some((Arc::clone(&session.search), Arc::clone(&session.asked)))
    }

    /// Ends a session, if there is one; what is left is its room.
    async fn end(&self, id: &str) -> Option<OwnedSemaphorePermit> {
        let session = self.open.lock().remove(id)?;
        drop(session.search);
        session.telling.end().await;
        Some(session.room)
    }

    /// The connection has ended.
    pub(super) fn clear(&self) {
        self.open.lock().clear();
    }
}
