//! `configWarning`: what a client is told about the configuration, and when.
//!
//! Everything once, when it has introduced itself. Later, a file that is broken in a new way, as
//! soon as a request of the client's has looked at it.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use outpost_agent::config::{Disabled, Fault, Layer, Snapshot, Source, Standing, Warning};
use outpost_protocol::app::config::{self, ConfigWarningNotification, TextPosition, TextRange};

use super::{
    held::{self, Rulebook},
    look, view,
};
use crate::app::{Shared, connection::Client};

/// How many unknown settings are named; the reference's number.
const NAMED: usize = 3;

/// How many broken files a connection remembers to have been told of. One more, and it forgets
/// them, and may be told of one again.
const MAX_TOLD: usize = 64;

/// What a client has been told of files that are broken.
#[derive(Debug, Default)]
pub(crate) struct Told {
    faults: HashMap<PathBuf, Fault>,
}

impl Told {
    /// What it has not been told yet of `warnings` about `files`. What is whole again can be told
    /// of again.
    pub(super) fn news(
        &mut self,
        warnings: &[Warning],
        files: &[PathBuf],
    ) -> Vec<ConfigWarningNotification> {
        let broken: Vec<_> = warnings.iter().filter_map(broken).collect();
        let is_broken = |file: &Path| broken.iter().any(|(fault, _)| fault.file == file);
        self.faults
            .retain(|file, _| is_broken(file) || !files.contains(file));
        let mut news = Vec::new();
        for (fault, standing) in broken {
            if self.faults.get(&fault.file) == Some(fault) {
                continue;
            }
            if self.faults.len() >= MAX_TOLD {
                self.faults.clear();
            }
            self.faults.insert(fault.file.clone(), fault.clone());
            news.push(told(fault, standing));
        }
        news
    }
}

fn broken(warning: &Warning) -> Option<(&Fault, Standing)> {
    match warning {
        Warning::Broken { fault, standing } => Some((fault, *standing)),
        _ => None,
    }
}

/// What a client has not been told yet of the files of a configuration.
pub(super) fn news(client: &Client, snapshot: &Snapshot) -> Vec<ConfigWarningNotification> {
    let files: Vec<_> = snapshot.layers.iter().filter_map(file).collect();
    client.told.lock().news(&snapshot.warnings, &files)
}

fn file(layer: &Layer) -> Option<PathBuf> {
    match &layer.source {
        Source::System { file } | Source::User { file } | Source::Managed { file } => {
            Some(file.clone())
        }
        Source::Project { folder } => Some(folder.join("config.toml")),
        Source::Flags => None,
    }
}

/// Tells a client what there is to be said of the configuration as it stands, in the folder of the
/// server.
pub(in crate::app) async fn at_start(server: &Shared, client: &Client) {
    let cwd = server.machine.cwd.clone();
    let looked = look(server, move |all| {
        let said = all.said(&held::SETTINGS, &cwd);
        let (demanded, home) = (all.requirements(), held::home());
        let book = Rulebook {
            said: &said,
            demanded: demanded.as_ref(),
            workspace: &cwd,
            home: home.as_deref(),
        };
        (all.read(Some(&cwd)), book.usual().err())
    });
    let (snapshot, refused) = match looked.await {
        Ok(looked) => looked,
        Err(error) => {
            tracing::error!(connection = client.number, %error, "no word of the configuration");
            return;
        }
    };
    let mut warnings = news(client, &snapshot);
    let user_file = server.configuration.places().user_file();
    warnings.extend(refused.map(|words| ConfigWarningNotification {
        details: Some(words),
        ..plain("Invalid configuration; commands that name no policy are refused.".to_owned())
    }));
    warnings.extend(others(&snapshot, &user_file));
    for warning in warnings {
        client.notify::<config::Warning>(&warning).await;
    }
}

/// Tells a client in its own time.
pub(super) fn tell(client: &Arc<Client>, warnings: Vec<ConfigWarningNotification>) {
    if warnings.is_empty() {
        return;
    }
    let told = Arc::clone(client);
    client.spawn(async move {
        for warning in warnings {
            told.notify::<config::Warning>(&warning).await;
        }
    });
}

fn told(fault: &Fault, standing: Standing) -> ConfigWarningNotification {
    let instead = match standing {
        Standing::Defaults => "using defaults",
        Standing::LastGood => "using what the file last said",
    };
    let position = |at: outpost_agent::config::Position| TextPosition {
        line: at.line,
        column: at.column,
    };
    ConfigWarningNotification {
        summary: format!("Invalid configuration; {instead}."),
        details: Some(fault.to_string()),
        path: Some(fault.file.to_string_lossy().into_owned()),
        range: fault.range.map(|(start, end)| TextRange {
            start: position(start),
            end: position(end),
        }),
    }
}

fn plain(summary: String) -> ConfigWarningNotification {
    ConfigWarningNotification {
        summary,
        details: None,
        path: None,
        range: None,
    }
}

/// All that is no broken file.
fn others(snapshot: &Snapshot, user_file: &Path) -> Vec<ConfigWarningNotification> {
    let mut told: Vec<_> = unknown(&snapshot.warnings).into_iter().collect();
    told.extend(snapshot.warnings.iter().filter_map(not_for_projects));
    told.extend(disabled(&snapshot.layers, user_file));
    told.into_iter().map(plain).collect()
}

fn unknown(warnings: &[Warning]) -> Option<String> {
    let mut lines = Vec::new();
    for warning in warnings {
        let (label, keys) = match warning {
            Warning::Unknown { source, keys } => (label(source), keys),
            Warning::UnknownRequirements { file, keys } => {
                (format!("requirements ({})", file.display()), keys)
            }
            Warning::Broken { .. } | Warning::NotForProjects { .. } => continue,
        };
        let line = |key| format!("\n  {label}: `{key}` is ignored.");
        lines.extend(keys.iter().map(line));
    }
    let more = match lines.len() {
        0 => return None,
        count if count > NAMED => format!("\n  ... and {} more ignored settings.", count - NAMED),
        _ => String::new(),
    };
    let plural = if lines.len() == 1 { "" } else { "s" };
    Some(format!(
        "Codex is ignoring {} unrecognized configuration setting{plural}. Check for typos or \
         deprecated settings.{}{more}",
        lines.len(),
        lines[..lines.len().min(NAMED)].concat(),
    ))
}

fn label(source: &Source) -> String {
    match source {
        Source::System { file } => format!("system ({})", file.display()),
        Source::User { file } => format!("user ({})", file.display()),
        Source::Project { folder } => {
            format!("project ({})", folder.join("config.toml").display())
        }
        Source::Flags => "session-flags".to_owned(),
        Source::Managed { file } => format!("legacy managed_config.toml ({})", file.display()),
    }
}

fn not_for_projects(warning: &Warning) -> Option<String> {
    let Warning::NotForProjects { file, keys } = warning else {
        return None;
    };
    Some(format!(
        "Ignored unsupported project-local config keys in {}: {}. If you want these settings to \
         apply, manually set them in your user-level config.toml.",
        file.display(),
        keys.join(", ")
    ))
}

/// Folders of a project that do not count.
fn disabled(layers: &[Layer], user_file: &Path) -> Option<String> {
    let folders: Vec<(&Path, &Disabled)> = layers
        .iter()
        .filter_map(|layer| match (&layer.source, &layer.disabled) {
            (Source::Project { folder }, Some(disabled)) => Some((folder.as_path(), disabled)),
            _ => None,
        })
        .collect();
    if folders.is_empty() {
        return None;
    }
    let mut summary = "Project-local config, hooks, and exec policies are disabled in the \
                       following folders until the project is trusted, but skills still load.\n"
        .to_owned();
    for (number, (folder, disabled)) in (1..).zip(folders) {
        let reason = view::reason(disabled, user_file);
        summary += &format!("    {number}. {}\n       {reason}\n", folder.display());
    }
    Some(summary)
}
