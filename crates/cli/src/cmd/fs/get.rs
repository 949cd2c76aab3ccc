//! `get`: files of the machine come here.
//!
//! No file appears under its name before it is complete; see [`Incoming`].

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use tokio::fs;

use super::{
    Remote,
    incoming::Incoming,
    progress::Progress,
    report, status,
    tree::{self, Found},
};
use crate::cmd::paths;

/// Copies each of `from` to `to`, or into it when it is a directory.
pub(super) async fn get(
    remote: &Remote,
    from: &[PathBuf],
    to: &Path,
    recursive: bool,
) -> anyhow::Result<u8> {
    let into = from.len() > 1 || paths::names_directory(to) || is_directory(to).await;
    let mut all_done = true;
    for path in from {
        let done = async {
            let source = remote.path(path)?;
            let destination = match into {
                true => to.join(paths::base_name(&source).context("it has no name")?),
                false => to.to_path_buf(),
            };
            let metadata = remote.files.metadata(&source).await?;
            if metadata.is_directory {
                ensure!(recursive, "it is a directory; -r copies directories");
                let directory = async |from: &Path, to: &Path| directory(remote, from, to).await;
                let file = async |from: &Path, to: &Path, progress: &Progress| {
                    file(remote, from, to, progress).await
                };
                let done = tree::walk("get", source.clone(), destination, directory, file);
                return Ok(done.await);
            }
            let progress = Progress::of_file(metadata.size);
            let done = file(remote, &source, &destination, &progress).await;
            progress.finish();
            done.map(|()| true)
        };
        all_done &= match done.await {
            Ok(done) => done,
            Err(error) => report("get", path, Err(error)),
        };
    }
    Ok(status(all_done))
}

/// Whether `path` is a directory here.
async fn is_directory(path: &Path) -> bool {
    fs::metadata(path)
        .await
        .is_ok_and(|metadata| metadata.is_dir())
}

/// Makes the directory `to` and looks what `from` holds.
async fn directory(remote: &Remote, from: &Path, to: &Path) -> anyhow::Result<Found> {
    let entries = remote.files.read_directory(from).await?;
    fs::create_dir_all(to)
        .await
        .with_context(|| to.display().to_string())?;
    let mut found = Found::default();
    for entry in entries {
        let name = Path::new(&entry.file_name);
        // What a machine calls its files decides where we write: one segment, and no way up.
        if name.components().count() != 1 || paths::base_name(name).is_none() {
            bail!("the machine names a file `{}`", name.display());
        }
        let (from, to) = (from.join(name), to.join(name));
        match (entry.is_directory, entry.is_file) {
            (true, _) => match remote.files.metadata(&from).await?.is_symlink {
                true => found.left_out.push((from, "a link to a directory")),
                false => found.directories.push((from, to)),
            },
            (_, true) => found.files.push((from, to)),
            _ => found
                .left_out
                .push((from, "neither a file nor a directory")),
        }
    }
    Ok(found)
}

/// Copies one file.
async fn file(remote: &Remote, from: &Path, to: &Path, progress: &Progress) -> anyhow::Result<()> {
    progress.at(from.display().to_string());
    let mut reader = remote.files.open_reader(from).await?;
    let destination = || format!("writing {}", to.display());
    let mut incoming = Incoming::create(to).await.with_context(destination)?;
    while let Some(block) = reader.next().await? {
        incoming.write(&block).await.with_context(destination)?;
        progress.moved(block.len());
    }
    let (length, expected) = (incoming.length(), reader.size());
    // A file that grows meanwhile is complete as of its opening; one that shrinks is not.
    ensure!(length >= expected, "only {length} of {expected} bytes came");
    incoming.finish().await.with_context(destination)
}
