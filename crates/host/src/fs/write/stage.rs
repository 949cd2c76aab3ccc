//! A file that is complete before it has its name.
//!
//! It has no name at all where the file system allows that, so that a crash leaves nothing behind;
//! elsewhere it has a name of ours, which is removed when it is dropped unpublished.

use std::{
    ffi::{OsStr, OsString},
    fs,
    os::fd::{AsRawFd as _, BorrowedFd},
    process,
    sync::atomic::{AtomicU64, Ordering},
};

use rustix::{
    fs::{AtFlags, CWD, Mode, OFlags, linkat, openat, renameat, unlinkat},
    io::{Errno, Result},
};

/// Makes the names of this process differ from each other.
static COUNTER: AtomicU64 = AtomicU64::new(0);

/// How many names of ours may be taken, by what an earlier process of the same number left, before
/// we give up.
const MAX_NAMES: usize = 64;

/// A file being prepared in the directory it will be published in.
pub(super) struct Staged<'a> {
    dir: BorrowedFd<'a>,
    file: fs::File,
    /// The name it has for now, if any.
    name: Option<OsString>,
}

impl<'a> Staged<'a> {
    /// An empty file, open for writing. `mode` is what the file system makes of it (umask, default
    /// access lists).
    pub(super) fn new(dir: BorrowedFd<'a>, mode: Mode) -> Result<Self> {
        let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
        match openat(dir, ".", flags, mode) {
            Ok(file) => Ok(Self {
                dir,
                file: file.into(),
                name: None,
            }),
            // The ways in which file systems and old kernels say that they have no files without a
            // name.
            Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => Self::named(dir, mode),
            Err(errno) => Err(errno),
        }
    }

    fn named(dir: BorrowedFd<'a>, mode: Mode) -> Result<Self> {
        let flags =
            OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let (name, file) = with_fresh_name(|name| openat(dir, name, flags, mode))?;
        Ok(Self {
            dir,
            file: file.into(),
            name: Some(name),
        })
    }

    pub(super) fn file(&self) -> &fs::File {
        &self.file
    }

    /// Gives it its name. `EEXIST` if the name is taken.
    pub(super) fn publish_new(mut self, name: &OsStr) -> Result<()> {
        let Some(ours) = &self.name else {
            return self.link(name);
        };
        match linkat(self.dir, ours, self.dir, name, AtFlags::empty()) {
            // A file system without hard links: the name was free a moment ago, and nothing better
            // can be asked for.
            Err(Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS) => {
                renameat(self.dir, ours, self.dir, name)?;
                self.name = None;
                Ok(())
            }
            done => done,
        }
    }

    /// Puts it in the place of the file that has this name.
    pub(super) fn publish_over(mut self, name: &OsStr) -> Result<()> {
        let ours = match self.name.clone() {
            Some(ours) => ours,
            None => with_fresh_name(|ours| self.link(ours))?.0,
        };
        self.name = Some(ours.clone());
        renameat(self.dir, &ours, self.dir, name)?;
        self.name = None;
        Ok(())
    }

    /// Gives a file without a name one.
    fn link(&self, name: &OsStr) -> Result<()> {
        let own = format!("/proc/self/fd/{}", self.file.as_raw_fd());
        match linkat(CWD, own, self.dir, name, AtFlags::SYMLINK_FOLLOW) {
            // Without `/proc`; newer kernels allow this to whoever opened the file.
            Err(Errno::NOENT) => linkat(&self.file, "", self.dir, name, AtFlags::EMPTY_PATH),
            done => done,
        }
    }
}

impl Drop for Staged<'_> {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            // Nothing can be done about a directory that does not let go of it.
            let _gone = unlinkat(self.dir, name, AtFlags::empty());
        }
    }
}

/// Tries names of ours until `make` finds one that is free.
fn with_fresh_name<T>(mut make: impl FnMut(&OsStr) -> Result<T>) -> Result<(OsString, T)> {
    for _ in 0..MAX_NAMES {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let name = OsString::from(format!(".outpost-{}-{number}.tmp", process::id()));
        match make(&name) {
            Err(Errno::EXIST) => {}
            done => return done.map(|made| (name, made)),
        }
    }
    Err(Errno::EXIST)
}

#[cfg(test)]
mod tests {
    use std::{io::Write as _, os::fd::AsFd as _};

    use super::*;

    fn names(dir: &std::path::Path) -> Vec<OsString> {
        fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect()
    }

    #[test]
    fn both_kinds_appear_whole_and_leave_nothing_when_dropped() {
        let root = tempfile::tempdir().unwrap();
        let dir = fs::File::open(root.path()).unwrap();
        for named in [false, true] {
            let make = || {
                let (dir, mode) = (dir.as_fd(), Mode::from_raw_mode(0o600));
                if named {
                    Staged::named(dir, mode)
                } else {
                    Staged::new(dir, mode)
                }
                .unwrap()
            };
            drop(make());
            assert_eq!(names(root.path()).len(), 0);

            let staged = make();
            staged.file().write_all(b"one").unwrap();
            staged.publish_new(OsStr::new("a")).unwrap();
            assert_eq!(fs::read(root.path().join("a")).unwrap(), b"one");

            let staged = make();
            assert_eq!(staged.publish_new(OsStr::new("a")), Err(Errno::EXIST));
            assert_eq!(names(root.path()), ["a"]);

            let staged = make();
            staged.file().write_all(b"two").unwrap();
            staged.publish_over(OsStr::new("a")).unwrap();
            assert_eq!(fs::read(root.path().join("a")).unwrap(), b"two");
            assert_eq!(names(root.path()), ["a"]);
            fs::remove_file(root.path().join("a")).unwrap();
        }
    }

    #[test]
    fn a_failed_exchange_removes_the_name_it_was_given() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("taken")).unwrap();
        let dir = fs::File::open(root.path()).unwrap();
        let staged = Staged::new(dir.as_fd(), Mode::from_raw_mode(0o600)).unwrap();
        assert_eq!(staged.publish_over(OsStr::new("taken")), Err(Errno::ISDIR));
        assert_eq!(names(root.path()), ["taken"]);
    }
}
