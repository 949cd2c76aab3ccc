//! A command on another machine, as the families that run commands need it.
//!
//! It is started once, whatever becomes of the connection meanwhile; its output is read as its
//! client takes it, and nothing of it is lost while the session lives. Its time is counted here as
//! well as there, so it ends for its client also where the connection does not come back in time.
//! Whoever drops a [`RemoteCommand`] has it killed.

mod run;
mod start;

use std::{sync::Arc, time::Duration};

use outpost_client::{ClientError, Process, ProcessControl};
use outpost_protocol::RpcError;
use tokio::time::Instant;

pub(in crate::app) use self::start::start;
use super::{errors, fleet::Leash};
use crate::app::running::Family;

/// A command that has started, and whose output nobody has asked for yet.
pub(in crate::app) struct RemoteCommand {
    family: Family,
    process: Process,
    leash: Leash,
    /// When its time is over.
    deadline: Option<Instant>,
    terminal: bool,
}

/// Steers a command. Cheap to clone.
#[derive(Clone)]
pub(in crate::app) struct RemoteControl {
    control: ProcessControl,
    environment: Arc<str>,
    terminal: bool,
}

/// What may still come after a command was killed. Only a machine that is out of reach needs it.
const ENDING: Duration = Duration::from_secs(2);

// === impl RemoteCommand ===

impl RemoteCommand {
    /// Where it runs.
    pub(in crate::app) fn environment(&self) -> &Arc<str> {
        self.leash.remote.id()
    }

    /// Steers it, while it runs and after.
    pub(in crate::app) fn control(&self) -> RemoteControl {
        RemoteControl {
            control: self.leash.control.clone(),
            environment: Arc::clone(self.environment()),
            terminal: self.terminal,
        }
    }
}

// === impl RemoteControl ===

impl RemoteControl {
    /// Gives it input, or ends its input, or both in this order.
    pub(in crate::app) async fn write(
        &self,
        bytes: Option<bytes::Bytes>,
        close: bool,
    ) -> Result<(), RpcError> {
        let failed = |error| match error {
            ClientError::StdinClosed { .. } | ClientError::UnknownProcess { .. } => {
                RpcError::invalid_request("stdin is already closed")
            }
            error => RpcError::internal(format!("failed to write stdin: {}", self.words(&error))),
        };
        if let Some(bytes) = bytes {
            self.control.write(bytes).await.map_err(failed)?;
        }
        if close {
            self.control.close_stdin().await.map_err(failed)?;
        }
        Ok(())
    }

    /// Changes the size of its terminal.
    pub(in crate::app) async fn resize(&self, rows: u16, cols: u16) -> Result<(), RpcError> {
        let failed = |words| RpcError::invalid_request(format!("failed to resize PTY: {words}"));
        if !self.terminal {
            return Err(failed("process is not attached to a PTY".to_owned()));
        }
        let resized = self.control.resize(rows, cols).await;
        resized.map_err(|error| failed(self.words(&error)))
    }

    /// Kills it with everything it has started.
    pub(in crate::app) async fn kill(&self) -> Result<(), RpcError> {
        let killed = self.control.terminate(None).await;
        killed.map(drop).map_err(|error| {
            RpcError::internal(format!("failed to terminate: {}", self.words(&error)))
        })
    }

    fn words(&self, error: &ClientError) -> String {
        format!(
            "environment `{}`: {}",
            self.environment,
            errors::words(error)
        )
    }
}
