//! Starting the keeper process.

use std::{
    ffi::OsStr,
    io,
    os::{
        fd::{AsFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rustix::process::{
    PidfdFlags, Signal, WaitId, WaitIdOptions, pidfd_open, pidfd_send_signal, waitid,
};
use tokio::{net::UnixStream, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Containment, KeeperConfig, KeeperProgram,
    link::{Link, receive},
};
use crate::{
    keeper::{
        LEASH, MARK, Mode, SUBCOMMAND, socket,
        wire::{Inbox, Reply, Request, VERSION},
    },
    process::{
        program::Program,
        protect,
        spawn::{Slot, spawn},
    },
};

/// How long a keeper may take to say that it is ready. It takes a few milliseconds, and two
/// seconds when it has to clear up after one that hung; a program that is no keeper never does.
const READY: Duration = Duration::from_secs(10);

/// A keeper that was started and has not proved itself. Killed and reaped when dropped.
struct Candidate(Option<OwnedFd>);

/// Starts a keeper and gives it a task of its own in `tasks`.
pub(super) async fn start(
    config: &KeeperConfig,
    stop: CancellationToken,
    tasks: &TaskTracker,
) -> io::Result<Arc<Link>> {
    let path: &Path = match &config.program {
        // Names the same file also when it was replaced or deleted.
        KeeperProgram::CurrentExe | KeeperProgram::None => Path::new("/proc/self/exe"),
        KeeperProgram::Path(path) => path,
    };
    let (ours, theirs) = socket::pair()?;
    let candidate = launch(path, &theirs)?;
    drop(theirs);
    let ours = UnixStream::from_std(ours.into())?;
    let hello = Request::Hello {
        version: VERSION,
        containment: wish(config.containment),
        // The server keeps to the limit; twice as many leave room for those that are ending.
        max_processes: u32::try_from(config.max_processes.saturating_mul(2)).unwrap_or(u32::MAX),
    };
    let mut frame = Vec::new();
    hello.encode(&mut frame);
    socket::send(ours.as_fd(), &frame, &[])?;
    let late = |_| io::Error::new(io::ErrorKind::TimedOut, "it does not say that it is ready");
    let (mode, group) = timeout(READY, ready(&ours)).await.map_err(late)??;
    let link = Arc::new(Link::new(ours, mode, group));
    if let Some(keeper) = candidate.accept() {
        tasks.spawn(link.clone().run(keeper, stop, tasks.clone()));
    }
    Ok(link)
}

fn wish(containment: Containment) -> u8 {
    match containment {
        Containment::Auto => 0,
        Containment::Cgroup => Mode::Cgroup.to_byte(),
        Containment::Subreaper => Mode::Subreaper.to_byte(),
    }
}

/// Executes the program with the leash in its place. Its environment is only what it needs to be
/// loaded: what the server keeps secret is no business of its.
fn launch(path: &Path, leash: &OwnedFd) -> io::Result<Candidate> {
    let mut env = vec![(MARK.into(), b"1".to_vec())];
    if let Some(libraries) = std::env::var_os("LD_LIBRARY_PATH") {
        env.push((b"LD_LIBRARY_PATH".to_vec(), libraries.as_bytes().to_vec()));
    }
    if let Some(before) = protect::before() {
        env.push((protect::NORMAL.into(), before.to_text().into()));
    }
    let path = std::path::absolute(path)?;
    let argv = [path.as_os_str().as_bytes().to_vec(), SUBCOMMAND.into()];
    let program = Program::new(&argv, Some(b"outpost"), b"/", &env);
    let program = program.ok_or(io::ErrorKind::InvalidInput)?;
    let mut slots = [
        Slot::Open(c"/dev/null"),
        Slot::Same(0),
        Slot::Ours,
        Slot::Copy(leash.as_fd()),
    ];
    slots[LEASH as usize] = Slot::Copy(leash.as_fd());
    let pid = spawn(&program, &slots)?;
    match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(pidfd) => Ok(Candidate(Some(pidfd))),
        // It ends by itself when the leash closes.
        Err(error) => Err(error.into()),
    }
}

/// Waits for the keeper to say how it works.
async fn ready(socket: &UnixStream) -> io::Result<(Mode, Option<PathBuf>)> {
    let mut inbox = Inbox::default();
    loop {
        socket.readable().await?;
        let open = receive(socket, &mut inbox)?;
        match inbox.reply().map_err(io::Error::other)? {
            Some((
                Reply::Ready {
                    version: VERSION,
                    containment,
                    group,
                },
                _,
            )) => {
                let mode = Mode::from_byte(containment).ok_or(io::ErrorKind::InvalidData)?;
                let group = (!group.is_empty()).then(|| PathBuf::from(OsStr::from_bytes(&group)));
                return Ok((mode, group));
            }
            Some((Reply::Ready { version, .. }, _)) => {
                let text = format!("it speaks version {version}, not {VERSION}");
                return Err(io::Error::new(io::ErrorKind::Unsupported, text));
            }
            Some(_) => return Err(io::ErrorKind::InvalidData.into()),
            None if !open => {
                return Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "it ended at once",
                ));
            }
            None => {}
        }
    }
}

// === impl Candidate ===

impl Candidate {
    fn accept(mut self) -> Option<OwnedFd> {
        self.0.take()
    }
}

impl Drop for Candidate {
    fn drop(&mut self) {
        if let Some(pidfd) = &self.0 {
            pidfd_send_signal(pidfd, Signal::KILL).ok();
            // It was just killed, so this wait is short.
            waitid(WaitId::PidFd(pidfd.as_fd()), WaitIdOptions::EXITED).ok();
        }
    }
}
