//! The socket's part of a turn: write, then read.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use futures_util::{Sink, Stream};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::Instant,
};
use tokio_tungstenite::WebSocketStream;

use super::pump::Event;
use crate::transport::{meter::Meter, watch::Watch};

/// What is needed to drive the socket, apart from the rest of the pump, which other branches hold.
pub(super) struct Io<'a, S> {
    pub(super) socket: &'a mut WebSocketStream<Meter<S>>,
    pub(super) watch: &'a mut Watch,
    pub(super) dirty: bool,
    pub(super) reading: bool,
    pub(super) written: &'a mut u64,
}

// === impl Io ===

impl<S: AsyncRead + AsyncWrite + Unpin> Io<'_, S> {
    /// Writes what can be written, then reads what can be read.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        if self.dirty {
            match Pin::new(&mut *self.socket).poll_flush(cx) {
                Poll::Ready(result) => return Poll::Ready(Event::Flushed(result)),
                Poll::Pending if self.note_progress() => return Poll::Ready(Event::Blocked),
                Poll::Pending => {}
            }
        }
        if self.reading {
            return Pin::new(&mut *self.socket)
                .poll_next(cx)
                .map(Event::Message);
        }
        Poll::Pending
    }

    /// Tells the watch how far writing came; says whether its deadline moved closer.
    fn note_progress(&mut self) -> bool {
        let (now, written) = (Instant::now(), self.socket.get_ref().written());
        let news = self.watch.blocked(now);
        if written != std::mem::replace(self.written, written) {
            self.watch.took_some(now);
        }
        news
    }
}
