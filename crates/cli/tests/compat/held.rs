//! What the client of a story holds its commands to, in the words of its configuration.

use std::{env, path::PathBuf};

use crate::tools;

/// What the client holds its commands to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Held {
    /// Nothing.
    Free,
    /// Its sandbox named `read-only`.
    ReadOnly,
    /// Its sandbox named `workspace-write`.
    WorkspaceWrite {
        /// Whether the network may be reached.
        network: bool,
    },
    /// The permission profile `mine`, of which these are the tables.
    Profile(String),
}

/// Whom the client asks before it runs a command. `codex exec` asks nobody, whatever it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Approval {
    /// Nobody.
    Never,
    /// Its user, who says yes; after a denial it does without a sandbox what was approved.
    Untrusted,
}

/// Whether the stories are played in a folder for temporary files. There a command may write
/// everywhere, unless such folders are not lent to it; then they are not.
pub(crate) fn shares_temporary_files() -> bool {
    let lent = [PathBuf::from("/tmp"), env::temp_dir()];
    lent.iter().any(|lent| tools::folder().starts_with(lent))
}

// === impl Held ===

impl Held {
    /// The name of the sandbox, as `codex exec` and `thread/start` take it. A profile has none.
    pub(crate) fn name(&self) -> Option<&'static str> {
        match self {
            Self::Free => Some("danger-full-access"),
            Self::ReadOnly => Some("read-only"),
            Self::WorkspaceWrite { .. } => Some("workspace-write"),
            Self::Profile(_) => None,
        }
    }

    /// Lines for the top of `config.toml`.
    pub(crate) fn lines(&self) -> &'static str {
        match self {
            Self::Profile(_) => "default_permissions = \"mine\"\n",
            Self::Free | Self::ReadOnly | Self::WorkspaceWrite { .. } => "",
        }
    }

    /// Tables for the end of `config.toml`.
    pub(crate) fn tables(&self) -> String {
        match self {
            Self::Free | Self::ReadOnly => String::new(),
            Self::WorkspaceWrite { network } => {
                let shared = shares_temporary_files();
                format!(
                    "[sandbox_workspace_write]\nnetwork_access = {network}\n\
                     exclude_slash_tmp = {shared}\nexclude_tmpdir_env_var = {shared}\n"
                )
            }
            Self::Profile(tables) => tables.clone(),
        }
    }
}

// === impl Approval ===

impl Approval {
    /// Its name for `thread/start`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Untrusted => "untrusted",
        }
    }
}
