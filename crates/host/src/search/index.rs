//! Paths held compactly: a piece of the walk in one string.

/// Paths in a piece. Large enough that handing one over costs nothing, small enough that a changed
/// query is noticed at once.
pub(super) const CHUNK_PATHS: usize = 512;

/// What a path costs besides its text, in bytes.
const OVERHEAD: usize = size_of::<(u32, bool)>();

/// Some paths below one root.
#[derive(Debug)]
pub(super) struct Chunk {
    /// The number of the root.
    pub(super) root: usize,
    text: String,
    /// Where each path ends, and whether it is a directory.
    ends: Vec<(u32, bool)>,
}

/// One path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry<'a> {
    pub(super) path: &'a str,
    pub(super) directory: bool,
}

impl Chunk {
    pub(super) fn new(root: usize) -> Self {
        Self {
            root,
            text: String::new(),
            ends: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, entry: Entry<'_>) {
        self.text.push_str(entry.path);
        let end = u32::try_from(self.text.len()).expect("a few paths, each a few KiB at most");
        self.ends.push((end, entry.directory));
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, index: usize) -> Entry<'_> {
        let start = match index.checked_sub(1) {
            Some(before) => self.ends[before].0 as usize,
            None => 0,
        };
        let (end, directory) = self.ends[index];
        Entry {
            path: &self.text[start..end as usize],
            directory,
        }
    }

    /// What it takes of the memory for paths.
    pub(super) fn bytes(&self) -> usize {
        self.text.len() + self.ends.len() * OVERHEAD
    }

    /// Gives back what it had in reserve.
    pub(super) fn shrink(&mut self) {
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_goes_in_comes_out(paths in prop::collection::vec((".{0,8}", any::<bool>()), 0..20)) {
            let mut chunk = Chunk::new(0);
            for (path, directory) in &paths {
                chunk.push(Entry { path, directory: *directory });
            }
            chunk.shrink();
            prop_assert_eq!(chunk.len(), paths.len());
            for (index, (path, directory)) in paths.iter().enumerate() {
                prop_assert_eq!(chunk.get(index), Entry { path, directory: *directory });
            }
            let text: usize = paths.iter().map(|(path, _)| path.len()).sum();
            prop_assert_eq!(chunk.bytes(), text + paths.len() * OVERHEAD);
        }
    }
}
