//! Changing the user's configuration.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde_json::Value as Json;
use toml::Table;

use super::{
    Configuration, absolute,
    edit::{self, Change, Edit, EditError},
    fault::Fault,
    files::{self, FILE_LIMIT},
    json,
    known::{CONFIG, KNOWN, LEGACY},
    layers::{self, Origin, Source, find},
    read::Stacked,
    save::{self, Disk, RealDisk, Turn},
};

/// How many changes are made at once; clients make a handful.
pub const MAX_EDITS: usize = 1024;

/// What is to be written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Write {
    /// The changes, in order, all of them or none.
    pub edits: Vec<Edit>,
    /// The file; only the user's own may be named.
    pub file: Option<PathBuf>,
    /// The version the user's layer must have.
    pub expected_version: Option<String>,
}

/// What was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// The version of the user's layer now.
    pub version: String,
    /// The user's file.
    pub file: PathBuf,
    /// The first of the changed settings that another layer decides after all.
    pub overridden: Option<Overridden>,
}

/// A setting that was written to no effect.
#[derive(Debug, Clone, PartialEq)]
pub struct Overridden {
    /// The layer that decides.
    pub by: Origin,
    /// What holds.
    pub effective: Json,
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Another file than the user's own was named.
    #[error("Only writes to the user config are allowed")]
    ReadOnly,
    /// Somebody else has written in between.
    #[error("Configuration was modified since last read. Fetch latest version and retry.")]
    Conflict,
    /// A change is none, or cannot be made.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// The setting can no longer be written.
    #[error("{0}")]
    Legacy(&'static str),
    /// The configuration would say what it may not.
    #[error("Invalid configuration: {0}")]
    Invalid(String),
    /// There are too many changes.
    #[error("at most {MAX_EDITS} edits are allowed")]
    TooMany,
    /// The file would be larger than what is read.
    #[error("the configuration would exceed {FILE_LIMIT} bytes")]
    TooLarge,
    /// The file is broken: changing it could lose what its author meant.
    #[error("failed to load configuration: {0}")]
    Broken(Fault),
    /// The file system refused.
    #[error("failed to write configuration: {0}")]
    Io(#[from] io::Error),
}

impl Configuration {
    /// Makes the changes of `write` in the user's file. When this returns they are on the disk.
    /// Changes that change nothing write nothing.
    ///
    /// # Errors
    ///
    /// Then nothing was written, but for an I/O error at the very end, of which one cannot know.
    pub fn write(&self, write: &Write) -> Result<Written, WriteError> {
        self.write_to(write, &mut RealDisk::default())
    }

    pub(super) fn write_to(
        &self,
        write: &Write,
        disk: &mut impl Disk,
    ) -> Result<Written, WriteError> {
        let file = self.places.user_file();
        if write
            .file
            .as_ref()
            .is_some_and(|named| !is_same(named, &file))
        {
            return Err(WriteError::ReadOnly);
        }
        if write.edits.len() > MAX_EDITS {
            return Err(WriteError::TooMany);
        }
        let target = save::follow(&file)?;
        let _turn = Turn::take(save::folder_of(&target))?;
        let text = files::read_text(&target)
            .map_err(|error| WriteError::Broken(Fault::of_file(file.clone(), error.to_string())))?
            .map(|(text, _)| text)
            .unwrap_or_default();
        let before = files::parse(&file, &text).map_err(WriteError::Broken)?;
        if let Some(expected) = &write.expected_version
            && *expected != layers::version(&before)
        {
            return Err(WriteError::Conflict);
        }
        let changes: Vec<_> = write
            .edits
            .iter()
            .map(Edit::understand)
            .collect::<Result<_, _>>()?;
        let new = changed(&text, &changes)?;
        let after = files::parse(&file, &new).map_err(WriteError::Broken)?;
        self.check(&changes, &after)?;
        if new != text {
            if new.len() > FILE_LIMIT {
                return Err(WriteError::TooLarge);
            }
            save::replace(disk, &target, new.as_bytes())?;
        }
        Ok(Written {
            version: layers::version(&after),
            overridden: self.overridden(&changes, &after),
            file,
        })
    }

    fn check(&self, changes: &[Change], after: &Table) -> Result<(), WriteError> {
        // A path that is written has to be absolute; one that a person has written need not be.
        if let Err(misfit) = KNOWN.check(CONFIG, after, None)
            && changes
                .iter()
                .any(|change| change.path.iter().zip(&misfit.path).all(|(a, b)| a == b))
        {
            return Err(WriteError::Invalid(misfit.to_string()));
        }
        KNOWN
            .check(CONFIG, after, Some(&self.places.home))
            .map_err(|misfit| WriteError::Invalid(misfit.to_string()))?;
        self.check_features(after).map_err(WriteError::Invalid)
    }

    /// The first of `changes` that a layer above the user's decides, where the user's layer now
    /// says `user`.
    fn overridden(&self, changes: &[Change], user: &Table) -> Option<Overridden> {
        let [system, own, managed] = self.own_files().map(|(source, base)| {
            let table = match &source {
                Source::User { .. } => user.clone(),
                other => self.load(other, &mut Vec::new()).table.clone(),
            };
            Stacked::of_file(source, table, base)
        });
        let flags = Stacked::of_file(Source::Flags, self.flags.clone(), &self.places.home);
        let stack = [&system, &own, &flags, &managed];
        let merged = layers::merge(&stack.map(|layer| &layer.resolved)).table;
        changes.iter().find_map(|change| {
            let effective = find(&merged, &change.path);
            if effective == find(&own.resolved, &change.path) {
                return None;
            }
            let by = [&managed, &flags]
                .into_iter()
                .find(|layer| has_word(&layer.resolved, &change.path))?;
            Some(Overridden {
                by: by.origin(),
                effective: effective.map_or(Json::Null, json::from_toml),
            })
        })
    }
}

/// Whether `table` decides about `path`: it has it, or a value that is no table on the way.
fn has_word(table: &Table, path: &[String]) -> bool {
    (1..=path.len())
        .filter_map(|depth| find(table, &path[..depth]).map(|value| (depth, value)))
        .any(|(depth, value)| depth == path.len() || !value.is_table())
}

fn changed(text: &str, changes: &[Change]) -> Result<String, WriteError> {
    let mut text = text.to_owned();
    for change in changes {
        let legacy = LEGACY
            .iter()
            .find(|(key, _)| change.value.is_some() && change.path[0] == *key);
        if let Some((_, words)) = legacy {
            return Err(WriteError::Legacy(words));
        }
        text = edit::apply(&text, change)?;
    }
    Ok(text)
}

fn is_same(named: &Path, file: &Path) -> bool {
    let named = absolute(Path::new("/"), named);
    named == *file
        || fs::canonicalize(named)
            .and_then(|named| Ok(named == fs::canonicalize(file)?))
            .unwrap_or(false)
}

#[cfg(test)]
mod tests;
