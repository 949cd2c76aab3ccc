//! One search: a walk that gathers paths, and rounds of ranking over what was gathered.
//!
//! At most one round runs at a time; it takes the [`Progress`] and puts it back when there is
//! nothing more to rank, under the lock under which paths and queries arrive, so none is missed.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, watch},
};
use tokio_util::task::TaskTracker;

use super::{
    Findings, Match, SearchError, SearchLimits, Searches,
    index::Chunk,
    rank::{Best, Candidate, Query, Ranker},
    walk::{self, Sink},
};

/// How often incomplete findings are told.
const TELL_EVERY: Duration = Duration::from_millis(30);

/// An open search. Dropping it ends it.
#[derive(Debug)]
pub struct Search {
    shared: Arc<Shared>,
}

/// The findings of a search.
#[derive(Debug)]
pub struct Updates {
    findings: watch::Receiver<(u64, Findings)>,
    turn: Arc<Turn>,
}

/// What both ends look at without a lock.
#[derive(Debug, Default)]
struct Turn {
    /// The number of the query in force.
    query: AtomicU64,
    closed: AtomicBool,
}

#[derive(Debug)]
struct Shared {
    roots: Vec<PathBuf>,
    limits: Arc<SearchLimits>,
    held: Arc<AtomicUsize>,
    running: TaskTracker,
    runtime: Handle,
    turn: Arc<Turn>,
    state: Mutex<State>,
    findings: watch::Sender<(u64, Findings)>,
    _room: OwnedSemaphorePermit,
}

#[derive(Debug)]
struct State {
    chunks: Vec<Arc<Chunk>>,
    /// What `chunks` take of the memory for paths.
    bytes: usize,
    query: String,
    walked: bool,
    cut: bool,
    /// `None` while a round runs.
    progress: Option<Progress>,
}

/// How far the ranking is.
#[derive(Debug)]
struct Progress {
    number: u64,
    text: String,
    query: Query,
    ranked: usize,
    best: Best,
    /// Whether `best` has what was not told.
    news: bool,
    told: Option<Instant>,
    complete: bool,
}

/// What a round has to do next.
struct Work {
    chunks: Vec<Arc<Chunk>>,
    walked: bool,
    cut: bool,
}

/// Begins the walk.
pub(super) fn open(
    searches: &Searches,
    roots: Vec<PathBuf>,
    room: OwnedSemaphorePermit,
) -> (Search, Updates) {
    let (sender, receiver) = watch::channel((0, Findings::default()));
    let turn = Arc::new(Turn::default());
    let shared = Arc::new(Shared {
        roots,
        limits: Arc::clone(&searches.limits),
        held: Arc::clone(&searches.held),
        running: searches.running.clone(),
        runtime: Handle::current(),
        turn: Arc::clone(&turn),
        state: Mutex::new(State {
            chunks: Vec::new(),
            bytes: 0,
            query: String::new(),
            walked: false,
            cut: false,
            progress: Some(Progress::new(0, "", searches.limits.results)),
        }),
        findings: sender,
        _room: room,
    });
    let (walking, threads) = (Arc::clone(&shared), searches.walkers);
    let walk = move || {
        walk::walk(&walking.roots, threads, &Gathering(&walking));
        walking.state.lock().walked = true;
        walking.rank();
    };
    drop(shared.running.spawn_blocking_on(walk, &shared.runtime));
    let updates = Updates {
        findings: receiver,
        turn,
    };
    (Search { shared }, updates)
}

// === impl Search ===

impl Search {
    /// Asks for another query, also for the same again. Findings for earlier ones are not told any
    /// more.
    ///
    /// # Errors
    ///
    /// It is longer than [`SearchLimits::query_bytes`]; the one in force stays.
    pub fn set_query(&self, query: &str) -> Result<(), SearchError> {
        let most = self.shared.limits.query_bytes;
        if query.len() > most {
            return Err(SearchError::QueryTooLong(most));
        }
        {
            let mut state = self.shared.state.lock();
            query.clone_into(&mut state.query);
            self.shared.turn.query.fetch_add(1, Ordering::Release);
        }
        self.shared.rank();
        Ok(())
    }
}

impl Drop for Search {
    fn drop(&mut self) {
        self.shared.turn.closed.store(true, Ordering::Release);
    }
}

// === impl Updates ===

impl Updates {
    /// The newest findings for the query in force, when there are some that were not told yet.
    /// `None` when the search has ended. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Findings> {
        loop {
            self.findings.changed().await.ok()?;
            if self.turn.closed.load(Ordering::Acquire) {
                return None;
            }
            let findings = self.findings.borrow_and_update();
            if findings.0 == self.turn.query.load(Ordering::Acquire) {
                return Some(findings.1.clone());
            }
        }
    }
}

// === impl Shared ===

/// The walk's end of a search.
struct Gathering<'a>(&'a Arc<Shared>);

impl Sink for Gathering<'_> {
    fn take(&self, mut chunk: Chunk) -> bool {
        chunk.shrink();
        let (shared, bytes) = (self.0, chunk.bytes());
        let before = shared.held.fetch_add(bytes, Ordering::Relaxed);
        if before + bytes > shared.limits.path_bytes {
            shared.held.fetch_sub(bytes, Ordering::Relaxed);
            shared.state.lock().cut = true;
            return false;
        }
        {
            let mut state = shared.state.lock();
            state.bytes += bytes;
            state.chunks.push(Arc::new(chunk));
        }
        shared.rank();
        true
    }

    fn wanted(&self) -> bool {
        !self.0.turn.closed.load(Ordering::Relaxed)
    }
}

impl Shared {
    /// Sees to it that a round runs.
    fn rank(self: &Arc<Self>) {
        let Some(progress) = self.state.lock().progress.take() else {
            return;
        };
        let shared = Arc::clone(self);
        let round = move || shared.round(progress);
        drop(self.running.spawn_blocking_on(round, &self.runtime));
    }

    /// Ranks until nothing is left to rank.
    fn round(&self, mut progress: Progress) {
        let mut ranker = Ranker::new();
        loop {
            let work = {
                let mut state = self.state.lock();
                let Some(work) = self.work(&state, &mut progress) else {
                    state.progress = Some(progress);
                    return;
                };
                work
            };
            let all = work.chunks.iter().all(|chunk| {
                self.rank_chunk(chunk, &mut progress, &mut ranker);
                progress.ranked += 1;
                if progress.due() {
                    self.tell(&mut progress, &mut ranker, work.cut);
                }
                self.current(&progress)
            });
            if all && work.walked {
                progress.complete = true;
                self.tell(&mut progress, &mut ranker, work.cut);
            }
        }
    }

    /// What there is to do, for the query in force.
    fn work(&self, state: &State, progress: &mut Progress) -> Option<Work> {
        if self.turn.closed.load(Ordering::Acquire) {
            return None;
        }
        if !self.current(progress) {
            let number = self.turn.query.load(Ordering::Acquire);
            *progress = Progress::new(number, &state.query, self.limits.results);
        }
        let chunks = state.chunks[progress.ranked..].to_vec();
        if chunks.is_empty() && (progress.complete || !state.walked) {
            return None;
        }
        Some(Work {
            chunks,
            walked: state.walked,
            cut: state.cut,
        })
    }

    fn current(&self, progress: &Progress) -> bool {
        progress.number == self.turn.query.load(Ordering::Acquire)
            && !self.turn.closed.load(Ordering::Acquire)
    }

    fn rank_chunk(&self, chunk: &Arc<Chunk>, progress: &mut Progress, ranker: &mut Ranker) {
        if progress.text.is_empty() {
            return;
        }
        for index in 0..chunk.len() {
            let Some(rank) = ranker.rank(&progress.query, chunk.get(index)) else {
                continue;
            };
            if progress.best.beats(rank.score) {
                continue;
            }
            progress.news |= progress.best.offer(Candidate {
                rank,
                chunk: Arc::clone(chunk),
                index,
            });
        }
    }

    fn tell(&self, progress: &mut Progress, ranker: &mut Ranker, cut: bool) {
        progress.news = false;
        progress.told = Some(Instant::now());
        let matches = progress.best.sorted().iter().map(|candidate| {
            let entry = candidate.entry();
            Match {
                root: self.roots[candidate.chunk.root].clone(),
                path: entry.path.to_owned(),
                directory: entry.directory,
                score: candidate.rank.score,
                indices: ranker.indices(&progress.query, entry.path, candidate.rank),
            }
        });
        let findings = Findings {
            matches: matches.collect(),
            query: progress.text.clone(),
            complete: progress.complete,
            cut,
        };
        drop(self.findings.send_replace((progress.number, findings)));
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let bytes = self.state.get_mut().bytes;
        self.held.fetch_sub(bytes, Ordering::Relaxed);
    }
}

// === impl Progress ===

impl Progress {
    fn new(number: u64, text: &str, results: usize) -> Self {
        Self {
            number,
            text: text.to_owned(),
            query: Query::new(text),
            ranked: 0,
            best: Best::new(results),
            news: false,
            told: None,
            complete: false,
        }
    }

    /// Whether it is time to tell what is known.
    fn due(&self) -> bool {
        self.news && self.told.is_none_or(|told| told.elapsed() >= TELL_EVERY)
    }
}
