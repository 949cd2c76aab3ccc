//! How a thread's turns are done, and how that changes.

use outpost_protocol::app::{
    AbsolutePath,
    config::ReasoningSummary,
    policy::{ApprovalsReviewer, AskForApproval},
    thread::{CollaborationMode, MultiAgentMode, Personality, ThreadEnvironment, ThreadSettings},
};

use super::resolve::Held;

/// How a thread's turns are done.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// What clients are told of it.
    pub told: ThreadSettings,
    /// The folders that are worked on; those of the first environment, none without one.
    pub roots: Vec<AbsolutePath>,
}

/// What is to be otherwise; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    /// Plugins that are not used.
    pub disabled_plugin_ids: Option<Vec<String>>,
    /// The folder.
    pub cwd: Option<AbsolutePath>,
    /// Where commands run, with the folders that are worked on there.
    pub environments: Option<Vec<ThreadEnvironment>>,
    /// When somebody is asked.
    pub approval_policy: Option<AskForApproval>,
    /// Who is asked.
    pub approvals_reviewer: Option<ApprovalsReviewer>,
    /// What commands are held to, and the profile that comes from.
    pub sandbox: Option<Held>,
    /// Who answers.
    pub model: Option<String>,
    /// How soon.
    pub service_tier: Option<String>,
    /// How hard the model thinks.
    pub effort: Option<String>,
    /// How much of that is told.
    pub summary: Option<ReasoningSummary>,
    /// The mode of working; its model and effort win over those here.
    pub collaboration_mode: Option<CollaborationMode>,
    /// How the model works with others of its kind.
    pub multi_agent_mode: Option<MultiAgentMode>,
    /// Its tone.
    pub personality: Option<Personality>,
}

/// Settings cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// What is configured, or asked for in its words, is wrong.
    #[error("failed to load configuration: {0}")]
    Configuration(String),
    /// Nobody says which model.
    #[error(
        "No models are available. Set `model` explicitly or check your model catalog configuration."
    )]
    NoModel,
    /// There is no environment of this name.
    #[error("unknown turn environment id `{0}`")]
    UnknownEnvironment(String),
}

/// How soon a model answers, by the name its provider has for it.
pub(super) fn tier(name: String) -> String {
    if name == "fast" {
        return "priority".to_owned();
    }
    name
}

// === impl Settings ===

impl Settings {
    /// These settings, with a change.
    #[must_use]
    pub fn with(&self, change: Change) -> Self {
        let mut changed = self.clone();
        changed.place(change.cwd, change.environments);
        let told = &mut changed.told;
        set(&mut told.disabled_plugin_ids, change.disabled_plugin_ids);
        set(&mut told.approval_policy, change.approval_policy);
        set(&mut told.approvals_reviewer, change.approvals_reviewer);
        if let Some((policy, profile)) = change.sandbox {
            told.sandbox_policy = policy;
            told.active_permission_profile = profile;
        }
        set(&mut told.model, change.model);
        told.service_tier = change.service_tier.map(tier).or(told.service_tier.take());
        told.effort = change.effort.or(told.effort.take());
        told.summary = change.summary.or(told.summary);
        set(&mut told.multi_agent_mode, change.multi_agent_mode);
        told.personality = change.personality.or(told.personality);
        if let Some(mode) = change.collaboration_mode {
            told.model.clone_from(&mode.settings.model);
            told.effort.clone_from(&mode.settings.reasoning_effort);
            told.collaboration_mode = mode;
        } else {
            let mode = &mut told.collaboration_mode.settings;
            mode.model.clone_from(&told.model);
            mode.reasoning_effort.clone_from(&told.effort);
        }
        changed
    }

    /// A folder that changes takes its place everywhere, unless it is said where commands run.
    fn place(&mut self, cwd: Option<AbsolutePath>, environments: Option<Vec<ThreadEnvironment>>) {
        if let Some(cwd) = cwd {
            let old = text(&self.told.cwd);
            let new = text(&cwd);
            let swap = |place: &mut String| {
                if *place == old {
                    place.clone_from(&new);
                }
            };
            for environment in self.told.environments.iter_mut().flatten() {
                swap(&mut environment.cwd);
                environment
                    .runtime_workspace_roots
                    .iter_mut()
                    .for_each(swap);
            }
            for root in &mut self.roots {
                if *root == self.told.cwd {
                    root.clone_from(&cwd);
                }
            }
            self.told.cwd = cwd;
        }
        if let Some(environments) = environments {
            self.roots = roots(&environments);
            self.told.environments = Some(environments);
        }
    }
}

fn set<T>(value: &mut T, to: Option<T>) {
    if let Some(to) = to {
        *value = to;
    }
}

/// The folders of the first environment that are paths of this machine.
pub(super) fn roots(environments: &[ThreadEnvironment]) -> Vec<AbsolutePath> {
    let first = environments.first();
    let roots = first
        .into_iter()
        .flat_map(|first| &first.runtime_workspace_roots);
    roots
        .filter_map(|root| AbsolutePath::new(root.as_ref()))
        .collect()
}

pub(super) fn text(path: &AbsolutePath) -> String {
    path.as_path().to_string_lossy().into_owned()
}
