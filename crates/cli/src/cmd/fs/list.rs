//! The verbs that only look: `ls`, `cat`, `stat`, `walk`.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use futures_util::{StreamExt, TryStreamExt, stream};
use outpost_client::{Metadata, WalkOptions};
use outpost_protocol::{PathUri, exec::fs::FsWalkKind as WalkKind};

use super::{AT_ONCE, Remote, output::each};
use crate::{say, time};

/// Prints what directories hold.
pub(super) async fn ls(remote: &Remote, paths: &[PathBuf], long: bool) -> anyhow::Result<u8> {
    let many = paths.len() > 1;
    each(paths, "list", async |output, path| {
        let absolute = remote.path(path)?;
        let metadata = remote.files.metadata(&absolute).await?;
        if !metadata.is_directory {
            let name = path.display().to_string();
            return output.text(&row(&name, long.then_some(&metadata))).await;
        }
        let entries = remote.files.read_directory(&absolute).await?;
        let mut names: Vec<_> = entries.into_iter().map(|entry| entry.file_name).collect();
        names.sort_unstable();
        if many {
            output.text(&format!("{}:\n", path.display())).await?;
        }
        let rows = stream::iter(names).map(async |name| {
            if !long {
                return Ok(row(&name, None));
            }
            match remote.files.metadata(&absolute.join(&name)).await {
                Ok(metadata) => Ok(row(&name, Some(&metadata))),
                // It went away between the two questions.
                Err(error) if error.is_not_found() => Ok(String::new()),
                Err(error) => Err(error),
            }
        });
        let mut rows = rows.buffered(AT_ONCE);
        while let Some(row) = rows.try_next().await? {
            output.text(&row).await?;
        }
        Ok(())
    })
    .await
}

/// A line of `ls`.
fn row(name: &str, metadata: Option<&Metadata>) -> String {
    let Some(metadata) = metadata else {
        return format!("{name}\n");
    };
    let kind = match (metadata.is_symlink, metadata.is_directory, metadata.is_file) {
        (true, ..) => 'l',
        (_, true, _) => 'd',
        (_, _, true) => '-',
        _ => '?',
    };
    let time = time::utc(metadata.modified_at_ms);
    format!("{kind} {:>15} {time} {name}\n", metadata.size)
}

/// Prints files.
pub(super) async fn cat(remote: &Remote, paths: &[PathBuf]) -> anyhow::Result<u8> {
    each(paths, "read", async |output, path| {
        let mut reader = remote.files.open_reader(&remote.path(path)?).await?;
        while let Some(block) = reader.next().await? {
            output.bytes(&block).await?;
        }
        Ok(())
    })
    .await
}

/// Prints kind, size and times.
pub(super) async fn stat(remote: &Remote, paths: &[PathBuf]) -> anyhow::Result<u8> {
    each(paths, "look at", async |output, path| {
        let metadata = remote.files.metadata(&remote.path(path)?).await?;
        output.text(&description(path, &metadata)).await
    })
    .await
}

/// What `stat` says.
fn description(path: &Path, metadata: &Metadata) -> String {
    let kind = match (metadata.is_directory, metadata.is_file) {
        (true, _) => "directory",
        (_, true) => "file",
        _ => "special file",
    };
    let link = if metadata.is_symlink {
        "link to a "
    } else {
        ""
    };
    let mut text = format!("    path: {}\n    kind: {link}{kind}\n", path.display());
    let mut member = |name: &str, value: &dyn std::fmt::Display| {
        writeln!(text, "{name:>8}: {value}").expect("a string takes every text");
    };
    member("size", &metadata.size);
    member("modified", &time::utc(metadata.modified_at_ms));
    if metadata.created_at_ms != 0 {
        member("created", &time::utc(metadata.created_at_ms));
    }
    text
}

/// Prints every path below a directory.
pub(super) async fn walk(remote: &Remote, path: &Path, options: WalkOptions) -> anyhow::Result<u8> {
    let root = remote.path(path)?;
    each(&[path.to_path_buf()], "walk", async |output, path| {
        let found = remote.files.walk(&root, options).await?;
        // As `find` does: the names begin with what was asked for.
        let shown = |uri: &PathUri| match uri.native().map(|found| found.strip_prefix(&root)) {
            Ok(Ok(below)) => path.join(below).display().to_string(),
            Ok(Err(_)) | Err(_) => uri.to_uri(),
        };
        for entry in found.entries {
            let slash = if entry.kind == WalkKind::Directory {
                "/"
            } else {
                ""
            };
            output
                .text(&format!("{}{slash}\n", shown(&entry.path)))
                .await?;
        }
        output.flush().await?;
        for error in &found.errors {
            say::line(format_args!(
                "cannot read {}: {}",
                shown(&error.path),
                error.message
            ));
        }
        if found.truncated {
            say::line("the list is cut short: a limit was reached");
        }
        Ok(())
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    const METADATA: Metadata = Metadata {
        is_directory: false,
        is_file: true,
        is_symlink: true,
        size: 1234,
        created_at_ms: 0,
        modified_at_ms: 1_795_187_269_816,
    };

    #[test]
    fn a_long_row_shows_kind_size_and_time() {
        assert_eq!(row("x", None), "x\n");
        assert_eq!(
            row("x", Some(&METADATA)),
            "l            1234 2026-11-20 15:07:49 x\n"
        );
    }

    #[test]
    fn a_description_leaves_out_what_is_unknown() {
        assert_eq!(
            description(Path::new("a/x"), &METADATA),
            "    path: a/x\n    kind: link to a file\n    size: 1234\nmodified: 2026-11-20 15:07:49\n"
        );
    }
}
