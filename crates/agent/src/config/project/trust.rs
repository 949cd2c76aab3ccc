//! Which project folders may configure anything, and what marks a project's root: both are said
//! only by the system, the user and the command line, never by the project. Pure, but for
//! resolving links.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use toml::{Table, Value};

/// What the system and the user say of projects.
#[derive(Debug)]
pub(in crate::config) struct Trust {
    /// By folder, as configured: trusted or not.
    levels: BTreeMap<String, bool>,
    /// A folder that holds one of these is the root of a project. None: each is its own root.
    pub(in crate::config) markers: Vec<String>,
}

/// Why it is not understood.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::config) enum TrustError {
    #[error("project_root_markers must be an array of strings")]
    Markers,
    #[error(
        "unknown variant `{level}`, expected `trusted` or `untrusted`\n\
         in `projects.{project}.trust_level`\n"
    )]
    Level { project: String, level: String },
}

impl Trust {
    /// Reads `tables`, of which the later say the last word.
    pub(in crate::config) fn from_tables(tables: &[&Table]) -> Result<Self, TrustError> {
        let mut trust = Self::default();
        for table in tables {
            if let Some(markers) = table.get("project_root_markers") {
                trust.markers = texts(markers).ok_or(TrustError::Markers)?;
            }
            let projects = table.get("projects").and_then(Value::as_table);
            for (project, settings) in projects.into_iter().flatten() {
                if let Some(level) = settings.get("trust_level") {
                    trust
                        .levels
                        .insert(project.clone(), is_trusted(project, level)?);
                }
            }
        }
        Ok(trust)
    }

    /// The first of `folders` of which anything is said, and whether it is trusted. A folder is
    /// known under the name given and under its name without links.
    pub(in crate::config) fn decide(&self, folders: &[&Path]) -> Option<(PathBuf, bool)> {
        folders
            .iter()
            .find_map(|folder| Some((folder.to_path_buf(), self.level(folder)?)))
    }

    fn level(&self, folder: &Path) -> Option<bool> {
        let level = |path: &Path| self.levels.get(path.to_str()?).copied();
        level(folder).or_else(|| level(&fs::canonicalize(folder).ok()?))
    }
}

/// What holds where nothing is said: nothing is trusted, and a repository is a project.
impl Default for Trust {
    fn default() -> Self {
        Self {
            levels: BTreeMap::new(),
            markers: vec![".git".to_owned()],
        }
    }
}

fn texts(value: &Value) -> Option<Vec<String>> {
    value
        .as_array()?
        .iter()
        .map(|entry| entry.as_str().map(str::to_owned))
        .collect()
}

fn is_trusted(project: &str, level: &Value) -> Result<bool, TrustError> {
    match level.as_str() {
        Some("trusted") => Ok(true),
        Some("untrusted") => Ok(false),
        _ => Err(TrustError::Level {
            project: project.to_owned(),
            level: level
                .as_str()
                .map_or_else(|| level.to_string(), str::to_owned),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trust(tables: &[&str]) -> Result<Trust, TrustError> {
        let tables: Vec<Table> = tables.iter().map(|table| table.parse().unwrap()).collect();
        Trust::from_tables(&tables.iter().collect::<Vec<_>>())
    }

    #[test]
    fn the_first_folder_with_a_word_said_decides() {
        let trust = trust(&[
            "projects.'/a'.trust_level = 'trusted'\nprojects.'/b'.trust_level = 'trusted'",
            "projects.'/b'.trust_level = 'untrusted'\nprojects.'/c' = {}",
        ])
        .unwrap();
        let decide =
            |folders: &[&str]| trust.decide(&folders.iter().map(Path::new).collect::<Vec<_>>());
        assert_eq!(decide(&["/a", "/b"]), Some(("/a".into(), true)));
        assert_eq!(decide(&["/c", "/a"]), Some(("/a".into(), true)));
        assert_eq!(decide(&["/b", "/a"]), Some(("/b".into(), false)));
        assert_eq!(decide(&["/c", "/a/below"]), None);
    }

    #[test]
    fn markers_default_to_a_repository() {
        assert_eq!(trust(&[]).unwrap().markers, [".git"]);
        let later = ["project_root_markers = ['x']", "project_root_markers = []"];
        assert!(trust(&later).unwrap().markers.is_empty());
        for bad in ["'x'", "[1]", "{}"] {
            let error = trust(&[&format!("project_root_markers = {bad}")]).unwrap_err();
            assert_eq!(error, TrustError::Markers);
        }
    }

    #[test]
    fn an_unknown_level_is_an_error() {
        let error = trust(&["projects.'/a'.trust_level = 'bogus'"]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown variant `bogus`, expected `trusted` or `untrusted`\n\
             in `projects./a.trust_level`\n"
        );
        assert!(trust(&["projects.'/a'.trust_level = 1"]).is_err());
    }
}
