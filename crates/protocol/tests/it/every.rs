//! Every method and notification that has a type, by name, with what decodes and encodes it.

use std::collections::BTreeSet;

use outpost_protocol::{
    Method, Notification,
    app::{
        self, account, choices, command, config, diagnostics, environment, extensions, fs, hooks,
        model, process, search, session, skills,
        table::{Entry, NOTIFICATIONS, REQUESTS, State},
        thread,
    },
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// Decodes a value and encodes what came of it.
pub(crate) type Through = fn(&Value) -> Result<Value, String>;

/// A method.
pub(crate) struct Asked {
    pub(crate) name: &'static str,
    pub(crate) params: Through,
    pub(crate) answer: Through,
    /// The answer's text, decoded and encoded.
    pub(crate) answer_text: fn(&str) -> Result<String, String>,
    /// What the reference's schema calls the answer.
    pub(crate) answer_name: &'static str,
    /// The answer has parts that are carried as they are.
    pub(crate) carries: bool,
}

/// A notification.
pub(crate) struct Told {
    pub(crate) name: &'static str,
    pub(crate) params: Through,
    /// The whole message, from its parameters and its time.
    pub(crate) message: fn(&str, i64) -> Result<String, String>,
    /// It has parts that are carried as they are.
    pub(crate) carries: bool,
}

fn through<T: Serialize + DeserializeOwned>(value: &Value) -> Result<Value, String> {
    let typed: T = serde_json::from_value(value.clone()).map_err(|error| error.to_string())?;
    serde_json::to_value(typed).map_err(|error| error.to_string())
}

pub(crate) fn asked<M: Method>(answer_name: &'static str) -> Asked {
    Asked {
        name: M::NAME,
        params: through::<M::Params>,
        answer: through::<M::Answer>,
        answer_text: |text| {
            let answer: M::Answer =
                serde_json::from_str(text).map_err(|error| error.to_string())?;
            serde_json::to_string(&answer).map_err(|error| error.to_string())
        },
        answer_name,
        carries: false,
    }
}

fn carrying<M: Method>(answer_name: &'static str) -> Asked {
    Asked {
        carries: true,
        ..asked::<M>(answer_name)
    }
}

pub(crate) fn told<N: Notification>() -> Told {
    Told {
        name: N::NAME,
        params: through::<N::Params>,
        message: |text, emitted_at_ms| {
            let params: N::Params =
                serde_json::from_str(text).map_err(|error| error.to_string())?;
            app::notification::<N>(&params, emitted_at_ms).map_err(|error| error.to_string())
        },
        carries: false,
    }
}

/// All methods.
pub(crate) fn methods() -> Vec<Asked> {
    let mut all = work();
    all.extend(knowledge());
    all.extend(threads());
    all
}

fn threads() -> Vec<Asked> {
    vec![
        carrying::<thread::Start>("ThreadStartResponse"),
        carrying::<thread::Read>("ThreadReadResponse"),
        carrying::<thread::List>("ThreadListResponse"),
        asked::<thread::LoadedList>("ThreadLoadedListResponse"),
        asked::<thread::Unsubscribe>("ThreadUnsubscribeResponse"),
        asked::<thread::NameSet>("ThreadSetNameResponse"),
        asked::<thread::SettingsUpdate>("ThreadSettingsUpdateResponse"),
        carrying::<thread::TurnsList>("ThreadTurnsListResponse"),
        carrying::<thread::ItemsList>("ThreadItemsListResponse"),
        asked::<thread::AttachmentList>("ThreadAttachmentListResponse"),
        asked::<thread::BackgroundTerminalsList>("ThreadBackgroundTerminalsListResponse"),
        asked::<thread::BackgroundTerminalsClean>("ThreadBackgroundTerminalsCleanResponse"),
        asked::<thread::GoalGet>("ThreadGoalGetResponse"),
        asked::<thread::ReadStateUpdate>("ThreadReadStateUpdateResponse"),
    ]
}

fn work() -> Vec<Asked> {
    vec![
        asked::<session::Initialize>("InitializeResponse"),
        asked::<session::RemoteControlStatusRead>("RemoteControlStatusReadResponse"),
        asked::<diagnostics::Read>("ServerDiagnosticsResponse"),
        asked::<diagnostics::Mock>("MockExperimentalMethodResponse"),
        asked::<command::Exec>("CommandExecResponse"),
        asked::<command::Write>("CommandExecWriteResponse"),
        asked::<command::Terminate>("CommandExecTerminateResponse"),
        asked::<command::Resize>("CommandExecResizeResponse"),
        asked::<process::Spawn>("ProcessSpawnResponse"),
        asked::<process::WriteStdin>("ProcessWriteStdinResponse"),
        asked::<process::Kill>("ProcessKillResponse"),
        asked::<process::ResizePty>("ProcessResizePtyResponse"),
        asked::<fs::ReadFile>("FsReadFileResponse"),
        asked::<fs::WriteFile>("FsWriteFileResponse"),
        asked::<fs::CreateDirectory>("FsCreateDirectoryResponse"),
        asked::<fs::GetMetadata>("FsGetMetadataResponse"),
        asked::<fs::ReadDirectory>("FsReadDirectoryResponse"),
        asked::<fs::Remove>("FsRemoveResponse"),
        asked::<fs::Copy>("FsCopyResponse"),
        asked::<fs::Watch>("FsWatchResponse"),
        asked::<fs::Unwatch>("FsUnwatchResponse"),
        asked::<search::Search>("FuzzyFileSearchResponse"),
        asked::<search::SessionStart>("FuzzyFileSearchSessionStartResponse"),
        asked::<search::SessionUpdate>("FuzzyFileSearchSessionUpdateResponse"),
        asked::<search::SessionStop>("FuzzyFileSearchSessionStopResponse"),
        asked::<environment::Add>("EnvironmentAddResponse"),
        asked::<environment::Info>("EnvironmentInfoResponse"),
        asked::<environment::Status>("EnvironmentStatusResponse"),
    ]
}

fn knowledge() -> Vec<Asked> {
    vec![
        carrying::<config::Read>("ConfigReadResponse"),
        asked::<config::ValueWrite>("ConfigWriteResponse"),
        asked::<config::BatchWrite>("ConfigWriteResponse"),
        carrying::<config::RequirementsRead>("ConfigRequirementsReadResponse"),
        asked::<account::Read>("GetAccountResponse"),
        asked::<account::LoginStart>("LoginAccountResponse"),
        asked::<account::LoginCancel>("CancelLoginAccountResponse"),
        asked::<account::Logout>("LogoutAccountResponse"),
        asked::<account::SessionList>("AccountSessionsResponse"),
        asked::<account::SecuritySetupRead>("GetAccountSecuritySetupResponse"),
        asked::<account::GatewayOAuthRead>("GatewayOAuthReadResponse"),
        asked::<account::CheckGovCloudRequirements>("BedrockCheckGovCloudRequirementsResponse"),
        carrying::<account::RateLimitsRead>("GetAccountRateLimitsResponse"),
        carrying::<account::RateLimitResetCreditConsume>(
            "ConsumeAccountRateLimitResetCreditResponse",
        ),
        carrying::<account::UsageRead>("GetAccountTokenUsageResponse"),
        carrying::<account::WorkspaceMessagesRead>("GetWorkspaceMessagesResponse"),
        carrying::<account::SendAddCreditsNudgeEmail>("SendAddCreditsNudgeEmailResponse"),
        asked::<model::List>("ModelListResponse"),
        asked::<model::ProviderList>("ModelProviderListResponse"),
        asked::<model::ProviderCapabilitiesRead>("ModelProviderCapabilitiesReadResponse"),
        asked::<choices::PermissionProfileList>("PermissionProfileListResponse"),
        asked::<choices::CollaborationModeList>("CollaborationModeListResponse"),
        asked::<choices::ExperimentalFeatureList>("ExperimentalFeatureListResponse"),
        asked::<choices::ExperimentalFeatureEnablementSet>(
            "ExperimentalFeatureEnablementSetResponse",
        ),
        asked::<skills::List>("SkillsListResponse"),
        asked::<skills::ExtraRootsSet>("SkillsExtraRootsSetResponse"),
        asked::<skills::ConfigWrite>("SkillsConfigWriteResponse"),
        asked::<hooks::List>("HooksListResponse"),
        carrying::<extensions::PluginInstalled>("PluginInstalledResponse"),
        carrying::<extensions::PluginList>("PluginListResponse"),
        carrying::<extensions::PluginReconcile>("PluginReconcileResponse"),
        carrying::<extensions::AppList>("AppsListResponse"),
        asked::<extensions::AppInstalled>("AppsInstalledResponse"),
        carrying::<extensions::McpServerStatusList>("ListMcpServerStatusResponse"),
        asked::<extensions::McpServerReload>("McpServerRefreshResponse"),
        asked::<extensions::WindowsSandboxReadinessRead>("WindowsSandboxReadinessResponse"),
    ]
}

/// All notifications.
pub(crate) fn notifications() -> Vec<Told> {
    vec![
        told::<session::RemoteControlStatusChanged>(),
        told::<diagnostics::Warning>(),
        told::<diagnostics::DeprecationNotice>(),
        told::<command::OutputDelta>(),
        told::<process::OutputDelta>(),
        told::<process::Exited>(),
        told::<fs::Changed>(),
        told::<search::SessionUpdated>(),
        told::<search::SessionCompleted>(),
        told::<environment::Connected>(),
        told::<environment::Disconnected>(),
        told::<config::Warning>(),
        told::<account::Updated>(),
        told::<account::LoginCompleted>(),
        told::<skills::Changed>(),
        Told {
            carries: true,
            ..told::<thread::Started>()
        },
        told::<thread::StatusChanged>(),
        told::<thread::Closed>(),
        told::<thread::NameUpdated>(),
        told::<thread::SettingsUpdated>(),
        told::<thread::ReadStateChanged>(),
    ]
}

fn implemented(table: &[Entry]) -> BTreeSet<&str> {
    let here = table
        .iter()
        .filter(|entry| entry.state == State::Implemented);
    here.map(|entry| entry.name).collect()
}

#[test]
fn what_the_table_calls_implemented_is_what_has_a_type() {
    let names: BTreeSet<_> = methods().iter().map(|method| method.name).collect();
    assert_eq!(names, implemented(&REQUESTS));
    let names: BTreeSet<_> = notifications().iter().map(|told| told.name).collect();
    assert_eq!(names, implemented(&NOTIFICATIONS));
}
