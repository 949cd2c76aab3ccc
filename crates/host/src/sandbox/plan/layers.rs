//! The tree of what may be done where, as layers upon a base.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    path::{Path, PathBuf},
};

use super::{
    Base, Layer, MAX_LAYERS, PlanError, View,
    rules::parent,
    tree::{Source, Tree},
};
use crate::sandbox::{facts::Alias, policy::Access, seal::Guarded};

/// Layers, by where they are: what is above another comes before it.
#[derive(Debug, Default)]
pub(super) struct Layers(BTreeMap<PathBuf, View>);

// === impl Base ===

impl Base {
    /// What a tree says about the root.
    pub(super) fn of(tree: &Tree) -> Self {
        match tree.access(Path::new("/")) {
            Access::Deny => Self::Empty,
            Access::Read => Self::ReadOnly,
            Access::Write => Self::Writable,
        }
    }
}

// === impl Layers ===

impl Layers {
    /// A layer for each entry that differs from what is above it.
    pub(super) fn of(tree: &Tree) -> Self {
        let mut layers = BTreeMap::new();
        for (path, entry) in tree.entries() {
            if entry.source == Source::Fresh || path.parent().is_none() {
                continue;
            }
            let above = tree.entry(parent(path));
            let is_same = above.map_or(entry.access == Access::Deny, |(_, above)| {
                above.access == entry.access && above.source != Source::Fresh
            });
            if !is_same {
                let view = match entry.access {
                    Access::Write => View::Writable,
                    Access::Read => View::ReadOnly,
                    Access::Deny if entry.is_directory => View::HiddenDirectory,
                    Access::Deny => View::HiddenFile,
                };
                layers.insert(path.to_owned(), view);
            }
        }
        Self(layers)
    }

    /// Makes a layer of each folder between what is narrowed, or guarded, and the folder that may
    /// be written around it. What is mounted upon can be neither moved nor removed: otherwise a
    /// command could move the narrowed place to another name, under which it would not be narrowed
    /// the next time.
    pub(super) fn pin(&mut self, tree: &Tree, guarded: &[Guarded]) {
        let narrowed = self.0.iter().filter(|(_, view)| **view != View::Writable);
        let inner = narrowed.filter_map(|(path, _)| path.parent());
        let inner = inner.chain(guarded.iter().map(|guarded| guarded.directory.as_path()));
        let mut pins = BTreeSet::new();
        for directory in inner {
            for above in directory.ancestors() {
                let is_root = above.parent().is_none() || self.0.contains_key(above);
                if is_root || tree.access(above) != Access::Write {
                    break;
                }
                pins.insert(above.to_owned());
            }
        }
        let pins = pins.into_iter().map(|path| (path, View::Writable));
        self.0.extend(pins);
    }

    /// Adds a symbolic link where the folder that it is in is not shown.
    pub(super) fn link(&mut self, tree: &Tree, alias: &Alias) {
        if tree.access(parent(&alias.path)) == Access::Deny {
            let view = View::Link(alias.target.clone());
            self.0.entry(alias.path.clone()).or_insert(view);
        }
    }

    /// The layers in their order.
    pub(super) fn finish(self) -> Result<Vec<Layer>, PlanError> {
        if self.0.len() > MAX_LAYERS {
            return Err(PlanError::TooMany {
                what: "places to treat differently in one sandbox",
                most: MAX_LAYERS,
            });
        }
        let layer = |(path, view)| Layer { path, view };
        Ok(self.0.into_iter().map(layer).collect())
    }
}

/// Names to guard, by their directories.
#[derive(Debug, Default)]
pub(super) struct Guards(BTreeMap<PathBuf, BTreeSet<OsString>>);

// === impl Guards ===

impl Guards {
    pub(super) fn add(&mut self, directory: &Path, name: &OsString) {
        let names = self.0.entry(directory.to_owned()).or_default();
        names.insert(name.clone());
    }

    pub(super) fn finish(self) -> Vec<Guarded> {
        let guarded = |(directory, names): (PathBuf, BTreeSet<OsString>)| Guarded {
            directory,
            names: names.into_iter().collect(),
        };
        self.0.into_iter().map(guarded).collect()
    }
}
