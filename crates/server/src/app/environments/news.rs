//! What is told of one environment's connection: each change once, in order.
//!
//! It begins as not connected. What was told last is known under the lock it is told under, so who
//! has missed something looks at that and goes on from there.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::broadcast;

/// The connection to an environment came or went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentEvent {
    /// Whose.
    pub environment_id: Arc<str>,
    /// It is there; otherwise it is gone, for a while or for good.
    pub connected: bool,
}

/// See the module.
#[derive(Debug)]
pub(super) struct News {
    id: Arc<str>,
    /// Locked for a look and for telling, never across an await.
    told: Mutex<Told>,
}

#[derive(Debug)]
struct Told {
    connected: bool,
    /// Absent from the end on.
    events: Option<broadcast::Sender<EnvironmentEvent>>,
}

// === impl News ===

impl News {
    pub(super) fn new(id: Arc<str>, events: broadcast::Sender<EnvironmentEvent>) -> Self {
        let told = Told {
            connected: false,
            events: Some(events),
        };
        Self {
            id,
            told: Mutex::new(told),
        }
    }

    /// What was told last.
    pub(super) fn is_connected(&self) -> bool {
        self.told.lock().connected
    }

    /// Tells how it is now, if that is a change.
    pub(super) fn tell(&self, connected: bool) {
        self.told.lock().tell(&self.id, connected);
    }

    /// Tells that it is gone, unless it was, and nothing after that.
    pub(super) fn end(&self) {
        let mut told = self.told.lock();
        told.tell(&self.id, false);
        told.events = None;
    }
}

// === impl Told ===

impl Told {
    fn tell(&mut self, id: &Arc<str>, connected: bool) {
        let Some(events) = &self.events else { return };
        if self.connected == connected {
            return;
        }
        self.connected = connected;
        // Without subscribers there is nobody to tell.
        drop(events.send(EnvironmentEvent {
            environment_id: Arc::clone(id),
            connected,
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_is_told_once_and_nothing_after_the_end() {
        let events = broadcast::Sender::new(8);
        let mut told = events.subscribe();
        let news = News::new("box".into(), events);
        for connected in [false, true, true, false, false, true] {
            news.tell(connected);
            assert_eq!(news.is_connected(), connected);
        }
        news.end();
        assert!(!news.is_connected());
        news.tell(true);
        assert!(!news.is_connected());
        for connected in [true, false, true, false] {
            let event = told.try_recv().unwrap();
            assert_eq!(
                (&*event.environment_id, event.connected),
                ("box", connected)
            );
        }
        drop(news);
        assert!(told.try_recv().is_err());
    }
}
