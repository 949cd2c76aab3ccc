//! What `--listen` may say. Pure.

use std::{fmt, net::SocketAddr, path::PathBuf, str::FromStr};

/// Where a server is to be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// `ws://IP:PORT`. Port 0 lets the system choose.
    WebSocket(SocketAddr),
    /// `stdio` or `stdio://`: one connection, over standard input and output.
    Stdio,
    /// `unix://PATH`: WebSocket over a Unix socket.
    Unix(PathBuf),
}

/// Why an address cannot be listened on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not `ws://` with a literal address and a port, and nothing else.
    #[error("invalid websocket --listen URL `{0}`; expected `ws://IP:PORT`")]
    WebSocket(String),
    /// `unix://` without a path.
    #[error("invalid unix socket --listen URL `{0}`; expected `unix://PATH`")]
    Unix(String),
    /// Another scheme.
    #[error("unsupported --listen URL `{0}`; expected `ws://IP:PORT`, `stdio` or `unix://PATH`")]
    Unsupported(String),
}

// === impl Address ===

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if matches!(text, "stdio" | "stdio://") {
            return Ok(Self::Stdio);
        }
        if let Some(address) = text.strip_prefix("ws://") {
            return match address.parse() {
                Ok(address) => Ok(Self::WebSocket(address)),
                Err(_) => Err(AddressError::WebSocket(text.to_owned())),
            };
        }
        match text.strip_prefix("unix://") {
            None => Err(AddressError::Unsupported(text.to_owned())),
            Some(path) if path.is_empty() || path.contains('\0') => {
                Err(AddressError::Unix(text.to_owned()))
            }
            Some(path) => Ok(Self::Unix(PathBuf::from(path))),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WebSocket(address) => write!(f, "ws://{address}"),
            Self::Stdio => f.write_str("stdio"),
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_taken_and_refused_as_the_reference_does() {
        let websocket = |text: &str| AddressError::WebSocket(text.to_owned());
        let unsupported = |text: &str| AddressError::Unsupported(text.to_owned());
        for (text, expected) in [
            ("stdio", Ok(Address::Stdio)),
            ("stdio://", Ok(Address::Stdio)),
            (
                "ws://127.0.0.1:0",
                Ok(Address::WebSocket("127.0.0.1:0".parse().unwrap())),
            ),
            (
                "ws://[::1]:80",
                Ok(Address::WebSocket("[::1]:80".parse().unwrap())),
            ),
            ("unix:///run/a b", Ok(Address::Unix("/run/a b".into()))),
            ("unix://relative", Ok(Address::Unix("relative".into()))),
            ("unix://", Err(AddressError::Unix("unix://".to_owned()))),
            ("ws://localhost:1", Err(websocket("ws://localhost:1"))),
            ("ws://127.0.0.1:1/", Err(websocket("ws://127.0.0.1:1/"))),
            ("ws://127.0.0.1", Err(websocket("ws://127.0.0.1"))),
            ("ws://", Err(websocket("ws://"))),
            ("wss://127.0.0.1:1", Err(unsupported("wss://127.0.0.1:1"))),
            ("http://127.0.0.1:1", Err(unsupported("http://127.0.0.1:1"))),
            ("off", Err(unsupported("off"))),
            ("", Err(unsupported(""))),
        ] {
            assert_eq!(text.parse::<Address>(), expected, "{text}");
        }
        assert_eq!(
            "ws://localhost:1"
                .parse::<Address>()
                .unwrap_err()
                .to_string(),
            "invalid websocket --listen URL `ws://localhost:1`; expected `ws://IP:PORT`"
        );
        assert_eq!(
            "off".parse::<Address>().unwrap_err().to_string(),
            "unsupported --listen URL `off`; expected `ws://IP:PORT`, `stdio` or `unix://PATH`"
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(address: SocketAddr, path in "[^\0]{1,20}") {
            for address in [Address::WebSocket(address), Address::Unix(path.into())] {
                // A scope id is a number without a name; its text form is not its own inverse.
                if !address.to_string().contains('%') {
                    prop_assert_eq!(address.to_string().parse(), Ok(address));
                }
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            text.parse::<Address>().ok();
        }
    }
}
