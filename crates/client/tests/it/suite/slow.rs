//! Slow readers, over every connector.

use crate::real::{On, outcome, shell};

/// More than all buffers on the way, and what the server retains, together.
const BYTES: usize = 48 << 20;

pub(super) async fn nobody_waits_for_a_slow_reader_and_it_loses_nothing(on: &On) {
    let processes = on.processes();
    let flood = format!("yes 0123456789abcde | head -c {BYTES}");
    let mut slow = processes.start(shell(&flood)).await.unwrap();
    // It is full when this has said more than a buffer holds.
    let quick = "head -c 8000000 /dev/zero; echo done >&2";
    let mut quick = processes.start(shell(quick)).await.unwrap();
    let (zeros, done, code) = outcome(&mut quick).await;
    assert_eq!(
        (zeros.len(), &done[..], code),
        (8_000_000, &b"done\n"[..], 0)
    );
    let (out, _, code) = outcome(&mut slow).await;
    assert_eq!((out.len(), code), (BYTES, 0));
    assert!(out.chunks(16).all(|line| line == b"0123456789abcde\n"));
}
