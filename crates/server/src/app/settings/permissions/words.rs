//! What stands in a profile: tables, accesses, paths and patterns. Pure.

use std::path::{Component, Path, PathBuf};

use outpost_host::sandbox::{Access, Place};
use serde_json::{Map, Value};

pub(super) fn members<'a>(
    value: Option<&'a Value>,
    name: &str,
) -> Result<&'a Map<String, Value>, String> {
    static NONE: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    match value {
        None => Ok(&NONE),
        Some(Value::Object(members)) => Ok(members),
        Some(_) => Err(format!("{name} is no table")),
    }
}

pub(super) fn access(word: &str) -> Result<Access, String> {
    match word {
        "read" => Ok(Access::Read),
        "write" => Ok(Access::Write),
        "deny" | "none" => Ok(Access::Deny),
        _ => Err(format!(
            "unknown access `{word}`, expected `read`, `write` or `deny`"
        )),
    }
}

/// A path below something.
pub(super) fn descendant(path: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(path);
    let is_below = |component| matches!(component, Component::Normal(_));
    if !path.components().all(is_below) || path.as_os_str().is_empty() {
        return Err(format!(
            "filesystem subpath `{}` must be a descendant path without `.` or `..` components",
            path.display()
        ));
    }
    Ok(path)
}

pub(super) fn is_glob(path: &Path) -> bool {
    path.to_string_lossy().contains(['*', '?', '['])
}

/// A path, or a pattern of what is denied; `/**` at the end of a path is the path.
pub(super) fn path_or_glob(path: &Path, access: Access) -> Result<Place, String> {
    let text = path.to_string_lossy();
    let subtree = text.strip_suffix("/**").filter(|path| !path.is_empty());
    if let Some(path) = subtree.filter(|path| access != Access::Deny && !is_glob(Path::new(path))) {
        return Ok(Place::Path(plain(Path::new(path))));
    }
    if !is_glob(path) {
        return Ok(Place::Path(plain(path)));
    }
    let word = match access {
        Access::Deny => return Ok(Place::Glob(text.into_owned())),
        Access::Read => "read",
        Access::Write => "write",
    };
    Err(format!(
        "filesystem glob path `{text}` only supports `deny` access; use an exact path or trailing \
         `/**` for `{word}` subtree access"
    ))
}

/// A path without `.` and `..`.
pub(super) fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    plain
}
