//! What the process tests share: hosts over a real keeper, small scripts, audiences.

use std::{
    future::Future,
    io::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use outpost_host::process::{
    Audience, Event, Exit, Gone, Page, Process, ProcessHost, ProcessLimits, Processes, ReadRequest,
    ResourceLimits, Spec, Stdio, Stream, TerminalSize,
    keeper::{Keeper, KeeperConfig, KeeperProgram},
};
use parking_lot::Mutex;
use tokio::sync::watch;

/// Longer than anything here takes on a busy machine; a test that needs it has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for something that must happen.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future)
        .await
        .expect("it should have happened by now")
}

pub(crate) fn host(limits: ProcessLimits) -> ProcessHost {
    let program = KeeperProgram::Path(env!("CARGO_BIN_EXE_outpost-keeper").into());
    let keeper = Keeper::new(KeeperConfig {
        program,
        ..KeeperConfig::default()
    });
    ProcessHost::new(keeper, limits)
}

pub(crate) fn processes(limits: ProcessLimits) -> Processes {
    Processes::new(host(limits))
}

/// A shell script on pipes, with the `PATH` of the test.
pub(crate) fn sh(script: &str) -> Spec {
    let path = std::env::var("PATH").expect("tests have a PATH");
    Spec {
        argv: ["sh", "-c", script].map(String::from).into(),
        arg0: None,
        cwd: "/".into(),
        env_policy: None,
        env: [("PATH".to_owned(), path)].into(),
        stdio: Stdio::Pipes { stdin: false },
        timeout: None,
        limits: ResourceLimits::default(),
        walls: None,
    }
}

/// The same with an input.
pub(crate) fn sh_with_input(script: &str) -> Spec {
    Spec {
        stdio: Stdio::Pipes { stdin: true },
        ..sh(script)
    }
}

/// The same on a terminal.
pub(crate) fn sh_on_terminal(script: &str) -> Spec {
    Spec {
        stdio: Stdio::Terminal {
            size: TerminalSize::default(),
        },
        ..sh(script)
    }
}

/// What an audience has been told so far.
#[derive(Clone)]
pub(crate) struct Told {
    events: Arc<watch::Sender<Vec<Event>>>,
}

/// An audience that remembers everything, as long as it may.
struct Recorder {
    told: Told,
    /// How many more events it takes; then it is not ready.
    takes: usize,
}

impl Audience for Recorder {
    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        // One that is full stays full, so there is nobody to wake.
        if self.takes == 0 {
            Poll::Pending
        } else {
            Poll::Ready(Ok(()))
        }
    }

    fn deliver(&mut self, _process_id: &str, event: &Event) {
        self.takes -= 1;
        self.told
            .events
            .send_modify(|events| events.push(event.clone()));
    }
}

impl Told {
    /// Attaches an audience that takes everything.
    pub(crate) fn of(process: &Process) -> Self {
        Self::some_of(process, usize::MAX)
    }

    /// Attaches an audience that takes `count` events and is stuck then.
    pub(crate) fn some_of(process: &Process, count: usize) -> Self {
        let told = Self::nothing();
        process.attach(told.recorder(count));
        told
    }

    /// Attaches an audience that takes everything, unless there is one.
    pub(crate) fn if_alone(process: &Process) -> Option<Self> {
        let told = Self::nothing();
        let taken = process.attach_if_alone(told.recorder(usize::MAX));
        taken.then_some(told)
    }

    fn nothing() -> Self {
        Self {
            events: Arc::new(watch::Sender::new(Vec::new())),
        }
    }

    fn recorder(&self, takes: usize) -> Box<dyn Audience> {
        Box::new(Recorder {
            told: self.clone(),
            takes,
        })
    }

    /// Waits until what was told is enough, and returns it.
    pub(crate) async fn until(&self, enough: impl Fn(&[Event]) -> bool) -> Vec<Event> {
        let mut events = self.events.subscribe();
        soon(events.wait_for(|events| enough(events)))
            .await
            .expect("told keeps the sender")
            .clone()
    }

    /// Everything up to the close.
    pub(crate) async fn all(&self) -> Vec<Event> {
        self.until(|events| matches!(events.last(), Some(Event::Closed { .. })))
            .await
    }

    /// Waits until `text` was printed.
    pub(crate) async fn printed(&self, text: &str) {
        self.until(|events| printed(events).contains(text)).await;
    }

    pub(crate) fn now(&self) -> Vec<Event> {
        self.events.borrow().clone()
    }
}

/// The bytes of one stream.
pub(crate) fn bytes(events: &[Event], wanted: Stream) -> Vec<u8> {
    let mut bytes = Vec::new();
    for event in events {
        if let Event::Output(chunk) = event
            && chunk.stream == wanted
        {
            bytes.extend_from_slice(&chunk.data);
        }
    }
    bytes
}

/// Everything printed on any stream, as text.
pub(crate) fn printed(events: &[Event]) -> String {
    let chunks = events.iter().filter_map(|event| match event {
        Event::Output(chunk) => Some(String::from_utf8_lossy(&chunk.data)),
        Event::Exited { .. } | Event::Closed { .. } => None,
    });
    chunks.collect()
}

/// How the leader ended.
pub(crate) fn exit(events: &[Event]) -> Exit {
    let exits = events.iter().filter_map(|event| match event {
        Event::Exited { exit, .. } => Some(*exit),
        Event::Output(_) | Event::Closed { .. } => None,
    });
    exits.last().expect("the process has exited")
}

/// Asserts what is true of every complete story: numbers from 1 without a hole, one exit, one
/// close, which is last.
pub(crate) fn assert_complete(events: &[Event]) {
    let seqs = events.iter().map(Event::seq);
    assert!(seqs.eq(1..=events.len() as u64), "the numbers have a hole");
    let exits = events
        .iter()
        .filter(|event| matches!(event, Event::Exited { .. }))
        .count();
    let closes = events
        .iter()
        .filter(|event| matches!(event, Event::Closed { .. }))
        .count();
    assert_eq!((exits, closes), (1, 1));
    assert!(matches!(events.last(), Some(Event::Closed { .. })));
}

/// Reads until the process is closed, and returns everything still kept.
pub(crate) async fn read_to_close(process: &Process) -> Page {
    read_until(process, |page| page.closed).await
}

/// Reads until the leader has exited, and returns everything still kept.
pub(crate) async fn read_to_exit(process: &Process) -> Page {
    read_until(process, |page| page.exit.is_some()).await
}

async fn read_until(process: &Process, enough: impl Fn(&Page) -> bool) -> Page {
    let mut after = 0;
    loop {
        let wait = PATIENCE;
        let page = process
            .read(ReadRequest {
                after,
                max_bytes: None,
                wait,
            })
            .await;
        if enough(&page) {
            return process.read(ReadRequest::default()).await;
        }
        after = page.next_seq - 1;
    }
}

/// A page's bytes, of all streams.
pub(crate) fn page_bytes(page: &Page) -> Vec<u8> {
    page.chunks
        .iter()
        .flat_map(|chunk| chunk.data.iter().copied())
        .collect()
}

/// Asserts that a control call is answered within 50 ms, in the middle of nine tries: one alone
/// would say more about how busy the machine is.
pub(crate) async fn assert_prompt<F: Future<Output = bool>>(mut call: impl FnMut() -> F) {
    let mut took = Vec::new();
    for _ in 0..9 {
        let before = Instant::now();
        assert!(call().await);
        took.push(before.elapsed());
        // Whatever else is to be done is done between the tries.
        tokio::task::yield_now().await;
    }
    took.sort_unstable();
    assert!(took[4] < Duration::from_millis(50), "{took:?}");
}

/// Bytes without a pattern that a shifted copy could match.
pub(crate) fn noise(length: usize, mut seed: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        bytes.extend_from_slice(&(seed ^ (seed >> 29)).to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// Makes a FIFO a script can wait on: opening it for writing lets the script go on.
pub(crate) fn fifo(directory: &Path) -> PathBuf {
    let path = directory.join("go");
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0)
        .expect("a temporary directory takes a FIFO");
    path
}

/// Lets the script go on that waits for a line from a FIFO.
pub(crate) async fn open_fifo(path: PathBuf) {
    let write = move || {
        std::fs::OpenOptions::new()
            .write(true)
            .open(path)?
            .write_all(b"go\n")
    };
    let written = tokio::task::spawn_blocking(write)
        .await
        .expect("it does not panic");
    written.expect("the script reads the FIFO");
}

/// The letter the kernel gives a process's state, if there is such a process.
pub(crate) fn state(pid: &str) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

/// Whether a process is alive; one that nobody has waited for is not.
pub(crate) fn is_alive(pid: &str) -> bool {
    state(pid).is_some_and(|state| !matches!(state, 'Z' | 'X'))
}

/// A never-ready audience, which says when it was first asked.
pub(crate) struct Stuck {
    pub(crate) asked: Arc<Mutex<bool>>,
}

impl Audience for Stuck {
    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        *self.asked.lock() = true;
        Poll::Pending
    }

    fn deliver(&mut self, _process_id: &str, _event: &Event) {
        panic!("it was never ready");
    }
}
