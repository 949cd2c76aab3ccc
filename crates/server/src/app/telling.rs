//! Telling a client something again and again, until it wants to hear no more.

use tokio_util::sync::CancellationToken;

use super::connection::Client;

/// Tells a client. Ends with the connection, or with [`Telling::end`]; dropping it changes nothing.
pub(super) struct Telling {
    stop: CancellationToken,
    ended: CancellationToken,
}

// === impl Telling ===

impl Telling {
    /// Begins `work`, which tells the client.
    pub(super) fn begin(client: &Client, work: impl Future<Output = ()> + Send + 'static) -> Self {
        let (stop, ended) = (CancellationToken::new(), CancellationToken::new());
        let (stopped, ending) = (stop.clone(), ended.clone().drop_guard());
        client.spawn(async move {
            let _ending = ending;
            tokio::select! {
                biased;
                () = stopped.cancelled() => {}
                () = work => {}
            }
        });
        Self { stop, ended }
    }

    /// Ends it, with all that it holds. Nothing is told after this returns.
    pub(super) async fn end(self) {
        self.stop.cancel();
        self.ended.cancelled().await;
    }
}
