//! The folders of the project that a working directory is in.

use std::path::{Path, PathBuf};

use super::{
    Configuration, absolute,
    project::{self, Trust},
    read::Stacked,
};

/// A folder of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectFolder {
    /// The folder.
    pub folder: PathBuf,
    /// Where its configuration is: `.codex` in it, which need not be there.
    pub dot_folder: PathBuf,
    /// Where its hooks are: the same, but for an additional worktree that of the main checkout.
    pub hooks: PathBuf,
    /// The user trusts it.
    pub trusted: bool,
}

impl Configuration {
    /// The folders from the project's root down to `cwd`, which is absolute; without a project
    /// `cwd` alone. The home folder of this program is none of them.
    pub fn project_folders(&self, cwd: &Path) -> Vec<ProjectFolder> {
        let [system, user, managed] = self.own_files().map(|(source, base)| {
            let table = self.load(&source, &mut Vec::new()).table.clone();
            Stacked::of_file(source, table, base).resolved
        });
        let said = [&system, &user, &self.flags, &managed];
        // Every layer has been checked, so what they say of trust can be understood.
        let trust = Trust::from_tables(&said).unwrap_or_default();
        let cwd = absolute(Path::new("/"), cwd);
        let folder = |folder: project::Folder| {
            Some(ProjectFolder {
                folder: folder.dot_folder.parent()?.to_owned(),
                hooks: folder
                    .hooks_from
                    .unwrap_or_else(|| folder.dot_folder.clone()),
                dot_folder: folder.dot_folder,
                trusted: folder.disabled.is_none(),
            })
        };
        project::folders(&cwd, &trust, &self.places.home)
            .into_iter()
            .filter_map(folder)
            .collect()
    }
}
