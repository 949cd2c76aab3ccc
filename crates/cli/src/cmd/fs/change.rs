//! The verbs that change the machine's files where they are: `cp`, `rm`, `mkdir`.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::{Remote, report, status};
use crate::cmd::paths;

/// Copies `from` to `to`, or into it when it is a directory.
pub(super) async fn cp(
    remote: &Remote,
    from: &Path,
    to: &Path,
    recursive: bool,
) -> anyhow::Result<u8> {
    let copy = async {
        let source = remote.path(from)?;
        let mut destination = remote.path(to)?;
        if paths::names_directory(to) || remote.is_directory(&destination).await? {
            destination.push(paths::base_name(&source).context("it has no name")?);
        }
        remote.files.copy(&source, &destination, recursive).await?;
        anyhow::Ok(())
    };
    Ok(status(report("copy", from, copy.await)))
}

/// Removes each of `paths`.
pub(super) async fn rm(
    remote: &Remote,
    paths: &[PathBuf],
    recursive: bool,
    force: bool,
) -> anyhow::Result<u8> {
    let mut all_done = true;
    for path in paths {
        let remove = async {
            let absolute = remote.path(path)?;
            if absolute.parent().is_none() {
                bail!("that is everything there is");
            }
            remote.files.remove(&absolute, recursive, force).await?;
            Ok(())
        };
        all_done &= report("remove", path, remove.await);
    }
    Ok(status(all_done))
}

/// Makes each of `paths`.
pub(super) async fn mkdir(remote: &Remote, paths: &[PathBuf], parents: bool) -> anyhow::Result<u8> {
    let mut all_done = true;
    for path in paths {
        let make = async {
            remote
                .files
                .create_directory(&remote.path(path)?, parents)
                .await?;
            anyhow::Ok(())
        };
        all_done &= report("make", path, make.await);
    }
    Ok(status(all_done))
}
