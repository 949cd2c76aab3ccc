//! A directory with everything in it, moved from one side to the other.
//!
//! Directories are looked at one at a time and their files moved a few at a time, so what is held
//! does not grow with the number of files. A link to a file is followed; a link to a directory is
//! not, because it may lead back up.

use std::path::{Path, PathBuf};

use futures_util::{StreamExt, stream};

use super::{AT_ONCE, progress::Progress};
use crate::say;

/// What a directory holds: from where to where.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Files, and links to files.
    pub(super) files: Vec<(PathBuf, PathBuf)>,
    /// Directories that are no links.
    pub(super) directories: Vec<(PathBuf, PathBuf)>,
    /// What is not moved, and why not.
    pub(super) left_out: Vec<(PathBuf, &'static str)>,
}

/// Moves `from` to `to`; whether all of it was moved. What was not is said as it happens.
///
/// `directory` makes its second path and looks what the first holds, `file` moves one file, and
/// `verb` is what both do.
pub(super) async fn walk(
    verb: &str,
    from: PathBuf,
    to: PathBuf,
    directory: impl AsyncFn(&Path, &Path) -> anyhow::Result<Found>,
    file: impl AsyncFn(&Path, &Path, &Progress) -> anyhow::Result<()>,
) -> bool {
    let progress = Progress::of_many();
    let failed = |path: &Path, error: &anyhow::Error| {
        let causes = say::causes(error);
        progress.line(format_args!("cannot {verb} {}: {causes}", path.display()));
        false
    };
    let mut all_done = true;
    let mut waiting = vec![(from, to)];
    while let Some((from, to)) = waiting.pop() {
        let found = match directory(&from, &to).await {
            Ok(found) => found,
            Err(error) => {
                all_done = failed(&from, &error);
                continue;
            }
        };
        waiting.extend(found.directories);
        all_done &= found.left_out.is_empty();
        for (path, why) in found.left_out {
            progress.line(format_args!("left out {}: {why}", path.display()));
        }
        let files = stream::iter(found.files).map(async |(from, to)| {
            let done = file(&from, &to, &progress).await;
            done.map_err(|error| (from, error))
        });
        let mut files = files.buffer_unordered(AT_ONCE);
        while let Some(done) = files.next().await {
            if let Err((from, error)) = done {
                all_done = failed(&from, &error);
            }
        }
    }
    progress.finish();
    all_done
}
