//! What a plugin's manifest says, and which of its versions counts. Pure.

use std::{
    cmp::Ordering,
    path::{Component, Path},
};

use serde_json::{Map, Value};

/// Where a manifest may stand below its plugin's folder, the preferred one first.
pub(super) const MANIFESTS: [&str; 3] = [
    ".codex-plugin/plugin.json",
    ".claude-plugin/plugin.json",
    ".cursor-plugin/plugin.json",
];

/// The version that a plugin's author works on, which counts before all others.
const LOCAL_VERSION: &str = "local";

/// How preferred the manifest at `path` is, 0 the most; `None` if it is none.
pub(super) fn preference(path: &Path) -> Option<usize> {
    MANIFESTS
        .iter()
        .position(|manifest| path.ends_with(manifest))
}

/// The plugin's folder, of a manifest's path.
pub(super) fn plugin_folder(manifest: &Path) -> Option<&Path> {
    manifest.parent()?.parent()
}

/// A manifest that is a JSON object.
pub(super) fn parse(contents: &str) -> Option<Map<String, Value>> {
    match serde_json::from_str(contents).ok()? {
        Value::Object(manifest) => Some(manifest),
        _ => None,
    }
}

/// Where a plugin declares something.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Declared<'a> {
    /// Nowhere: the usual file counts.
    Usual,
    /// In this file below its folder.
    File(&'a Path),
    /// In the manifest itself: this, as JSON.
    Inline(String),
    /// In a way that does not count; why.
    Unusable(&'static str),
}

/// Where `manifest` says that the thing called `key` is declared.
pub(super) fn declared<'a>(manifest: &'a Map<String, Value>, key: &str) -> Declared<'a> {
    match manifest.get(key) {
        Some(Value::String(path)) => file(path),
        Some(inline @ Value::Object(_)) => Declared::Inline(inline.to_string()),
        _ => Declared::Usual,
    }
}

fn file(path: &str) -> Declared<'_> {
    let Some(relative) = path.strip_prefix("./") else {
        return Declared::Unusable("path must start with `./`");
    };
    let path = Path::new(relative);
    let is_below = path
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if relative.is_empty() || !is_below || relative.split('\\').any(|part| part == "..") {
        return Declared::Unusable("path must remain below the capability root");
    }
    Declared::File(path)
}

/// The name that the plugin's skills carry: the manifest's, else its folder's.
pub(super) fn name(manifest: &Map<String, Value>, folder: &Path) -> Option<String> {
    match manifest.get("name") {
        None | Some(Value::Null) => folder_name(folder),
        Some(Value::String(name)) if name.trim().is_empty() => folder_name(folder),
        Some(Value::String(name)) => Some(name.trim().to_owned()),
        Some(_) => None,
    }
}

/// What people call the plugin; `None` if even its name is unusable.
pub(super) fn display_name(manifest: &Map<String, Value>, folder: &Path) -> Option<String> {
    let shown = manifest
        .get("interface")
        .and_then(|interface| interface.get("displayName")?.as_str())
        .map(str::trim)
        .filter(|shown| !shown.is_empty());
    let name = name(manifest, folder)?;
    Some(shown.map_or(name, str::to_owned))
}

fn folder_name(folder: &Path) -> Option<String> {
    folder.file_name()?.to_str().map(str::to_owned)
}

/// Whether a folder's name can be part of a plugin's id.
pub(super) fn is_id_part(name: &str) -> bool {
    is_made_of(name, |byte| matches!(byte, b'-' | b'_' | b'.'))
}

/// Whether a folder's name can be a version.
fn is_version(name: &str) -> bool {
    is_made_of(name, |byte| matches!(byte, b'-' | b'_' | b'.' | b'+'))
}

fn is_made_of(name: &str, also: impl Fn(u8) -> bool) -> bool {
    !matches!(name, "" | "." | "..")
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || also(byte))
}

/// The version that counts among the folders `names`: the author's own, else the highest.
pub(super) fn active_version<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    names
        .into_iter()
        .filter(|name| is_version(name))
        .max_by(|left, right| {
            let is_local = |name: &str| name == LOCAL_VERSION;
            is_local(left)
                .cmp(&is_local(right))
                .then_with(|| compare_versions(left, right))
        })
}

/// By number and pre-release if both are versions `1.2.3`, else as text.
fn compare_versions(left: &str, right: &str) -> Ordering {
    match (Version::parse(left), Version::parse(right)) {
        (Some(parsed), Some(other)) => parsed.cmp(&other).then_with(|| left.cmp(right)),
        _ => left.cmp(right),
    }
}

/// A semantic version without its build part. Ordered as such: by number, then a release after
/// its pre-releases, which compare part by part, numbers before words.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    numbers: [u64; 3],
    is_release: bool,
    pre_release: Vec<Part>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Number(u64),
    Word(String),
}

impl Version {
    fn parse(text: &str) -> Option<Self> {
        let text = text.split_once('+').map_or(text, |(version, _)| version);
        let (numbers, pre_release) = match text.split_once('-') {
            Some((numbers, rest)) => (numbers, Some(rest)),
            None => (text, None),
        };
        let numbers: Vec<_> = numbers
            .split('.')
            .map(|number| number.parse().ok())
            .collect::<Option<_>>()?;
        let part = |part: &str| match part.parse() {
            Ok(number) => Part::Number(number),
            Err(_) => Part::Word(part.to_owned()),
        };
        Some(Self {
            numbers: numbers.try_into().ok()?,
            is_release: pre_release.is_none(),
            pre_release: pre_release
                .into_iter()
                .flat_map(|rest| rest.split('.'))
                .map(part)
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests;
