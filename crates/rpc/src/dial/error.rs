//! Why a connection could not be opened, in words for whoever wanted it.

use std::{fmt, io, time::Duration};

use http::StatusCode;
use tokio_rustls::rustls::pki_types::InvalidDnsNameError;
use tokio_tungstenite::tungstenite;

use super::Target;

/// A connection that could not be opened.
#[derive(Debug)]
pub struct DialError {
    target: String,
    kind: DialErrorKind,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum DialErrorKind {
    /// Nothing listens there.
    #[error("connection refused; is the server running?")]
    Refused,
    /// The name is unknown, the network down, the socket not there.
    #[error("{0}")]
    Io(#[source] io::Error),
    /// The server did not answer in time.
    #[error("no answer within {} s", .0.as_secs_f64())]
    TimedOut(Duration),
    /// The credential is missing or wrong; the server's words.
    #[error("the server refused the credentials: {0}")]
    Unauthorized(String),
    /// A server, but not ours, or not at this path.
    #[error("nothing is served at this path; check the address")]
    NotFound,
    /// Another answer than an upgrade.
    #[error("the server answered {status}{}", .body.as_deref().map(|body| format!(": {body}")).unwrap_or_default())]
    Status {
        /// The status.
        status: StatusCode,
        /// What it said besides.
        body: Option<String>,
    },
    /// The certificate is not trusted, or no root certificates are known.
    #[error("the encrypted connection failed: {0}")]
    Tls(#[source] io::Error),
    /// The token has characters no header can carry.
    #[error("the bearer token has characters that cannot be sent")]
    Token,
    /// So has the request's name.
    #[error("the request id has characters that cannot be sent")]
    RequestId,
    /// Whoever answered does not speak WebSocket.
    #[error("the server does not speak WebSocket: {0}")]
    Handshake(String),
}

/// How much of an answer's body is shown.
const BODY_CHARS: usize = 200;

// === impl DialError ===

impl DialError {
    pub(super) fn new(target: &Target, kind: DialErrorKind) -> Self {
        Self {
            target: target.to_string(),
            kind,
        }
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> &DialErrorKind {
        &self.kind
    }
}

impl fmt::Display for DialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot connect to {}: {}", self.target, self.kind)
    }
}

impl std::error::Error for DialError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.kind)
    }
}

// === impl DialErrorKind ===

impl DialErrorKind {
    /// After a failed connect.
    pub(super) fn of_connect(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            _ => Self::Io(error),
        }
    }

    /// After a host no certificate can name.
    pub(super) fn of_name(error: InvalidDnsNameError) -> Self {
        Self::Tls(io::Error::new(io::ErrorKind::InvalidInput, error))
    }

    fn of_answer(status: StatusCode, body: Option<&[u8]>) -> Self {
        let body = body.map(|body| {
            String::from_utf8_lossy(body)
                .chars()
                .take(BODY_CHARS)
                .collect()
        });
        match (status, body) {
            (StatusCode::UNAUTHORIZED, body) => Self::Unauthorized(body.unwrap_or_default()),
            (StatusCode::NOT_FOUND, _) => Self::NotFound,
            (status, body) => {
                let body = body.filter(|body: &String| !body.trim().is_empty());
                Self::Status { status, body }
            }
        }
    }
}

impl From<tungstenite::Error> for DialErrorKind {
    fn from(error: tungstenite::Error) -> Self {
        match error {
            tungstenite::Error::Http(answer) => {
                Self::of_answer(answer.status(), answer.body().as_deref())
            }
            tungstenite::Error::Io(error) => Self::Io(error),
            other => Self::Handshake(other.to_string()),
        }
    }
}
