//! One remote environment: the client's session with its exec server, and what is known of it.
//!
//! A session that is lost for good is replaced by one that is connected when it is needed. Two tasks
//! belong to a [`Remote`] and end with it: one makes the first connection, one tells the log and
//! whoever listens what becomes of the connection.

use std::sync::Arc;

use outpost_client::{
    AddressError, ClientError, ConnectionEvent, Environment, EnvironmentInfo, Standing,
    config::{Entry, Target},
};
use outpost_protocol::app::environment::{EnvironmentStatusKind, EnvironmentStatusResponse};
use parking_lot::Mutex;
use tokio::{
    sync::broadcast::{self, error::RecvError},
    task::JoinSet,
};

use super::{
    errors::{self, Unreachable},
    news::{EnvironmentEvent, News},
};

/// See the module.
#[derive(Debug)]
pub(in crate::app) struct Remote {
    state: Arc<State>,
    /// Dropped with it, which ends them.
    _tasks: JoinSet<()>,
}

/// An environment that answers.
pub(super) struct Reached {
    pub(super) environment: Environment,
    /// Absent from servers of the older dialect.
    pub(super) info: Option<EnvironmentInfo>,
}

#[derive(Debug)]
struct State {
    id: Arc<str>,
    entry: Entry,
    /// Locked for a look, never across an await.
    now: Mutex<Session>,
    news: News,
}

/// The session of the moment.
#[derive(Debug)]
struct Session {
    environment: Result<Environment, AddressError>,
    /// Counts them.
    number: u64,
    /// Everything that happens to it, until somebody listens.
    happens: Option<broadcast::Receiver<ConnectionEvent>>,
    /// How the one before was lost.
    lost: Option<String>,
}

// === impl Remote ===

impl Remote {
    /// An environment, which is being connected to unless that means to start a program.
    pub(super) fn new(
        id: String,
        target: Target,
        events: &broadcast::Sender<EnvironmentEvent>,
    ) -> Self {
        let connects = matches!(target, Target::Server { .. });
        let entry = Entry { name: id, target };
        let state = Arc::new(State {
            news: News::new(entry.name.as_str().into(), events.clone()),
            id: entry.name.as_str().into(),
            now: Mutex::new(Session::new(&entry, 0, None)),
            entry,
        });
        let mut tasks = JoinSet::new();
        let watched = Arc::clone(&state);
        tasks.spawn(async move { watched.watch().await });
        if connects {
            let state = Arc::clone(&state);
            tasks.spawn(async move {
                if let Err(error) = state.reach().await {
                    tracing::warn!(environment = &*state.id, %error, "environment not connected");
                }
            });
        }
        Self {
            state,
            _tasks: tasks,
        }
    }

    /// Its name.
    pub(in crate::app) fn id(&self) -> &Arc<str> {
        &self.state.id
    }

    /// Waits until it answers. After an error nothing has been done there.
    pub(super) async fn reach(&self) -> Result<Reached, Unreachable> {
        self.state.reach().await
    }

    /// Whether it can be used; asks nobody.
    pub(super) fn status(&self) -> EnvironmentStatusResponse {
        let now = self.state.now.lock();
        let standing = match &now.environment {
            Ok(environment) => environment.standing(),
            Err(error) => return disconnected(errors::address(error)),
        };
        match standing {
            Standing::Connected => status(EnvironmentStatusKind::Ready),
            Standing::Unconnected {
                failure: Some(failure),
                connecting: false,
            } => disconnected(errors::words(&failure.into())),
            Standing::Unconnected { .. } => match &now.lost {
                Some(lost) => disconnected(lost.clone()),
                None => status(EnvironmentStatusKind::Pending),
            },
            Standing::Recovering => {
                disconnected("exec-server environment is recovering".to_owned())
            }
            Standing::Ended(error) => disconnected(errors::words(&error)),
        }
    }

    /// Whether it is connected, as was last told.
    pub(super) fn is_told_connected(&self) -> bool {
        self.state.news.is_connected()
    }

    /// Another one gets its name: what becomes of its connection is told no more.
    pub(super) fn retire(&self) {
        self.state.news.end();
    }

    /// Ends the connection, and a program with it.
    pub(super) async fn close(&self) {
        let environment = self.state.now.lock().environment.clone();
        if let Ok(environment) = environment {
            environment.close().await;
        }
    }
}

fn status(status: EnvironmentStatusKind) -> EnvironmentStatusResponse {
    EnvironmentStatusResponse {
        status,
        error: None,
    }
}

fn disconnected(error: String) -> EnvironmentStatusResponse {
    EnvironmentStatusResponse {
        status: EnvironmentStatusKind::Disconnected,
        error: Some(error),
    }
}

// === impl State ===

impl State {
    async fn reach(&self) -> Result<Reached, Unreachable> {
        let (environment, number) = self.session()?;
        match ask(environment).await {
            Err(ClientError::Gone(gone)) => {
                self.renew(number, errors::gone(&gone.to_string()));
                let (environment, _) = self.session()?;
                ask(environment).await
            }
            reached => reached,
        }
        .map_err(|error| Unreachable::new(&self.id, errors::words(&error)))
    }

    fn session(&self) -> Result<(Environment, u64), Unreachable> {
        let now = self.now.lock();
        match &now.environment {
            Ok(environment) => Ok((environment.clone(), now.number)),
            Err(error) => Err(Unreachable::new(&self.id, errors::address(error))),
        }
    }

    /// Puts a new session in the place of this one, if it still has it.
    fn renew(&self, number: u64, lost: String) {
        let mut now = self.now.lock();
        if now.number == number {
            let next = Session::new(&self.entry, number + 1, Some(lost));
            let before = std::mem::replace(&mut *now, next);
            drop(now);
            // Outside the lock: what waits on it is told.
            drop(before);
        }
    }

    /// Tells what happens to the connection, for ever.
    async fn watch(&self) {
        loop {
            let (happens, number) = {
                let mut now = self.now.lock();
                (now.happens.take(), now.number)
            };
            // Where nothing can happen nothing is to be told.
            let Some(mut happens) = happens else { return };
            loop {
                match happens.recv().await {
                    Ok(ConnectionEvent::Gone { reason }) => {
                        tracing::warn!(environment = &*self.id, %reason, "environment lost");
                        self.news.tell(false);
                        self.renew(number, errors::gone(&reason));
                        break;
                    }
                    Ok(event) => self.happened(&event),
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return,
                }
            }
        }
    }

    fn happened(&self, event: &ConnectionEvent) {
        let id = &*self.id;
        let connected = match event {
            ConnectionEvent::Connected => {
                tracing::info!(environment = id, "environment connected");
                true
            }
            ConnectionEvent::Resumed => {
                tracing::info!(environment = id, "environment is back");
                true
            }
            ConnectionEvent::Lost { reason, retrying } => {
                tracing::warn!(environment = id, %reason, retrying, "environment disconnected");
                false
            }
            ConnectionEvent::Gone { .. } => false,
        };
        self.news.tell(connected);
    }
}

// === impl Session ===

impl Session {
    fn new(entry: &Entry, number: u64, lost: Option<String>) -> Self {
        let environment = entry.environment().and_then(|environment| {
            let local = || AddressError {
                address: entry.name.clone(),
                words: "this machine is not remote".to_owned(),
            };
            environment.ok_or_else(local)
        });
        let happens = environment.as_ref().ok().map(Environment::events);
        Self {
            environment,
            number,
            happens,
            lost,
        }
    }
}

async fn ask(environment: Environment) -> Result<Reached, ClientError> {
    let info = match environment.info().await {
        Ok(info) => Some(info),
        Err(ClientError::Unsupported { .. }) => None,
        Err(error) => return Err(error),
    };
    Ok(Reached { environment, info })
}
