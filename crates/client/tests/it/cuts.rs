//! Connections that are cut, swallowed and refused between the client and the real server.

use std::time::Duration;

use outpost_client::{
    ClientError, ConnectOptions, ConnectionEvent, Environment, Gone, Process, ProcessEvent,
    StartOptions,
};
use outpost_rpc::limits::Limits;
use outpost_testkit::proxy::{Fault, Proxy};
use tokio::{sync::broadcast, time::timeout};

use crate::real::{PATIENCE, Served, config, outcome, shell};

struct World {
    environment: Environment,
    events: broadcast::Receiver<ConnectionEvent>,
    proxy: Proxy,
    server: Served,
}

/// Deadlines of a transport that tests can wait for.
fn hasty() -> Limits {
    let mut limits = Limits::default();
    limits.timeouts.ping_interval = Duration::from_millis(300);
    limits.timeouts.pong = Duration::from_millis(700);
    limits
}

async fn world(options: ConnectOptions) -> World {
    let mut config = config();
    config.limits = hasty();
    let server = Served::start(config).await;
    let proxy = Proxy::start(server.address);
    let options = ConnectOptions {
        limits: hasty(),
        ..options
    };
    let environment = Environment::connect(&format!("ws://{}", proxy.address()), options).unwrap();
    let events = environment.events();
    World {
        environment,
        events,
        proxy,
        server,
    }
}

impl World {
    async fn shutdown(self) {
        self.environment.close().await;
        drop(self.proxy);
        self.server.shutdown().await;
    }

    async fn told(&mut self, wanted: impl Fn(&ConnectionEvent) -> bool) {
        let told = async { while !wanted(&self.events.recv().await.unwrap()) {} };
        timeout(PATIENCE, told).await.expect("no such event");
    }
}

/// Numbers, one a line, as fast as they go.
fn count(to: u32) -> StartOptions {
    shell(&format!(
        "i=0; while [ $i -lt {to} ]; do i=$((i+1)); echo $i; done; exit 9"
    ))
}

fn counted(to: u32) -> String {
    (1..=to).fold(String::new(), |text, n| text + &format!("{n}\n"))
}

/// Output of at least so many bytes.
async fn some(process: &mut Process, text: &mut Vec<u8>, bytes: usize) {
    let end = text.len() + bytes;
    while text.len() < end {
        match process.next().await.unwrap().unwrap() {
            ProcessEvent::Output { bytes, .. } => text.extend_from_slice(&bytes),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s01_cut_in_mid_output_it_is_complete_in_order_and_nothing_twice() {
    let mut world = world(ConnectOptions::default()).await;
    let whole = async {
        let mut process = world
            .environment
            .processes()
            .start(count(60_000))
            .await
            .unwrap();
        let mut text = Vec::new();
        for _ in 0..5 {
            some(&mut process, &mut text, 20_000).await;
            world.proxy.cut();
            world.told(|event| *event == ConnectionEvent::Resumed).await;
        }
        let (rest, _, code) = outcome(&mut process).await;
        text.extend_from_slice(&rest);
        assert_eq!(code, 9);
        assert!(text == counted(60_000).as_bytes(), "{} bytes", text.len());
    };
    timeout(PATIENCE, whole).await.unwrap();
    world.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pulled_cable_is_noticed_and_the_session_is_back_with_it() {
    let mut world = world(ConnectOptions::default()).await;
    let whole = async {
        let options = StartOptions {
            pipe_stdin: true,
            ..shell("echo before; read x; echo $x")
        };
        let mut process = world.environment.processes().start(options).await.unwrap();
        let mut text = Vec::new();
        some(&mut process, &mut text, 7).await;
        world.proxy.set(Fault::Blackhole);
        let control = process.control();
        let (written, ()) = tokio::join!(control.write("after\n"), async {
            world
                .told(|event| matches!(event, ConnectionEvent::Lost { .. }))
                .await;
            world.proxy.set(Fault::None);
        });
        written.unwrap();
        let (rest, _, code) = outcome(&mut process).await;
        assert_eq!(
            (&text[..], &rest[..], code),
            (&b"before\n"[..], &b"after\n"[..], 0)
        );
    };
    timeout(PATIENCE, whole).await.unwrap();
    world.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_in_the_middle_of_a_flood_loses_nothing() {
    let world = world(ConnectOptions::default()).await;
    let bytes: usize = 100_000_000;
    let whole = async {
        let command = format!("yes 0123456789abcde | head -c {bytes}");
        let mut process = world
            .environment
            .processes()
            .start(shell(&command))
            .await
            .unwrap();
        let mut text = Vec::with_capacity(bytes);
        some(&mut process, &mut text, 10_000_000).await;
        world.proxy.outage(Duration::from_millis(1500));
        let (rest, _, code) = outcome(&mut process).await;
        text.extend_from_slice(&rest);
        assert_eq!((text.len(), code), (bytes, 0));
        assert!(text.chunks(16).all(|line| line == b"0123456789abcde\n"));
    };
    timeout(PATIENCE, whole).await.unwrap();
    world.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn starts_across_cuts_happen_once() {
    let mut world = world(ConnectOptions::default()).await;
    let folder = tempfile::tempdir().unwrap();
    world.environment.session_id().await.unwrap();
    let whole = async {
        for n in 0..10 {
            let file = folder.path().join(n.to_string());
            let command = format!("echo ran >> {}", file.display());
            let processes = world.environment.processes();
            let (process, ()) = tokio::join!(processes.start(shell(&command)), async {
                for _ in 0..n {
                    tokio::task::yield_now().await;
                }
                world.proxy.cut();
            });
            assert_eq!(outcome(&mut process.unwrap()).await.2, 0);
            assert_eq!(std::fs::read_to_string(file).unwrap(), "ran\n");
        }
    };
    timeout(PATIENCE, whole).await.unwrap();
    world
        .told(|event| matches!(event, ConnectionEvent::Lost { .. }))
        .await;
    world.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_stays_away_is_given_up() {
    let recovery = Duration::from_millis(700);
    let world = world(ConnectOptions {
        recovery,
        ..ConnectOptions::default()
    })
    .await;
    let options = StartOptions {
        pipe_stdin: true,
        ..StartOptions::new(["cat"])
    };
    let mut process = world.environment.processes().start(options).await.unwrap();
    world.proxy.set(Fault::Refuse);
    world.proxy.cut();
    let gone = timeout(PATIENCE, process.next())
        .await
        .unwrap()
        .unwrap()
        .unwrap_err();
    assert!(
        matches!(gone, ClientError::Gone(Gone::RecoveryTimedOut { .. })),
        "{gone}"
    );
    let looked = world.environment.files().metadata("/").await;
    assert!(matches!(looked, Err(ClientError::Gone(_))));
    world.shutdown().await;
}
