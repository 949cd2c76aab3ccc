//! Servers at an address.

use std::sync::Arc;

use outpost_rpc::{
    dial::{DialErrorKind, DialOptions, Target, Token, dial},
    router::BoxFuture,
};

use crate::{AddressError, ConnectError, ConnectOptions, Connector, connector::Transport};

/// A [`Connector`] for `ws://`, `wss://` and `unix://`.
pub(crate) struct Dial {
    what: Arc<(Target, DialOptions)>,
}

// === impl Dial ===

impl Dial {
    pub(crate) fn new(address: &str, options: &ConnectOptions) -> Result<Self, AddressError> {
        let target: Target = address
            .parse()
            .map_err(|error: outpost_rpc::dial::TargetError| AddressError {
                address: address.to_owned(),
                words: error.to_string(),
            })?;
        let options = DialOptions {
            token: options
                .bearer_token
                .as_ref()
                .map(|token| Token::new(token.expose())),
            request_id: options.request_id.clone(),
            timeout: options.connect_timeout,
            limits: options.limits.clone(),
            tls: None,
        };
        Ok(Self {
            what: Arc::new((target, options)),
        })
    }
}

impl Connector for Dial {
    fn connect(&self) -> BoxFuture<Result<Transport, ConnectError>> {
        let what = Arc::clone(&self.what);
        Box::pin(async move {
            let (target, options) = &*what;
            let dialed = dial(target, options)
                .await
                .map_err(|error| match error.kind() {
                    DialErrorKind::TimedOut(within) => ConnectError::TimedOut {
                        target: target.to_string(),
                        step: "connection",
                        within: *within,
                    },
                    kind => ConnectError::Unreachable {
                        target: target.to_string(),
                        words: kind.to_string(),
                    },
                })?;
            let pump = dialed.pump;
            Ok(Transport {
                link: dialed.link,
                pump: Box::pin(async move { drop(pump.await) }),
            })
        })
    }

    fn describe(&self) -> String {
        self.what.0.to_string()
    }
}
