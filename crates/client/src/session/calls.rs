//! Calls, and what a lost connection means for them.

use outpost_protocol::Method;
use outpost_rpc::{error::CallError, link::Close};

use super::{Core, Live};
use crate::ClientError;

/// How a call ended without a result.
pub(crate) enum Failed {
    /// With the connection: whether it was done is unknown.
    Lost(Close),
    /// Otherwise.
    With(ClientError),
}

/// Makes one call on one connection.
pub(crate) async fn ask<M: Method>(live: &Live, params: &M::Params) -> Result<M::Answer, Failed> {
    Ok(live.peer.call::<M>(params).await?)
}

// === impl Failed ===

impl From<CallError> for Failed {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Closed { close, .. } => Self::Lost(close),
            CallError::Remote { method, error } => {
                Self::With(ClientError::Refused { method, error })
            }
            CallError::Decode { .. } | CallError::TooMany { .. } => {
                Self::With(ClientError::Protocol {
                    words: error.to_string(),
                })
            }
        }
    }
}

// === impl Core ===

impl Core {
    /// Asks something that may be asked twice.
    pub(crate) async fn repeat<M: Method>(
        &self,
        params: &M::Params,
    ) -> Result<M::Answer, ClientError> {
        loop {
            match ask::<M>(&self.live().await?, params).await {
                Ok(answer) => return Ok(answer),
                Err(Failed::With(error)) => return Err(error),
                Err(Failed::Lost(close)) => {
                    tracing::debug!(method = M::NAME, %close, "asking again");
                }
            }
        }
    }

    /// Asks something that must not be done twice.
    pub(crate) async fn once<M: Method>(
        &self,
        params: &M::Params,
    ) -> Result<M::Answer, ClientError> {
        let live = self.live().await?;
        ask::<M>(&live, params)
            .await
            .map_err(|failed| match failed {
                Failed::With(error) => error,
                Failed::Lost(close) => ClientError::unanswered(M::NAME, &close),
            })
    }
}
