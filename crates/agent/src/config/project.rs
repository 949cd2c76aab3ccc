//! The folders of a project that may configure: `.codex` in each folder from the project's root
//! down to the working directory.
//!
//! A project's configuration is written by whoever wrote the repository. So it counts only where
//! the user trusts the folder, and never decides where credentials go or what runs unasked.

mod repository;
mod trust;

use std::{
    fs,
    path::{Path, PathBuf},
};

use toml::{Table, Value};

pub(super) use self::trust::{Trust, TrustError};
use super::layers::Disabled;

/// Keys that only the system and the user may set.
const NOT_FOR_PROJECTS: [&str; 12] = [
    "openai_base_url",
    "chatgpt_base_url",
    "apps_mcp_product_sku",
    "responses_api_metadata",
    "model_provider",
    "model_providers",
    "notify",
    "profile",
    "profiles",
    "experimental_realtime_webrtc_call_base_url",
    "experimental_realtime_ws_base_url",
    "otel",
];

/// The same, below other keys.
const NOT_FOR_PROJECTS_BELOW: [(&[&str], &str); 3] = [
    (&["features"], "respect_system_proxy"),
    (&["tui", "keymap", "chat"], "previous_permission_mode"),
    (&["tui", "keymap", "chat"], "next_permission_mode"),
];

/// A folder that may configure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Folder {
    /// The `.codex` folder.
    pub(super) dot_folder: PathBuf,
    /// Why it does not count, if it does not.
    pub(super) disabled: Option<Disabled>,
    /// In an additional worktree, the `.codex` folder of the main checkout, whose hooks count
    /// instead of this one's. Hooks are programs; a worktree runs those of the main checkout,
    /// whatever its branch says.
    pub(super) hooks_from: Option<PathBuf>,
}

/// Whether the project of `cwd` is trusted, if anything is said of that.
pub(super) fn trusted(cwd: &Path, trust: &Trust) -> Option<bool> {
    let root = repository::root(cwd, &trust.markers);
    let main = repository::main_checkout(root);
    let mut authorities = vec![cwd, root];
    authorities.extend(main.as_deref());
    trust.decide(&authorities).map(|(_, trusted)| trusted)
}

/// The folders that count or would count in `cwd`, from the root down. `home` is not a project's
/// folder, even if it stands in one.
pub(super) fn folders(cwd: &Path, trust: &Trust, home: &Path) -> Vec<Folder> {
    let root = repository::root(cwd, &trust.markers);
    let main = repository::main_checkout(root);
    let mut chain: Vec<_> = cwd
        .ancestors()
        .take_while(|folder| folder.starts_with(root))
        .collect();
    chain.reverse();
    let folder = |folder: &Path| {
        let dot_folder = folder.join(".codex");
        if is_same(&dot_folder, home) {
            return None;
        }
        let mut authorities = vec![folder, root];
        authorities.extend(main.as_deref());
        let disabled = match trust.decide(&authorities) {
            Some((_, true)) => None,
            Some((project, false)) => Some(Disabled::Untrusted { project }),
            None => Some(Disabled::NotTrusted {
                project: root.to_owned(),
            }),
        };
        let hooks_from = match (&main, folder.strip_prefix(root)) {
            (Some(main), Ok(below)) => Some(main.join(below).join(".codex")),
            _ => None,
        };
        Some(Folder {
            dot_folder,
            disabled,
            hooks_from,
        })
    };
    chain.into_iter().filter_map(folder).collect()
}

fn is_same(left: &Path, right: &Path) -> bool {
    left == right
        || fs::canonicalize(left)
            .and_then(|left| Ok(left == fs::canonicalize(right)?))
            .unwrap_or(false)
}

/// Takes from `table` what a project may not say, and tells which keys that were.
pub(super) fn strip(table: &mut Table) -> Vec<String> {
    let mut stripped = Vec::new();
    for key in NOT_FOR_PROJECTS {
        if table.remove(key).is_some() {
            stripped.push(key.to_owned());
        }
    }
    for (path, key) in NOT_FOR_PROJECTS_BELOW {
        let below = descend(table, path).and_then(|table| table.remove(key));
        if below.is_some() {
            stripped.push(format!("{}.{key}", path.join(".")));
        }
    }
    stripped
}

/// The hooks of `table`, and nothing else; none if it has none.
pub(super) fn only_hooks(mut table: Table) -> Option<Table> {
    let hooks = table.remove("hooks")?;
    Some(Table::from_iter([("hooks".to_owned(), hooks)]))
}

fn descend<'a>(table: &'a mut Table, path: &[&str]) -> Option<&'a mut Table> {
    path.iter()
        .try_fold(table, |table, key| match table.get_mut(*key) {
            Some(Value::Table(below)) => Some(below),
            _ => None,
        })
}
