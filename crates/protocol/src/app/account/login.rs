//! Signing in, and giving it up.

use serde::{Deserialize, Serialize};

use crate::app::Secret;

/// How to sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum LoginAccountParams {
    /// With a key.
    ApiKey {
        /// The key; never told again.
        api_key: Secret,
    },
    /// With a browser.
    Chatgpt {
        /// With fewer pages.
        #[serde(default)]
        codex_streamlined_login: bool,
        /// The last page is the service's own.
        #[serde(default)]
        use_hosted_login_success_page: bool,
        /// Whose look the pages have.
        #[serde(skip_serializing_if = "Option::is_none")]
        app_brand: Option<LoginAppBrand>,
    },
    /// With a code that is typed elsewhere.
    ChatgptDeviceCode {},
    /// With tokens that the client renews.
    ChatgptAuthTokens {
        /// The token.
        access_token: Secret,
        /// Whose it is.
        chatgpt_account_id: String,
        /// What that account pays for.
        #[serde(skip_serializing_if = "Option::is_none")]
        chatgpt_plan_type: Option<String>,
    },
    /// With a key of Amazon's.
    AmazonBedrock {
        /// The key.
        api_key: Secret,
        /// Where it holds.
        region: String,
    },
    /// With a pair of keys of Amazon's.
    AmazonBedrockAccessKeys {
        /// The public one.
        access_key_id: String,
        /// The secret one.
        secret_access_key: Secret,
        /// Where they are borrowed.
        #[serde(skip_serializing_if = "Option::is_none")]
        session_token: Option<Secret>,
        /// Where they hold.
        region: String,
    },
}

/// Whose look the pages of a login have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum LoginAppBrand {
    /// The program's.
    Codex,
    /// The service's.
    Chatgpt,
}

/// How far a login came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum LoginAccountResponse {
    /// Done.
    ApiKey {},
    /// A browser has to be opened.
    Chatgpt {
        /// Names it from here on.
        login_id: String,
        /// What to open.
        auth_url: String,
    },
    /// A code has to be typed.
    ChatgptDeviceCode {
        /// Names it from here on.
        login_id: String,
        /// Where to type it.
        verification_url: String,
        /// What to type.
        user_code: String,
    },
    /// Done.
    ChatgptAuthTokens {},
    /// Done.
    AmazonBedrock {},
}

/// A login to give up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CancelLoginAccountParams {
    /// Which: a UUID.
    pub login_id: String,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, Copy, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CancelLoginAccountResponse {
    /// The short of it.
    pub status: CancelLoginAccountStatus,
}

/// What became of a login that was to be given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum CancelLoginAccountStatus {
    /// It is given up.
    Canceled,
    /// There was none.
    NotFound,
}

/// How a login ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AccountLoginCompletedNotification {
    /// Which, where it had to be waited for.
    pub login_id: Option<String>,
    /// Whether somebody is signed in now.
    pub success: bool,
    /// Why not.
    pub error: Option<String>,
    /// What to show a new user.
    pub onboarding_entrypoint: Option<DesktopOnboardingEntrypoint>,
}

/// What to show a new user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DesktopOnboardingEntrypoint {
    /// What is of use there.
    LifeSciences,
}
