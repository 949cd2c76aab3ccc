//! What is asked about accounts beside who is signed in. All of it is about services that this
//! server does not have; the answers say so.

use serde::{Deserialize, Serialize};

/// How to find out.
#[derive(Clone, Debug, PartialEq, Eq, Copy, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AccountSessionsListParams {
    /// Asks the service about the workspaces first.
    #[serde(default)]
    pub refresh_workspace_metadata: bool,
}

/// The accounts that are signed in side by side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AccountSessionsResponse {
    /// The one in use.
    pub active_session_id: Option<String>,
    /// All of them.
    pub sessions: Vec<AccountSession>,
}

/// One account that is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AccountSession {
    /// Names it.
    pub session_id: String,
    /// Its address.
    pub email: Option<String>,
    /// Its user.
    pub user_id: Option<String>,
    /// For people.
    pub display_name: Option<String>,
    /// A picture.
    pub image_url: Option<String>,
    /// Seconds since 1970.
    pub last_used_at: i64,
    /// It is the one in use.
    pub is_active: bool,
    /// Which of its workspaces.
    pub selected_workspace_account_id: Option<String>,
    /// All of those.
    pub workspaces: Vec<AccountSessionWorkspace>,
}

/// One workspace of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AccountSessionWorkspace {
    /// Names it.
    pub account_id: String,
    /// For people.
    pub name: Option<String>,
    /// A picture.
    pub image_url: Option<String>,
    /// Whose it is.
    pub kind: Option<AccountSessionWorkspaceKind>,
}

/// Whose a workspace is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum AccountSessionWorkspaceKind {
    /// One person's.
    Personal,
    /// That of several people.
    Workspace,
}

/// What an account should do for its security.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GetAccountSecuritySetupResponse {
    /// Nothing.
    pub notice: Option<AccountSecuritySetupNotice>,
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AccountSecuritySetupNotice {
    /// Whose account.
    pub account_id: String,
    /// Whose.
    pub user_id: String,
    /// For people.
    pub title: String,
    /// For people.
    pub description: String,
    /// Where to do it.
    pub action: AccountSecuritySetupAction,
}

/// A button.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AccountSecuritySetupAction {
    /// What it says.
    pub label: String,
    /// What it opens.
    pub url: String,
}

/// Which provider.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct GatewayOAuthReadParams {
    /// Absent: the one in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_provider: Option<String>,
}

/// Whether a provider wants a login at a gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct GatewayOAuthReadResponse {
    /// Which provider.
    pub provider_id: String,
    /// For people.
    pub provider_name: String,
    /// Whether it does.
    pub required: bool,
    /// A code can be typed elsewhere.
    #[serde(default)]
    pub supports_device_auth: bool,
    /// How far a login is.
    pub status: Option<GatewayOAuthStatus>,
    /// Why it failed.
    pub error: Option<String>,
}

/// How far a login at a gateway is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum GatewayOAuthStatus {
    /// It cannot begin yet.
    NotReady,
    /// It has begun.
    Started,
    /// It is done.
    Succeeded,
    /// It failed.
    Failed,
}

/// Nothing to say.
#[derive(Clone, Debug, PartialEq, Eq, Copy, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BedrockCheckGovCloudRequirementsParams {}

/// Whether the provider is a government's cloud.
#[derive(Clone, Debug, PartialEq, Eq, Copy, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct BedrockCheckGovCloudRequirementsResponse {
    /// Whether it is.
    pub is_gov_cloud: bool,
    /// The user should know of the rules there.
    pub should_warn: bool,
}
