//! Where a project begins, and of which repository a worktree is.

use std::path::{Path, PathBuf};

use crate::config::files;

/// The nearest folder, `cwd` or above, that holds one of `markers`; else `cwd` itself.
pub(in crate::config) fn root<'a>(cwd: &'a Path, markers: &[String]) -> &'a Path {
    cwd.ancestors()
        .find(|folder| markers.iter().any(|marker| is_marked(folder, marker)))
        .unwrap_or(cwd)
}

/// Whether `marker` is there. An empty `.git` folder is no repository, and marks nothing.
fn is_marked(folder: &Path, marker: &str) -> bool {
    let marker_path = folder.join(marker);
    if marker == ".git" && marker_path.is_dir() {
        return marker_path.join("HEAD").is_file();
    }
    !marker.is_empty() && marker_path.exists()
}

/// The main checkout of the repository that `root` is an additional worktree of. Both must say
/// so: a `.git` file that merely points at somebody's repository makes no worktree of it.
pub(in crate::config) fn main_checkout(root: &Path) -> Option<PathBuf> {
    let link = root.join(".git");
    let pointer = read_pointer(&link)?;
    let admin = root.join(pointer.strip_prefix("gitdir:")?.trim());
    let back = admin.join(read_pointer(&admin.join("gitdir"))?.trim());
    if std::fs::canonicalize(back).ok()? != std::fs::canonicalize(&link).ok()? {
        return None;
    }
    let common = admin.join(read_pointer(&admin.join("commondir"))?.trim());
    let repository = std::fs::canonicalize(common).ok()?;
    (repository.file_name()? == ".git").then_some(())?;
    repository.parent().map(Path::to_owned)
}

fn read_pointer(path: &Path) -> Option<String> {
    files::read_text(path).ok()?.map(|(text, _)| text)
}
