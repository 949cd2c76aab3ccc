//! The connection's task: connect when wanted, hold the connection, bring it back.
//!
//! It ends when the session is gone for good or the environment is closed, and tells everybody
//! who waits. Dropping it (with the last handle) cuts the connection; the server then keeps the
//! session for its time to live.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use outpost_protocol::exec::fs::{Close as CloseFile, FsCloseParams};
use outpost_rpc::{backoff::Backoff, link::Close};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until, timeout, timeout_at},
};
use uuid::Uuid;

use super::{Chore, Live, Phase, Shared, open, open::Opened};
use crate::{ClientError, ConnectError, ConnectionEvent, Gone};

/// Between attempts to reconnect, at first; the reference's number.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Between attempts in the end: soon enough for a person who waits, seldom enough for a server
/// that a thousand clients wait for.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Runs until the session is over.
pub(super) async fn run(shared: Arc<Shared>) {
    let end = serve(&shared).await;
    if let ClientError::Gone(gone) = &end {
        shared.tell(ConnectionEvent::Gone {
            reason: gone.to_string(),
        });
    }
    shared.end(&end);
}

async fn serve(shared: &Arc<Shared>) -> ClientError {
    let Some(mut opened) = first(shared).await else {
        return ClientError::Closed;
    };
    shared.tell(ConnectionEvent::Connected);
    loop {
        let Opened { driver, live } = opened;
        let close = hold(shared, driver, live.clone()).await;
        shared.connection_ended(&close.to_string());
        if shared.closing.is_cancelled() {
            return ClientError::Closed;
        }
        let reason = close.to_string();
        let retrying = shared.connector.resumable() && !shared.options.recovery.is_zero();
        shared.phase.send_replace(Phase::Recovering);
        shared.tell(ConnectionEvent::Lost {
            reason: reason.clone(),
            retrying,
        });
        if !retrying {
            return Gone::NotResumable { reason }.into();
        }
        let recovering = recover(shared, &live, reason);
        opened = tokio::select! {
            opened = recovering => match opened {
                Ok(opened) => opened,
                Err(gone) => return gone.into(),
            },
            () = shared.closing.cancelled() => return ClientError::Closed,
        };
        shared.tell(ConnectionEvent::Resumed);
    }
}

/// The first connection, as soon as somebody wants it and it can be had; `None` when the
/// environment is closed before.
async fn first(shared: &Arc<Shared>) -> Option<Opened> {
    let mut attempts = 0;
    loop {
        tokio::select! {
            () = shared.wanted.notified() => {}
            () = shared.closing.cancelled() => return None,
        }
        shared.phase.send_replace(Phase::Unconnected {
            attempts,
            failure: None,
            trying: true,
        });
        let resume = shared.options.resume_session_id.clone();
        let opening = open::open(shared, resume, 1);
        let failure = tokio::select! {
            opened = opening => match opened {
                Ok(opened) => return Some(opened),
                Err(failure) => failure,
            },
            () = shared.closing.cancelled() => return None,
        };
        attempts += 1;
        let failure = Some(failure);
        shared.phase.send_replace(Phase::Unconnected {
            attempts,
            failure,
            trying: false,
        });
    }
}

/// Keeps a connection going until it ends; says how it ended.
async fn hold(
    shared: &Arc<Shared>,
    mut driver: std::pin::Pin<Box<dyn Future<Output = Close> + Send>>,
    live: Live,
) -> Close {
    // Owned here: they end with the connection.
    let mut calls = JoinSet::new();
    if live.generation > 1 {
        let processes: Vec<_> = shared.processes.lock().values().cloned().collect();
        for process in processes {
            let live = live.clone();
            calls.spawn(async move { process.recover(&live).await });
        }
    }
    shared
        .can_stop
        .store(live.can().process_follow, Ordering::Relaxed);
    shared.phase.send_replace(Phase::Live(live.clone()));
    loop {
        tokio::select! {
            close = &mut driver => return close,
            () = shared.closing.cancelled() => break,
            Some(_) = calls.join_next() => {}
            chore = shared.chores.next() => {
                let live = live.clone();
                calls.spawn(async move { do_chore(chore, &live).await });
            }
        }
    }
    live.peer.close(Close::normal());
    let timeouts = &shared.options.limits.timeouts;
    let patience = timeouts.close + shared.options.limits.flush_grace;
    timeout(patience, driver)
        .await
        .unwrap_or_else(|_| Close::normal())
}

async fn do_chore(chore: Chore, live: &Live) {
    match chore {
        Chore::Stop(process) => process.stop(live).await,
        Chore::CloseFile {
            handle_id,
            generation,
        } if generation == live.generation => {
            let closed = live
                .peer
                .call::<CloseFile>(&FsCloseParams { handle_id })
                .await;
            if let Err(error) = closed {
                tracing::debug!(%error, "a dropped file was not closed");
            }
        }
        // It ended with its connection.
        Chore::CloseFile { .. } => {}
    }
}

/// Tries to get the session back until the deadline.
async fn recover(shared: &Arc<Shared>, live: &Live, lost: String) -> Result<Opened, Gone> {
    let within = shared.options.recovery;
    let deadline = Instant::now() + within;
    let generation = live.generation + 1;
    let mut last = None;
    let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
    loop {
        let session = Some(live.session_id.to_string());
        match timeout_at(deadline, open::open(shared, session, generation)).await {
            Ok(Ok(opened)) => return Ok(opened),
            Ok(Err(ConnectError::UnknownSession)) => return Err(Gone::UnknownSession),
            Ok(Err(error)) => {
                tracing::debug!(%error, "the connection is not back yet");
                last = Some(error.to_string());
            }
            Err(_) => break,
        }
        let chance = Uuid::new_v4().as_fields().0;
        let next = Instant::now() + backoff.next(chance);
        if next >= deadline {
            break;
        }
        sleep_until(next).await;
    }
    let last = last.unwrap_or_else(|| "there was no answer".to_owned());
    Err(Gone::RecoveryTimedOut { lost, within, last })
}
