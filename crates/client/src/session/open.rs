//! One attempt: connect, shake hands.

use std::{pin::Pin, sync::Arc, time::Duration};

use outpost_protocol::{
    NoParams, code,
    exec::{
        environment::Info,
        session::{Initialize, InitializeParams, Initialized},
    },
};
use outpost_rpc::{
    connection::Connection, error::CallError, link::Close, peer::Peer, router::BoxFuture,
};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{Live, Shared, inbound::Inbound};
use crate::{ConnectError, connector::Transport};

/// A connection that has shaken hands. Nothing moves unless `driver` is polled.
pub(super) struct Opened {
    pub(super) driver: Pin<Box<dyn Future<Output = Close> + Send>>,
    pub(super) live: Live,
}

/// Connects, and opens a session or takes up an earlier one.
pub(super) async fn open(
    shared: &Arc<Shared>,
    resume: Option<String>,
    generation: u64,
) -> Result<Opened, ConnectError> {
    let options = &shared.options;
    let within = options.connect_timeout;
    let connecting = shared.connector.connect();
    let transport = in_time(shared, "connection", within, connecting).await??;
    let Transport { link, pump } = transport;
    let connection = Connection::new(link, options.limits.clone());
    let peer = connection.peer();
    let service = Inbound::new(Arc::clone(shared));
    let mut driver: BoxFuture<Close> = Box::pin(async move {
        // The connection has no jobs, and calls need no drain: its end comes from the link.
        let (close, ()) = tokio::join!(connection.run(service, CancellationToken::new()), pump);
        close
    });
    let params = InitializeParams {
        client_name: options.client_name.clone(),
        resume_session_id: resume,
    };
    let within = options.initialize_timeout;
    let shaking = in_time(
        shared,
        "answer to the handshake",
        within,
        shake(peer, params, generation),
    );
    tokio::pin!(shaking);
    let live = tokio::select! {
        live = &mut shaking => live??,
        // An answer that was read before the end says more than the end.
        close = &mut driver => {
            shaking.await??;
            return Err(ConnectError::Ended(close.to_string()));
        }
    };
    Ok(Opened { driver, live })
}

async fn shake(
    peer: Peer,
    params: InitializeParams,
    generation: u64,
) -> Result<Live, ConnectError> {
    let answer = peer.call::<Initialize>(&params).await.map_err(refused)?;
    let told = peer.notify::<Initialized>(&serde_json::json!({})).await;
    told.map_err(|closed| ConnectError::Ended(closed.to_string()))?;
    let info = match answer.environment_info {
        Some(info) => Some(info),
        // Between the oldest servers and those that say it at once were some that had to be asked.
        None => match peer.call::<Info>(&NoParams).await {
            Ok(info) => Some(info),
            Err(CallError::Remote { .. } | CallError::Decode { .. }) => None,
            Err(error) => return Err(refused(error)),
        },
    };
    let session_id = answer.session_id.into();
    Ok(Live {
        peer,
        generation,
        session_id,
        info: info.map(Arc::new),
    })
}

fn refused(error: CallError) -> ConnectError {
    match error {
        CallError::Remote { error, .. } if error.code == code::SESSION_ATTACHED => {
            ConnectError::Attached
        }
        CallError::Remote { error, .. } if error.message.starts_with("unknown session id") => {
            ConnectError::UnknownSession
        }
        CallError::Remote { error, .. } => ConnectError::Refused(error),
        CallError::Closed { close, .. } => ConnectError::Ended(close.to_string()),
        CallError::Decode { .. } | CallError::TooMany { .. } => {
            ConnectError::Ended(error.to_string())
        }
    }
}

async fn in_time<T>(
    shared: &Shared,
    step: &'static str,
    within: Duration,
    work: impl Future<Output = T>,
) -> Result<T, ConnectError> {
    timeout(within, work).await.map_err(|_| {
        let target = shared.connector.describe();
        ConnectError::TimedOut {
            target,
            step,
            within,
        }
    })
}
