//! Strangers on their way in: bounded, and the newest always gets a place.
//!
//! A handshake takes milliseconds. Whoever holds a place for longer is slow or means harm, so when
//! all places are taken the oldest gives way. A crowd of silent strangers can then delay nobody.

use std::{collections::VecDeque, sync::Arc};

use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

/// Handshakes at the same time.
const STRANGERS: usize = 256;

/// The unfinished handshakes of a listener.
#[derive(Debug)]
pub(super) struct Doors {
    bound: usize,
    /// Held for a push or a search.
    inside: Mutex<Inside>,
}

#[derive(Debug, Default)]
struct Inside {
    entered: u64,
    /// Oldest first.
    strangers: VecDeque<(u64, CancellationToken)>,
}

/// A place for one handshake; given back by drop.
#[derive(Debug)]
pub(super) struct Pass {
    doors: Arc<Doors>,
    number: u64,
    gone: CancellationToken,
}

// === impl Doors ===

impl Doors {
    pub(super) fn new() -> Arc<Self> {
        Self::with_bound(STRANGERS)
    }

    fn with_bound(bound: usize) -> Arc<Self> {
        Arc::new(Self {
            bound,
            inside: Mutex::default(),
        })
    }

    /// A place; the oldest stranger makes room for it where needed.
    pub(super) fn enter(self: &Arc<Self>) -> Pass {
        let gone = CancellationToken::new();
        let mut inside = self.inside.lock();
        if inside.strangers.len() == self.bound
            && let Some((_, oldest)) = inside.strangers.pop_front()
        {
            oldest.cancel();
        }
        inside.entered += 1;
        let number = inside.entered;
        inside.strangers.push_back((number, gone.clone()));
        drop(inside);
        Pass {
            doors: Arc::clone(self),
            number,
            gone,
        }
    }

    /// Sends everyone away.
    pub(super) fn clear(&self) {
        for (_, stranger) in self.inside.lock().strangers.drain(..) {
            stranger.cancel();
        }
    }
}

// === impl Pass ===

impl Pass {
    /// Waits until the place is needed for someone else.
    pub(super) async fn withdrawn(&self) {
        self.gone.cancelled().await;
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let strangers = &mut self.doors.inside.lock().strangers;
        if let Ok(place) = strangers.binary_search_by_key(&self.number, |(number, _)| *number) {
            strangers.remove(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w02_the_oldest_stranger_gives_way_to_the_newest() {
        let doors = Doors::with_bound(2);
        let (first, second) = (doors.enter(), doors.enter());
        let third = doors.enter();
        assert!(first.gone.is_cancelled());
        assert!(!second.gone.is_cancelled() && !third.gone.is_cancelled());
        drop(first);
        drop(third);
        let fourth = doors.enter();
        assert!(!second.gone.is_cancelled() && !fourth.gone.is_cancelled());
        assert_eq!(doors.inside.lock().strangers.len(), 2);
        doors.clear();
        assert!(second.gone.is_cancelled() && fourth.gone.is_cancelled());
        let fifth = doors.enter();
        drop((second, fourth));
        assert_eq!(doors.inside.lock().strangers.len(), 1);
        assert!(!fifth.gone.is_cancelled());
    }
}
