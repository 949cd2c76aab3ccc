//! What changes a thread, and who is told of it.

use std::sync::Arc;

use outpost_agent::threads::{
    Change, ChangeError, Held, Hold, SettingsError, ThreadId, Unsubscribed, Watcher,
};
use outpost_protocol::{
    RpcError,
    app::{
        AbsolutePath, Done,
        thread::{
            ThreadSetNameParams, ThreadSettingsUpdateParams, ThreadUnsubscribeParams,
            ThreadUnsubscribeResponse, ThreadUnsubscribeStatus,
        },
    },
};
use outpost_rpc::router::Reply;

use super::{Answer, desk::Desk, environments, id, not_found, not_kept, starting::absolute};
use crate::app::{Shared, audience::Audience, connection::Call, settings};

/// `thread/name/set`.
pub(super) async fn name(call: Call, params: ThreadSetNameParams) -> Answer<Done> {
    let id = id(&params.thread_id)?;
    let Call { server, .. } = call;
    let named = server
        .threads
        .decide(|threads, now| threads.rename(id, &params.name, now));
    named.map_err(|error| match error {
        ChangeError::Unknown => not_kept(id),
        ChangeError::EmptyName => RpcError::invalid_request(error.to_string()),
        ChangeError::Ephemeral => RpcError::invalid_request(format!(
            "ephemeral thread does not support metadata updates: {id}"
        )),
        ChangeError::TooLong(error) => RpcError::invalid_request(error.to_string()),
    })?;
    Ok(afterwards(server, id, Desk::tell_name))
}

/// `thread/settings/update`.
pub(super) async fn settings(call: Call, params: ThreadSettingsUpdateParams) -> Answer<Done> {
    let id = id(&params.thread_id)?;
    let Call { server, .. } = call;
    let folder = server
        .threads
        .look(id, |loaded| loaded.settings().told.cwd.clone());
    let folder = folder.ok_or_else(|| not_found(id))?;
    let change = change(&server, &folder, params).await?;
    let changed = server
        .threads
        .decide(|threads, now| threads.change(id, change, now));
    let changed = changed.map_err(|error| match error {
        ChangeError::Unknown => not_found(id),
        other => RpcError::invalid_request(other.to_string()),
    })?;
    if !changed {
        return Ok(Done {}.into());
    }
    Ok(afterwards(server, id, Desk::tell_settings))
}

/// What is to change of a thread that works in `folder`.
async fn change(
    server: &Shared,
    folder: &AbsolutePath,
    params: ThreadSettingsUpdateParams,
) -> Result<Change, RpcError> {
    let cwd = params
        .cwd
        .map(|cwd| absolute(&server.machine.cwd.join(cwd)));
    let hold = match (params.sandbox_policy, params.permissions) {
        (Some(_), Some(_)) => {
            return Err(RpcError::invalid_request(
                "`permissions` cannot be combined with `sandboxPolicy`",
            ));
        }
        (Some(policy), None) => Some(Hold::Policy {
            policy,
            is_wish: true,
        }),
        (None, Some(name)) => Some(Hold::Profile(name)),
        (None, None) => None,
    };
    let sandbox = match hold {
        Some(hold) => Some(held(server, cwd.as_ref().unwrap_or(folder), hold).await?),
        None => None,
    };
    Ok(Change {
        disabled_plugin_ids: params.disabled_plugin_ids,
        cwd,
        environments: environments(server, params.environments)?,
        approval_policy: params.approval_policy,
        approvals_reviewer: params.approvals_reviewer,
        sandbox,
        model: params.model,
        service_tier: params.service_tier,
        effort: params.effort,
        summary: params.summary,
        collaboration_mode: params.collaboration_mode,
        multi_agent_mode: params.multi_agent_mode,
        personality: params.personality,
    })
}

/// What commands in `folder` are held to that are to be held to something else.
async fn held(server: &Shared, folder: &AbsolutePath, hold: Hold) -> Result<Held, RpcError> {
    let folder = folder.as_path().to_owned();
    let shown = settings::look(server, move |all| {
        let said = all.said(&settings::SETTINGS, &folder);
        settings::shown(all, &said, &folder, hold)
    });
    shown
        .await?
        .map_err(|words| RpcError::invalid_request(SettingsError::Configuration(words).to_string()))
}

/// Done, and then clients are told.
fn afterwards(
    server: Arc<Shared>,
    id: ThreadId,
    tell: fn(&Desk, ThreadId, &Audience),
) -> Reply<Done> {
    Reply::then(Done {}, move || tell(&server.threads, id, &server.audience))
}

/// `thread/unsubscribe`.
pub(super) async fn unsubscribe(
    call: Call,
    params: ThreadUnsubscribeParams,
) -> Answer<ThreadUnsubscribeResponse> {
    let id = id(&params.thread_id)?;
    let who = Watcher(call.client.number);
    let done = call
        .server
        .threads
        .decide(|threads, now| threads.unsubscribe(id, who, now));
    let status = match done {
        Unsubscribed::Unknown => ThreadUnsubscribeStatus::NotLoaded,
        Unsubscribed::WasNot => ThreadUnsubscribeStatus::NotSubscribed,
        Unsubscribed::Done => ThreadUnsubscribeStatus::Unsubscribed,
    };
    Ok(ThreadUnsubscribeResponse { status }.into())
}
