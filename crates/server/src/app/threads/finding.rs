//! Finding threads, and what is in them: no turns yet, in the words that clients know.

use std::collections::BTreeMap;

use outpost_agent::threads::ThreadId;
use outpost_protocol::{
    RpcError,
    app::thread::{
        ThreadItemsListCursor, ThreadItemsListParams, ThreadItemsListResponse, ThreadListParams,
        ThreadListResponse, ThreadLoadedListParams, ThreadLoadedListResponse, ThreadReadParams,
        ThreadReadResponse, ThreadSortKey, ThreadTurnsListParams, ThreadTurnsListResponse,
    },
    code,
};

use super::{Answer, id, not_loaded};
use crate::app::connection::Call;

/// `thread/loaded/list`.
pub(super) async fn loaded(
    call: Call,
    params: ThreadLoadedListParams,
) -> Answer<ThreadLoadedListResponse> {
    let after = params
        .cursor
        .as_deref()
        .map(|cursor| ThreadId::parse(cursor).map_err(|_| invalid_cursor(cursor)));
    let after = after.transpose()?;
    let limit = params.limit.map_or(usize::MAX, |limit| {
        usize::try_from(limit.max(1)).unwrap_or(usize::MAX)
    });
    let (data, more) = call.server.threads.decide(|threads, _| {
        let mut ids = threads.ids(after);
        let page: Vec<_> = ids.by_ref().take(limit).collect();
        (page, ids.next().is_some())
    });
    let data: Vec<_> = data.iter().map(ThreadId::to_string).collect();
    let next_cursor = data.last().filter(|_| more).cloned();
    Ok(ThreadLoadedListResponse { data, next_cursor }.into())
}

/// `thread/list`. Threads are listed from their first message on, so there are none.
pub(super) async fn list(_: Call, params: ThreadListParams) -> Answer<ThreadListResponse> {
    let invalid = |what: &str, text: &str| {
        let error = ThreadId::parse(text).err()?;
        Some(format!("invalid {what} thread id: {error}"))
    };
    let excluded = params.excluded_thread_ids.iter().flatten();
    if let Some(words) = excluded
        .into_iter()
        .find_map(|text| invalid("excluded", text))
    {
        return Err(RpcError::invalid_params(words));
    }
    for (what, text) in [
        ("parent", &params.parent_thread_id),
        ("ancestor", &params.ancestor_thread_id),
        ("attached-to", &params.attached_to_thread_id),
    ] {
        if let Some(words) = text.as_deref().and_then(|text| invalid(what, text)) {
            return Err(RpcError::invalid_request(words));
        }
    }
    if let Some(project) = params.project_id {
        return Err(RpcError::invalid_params(format!(
            "project not found: {project}"
        )));
    }
    if params.sort_key == Some(ThreadSortKey::SectionPosition) && params.section_id.is_none() {
        return Err(RpcError::invalid_request(
            "section-position sorting requires a section filter",
        ));
    }
    // No answer has had a cursor, so this is none.
    if let Some(cursor) = params.cursor {
        return Err(invalid_cursor(&cursor));
    }
    Ok(ThreadListResponse {
        data: Vec::new(),
        read_states: Some(BTreeMap::new()),
        next_cursor: None,
        backwards_cursor: None,
    }
    .into())
}

/// `thread/read`.
pub(super) async fn read(call: Call, params: ThreadReadParams) -> Answer<ThreadReadResponse> {
    let id = id(&params.thread_id)?;
    let thread = call.server.threads.look(id, |loaded| loaded.shown());
    let thread = thread.ok_or_else(|| not_loaded(id))?;
    if params.include_turns {
        return Err(match thread.ephemeral {
            true => RpcError::invalid_request("ephemeral threads do not support includeTurns"),
            false => before_first_message(id, "includeTurns"),
        });
    }
    // Nothing was said in it that could have been read.
    Ok(ThreadReadResponse {
        thread,
        read_state: None,
    }
    .into())
}

/// `thread/turns/list`.
pub(super) async fn turns(
    call: Call,
    params: ThreadTurnsListParams,
) -> Answer<ThreadTurnsListResponse> {
    let id = id(&params.thread_id)?;
    let ephemeral = call.server.threads.look(id, |loaded| loaded.is_ephemeral());
    let what = "thread/turns/list";
    Err(match ephemeral {
        None => not_loaded(id),
        Some(true) => RpcError::invalid_request(format!("ephemeral threads do not support {what}")),
        Some(false) => before_first_message(id, what),
    })
}

/// `thread/items/list`.
pub(super) async fn items(
    _: Call,
    params: ThreadItemsListParams,
) -> Answer<ThreadItemsListResponse> {
    let is_anchor = matches!(params.cursor, Some(ThreadItemsListCursor::Anchor(_)));
    if is_anchor && params.turn_id.is_none() {
        return Err(RpcError::invalid_params(
            "turnId is required when cursor is an item anchor",
        ));
    }
    id(&params.thread_id)?;
    let words = "thread/items/list is not supported yet";
    Err(RpcError::new(code::METHOD_NOT_FOUND, words))
}

fn before_first_message(id: ThreadId, what: &str) -> RpcError {
    RpcError::invalid_request(format!(
        "thread {id} is not materialized yet; {what} is unavailable before first user message"
    ))
}

fn invalid_cursor(cursor: &str) -> RpcError {
    RpcError::invalid_request(format!("invalid cursor: {cursor}"))
}
