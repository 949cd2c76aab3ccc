//! Servers that are programs, played by shell scripts.

use std::time::Duration;

use outpost_client::{ClientError, ConnectError, ConnectOptions, Environment, Gone, Program};
use outpost_testkit::leaks::{Marker, VARIABLE};
use tokio::time::{Instant, timeout};

use crate::real::PATIENCE;

/// Does what `first` says, answers the handshake and then does what `then` says.
fn server(marker: &Marker, first: &str, then: &str) -> Program {
    let script = format!(
        r#"{first}
        read line
        printf '%s\n' '{{"id":1,"result":{{"sessionId":"s","environmentInfo":{{"shell":{{"name":"sh","path":"/bin/sh"}}}}}}}}'
        read line
        {then}"#
    );
    let mut program = Program::new("sh", ["-c", &script]);
    program.env = [(VARIABLE.to_owned(), marker.value().to_owned())].into();
    program
}

fn environment(program: Program) -> Environment {
    Environment::program(program, ConnectOptions::default())
}

async fn connected(marker: &Marker, first: &str, then: &str) -> Environment {
    let environment = environment(server(marker, first, then));
    let session = timeout(PATIENCE, environment.session_id()).await.unwrap();
    assert_eq!(session.unwrap(), "s");
    environment
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_is_started_when_it_is_needed_and_ended_with_its_group() {
    let marker = Marker::new();
    let environment = environment(server(&marker, "sleep 1000 &", "wait"));
    assert!(marker.living().is_empty(), "nothing was asked yet");
    environment.session_id().await.unwrap();
    assert!(marker.living().len() >= 2);
    let begun = Instant::now();
    environment.close().await;
    assert!(begun.elapsed() < Duration::from_secs(2), "TERM was enough");
    marker.assert_gone(Duration::ZERO);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_ignores_term_is_killed_after_the_grace() {
    let marker = Marker::new();
    let environment = connected(&marker, "trap '' TERM; sleep 1000 &", "wait").await;
    let begun = Instant::now();
    environment.close().await;
    assert!(begun.elapsed() >= Duration::from_secs(2));
    marker.assert_gone(PATIENCE);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drop_ends_the_group_without_being_waited_for() {
    let marker = Marker::new();
    let environment = connected(&marker, "(trap '' TERM; sleep 1000) & sleep 1000 &", "wait").await;
    let begun = Instant::now();
    drop(environment);
    assert!(begun.elapsed() < Duration::from_secs(1));
    marker.assert_gone(PATIENCE);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_a_program_is_the_end_of_the_session() {
    let marker = Marker::new();
    let environment = connected(
        &marker,
        "sleep 1000 >/dev/null &",
        "read line; echo bye >&2",
    )
    .await;
    let looked = timeout(PATIENCE, environment.files().metadata("/"))
        .await
        .unwrap();
    let gone = looked.unwrap_err();
    assert!(
        matches!(gone, ClientError::Gone(Gone::NotResumable { .. })),
        "{gone}"
    );
    marker.assert_gone(PATIENCE);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_that_is_not_there_or_says_nothing_is_told_apart() {
    let missing = environment(Program::new("/no/such/program", [""; 0]));
    let refused = missing.info().await.unwrap_err();
    let ClientError::Connect(ConnectError::Program { program, words }) = &refused else {
        panic!("{refused}")
    };
    assert_eq!(
        (program.as_str(), words.as_str()),
        ("/no/such/program", "No such file or directory (os error 2)")
    );
    let mute = environment(Program::new("true", [""; 0]));
    let ended = timeout(PATIENCE, mute.info()).await.unwrap().unwrap_err();
    assert!(
        matches!(ended, ClientError::Connect(ConnectError::Ended(_))),
        "{ended}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_runs_where_it_was_told_with_what_it_was_given() {
    let folder = tempfile::tempdir().unwrap();
    let marker = Marker::new();
    let write = r#"pwd > here; printf %s "$WORD" >> here"#;
    let mut program = server(&marker, write, "cat > /dev/null");
    program.cwd = Some(folder.path().to_owned());
    program.env.insert("WORD".to_owned(), "given".to_owned());
    let environment = environment(program);
    environment.session_id().await.unwrap();
    let written = std::fs::read_to_string(folder.path().join("here")).unwrap();
    let cwd = folder.path().canonicalize().unwrap();
    assert_eq!(written, format!("{}\ngiven", cwd.display()));
    environment.close().await;
    marker.assert_gone(PATIENCE);
}
