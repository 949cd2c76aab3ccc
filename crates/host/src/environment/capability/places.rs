//! Where users and administrators put skills and plugins.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{
    manifest,
    walk::{self, Limits},
};
use crate::environment::{Places, text_file};

/// How many plugins are looked at.
const MAX_PLUGINS: usize = 509; // with the three skill folders 512 places

/// Where installed plugins stand, below the home folder: marketplace, name, version.
const PLUGIN_CACHE: &str = "plugins/cache";

/// What an installer notes beside the versions.
const INSTALL_NOTE: &str = ".codex-remote-plugin-install.json";

/// The note is three lines.
const INSTALL_NOTE_LIMIT: usize = 16 << 10;

/// The longest name a note may give.
const MAX_REMOTE_ID: usize = 1024;

/// A folder to search.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    Plugin(Installed),
    Skills { id: &'static str, folder: PathBuf },
}

/// An installed plugin, as its folders and its note tell.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Installed {
    pub(super) id: String,
    pub(super) version: String,
    pub(super) remote_id: Option<String>,
    pub(super) folder: PathBuf,
}

/// All places, plugins first, and whether some may be missing.
pub(super) fn list(places: &Places) -> (Vec<Place>, bool) {
    let (plugins, incomplete) = plugins(&places.home.join(PLUGIN_CACHE));
    let skills = [
        ("codex-home-skills", Some(places.home.join("skills"))),
        (
            "user-agent-skills",
            places
                .user_home
                .as_ref()
                .map(|home| home.join(".agents/skills")),
        ),
        ("system-skills", Some(places.system.join("skills"))),
    ];
    let skills = skills.into_iter().filter_map(|(id, folder)| {
        Some(Place::Skills {
            id,
            folder: folder?,
        })
    });
    (
        plugins
            .into_iter()
            .map(Place::Plugin)
            .chain(skills)
            .collect(),
        incomplete,
    )
}

fn plugins(cache: &Path) -> (Vec<Installed>, bool) {
    if !cache.is_dir() {
        return (Vec::new(), false);
    }
    let packages = walk::walk(
        cache,
        Limits {
            depth: 1,
            ..Limits::default()
        },
    );
    let mut incomplete = packages.truncated || !packages.errors.is_empty();
    let mut named: Vec<_> = packages
        .folders
        .into_iter()
        .filter_map(|package| Some((plugin_id(package.strip_prefix(cache).ok()?)?, package)))
        .collect();
    named.sort_unstable();
    let mut plugins = Vec::new();
    for (id, package) in named {
        if plugins.len() == MAX_PLUGINS {
            incomplete = true;
            break;
        }
        let Some(version) = active_version(&package) else {
            continue;
        };
        let remote_id = remote_id(&package);
        incomplete |= remote_id.is_err();
        plugins.push(Installed {
            id,
            folder: package.join(&version),
            version,
            remote_id: remote_id.ok().flatten(),
        });
    }
    (plugins, incomplete)
}

/// `name@marketplace`, of a package's folder below the cache; `None` for other folders.
fn plugin_id(package: &Path) -> Option<String> {
    let mut parts = package
        .iter()
        .map(|part| part.to_str().filter(|part| manifest::is_id_part(part)));
    let (marketplace, name) = (parts.next()??, parts.next()??);
    parts
        .next()
        .is_none()
        .then(|| format!("{name}@{marketplace}"))
}

fn active_version(package: &Path) -> Option<String> {
    let versions = walk::walk(
        package,
        Limits {
            depth: 0,
            ..Limits::default()
        },
    );
    let names = versions
        .folders
        .iter()
        .filter_map(|folder| folder.file_name()?.to_str());
    manifest::active_version(names).map(str::to_owned)
}

#[derive(Deserialize)]
struct InstallNote {
    schema_version: u64,
    remote_plugin_id: String,
}

/// What the note says, if there is one; an error if it cannot be understood.
fn remote_id(package: &Path) -> Result<Option<String>, ()> {
    let note = text_file::read(&package.join(INSTALL_NOTE), INSTALL_NOTE_LIMIT).map_err(drop)?;
    let Some(note) = note else {
        return Ok(None);
    };
    let note: InstallNote = serde_json::from_str(&note).map_err(drop)?;
    let id = note.remote_plugin_id.trim();
    if note.schema_version != 1 || id.is_empty() || id.len() > MAX_REMOTE_ID {
        return Err(());
    }
    Ok(Some(id.to_owned()))
}
