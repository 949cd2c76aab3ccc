//! Starting, finding and listing processes.

use std::{collections::hash_map, sync::Arc, time::Duration};

use outpost_protocol::{
    NoParams, PathUri,
    exec::process::{List, ProcessSummary, Read, ReadParams, SignalName, Start, WireExecParams},
};
use tokio::time::sleep;
use uuid::Uuid;

use super::{Inbox, Process, StartOptions};
use crate::{
    ClientError,
    files::uri,
    session::{Core, Failed, Live, ask},
};

/// The processes of an environment. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Processes {
    pub(crate) core: Arc<Core>,
}

/// What the server says of a process whose start was not answered.
enum Fate {
    Started,
    NotStarted,
    Starting,
}

/// Between questions after a process that is starting.
const STARTING_PAUSE: Duration = Duration::from_millis(50);

// === impl Processes ===

impl Processes {
    /// Starts a process. At most once, also when the connection is lost meanwhile: then the session
    /// is asked what became of the start. Dropping the future leaves open whether it was started.
    pub async fn start(&self, options: StartOptions) -> Result<Process, ClientError> {
        let live = self.core.live().await?;
        if options.timeout.is_some() && !live.can().process_timeout {
            return Err(ClientError::Unsupported {
                what: "a time limit for processes",
            });
        }
        // A server that does not know them would start the command without.
        if options.limits.is_some() && !live.can().process_limits {
            return Err(ClientError::Unsupported {
                what: "limits for processes",
            });
        }
        let params = params(options, &live)?;
        // Before the start: the first events may come before its answer.
        let (process, inbox) = self.hold(params.process_id.clone())?;
        self.start_once(&params, &inbox).await?;
        Ok(process)
    }

    async fn start_once(&self, params: &WireExecParams, inbox: &Inbox) -> Result<(), ClientError> {
        let mut lost = false;
        loop {
            let live = self.core.live().await?;
            if lost {
                match fate(&live, inbox).await {
                    Ok(Fate::NotStarted) => {}
                    Ok(Fate::Started) => break self.started(inbox, &live).await,
                    Ok(Fate::Starting) => {
                        sleep(STARTING_PAUSE).await;
                        continue;
                    }
                    Err(Failed::Lost(_)) => continue,
                    Err(Failed::With(error)) => return Err(error),
                }
            }
            match ask::<Start>(&live, params).await {
                Ok(_) => {
                    inbox.set_known();
                    break;
                }
                Err(Failed::Lost(_)) => lost = true,
                // The id is ours alone, so the start that was not answered came through.
                Err(Failed::With(error)) if lost && is_taken(&error) => {
                    break self.started(inbox, &live).await;
                }
                Err(Failed::With(error)) => return Err(error),
            }
        }
        Ok(())
    }

    /// It was started by a connection that is gone: what it has said since is to be read.
    async fn started(&self, inbox: &Inbox, live: &Live) {
        inbox.set_known();
        inbox.catch_up(live).await;
    }

    /// A handle to a process of the session that this environment does not hold yet: one of a
    /// resumed session, or one whose handle was dropped. Its events begin with the oldest output
    /// the server has.
    pub async fn attach(&self, id: impl Into<String>) -> Result<Process, ClientError> {
        let (process, inbox) = self.hold(id.into())?;
        let params = ReadParams {
            process_id: inbox.id.clone(),
            after_seq: Some(0),
            max_bytes: Some(0),
            wait_ms: Some(0),
        };
        let known = self.core.repeat::<Read>(&params).await;
        known.map_err(|error| inbox.named(error))?;
        inbox.set_known();
        inbox.catch_up(&self.core.live().await?).await;
        Ok(process)
    }

    /// The processes of the session. Needs the addition `processList`.
    pub async fn list(&self) -> Result<Vec<ProcessSummary>, ClientError> {
        if !self.core.live().await?.can().process_list {
            return Err(ClientError::Unsupported {
                what: "process/list",
            });
        }
        Ok(self.core.repeat::<List>(&NoParams).await?.processes)
    }

    /// Ends a process of the session by its name; see [`ProcessControl::terminate`](super::ProcessControl::terminate).
    pub async fn terminate(
        &self,
        id: impl Into<String>,
        grace: Option<Duration>,
    ) -> Result<bool, ClientError> {
        super::ProcessControl::new(Arc::clone(&self.core), id.into())
            .terminate(grace)
            .await
    }

    /// Signals a process of the session by its name; see [`ProcessControl::signal`](super::ProcessControl::signal).
    pub async fn signal(
        &self,
        id: impl Into<String>,
        signal: SignalName,
    ) -> Result<(), ClientError> {
        super::ProcessControl::new(Arc::clone(&self.core), id.into())
            .signal(signal)
            .await
    }

    fn hold(&self, id: String) -> Result<(Process, Arc<Inbox>), ClientError> {
        let shared = &self.core.shared;
        let bound = shared.options.process_buffer;
        let inbox = Arc::new(Inbox::new(id, bound, Arc::clone(&shared.pressure)));
        match shared.processes.lock().entry(inbox.id.clone()) {
            hash_map::Entry::Occupied(taken) => {
                return Err(ClientError::ProcessHeld {
                    id: taken.key().clone(),
                });
            }
            hash_map::Entry::Vacant(free) => free.insert(Arc::clone(&inbox)),
        };
        Ok((
            Process::new(Arc::clone(&self.core), Arc::clone(&inbox)),
            inbox,
        ))
    }
}

fn params(options: StartOptions, live: &Live) -> Result<WireExecParams, ClientError> {
    let cwd = match options.cwd {
        Some(cwd) => uri(cwd)?,
        None => {
            let info = live.info.as_ref();
            let own = info.and_then(|info| info.cwd.clone().or(info.user_home_dir.clone()));
            own.unwrap_or_else(|| PathUri::from_path("/"))
        }
    };
    let id = options
        .process_id
        .unwrap_or_else(|| Uuid::new_v4().to_string());
    Ok(WireExecParams {
        process_id: id,
        metadata: None,
        argv: options.argv,
        cwd,
        shell_snapshot: None,
        env_policy: options.env_policy,
        env: options.env,
        tty: options.tty.is_some(),
        pipe_stdin: options.pipe_stdin,
        arg0: options.arg0,
        sandbox: options.sandbox,
        enforce_managed_network: false,
        managed_network: None,
        network_proxy: None,
        size: options.tty,
        timeout_ms: options
            .timeout
            .map(|timeout| u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX)),
        limits: options.limits,
    })
}

/// Asks what became of a start that was not answered.
async fn fate(live: &Live, inbox: &Inbox) -> Result<Fate, Failed> {
    if inbox.is_known() {
        return Ok(Fate::Started);
    }
    let params = ReadParams {
        process_id: inbox.id.clone(),
        after_seq: Some(0),
        max_bytes: Some(0),
        wait_ms: Some(0),
    };
    match ask::<Read>(live, &params).await {
        Ok(_) => Ok(Fate::Started),
        Err(Failed::With(ClientError::Refused { error, .. }))
            if error.message.starts_with("unknown process id") =>
        {
            Ok(Fate::NotStarted)
        }
        Err(Failed::With(ClientError::Refused { error, .. }))
            if error.message.ends_with("is starting") =>
        {
            Ok(Fate::Starting)
        }
        Err(failed) => Err(failed),
    }
}

fn is_taken(error: &ClientError) -> bool {
    matches!(error, ClientError::Refused { error, .. } if error.message.ends_with("already exists"))
}
