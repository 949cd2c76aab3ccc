//! What can go wrong with an outgoing request.
//!
//! The texts are those that clients of the wire know, so the face passes them on unchanged.

use reqwest::header::{InvalidHeaderName, InvalidHeaderValue};

/// Why a request was not sent, or its answer not received.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The method is not a token.
    #[error("http/request method is invalid: invalid HTTP method")]
    InvalidMethod,
    /// The address does not parse.
    #[error("http/request url is invalid: {0}")]
    InvalidUrl(#[source] url::ParseError),
    /// The address is of another scheme, named here.
    #[error("http/request only supports http and https URLs, got {0}")]
    UnsupportedScheme(String),
    /// A header name is not a token.
    #[error("http/request header name is invalid: {0}")]
    InvalidHeaderName(#[source] InvalidHeaderName),
    /// A header value holds a control character.
    #[error("http/request header value is invalid for {name}: {source}")]
    InvalidHeaderValue {
        /// The header, as the client wrote it.
        name: String,
        /// What is wrong with the value, without repeating it.
        source: InvalidHeaderValue,
    },
    /// There are more headers than a request can carry (32 768).
    #[error("http/request has too many headers")]
    TooManyHeaders,
    /// A header asks for a variable that is allowed, but not set (or not text).
    #[error("http/request header {header} requires executor environment variable {variable}")]
    MissingVariable {
        /// The header, as the client wrote it.
        header: String,
        /// The variable asked for.
        variable: String,
    },
    /// A header asks for a variable that the operator did not allow.
    #[error(
        "http/request header {header} may not carry executor environment variable {variable}: \
         it is not allowed by --http-env {variable}"
    )]
    VariableNotAllowed {
        /// The header, as the client wrote it.
        header: String,
        /// The variable asked for.
        variable: String,
    },
    /// As many requests as may be alive at once are alive.
    #[error("http/request failed: at most {0} requests may be active at once")]
    Busy(usize),
    /// The redirects do not end.
    #[error("http/request failed: too many redirects")]
    TooManyRedirects,
    /// A redirect leads out of HTTP, to the scheme named here.
    #[error("http/request failed: redirect target uses unsupported URL scheme: {0}")]
    RedirectScheme(String),
    /// There was no time left to send the request.
    #[error("http/request failed: route-aware request timed out")]
    TimedOut,
    /// The TLS set-up of this computer is unusable.
    #[error("http/request failed: {0}")]
    Setup(#[source] reqwest::Error),
    /// No head of an answer came: refused, cut, malformed or out of time.
    #[error("http/request failed: {0}")]
    Send(#[source] reqwest::Error),
    /// The body broke off, was malformed or ran out of time.
    #[error("failed to read http/request response body: {0}")]
    Body(#[source] reqwest::Error),
    /// A body to be answered in one piece is larger than this many bytes.
    #[error(
        "failed to read http/request response body: it exceeds {0} bytes; \
         set streamResponse to receive it in parts"
    )]
    BodyTooLarge(usize),
}

impl HttpError {
    /// Whether the request itself is at fault: it would fail everywhere and always.
    pub fn is_invalid(&self) -> bool {
        matches!(
            self,
            Self::InvalidMethod
                | Self::InvalidUrl(_)
                | Self::UnsupportedScheme(_)
                | Self::InvalidHeaderName(_)
                | Self::InvalidHeaderValue { .. }
                | Self::TooManyHeaders
                | Self::MissingVariable { .. }
                | Self::VariableNotAllowed { .. }
        )
    }

    /// What a streamed body's last event says: the reason alone, without saying what failed.
    pub fn reason(&self) -> String {
        match self {
            Self::Body(source) => source.to_string(),
            other => other.to_string(),
        }
    }
}
