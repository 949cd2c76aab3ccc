//! Pure: paths, where a relative one leads, and what a copy is called.

use std::{
    ffi::OsString,
    path::{Component, Path, PathBuf},
};

use anyhow::bail;

/// `path` on a machine whose server works in `cwd`, without `.` and `..` segments.
pub(crate) fn absolute(cwd: Option<&Path>, path: &Path) -> anyhow::Result<PathBuf> {
    let path = match cwd {
        _ if path.is_absolute() => path.to_path_buf(),
        Some(cwd) => cwd.join(path),
        None => bail!("the server does not tell where it works, so the path must be absolute"),
    };
    let mut absolute = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                absolute.pop();
            }
            Component::CurDir => {}
            other => absolute.push(other),
        }
    }
    Ok(absolute)
}

/// What a copy of `path` is called in a directory; nothing for `/`, `..` and the like.
pub(crate) fn base_name(path: &Path) -> Option<OsString> {
    path.file_name().map(OsString::from)
}

/// Whether a path can only name a directory, because of how it is written.
pub(crate) fn names_directory(path: &Path) -> bool {
    let bytes = path.as_os_str().as_encoded_bytes();
    bytes.ends_with(b"/") || bytes.ends_with(b"/.") || bytes == b"." || bytes.ends_with(b"..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_path_starts_at_the_working_directory() {
        for (path, expected) in [
            ("a/b", "/w/d/a/b"),
            ("/a/b", "/a/b"),
            (".", "/w/d"),
            ("../x/./y", "/w/x/y"),
            ("../../../..", "/"),
            ("/a/../b/", "/b"),
        ] {
            let absolute = absolute(Some(Path::new("/w/d")), Path::new(path)).unwrap();
            assert_eq!(absolute, Path::new(expected), "{path}");
        }
        assert!(absolute(None, Path::new("a")).is_err());
        assert_eq!(absolute(None, Path::new("/a/.")).unwrap(), Path::new("/a"));
    }

    #[test]
    fn some_names_are_directories_by_their_looks() {
        for path in ["a/", ".", "..", "a/..", "a/."] {
            assert!(names_directory(Path::new(path)), "{path}");
        }
        for path in ["a", "a/b", ".a"] {
            assert!(!names_directory(Path::new(path)), "{path}");
        }
        assert_eq!(base_name(Path::new("/a/b/")), Some("b".into()));
        assert_eq!(base_name(Path::new("/")), None);
        assert_eq!(base_name(Path::new("a/..")), None);
    }
}
