//! One thread: what is said of it, and who wants to be told.

use std::{collections::BTreeSet, time::Duration};

use outpost_protocol::{
    app::thread::{SessionSource, Thread, ThreadHistoryMode, ThreadStatus},
    exec::REFERENCE_VERSION,
};

use super::{Now, Settings, ThreadId, Watcher};

/// What is said of a thread at its start, and never changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Birth {
    /// It is never to be kept.
    pub ephemeral: bool,
    /// How its past is to be kept.
    pub history_mode: ThreadHistoryMode,
    /// The name of the client that began it.
    pub originator: Option<String>,
    /// What it is for, in the client's words.
    pub thread_source: Option<String>,
    /// A switch of the reference's clients.
    pub daybreak_enabled: Option<bool>,
}

/// A thread at hand.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub(super) id: ThreadId,
    pub(super) birth: Birth,
    pub(super) name: Option<String>,
    pub(super) settings: Settings,
    created: i64,
    pub(super) updated: i64,
    watchers: BTreeSet<Watcher>,
    /// Since when nobody wants to be told of it.
    pub(super) left: Option<Duration>,
}

// === impl Loaded ===

impl Loaded {
    pub(super) fn new(
        id: ThreadId,
        by: Watcher,
        (birth, settings): (Birth, Settings),
        now: Now,
    ) -> Self {
        Self {
            id,
            birth,
            name: None,
            settings,
            created: now.wall,
            updated: now.wall,
            watchers: BTreeSet::from([by]),
            left: None,
        }
    }

    /// Names it.
    #[must_use]
    pub fn id(&self) -> ThreadId {
        self.id
    }

    /// Whether commands may run for it in the environment of this name.
    #[must_use]
    pub fn has_environment(&self, name: &str) -> bool {
        let mut environments = self.settings.told.environments.iter().flatten();
        environments.any(|environment| environment.environment_id == name)
    }

    /// How its turns are done.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Its name, if it has been given one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// It is never to be kept.
    #[must_use]
    pub fn is_ephemeral(&self) -> bool {
        self.birth.ephemeral
    }

    /// Who wants to be told what happens in it.
    pub fn watchers(&self) -> impl Iterator<Item = Watcher> {
        self.watchers.iter().copied()
    }

    /// As clients are shown it.
    #[must_use]
    pub fn shown(&self) -> Thread {
        let told = &self.settings.told;
        Thread {
            id: self.id.to_string(),
            environments: told.environments.clone(),
            extra: None,
            session_id: self.id.to_string(),
            forked_from_id: None,
            attached_to_thread_id: None,
            parent_thread_id: None,
            preview: String::new(),
            ephemeral: self.birth.ephemeral,
            section: None,
            section_entered_at: None,
            project_id: None,
            history_mode: self.birth.history_mode,
            model_provider: told.model_provider.clone(),
            model: Some(told.model.clone()),
            reasoning_effort: told.effort.clone(),
            created_at: self.created,
            updated_at: self.updated,
            recency_at: Some(self.created),
            status: ThreadStatus::Idle,
            // It is in no file.
            path: None,
            cwd: told.cwd.clone(),
            cli_version: REFERENCE_VERSION.to_owned(),
            originator: self.birth.originator.clone(),
            source: SessionSource::Vscode,
            can_accept_direct_input: Some(true),
            thread_source: self.birth.thread_source.clone(),
            agent_nickname: None,
            agent_role: None,
            git_info: None,
            name: self.name.clone(),
            daybreak_enabled: self.birth.daybreak_enabled,
            turns: Vec::new(),
        }
    }

    /// Answers whether the watcher was one.
    pub(super) fn forget(&mut self, watcher: Watcher, now: Now) -> bool {
        let was = self.watchers.remove(&watcher);
        if was && self.watchers.is_empty() {
            self.left = Some(now.running);
        }
        was
    }

    /// What it holds, in bytes of JSON. Both texts are, because some members are in one only.
    pub(super) fn weight(&self) -> usize {
        let length = |text: serde_json::Result<String>| text.map_or(usize::MAX, |text| text.len());
        length(serde_json::to_string(&self.shown()))
            .saturating_add(length(serde_json::to_string(&self.settings.told)))
    }
}
