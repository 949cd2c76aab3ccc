//! Which access holds at which path: the entry of the deepest folder above it, or its own.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use crate::sandbox::policy::Access;

/// Entries about places, none of which has a symbolic link on the way.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree(BTreeMap<PathBuf, Entry>);

/// What holds at a place and below it, as far as nothing deeper says otherwise.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) access: Access,
    pub(super) source: Source,
    pub(super) is_directory: bool,
}

/// Where an entry comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A rule.
    Rule,
    /// What is true of every sandbox.
    Custom,
    /// Every sandbox has its own there, and the computer's is not seen.
    Fresh,
}

// === impl Tree ===

impl Tree {
    /// Adds what a rule says. Of several about one place a denial decides, else the one that lets
    /// it be written: whoever asks for more later does not have to take back what was said before.
    pub(super) fn ask(&mut self, path: &Path, access: Access, is_directory: bool) {
        let entry = self.0.entry(path.to_owned()).or_insert(Entry {
            access,
            source: Source::Rule,
            is_directory,
        });
        entry.access = match (entry.access, access) {
            (Access::Deny, _) | (_, Access::Deny) => Access::Deny,
            (one, other) => one.max(other),
        };
    }

    /// Adds what is true of every sandbox, where no rule is about that very place.
    pub(super) fn imply(&mut self, path: &Path, access: Access, is_directory: bool) {
        self.add(path, access, Source::Custom, is_directory);
    }

    /// Adds a folder that every sandbox has of its own.
    pub(super) fn renew(&mut self, path: &Path) {
        self.add(
            path,
            Access::Read,
            Source::Fresh,
            /*is_directory*/ true,
        );
    }

    fn add(&mut self, path: &Path, access: Access, source: Source, is_directory: bool) {
        self.0.entry(path.to_owned()).or_insert(Entry {
            access,
            source,
            is_directory,
        });
    }

    /// What may be done at `path`. Without any entry, nothing.
    pub(super) fn access(&self, path: &Path) -> Access {
        self.entry(path)
            .map_or(Access::Deny, |(_, entry)| entry.access)
    }

    /// What rules about that very place say.
    pub(super) fn asked(&self, path: &Path) -> Option<Access> {
        let entry = self.0.get(path)?;
        (entry.source == Source::Rule).then_some(entry.access)
    }

    /// The entry that decides about `path`, and where it is.
    pub(super) fn entry(&self, path: &Path) -> Option<(&Path, Entry)> {
        path.ancestors().find_map(|above| {
            let (key, entry) = self.0.get_key_value(above)?;
            Some((key.as_path(), *entry))
        })
    }

    /// Every entry, what is above another before it.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&Path, Entry)> {
        self.0.iter().map(|(path, entry)| (path.as_path(), *entry))
    }
}
