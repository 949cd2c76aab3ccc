//! The body of an answer, read piece by piece as somebody asks for it.

use bytes::{Bytes, BytesMut};
use reqwest::Response;
use tokio::sync::OwnedSemaphorePermit;

use super::HttpError;

/// The largest piece [`Body::next`] returns: large enough that its overhead does not show, small
/// enough that one piece does not keep other messages of a connection waiting.
pub const CHUNK_LIMIT: usize = 256 * 1024;

/// The largest body worth answering in one message. Clients accept messages up to 64 MiB; base64
/// makes 47 MiB into 62.7 MiB, and the rest is for the headers.
pub const BUFFERED_BODY_LIMIT: usize = 47 * 1024 * 1024;

/// A body still being received. Nothing is read from the network unless asked for, and dropping
/// it cuts the connection.
#[derive(Debug)]
pub struct Body {
    /// `None` after the end or an error: a body ends once.
    source: Option<Source>,
    /// Received, but beyond [`CHUNK_LIMIT`] of the piece before.
    rest: Bytes,
}

#[derive(Debug)]
struct Source {
    response: Response,
    /// One of the exchanges that may be alive.
    _permit: OwnedSemaphorePermit,
}

impl Body {
    pub(super) fn new(response: Response, permit: OwnedSemaphorePermit) -> Self {
        Self {
            source: Some(Source {
                response,
                _permit: permit,
            }),
            rest: Bytes::new(),
        }
    }

    /// The next piece, never empty and at most [`CHUNK_LIMIT`] bytes; `None` at the end, and
    /// after an error. Cancel-safe: a piece is either returned or still there.
    ///
    /// # Errors
    ///
    /// [`HttpError::Body`] when the body breaks off, is malformed or runs out of time.
    pub async fn next(&mut self) -> Result<Option<Bytes>, HttpError> {
        while self.rest.is_empty() {
            let Some(source) = &mut self.source else {
                return Ok(None);
            };
            match source.response.chunk().await {
                Ok(Some(chunk)) => self.rest = chunk,
                Ok(None) => self.source = None,
                Err(error) => {
                    self.source = None;
                    return Err(HttpError::Body(error));
                }
            }
        }
        let piece = self.rest.len().min(CHUNK_LIMIT);
        Ok(Some(self.rest.split_to(piece)))
    }

    /// Everything, if it is at most `limit` bytes. At most `limit` bytes and one piece are held.
    ///
    /// # Errors
    ///
    /// As [`Self::next`], and [`HttpError::BodyTooLarge`] as soon as it is known to be so.
    pub async fn collect(mut self, limit: usize) -> Result<Bytes, HttpError> {
        let announced = self
            .source
            .as_ref()
            .and_then(|source| source.response.content_length());
        if announced.is_some_and(|length| length > limit as u64) {
            return Err(HttpError::BodyTooLarge(limit));
        }
        let mut whole = BytesMut::new();
        while let Some(piece) = self.next().await? {
            if piece.len() > limit - whole.len() {
                return Err(HttpError::BodyTooLarge(limit));
            }
            whole.extend_from_slice(&piece);
        }
        Ok(whole.freeze())
    }
}
