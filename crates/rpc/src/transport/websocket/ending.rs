//! How a WebSocket ends: what is said, and how the stream is let go.

use std::time::Duration;

use futures_util::SinkExt;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        error::{CapacityError, ProtocolError},
        protocol::CloseFrame,
    },
};

use crate::link::Close;

/// Why a pump stops.
#[derive(Debug)]
pub(super) enum End {
    /// This side ends it, with a close frame.
    Ours(Close),
    /// The peer ended it; the framing has queued the answer.
    Theirs(Close),
    /// The stream is gone, or the peer is: nobody would hear a close frame.
    Broken(Close),
}

/// The longest reason a close frame can carry.
const REASON_BYTES: usize = 123;

/// What is read at once from a peer that is no longer listened to.
const DISCARD_BYTES: usize = 16 << 10;

/// Says the last word and lets the stream go; never takes longer than `limit`.
pub(super) async fn farewell<S>(socket: &mut WebSocketStream<S>, end: &End, limit: Duration)
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
{
    let parting = async {
        match end {
            End::Broken(_) => return,
            End::Ours(close) => {
                let frame = CloseFrame {
                    code: code(close).into(),
                    reason: reason(close).into(),
                };
                socket.send(Message::Close(Some(frame))).await.ok();
            }
            End::Theirs(_) => {
                socket.flush().await.ok();
            }
        }
        hang_up(socket.get_mut()).await;
    };
    // Late or not, the stream is dropped now.
    timeout(limit, parting).await.ok();
}

/// Ends our half, then reads until the peer has ended its half, so that no reset overtakes the
/// close frame.
pub(crate) async fn hang_up<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let mut discarded = vec![0; DISCARD_BYTES];
    while matches!(stream.read(&mut discarded).await, Ok(1..)) {}
}

/// The code as it may stand in a close frame: what must never be sent becomes "internal error".
fn code(close: &Close) -> u16 {
    match close.code {
        1004..=1006 | 1015 | 0..1000 => 1011,
        code => code,
    }
}

/// The reason as far as a close frame can carry it.
fn reason(close: &Close) -> &str {
    let mut end = close.reason.len().min(REASON_BYTES);
    while !close.reason.is_char_boundary(end) {
        end -= 1;
    }
    &close.reason[..end]
}

// === impl End ===

impl End {
    /// What the link is told.
    pub(super) fn reason(&self) -> &Close {
        match self {
            Self::Ours(close) | Self::Theirs(close) | Self::Broken(close) => close,
        }
    }

    /// After an error of the framing or the stream.
    pub(super) fn of(error: Error) -> Self {
        match error {
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)
            | Error::ConnectionClosed
            | Error::AlreadyClosed => Self::Broken(Close::lost()),
            Error::Protocol(error) => Self::Ours(Close::protocol(error.to_string())),
            Error::Capacity(CapacityError::MessageTooLong { max_size, .. }) => {
                let reason = format!("a message or frame is over the limit of {max_size} bytes");
                Self::Ours(Close::too_big(reason))
            }
            Error::Utf8(_) => Self::Ours(Close::new(1007, "a text is not valid UTF-8")),
            Error::Io(error) => {
                let lost = Close::lost();
                let reason = format!("{}: {error}", lost.reason);
                Self::Broken(Close { reason, ..lost })
            }
            other => Self::Ours(Close::internal(other.to_string())),
        }
    }

    /// After a close frame of the peer.
    pub(super) fn of_peer(frame: Option<&CloseFrame>) -> Self {
        Self::Theirs(match frame {
            Some(frame) => Close::new(frame.code.into(), frame.reason.as_str()),
            None => Close::new(1005, ""),
        })
    }

    /// After a ping without an answer.
    pub(super) fn silent() -> Self {
        Self::Ours(Close::new(
            1006,
            "the connection was lost: the peer answers no ping",
        ))
    }

    /// After a peer that takes no bytes.
    pub(super) fn stuck() -> Self {
        Self::Ours(Close::new(
            1013,
            "the peer does not read what is sent to it; connect again once it does",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        let close = Close::policy("ä".repeat(100));
        assert_eq!(reason(&close), "ä".repeat(61));
        assert_eq!(reason(&Close::policy("short")), "short");
    }

    #[test]
    fn codes_that_must_not_be_sent_become_internal() {
        for never in [0, 999, 1004, 1005, 1006, 1015] {
            assert_eq!(code(&Close::new(never, "")), 1011);
        }
        for fine in [1000, 1001, 1008, 1009, 1011, 3000, 4999] {
            assert_eq!(code(&Close::new(fine, "")), fine);
        }
    }
}
