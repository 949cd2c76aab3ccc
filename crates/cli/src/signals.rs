//! Signals to this program, but for those it was started to ignore.
//!
//! `nohup` and the background jobs of shells start a program with some signals ignored; a handler
//! would take that back without being asked. So what is ignored at the start stays ignored.

use std::{fs, future::pending, io};

use futures_util::future::select_all;
use tokio::signal::unix::{self, SignalKind};

/// Signals that are waited for together.
#[derive(Debug)]
pub(crate) struct Signals(Vec<(SignalKind, unix::Signal)>);

// === impl Signals ===

impl Signals {
    /// Takes over those of `kinds` that are not ignored. To be called inside a runtime.
    pub(crate) fn listen(kinds: &[SignalKind]) -> io::Result<Self> {
        // Without /proc nothing counts as ignored.
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let ignored = ignored(&status);
        let heard = kinds.iter().filter(|kind| !contains(ignored, **kind));
        let signals = heard.map(|kind| Ok((*kind, unix::signal(*kind)?)));
        signals.collect::<io::Result<_>>().map(Self)
    }

    /// The next signal. Cancel safe: a signal that is not returned is returned by the next call.
    pub(crate) async fn next(&mut self) -> SignalKind {
        let signals = self.0.iter_mut().map(|(kind, signal)| {
            Box::pin(async move {
                if signal.recv().await.is_none() {
                    // The runtime ends; nobody waits for the answer.
                    pending::<()>().await;
                }
                *kind
            })
        });
        let signals: Vec<_> = signals.collect();
        if signals.is_empty() {
            return pending().await;
        }
        select_all(signals).await.0
    }
}

/// The set of ignored signals in the text of `/proc/self/status`, a bit each.
fn ignored(status: &str) -> u64 {
    let set = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    set.and_then(|set| u64::from_str_radix(set.trim(), 16).ok())
        .unwrap_or(0)
}

fn contains(set: u64, kind: SignalKind) -> bool {
    let number = kind.as_raw_value();
    (1..=64).contains(&number) && set & (1 << (number - 1)) != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ignored_set_has_a_bit_for_each_signal() {
        let set = ignored("Name:\tx\nSigBlk:\t0000000000000002\nSigIgn:\t0000000000001001\n");
        assert!(contains(set, SignalKind::hangup()));
        assert!(contains(set, SignalKind::pipe()));
        assert!(!contains(set, SignalKind::interrupt()));
        assert_eq!(ignored("SigIgn:\twhat"), 0);
        assert_eq!(ignored(""), 0);
    }
}
