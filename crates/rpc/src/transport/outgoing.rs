//! A frame on its way out of a WebSocket, cut into fragments. Pure but for the wait for pieces.
//!
//! A text up to the fragment bound leaves whole. A longer one, and one that is written while it is
//! sent, leaves in fragments, so that pongs, pings and a close find a gap between them. Cutting
//! moves no bytes.

use bytes::Bytes;

use crate::frame::{Frame, Piece, Pieces};

/// At most one frame, partly gone.
#[derive(Debug)]
pub(crate) struct Outgoing {
    /// Largest fragment, in bytes.
    bound: usize,
    state: State,
    /// Whether a fragment of the present frame has left.
    begun: bool,
}

#[derive(Debug)]
enum State {
    Idle,
    /// The rest of a text; more may follow.
    Text(Bytes),
    /// The rest of a piece, and where the next ones come from.
    Pieces(Bytes, Pieces),
    /// The pieces are complete; the last fragment is empty.
    PiecesEnd,
}

/// A part of a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fragment {
    pub(crate) payload: Bytes,
    pub(crate) first: bool,
    pub(crate) last: bool,
}

/// The writer of a text in pieces gave up: the message cannot be completed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct GivenUp;

// === impl Outgoing ===

impl Outgoing {
    pub(crate) fn new(bound: usize) -> Self {
        Self {
            bound: bound.max(1),
            state: State::Idle,
            begun: false,
        }
    }

    /// Whether the next frame can be taken.
    pub(crate) fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle)
    }

    /// Whether the next fragment depends on a piece that is not here yet.
    pub(crate) fn wants_piece(&self) -> bool {
        matches!(&self.state, State::Pieces(part, _) if part.is_empty())
    }

    /// Takes the next frame; only when idle.
    pub(crate) fn load(&mut self, frame: Frame) {
        debug_assert!(self.is_idle(), "one frame at a time");
        self.begun = false;
        self.state = match frame {
            Frame::Text(text) => State::Text(Bytes::from(text)),
            Frame::Pieces(pieces) => State::Pieces(Bytes::new(), pieces),
            // Nothing that arrived garbled is ever sent on.
            Frame::Garbled(_) => State::Idle,
        };
    }

    /// The next fragment, if it can leave now.
    pub(crate) fn next(&mut self) -> Option<Fragment> {
        let (payload, last) = match &mut self.state {
            State::Idle => return None,
            State::Text(rest) => {
                let payload = rest.split_to(self.bound.min(rest.len()));
                (payload, rest.is_empty())
            }
            State::Pieces(part, _) if part.is_empty() => return None,
            State::Pieces(part, _) => (part.split_to(self.bound.min(part.len())), false),
            State::PiecesEnd => (Bytes::new(), true),
        };
        let first = !std::mem::replace(&mut self.begun, true);
        if last {
            self.state = State::Idle;
        }
        Some(Fragment {
            payload,
            first,
            last,
        })
    }

    /// Waits for the next piece; for ever when none is wanted. Cancel-safe: a piece is taken from
    /// its channel and stored without a wait in between.
    pub(crate) async fn piece(&mut self) -> Result<(), GivenUp> {
        let State::Pieces(part, pieces) = &mut self.state else {
            return std::future::pending().await;
        };
        match pieces.next().await {
            Some(Piece::Part(text)) => *part = Bytes::from(text),
            Some(Piece::End) => self.state = State::PiecesEnd,
            None => return Err(GivenUp),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Every fragment that can leave now.
    fn drain(outgoing: &mut Outgoing) -> Vec<Fragment> {
        std::iter::from_fn(|| outgoing.next()).collect()
    }

    /// Asserts what must hold for the fragments of one message, and puts them together.
    fn join(fragments: &[Fragment], bound: usize) -> Vec<u8> {
        let last = fragments.len() - 1;
        for (place, fragment) in fragments.iter().enumerate() {
            assert_eq!((fragment.first, fragment.last), (place == 0, place == last));
            assert!(fragment.payload.len() <= bound);
        }
        fragments
            .iter()
            .flat_map(|fragment| fragment.payload.to_vec())
            .collect()
    }

    proptest! {
        #[test]
        fn a_text_leaves_complete_in_bounded_fragments(text in ".{0,40}", bound in 1usize..20) {
            let mut outgoing = Outgoing::new(bound);
            outgoing.load(Frame::Text(text.clone()));
            let fragments = drain(&mut outgoing);
            prop_assert_eq!(join(&fragments, bound), text.as_bytes());
            prop_assert_eq!(fragments.len(), text.len().div_ceil(bound).max(1));
            prop_assert!(outgoing.is_idle());
        }
    }

    #[tokio::test]
    async fn pieces_leave_as_they_come_and_end_with_an_empty_fragment() {
        let (writer, frame) = Frame::in_pieces();
        let mut outgoing = Outgoing::new(4);
        outgoing.load(frame);
        assert!(outgoing.wants_piece() && outgoing.next().is_none());
        writer.part("abcdef".to_owned()).await.unwrap();
        outgoing.piece().await.unwrap();
        let mut fragments = drain(&mut outgoing);
        assert!(outgoing.wants_piece() && !outgoing.is_idle());
        writer.end().await.unwrap();
        outgoing.piece().await.unwrap();
        fragments.extend(drain(&mut outgoing));
        assert_eq!(join(&fragments, 4), b"abcdef");
        assert!(outgoing.is_idle());
    }

    #[tokio::test]
    async fn pieces_without_an_end_are_given_up() {
        let (writer, frame) = Frame::in_pieces();
        let mut outgoing = Outgoing::new(4);
        outgoing.load(frame);
        drop(writer);
        assert_eq!(outgoing.piece().await, Err(GivenUp));
    }
}
