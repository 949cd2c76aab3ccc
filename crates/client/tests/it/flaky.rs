//! The client and the real server over streams that split, delay and cut by seed.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use outpost_client::{Environment, StartOptions};
use outpost_server::embed::EmbeddedExec;
use outpost_testkit::flaky::Flaky;
use tokio::{io::DuplexStream, task::JoinSet, time::timeout};

use crate::real::{Lines, PATIENCE, config, outcome, shell};

/// Each is a conversation of its own.
const SEEDS: u64 = 200;

/// Conversations at the same time: they mostly wait.
const AT_ONCE: usize = 20;

/// A connection is cut after at most so many bytes: more than the largest answer, or there would
/// be no getting on; little enough that most conversations are cut.
const CUT_AFTER: usize = 200_000;

/// Some output, an echo and an exit code, whatever happens to the connection.
async fn converse(server: Arc<EmbeddedExec>, seed: u64) {
    let connections = AtomicU64::new(0);
    let wrap = move |near: DuplexStream, far: DuplexStream| {
        let seed = seed * 1000 + 2 * connections.fetch_add(1, Ordering::Relaxed);
        let near = Flaky::new(near, seed, Some(CUT_AFTER));
        (near, Flaky::new(far, seed + 1, Some(CUT_AFTER)))
    };
    let environment = Environment::over(Lines { server, wrap });
    let command = "i=0; while [ $i -lt 800 ]; do i=$((i+1)); echo line $i; done; cat; exit 3";
    let options = StartOptions {
        pipe_stdin: true,
        ..shell(command)
    };
    let mut process = loop {
        // Only a first connection may fail to the caller; whatever it was to do is not begun.
        match environment.processes().start(options.clone()).await {
            Ok(process) => break process,
            Err(error) => {
                let connecting = matches!(error, outpost_client::ClientError::Connect(_));
                assert!(connecting, "seed {seed}: {error}");
            }
        }
    };
    let control = process.control();
    let (written, (out, _, code)) = tokio::join!(
        async {
            for n in 0..10 {
                control.write(format!("echo {n}\n")).await?;
            }
            control.close_stdin().await
        },
        outcome(&mut process)
    );
    written.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    let lines = (1..=800).map(|n| format!("line {n}\n"));
    let expected: String = lines
        .chain((0..10).map(|n| format!("echo {n}\n")))
        .collect();
    assert!(
        out == expected.as_bytes(),
        "seed {seed}: {}",
        String::from_utf8_lossy(&out)
    );
    assert_eq!(code, 3, "seed {seed}");
    environment.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_seeds_change_nothing() {
    let server = Arc::new(EmbeddedExec::new(config()));
    let mut conversations = JoinSet::new();
    for seed in 0..SEEDS {
        if conversations.len() >= AT_ONCE {
            conversations.join_next().await.unwrap().unwrap();
        }
        let talk = converse(Arc::clone(&server), seed);
        conversations.spawn(async move {
            timeout(PATIENCE, talk)
                .await
                .unwrap_or_else(|_| panic!("seed {seed} hangs"));
        });
    }
    while let Some(ended) = conversations.join_next().await {
        ended.unwrap();
    }
    server.shutdown().await;
}
