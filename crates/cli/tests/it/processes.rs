//! `outpost ps` and `outpost kill`.

use std::time::Instant;

use outpost_client::{ConnectOptions, Environment, StartOptions};
use tokio::runtime::Runtime;

use crate::support::{Home, PATIENCE, Server};

fn runtime() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(1).enable_all().build().unwrap()
}

/// Starts `sh -c SCRIPT` as process `p` on a server, and leaves it; the session's id.
fn leave_behind(server: &Server, script: &str) -> String {
    runtime().block_on(async {
        let environment = Environment::connect(&server.url, ConnectOptions::default()).unwrap();
        let options = StartOptions {
            process_id: Some("p".to_owned()),
            ..StartOptions::new(["sh", "-c", script])
        };
        let process = environment.processes().start(options).await.unwrap();
        let session = environment.session_id().await.unwrap();
        drop(process);
        environment.close().await;
        session
    })
}

#[test]
fn processes_of_a_session_are_listed_signalled_and_ended() {
    let home = Home::new();
    let server = home.server(&[]);
    let (ready, caught) = (home.fifo("ready"), home.fifo("caught"));
    let script = "trap 'echo >caught' USR1; setsid sleep 600 & echo >ready; while :; do wait; done";
    let session = leave_behind(&server, script);
    ready.hear();
    let on = ["--on", &server.url, "--session", &session];
    let with = |words: &[&str]| home.run(&[words, &on].concat());
    let listed = with(&["ps"]);
    assert_eq!((listed.status, &*listed.stderr), (Some(0), ""));
    let rows: Vec<_> = listed.stdout().lines().collect();
    assert!(rows[0].starts_with("ID "), "{rows:?}");
    assert!(rows[1].starts_with("p "), "{rows:?}");
    assert!(
        rows[1].contains("running") && rows[1].contains("sh -c"),
        "{rows:?}"
    );
    with(&["kill", "--signal", "USR1", "p"]).assert(0, "", "");
    caught.hear();
    let unknown = with(&["kill", "nobody", "p"]);
    unknown.assert(
        1,
        "",
        "outpost: cannot end nobody: there is no process `nobody`\n",
    );
    // The answer does not wait for the end.
    let deadline = Instant::now() + PATIENCE;
    while !with(&["ps"]).stdout().contains("exited 137") {
        assert!(Instant::now() < deadline, "it did not end");
    }
    server.stop();
    home.assert_nothing_left();
}

#[test]
fn a_grace_lets_a_process_end_by_itself() {
    let home = Home::new();
    let server = home.server(&[]);
    let (ready, over) = (home.fifo("ready"), home.fifo("over"));
    let script = "trap 'echo over >over; exit 5' TERM; sleep 600 & echo >ready; wait";
    let session = leave_behind(&server, script);
    ready.hear();
    let arguments = [
        "kill",
        "--on",
        &server.url,
        "--session",
        &session,
        "--grace",
        "20s",
        "p",
    ];
    home.run(&arguments).assert(0, "", "");
    assert_eq!(over.hear(), "over\n");
    server.stop();
}

#[test]
fn a_session_that_is_unknown_or_in_use_is_refused() {
    let home = Home::new();
    let server = home.server(&[]);
    let unknown = "904210e8-0e34-4cdc-a791-373b199a16ee";
    let refused = home.run(&["ps", "--on", &server.url, "--session", unknown]);
    assert_eq!(refused.status, Some(1), "{refused:?}");
    assert!(
        refused.stderr.contains("does not know the session"),
        "{refused:?}"
    );
    let runtime = runtime();
    let environment = {
        let _inside = runtime.enter();
        Environment::connect(&server.url, ConnectOptions::default()).unwrap()
    };
    let session = runtime.block_on(environment.session_id()).unwrap();
    let attached = home.run(&["ps", "--on", &server.url, "--session", &session]);
    assert_eq!(attached.status, Some(1), "{attached:?}");
    assert!(attached.stderr.contains("attached"), "{attached:?}");
    runtime.block_on(environment.close());
    home.run(&["ps", "--on", &server.url, "--session", &session])
        .assert(0, "ID  PID  STATE  AGE  COMMAND\n", "");
    server.stop();
}
