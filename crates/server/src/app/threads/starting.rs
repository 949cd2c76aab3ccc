//! `thread/start`.

use std::{path::Path, sync::Arc};

use outpost_agent::{
    config::Said,
    threads::{
        Birth, Settings, StartError, Started, Surroundings, ThreadId, Watcher, Wishes, resolve,
    },
};
use outpost_protocol::{
    RpcError,
    app::{
        AbsolutePath,
        thread::{ThreadHistoryMode, ThreadStartParams, ThreadStartResponse},
    },
};
use outpost_rpc::router::Reply;
use serde_json::Value;

use super::{Answer, desk::tell_gone, environments};
use crate::app::{Shared, connection::Call, models, settings};

/// The environment of this machine.
const LOCAL: &str = "local";

/// What is looked at of the configuration.
const SETTINGS: [&str; 14] = [
    "approval_policy",
    "approvals_reviewer",
    "default_permissions",
    "model",
    "model_catalog_json",
    "model_provider",
    "model_providers",
    "model_reasoning_effort",
    "model_reasoning_summary",
    "permissions",
    "personality",
    "sandbox_mode",
    "sandbox_workspace_write",
    "service_tier",
];

/// `thread/start`.
pub(super) async fn start(call: Call, params: ThreadStartParams) -> Answer<ThreadStartResponse> {
    let birth = birth(&call, &params)?;
    let settings = settle(&call.server, params).await?;
    let Call { server, client } = call;
    let id = ThreadId::fresh();
    let begun = server.threads.decide(|threads, now| {
        // A client that has ended could not leave the thread any more.
        if client.has_ended() {
            return Err(RpcError::internal("the connection has ended"));
        }
        let started = threads.start(id, Watcher(client.number), (birth, settings.clone()), now);
        started.map_err(|error| refusal(&error))
    });
    let Started { thread, gone } = begun?;
    tracing::info!(connection = client.number, thread = %id, "thread started");
    let told = settings.told;
    let response = ThreadStartResponse {
        thread,
        model: told.model,
        model_provider: told.model_provider,
        service_tier: told.service_tier,
        disabled_plugin_ids: told.disabled_plugin_ids,
        cwd: told.cwd,
        runtime_workspace_roots: settings.roots,
        instruction_sources: Vec::new(),
        approval_policy: told.approval_policy,
        approvals_reviewer: told.approvals_reviewer,
        sandbox: told.sandbox_policy,
        active_permission_profile: told.active_permission_profile,
        reasoning_effort: told.effort,
        multi_agent_mode: told.multi_agent_mode,
    };
    let server = Arc::clone(&server);
    Ok(Reply::then(response, move || {
        if let Some(gone) = gone {
            tell_gone(gone, &server.audience);
        }
        server.threads.tell_started(id, &server.audience);
    }))
}

fn birth(call: &Call, params: &ThreadStartParams) -> Result<Birth, RpcError> {
    if params.permissions.is_some() && params.sandbox.is_some() {
        return Err(RpcError::invalid_request(
            "`permissions` cannot be combined with `sandbox`",
        ));
    }
    if let Some(project) = &params.project_id {
        return Err(RpcError::invalid_request(format!(
            "project not found: {project}"
        )));
    }
    Ok(Birth {
        ephemeral: params.ephemeral.unwrap_or_default(),
        history_mode: params.history_mode.unwrap_or(ThreadHistoryMode::Paginated),
        originator: call.client.identity().map(|client| client.name.clone()),
        thread_source: params.thread_source.clone(),
        daybreak_enabled: params.daybreak_enabled,
    })
}

/// How the turns of a new thread are done.
async fn settle(server: &Shared, params: ThreadStartParams) -> Result<Settings, RpcError> {
    let cwd = server.machine.cwd.join(params.cwd.unwrap_or_default());
    let environments = environments(server, params.environments)?;
    let wishes = Wishes {
        cwd: absolute(&cwd),
        model: params.model,
        model_provider: params.model_provider,
        service_tier: params.service_tier,
        roots: params.runtime_workspace_roots,
        approval_policy: params.approval_policy,
        approvals_reviewer: params.approvals_reviewer,
        sandbox: params.sandbox,
        permissions: params.permissions,
        personality: params.personality,
        multi_agent_mode: params.multi_agent_mode,
        environments,
        config: params.config.unwrap_or_default(),
    };
    let settled = settings::look(server, move |all| {
        let mut said = all.said(&SETTINGS, &cwd);
        let config = Value::Object(std::mem::take(&mut said.settings));
        let default_model = default_model(&config);
        let found = Surroundings {
            config: &config,
            trusted: said.trusted,
            default_model: default_model.as_deref(),
            default_environment: LOCAL,
        };
        resolve(wishes, found, |hold, config| {
            let settings = config.as_object().cloned().unwrap_or_default();
            settings::shown(all, &Said { settings, ..said }, &cwd, hold)
        })
    });
    let settled = settled.await?;
    settled.map_err(|error| RpcError::invalid_request(error.to_string()))
}

/// The model of a catalog where nobody says one.
fn default_model(config: &Value) -> Option<String> {
    let (catalog, _) = models::catalog(config);
    let listed = catalog.list(None, false);
    let usual = listed.into_iter().find(|listed| listed.is_default);
    usual.map(|listed| listed.model.slug)
}

/// A path below the server's own folder, or an absolute one.
pub(super) fn absolute(path: &Path) -> AbsolutePath {
    AbsolutePath::new(path)
        .expect("the server's own folder is absolute, and so is what it is below")
}

fn refusal(error: &StartError) -> RpcError {
    RpcError::invalid_request(format!("the thread cannot begin: {error}"))
}
