//! The walk through the roots.
//!
//! Hidden names and what links lead to are walked too; what `.gitignore` (in a repository),
//! `.ignore` and git's excludes leave out is not, nor names that are not Unicode. Directories are
//! read by some threads at once, all ended when [`walk`] returns.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use ignore::{DirEntry, WalkBuilder, WalkState};

use super::index::{CHUNK_PATHS, Chunk, Entry};

/// How long a path may wait for others.
const HOLD: Duration = Duration::from_millis(5);

/// Where the walk puts what it finds.
pub(super) trait Sink: Sync {
    /// Takes paths; `false` ends the walk.
    fn take(&self, chunk: Chunk) -> bool;
    /// Whether to go on.
    fn wanted(&self) -> bool;
}

/// Walks every root once.
pub(super) fn walk(roots: &[PathBuf], threads: usize, sink: &impl Sink) {
    let distinct: HashSet<&Path> = roots.iter().map(PathBuf::as_path).collect();
    let mut walked = HashSet::new();
    for (number, root) in roots.iter().enumerate() {
        if !walked.insert(root.as_path()) {
            continue;
        }
        let mut builder = WalkBuilder::new(root);
        builder.hidden(false).follow_links(true).threads(threads);
        builder.build_parallel().run(|| {
            let mut gatherer = Gatherer::new(number, root, sink);
            let distinct = &distinct;
            Box::new(move |entry| {
                if !sink.wanted() {
                    return WalkState::Quit;
                }
                let Ok(entry) = entry else {
                    return WalkState::Continue;
                };
                if !gatherer.gather(&entry) {
                    return WalkState::Quit;
                }
                if entry.depth() > 0 && distinct.contains(entry.path()) {
                    return WalkState::Skip;
                }
                WalkState::Continue
            })
        });
    }
}

/// Gathers the paths of one thread; hands over the rest when dropped.
struct Gatherer<'a, S: Sink> {
    root: &'a Path,
    sink: &'a S,
    chunk: Chunk,
    since: Instant,
}

impl<'a, S: Sink> Gatherer<'a, S> {
    fn new(number: usize, root: &'a Path, sink: &'a S) -> Self {
        Self {
            root,
            sink,
            chunk: Chunk::new(number),
            since: Instant::now(),
        }
    }

    /// Whether to go on.
    fn gather(&mut self, entry: &DirEntry) -> bool {
        let below = entry.path().strip_prefix(self.root);
        let path = below.ok().and_then(Path::to_str).unwrap_or_default();
        if !path.is_empty() {
            let directory = entry.file_type().is_some_and(|kind| kind.is_dir());
            self.chunk.push(Entry { path, directory });
        }
        let full = self.chunk.len() >= CHUNK_PATHS || self.since.elapsed() >= HOLD;
        !full || self.hand_over()
    }

    fn hand_over(&mut self) -> bool {
        self.since = Instant::now();
        if self.chunk.len() == 0 {
            return true;
        }
        let next = Chunk::new(self.chunk.root);
        self.sink.take(std::mem::replace(&mut self.chunk, next))
    }
}

impl<S: Sink> Drop for Gatherer<'_, S> {
    fn drop(&mut self) {
        self.hand_over();
    }
}
