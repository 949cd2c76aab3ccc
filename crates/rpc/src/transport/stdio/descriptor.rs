//! Standard input and output as the reactor can serve them.
//!
//! A read that blocks a thread cannot be cancelled, and holds up the end of the program until one
//! more byte comes. So pipes and terminals are opened anew through `/proc/self/fd`, which gives a
//! description of our own that can be non-blocking without changing the one shared with other
//! programs. A socket cannot be opened anew; its end is ours alone unless standard error is the
//! same one, whose writers expect it to block. What is left (a file, a shared socket, a device the
//! reactor does not take) is read and written by the runtime's blocking threads.

use std::{
    fs::File,
    io,
    os::fd::{AsFd, AsRawFd},
};

use rustix::fs::{FileType, Mode, OFlags};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::unix::pipe,
};

/// Where lines come from.
pub type Input = Box<dyn AsyncRead + Send + Unpin>;

/// Where lines go to.
pub type Output = Box<dyn AsyncWrite + Send + Unpin>;

/// This program's standard input. To be called inside a runtime.
#[must_use]
pub fn stdin() -> Input {
    match own(rustix::stdio::stdin(), OFlags::RDONLY).and_then(receiver) {
        Ok(receiver) => Box::new(receiver),
        Err(_) => Box::new(tokio::io::stdin()),
    }
}

/// This program's standard output. To be called inside a runtime.
#[must_use]
pub fn stdout() -> Output {
    match own(rustix::stdio::stdout(), OFlags::WRONLY).and_then(sender) {
        Ok(sender) => Box::new(sender),
        Err(_) => Box::new(tokio::io::stdout()),
    }
}

/// The reactor's reader of a non-blocking descriptor, whatever its kind.
fn receiver(file: File) -> io::Result<pipe::Receiver> {
    pipe::Receiver::from_file_unchecked(file)
}

/// The reactor's writer of a non-blocking descriptor, whatever its kind.
fn sender(file: File) -> io::Result<pipe::Sender> {
    pipe::Sender::from_file_unchecked(file)
}

/// A non-blocking descriptor for what this one names, where that disturbs nobody.
fn own(fd: impl AsFd, access: OFlags) -> io::Result<File> {
    let stat = rustix::fs::fstat(&fd)?;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Socket => {
            let error = rustix::fs::fstat(rustix::stdio::stderr())?;
            if (stat.st_dev, stat.st_ino) == (error.st_dev, error.st_ino) {
                return Err(io::ErrorKind::ResourceBusy.into());
            }
            rustix::io::ioctl_fionbio(&fd, true)?;
            Ok(fd.as_fd().try_clone_to_owned()?.into())
        }
        FileType::Fifo | FileType::CharacterDevice => {
            let path = format!("/proc/self/fd/{}", fd.as_fd().as_raw_fd());
            let flags = access | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
            Ok(rustix::fs::open(path, flags, Mode::empty())?.into())
        }
        _ => Err(io::ErrorKind::Unsupported.into()),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// More than any pipe or socket holds, so that both sides have to wait for each other.
    async fn carries(reader: impl AsFd, writer: impl AsFd) {
        let mut read = own(reader, OFlags::RDONLY).and_then(receiver).unwrap();
        let mut write = own(writer, OFlags::WRONLY).and_then(sender).unwrap();
        let text = "x".repeat(4 << 20);
        let mut arrived = vec![0; text.len()];
        let (sent, received) = tokio::join!(
            write.write_all(text.as_bytes()),
            read.read_exact(&mut arrived)
        );
        sent.unwrap();
        received.unwrap();
        assert!(arrived == text.as_bytes());
    }

    #[tokio::test]
    async fn a_pipe_is_served_by_the_reactor_and_stays_blocking_for_others() {
        let (reader, writer) = rustix::pipe::pipe().unwrap();
        carries(&reader, &writer).await;
        for end in [&reader, &writer] {
            let flags = rustix::fs::fcntl_getfl(end).unwrap();
            assert!(
                !flags.contains(OFlags::NONBLOCK),
                "the shared description was changed"
            );
        }
    }

    #[tokio::test]
    async fn a_socket_is_served_by_the_reactor() {
        let (one, other) = std::os::unix::net::UnixStream::pair().unwrap();
        carries(&one, &other).await;
    }

    #[tokio::test]
    async fn a_file_is_left_to_the_blocking_threads() {
        let file = tempfile::tempfile().unwrap();
        assert_eq!(
            own(&file, OFlags::RDONLY).unwrap_err().kind(),
            io::ErrorKind::Unsupported
        );
    }

    #[tokio::test]
    async fn the_end_of_a_pipe_is_read_as_the_end() {
        let (reader, writer) = rustix::pipe::pipe().unwrap();
        let mut read = own(&reader, OFlags::RDONLY).and_then(receiver).unwrap();
        drop(writer);
        assert_eq!(read.read(&mut [0; 8]).await.unwrap(), 0);
    }
}
