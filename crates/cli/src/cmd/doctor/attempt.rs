//! What the commands of the trials try.
//!
//! Each does one thing, says why it did not work, and has 0 for an exit status where it did. The
//! amounts are above the limits of the trials and still small.

use std::{
    fs::{self, File, OpenOptions},
    hint::black_box,
    io::{self, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, test_kill_process};

use super::trials::{FILE_BYTES, FILES, MEMORY_BYTES, PIDS};
use crate::{args::Attempt, exit, say};

/// How many times its limit a command tries to use.
const TIMES: u64 = 4;

/// How long processor time is used: many times the limit, as others may want it as well.
const SPIN: Duration = Duration::from_secs(60);

/// How long a connection may take to come about. It is to this machine itself.
const CONNECT: Duration = Duration::from_secs(5);

/// Tries it.
pub(crate) fn attempt(attempt: Attempt, subject: &str) -> u8 {
    let tried = match attempt {
        Attempt::Read => fs::read(subject).map(drop),
        Attempt::Write => write(subject),
        Attempt::Fill => fill(subject),
        Attempt::MakeDirectory => fs::create_dir(subject),
        Attempt::Setting => setting(subject),
        Attempt::Connect => connect(subject),
        Attempt::Signal => signal(subject),
        Attempt::Memory => memory(),
        Attempt::Spin => spin(),
        Attempt::Open => open(),
        Attempt::Threads => threads(),
    };
    match tried {
        Ok(()) => exit::DONE,
        Err(error) => {
            say::line(error);
            exit::FAILED
        }
    }
}

fn write(path: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options
        .create(true)
        .append(true)
        .open(path)?
        .write_all(b"x")
}

fn fill(path: &str) -> io::Result<()> {
    let mut file = File::create(path)?;
    let piece = [0; 1024];
    let pieces = FILE_BYTES * TIMES / 1024;
    (0..pieces).try_for_each(|_| file.write_all(&piece))
}

/// Whoever may do this may change it as well.
fn setting(path: &str) -> io::Result<()> {
    let value = fs::read(path)?;
    OpenOptions::new().write(true).open(path)?.write_all(&value)
}

fn connect(address: &str) -> io::Result<()> {
    let address = address.parse().map_err(io::Error::other)?;
    TcpStream::connect_timeout(&address, CONNECT).map(drop)
}

fn signal(pid: &str) -> io::Result<()> {
    let pid = pid.parse().ok().and_then(Pid::from_raw);
    let pid = pid.ok_or(io::ErrorKind::InvalidInput)?;
    Ok(test_kill_process(pid)?)
}

fn memory() -> io::Result<()> {
    let bytes = usize::try_from(MEMORY_BYTES * TIMES).map_err(io::Error::other)?;
    let mut memory: Vec<u8> = Vec::new();
    memory.try_reserve_exact(bytes).map_err(io::Error::other)?;
    // Ones, because a page of zeros need not be there.
    memory.resize(bytes, 1);
    black_box(&memory);
    Ok(())
}

fn spin() -> io::Result<()> {
    let deadline = Instant::now() + SPIN;
    while Instant::now() < deadline {
        black_box((0..1_000_000_u64).fold(0, |sum, next| black_box(sum ^ next)));
    }
    Ok(())
}

fn open() -> io::Result<()> {
    let files: io::Result<Vec<File>> = (0..FILES * TIMES)
        .map(|_| File::open("/dev/null"))
        .collect();
    files.map(drop)
}

fn threads() -> io::Result<()> {
    let (done, wait) = std::sync::mpsc::sync_channel::<()>(0);
    let wait = std::sync::Arc::new(parking_lot::Mutex::new(wait));
    let started: io::Result<Vec<_>> = (0..PIDS * TIMES)
        .map(|_| {
            let wait = wait.clone();
            // Ends when nobody can tell it anything any more.
            thread::Builder::new().spawn(move || wait.lock().recv())
        })
        .collect();
    drop(done);
    for thread in started? {
        // It has nothing to say.
        let _ended = thread.join();
    }
    Ok(())
}
