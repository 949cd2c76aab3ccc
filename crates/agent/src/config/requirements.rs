//! What the administrator demands of every configuration.

use std::path::PathBuf;

use serde_json::Value as Json;
use toml::{Table, Value};

use super::{
    Configuration, json,
    known::{CONFIG, REQUIREMENTS},
    layers::find,
};

/// What configuration must keep to.
#[derive(Debug, Clone, PartialEq)]
pub struct Requirements {
    /// The demands, as an object with the keys of `requirements.toml`. Those of the newer file
    /// come before those that follow from the old one.
    pub demands: Json,
    /// The files they are from.
    pub files: Vec<PathBuf>,
}

/// What the old file asks for it also demands: as a requirement, its choice is the only one.
/// Reading only is always allowed, too.
pub(super) const FROM_MANAGED: [(&str, &str, Option<&str>); 3] = [
    ("approval_policy", "allowed_approval_policies", None),
    ("approvals_reviewer", "allowed_approvals_reviewers", None),
    ("sandbox_mode", "allowed_sandbox_modes", Some("read-only")),
];

impl Configuration {
    /// What configuration must keep to; none if nothing is demanded.
    pub fn requirements(&self) -> Option<Requirements> {
        let (table, files) = self.demands();
        (!files.is_empty()).then(|| Requirements {
            demands: json::from_table(&table),
            files,
        })
    }

    fn demands(&self) -> (Table, Vec<PathBuf>) {
        let file = self.places.requirements_file();
        let mut demands = self.files.load(&file, REQUIREMENTS).content.table.clone();
        let mut files = Vec::new();
        if !demands.is_empty() {
            files.push(file);
        }
        let file = self.places.managed_file();
        let managed = managed_demands(&self.files.load(&file, CONFIG).content.table);
        if !managed.is_empty() {
            files.push(file);
        }
        for (key, value) in managed {
            demands.entry(key).or_insert(value);
        }
        (demands, files)
    }

    /// Whether `config` keeps to what is demanded of features.
    pub(super) fn check_features(&self, config: &Table) -> Result<(), String> {
        let (demands, _) = self.demands();
        let demanded = ["features", "feature_requirements"]
            .iter()
            .find_map(|key| demands.get(*key).and_then(Value::as_table));
        for (feature, demand) in demanded.into_iter().flatten() {
            let said = find(config, &["features".to_owned(), feature.clone()]);
            if let Some(said) = said
                && said.is_bool()
                && said != demand
            {
                return Err(format!(
                    "invalid value for `features`: `features.{feature}={said}` is not in the \
                     allowed set [{feature}={demand}] (set by {})",
                    self.places.requirements_file().display()
                ));
            }
        }
        Ok(())
    }
}

/// What the old file demands.
pub(super) fn managed_demands(managed: &Table) -> Table {
    let mut demands = Table::new();
    for (key, allowed, always) in FROM_MANAGED {
        if let Some(Value::String(chosen)) = managed.get(key) {
            let mut values: Vec<_> = always.into_iter().map(Value::from).collect();
            if always != Some(chosen) {
                values.push(chosen.clone().into());
            }
            demands.insert(allowed.to_owned(), Value::Array(values));
        }
    }
    demands
}
