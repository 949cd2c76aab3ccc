//! The Unix socket: where it may be made, and who may use it.
//!
//! The file has mode 0600 from its first moment, and every peer is asked for its user all the same:
//! ours or root. A socket of ours that nobody serves any more is replaced; a live one, one of
//! another user, and anything that is no socket are left alone. The file is removed when the
//! listener is dropped, if it is still the one that was made.

use std::{
    io,
    os::unix::{ffi::OsStrExt, net},
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::{
    fs::{AtFlags, CWD, FileType, FlockOperation, Mode, OFlags, Stat},
    io::Errno,
    net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType},
};
use tokio::net::{UnixListener, UnixStream};

/// Why there is no socket at this path.
#[derive(Debug, thiserror::Error)]
pub enum UnixError {
    /// Another server is there.
    #[error("a server is already listening on {}", .0.display())]
    InUse(PathBuf),
    /// Something else is there.
    #[error("{} exists and is not a socket", .0.display())]
    NotASocket(PathBuf),
    /// A link could lead anywhere.
    #[error("{} is a symbolic link; name the socket itself", .0.display())]
    Symlink(PathBuf),
    /// Someone else's socket.
    #[error("{} belongs to user {uid}", .path.display())]
    Foreign {
        /// The socket.
        path: PathBuf,
        /// Its owner.
        uid: u32,
    },
    /// Whoever can write to the folder can put another socket in the place of ours.
    #[error("the folder of {} can be written by everyone; choose a private one", .0.display())]
    Exposed(PathBuf),
    /// The system's bound.
    #[error("{} is too long for a socket; at most 107 bytes are possible", .0.display())]
    TooLong(PathBuf),
    /// Anything else.
    #[error("failed to listen on {}: {source}", .path.display())]
    Io {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A socket and its file.
#[derive(Debug)]
pub(super) struct Bound {
    listener: UnixListener,
    path: PathBuf,
    /// Device and inode of the file that was made.
    made: (u64, u64),
}

/// Connections the kernel keeps until they are accepted.
const BACKLOG: i32 = 1024;

/// How often and how long another start in the same folder is waited for; it takes microseconds.
const LOCK_TRIES: u32 = 100;
const LOCK_WAIT: Duration = Duration::from_millis(10);

// === impl Bound ===

impl Bound {
    /// Makes the socket.
    pub(super) async fn bind(path: &Path) -> Result<Self, UnixError> {
        let io = |source: io::Error| UnixError::Io {
            path: path.to_owned(),
            source,
        };
        if path.as_os_str().as_bytes().len() > 107 {
            return Err(UnixError::TooLong(path.to_owned()));
        }
        let parent = match path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder =
            rustix::fs::open(parent, flags, Mode::empty()).map_err(|error| io(error.into()))?;
        let mode = Mode::from_raw_mode(
            rustix::fs::fstat(&folder)
                .map_err(|error| io(error.into()))?
                .st_mode,
        );
        if mode.contains(Mode::WOTH) && !mode.contains(Mode::SVTX) {
            return Err(UnixError::Exposed(path.to_owned()));
        }
        // Held until the socket listens: of two starts at once, the second finds a live socket.
        lock(&folder).await.map_err(io)?;
        make_way(path)?;
        let (listener, made) = make(path).map_err(io)?;
        Ok(Self {
            listener,
            path: path.to_owned(),
            made,
        })
    }

    /// The next peer that may use the socket, and its user and process.
    pub(super) async fn accept(&self) -> io::Result<(UnixStream, u32, Option<i32>)> {
        loop {
            let (stream, _) = self.listener.accept().await?;
            let peer = stream.peer_cred()?;
            if may_use(peer.uid(), rustix::process::geteuid().as_raw()) {
                return Ok((stream, peer.uid(), peer.pid()));
            }
            tracing::warn!(uid = peer.uid(), "refused a user at the unix socket");
        }
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        if stat(&self.path).is_ok_and(|stat| (stat.st_dev, stat.st_ino) == self.made) {
            // Gone already is as good.
            std::fs::remove_file(&self.path).ok();
        }
    }
}

/// Whether a peer may use a socket of this user.
fn may_use(peer: u32, own: u32) -> bool {
    peer == own || peer == 0
}

async fn lock(folder: impl std::os::fd::AsFd) -> io::Result<()> {
    for _ in 0..LOCK_TRIES {
        match rustix::fs::flock(&folder, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => tokio::time::sleep(LOCK_WAIT).await,
            result => return Ok(result?),
        }
    }
    Err(io::Error::new(
        io::ErrorKind::TimedOut,
        "its folder stays locked by another program",
    ))
}

/// Removes a socket of ours that nobody serves; refuses everything else that is there.
fn make_way(path: &Path) -> Result<(), UnixError> {
    let io = |source: io::Error| UnixError::Io {
        path: path.to_owned(),
        source,
    };
    let stat = match stat(path) {
        Ok(stat) => stat,
        Err(Errno::NOENT) => return Ok(()),
        Err(error) => return Err(io(error.into())),
    };
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Socket => {}
        FileType::Symlink => return Err(UnixError::Symlink(path.to_owned())),
        _ => return Err(UnixError::NotASocket(path.to_owned())),
    }
    if stat.st_uid != rustix::process::geteuid().as_raw() {
        return Err(UnixError::Foreign {
            path: path.to_owned(),
            uid: stat.st_uid,
        });
    }
    match is_live(path).map_err(io)? {
        true => Err(UnixError::InUse(path.to_owned())),
        false => std::fs::remove_file(path).map_err(io),
    }
}

/// Whether someone listens; a full queue is a sign of life too. Never waits.
fn is_live(path: &Path) -> io::Result<bool> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    match rustix::net::connect(&socket, &SocketAddrUnix::new(path)?) {
        Ok(()) | Err(Errno::AGAIN) => Ok(true),
        Err(Errno::CONNREFUSED) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// A listening socket whose file nobody else could ever open.
fn make(path: &Path) -> io::Result<(UnixListener, (u64, u64))> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    // The kernel makes the file with the mode of the socket, so there is no moment with another.
    rustix::fs::fchmod(&socket, Mode::RUSR | Mode::WUSR)?;
    rustix::net::bind(&socket, &SocketAddrUnix::new(path)?)?;
    let stat = stat(path)?;
    rustix::net::listen(&socket, BACKLOG)?;
    let listener = UnixListener::from_std(net::UnixListener::from(socket))?;
    Ok((listener, (stat.st_dev, stat.st_ino)))
}

fn stat(path: &Path) -> rustix::io::Result<Stat> {
    rustix::fs::statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW)
}

#[cfg(test)]
mod tests;
