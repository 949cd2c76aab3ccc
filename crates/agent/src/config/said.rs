//! What is said of a few settings, for whoever works by them: cheaper than reading everything.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json};

use super::{
    Configuration, absolute, json, layers,
    layers::Source,
    project::{self, Trust},
    warning::Warning,
};

/// What is said of some settings in some folder.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// What holds, by key; a key of which nothing is said is not there. Known paths are absolute.
    pub settings: Map<String, Json>,
    /// Whether the folder's project is trusted, if anything is said of that.
    pub trusted: Option<bool>,
    /// What is wrong with the files looked at, or means nothing in them.
    pub warnings: Vec<Warning>,
    /// The files looked at, but for that of the requirements.
    pub files: Vec<PathBuf>,
}

impl Configuration {
    /// What is said of `keys` in the folder `cwd`; see [`Self::read`].
    pub fn said(&self, keys: &[&str], cwd: &Path) -> Said {
        let mut warnings = Vec::new();
        let stack = self.stack(Some(cwd), &mut warnings);
        let counting = stack.iter().filter(|layer| layer.disabled.is_none());
        let tables: Vec<_> = counting.map(|layer| &layer.resolved).collect();
        let merged = layers::merge(&tables).table;
        let of_projects = |source: &Source| matches!(source, Source::Project { .. });
        let own: Vec<_> = stack
            .iter()
            .filter(|layer| !of_projects(&layer.source))
            .map(|layer| &layer.resolved)
            .collect();
        let trust = Trust::from_tables(&own).unwrap_or_default();
        let cwd = std::path::absolute(cwd).unwrap_or_else(|_| cwd.to_owned());
        Said {
            settings: keys
                .iter()
                .filter_map(|key| Some(((*key).to_owned(), json::from_toml(merged.get(*key)?))))
                .collect(),
            trusted: project::trusted(&absolute(Path::new("/"), &cwd), &trust),
            warnings,
            files: stack.iter().map(|layer| layer.source.file()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::super::Places;
    use super::*;

    #[test]
    fn a_few_settings_are_those_of_the_whole() {
        let folder = tempfile::tempdir().unwrap();
        let (home, project) = (folder.path().join("home"), folder.path().join("project"));
        fs::create_dir(&home).unwrap();
        fs::create_dir_all(project.join(".codex")).unwrap();
        let user = format!(
            "sandbox_mode = 'workspace-write'\nmodel = 'm'\n[sandbox_workspace_write]\n\
             writable_roots = ['/a']\n[projects.{project:?}]\ntrust_level = 'trusted'\n"
        );
        fs::write(home.join("config.toml"), user).unwrap();
        let own = "[sandbox_workspace_write]\nwritable_roots = ['x/../y']\n";
        fs::write(project.join(".codex/config.toml"), own).unwrap();
        let places = Places {
            home,
            system: folder.path().join("system"),
        };
        let all = Configuration::open::<&str>(places, &[]).unwrap();
        let keys = ["sandbox_mode", "sandbox_workspace_write", "permissions"];
        let said = all.said(&keys, &project);
        assert_eq!(said.trusted, Some(true));
        let whole = all.read(Some(&project)).config;
        assert_eq!(said.settings["sandbox_mode"], whole["sandbox_mode"]);
        assert_eq!(
            said.settings["sandbox_workspace_write"]["writable_roots"],
            json!([project.join(".codex/y")])
        );
        assert_eq!(said.settings.len(), 2);
        assert_eq!(all.said(&keys, folder.path()).trusted, None);
    }
}
