//! Reading small text files that others wrote.

use std::{
    fs::OpenOptions,
    io::{self, ErrorKind, Read},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// Why a file that is there was not read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    #[error("{0}")]
    Io(#[source] io::Error),
    #[error("it exceeds {0} bytes")]
    TooLarge(usize),
    #[error("{0}")]
    NotText(#[source] std::str::Utf8Error),
}

/// The text of a regular file of at most `limit` bytes; `None` when there is no regular file of
/// that name. Never waits for a FIFO or a device.
pub(super) fn read(path: &Path, limit: usize) -> Result<Option<String>, ReadError> {
    // One byte more than allowed: the file may have grown, or its size may be unknown.
    let Some(bytes) = read_start(path, limit + 1).map_err(ReadError::Io)? else {
        return Ok(None);
    };
    if bytes.len() > limit {
        return Err(ReadError::TooLarge(limit));
    }
    let text = String::from_utf8(bytes).map_err(|error| ReadError::NotText(error.utf8_error()))?;
    Ok(Some(text))
}

/// The first `limit` bytes of a regular file, or fewer if it ends before; `None` when there is no
/// regular file of that name. Never waits for a FIFO or a device.
pub(super) fn read_start(path: &Path, limit: usize) -> io::Result<Option<Vec<u8>>> {
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    if !file.metadata()?.is_file() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    file.take(limit as u64).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Whether the error says that nothing, or no ordinary file, has this name.
fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
        || error.raw_os_error() == Some(libc::ENXIO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_text_files_within_the_limit_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        std::fs::write(&path, "12345").unwrap();
        assert_eq!(read(&path, 5).unwrap().as_deref(), Some("12345"));
        assert!(matches!(read(&path, 4), Err(ReadError::TooLarge(4))));
        std::fs::write(&path, b"\xff").unwrap();
        assert!(matches!(read(&path, 5), Err(ReadError::NotText(_))));
        for absent in ["none", "f/below", ""] {
            assert!(
                read(&dir.path().join(absent), 5).unwrap().is_none(),
                "{absent:?}"
            );
        }
    }

    #[test]
    fn a_fifo_or_a_device_does_not_hold_the_reader() {
        let dir = tempfile::tempdir().unwrap();
        let fifo = dir.path().join("fifo");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &fifo,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR,
            0,
        )
        .unwrap();
        assert!(read(&fifo, 5).unwrap().is_none());
        assert!(read(Path::new("/dev/zero"), 5).unwrap().is_none());
    }
}
