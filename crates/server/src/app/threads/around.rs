//! What a thread could have around it. Without turns it has none of that, and that is what is
//! answered.

use outpost_protocol::{
    RpcError,
    app::{
        Done,
        thread::{
            ThreadAttachmentListParams, ThreadAttachmentListResponse,
            ThreadBackgroundTerminalsCleanParams, ThreadBackgroundTerminalsListParams,
            ThreadBackgroundTerminalsListResponse, ThreadGoalGetParams, ThreadGoalGetResponse,
            ThreadReadStateUpdateParams, ThreadReadStateUpdateResponse,
        },
    },
};

use super::{Answer, id, id_of_params, not_found, not_loaded};
use crate::app::connection::Call;

/// `thread/attachment/list`. The thread need not exist.
pub(super) async fn attachments(
    _: Call,
    params: ThreadAttachmentListParams,
) -> Answer<ThreadAttachmentListResponse> {
    id_of_params(&params.thread_id)?;
    // No answer has had a cursor, so this is none.
    if params.cursor.is_some() {
        return Err(RpcError::invalid_params("invalid pagination cursor"));
    }
    Ok(ThreadAttachmentListResponse {
        data: Vec::new(),
        next_cursor: None,
    }
    .into())
}

/// `thread/backgroundTerminals/list`.
pub(super) async fn terminals(
    call: Call,
    params: ThreadBackgroundTerminalsListParams,
) -> Answer<ThreadBackgroundTerminalsListResponse> {
    let id = id(&params.thread_id)?;
    call.server
        .threads
        .look(id, |_| ())
        .ok_or_else(|| not_found(id))?;
    if let Some(Err(error)) = params.cursor.map(|cursor| cursor.parse::<usize>()) {
        return Err(RpcError::invalid_request(format!(
            "invalid cursor: {error}"
        )));
    }
    Ok(ThreadBackgroundTerminalsListResponse {
        data: Vec::new(),
        next_cursor: None,
    }
    .into())
}

/// `thread/backgroundTerminals/clean`.
pub(super) async fn clean(
    call: Call,
    params: ThreadBackgroundTerminalsCleanParams,
) -> Answer<Done> {
    let id = id(&params.thread_id)?;
    call.server
        .threads
        .look(id, |_| ())
        .ok_or_else(|| not_found(id))?;
    Ok(Done {}.into())
}

/// `thread/goal/get`.
pub(super) async fn goal(call: Call, params: ThreadGoalGetParams) -> Answer<ThreadGoalGetResponse> {
    let id = id(&params.thread_id)?;
    let ephemeral = call.server.threads.look(id, |loaded| loaded.is_ephemeral());
    match ephemeral {
        None => Err(not_found(id)),
        Some(true) => Err(RpcError::invalid_request(format!(
            "ephemeral thread does not support goals: {id}"
        ))),
        Some(false) => Ok(ThreadGoalGetResponse { goal: None }.into()),
    }
}

/// `thread/readState/update`. Nothing was said in a thread that could have been read.
pub(super) async fn read_state(
    call: Call,
    params: ThreadReadStateUpdateParams,
) -> Answer<ThreadReadStateUpdateResponse> {
    let id = id_of_params(&params.thread_id)?;
    call.server
        .threads
        .look(id, |_| ())
        .ok_or_else(|| not_loaded(id))?;
    Err(RpcError::invalid_request("thread read state unavailable"))
}
