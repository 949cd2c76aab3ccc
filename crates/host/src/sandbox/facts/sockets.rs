//! Sockets with a path, by which a command with a network could have a service outside of the
//! sandbox act for it: a container daemon, say.
//!
//! Found in three ways, because none knows all: the kernel's table has those of this network
//! namespace, the mounts those that a container was given, and `/run` those of services elsewhere.
//! Not found: one that is bound by a relative path, and one outside of `/run` of another network
//! namespace.

use std::{
    collections::{BTreeSet, VecDeque},
    ffi::OsStr,
    fs,
    os::unix::{ffi::OsStrExt, fs::FileTypeExt},
    path::{Path, PathBuf},
};

use super::{Kind, mounts::Mounts, resolve::resolve};
use crate::sandbox::plan::PlanError;

/// The kernel's table.
const TABLE: &str = "/proc/net/unix";

/// Where services keep their sockets.
const SERVICES: [&str; 2] = ["/run", "/var/run"];

/// How many directories of services are looked into; a desktop has some hundred.
const MAX_DIRECTORIES: usize = 2048;

/// How many sockets are hidden; each is a mount.
pub(super) const MAX_SOCKETS: usize = 256;

/// Every socket with a path that we can see, without a symbolic link on the way; refused where
/// there are more than `most`.
pub(super) fn find(mounts: &Mounts, most: usize) -> Result<Vec<PathBuf>, PlanError> {
    let table = match fs::read(TABLE) {
        Ok(table) => table,
        Err(source) => {
            let path = TABLE.into();
            return Err(PlanError::Unreadable { path, source });
        }
    };
    let mut found: BTreeSet<PathBuf> = BTreeSet::new();
    let named = parse(&table);
    let mounted = mounts.points().map(Path::to_owned);
    let services = of_services(&SERVICES.map(Path::new), mounts, MAX_DIRECTORIES)?;
    for path in named.into_iter().chain(mounted).chain(services) {
        // What we cannot reach, a command cannot either.
        let Ok(spot) = resolve(&path) else { continue };
        let is_socket = |path: &Path| {
            fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket())
        };
        if spot.kind == Kind::File && is_socket(&spot.path) {
            found.insert(spot.path);
        }
        if found.len() > most {
            let what = "sockets to hide where the network is enabled";
            return Err(PlanError::TooMany { what, most });
        }
    }
    Ok(found.into_iter().collect())
}

/// The absolute paths of the kernel's table, of which a line is `number references protocol flags
/// type state inode path`. Connections have the path of the socket that took them.
pub(super) fn parse(table: &[u8]) -> BTreeSet<PathBuf> {
    let mut paths = BTreeSet::new();
    for line in table.split(|byte| *byte == b'\n').skip(1) {
        // The inode is padded, and a path may hold blanks: it begins at the first slash, which
        // only a path has.
        let Some(start) = line.iter().position(|byte| *byte == b'/') else {
            continue;
        };
        // An abstract name begins with an at sign, and may hold slashes.
        if line.get(start - 1) == Some(&b' ') {
            paths.insert(PathBuf::from(OsStr::from_bytes(&line[start..])));
        }
    }
    paths
}

/// The sockets below the folders of services; refused where there are more than `most` folders.
pub(super) fn of_services(
    services: &[&Path],
    mounts: &Mounts,
    most: usize,
) -> Result<Vec<PathBuf>, PlanError> {
    let mut found = Vec::new();
    let mut queue: VecDeque<PathBuf> = VecDeque::new();
    for path in services {
        let spot = resolve(path)?;
        if spot.kind == Kind::Directory && !queue.contains(&spot.path) {
            queue.push_back(spot.path);
        }
    }
    let mut directories = 0;
    while let Some(directory) = queue.pop_front() {
        directories += 1;
        if directories > most {
            let what = "folders in /run to look for sockets in";
            return Err(PlanError::TooMany { what, most });
        }
        // What we cannot read, a command cannot either; it may have to guess no more than we.
        let Ok(entries) = fs::read_dir(&directory) else {
            continue;
        };
        for entry in entries.flatten() {
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            let path = entry.path();
            if kind.is_socket() {
                found.push(path);
            } else if kind.is_dir() && !mounts.is_kernel(&path) {
                queue.push_back(path);
            }
        }
    }
    Ok(found)
}
