//! What is written to a process reaches it once, in order, and never holds up anything else.

use bytes::Bytes;
use outpost_host::process::{ProcessLimits, ReadRequest, Signal, Stream, WriteOutcome};

use super::process_support::*;

#[tokio::test]
async fn writes_arrive_in_order_and_closing_gives_end_of_file() {
    let processes = processes(ProcessLimits::default());
    let process = processes
        .start("p", sh_with_input("cat; echo end"))
        .await
        .unwrap();
    let told = Told::of(&process);
    let writes = (0..300).map(|number| {
        let process = process.clone();
        async move {
            process
                .write(None, format!("{number}\n").into())
                .await
                .unwrap()
        }
    });
    let outcomes = soon(futures_util::future::join_all(writes)).await;
    assert!(
        outcomes
            .iter()
            .all(|outcome| *outcome == WriteOutcome::Accepted)
    );
    assert!(process.close_stdin().await);
    assert!(!process.close_stdin().await, "it is closed already");
    let late = process
        .write(None, Bytes::from_static(b"late"))
        .await
        .unwrap();
    assert_eq!(late, WriteOutcome::StdinClosed);
    let expected: String = (0..300).map(|number| format!("{number}\n")).collect();
    assert_eq!(printed(&told.all().await), expected + "end\n");
}

#[tokio::test]
async fn p16_a_full_input_holds_up_its_writer_and_nothing_else() {
    let processes = processes(ProcessLimits {
        stdin_bytes: 1 << 16,
        ..ProcessLimits::default()
    });
    let process = processes
        .start("p", sh_with_input("trap '' USR1; echo ready; sleep 1000"))
        .await
        .unwrap();
    Told::of(&process).printed("ready").await;
    let mut accepted = 0;
    let stuck = loop {
        let mut write = Box::pin(process.write(None, vec![0; 1 << 14].into()));
        // What is accepted is accepted on the first poll; what is not waits for the child.
        match futures_util::poll!(&mut write) {
            std::task::Poll::Ready(outcome) => assert_eq!(outcome.unwrap(), WriteOutcome::Accepted),
            std::task::Poll::Pending => break write,
        }
        accepted += 1 << 14;
        assert!(
            accepted <= (1 << 16) + (1 << 20),
            "more than the queue and the largest pipe"
        );
    };
    assert_eq!(process.read(ReadRequest::default()).await.chunks.len(), 1);
    assert_prompt(|| process.signal(Signal::User1)).await;
    assert!(process.terminate(None).await);
    assert_eq!(soon(stuck).await.unwrap(), WriteOutcome::StdinClosed);
    let after = process.write(None, Bytes::from_static(b"x")).await.unwrap();
    assert_eq!(after, WriteOutcome::StdinClosed);
}

#[tokio::test]
async fn p16_a_large_write_goes_through_as_the_child_reads() {
    let processes = processes(ProcessLimits {
        stdin_bytes: 1 << 16,
        ..ProcessLimits::default()
    });
    let process = processes.start("p", sh_with_input("cat")).await.unwrap();
    let told = Told::of(&process);
    let data: Bytes = (0..20_000_000_u32)
        .map(|at| at.to_le_bytes()[(at % 4) as usize])
        .collect();
    for piece in data.chunks(3_000_000) {
        let outcome = soon(process.write(None, Bytes::copy_from_slice(piece)))
            .await
            .unwrap();
        assert_eq!(outcome, WriteOutcome::Accepted);
    }
    process.close_stdin().await;
    assert!(bytes(&told.all().await, Stream::Stdout) == data);
}

#[tokio::test]
async fn p16_a_write_with_a_known_id_is_not_written_again() {
    let processes = processes(ProcessLimits::default());
    let process = processes.start("p", sh_with_input("cat")).await.unwrap();
    let told = Told::of(&process);
    for (id, text) in [("1", "a"), ("2", "b"), ("1", "c"), ("2", ""), ("3", "")] {
        let outcome = process
            .write(Some(id), text.as_bytes().into())
            .await
            .unwrap();
        assert_eq!(outcome, WriteOutcome::Accepted);
    }
    process.close_stdin().await;
    assert_eq!(printed(&told.all().await), "ab");
    let repeated = process
        .write(Some("1"), Bytes::from_static(b"z"))
        .await
        .unwrap();
    assert_eq!(
        repeated,
        WriteOutcome::Accepted,
        "accepted once is accepted for good"
    );
}

#[tokio::test]
async fn without_an_input_and_after_the_exit_it_is_closed() {
    let processes = processes(ProcessLimits::default());
    let process = processes.start("null", sh("cat; echo end")).await.unwrap();
    let outcome = process.write(None, Bytes::from_static(b"x")).await.unwrap();
    assert_eq!(outcome, WriteOutcome::StdinClosed);
    assert_eq!(printed(&Told::of(&process).all().await), "end\n");
    let process = processes
        .start("gone", sh_with_input("exit 0"))
        .await
        .unwrap();
    Told::of(&process).all().await;
    let outcome = process
        .write(Some("1"), Bytes::from_static(b"x"))
        .await
        .unwrap();
    assert_eq!(outcome, WriteOutcome::StdinClosed);
}

#[tokio::test]
async fn a_child_that_closes_its_input_closes_it_for_writers() {
    let processes = processes(ProcessLimits::default());
    let script = "exec <&-; echo closed; sleep 1000";
    let process = processes.start("p", sh_with_input(script)).await.unwrap();
    Told::of(&process).printed("closed").await;
    // The first write meets the broken pipe, the next ones know of it.
    process.write(None, Bytes::from_static(b"x")).await.unwrap();
    let outcome = process.write(None, Bytes::from_static(b"y")).await.unwrap();
    assert_eq!(outcome, WriteOutcome::StdinClosed);
    process.terminate(None).await;
}

#[tokio::test]
async fn a_write_nobody_waits_for_any_more_is_withdrawn() {
    let directory = tempfile::tempdir().unwrap();
    let go = fifo(directory.path());
    let processes = processes(ProcessLimits {
        stdin_bytes: 1,
        ..ProcessLimits::default()
    });
    let script = format!("read x <{}; tail -c 8", go.display());
    let process = processes.start("p", sh_with_input(&script)).await.unwrap();
    let told = Told::of(&process);
    let fill = process
        .write(None, vec![b'.'; 2 << 20].into())
        .await
        .unwrap();
    assert_eq!(
        fill,
        WriteOutcome::Accepted,
        "one is taken whatever its size"
    );
    let mut dropped = Box::pin(process.write(Some("d"), Bytes::from_static(b"dropped")));
    assert!(futures_util::poll!(&mut dropped).is_pending());
    let mut kept = Box::pin(process.write(Some("k"), Bytes::from_static(b"kept")));
    assert!(futures_util::poll!(&mut kept).is_pending());
    drop(dropped);
    open_fifo(go).await;
    assert_eq!(soon(kept).await.unwrap(), WriteOutcome::Accepted);
    process.close_stdin().await;
    assert_eq!(printed(&told.all().await), "....kept");
}
