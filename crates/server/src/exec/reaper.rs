//! Ends what nobody came back for: detached sessions, and the memory of ended processes.

use std::sync::Arc;

use outpost_host::process::EndCause;
use tokio::{
    task::JoinSet,
    time::{Duration, Instant, sleep_until},
};

use super::{Shared, session::Session};

/// The reaper looks at least this often: a process that ends makes no call here.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// Sleeps to the next expiry, ends what is over, and again, until the server stops.
pub(super) async fn run(server: &Arc<Shared>) {
    let mut ending = JoinSet::new();
    loop {
        let next = sweep(server, &mut ending);
        tokio::select! {
            () = server.stopped.cancelled() => break,
            () = server.changed.notified() => {}
            () = sleep_until(next) => {}
            Some(_) = ending.join_next() => {}
        }
    }
    // A session that was being ended when the server stopped is ended all the same.
    while ending.join_next().await.is_some() {}
}

/// Takes out what has expired; says when to look again.
fn sweep(server: &Arc<Shared>, ending: &mut JoinSet<()>) -> Instant {
    let now = Instant::now();
    let (expired, next, alive, ttl) = {
        let mut sessions = server.sessions.lock();
        (
            sessions.expire(now),
            sessions.next_expiry(),
            sessions.all(),
            sessions.ttl(),
        )
    };
    if !expired.is_empty() {
        tracing::info!(sessions = expired.len(), "sessions expired");
        ending.spawn(end_all(expired, EndCause::Expired));
    }
    let prunes = alive
        .iter()
        .filter_map(|session| session.processes.prune(now, ttl));
    prunes
        .chain(next)
        .min()
        .unwrap_or(now + LONGEST_SLEEP)
        .min(now + LONGEST_SLEEP)
}

/// Ends sessions side by side; returns when every tree is gone.
pub(super) async fn end_all(sessions: Vec<Arc<Session>>, cause: EndCause) {
    let mut all: JoinSet<()> = sessions
        .into_iter()
        .map(|session| async move { session.processes.end_all(cause).await })
        .collect();
    while all.join_next().await.is_some() {}
}
