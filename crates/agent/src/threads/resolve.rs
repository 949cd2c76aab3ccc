//! A new thread's settings: from what its client wants and what is configured.

use std::collections::BTreeMap;

use outpost_protocol::app::{
    AbsolutePath,
    choices::ModeKind,
    policy::{ApprovalsReviewer, AskForApproval, SandboxMode, SandboxPolicy},
    thread::{
        ActivePermissionProfile, CollaborationMode, CollaborationSettings, MultiAgentMode,
        Personality, ThreadEnvironment, ThreadSettings,
    },
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::settings::{Settings, SettingsError, roots, text, tier};

/// What a client wants of a new thread; what is `None` is as configured.
#[derive(Clone, Debug, PartialEq)]
pub struct Wishes {
    /// The folder.
    pub cwd: AbsolutePath,
    /// Who answers.
    pub model: Option<String>,
    /// Who provides it.
    pub model_provider: Option<String>,
    /// How soon.
    pub service_tier: Option<String>,
    /// The folders that are worked on.
    pub roots: Option<Vec<AbsolutePath>>,
    /// When somebody is asked.
    pub approval_policy: Option<AskForApproval>,
    /// Who is asked.
    pub approvals_reviewer: Option<ApprovalsReviewer>,
    /// What commands are held to; wins over `permissions`.
    pub sandbox: Option<SandboxMode>,
    /// A permission profile.
    pub permissions: Option<String>,
    /// The model's tone.
    pub personality: Option<Personality>,
    /// How it works with others of its kind.
    pub multi_agent_mode: Option<MultiAgentMode>,
    /// Where commands run.
    pub environments: Option<Vec<ThreadEnvironment>>,
    /// Configuration for this thread alone, by dotted keys.
    pub config: BTreeMap<String, Value>,
}

/// What a new thread finds.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// What is configured for its folder; null or absent where nothing is.
    pub config: &'a Value,
    /// Whether the user trusts its folder, if that was decided.
    pub trusted: Option<bool>,
    /// The model where nobody says one.
    pub default_model: Option<&'a str>,
    /// The environment commands run in where nobody says one.
    pub default_environment: &'a str,
}

/// What commands of a thread are to be held to, before anybody has looked whether that may be.
#[derive(Clone, Debug, PartialEq)]
pub enum Hold {
    /// A policy.
    Policy {
        /// The policy.
        policy: SandboxPolicy,
        /// Whether it is the client's own wish.
        is_wish: bool,
    },
    /// The permission profile of this name.
    Profile(String),
    /// What is usual: nobody says anything.
    Usual,
}

/// What commands of a thread are held to, and the profile that comes from.
pub type Held = (SandboxPolicy, Option<ActivePermissionProfile>);

/// Who provides models without being configured.
const BUILT_IN_PROVIDERS: [&str; 4] = ["openai", "amazon-bedrock", "ollama", "lmstudio"];

/// Who provides them where nobody says it.
const DEFAULT_PROVIDER: &str = "openai";

/// How deep a dotted key may reach; nothing that is known lies deeper.
const MAX_DEPTH: usize = 16;

/// What is configured of the sandbox in which files may be written.
#[derive(Debug, Default, Deserialize)]
struct WorkspaceWrite {
    #[serde(default)]
    writable_roots: Vec<AbsolutePath>,
    #[serde(default)]
    network_access: bool,
    #[serde(default)]
    exclude_tmpdir_env_var: bool,
    #[serde(default)]
    exclude_slash_tmp: bool,
}

/// What is configured, with what is wanted for one thread laid over it.
struct Configured(Value);

/// A new thread's settings. `hold` knows profiles and what may be asked for; it gets what is
/// configured, with what is wanted for this thread laid over it, and its refusals are words for
/// people.
///
/// # Errors
///
/// See [`SettingsError`].
pub fn resolve(
    wishes: Wishes,
    found: Surroundings<'_>,
    hold: impl FnOnce(Hold, &Value) -> Result<Held, String>,
) -> Result<Settings, SettingsError> {
    let config = Configured::new(found.config, &wishes.config)?;
    let model_provider = provider(&config, wishes.model_provider)?;
    let model = match wishes.model {
        Some(model) => Some(model),
        None => config.get::<String>("model")?,
    };
    let model = model.or_else(|| found.default_model.map(str::to_owned));
    let model = model.filter(|model| !model.is_empty());
    let model = model.ok_or(SettingsError::NoModel)?;
    let effort: Option<String> = config.get("model_reasoning_effort")?;
    let asked = match wishes.approval_policy {
        Some(policy) => Some(policy),
        None => config.get("approval_policy")?,
    };
    let reviewer = match wishes.approvals_reviewer {
        Some(reviewer) => Some(reviewer),
        None => config.get("approvals_reviewer")?,
    };
    let wanted = match (wishes.sandbox, wishes.permissions) {
        (None, Some(name)) => Hold::Profile(name),
        (mode, _) => sandbox(&config, mode, &wishes.config)?,
    };
    let (sandbox_policy, profile) =
        hold(wanted, &config.0).map_err(SettingsError::Configuration)?;
    let environments = match wishes.environments {
        Some(environments) => environments,
        None => vec![environment(
            found.default_environment,
            &wishes.cwd,
            wishes.roots.as_deref(),
            &sandbox_policy,
        )],
    };
    let service_tier = match wishes.service_tier {
        Some(name) => Some(name),
        None => config.get("service_tier")?,
    };
    let told = ThreadSettings {
        disabled_plugin_ids: Vec::new(),
        cwd: wishes.cwd,
        approval_policy: asked.unwrap_or(match found.trusted {
            Some(false) => AskForApproval::Untrusted,
            Some(true) | None => AskForApproval::OnRequest,
        }),
        approvals_reviewer: reviewer.unwrap_or(ApprovalsReviewer::User),
        sandbox_policy,
        active_permission_profile: profile,
        collaboration_mode: CollaborationMode {
            mode: ModeKind::Default,
            settings: CollaborationSettings {
                model: model.clone(),
                reasoning_effort: effort.clone(),
                developer_instructions: None,
            },
        },
        model,
        model_provider,
        service_tier: service_tier.map(tier),
        effort,
        summary: config.get("model_reasoning_summary")?,
        multi_agent_mode: wishes.multi_agent_mode.unwrap_or_default(),
        personality: match wishes.personality {
            Some(personality) => Some(personality),
            None => config.get("personality")?,
        },
        environments: None,
    };
    Ok(Settings {
        roots: roots(&environments),
        told: ThreadSettings {
            environments: Some(environments),
            ..told
        },
    })
}

fn provider(config: &Configured, wish: Option<String>) -> Result<String, SettingsError> {
    let configured = config.get::<String>("model_provider")?;
    let name = wish.or(configured);
    let name = name.unwrap_or_else(|| DEFAULT_PROVIDER.to_owned());
    let known = BUILT_IN_PROVIDERS.contains(&name.as_str())
        || !config.0["model_providers"][&name].is_null();
    if known {
        return Ok(name);
    }
    let words = format!("Model provider `{name}` not found");
    Err(SettingsError::Configuration(words))
}

/// What commands are to be held to: in the mode that is wished, or as configured. A profile that
/// is configured wins over a mode, but for a mode of this thread alone.
fn sandbox(
    config: &Configured,
    wish: Option<SandboxMode>,
    own: &BTreeMap<String, Value>,
) -> Result<Hold, SettingsError> {
    let is_wish = wish.is_some();
    let has_own = |key| own.contains_key(key);
    let is_own = has_own("sandbox_mode") && !has_own("default_permissions");
    let profile = match is_wish || is_own {
        true => None,
        false => config.get("default_permissions")?,
    };
    if let Some(name) = profile {
        return Ok(Hold::Profile(name));
    }
    let mode = match wish {
        Some(mode) => Some(mode),
        None => config.get("sandbox_mode")?,
    };
    let Some(mode) = mode else {
        return Ok(Hold::Usual);
    };
    let policy = match mode {
        SandboxMode::ReadOnly => SandboxPolicy::ReadOnly {
            network_access: false,
        },
        SandboxMode::DangerFullAccess => SandboxPolicy::DangerFullAccess {},
        SandboxMode::WorkspaceWrite => {
            let configured = config.get::<WorkspaceWrite>("sandbox_workspace_write")?;
            let configured = configured.unwrap_or_default();
            SandboxPolicy::WorkspaceWrite {
                writable_roots: configured.writable_roots,
                network_access: configured.network_access,
                exclude_tmpdir_env_var: configured.exclude_tmpdir_env_var,
                exclude_slash_tmp: configured.exclude_slash_tmp,
            }
        }
    };
    Ok(Hold::Policy { policy, is_wish })
}

/// The one environment of a thread that says nothing of any. Without roots of its own, it works
/// on its folder and on what else may be written.
fn environment(
    name: &str,
    cwd: &AbsolutePath,
    roots: Option<&[AbsolutePath]>,
    policy: &SandboxPolicy,
) -> ThreadEnvironment {
    let roots = match (roots, policy) {
        (Some(roots), _) => roots.iter().map(text).collect(),
        (None, SandboxPolicy::WorkspaceWrite { writable_roots, .. }) => {
            let more = writable_roots.iter().filter(|root| *root != cwd);
            std::iter::once(cwd).chain(more).map(text).collect()
        }
        (None, _) => vec![text(cwd)],
    };
    ThreadEnvironment {
        environment_id: name.to_owned(),
        cwd: text(cwd),
        runtime_workspace_roots: roots,
    }
}

// === impl Configured ===

impl Configured {
    fn new(config: &Value, over: &BTreeMap<String, Value>) -> Result<Self, SettingsError> {
        let mut config = config.clone();
        for (key, value) in over {
            let depth = key.split('.').count();
            if depth > MAX_DEPTH {
                return Err(SettingsError::Configuration(format!(
                    "a key has {depth} parts, of at most {MAX_DEPTH}"
                )));
            }
            lay(&mut config, key, value.clone());
        }
        Ok(Self(config))
    }

    /// What is configured at a key without dots.
    fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, SettingsError> {
        let value = self.0[key].clone();
        serde_json::from_value(value)
            .map_err(|error| SettingsError::Configuration(format!("{error}\nin `{key}`\n")))
    }
}

/// Puts a value at a dotted key; what is no table on the way becomes one.
fn lay(config: &mut Value, key: &str, value: Value) {
    let (first, rest) = key
        .split_once('.')
        .map_or((key, None), |(first, rest)| (first, Some(rest)));
    if !config.is_object() {
        *config = Value::Object(serde_json::Map::new());
    }
    let slot = &mut config[first];
    match rest {
        None => *slot = value,
        Some(rest) => lay(slot, rest, value),
    }
}
