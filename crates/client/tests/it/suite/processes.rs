//! Processes, over every connector.

use std::time::Duration;

use futures_util::future::join_all;
use outpost_client::{
    ClientError, ConnectOptions, ExitReason, ProcessEvent, SignalName, StartOptions, TerminalSize,
};

use crate::real::{On, outcome, shell};

pub(super) async fn streams_are_apart_and_the_exit_code_is_kept(on: &On) {
    let options = StartOptions {
        env: [("WORD".to_owned(), "err".to_owned())].into(),
        cwd: Some("/".into()),
        ..shell("echo out; pwd; echo $WORD >&2; exit 3")
    };
    let mut process = on.processes().start(options).await.unwrap();
    assert_eq!(
        outcome(&mut process).await,
        (b"out\n/\n".to_vec(), b"err\n".to_vec(), 3)
    );
    assert_eq!(
        process.wait().await.unwrap().reason,
        Some(ExitReason::Exited)
    );
}

pub(super) async fn input_is_echoed_byte_for_byte(on: &On) {
    let bytes: Vec<u8> = (0..5_000_000u32)
        .map(|n| u8::try_from(n % 251).unwrap())
        .collect();
    let options = StartOptions {
        pipe_stdin: true,
        ..StartOptions::new(["cat"])
    };
    let mut process = on.processes().start(options).await.unwrap();
    let control = process.control();
    let (written, (out, ..)) = tokio::join!(
        async {
            for part in bytes.chunks(700_000) {
                control.write(part.to_vec()).await?;
            }
            control.close_stdin().await
        },
        outcome(&mut process)
    );
    written.unwrap();
    assert!(out == bytes, "{} bytes came back", out.len());
    let late = control.write("x").await;
    assert!(
        matches!(
            late,
            Err(ClientError::StdinClosed { .. } | ClientError::Refused { .. })
        ),
        "{late:?}"
    );
}

pub(super) async fn a_terminal_has_a_size_and_takes_what_is_typed(on: &On) {
    let tty = Some(TerminalSize { rows: 30, cols: 90 });
    let options = StartOptions {
        tty,
        ..shell("stty size; read line; echo got $line; stty size")
    };
    let mut process = on.processes().start(options).await.unwrap();
    let first = process.next().await.unwrap().unwrap();
    let ProcessEvent::Output { bytes, .. } = first else {
        panic!("{first:?}")
    };
    assert_eq!(&bytes[..], b"30 90\r\n");
    process.resize(31, 91).await.unwrap();
    process.write("hello\n").await.unwrap();
    let (_, shown, code) = outcome(&mut process).await;
    let shown = String::from_utf8(shown).unwrap();
    assert!(
        shown.ends_with("got hello\r\n31 91\r\n") && code == 0,
        "{shown:?} {code}"
    );
}

pub(super) async fn a_signal_reaches_the_trap(on: &On) {
    for (name, signal) in [("INT", SignalName::Interrupt), ("USR1", SignalName::User1)] {
        let command = format!("trap 'exit 7' {name}; echo ready; while :; do sleep 0.05; done");
        let mut process = on.processes().start(shell(&command)).await.unwrap();
        assert!(matches!(
            process.next().await,
            Some(Ok(ProcessEvent::Output { .. }))
        ));
        process.signal(signal).await.unwrap();
        assert_eq!(process.wait().await.unwrap().code, 7);
    }
}

pub(super) async fn terminate_ends_the_tree_with_and_without_grace(on: &On) {
    for (grace, code) in [(None, 137), (Some(Duration::from_secs(20)), 5)] {
        let command = "trap 'exit 5' TERM; sleep 1000 & echo ready; while :; do wait; done";
        let mut process = on.processes().start(shell(command)).await.unwrap();
        assert!(matches!(
            process.next().await,
            Some(Ok(ProcessEvent::Output { .. }))
        ));
        assert!(process.terminate(grace).await.unwrap());
        let exit = process.wait().await.unwrap();
        assert_eq!(exit.code, code);
        // The sleep holds the output: the close tells that it is gone.
        assert!(matches!(
            process.next().await,
            Some(Ok(ProcessEvent::Closed))
        ));
        assert!(process.next().await.is_none());
        assert!(!process.terminate(None).await.unwrap());
    }
}

pub(super) async fn a_time_limit_ends_it(on: &On) {
    let options = StartOptions {
        timeout: Some(Duration::from_millis(50)),
        ..shell("sleep 1000")
    };
    let mut process = on.processes().start(options).await.unwrap();
    assert_eq!(
        process.wait().await.unwrap().reason,
        Some(ExitReason::TimedOut)
    );
}

pub(super) async fn a_program_that_is_not_there_is_refused_and_its_name_free(on: &On) {
    let named = |options| StartOptions {
        process_id: Some("same".to_owned()),
        ..options
    };
    let processes = on.processes();
    let refused = processes
        .start(named(StartOptions::new(["/no/such/program"])))
        .await;
    let refused = refused.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "No such file or directory (os error 2)"
    );
    let mut process = processes.start(named(shell("exit 4"))).await.unwrap();
    assert_eq!(process.wait().await.unwrap().code, 4);
    assert!(processes.attach("never").await.unwrap_err().is_not_found());
}

pub(super) async fn fifty_processes_at_once_are_listed_and_end(on: &On) {
    let processes = on.processes();
    let start = |n: i32| {
        let options = StartOptions {
            pipe_stdin: true,
            ..shell(&format!("read x; exit {n}"))
        };
        processes.start(options)
    };
    let started = join_all((0..50).map(start)).await;
    let mut started: Vec<_> = started.into_iter().map(Result::unwrap).collect();
    assert_eq!(processes.list().await.unwrap().len(), 50);
    join_all(started.iter().map(|process| process.write("\n"))).await;
    for (n, process) in (0..).zip(&mut started) {
        assert_eq!(outcome(process).await.2, n);
    }
}

pub(super) async fn output_of_a_background_child_follows_the_exit(on: &On) {
    let folder = tempfile::tempdir().unwrap();
    let sign = folder.path().join("sign");
    let wait = format!("while [ ! -e '{}' ]; do sleep 0.01; done", sign.display());
    let command = format!("({wait}; echo late) & exit 6");
    let mut process = on.processes().start(shell(&command)).await.unwrap();
    assert_eq!(process.wait().await.unwrap().code, 6);
    on.files().write(&sign, "").await.unwrap();
    let late = process.next().await.unwrap().unwrap();
    assert!(
        matches!(&late, ProcessEvent::Output { bytes, .. } if &bytes[..] == b"late\n"),
        "{late:?}"
    );
    assert_eq!(process.next().await.unwrap().unwrap(), ProcessEvent::Closed);
}

pub(super) async fn a_closed_environment_leaves_the_session_to_be_resumed(on: &On) {
    let options = StartOptions {
        process_id: Some("kept".to_owned()),
        pipe_stdin: true,
        ..shell("echo before; read x; echo after; exit 2")
    };
    let mut process = on.processes().start(options).await.unwrap();
    assert!(matches!(
        process.next().await,
        Some(Ok(ProcessEvent::Output { .. }))
    ));
    let session = on.session_id().await.unwrap();
    let resume_session_id = Some(session.clone());
    let other = on.again(ConnectOptions {
        resume_session_id,
        ..ConnectOptions::default()
    });
    // While it is attached here, it is not there.
    let refused = other.session_id().await.unwrap_err().to_string();
    assert!(refused.contains("attached to another client"), "{refused}");
    drop(process);
    on.close().await;
    assert_eq!(other.session_id().await.unwrap(), session);
    let mut taken = other.processes().attach("kept").await.unwrap();
    taken.write("\n").await.unwrap();
    let (out, _, code) = outcome(&mut taken).await;
    assert_eq!((&out[..], code), (&b"before\nafter\n"[..], 2));
    other.close().await;
}
