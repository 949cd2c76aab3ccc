//! Changes that were not told yet (a pure type).

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    path::{Path, PathBuf},
};

/// Distinct paths at and in one directory, bounded.
#[derive(Debug)]
pub(super) struct Batch {
    root: PathBuf,
    limit: usize,
    paths: BTreeSet<PathBuf>,
    /// Whether more changed than there was room for.
    overfull: bool,
}

impl Batch {
    pub(super) fn new(root: &Path, limit: usize) -> Self {
        Self {
            root: root.to_owned(),
            limit,
            paths: BTreeSet::new(),
            overfull: false,
        }
    }

    /// The root itself has changed.
    pub(super) fn add_root(&mut self) {
        self.add(OsStr::new(""));
    }

    /// A name in the root has changed; none means the root itself.
    pub(super) fn add(&mut self, name: &OsStr) {
        if self.overfull {
            return;
        }
        let path = if name.is_empty() {
            self.root.clone()
        } else {
            self.root.join(name)
        };
        self.paths.insert(path);
        if self.paths.len() > self.limit {
            self.paths.clear();
            self.overfull = true;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.paths.is_empty() && !self.overfull
    }

    /// All of it, sorted; only the root if there was too much.
    pub(super) fn take(&mut self) -> Vec<PathBuf> {
        if std::mem::take(&mut self.overfull) {
            return vec![self.root.clone()];
        }
        std::mem::take(&mut self.paths).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_has_what_was_added_once_and_sorted_or_only_the_root(
            names in prop::collection::vec("[a-d]{0,2}", 0..12),
            limit in 1_usize..6,
        ) {
            let root = Path::new("/r");
            let mut batch = Batch::new(root, limit);
            for _ in 0..2 {
                prop_assert!(batch.is_empty());
                let mut expected: Vec<PathBuf> = Vec::new();
                for name in &names {
                    batch.add(OsStr::new(name));
                    expected.push(Path::new(&format!("/r/{name}")).components().collect());
                }
                prop_assert_eq!(batch.is_empty(), names.is_empty());
                expected.sort();
                expected.dedup();
                if expected.len() > limit {
                    expected = vec![root.to_owned()];
                }
                prop_assert_eq!(batch.take(), expected);
            }
        }
    }
}
