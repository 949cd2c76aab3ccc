//! The keeper: real commands, real deaths, in every means of containment this machine offers.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something unexpected happens"
)]

mod child;
mod contain;
mod death;
mod direct;
mod limits;
mod start;

use std::{
    ffi::OsString,
    os::fd::{AsFd, OwnedFd},
    path::Path,
    time::Duration,
};

use outpost_host::{
    keeper::Verdict,
    process::{
        ResourceLimits,
        keeper::{
            Containment, Keeper, KeeperConfig, KeeperProgram, OutputEnds, RawExit, SpawnError,
            SpawnRequest, Spawned, StdioPlan,
        },
    },
};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    net::unix::pipe::Receiver,
    time::timeout,
};

/// What nothing here takes on a machine that works, however busy.
const PATIENCE: Duration = Duration::from_secs(20);

/// The variable by which a test finds its own processes.
const MARK: &str = "OUTPOST_TEST_MARK";

/// A keeper with its processes, which must all be gone in the end.
struct Bench {
    keeper: Keeper,
    mark: String,
}

impl Bench {
    fn new(containment: Containment) -> Self {
        Self::with(KeeperConfig {
            program: KeeperProgram::Path(env!("CARGO_BIN_EXE_outpost-keeper").into()),
            containment,
            max_processes: 64,
        })
    }

    fn with(config: KeeperConfig) -> Self {
        Self {
            keeper: Keeper::new(config),
            mark: mark(),
        }
    }

    fn request(&self, argv: &[&str], stdio: StdioPlan) -> SpawnRequest {
        request(argv, stdio, &self.mark)
    }

    /// A shell script with pipes.
    fn sh(&self, script: &str) -> SpawnRequest {
        self.request(&["sh", "-c", script], StdioPlan::Pipes { stdin: false })
    }

    async fn spawn(&self, request: SpawnRequest) -> Result<Spawned, SpawnError> {
        timeout(PATIENCE, self.keeper.spawn(request)).await.unwrap()
    }

    /// Runs a command to its end.
    async fn run(&self, request: SpawnRequest) -> Ran {
        Ran::of(self.spawn(request).await.unwrap()).await
    }

    /// Ends everything and sees that nothing is left.
    async fn close(self) {
        timeout(PATIENCE, self.keeper.shutdown()).await.unwrap();
        assert_eq!(alive(&self.mark), Vec::<u32>::new(), "processes are left");
    }
}

/// What came of a command.
struct Ran {
    out: String,
    err: String,
    exit: RawExit,
}

impl Ran {
    async fn of(spawned: Spawned) -> Self {
        let (out, err) = match spawned.output {
            OutputEnds::Pipes { stdout, stderr } => tokio::join!(text(stdout), text(stderr)),
            OutputEnds::Terminal(master) => (text(master).await, String::new()),
        };
        let exit = timeout(PATIENCE, spawned.exit).await.unwrap().unwrap();
        timeout(PATIENCE, spawned.tree.empty()).await.unwrap();
        Self { out, err, exit }
    }
}

/// The status of a normal exit.
fn exited(code: i32) -> RawExit {
    RawExit::Status(code << 8, Verdict::default())
}

/// The status of a death by signal.
fn killed(signal: Signal) -> RawExit {
    RawExit::Status(signal.as_raw(), Verdict::default())
}

fn request(argv: &[&str], stdio: StdioPlan, mark: &str) -> SpawnRequest {
    SpawnRequest {
        argv: argv.iter().map(OsString::from).collect(),
        arg0: None,
        cwd: "/".into(),
        env: vec![
            ("PATH".into(), "/usr/bin:/bin".into()),
            (MARK.into(), mark.into()),
        ],
        stdio,
        limits: ResourceLimits::default(),
        walls: None,
    }
}

/// A text no other test uses.
fn mark() -> String {
    use std::hash::{BuildHasher, RandomState};
    format!(
        "{}-{:x}",
        std::process::id(),
        RandomState::new().hash_one(())
    )
}

/// Everything until the end; of a terminal, EIO is the end.
async fn text(fd: OwnedFd) -> String {
    let mut bytes = Vec::new();
    let mut receiver = Receiver::from_owned_fd_unchecked(fd).unwrap();
    let end = timeout(PATIENCE, receiver.read_to_end(&mut bytes))
        .await
        .unwrap();
    if let Err(error) = end {
        assert_eq!(
            error.raw_os_error(),
            Some(rustix::io::Errno::IO.raw_os_error())
        );
    }
    String::from_utf8(bytes).unwrap()
}

/// The first lines of what a command prints; the stream stays open.
async fn lines(spawned: &mut Spawned, count: usize) -> Vec<String> {
    let fd = match &spawned.output {
        OutputEnds::Pipes { stdout, .. } => stdout.try_clone(),
        OutputEnds::Terminal(master) => master.try_clone(),
    };
    let mut reader = BufReader::new(Receiver::from_owned_fd_unchecked(fd.unwrap()).unwrap());
    let mut lines = Vec::new();
    for _ in 0..count {
        let mut line = String::new();
        timeout(PATIENCE, reader.read_line(&mut line))
            .await
            .unwrap()
            .unwrap();
        lines.push(line.trim_end().to_owned());
    }
    lines
}

/// A process named by a line of output.
fn watch(pid: &str) -> OwnedFd {
    let pid = Pid::from_raw(pid.parse().unwrap()).unwrap();
    pidfd_open(pid, PidfdFlags::empty()).unwrap()
}

/// Waits for a process to end.
async fn gone(pidfd: OwnedFd) {
    let pidfd = Receiver::from_owned_fd_unchecked(pidfd).unwrap();
    timeout(PATIENCE, pidfd.readable())
        .await
        .expect("a process lives on")
        .unwrap();
}

/// Whether a process has ended.
fn is_gone(pidfd: &OwnedFd) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let mut fds = [PollFd::from_borrowed_fd(pidfd.as_fd(), PollFlags::IN)];
    poll(
        &mut fds,
        Some(&Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        }),
    )
    .unwrap()
        == 1
}

/// The processes whose environment bears this mark.
fn alive(mark: &str) -> Vec<u32> {
    let wanted = format!("{MARK}={mark}");
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid: &u32| {
        let environ = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environ
            .split(|byte| *byte == 0)
            .any(|variable| variable == wanted.as_bytes())
    })
    .collect()
}

/// The parent of a process.
fn parent_of(pid: u32) -> u32 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("PPid:"))
        .unwrap();
    line.trim().parse().unwrap()
}

/// The keeper above a leader.
fn keeper_of(leader: u32, containment: Containment) -> u32 {
    match containment {
        Containment::Subreaper => parent_of(parent_of(leader)),
        Containment::Auto | Containment::Cgroup => parent_of(leader),
    }
}

fn kill(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    rustix::process::kill_process(pid, signal).unwrap();
}

/// The means of containment this machine offers to this user.
async fn modes() -> Vec<Containment> {
    let bench = Bench::new(Containment::Cgroup);
    let able = bench.spawn(bench.sh("true")).await.is_ok();
    bench.close().await;
    if able {
        vec![Containment::Cgroup, Containment::Subreaper]
    } else {
        outpost_testkit::skipped("no cgroup v2 can be written here");
        vec![Containment::Subreaper]
    }
}

/// A command that runs for ever below a double fork in a session of its own. Prints its id.
const DAEMON: &str =
    "setsid sh -c 'setsid sleep 100000 </dev/null >/dev/null 2>&1 & echo $!' | cat; ";

/// Whether a program of this name is at hand.
fn has(program: &str) -> bool {
    Path::new("/usr/bin").join(program).exists() || Path::new("/bin").join(program).exists()
}
