//! What travels over a link: one frame is one JSON text.

use std::fmt;

use tokio::sync::mpsc;

/// One JSON text, on its way in or out.
#[derive(Debug)]
pub enum Frame {
    /// The whole text.
    Text(String),
    /// A text that is written while it is sent, for answers that should not be held in memory
    /// whole. Each piece is valid UTF-8; the pieces put together are one JSON text.
    Pieces(Pieces),
    /// Something that arrived and is no text (a binary message that is not UTF-8). The words are
    /// the decoder's.
    Garbled(&'static str),
}

/// The pieces of one long text, in order. A stream that ends without [`Piece::End`] was given up
/// by its writer: the text cannot be completed, and the transport ends the connection.
#[derive(Debug)]
pub struct Pieces {
    rx: mpsc::Receiver<Piece>,
}

/// A part of a text.
#[derive(Debug)]
pub enum Piece {
    /// The next characters.
    Part(String),
    /// The text is complete.
    End,
}

/// The writing half of [`Pieces`].
#[derive(Debug)]
pub struct PieceWriter {
    tx: mpsc::Sender<Piece>,
}

/// The reader of the pieces is gone.
#[derive(Debug)]
pub struct ReaderGone;

/// Pieces that wait between writer and transport: one is sent while the next is made.
const PIECES_IN_FLIGHT: usize = 2;

// === impl Frame ===

impl Frame {
    /// A text that will be written in pieces, and its writer.
    #[must_use]
    pub fn in_pieces() -> (PieceWriter, Self) {
        let (tx, rx) = mpsc::channel(PIECES_IN_FLIGHT);
        (PieceWriter { tx }, Self::Pieces(Pieces { rx }))
    }

    /// What this frame counts against a queue's bound before [`crate::limits::FRAME_FLOOR`].
    #[must_use]
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Pieces(_) | Self::Garbled(_) => 0,
        }
    }
}

// === impl Pieces ===

impl Pieces {
    /// The next piece; `None` when the writer gave up.
    pub async fn next(&mut self) -> Option<Piece> {
        self.rx.recv().await
    }

    /// Puts the pieces together; `None` when the writer gave up.
    pub async fn collect(mut self) -> Option<String> {
        let mut whole = String::new();
        loop {
            match self.next().await? {
                Piece::Part(part) => whole.push_str(&part),
                Piece::End => return Some(whole),
            }
        }
    }
}

// === impl PieceWriter ===

impl PieceWriter {
    /// Hands over the next piece; waits while the transport is busy with earlier ones.
    pub async fn part(&self, part: String) -> Result<(), ReaderGone> {
        self.tx
            .send(Piece::Part(part))
            .await
            .map_err(|_| ReaderGone)
    }

    /// Completes the text.
    pub async fn end(self) -> Result<(), ReaderGone> {
        self.tx.send(Piece::End).await.map_err(|_| ReaderGone)
    }
}

impl fmt::Display for ReaderGone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection ended before the whole answer was sent")
    }
}

impl std::error::Error for ReaderGone {}
