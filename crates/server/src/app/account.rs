//! `account/*`: who is signed in, signing in with a key, signing out.
//!
//! All servers of one home share one login; whoever is connected to this one is told when it
//! changes here. Other ways to sign in belong to services that this server does not have.

use std::sync::Arc;

use outpost_agent::{
    account::{AccountError, Keeping, SignedIn},
    config::Snapshot,
    providers::{Kind, Provider, Providers},
};
use outpost_protocol::{
    NoParams, RpcError,
    app::{
        Done,
        account::{
            Account, AccountLoginCompletedNotification, AccountSessionsListParams,
            AccountSessionsResponse, AccountUpdatedNotification, AuthMode,
            BedrockCheckGovCloudRequirementsParams, BedrockCheckGovCloudRequirementsResponse,
            CancelLoginAccountParams, CancelLoginAccountResponse, CancelLoginAccountStatus,
            CheckGovCloudRequirements, ConsumeAccountRateLimitResetCreditParams, GatewayOAuthRead,
            GatewayOAuthReadParams, GatewayOAuthReadResponse, GetAccountParams,
            GetAccountRateLimitsParams, GetAccountResponse, GetAccountSecuritySetupResponse,
            GetAccountTokenUsageParams, LoginAccountParams, LoginAccountResponse, LoginCancel,
            LoginCompleted, LoginStart, Logout, RateLimitResetCreditConsume, RateLimitsRead, Read,
            SecuritySetupRead, SendAddCreditsNudgeEmail, SendAddCreditsNudgeEmailParams,
            SessionList, Updated, UsageRead, WorkspaceMessagesRead,
        },
    },
    code,
};
use outpost_rpc::{
    lanes::{Access, Claim},
    router::{Reply, Router},
};
use serde_json::Value;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::{Shared, connection::Call, models, settings, threads};

/// The answer of every handler.
type Answer<T> = Result<Reply<T>, RpcError>;

/// What a method answers that only those with an account of that kind can use.
type Refused = Answer<Value>;

/// Adds the methods of this family.
pub(super) fn methods(router: Router<Call>) -> Router<Call> {
    router
        .call::<Read, _, _>(|lane| lane.claims(|_| looks()), read)
        .call::<LoginStart, _, _>(|lane| lane.claims(|_| changes()).finishes(), login)
        .call::<LoginCancel, _, _>(|lane| lane, cancel)
        .call::<Logout, _, _>(|lane| lane.claims(|_| changes()).finishes(), logout)
        .call::<SessionList, _, _>(|lane| lane, sessions)
        .call::<SecuritySetupRead, _, _>(|lane| lane, security_setup)
        .call::<GatewayOAuthRead, _, _>(|lane| lane, gateway)
        .call::<CheckGovCloudRequirements, _, _>(|lane| lane, gov_cloud)
        .call::<RateLimitsRead, _, _>(|lane| lane.claims(|_| looks()), rate_limits)
        .call::<RateLimitResetCreditConsume, _, _>(|lane| lane.claims(|_| looks()), reset_credit)
        .call::<UsageRead, _, _>(|lane| lane.claims(|_| looks()), usage)
        .call::<WorkspaceMessagesRead, _, _>(|lane| lane.claims(|_| looks()), messages)
        .call::<SendAddCreditsNudgeEmail, _, _>(|lane| lane.claims(|_| looks()), nudge)
}

/// There is one login.
fn looks() -> Vec<Claim> {
    vec![Claim::new("account", "", Access::Shared)]
}

fn changes() -> Vec<Claim> {
    vec![Claim::new("account", "", Access::Exclusive)]
}

/// Where the configuration wants logins kept.
fn keeping(snapshot: &Snapshot) -> Keeping {
    let setting = snapshot.config["cli_auth_credentials_store"].as_str();
    Keeping::of_setting(setting)
}

/// Who is signed in, with what the configuration says.
async fn signed_in(server: &Shared) -> Result<(SignedIn, Snapshot), RpcError> {
    let accounts = Arc::clone(&server.accounts);
    settings::look(server, move |all| {
        let snapshot = all.read(None);
        (accounts.signed_in(keeping(&snapshot)), snapshot)
    })
    .await
}

/// `account/read`. An account at a service that this server does not have is nobody's.
async fn read(call: Call, _: GetAccountParams) -> Answer<GetAccountResponse> {
    let (signed_in, snapshot) = signed_in(&call.server).await?;
    let provider = Providers::of(&snapshot).current();
    let account = match provider.as_ref().map(|provider| &provider.kind) {
        Some(Kind::Bedrock { .. }) => Some(Account::AmazonBedrock {
            uses_codex_managed_credentials: false,
        }),
        _ if !needs_account(provider.as_ref()) => None,
        _ => (signed_in == SignedIn::ApiKey).then_some(Account::ApiKey {}),
    };
    Ok(GetAccountResponse {
        account,
        user_id: None,
        requires_openai_auth: needs_account(provider.as_ref()),
        workspace_routing: None,
    }
    .into())
}

/// Whether the provider in use wants an account. Without a provider the usual one would be used.
fn needs_account(provider: Option<&Provider>) -> bool {
    provider.is_none_or(|provider| provider.needs_account)
}

/// `account/login/start`: only with a key. It is over when it is answered.
async fn login(call: Call, params: LoginAccountParams) -> Answer<LoginAccountResponse> {
    let Call { server, client } = call;
    let snapshot = settings::look(&server, |all| all.read(None)).await?;
    let forced = snapshot.config["forced_login_method"].as_str();
    let key = match params {
        LoginAccountParams::ApiKey { .. } if forced == Some("chatgpt") => {
            let words = "API key login is disabled. Use ChatGPT login instead.";
            return Err(RpcError::invalid_request(words));
        }
        LoginAccountParams::ApiKey { api_key } => api_key.0,
        LoginAccountParams::Chatgpt { .. }
        | LoginAccountParams::ChatgptDeviceCode {}
        | LoginAccountParams::ChatgptAuthTokens { .. } => {
            return Err(match forced {
                Some("api") => RpcError::invalid_request(
                    "ChatGPT login is disabled. Use API key login instead.",
                ),
                _ => not_offered("ChatGPT"),
            });
        }
        LoginAccountParams::AmazonBedrock { .. }
        | LoginAccountParams::AmazonBedrockAccessKeys { .. } => {
            return Err(not_offered("Amazon Bedrock"));
        }
    };
    let accounts = Arc::clone(&server.accounts);
    let keeping = keeping(&snapshot);
    let signed_in = spawn_blocking(move || accounts.sign_in(&key, keeping)).await;
    signed_in
        .map_err(|error| RpcError::internal(format!("signing in failed: {error}")))?
        .map_err(|error| match error {
            AccountError::TooLong => RpcError::invalid_request(error.to_string()),
            AccountError::Keyring | AccountError::Io(_) => {
                RpcError::internal(format!("failed to save api key: {error}"))
            }
        })?;
    Ok(Reply::then(LoginAccountResponse::ApiKey {}, move || {
        let completed = AccountLoginCompletedNotification {
            login_id: None,
            success: true,
            error: None,
            onboarding_entrypoint: None,
        };
        server
            .audience
            .tell::<LoginCompleted>([client.number], &completed);
        tell_all(&server, Some(AuthMode::ApiKey));
    }))
}

fn not_offered(way: &str) -> RpcError {
    let words = format!(
        "account/login/start with {way} is not offered by this server: it signs in with a key or \
         not at all"
    );
    RpcError::new(code::METHOD_NOT_FOUND, words)
}

/// Everybody is told who is signed in now.
fn tell_all(server: &Shared, auth_mode: Option<AuthMode>) {
    let updated = AccountUpdatedNotification {
        auth_mode,
        plan_type: None,
    };
    server.audience.tell_all::<Updated>(&updated);
}

/// `account/login/cancel`: no login takes longer than its answer, so there is never one to give up.
async fn cancel(_: Call, params: CancelLoginAccountParams) -> Answer<CancelLoginAccountResponse> {
    if Uuid::parse_str(&params.login_id).is_err() {
        let words = format!("invalid login id: {}", params.login_id);
        return Err(RpcError::invalid_request(words));
    }
    Ok(CancelLoginAccountResponse {
        status: CancelLoginAccountStatus::NotFound,
    }
    .into())
}

/// `account/logout`: signing out twice is fine.
async fn logout(call: Call, _: NoParams) -> Answer<Done> {
    let server = call.server;
    let accounts = Arc::clone(&server.accounts);
    let signed_out = spawn_blocking(move || accounts.sign_out()).await;
    signed_out
        .map_err(|error| RpcError::internal(format!("signing out failed: {error}")))?
        .map_err(|error| RpcError::internal(format!("logout failed: {error}")))?;
    Ok(Reply::then(Done {}, move || tell_all(&server, None)))
}

/// `accountSession/list`: accounts side by side are those of a service.
async fn sessions(_: Call, _: AccountSessionsListParams) -> Answer<AccountSessionsResponse> {
    Ok(AccountSessionsResponse {
        active_session_id: None,
        sessions: Vec::new(),
    }
    .into())
}

/// `account/securitySetup/read`: a key has no second factor.
async fn security_setup(_: Call, _: NoParams) -> Answer<GetAccountSecuritySetupResponse> {
    Ok(GetAccountSecuritySetupResponse { notice: None }.into())
}

/// `account/gatewayOAuth/read`: no provider is signed in at in that way here.
async fn gateway(
    call: Call,
    params: Option<GatewayOAuthReadParams>,
) -> Answer<GatewayOAuthReadResponse> {
    let asked = params.unwrap_or_default().model_provider;
    let providers = models::providers(&call.server).await?;
    let provider = models::provider(&providers, asked.as_deref())?;
    Ok(GatewayOAuthReadResponse {
        provider_id: provider.id,
        provider_name: provider.name,
        required: false,
        supports_device_auth: false,
        status: None,
        error: None,
    }
    .into())
}

/// `account/bedrock/checkGovCloudRequirements`.
async fn gov_cloud(
    _: Call,
    _: BedrockCheckGovCloudRequirementsParams,
) -> Answer<BedrockCheckGovCloudRequirementsResponse> {
    Ok(BedrockCheckGovCloudRequirementsResponse {
        is_gov_cloud: false,
        should_warn: false,
    }
    .into())
}

/// What only an account at ChatGPT can: nobody here has one.
async fn needs_chatgpt(call: Call, what: &str) -> Refused {
    let (signed_in, _) = signed_in(&call.server).await?;
    let who = match signed_in {
        SignedIn::ApiKey => "chatgpt",
        SignedIn::Nobody | SignedIn::Otherwise => "codex account",
    };
    let words = format!("{who} authentication required {what}");
    Err(RpcError::invalid_request(words))
}

/// `account/rateLimits/read`.
async fn rate_limits(call: Call, _: Option<GetAccountRateLimitsParams>) -> Refused {
    needs_chatgpt(call, "to read rate limits").await
}

/// `account/rateLimitResetCredit/consume`.
async fn reset_credit(call: Call, params: ConsumeAccountRateLimitResetCreditParams) -> Refused {
    if params.idempotency_key.is_empty() {
        let words = "idempotencyKey must not be empty";
        return Err(RpcError::invalid_request(words));
    }
    needs_chatgpt(call, "for rate limit reset credits").await
}

/// `account/usage/read`.
async fn usage(call: Call, params: Option<GetAccountTokenUsageParams>) -> Refused {
    if let Some(id) = params.and_then(|params| params.thread_id) {
        threads::folder(&call.server, &id)?;
    }
    needs_chatgpt(call, "to read token usage").await
}

/// `account/workspaceMessages/read`.
async fn messages(call: Call, _: NoParams) -> Refused {
    needs_chatgpt(call, "to read workspace messages").await
}

/// `account/sendAddCreditsNudgeEmail`.
async fn nudge(call: Call, _: SendAddCreditsNudgeEmailParams) -> Refused {
    needs_chatgpt(call, "to notify workspace owner").await
}
