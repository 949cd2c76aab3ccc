//! Accepting, where the system refuses; everything a client sees is in the integration tests.

use std::{
    collections::VecDeque,
    sync::atomic::{AtomicUsize, Ordering},
};

use rustix::io::Errno;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    time::Instant,
};

use super::*;
use crate::listen::{Address, Auth, Config, ListenError, Listener};

/// A listener that fails as often as it is told, then yields what it was given.
struct Failing {
    failures: usize,
    streams: VecDeque<DuplexStream>,
    tries: Arc<AtomicUsize>,
}

impl Source for Failing {
    type Stream = DuplexStream;

    async fn accept(&mut self) -> io::Result<(DuplexStream, PeerInfo)> {
        let tries = self.tries.fetch_add(1, Ordering::Relaxed);
        if tries < self.failures {
            return Err(Errno::MFILE.into());
        }
        match self.streams.pop_front() {
            Some(stream) => Ok((stream, PeerInfo::Memory)),
            None => std::future::pending().await,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn r01_without_descriptors_accepting_pauses_and_recovers() {
    let (mut client, stream) = duplex(1000);
    let tries = Arc::new(AtomicUsize::new(0));
    let streams = VecDeque::from([stream]);
    let source = Failing {
        failures: 50,
        streams,
        tries: Arc::clone(&tries),
    };
    let address = Address::Unix("/none".into());
    let shared = Arc::new(Shared::new(Config::default(), &address));
    let stop = CancellationToken::new();
    let (accepted, _taken) = mpsc::channel(1);
    let mut tasks = JoinSet::new();
    tasks.spawn(serve(source, shared, stop.clone(), accepted));
    let started = Instant::now();
    client
        .write_all(b"GET /readyz HTTP/1.1\r\n\r\n")
        .await
        .unwrap();
    let mut answer = [0; 15];
    client.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
    assert_eq!(started.elapsed(), 50 * PAUSE);
    assert_eq!(tries.load(Ordering::Relaxed), 52);
    stop.cancel();
    tasks.join_next().await.unwrap().unwrap();
}

#[tokio::test]
async fn a08_a_listener_beyond_loopback_needs_auth_or_a_word() {
    let bind = async |address: &str, auth, insecure_no_auth| {
        let config = Config {
            auth,
            insecure_no_auth,
            ..Config::default()
        };
        Listener::bind(&address.parse().unwrap(), config)
            .await
            .map(drop)
    };
    for exposed in ["ws://0.0.0.0:0", "ws://[::]:0", "ws://192.0.2.1:1"] {
        let refused = bind(exposed, Auth::Open, false).await.unwrap_err();
        assert!(matches!(refused, ListenError::Exposed(_)), "{exposed}");
        assert!(refused.to_string().contains("--insecure-no-auth"));
    }
    bind("ws://0.0.0.0:0", Auth::Open, true).await.unwrap();
    bind("ws://0.0.0.0:0", Auth::token("x"), false)
        .await
        .unwrap();
    bind("ws://127.0.0.2:0", Auth::Open, false).await.unwrap();
    let stdio = bind("stdio", Auth::Open, false).await;
    assert!(matches!(stdio, Err(ListenError::Stdio)));
}

#[tokio::test]
async fn an_address_in_use_is_an_explained_error() {
    let first = Listener::bind(&"ws://127.0.0.1:0".parse().unwrap(), Config::default()).await;
    let first = first.unwrap();
    let second = Listener::bind(first.address(), Config::default())
        .await
        .unwrap_err();
    let expected = format!(
        "failed to listen on {}: Address already in use",
        first.address()
    );
    assert!(second.to_string().starts_with(&expected), "{second}");
}
