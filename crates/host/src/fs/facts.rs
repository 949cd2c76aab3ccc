//! What the system says about one file: one `statx`, one plain struct.

use std::{os::fd::AsFd, path::Path};

use rustix::{
    fs::{AtFlags, CWD, FileType, Statx, StatxFlags, StatxTimestamp, statx},
    io::Result,
};

/// The number of a file system and of a file in it: equal for two names exactly if they name the
/// same file.
pub(super) type Identity = (u32, u32, u64);

/// What we ask about a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    pub(super) kind: FileType,
    pub(super) id: Identity,
    pub(super) links: u32,
    /// Bytes.
    pub(super) size: u64,
    /// Permission bits, set-id and sticky bits; not the type.
    pub(super) mode: u32,
    pub(super) owner: (u32, u32),
    /// Major and minor number, if this is a device.
    pub(super) device: (u32, u32),
    /// Milliseconds since 1970; 0 where the file system does not keep it.
    pub(super) created_ms: i64,
    /// Milliseconds since 1970, negative before.
    pub(super) modified_ms: i64,
}

impl Facts {
    /// Of the file a path leads to, through links if `follow`.
    pub(super) fn of(path: &Path, follow: bool) -> Result<Self> {
        Self::at(CWD, path, follow)
    }

    /// As [`Facts::of`], from a directory.
    pub(super) fn at(dir: impl AsFd, path: impl AsRef<Path>, follow: bool) -> Result<Self> {
        let flags = if follow {
            AtFlags::empty()
        } else {
            AtFlags::SYMLINK_NOFOLLOW
        };
        Self::ask(dir, path.as_ref(), flags)
    }

    /// Of an open file.
    pub(super) fn of_open(file: impl AsFd) -> Result<Self> {
        Self::ask(file, Path::new(""), AtFlags::EMPTY_PATH)
    }

    fn ask(dir: impl AsFd, path: &Path, flags: AtFlags) -> Result<Self> {
        let wanted = StatxFlags::BASIC_STATS | StatxFlags::BTIME;
        // An automounter is not woken up to answer a question about its mount point.
        statx(dir, path, flags | AtFlags::NO_AUTOMOUNT, wanted).map(|stat| Self::from(&stat))
    }

    pub(super) fn is_file(&self) -> bool {
        self.kind == FileType::RegularFile
    }

    pub(super) fn is_dir(&self) -> bool {
        self.kind == FileType::Directory
    }

    pub(super) fn is_link(&self) -> bool {
        self.kind == FileType::Symlink
    }
}

impl From<&Statx> for Facts {
    fn from(stat: &Statx) -> Self {
        let born = StatxFlags::from_bits_retain(stat.stx_mask).contains(StatxFlags::BTIME);
        Self {
            kind: FileType::from_raw_mode(stat.stx_mode.into()),
            id: (stat.stx_dev_major, stat.stx_dev_minor, stat.stx_ino),
            links: stat.stx_nlink,
            size: stat.stx_size,
            mode: u32::from(stat.stx_mode) & 0o7777,
            owner: (stat.stx_uid, stat.stx_gid),
            device: (stat.stx_rdev_major, stat.stx_rdev_minor),
            created_ms: if born {
                milliseconds(&stat.stx_btime)
            } else {
                0
            },
            modified_ms: milliseconds(&stat.stx_mtime),
        }
    }
}

fn milliseconds(time: &StatxTimestamp) -> i64 {
    let part = i64::from(time.tv_nsec / 1_000_000);
    time.tv_sec.saturating_mul(1000).saturating_add(part)
}
