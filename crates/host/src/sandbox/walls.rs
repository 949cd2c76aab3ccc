//! Walls that are ready to be raised around a command, and who prepares them.
//!
//! [`Sandboxes`] is a cheap handle. What this computer can enforce is found out once, at the first
//! need. A plan is made anew for every call from the facts as they are then (a repository that came
//! into being since is protected too); as long as they are the same, the walls are too, so what is
//! keyed by walls (a helper for files, say) lasts.

use std::{
    collections::VecDeque,
    path::PathBuf,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use tokio::{sync::OnceCell, task::spawn_blocking};

use super::{
    bubblewrap,
    bubblewrap::Interfaces,
    facts,
    facts::Facts,
    means::{Kind, Means, Reason},
    plan::{self, Plan, PlanError},
    policy::{Policy, Scene},
    seal::Seal,
    stamp::{Place, Stamp},
};
use crate::keeper::wire::Order;

/// How many different walls are remembered to be given out again. A client has a handful of
/// policies; what is forgotten is made again within a millisecond.
const REMEMBERED: usize = 32;

/// How sandboxes are to be made.
#[derive(Clone, Debug, Default)]
pub struct SandboxConfig {
    /// The bubblewrap to use; it is looked for where none is named.
    pub launcher: Option<PathBuf>,
}

/// Why a policy cannot be enforced. Nothing was started.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// It means nothing that could be enforced on the files there are.
    #[error("this policy cannot be enforced: {0}")]
    Plan(#[from] PlanError),
    /// This computer lacks what it takes.
    #[error("this policy cannot be enforced here: {0}")]
    Unenforceable(Reason),
    /// Making it ready was cut short, because the server is stopping.
    #[error("the sandbox was not prepared: the server is stopping")]
    Stopping,
}

/// For how long patterns and the search for nested repositories keep their answer. What is made by
/// a command itself in that time it could have made otherwise as well; this is about what somebody
/// else brings in beside it.
const SEARCH_AGAIN: Duration = Duration::from_secs(5);

/// For how long a look at the places of layers stands for what is there: it is made for the one
/// start that follows at once.
const LOOKED: Duration = Duration::from_secs(1);

/// What a command or a file call is walled in by. Made by [`Sandboxes`].
///
/// Equal are those that would be raised in the same way.
#[derive(Debug)]
pub struct Walls {
    launcher: Vec<Vec<u8>>,
    seal: Seal,
    places: Vec<Place>,
    /// What was at those places, and when.
    looked: Mutex<Option<(Instant, Stamp)>>,
    /// Whether they were made ready for a command, after which others are likely to come.
    for_commands: AtomicBool,
}

/// Prepares walls. Clones share what they know.
#[derive(Clone, Debug, Default)]
pub struct Sandboxes {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    config: SandboxConfig,
    means: OnceCell<Arc<Means>>,
    kernel: OnceLock<Interfaces>,
    /// The most recent ones first.
    known: Mutex<VecDeque<Known>>,
}

/// What was prepared before.
#[derive(Clone, Debug)]
struct Known {
    policy: Policy,
    scene: Scene,
    facts: Arc<Facts>,
    /// When patterns were expanded and nested repositories were searched for.
    searched: Instant,
    walls: Arc<Walls>,
}

// === impl Walls ===

impl Walls {
    /// What the keeper is told.
    pub(crate) fn order(&self) -> Order {
        let old = |(when, _): &(Instant, _)| when.elapsed() >= LOOKED;
        if self.looked.lock().as_ref().is_none_or(old) {
            self.look();
        }
        let looked = self.looked.lock();
        Order {
            launcher: self.launcher.clone(),
            seal: self.seal.clone(),
            stamp: looked.as_ref().map(|(_, stamp)| stamp.clone()),
            recurs: self.for_commands.load(Ordering::Relaxed),
        }
    }

    /// Looks at what these walls are made of, so that the start of a command that follows can use
    /// some that were raised before. Blocks.
    fn look(&self) {
        if self.seal.namespaces {
            let now = Instant::now();
            let stamp = Stamp::look(&self.places);
            *self.looked.lock() = stamp.map(|stamp| (now, stamp));
        }
    }

    fn new(plan: &Plan, means: &Means, kernel: &Interfaces) -> Result<Self, SandboxError> {
        let unenforceable = |why| Err(SandboxError::Unenforceable(why));
        let launcher = match (&means.walls(), &means.launcher) {
            (Kind::Full, Ok(launcher)) => bubblewrap::arguments(&launcher.path, plan, kernel),
            (Kind::ReadOnlyOnly { .. }, _) if plan.only_reads() => Vec::new(),
            (Kind::ReadOnlyOnly { why } | Kind::None { why }, _) | (_, Err(why)) => {
                return unenforceable(why.clone());
            }
        };
        let seal = Seal {
            namespaces: !launcher.is_empty(),
            ..plan.seal()
        };
        Ok(Self {
            launcher,
            seal,
            places: Place::of(&plan.layers),
            looked: Mutex::default(),
            for_commands: AtomicBool::default(),
        })
    }
}

impl PartialEq for Walls {
    fn eq(&self, other: &Self) -> bool {
        self.launcher == other.launcher && self.seal == other.seal
    }
}

impl Eq for Walls {}

// === impl Sandboxes ===

impl Sandboxes {
    /// Nothing is looked at before the first need.
    #[must_use]
    pub fn new(config: SandboxConfig) -> Self {
        let inner = Inner {
            config,
            ..Inner::default()
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// What this computer can enforce.
    ///
    /// # Errors
    /// When the runtime is shutting down.
    pub async fn means(&self) -> Result<Arc<Means>, SandboxError> {
        let inner = &self.inner;
        let probe = || async {
            let launcher = inner.config.launcher.clone();
            let means = spawn_blocking(move || Means::probe(launcher.as_deref())).await;
            means.map(Arc::new).map_err(|_| SandboxError::Stopping)
        };
        inner.means.get_or_try_init(probe).await.cloned()
    }

    /// Makes walls ready that enforce a policy, or the same again that enforced it before.
    ///
    /// # Errors
    /// When the policy cannot be enforced; see [`SandboxError`].
    pub async fn prepare(
        &self,
        policy: &Policy,
        scene: &Scene,
    ) -> Result<Arc<Walls>, SandboxError> {
        let means = self.means().await?;
        let (this, policy, scene) = (self.clone(), policy.clone(), scene.clone());
        let prepared = spawn_blocking(move || this.prepare_now(&means, policy, scene));
        prepared.await.map_err(|_| SandboxError::Stopping)?
    }

    /// [`Sandboxes::prepare`] for a command that is started at once. It may get walls that were
    /// raised beforehand, and some are raised for the next one like it.
    ///
    /// # Errors
    /// When the policy cannot be enforced; see [`SandboxError`].
    pub async fn prepare_command(
        &self,
        policy: &Policy,
        scene: &Scene,
    ) -> Result<Arc<Walls>, SandboxError> {
        let means = self.means().await?;
        let (this, policy, scene) = (self.clone(), policy.clone(), scene.clone());
        let prepared = spawn_blocking(move || {
            let walls = this.prepare_now(&means, policy, scene)?;
            walls.for_commands.store(true, Ordering::Relaxed);
            walls.look();
            Ok(walls)
        });
        prepared.await.map_err(|_| SandboxError::Stopping)?
    }

    fn prepare_now(
        &self,
        means: &Means,
        policy: Policy,
        scene: Scene,
    ) -> Result<Arc<Walls>, SandboxError> {
        let known = self.find(&policy, &scene);
        let recent = known.filter(|known| known.searched.elapsed() < SEARCH_AGAIN);
        let (facts, searched) = match &recent {
            Some(known) => (
                facts::look_again(&policy, &scene, &known.facts)?,
                known.searched,
            ),
            None => (facts::gather(&policy, &scene)?, Instant::now()),
        };
        let walls = match recent {
            Some(known) if *known.facts == facts => known.walls,
            _ => {
                let kernel = self.inner.kernel.get_or_init(Interfaces::look);
                Arc::new(Walls::new(&plan::make(&policy, &facts)?, means, kernel)?)
            }
        };
        Ok(self.remember(Known {
            policy,
            scene,
            facts: Arc::new(facts),
            searched,
            walls,
        }))
    }

    fn find(&self, policy: &Policy, scene: &Scene) -> Option<Known> {
        let known = self.inner.known.lock();
        let found = known
            .iter()
            .find(|known| known.policy == *policy && known.scene == *scene);
        found.cloned()
    }

    /// Gives out the same walls where nothing has changed.
    fn remember(&self, mut made: Known) -> Arc<Walls> {
        let mut known = self.inner.known.lock();
        let place = known
            .iter()
            .position(|known| known.policy == made.policy && known.scene == made.scene);
        if let Some(before) = place.and_then(|place| known.remove(place))
            && before.walls == made.walls
        {
            made.walls = before.walls;
        }
        let walls = Arc::clone(&made.walls);
        known.push_front(made);
        known.truncate(REMEMBERED);
        walls
    }
}
