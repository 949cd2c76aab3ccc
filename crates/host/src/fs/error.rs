//! Why a file call failed.
//!
//! The text of an error is what a client is shown, so it is exact: the words of the operating
//! system with its error number, or one of the fixed sentences below. Who called what on which path
//! is kept beside the text, for logs. The system's words differ between C libraries; ours never do,
//! whatever this program is linked with ([`os_text`]).

use std::{
    borrow::Cow,
    fmt, io,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
};

use rustix::io::Errno;

/// What a caller can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FsErrorKind {
    /// There is no such file, directory or handle.
    NotFound,
    /// The request itself cannot be carried out on this path, whoever asks.
    Invalid,
    /// This user may not do that.
    Permission,
    /// Everything else: the disk is full, the path is not a directory, the device failed.
    Other,
}

/// A file call that failed. Its `Display` is the text for the client and nothing else.
#[derive(Debug)]
pub struct FsError {
    verb: &'static str,
    path: PathBuf,
    cause: Cause,
}

/// The reason alone, before it is known for which call and path it will be reported.
#[derive(Debug)]
pub(super) enum Cause {
    /// The operating system said no.
    Os(io::Error),
    /// We said no, in these words.
    Said(FsErrorKind, Cow<'static, str>),
}

/// What the blocking half of every file call returns.
pub(super) type Outcome<T> = Result<T, Cause>;

/// Refuses a path that no file can have, which the system has no words for.
pub(super) fn nameable(path: &Path) -> Outcome<()> {
    if path.as_os_str().as_bytes().contains(&0) {
        return Err(Cause::invalid("file name contained an unexpected NUL byte"));
    }
    Ok(())
}

// === impl FsError ===

impl FsError {
    pub(super) fn new(verb: &'static str, path: &Path, cause: impl Into<Cause>) -> Self {
        Self {
            verb,
            path: path.to_owned(),
            cause: cause.into(),
        }
    }

    /// What a caller can act on.
    #[must_use]
    pub fn kind(&self) -> FsErrorKind {
        match &self.cause {
            Cause::Said(kind, _) => *kind,
            Cause::Os(error) => match error.kind() {
                io::ErrorKind::NotFound => FsErrorKind::NotFound,
                io::ErrorKind::InvalidInput => FsErrorKind::Invalid,
                io::ErrorKind::PermissionDenied => FsErrorKind::Permission,
                _ => FsErrorKind::Other,
            },
        }
    }

    /// The call that failed, as a verb: "read", "write", "copy".
    #[must_use]
    pub fn verb(&self) -> &'static str {
        self.verb
    }

    /// The path the call was made on; for calls on a handle, the path it was opened with, or
    /// nothing if it is unknown.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Display for FsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)
    }
}

impl std::error::Error for FsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.cause {
            Cause::Os(error) => Some(error),
            Cause::Said(..) => None,
        }
    }
}

// === impl Cause ===

impl Cause {
    pub(super) fn invalid(text: impl Into<Cow<'static, str>>) -> Self {
        Self::Said(FsErrorKind::Invalid, text.into())
    }

    /// The refusal of a path that is a directory, a pipe or a device where a file is needed.
    pub(super) fn not_a_file(path: &Path) -> Self {
        Self::invalid(format!("path `{}` is not a file", path.display()))
    }

    /// The refusal of a path with a symbolic link in it where links must not be followed.
    pub(super) fn contains_link() -> Self {
        Self::invalid("path contains a symbolic link")
    }

    /// The error number, if the operating system gave one.
    pub(super) fn errno(&self) -> Option<Errno> {
        match self {
            Self::Os(error) => Errno::from_io_error(error),
            Self::Said(..) => None,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Os(error) => os_text(error, f),
            Self::Said(_, text) => f.write_str(text),
        }
    }
}

impl From<io::Error> for Cause {
    fn from(error: io::Error) -> Self {
        Self::Os(error)
    }
}

impl From<Errno> for Cause {
    fn from(errno: Errno) -> Self {
        Self::Os(errno.into())
    }
}

/// Writes the system's words for `error`. Where C libraries disagree, the shorter and older wording
/// is used, which is the one clients of this protocol have always seen.
fn os_text(error: &io::Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Some(code) = error.raw_os_error() else {
        return fmt::Display::fmt(error, f);
    };
    let text = match Errno::from_raw_os_error(code) {
        Errno::IO => "I/O error",
        Errno::NOMEM => "Out of memory",
        Errno::BUSY => "Resource busy",
        Errno::XDEV => "Cross-device link",
        Errno::MFILE => "No file descriptors available",
        Errno::SPIPE => "Invalid seek",
        Errno::NAMETOOLONG => "Filename too long",
        Errno::LOOP => "Symbolic link loop",
        Errno::OVERFLOW => "Value too large for data type",
        Errno::OPNOTSUPP => "Not supported",
        Errno::TIMEDOUT => "Operation timed out",
        Errno::DQUOT => "Quota exceeded",
        _ => return fmt::Display::fmt(error, f),
    };
    write!(f, "{text} (os error {code})")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn os(errno: Errno) -> FsError {
        FsError::new("read", Path::new("/a"), errno)
    }

    #[test]
    fn system_errors_read_the_same_whatever_the_c_library() {
        assert_eq!(
            os(Errno::NOENT).to_string(),
            "No such file or directory (os error 2)"
        );
        assert_eq!(
            os(Errno::LOOP).to_string(),
            "Symbolic link loop (os error 40)"
        );
        assert_eq!(os(Errno::IO).to_string(), "I/O error (os error 5)");
        assert_eq!(
            os(Errno::NAMETOOLONG).to_string(),
            "Filename too long (os error 36)"
        );
        assert_eq!(os(Errno::BUSY).to_string(), "Resource busy (os error 16)");
        assert_eq!(
            os(Errno::NOSPC).to_string(),
            "No space left on device (os error 28)"
        );
    }

    #[test]
    fn kinds_follow_what_a_caller_can_do() {
        assert_eq!(os(Errno::NOENT).kind(), FsErrorKind::NotFound);
        assert_eq!(os(Errno::INVAL).kind(), FsErrorKind::Invalid);
        assert_eq!(os(Errno::ACCESS).kind(), FsErrorKind::Permission);
        assert_eq!(os(Errno::PERM).kind(), FsErrorKind::Permission);
        for errno in [
            Errno::NOTDIR,
            Errno::ISDIR,
            Errno::EXIST,
            Errno::LOOP,
            Errno::BADF,
            Errno::FBIG,
        ] {
            assert_eq!(os(errno).kind(), FsErrorKind::Other, "{errno}");
        }
    }

    #[test]
    fn our_own_sentences_are_passed_on_untouched() {
        let error = FsError::new("read", Path::new("/x"), Cause::not_a_file(Path::new("/x")));
        assert_eq!(error.to_string(), "path `/x` is not a file");
        assert_eq!(
            (error.kind(), error.verb(), error.path()),
            (FsErrorKind::Invalid, "read", Path::new("/x"))
        );
    }
}
