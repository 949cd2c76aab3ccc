//! Processes on a terminal.

use bytes::Bytes;
use outpost_host::process::{
    ExitReason, Process, ProcessLimits, ResizeError, Spec, Stdio, Stream, TerminalSize,
    WriteOutcome,
};

use super::process_support::*;

async fn type_in(process: &Process, keys: &'static [u8]) {
    let outcome = process
        .write(None, Bytes::from_static(keys))
        .await
        .expect("it is open");
    assert_eq!(outcome, WriteOutcome::Accepted);
}

#[tokio::test]
async fn p17_control_c_interrupts() {
    let processes = processes(ProcessLimits::default());
    let script = "trap 'echo got it; exit 7' INT; echo ready; while :; do sleep 0.01; done";
    let process = processes.start("p", sh_on_terminal(script)).await.unwrap();
    let told = Told::of(&process);
    told.printed("ready").await;
    type_in(&process, b"\x03").await;
    let events = told.all().await;
    assert_complete(&events);
    assert!(printed(&events).contains("got it\r\n"));
    assert_eq!(exit(&events).code, 7);
}

#[tokio::test]
async fn p17_control_d_is_end_of_file_typed_or_by_closing() {
    let processes = processes(ProcessLimits::default());
    let typed = processes
        .start("typed", sh_on_terminal("cat; echo end"))
        .await
        .unwrap();
    type_in(&typed, b"hi\n\x04").await;
    let closed = processes
        .start("closed", sh_on_terminal("cat; echo end"))
        .await
        .unwrap();
    type_in(&closed, b"hi\n").await;
    assert!(closed.close_stdin().await);
    for process in [typed, closed] {
        let events = Told::of(&process).all().await;
        assert_eq!(printed(&events), "hi\r\nhi\r\nend\r\n");
        assert!(matches!(exit(&events).reason, ExitReason::Exited));
    }
}

#[tokio::test]
async fn p17_raw_bytes_pass_unchanged() {
    let processes = processes(ProcessLimits::default());
    let script = "stty raw -echo; echo ready; head -c 256";
    let process = processes.start("p", sh_on_terminal(script)).await.unwrap();
    let told = Told::of(&process);
    told.printed("ready\n").await;
    let all: Vec<u8> = (0..=255).collect();
    process.write(None, all.clone().into()).await.unwrap();
    let output = bytes(&told.all().await, Stream::Terminal);
    assert!(output.ends_with(&all));
}

#[tokio::test]
async fn p17_a_hang_up_reaches_the_terminals_programs() {
    let processes = processes(ProcessLimits::default());
    let script = "(trap 'echo hung up; exit' HUP; echo ready; while :; do sleep 0.01; done) & wait";
    let process = processes.start("p", sh_on_terminal(script)).await.unwrap();
    let told = Told::of(&process);
    told.printed("ready").await;
    assert!(process.signal(outpost_host::process::Signal::Hangup).await);
    let events = told.all().await;
    assert_eq!(exit(&events).code, 129);
}

#[tokio::test]
async fn a_terminal_has_its_size_from_the_start_and_a_resize_is_seen() {
    let processes = processes(ProcessLimits::default());
    let script =
        "stty size; trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.01; done";
    let size = TerminalSize {
        rows: 33,
        cols: 101,
    };
    let spec = Spec {
        stdio: Stdio::Terminal { size },
        ..sh(script)
    };
    let process = processes.start("p", spec).await.unwrap();
    let told = Told::of(&process);
    told.printed("ready").await;
    process
        .resize(TerminalSize {
            rows: 50,
            cols: 132,
        })
        .unwrap();
    let output = printed(&told.all().await);
    assert_eq!(output, "33 101\r\nready\r\n50 132\r\n");
    let late = process.resize(TerminalSize::default());
    assert!(matches!(late, Err(ResizeError::Ended)));
    let pipes = processes.start("pipes", sh("exit")).await.unwrap();
    assert!(matches!(
        pipes.resize(TerminalSize::default()),
        Err(ResizeError::NotATerminal)
    ));
}

#[tokio::test]
async fn a_terminals_last_words_come_before_its_exit() {
    let processes = processes(ProcessLimits::default());
    for round in 0..100 {
        let script = format!("seq 1 {}; echo last", round * 10);
        let process = processes
            .start(&round.to_string(), sh_on_terminal(&script))
            .await
            .unwrap();
        let events = Told::of(&process).all().await;
        assert_complete(&events);
        assert!(printed(&events[..events.len() - 2]).ends_with("last\r\n"));
    }
}

#[tokio::test]
async fn a_shell_is_named_on_a_terminal_and_nothing_else_is_added() {
    let processes = processes(ProcessLimits::default());
    let terminal = sh_on_terminal("exec env");
    let spec = Spec {
        env: terminal.env.clone(),
        ..terminal
    };
    let events = Told::of(&processes.start("t", spec).await.unwrap())
        .all()
        .await;
    let output = printed(&events);
    assert!(output.contains("SHELL=/"));
    let events = Told::of(&processes.start("p", sh("exec env")).await.unwrap())
        .all()
        .await;
    assert!(!printed(&events).contains("SHELL="));
}
