//! Telling those who watch a thread that one of its environments is gone, or there again.
//!
//! One loop per server follows the registry of environments. [`Follower`] decides what is a change,
//! so that nothing is told twice; where events were missed, what the registry says now takes their
//! place.

use std::{collections::BTreeMap, sync::Arc};

use tokio::sync::broadcast::{Receiver, error::RecvError};

use crate::app::{Shared, environments::EnvironmentEvent};

/// What was told of each environment last. One that is unknown is not connected.
#[derive(Debug, Default)]
struct Follower(BTreeMap<Arc<str>, bool>);

/// Tells what becomes of the environments, for ever.
pub(in crate::app) async fn follow(server: &Shared) {
    let mut events = server.environments.events_from_the_start();
    let mut follower = Follower::default();
    let standing = || server.environments.standing();
    loop {
        for change in follower.next(&mut events, standing).await {
            let EnvironmentEvent {
                environment_id,
                connected,
            } = change;
            let threads = &server.threads;
            threads.tell_connection(&environment_id, connected, &server.audience);
        }
    }
}

// === impl Follower ===

impl Follower {
    /// What has changed, as soon as something may have.
    async fn next(
        &mut self,
        events: &mut Receiver<EnvironmentEvent>,
        standing: impl Fn() -> BTreeMap<Arc<str>, bool>,
    ) -> Vec<EnvironmentEvent> {
        match events.recv().await {
            Ok(event) => self.heard(event).into_iter().collect(),
            Err(RecvError::Lagged(missed)) => {
                tracing::warn!(missed, "events of environments were missed");
                // What is still kept is older than what is looked at.
                *events = events.resubscribe();
                self.looked(&standing())
            }
            // The server has the sender for as long as it lives.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }

    /// The event, if it is a change.
    fn heard(&mut self, event: EnvironmentEvent) -> Option<EnvironmentEvent> {
        let id = Arc::clone(&event.environment_id);
        let before = self.0.insert(id, event.connected);
        (before.unwrap_or_default() != event.connected).then_some(event)
    }

    /// What is otherwise than was told.
    fn looked(&mut self, standing: &BTreeMap<Arc<str>, bool>) -> Vec<EnvironmentEvent> {
        let now = standing.iter().map(|(id, connected)| EnvironmentEvent {
            environment_id: Arc::clone(id),
            connected: *connected,
        });
        now.filter_map(|event| self.heard(event)).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::sync::broadcast;

    use super::*;

    fn event(id: &str, connected: bool) -> EnvironmentEvent {
        EnvironmentEvent {
            environment_id: id.into(),
            connected,
        }
    }

    #[tokio::test]
    async fn who_missed_something_tells_what_is_now() {
        let (sender, mut events) = broadcast::channel(2);
        let mut follower = Follower::default();
        let standing = || BTreeMap::from([("a".into(), true), ("b".into(), false)]);
        for happens in [
            event("a", true),
            event("b", true),
            event("b", false),
            event("a", false),
            event("a", true),
        ] {
            sender.send(happens).unwrap();
        }
        let told = follower.next(&mut events, standing).await;
        assert_eq!(told, [event("a", true)]);
        // What was told before it looked is not told after it.
        sender.send(event("b", true)).unwrap();
        let told = follower.next(&mut events, standing).await;
        assert_eq!(told, [event("b", true)]);
    }

    proptest! {
        /// Each environment's changes alternate, and what was told last is how it is.
        #[test]
        fn nothing_is_told_twice_whatever_is_missed(
            happens in prop::collection::vec((0..3_usize, any::<bool>(), any::<bool>()), 0..60),
        ) {
            let ids: [Arc<str>; 3] = ["a".into(), "b".into(), "c".into()];
            let mut follower = Follower::default();
            let mut standing = BTreeMap::new();
            let mut told: BTreeMap<Arc<str>, Vec<bool>> = BTreeMap::new();
            for (which, connected, missed) in happens {
                let environment_id = Arc::clone(&ids[which]);
                standing.insert(Arc::clone(&environment_id), connected);
                if missed {
                    continue;
                }
                let event = EnvironmentEvent { environment_id, connected };
                if let Some(event) = follower.heard(event) {
                    told.entry(event.environment_id).or_default().push(event.connected);
                }
            }
            for event in follower.looked(&standing) {
                told.entry(event.environment_id).or_default().push(event.connected);
            }
            for (id, connected) in &standing {
                let told = told.remove(id).unwrap_or_default();
                let alternating = [true, false].into_iter().cycle().take(told.len());
                prop_assert!(told.iter().copied().eq(alternating));
                prop_assert_eq!(told.last().copied().unwrap_or_default(), *connected);
            }
            prop_assert!(told.is_empty());
            prop_assert!(follower.looked(&standing).is_empty());
        }
    }
}
