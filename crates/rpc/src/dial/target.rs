//! Whom to dial. Pure.

use std::{fmt, path::PathBuf, str::FromStr};

use url::Url;

/// A server's address as a client writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// `ws://` or `wss://`, with a host.
    WebSocket(Url),
    /// `unix://PATH`.
    Unix(PathBuf),
}

/// Why an address cannot be dialed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Another scheme, or none.
    #[error("unsupported server address; expected `ws://HOST:PORT`, `wss://HOST` or `unix://PATH`")]
    Unsupported,
    /// Not a URL.
    #[error("invalid server address: {0}")]
    Invalid(String),
    /// Names and passwords are not sent.
    #[error("a server address cannot carry a user or password; use a bearer token")]
    Credentials,
}

/// The host, without the brackets of an IPv6 address.
pub(super) fn host(url: &Url) -> &str {
    url.host_str()
        .unwrap_or_default()
        .trim_start_matches('[')
        .trim_end_matches(']')
}

/// The port, or the scheme's own.
pub(super) fn port(url: &Url) -> u16 {
    url.port_or_known_default().unwrap_or(80)
}

// === impl Target ===

impl Target {
    /// Whether the connection is encrypted.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        matches!(self, Self::WebSocket(url) if url.scheme() == "wss")
    }
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        let text = text.trim();
        match text.strip_prefix("unix://") {
            Some(path) if path.is_empty() || path.contains('\0') => {
                return Err(TargetError::Invalid("no path".to_owned()));
            }
            Some(path) => return Ok(Self::Unix(PathBuf::from(path))),
            None => {}
        }
        if !text.contains("://") {
            return Err(TargetError::Unsupported);
        }
        let mut url = Url::parse(text).map_err(|error| TargetError::Invalid(error.to_string()))?;
        if !matches!(url.scheme(), "ws" | "wss") {
            return Err(TargetError::Unsupported);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(TargetError::Credentials);
        }
        url.set_fragment(None);
        Ok(Self::WebSocket(url))
    }
}

/// Without the query, which may hold what nobody else should see.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::WebSocket(url) => {
                let mut url = url.clone();
                url.set_query(None);
                f.write_str(url.as_str())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_taken_and_refused() {
        for (text, shown, tls) in [
            ("ws://127.0.0.1:80", "ws://127.0.0.1/", false),
            (
                " ws://localhost:8123/a?b=c#d ",
                "ws://localhost:8123/a",
                false,
            ),
            ("wss://example.org", "wss://example.org/", true),
            ("ws://[::1]:9", "ws://[::1]:9/", false),
            ("unix:///run/socket", "unix:///run/socket", false),
        ] {
            let target: Target = text.parse().unwrap();
            assert_eq!((target.to_string().as_str(), target.is_tls()), (shown, tls));
        }
        for (text, expected) in [
            ("http://a", TargetError::Unsupported),
            ("127.0.0.1:80", TargetError::Unsupported),
            ("", TargetError::Unsupported),
            ("ws://me:secret@host", TargetError::Credentials),
            ("unix://", TargetError::Invalid("no path".to_owned())),
            ("ws://", TargetError::Invalid("empty host".to_owned())),
        ] {
            assert_eq!(text.parse::<Target>(), Err(expected), "{text}");
        }
    }

    #[test]
    fn host_and_port_are_found() {
        for (text, expected) in [
            ("ws://[::1]:9", ("::1", 9)),
            ("ws://a", ("a", 80)),
            ("wss://a", ("a", 443)),
        ] {
            let Ok(Target::WebSocket(url)) = text.parse() else {
                panic!("{text}")
            };
            assert_eq!((host(&url), port(&url)), expected);
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            text.parse::<Target>().ok();
            format!("ws://{text}").parse::<Target>().ok();
        }
    }
}
