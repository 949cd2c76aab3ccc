//! `thread/*`: the threads at hand, on the wire.
//!
//! A thread here has no turns yet, and nothing of it is kept: it is what its clients said of it at
//! its start and since. What needs a model is not served. All connections see the same threads;
//! who began one is told what happens in it, and everybody when it begins, is named, and is gone.
//!
//! Clients are told after the one that asked has its answer, and of what is true at that moment,
//! so the last thing anybody is told of a thread is how it is.
//!
//! A thread remembers the environments it was begun in or moved to; who watches it is told when one
//! of them is gone, and when it is there again.

mod around;
mod changing;
mod connections;
mod desk;
mod finding;
mod starting;

use std::collections::BTreeSet;

use outpost_agent::threads::{InvalidId, ThreadId};
use outpost_protocol::{
    RpcError,
    app::{
        AbsolutePath,
        thread::{self, TurnEnvironmentParams},
    },
};
use outpost_rpc::{
    lanes::{Access, Claim},
    router::{Reply, Router},
};

pub(super) use self::{connections::follow, desk::Desk};
use super::{Shared, connection::Call};

/// The answer of every handler.
type Answer<T> = Result<Reply<T>, RpcError>;

pub(super) fn methods(router: Router<Call>) -> Router<Call> {
    around_methods(router)
        .call::<thread::Start, _, _>(|lane| lane, starting::start)
        .call::<thread::List, _, _>(|lane| lane, finding::list)
        .call::<thread::LoadedList, _, _>(|lane| lane, finding::loaded)
        .call::<thread::Read, _, _>(|lane| lane.claims(|p| reads(&p.thread_id)), finding::read)
        .call::<thread::TurnsList, _, _>(
            |lane| lane.claims(|p| reads(&p.thread_id)),
            finding::turns,
        )
        .call::<thread::ItemsList, _, _>(
            |lane| lane.claims(|p| reads(&p.thread_id)),
            finding::items,
        )
        .call::<thread::NameSet, _, _>(
            |lane| lane.claims(|p| changes(&p.thread_id)),
            changing::name,
        )
        .call::<thread::SettingsUpdate, _, _>(
            |lane| lane.claims(|p| changes(&p.thread_id)),
            changing::settings,
        )
        .call::<thread::Unsubscribe, _, _>(
            |lane| lane.claims(|p| changes(&p.thread_id)),
            changing::unsubscribe,
        )
}

fn around_methods(router: Router<Call>) -> Router<Call> {
    router
        .call::<thread::AttachmentList, _, _>(
            |lane| lane.claims(|p| reads(&p.thread_id)),
            around::attachments,
        )
        .call::<thread::BackgroundTerminalsList, _, _>(
            |lane| lane.claims(|p| reads(&p.thread_id)),
            around::terminals,
        )
        .call::<thread::BackgroundTerminalsClean, _, _>(
            |lane| lane.claims(|p| changes(&p.thread_id)),
            around::clean,
        )
        .call::<thread::GoalGet, _, _>(|lane| lane.claims(|p| reads(&p.thread_id)), around::goal)
        .call::<thread::ReadStateUpdate, _, _>(
            |lane| lane.claims(|p| changes(&p.thread_id)),
            around::read_state,
        )
}

/// What is said to one thread keeps its order; looking at it does not disturb other looks.
fn changes(id: &str) -> Vec<Claim> {
    vec![Claim::new("thread", id, Access::Exclusive)]
}

fn reads(id: &str) -> Vec<Claim> {
    vec![Claim::new("thread", id, Access::Shared)]
}

/// The id a client says.
fn id(text: &str) -> Result<ThreadId, RpcError> {
    ThreadId::parse(text).map_err(|error| RpcError::invalid_request(invalid(&error)))
}

/// The same where the reference has another code for it.
fn id_of_params(text: &str) -> Result<ThreadId, RpcError> {
    ThreadId::parse(text).map_err(|error| RpcError::invalid_params(invalid(&error)))
}

fn invalid(error: &InvalidId) -> String {
    format!("invalid thread id: {error}")
}

/// Where a thread works, for methods that go by it; a refusal if it is not at hand.
pub(super) fn folder(server: &Shared, thread_id: &str) -> Result<AbsolutePath, RpcError> {
    let id = id(thread_id)?;
    let folder = server
        .threads
        .look(id, |loaded| loaded.settings().told.cwd.clone());
    folder.ok_or_else(|| not_found(id))
}

fn not_found(id: ThreadId) -> RpcError {
    RpcError::invalid_request(format!("thread not found: {id}"))
}

fn not_loaded(id: ThreadId) -> RpcError {
    RpcError::invalid_request(format!("thread not loaded: {id}"))
}

fn not_kept(id: ThreadId) -> RpcError {
    RpcError::invalid_request(format!("no rollout found for thread id {id}"))
}

/// Where commands are to run, if all of that is known.
fn environments(
    server: &Shared,
    asked: Option<Vec<TurnEnvironmentParams>>,
) -> Result<Option<Vec<thread::ThreadEnvironment>>, RpcError> {
    let Some(asked) = asked else { return Ok(None) };
    let mut seen = BTreeSet::new();
    let environment = |asked: TurnEnvironmentParams| {
        if !seen.insert(asked.environment_id.clone()) {
            let id = asked.environment_id;
            let words = format!("duplicate turn environment id `{id}`");
            return Err(RpcError::invalid_request(words));
        }
        if server
            .environments
            .choose(Some(&asked.environment_id))
            .is_err()
        {
            let id = asked.environment_id;
            let words = format!("unknown turn environment id `{id}`");
            return Err(RpcError::invalid_request(words));
        }
        let roots = asked.runtime_workspace_roots;
        Ok(thread::ThreadEnvironment {
            environment_id: asked.environment_id,
            runtime_workspace_roots: roots.unwrap_or_else(|| vec![asked.cwd.clone()]),
            cwd: asked.cwd,
        })
    };
    asked
        .into_iter()
        .map(environment)
        .collect::<Result<_, _>>()
        .map(Some)
}
