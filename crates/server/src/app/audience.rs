//! Telling many clients of one thing, all in the same order.
//!
//! [`Audience`] knows the clients that have introduced themselves. What they are told of together
//! is put down for each at once, without waiting, so who tells two things under one lock tells
//! them in that order to everybody. From there each client's [`News`] go out as its own queue has
//! room: a slow client holds up itself alone. One that leaves more than [`WAITING`] bytes waiting
//! is sent away, because what it would miss cannot be told later.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use outpost_protocol::{Notification, app};
use outpost_rpc::{
    frame::Frame,
    link::{Close, FrameSender},
};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::connection::{Client, now_ms};

/// How much may wait for one client, in bytes: thousands of notifications, which a client that
/// reads at all never leaves waiting.
const WAITING: usize = 4 << 20;

/// What a text costs beside its letters.
const OVERHEAD: usize = 64;

/// `Try again later`, as for every slow reader.
const SLOW: u16 = 1013;

/// The clients that have introduced themselves, by their numbers.
#[derive(Default)]
pub(super) struct Audience {
    clients: Mutex<BTreeMap<u64, Arc<Client>>>,
}

/// What one client is still to be told of what all are.
#[derive(Default)]
pub(super) struct News {
    waiting: Mutex<Waiting>,
    more: Notify,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Waiting {
    texts: VecDeque<String>,
    bytes: usize,
}

// === impl Audience ===

impl Audience {
    /// From now on the client is told, after what is in its queue already.
    pub(super) fn join(&self, client: &Arc<Client>) {
        let telling = Arc::clone(client);
        client.spawn(async move { telling.news.tell(telling.peer.outbox()).await });
        self.clients
            .lock()
            .insert(client.number, Arc::clone(client));
        if client.has_ended() {
            self.leave(client.number);
        }
    }

    /// The client is gone.
    pub(super) fn leave(&self, number: u64) {
        self.clients.lock().remove(&number);
    }

    /// What there is to see of each client.
    pub(super) fn look<T>(&self, look: impl Fn(&Client) -> T) -> Vec<T> {
        let clients = self.clients.lock();
        clients.values().map(|client| look(client)).collect()
    }

    /// Tells everybody who wants to be told.
    pub(super) fn tell_all<N: Notification>(&self, params: &N::Params) {
        let clients = self.clients.lock();
        tell::<N>(clients.values(), params);
    }

    /// Tells these clients, as far as they are there and want to be told.
    pub(super) fn tell<N: Notification>(
        &self,
        numbers: impl IntoIterator<Item = u64>,
        params: &N::Params,
    ) {
        let clients = self.clients.lock();
        let these = numbers
            .into_iter()
            .filter_map(|number| clients.get(&number));
        tell::<N>(these, params);
    }
}

fn tell<'a, N: Notification>(clients: impl Iterator<Item = &'a Arc<Client>>, params: &N::Params) {
    let mut text = None;
    for client in clients.filter(|client| client.wants(N::NAME)) {
        let text = text.get_or_insert_with(|| {
            let text = app::notification::<N>(params, now_ms());
            text.expect("what is told is JSON")
        });
        if !client.news.add(text.clone()) {
            tracing::warn!(connection = client.number, "sent away: it does not read");
            let reason = format!("more than {WAITING} bytes of notifications were waiting");
            client.peer.close(Close::new(SLOW, reason));
        }
    }
}

// === impl News ===

impl News {
    /// Answers whether there was room for it.
    fn add(&self, text: String) -> bool {
        let had_room = self.waiting.lock().add(text);
        self.more.notify_one();
        had_room
    }

    /// Tells what waits, for ever.
    async fn tell(&self, outbox: &FrameSender) {
        loop {
            while let Some(text) = self.next() {
                // A connection that has ended need not be told.
                drop(outbox.send(Frame::Text(text)).await);
            }
            self.more.notified().await;
        }
    }

    fn next(&self) -> Option<String> {
        self.waiting.lock().next()
    }
}

// === impl Waiting ===

impl Waiting {
    fn add(&mut self, text: String) -> bool {
        let bytes = self.bytes + text.len() + OVERHEAD;
        if bytes > WAITING {
            return false;
        }
        self.bytes = bytes;
        self.texts.push_back(text);
        true
    }

    fn next(&mut self) -> Option<String> {
        let text = self.texts.pop_front()?;
        self.bytes -= text.len() + OVERHEAD;
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn so_much_waits_and_no_more() {
        let mut waiting = Waiting::default();
        assert!(waiting.add("n".repeat(WAITING - OVERHEAD)));
        assert!(!waiting.add(String::new()));
        assert_eq!(waiting.next().unwrap().len(), WAITING - OVERHEAD);
        assert_eq!(waiting, Waiting::default());
        assert!(!waiting.add("n".repeat(WAITING - OVERHEAD + 1)));
        assert!(waiting.add("short".to_owned()));
    }

    proptest! {
        #[test]
        fn what_waits_is_told_in_its_order(lengths in prop::collection::vec(0..2_000_000_usize, 0..20)) {
            let mut waiting = Waiting::default();
            let mut naive = Vec::new();
            for length in lengths {
                let total: usize = naive.iter().map(|length| length + OVERHEAD).sum();
                let fits = total + length + OVERHEAD <= WAITING;
                prop_assert_eq!(waiting.add("n".repeat(length)), fits);
                if fits {
                    naive.push(length);
                }
            }
            for length in naive {
                prop_assert_eq!(waiting.next().map(|text| text.len()), Some(length));
            }
            prop_assert_eq!(waiting, Waiting::default());
        }
    }
}
