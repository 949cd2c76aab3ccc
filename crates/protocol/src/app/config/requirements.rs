//! What the administrator demands. Demands about what this server does not have are carried as
//! they are.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ForcedLoginMethod, WebSearchMode};
use crate::app::policy::{ApprovalsReviewer, AskForApproval, SandboxMode};

/// What the administrator demands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConfigRequirementsReadResponse {
    /// Demands about two kinds of speed are kept apart.
    pub supports_independent_speed_modes: Option<bool>,
    /// Nothing.
    pub requirements: Option<ConfigRequirements>,
}

/// Demands; `null` where there is none.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConfigRequirements {
    /// The only provider.
    pub model_provider: Option<String>,
    /// What providers there are.
    pub model_providers: Option<BTreeMap<String, Value>>,
    /// How one may sign in.
    pub allowed_login_methods: Option<Vec<ForcedLoginMethod>>,
    /// Where keys are kept.
    pub cli_auth_credentials_store: Option<CliAuthCredentialsStoreMode>,
    /// Where the service is.
    pub chatgpt_base_url: Option<String>,
    /// What a model is told besides.
    pub additional_developer_instructions: Option<String>,
    /// When a user may be asked.
    pub allowed_approval_policies: Option<Vec<AskForApproval>>,
    /// Who may be asked.
    pub allowed_approvals_reviewers: Option<Vec<ApprovalsReviewer>>,
    /// What commands may be held to.
    pub allowed_sandbox_modes: Option<Vec<SandboxMode>>,
    /// How, on Windows.
    pub allowed_windows_sandbox_implementations: Option<Vec<WindowsSandboxImplementation>>,
    /// Which profiles may be used.
    pub allowed_permission_profiles: Option<BTreeMap<String, bool>>,
    /// Which profile is used if nothing is said.
    pub default_permissions: Option<String>,
    /// How the web may be searched.
    pub allowed_web_search_modes: Option<Vec<WebSearchMode>>,
    /// No hooks but the administrator's.
    pub allow_managed_hooks_only: Option<bool>,
    /// Browsers and computers may be used.
    pub allow_browser_and_computer_use: Option<bool>,
    /// Pictures of apps may be taken.
    pub allow_appshots: Option<bool>,
    /// The server may be steered from elsewhere.
    pub allow_remote_control: Option<bool>,
    /// Settings of the use of computers.
    pub computer_use: Option<Value>,
    /// Settings of the use of browsers.
    pub browser_use: Option<Value>,
    /// Settings of a client's own browser.
    pub in_app_browser: Option<Value>,
    /// Features that are on or off.
    pub feature_requirements: Option<BTreeMap<String, bool>>,
    /// The administrator's hooks.
    pub hooks: Option<Value>,
    /// Where data may be.
    pub enforce_residency: Option<ResidencyRequirement>,
    /// What may be reached.
    pub network: Option<Value>,
    /// Settings of a desktop client.
    pub application: Option<Value>,
    /// Settings of reviews by a model.
    pub auto_review: Option<Value>,
    /// What new threads begin with.
    pub models: Option<Value>,
    /// Where databases are: a `file:` URI.
    pub sqlite_home: Option<String>,
    /// Where logs are: a `file:` URI.
    pub log_dir: Option<String>,
    /// Where the catalog of models is: a `file:` URI.
    pub model_catalog_json: Option<String>,
    /// Clients look for a newer version.
    pub check_for_update_on_startup: Option<bool>,
    /// Commands may run in a login shell.
    pub allow_login_shell: Option<bool>,
    /// Settings of feedback.
    pub feedback: Option<Value>,
    /// Settings of telemetry.
    pub otel: Option<Value>,
}

/// Where keys are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum CliAuthCredentialsStoreMode {
    /// In a file.
    File,
    /// In the system's key ring.
    Keyring,
    /// In the key ring, else in a file.
    Auto,
    /// Nowhere.
    Ephemeral,
}

/// How commands are held, on Windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum WindowsSandboxImplementation {
    /// By an administrator's means.
    Elevated,
    /// By a user's means.
    Unelevated,
    /// In a container.
    Mxc,
}

/// Where data may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum ResidencyRequirement {
    /// In the United States.
    Us,
}
