//! Accounts at the provider of models: who is signed in, signing in and out.

mod around;
mod limits;
mod login;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::{around::*, limits::*, login::*};
use super::Done;
use crate::{
    NoParams,
    method::{methods, notifications},
};

methods! {
    /// Who is signed in.
    Read = "account/read": GetAccountParams => GetAccountResponse;
    /// Signs in, or begins to.
    LoginStart = "account/login/start": LoginAccountParams => LoginAccountResponse;
    /// Gives up a login that has begun.
    LoginCancel = "account/login/cancel": CancelLoginAccountParams => CancelLoginAccountResponse;
    /// Signs out, and forgets the key.
    Logout = "account/logout": NoParams => Done;
    /// The accounts that are signed in side by side.
    SessionList = "accountSession/list": AccountSessionsListParams => AccountSessionsResponse;
    /// What an account should do for its security.
    SecuritySetupRead = "account/securitySetup/read": NoParams => GetAccountSecuritySetupResponse;
    /// Whether a provider wants a login at a gateway.
    GatewayOAuthRead = "account/gatewayOAuth/read": Option<GatewayOAuthReadParams> => GatewayOAuthReadResponse;
    /// Whether the provider is a government's cloud.
    CheckGovCloudRequirements = "account/bedrock/checkGovCloudRequirements": BedrockCheckGovCloudRequirementsParams => BedrockCheckGovCloudRequirementsResponse;
    /// What an account may still use.
    RateLimitsRead = "account/rateLimits/read": Option<GetAccountRateLimitsParams> => Value;
    /// Uses up a credit, so that the limits begin anew.
    RateLimitResetCreditConsume = "account/rateLimitResetCredit/consume": ConsumeAccountRateLimitResetCreditParams => Value;
    /// What an account has used.
    UsageRead = "account/usage/read": Option<GetAccountTokenUsageParams> => Value;
    /// What the owner of a workspace has to say.
    WorkspaceMessagesRead = "account/workspaceMessages/read": NoParams => Value;
    /// Asks the owner of a workspace for more.
    SendAddCreditsNudgeEmail = "account/sendAddCreditsNudgeEmail": SendAddCreditsNudgeEmailParams => Value;
}

notifications! {
    /// Somebody has signed in or out.
    Updated = "account/updated": AccountUpdatedNotification;
    /// A login is over.
    LoginCompleted = "account/login/completed": AccountLoginCompletedNotification;
}

/// How to find out.
#[derive(Clone, Debug, PartialEq, Eq, Copy, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct GetAccountParams {
    /// Renews the account's token first.
    #[serde(default)]
    pub refresh_token: bool,
}

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct GetAccountResponse {
    /// Nobody, or a provider that needs nobody.
    pub account: Option<Account>,
    /// The account's user.
    pub user_id: Option<String>,
    /// The provider in use wants an account at OpenAI.
    pub requires_openai_auth: bool,
    /// Where the account's workspace lives.
    pub workspace_routing: Option<WorkspaceRouting>,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Account {
    /// A key.
    ApiKey {},
    /// An account at ChatGPT.
    Chatgpt {
        /// Its address.
        email: Option<String>,
        /// What it pays for.
        plan_type: PlanType,
        /// Which of its workspaces.
        workspace_name: Option<String>,
    },
    /// An account at Amazon.
    AmazonBedrock {
        /// Its keys were given to this server.
        #[serde(default)]
        uses_codex_managed_credentials: bool,
    },
    /// An account at Google.
    Gcp {},
}

/// What an account pays for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PlanType {
    /// A plan of that name.
    Free,
    /// A plan of that name.
    Go,
    /// A plan of that name.
    Plus,
    /// A plan of that name.
    Pro,
    /// A plan of that name.
    #[serde(rename = "prolite")]
    ProLite,
    /// A plan of that name.
    #[serde(rename = "promax")]
    ProMax,
    /// A plan of that name.
    Team,
    /// A plan of that name.
    #[serde(rename = "self_serve_business_prolite")]
    SelfServeBusinessProLite,
    /// A plan of that name.
    SelfServeBusinessUsageBased,
    /// A plan of that name.
    Business,
    /// A plan of that name.
    Ent26,
    /// A plan of that name.
    EnterpriseCbpAutomation,
    /// A plan of that name.
    EnterpriseCbpUsageBased,
    /// A plan of that name.
    Enterprise,
    /// A plan of that name.
    Edu,
    /// A plan of that name.
    EduPlus,
    /// A plan of that name.
    EduPro,
    /// A plan of that name.
    Sci,
    /// A plan of that name.
    SciPlus,
    /// Any other.
    Unknown,
}

/// Where a workspace lives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceRouting {
    /// The account.
    pub chatgpt_account_id: String,
    /// The service that holds it.
    pub backend_origin: String,
    /// Which region it is bound to.
    pub account_routing_override: AccountRoutingOverride,
}

/// Which region a workspace is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AccountRoutingOverride {
    /// None.
    #[serde(rename = "NO_CONSTRAINT")]
    NoConstraint,
    /// The United States.
    Us,
    /// The United States, for a customer that is regulated there.
    UsCr,
}

/// Who is signed in now.
#[derive(Clone, Debug, PartialEq, Eq, Copy, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AccountUpdatedNotification {
    /// How; nobody.
    pub auth_mode: Option<AuthMode>,
    /// What the account pays for.
    pub plan_type: Option<PlanType>,
}

/// How somebody is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum AuthMode {
    /// With a key.
    #[serde(rename = "apikey")]
    ApiKey,
    /// At ChatGPT.
    Chatgpt,
    /// At ChatGPT, with tokens of the client's.
    ChatgptAuthTokens,
    /// With headers of the client's.
    Headers,
    /// As an agent.
    AgentIdentity,
    /// With a token of a person's.
    PersonalAccessToken,
    /// With a key of Amazon's.
    BedrockApiKey,
    /// With a pair of keys of Amazon's.
    BedrockAccessKeys,
}
