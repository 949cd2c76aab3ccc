//! `plugin/*`, `app/*`, `mcpServerStatus/list`, `windowsSandbox/readiness`: what of other services
//! is here. Nothing is, and the lists say so.

use outpost_agent::paging;
use outpost_protocol::{
    NoParams, RpcError,
    app::extensions::{
        AppInstalled, AppList, AppsInstalledParams, AppsInstalledResponse, AppsListParams,
        AppsListResponse, ListMcpServerStatusParams, ListMcpServerStatusResponse,
        McpServerStatusList, PluginInstalled, PluginInstalledParams, PluginInstalledResponse,
        PluginList, PluginListParams, PluginListResponse, PluginReconcile, PluginReconcileParams,
        PluginReconcileResponse, WindowsSandboxReadiness, WindowsSandboxReadinessRead,
        WindowsSandboxReadinessResponse,
    },
};
use outpost_rpc::router::{Reply, Router};

use super::{connection::Call, threads};

/// The answer of every handler.
type Answer<T> = Result<Reply<T>, RpcError>;

/// Adds the methods of this family.
pub(super) fn methods(router: Router<Call>) -> Router<Call> {
    router
        .call::<PluginInstalled, _, _>(|lane| lane, plugins_installed)
        .call::<PluginList, _, _>(|lane| lane, plugins)
        .call::<PluginReconcile, _, _>(|lane| lane, reconcile)
        .call::<AppList, _, _>(|lane| lane, apps)
        .call::<AppInstalled, _, _>(|lane| lane, apps_installed)
        .call::<McpServerStatusList, _, _>(|lane| lane, tool_servers)
        .call::<WindowsSandboxReadinessRead, _, _>(|lane| lane, readiness)
}

/// `plugin/installed`.
async fn plugins_installed(_: Call, _: PluginInstalledParams) -> Answer<PluginInstalledResponse> {
    Ok(PluginInstalledResponse {
        marketplaces: Vec::new(),
        marketplace_load_errors: Vec::new(),
    }
    .into())
}

/// `plugin/list`.
async fn plugins(_: Call, _: PluginListParams) -> Answer<PluginListResponse> {
    Ok(PluginListResponse {
        marketplaces: Vec::new(),
        marketplace_load_errors: Vec::new(),
        featured_plugin_ids: Vec::new(),
    }
    .into())
}

/// `plugin/reconcile`.
async fn reconcile(_: Call, _: PluginReconcileParams) -> Answer<PluginReconcileResponse> {
    Ok(PluginReconcileResponse {
        changed_plugins: Vec::new(),
        failed_remote_plugin_ids: Vec::new(),
        failed_materialization_remote_plugin_ids: Vec::new(),
    }
    .into())
}

/// `app/list`: any part of a list of nothing is nothing.
async fn apps(call: Call, params: AppsListParams) -> Answer<AppsListResponse> {
    is_at_hand(&call, params.thread_id)?;
    Ok(AppsListResponse {
        data: Vec::new(),
        next_cursor: None,
    }
    .into())
}

/// `app/installed`.
async fn apps_installed(call: Call, params: AppsInstalledParams) -> Answer<AppsInstalledResponse> {
    is_at_hand(&call, params.thread_id)?;
    Ok(AppsInstalledResponse { apps: Vec::new() }.into())
}

/// `mcpServerStatus/list`: whatever is configured, none is started.
async fn tool_servers(
    call: Call,
    params: ListMcpServerStatusParams,
) -> Answer<ListMcpServerStatusResponse> {
    is_at_hand(&call, params.thread_id)?;
    let page = paging::page(0, "MCP servers", params.cursor.as_deref(), params.limit);
    let page = page.map_err(|error| RpcError::invalid_request(error.to_string()))?;
    Ok(ListMcpServerStatusResponse {
        data: Vec::new(),
        next_cursor: page.next,
    }
    .into())
}

/// A thread that is named has to be there.
fn is_at_hand(call: &Call, thread: Option<String>) -> Result<(), RpcError> {
    match thread {
        Some(thread) => threads::folder(&call.server, &thread).map(drop),
        None => Ok(()),
    }
}

/// `windowsSandbox/readiness`: this is no Windows.
async fn readiness(_: Call, _: NoParams) -> Answer<WindowsSandboxReadinessResponse> {
    Ok(WindowsSandboxReadinessResponse {
        status: WindowsSandboxReadiness::NotConfigured,
    }
    .into())
}
