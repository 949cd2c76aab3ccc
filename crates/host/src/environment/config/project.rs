//! The layers of a project: `.codex/config.toml` in each trusted folder from the project's root
//! down to the working directory.
//!
//! A project's configuration is written by whoever wrote the repository. So it counts only where
//! the user trusts the folder, and never decides where credentials go or what runs unasked.

use std::{fs, path::Path};

use toml::{Table, Value};

use super::{ConfigError, RawLayer, Trust, read_file, repository};

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

/// The layers that count in `cwd`, from the root down. `home` is not a project's folder, even if
/// it stands in one.
pub(super) fn layers(cwd: &Path, trust: &Trust, home: &Path) -> Result<Vec<RawLayer>, ConfigError> {
    let root = repository::root(cwd, &trust.markers);
    let main = repository::main_checkout(root);
    let mut chain: Vec<_> = cwd
        .ancestors()
        .take_while(|folder| folder.starts_with(root))
        .collect();
    chain.reverse();
    let mut layers = Vec::new();
    for folder in chain {
        let dot_folder = folder.join(".codex");
        if is_same(&dot_folder, home) {
            continue;
        }
        let mut authorities = vec![folder, root];
        authorities.extend(main.as_deref());
        if !trust.trusts(&authorities) {
            continue;
        }
        let Some(mut layer) = layer(&dot_folder)? else {
            continue;
        };
        let hooks = match (&main, folder.strip_prefix(root)) {
            (Some(main), Ok(below)) => {
                layer.toml.remove("hooks");
                hooks_layer(&main.join(below).join(".codex"))?
            }
            _ => None,
        };
        layers.push(layer);
        layers.extend(hooks);
    }
    Ok(layers)
}

fn is_same(left: &Path, right: &Path) -> bool {
    left == right
        || fs::canonicalize(left)
            .and_then(|left| Ok(left == fs::canonicalize(right)?))
            .unwrap_or(false)
}

/// The layer of one `.codex` folder, without what a project may not say.
fn layer(dot_folder: &Path) -> Result<Option<RawLayer>, ConfigError> {
    let path = dot_folder.join("config.toml");
    let Some(text) = read_file(&path)? else {
        return Ok(None);
    };
    let mut toml: Table = text
        .parse()
        .map_err(|error| ConfigError::project(&path, &error))?;
    for key in NOT_FOR_PROJECTS {
        toml.remove(key);
    }
    for (path, key) in NOT_FOR_PROJECTS_BELOW {
        if let Some(table) = descend(&mut toml, path) {
            table.remove(key);
        }
    }
    Ok(Some(raw(&path, dot_folder, toml)))
}

/// Hooks are programs; a worktree runs those of the main checkout, whatever its branch says.
fn hooks_layer(dot_folder: &Path) -> Result<Option<RawLayer>, ConfigError> {
    let layer = layer(dot_folder)?;
    Ok(layer.and_then(|mut layer| {
        let hooks = layer.toml.remove("hooks")?;
        layer.toml = Table::from_iter([("hooks".to_owned(), hooks)]);
        Some(layer)
    }))
}

fn raw(path: &Path, dot_folder: &Path, toml: Table) -> RawLayer {
    RawLayer {
        source: format!("project ({})", path.display()),
        base_dir: dot_folder.to_owned(),
        toml,
    }
}

fn descend<'a>(table: &'a mut Table, path: &[&str]) -> Option<&'a mut Table> {
    path.iter()
        .try_fold(table, |table, key| match table.get_mut(*key) {
            Some(Value::Table(below)) => Some(below),
            _ => None,
        })
}
