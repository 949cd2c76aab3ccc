//! Which project folders may configure anything, and what marks a project's root: both are said
//! only by the system and the user, never by the project. Pure, but for resolving links.

use std::{collections::BTreeMap, fs, path::Path};

use toml::{Table, Value};

use super::ConfigError;

/// What the system and the user say of projects.
#[derive(Debug)]
pub(super) struct Trust {
    /// By folder, as configured: trusted or not.
    levels: BTreeMap<String, bool>,
    /// A folder that holds one of these is the root of a project. None: each is its own root.
    pub(super) markers: Vec<String>,
}

impl Trust {
    /// Reads `tables`, of which the later say the last word.
    pub(super) fn from_tables(tables: &[&Table]) -> Result<Self, ConfigError> {
        let mut trust = Self {
            levels: BTreeMap::new(),
            markers: vec![".git".to_owned()],
        };
        for table in tables {
            if let Some(markers) = table.get("project_root_markers") {
                trust.markers = texts(markers).ok_or(ConfigError::Markers)?;
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

    /// Whether the first of `folders` of which anything is said is trusted. A folder is known
    /// under the name given and under its name without links.
    pub(super) fn trusts(&self, folders: &[&Path]) -> bool {
        folders
            .iter()
            .find_map(|folder| self.level(folder))
            .unwrap_or(false)
    }

    fn level(&self, folder: &Path) -> Option<bool> {
        let level = |path: &Path| self.levels.get(path.to_str()?).copied();
        level(folder).or_else(|| level(&fs::canonicalize(folder).ok()?))
    }
}

fn texts(value: &Value) -> Option<Vec<String>> {
    value
        .as_array()?
        .iter()
        .map(|entry| entry.as_str().map(str::to_owned))
        .collect()
}

fn is_trusted(project: &str, level: &Value) -> Result<bool, ConfigError> {
    match level.as_str() {
        Some("trusted") => Ok(true),
        Some("untrusted") => Ok(false),
        _ => Err(ConfigError::TrustLevel {
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

    fn trust(tables: &[&str]) -> Result<Trust, ConfigError> {
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
        let trusts =
            |folders: &[&str]| trust.trusts(&folders.iter().map(Path::new).collect::<Vec<_>>());
        assert!(trusts(&["/a", "/b"]) && trusts(&["/c", "/a"]));
        assert!(!trusts(&["/b", "/a"]) && !trusts(&["/c"]) && !trusts(&["/a/below"]));
        assert!(!trusts(&[]));
    }

    #[test]
    fn markers_default_to_a_repository() {
        assert_eq!(trust(&[]).unwrap().markers, [".git"]);
        let later = ["project_root_markers = ['x']", "project_root_markers = []"];
        assert!(trust(&later).unwrap().markers.is_empty());
        for bad in ["'x'", "[1]", "{}"] {
            let error = trust(&[&format!("project_root_markers = {bad}")]).unwrap_err();
            assert!(matches!(error, ConfigError::Markers));
        }
    }

    #[test]
    fn an_unknown_level_is_an_error() {
        let error = trust(&["projects.'/a'.trust_level = 'bogus'"]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "failed to load executor-local config: unknown variant `bogus`, expected `trusted` \
             or `untrusted`\nin `projects./a.trust_level`\n"
        );
        assert!(!error.is_invalid() && trust(&["projects.'/a'.trust_level = 1"]).is_err());
    }
}
