//! Finding files by a few of their letters.
//!
//! A [`Search`] walks its roots once, from when it is opened, past what `.gitignore` and `.ignore`
//! files leave out, and ranks what it finds against a query that may change at any time, also
//! during the walk. [`Updates`] tells the best paths so far: the first at once, further ones some
//! times a second, and one that is complete for every query that stays. Who reads slowly gets the
//! newest only; nothing queues up.
//!
//! How paths are ranked is said in `rank`. Equal queries over equal trees have equal answers,
//! whatever the order of the walk. Dropping the [`Search`] ends its walk at the next entry;
//! [`Searches::finish`] waits for all that were dropped. Nothing runs while a search waits for a
//! query. A walk that meets a bound of [`SearchLimits`] ends there and says so.

mod index;
mod rank;
mod session;
mod walk;

use std::{
    num::NonZero,
    path::PathBuf,
    sync::{Arc, atomic::AtomicUsize},
    thread,
};

use thiserror::Error;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

pub use self::session::{Search, Updates};

/// More walkers than this only wait for each other's directories.
const WALKERS: usize = 8;

/// Every bound of searches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchLimits {
    /// Searches at once: some clients with some each. Each walks with a few threads.
    pub searches: usize,
    /// Roots per search.
    pub roots: usize,
    /// The longest query, in bytes. Matching takes time with its length.
    pub query_bytes: usize,
    /// The most paths an answer has. What clients show is far less than what matches.
    pub results: usize,
    /// The memory all searches together may hold paths in, in bytes: some millions of paths.
    pub path_bytes: usize,
}

/// Where searches begin. Cloning shares the bounds.
#[derive(Clone, Debug)]
pub struct Searches {
    limits: Arc<SearchLimits>,
    room: Arc<Semaphore>,
    /// Bytes of paths held now.
    held: Arc<AtomicUsize>,
    running: TaskTracker,
    walkers: usize,
}

/// Why a search or a query is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SearchError {
    /// There is nowhere to search.
    #[error("at least one search directory is required")]
    NoRoots,
    /// More roots than [`SearchLimits::roots`].
    #[error("too many search directories: limit is {0}")]
    TooManyRoots(usize),
    /// As many searches as [`SearchLimits::searches`] are open.
    #[error("too many searches at once: limit is {0}")]
    TooManySearches(usize),
    /// A query longer than [`SearchLimits::query_bytes`].
    #[error("query is too long: limit is {0} bytes")]
    QueryTooLong(usize),
}

/// What is known at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// The query this answers.
    pub query: String,
    /// The best paths: highest score first, equal ones by path and then in the order of the roots.
    pub matches: Vec<Match>,
    /// Whether everything was walked and ranked, so that nothing follows for this query.
    pub complete: bool,
    /// Whether the walk ended early because there was no more memory for paths.
    pub cut: bool,
}

/// A path that matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// The root it was found below, as it was given.
    pub root: PathBuf,
    /// The path from there.
    pub path: String,
    /// Whether it leads to a directory.
    pub directory: bool,
    /// How well it matches; higher is better.
    pub score: u32,
    /// Which characters of `path` the query stands for: Unicode scalar values counted from 0,
    /// ascending.
    pub indices: Vec<u32>,
}

// === impl SearchLimits ===

impl Default for SearchLimits {
    fn default() -> Self {
        Self {
            searches: 16,
            roots: 64,
            query_bytes: 4096,
            results: 50,
            path_bytes: 256 * 1024 * 1024,
        }
    }
}

// === impl Searches ===

impl Searches {
    /// No searches yet, within `limits`.
    #[must_use]
    pub fn new(limits: SearchLimits) -> Self {
        Self {
            room: Arc::new(Semaphore::new(limits.searches.min(Semaphore::MAX_PERMITS))),
            limits: Arc::new(limits),
            held: Arc::new(AtomicUsize::new(0)),
            running: TaskTracker::new(),
            walkers: thread::available_parallelism()
                .map_or(1, NonZero::get)
                .min(WALKERS),
        }
    }

    /// The same memory for paths and another count: as many searches as `searches` beside those
    /// of `self`.
    #[must_use]
    pub fn beside(&self, searches: usize) -> Self {
        let limits = SearchLimits {
            searches,
            ..*self.limits
        };
        Self {
            room: Arc::new(Semaphore::new(searches.min(Semaphore::MAX_PERMITS))),
            limits: Arc::new(limits),
            ..self.clone()
        }
    }

    /// Begins a search with an empty query, which matches nothing. Roots that are not directories
    /// hold nothing; what lies below two roots is found below the inner one.
    ///
    /// To be called on the runtime the search shall run on.
    ///
    /// # Errors
    ///
    /// There are no roots, too many roots, or too many searches.
    pub fn open(&self, roots: Vec<PathBuf>) -> Result<(Search, Updates), SearchError> {
        self.check(&roots)?;
        let room = Arc::clone(&self.room)
            .try_acquire_owned()
            .map_err(|_| SearchError::TooManySearches(self.limits.searches))?;
        Ok(session::open(self, roots, room))
    }

    /// As [`Searches::open`], but waits while there are too many searches, in order of arrival. A
    /// search that was dropped counts until its walk has noticed.
    ///
    /// # Errors
    ///
    /// There are no roots, or too many.
    pub async fn open_in_turn(
        &self,
        roots: Vec<PathBuf>,
    ) -> Result<(Search, Updates), SearchError> {
        self.check(&roots)?;
        let room = Arc::clone(&self.room).acquire_owned().await;
        let room = room.expect("nobody closes the semaphore");
        Ok(session::open(self, roots, room))
    }

    /// The complete answer to one query, after those that were asked before while there are too
    /// many searches. Dropping the future ends the walk.
    ///
    /// # Errors
    ///
    /// As [`Searches::open_in_turn`], or the query is too long.
    pub async fn find(&self, roots: Vec<PathBuf>, query: &str) -> Result<Findings, SearchError> {
        let (search, mut updates) = self.open_in_turn(roots).await?;
        search.set_query(query)?;
        while let Some(findings) = updates.next().await {
            if findings.complete {
                return Ok(findings);
            }
        }
        // Only a search that failed ends without a complete answer.
        Ok(Findings {
            query: query.to_owned(),
            complete: true,
            cut: true,
            ..Findings::default()
        })
    }

    fn check(&self, roots: &[PathBuf]) -> Result<(), SearchError> {
        let most = self.limits.roots;
        match roots.len() {
            0 => Err(SearchError::NoRoots),
            count if count > most => Err(SearchError::TooManyRoots(most)),
            _ => Ok(()),
        }
    }

    /// Waits until no search is at work, nor one of those beside. Those that are open should be dropped first.
    pub async fn finish(&self) {
        self.running.close();
        self.running.wait().await;
    }
}
