//! `put`: files from here go to the machine.
//!
//! A file of one block is written in one request, which replaces the old content as a whole. A
//! larger one is streamed through a handle, which empties the file first: when that fails, the
//! message says that the remote file is incomplete.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use bytes::{Bytes, BytesMut};
use sha2::{Digest, Sha256};
use tokio::{
    fs::{self, File},
    io::{AsyncRead, AsyncReadExt},
};

use super::{
    Remote,
    progress::Progress,
    report, status,
    tree::{self, Found},
};
use crate::cmd::paths;

/// What is read and sent at a time: the largest block of the protocol.
const BLOCK: usize = 1 << 20;

/// What was asked for besides the paths.
#[derive(Debug, Clone, Copy)]
pub(super) struct Options {
    /// Directories too.
    pub(super) recursive: bool,
    /// Compare what arrived with what was sent.
    pub(super) verify: bool,
}

/// Copies each of `from` to `to`, or into it when it is a directory.
pub(super) async fn put(
    remote: &Remote,
    from: &[PathBuf],
    to: &Path,
    options: Options,
) -> anyhow::Result<u8> {
    let target = remote.path(to)?;
    let into = from.len() > 1
        || paths::names_directory(to)
        || remote
            .is_directory(&target)
            .await
            .with_context(|| target.display().to_string())?;
    let mut all_done = true;
    for path in from {
        let done = one(remote, path, &target, into, options).await;
        all_done &= match done {
            Ok(done) => done,
            Err(error) => report("put", path, Err(error)),
        };
    }
    Ok(status(all_done))
}

/// Copies `path` to `target`, or into it; whether all of it was copied.
async fn one(
    remote: &Remote,
    path: &Path,
    target: &Path,
    into: bool,
    options: Options,
) -> anyhow::Result<bool> {
    if path == Path::new("-") {
        ensure!(!into, "standard input needs a name at the destination");
        let progress = Progress::of_many();
        let input = outpost_rpc::transport::stdio::stdin();
        let done = send(remote, input, target, &progress, options.verify).await;
        progress.finish();
        return done.map(|()| true);
    }
    let metadata = fs::metadata(path).await?;
    let destination = match into {
        true => {
            let whole = fs::canonicalize(path).await?;
            target.join(paths::base_name(&whole).context("it has no name")?)
        }
        false => target.to_path_buf(),
    };
    if metadata.is_dir() {
        ensure!(
            options.recursive,
            "it is a directory; -r copies directories"
        );
        let directory = async |from: &Path, to: &Path| directory(remote, from, to).await;
        let file = async |from: &Path, to: &Path, progress: &Progress| {
            file(remote, from, to, progress, options.verify).await
        };
        return Ok(tree::walk("put", path.into(), destination, directory, file).await);
    }
    ensure!(metadata.is_file(), "it is no regular file");
    let progress = Progress::of_file(metadata.len());
    let done = file(remote, path, &destination, &progress, options.verify).await;
    progress.finish();
    done.map(|()| true)
}

/// Makes the directory `to` on the machine and looks what `from` holds.
async fn directory(remote: &Remote, from: &Path, to: &Path) -> anyhow::Result<Found> {
    let mut entries = fs::read_dir(from).await?;
    remote
        .files
        .create_directory(to, true)
        .await
        .with_context(|| to.display().to_string())?;
    let mut found = Found::default();
    while let Some(entry) = entries.next_entry().await? {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().await?;
        let file = match kind.is_symlink() {
            // A link that leads nowhere is no file.
            true => fs::metadata(&from)
                .await
                .is_ok_and(|target| target.is_file()),
            false => kind.is_file(),
        };
        match (kind.is_dir(), file) {
            (true, _) => found.directories.push((from, to)),
            (_, true) => found.files.push((from, to)),
            _ if kind.is_symlink() => found.left_out.push((from, "a link, and not to a file")),
            _ => found
                .left_out
                .push((from, "neither a file nor a directory")),
        }
    }
    Ok(found)
}

/// Copies one file.
async fn file(
    remote: &Remote,
    from: &Path,
    to: &Path,
    progress: &Progress,
    verify: bool,
) -> anyhow::Result<()> {
    progress.at(from.display().to_string());
    let file = File::open(from).await?;
    send(remote, file, to, progress, verify).await
}

/// Sends everything `input` holds to the file `to`.
async fn send(
    remote: &Remote,
    mut input: impl AsyncRead + Unpin,
    to: &Path,
    progress: &Progress,
    verify: bool,
) -> anyhow::Result<()> {
    let mut hash = Sha256::new();
    let first = block(&mut input).await?;
    hash.update(&first);
    progress.moved(first.len());
    if first.len() < BLOCK {
        remote.files.write(to, first).await?;
    } else {
        let incomplete = || format!("{} is incomplete now", to.display());
        let mut writer = remote.files.open_writer(to).await?;
        writer.write(first).await.with_context(incomplete)?;
        loop {
            let next = block(&mut input).await.with_context(incomplete)?;
            if next.is_empty() {
                break;
            }
            hash.update(&next);
            progress.moved(next.len());
            writer.write(next).await.with_context(incomplete)?;
        }
        writer.finish().await.with_context(incomplete)?;
    }
    if verify {
        let arrived = remote_hash(remote, to).await.context("reading it again")?;
        let sent: [u8; 32] = hash.finalize().into();
        ensure!(
            sent == arrived,
            "{} does not hold what was sent",
            to.display()
        );
    }
    Ok(())
}

/// The next block of `input`, full unless the end is near; empty at the end.
async fn block(input: &mut (impl AsyncRead + Unpin)) -> anyhow::Result<Bytes> {
    let mut block = BytesMut::with_capacity(BLOCK);
    let mut input = input.take(BLOCK as u64);
    while input.read_buf(&mut block).await? > 0 {}
    Ok(block.freeze())
}

/// The SHA-256 of a remote file.
async fn remote_hash(remote: &Remote, path: &Path) -> anyhow::Result<[u8; 32]> {
    let mut reader = remote.files.open_reader(path).await?;
    let mut hash = Sha256::new();
    while let Some(block) = reader.next().await? {
        hash.update(&block);
    }
    Ok(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn blocks_are_full_but_for_the_last() {
        for length in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK] {
            let bytes = vec![7; length];
            // Halves that do not end where blocks do.
            let (one, other) = bytes.split_at(length / 3);
            let mut input = AsyncReadExt::chain(one, other);
            let mut lengths = Vec::new();
            loop {
                let block = block(&mut input).await.unwrap();
                if block.is_empty() {
                    break;
                }
                lengths.push(block.len());
            }
            assert_eq!(lengths.iter().sum::<usize>(), length);
            assert!(
                lengths.iter().rev().skip(1).all(|length| *length == BLOCK),
                "{lengths:?}"
            );
        }
    }
}
