//! Plugins, apps and tool servers. This server has none of their services, and answers the lists
//! truthfully; their entries are carried as they are.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{AbsolutePath, Done};
use crate::{NoParams, method::methods};

methods! {
    /// The plugins that are installed.
    PluginInstalled = "plugin/installed": PluginInstalledParams => PluginInstalledResponse;
    /// The plugins that can be installed.
    PluginList = "plugin/list": PluginListParams => PluginListResponse;
    /// Brings the plugins in line with what the account has.
    PluginReconcile = "plugin/reconcile": PluginReconcileParams => PluginReconcileResponse;
    /// The apps there are.
    AppList = "app/list": AppsListParams => AppsListResponse;
    /// The apps that are installed.
    AppInstalled = "app/installed": AppsInstalledParams => AppsInstalledResponse;
    /// The tool servers and how they are.
    McpServerStatusList = "mcpServerStatus/list": ListMcpServerStatusParams => ListMcpServerStatusResponse;
    /// Reads the configuration of tool servers again.
    McpServerReload = "config/mcpServer/reload": NoParams => Done;
    /// Whether the sandbox of Windows is set up.
    WindowsSandboxReadinessRead = "windowsSandbox/readiness": NoParams => WindowsSandboxReadinessResponse;
}

/// Whose plugins.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PluginInstalledParams {
    /// Folders whose market places count too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwds: Option<Vec<AbsolutePath>>,
    /// Plugins to list although they are not installed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub install_suggestion_plugin_names: Option<Vec<String>>,
}

/// The plugins that are installed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PluginInstalledResponse {
    /// By market place.
    pub marketplaces: Vec<Value>,
    /// Market places that cannot be read.
    #[serde(default)]
    pub marketplace_load_errors: Vec<MarketplaceLoadErrorInfo>,
}

/// A market place that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct MarketplaceLoadErrorInfo {
    /// Where.
    pub marketplace_path: AbsolutePath,
    /// Why.
    pub message: String,
}

/// Which plugins.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PluginListParams {
    /// Folders whose market places count too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwds: Option<Vec<AbsolutePath>>,
    /// Which market places; absent: those of this machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub marketplace_kinds: Option<Vec<PluginListMarketplaceKind>>,
    /// Asks again, whatever is known.
    #[serde(default)]
    pub force_refetch: bool,
}

/// What kind of market place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum PluginListMarketplaceKind {
    /// One of this machine.
    Local,
    /// The service's.
    Vertical,
    /// A workspace's.
    WorkspaceDirectory,
    /// What others share.
    SharedWithMe,
    /// What the user shares.
    CreatedByMeRemote,
}

/// The plugins that can be installed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PluginListResponse {
    /// By market place.
    pub marketplaces: Vec<Value>,
    /// Market places that cannot be read.
    #[serde(default)]
    pub marketplace_load_errors: Vec<MarketplaceLoadErrorInfo>,
    /// Those to show first.
    #[serde(default)]
    pub featured_plugin_ids: Vec<String>,
}

/// Why.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PluginReconcileParams {
    /// For the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What was changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PluginReconcileResponse {
    /// The plugins that were.
    pub changed_plugins: Vec<Value>,
    /// Those that could not be fetched.
    pub failed_remote_plugin_ids: Vec<String>,
    /// Those that could not be unpacked.
    pub failed_materialization_remote_plugin_ids: Vec<String>,
}

/// Which apps.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AppsListParams {
    /// Where to go on: the last answer's `nextCursor`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// How many at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Whose configuration counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<String>,
    /// Asks again, whatever is known.
    #[serde(default)]
    pub force_refetch: bool,
}

/// Apps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AppsListResponse {
    /// The apps.
    pub data: Vec<Value>,
    /// Where to go on, if there are more.
    pub next_cursor: Option<String>,
}

/// Whose apps.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AppsInstalledParams {
    /// Whose configuration counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<String>,
    /// Asks again, whatever is known.
    #[serde(default)]
    pub force_refresh: bool,
}

/// Apps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AppsInstalledResponse {
    /// The apps.
    pub apps: Vec<InstalledApp>,
}

/// One app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct InstalledApp {
    /// Names it.
    pub id: String,
    /// Names it to a model.
    pub runtime_name: Option<String>,
    /// It is on.
    pub enabled: bool,
    /// A model can use it now.
    pub callable: bool,
}

/// Which tool servers.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ListMcpServerStatusParams {
    /// Where to go on: the last answer's `nextCursor`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// How many at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// How much to tell; absent: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<McpServerStatusDetail>,
    /// Whose configuration counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<String>,
    /// Only that one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
}

/// How much to tell of a tool server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum McpServerStatusDetail {
    /// All.
    Full,
    /// Its tools, and whether it wants a login.
    ToolsAndAuthOnly,
}

/// Tool servers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ListMcpServerStatusResponse {
    /// The servers.
    pub data: Vec<Value>,
    /// Where to go on, if there are more.
    pub next_cursor: Option<String>,
}

/// Whether the sandbox of Windows is set up.
#[derive(Clone, Debug, PartialEq, Eq, Copy, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WindowsSandboxReadinessResponse {
    /// Never, on Linux.
    pub status: WindowsSandboxReadiness,
}

/// Whether the sandbox of Windows is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum WindowsSandboxReadiness {
    /// It is.
    Ready,
    /// It is not.
    NotConfigured,
    /// It was, for an older version.
    UpdateRequired,
}
