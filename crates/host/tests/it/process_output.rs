//! What a process prints is what its audience and its readers get: exactly, in order, to the end.

use std::time::Duration;

use bytes::Bytes;
use outpost_host::process::{Event, ExitReason, OnFull, ProcessLimits, ReadRequest, Stream};

use super::process_support::*;

fn written(directory: &tempfile::TempDir, name: &str, content: &[u8]) -> String {
    let path = directory.path().join(name);
    std::fs::write(&path, content).expect("a temporary directory can be written");
    path.display().to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p01_arbitrary_bytes_arrive_exactly_on_both_streams() {
    let directory = tempfile::tempdir().unwrap();
    let (out, err) = (noise(8 << 20, 1), noise(8 << 20, 2));
    let (a, b) = (
        written(&directory, "a", &out),
        written(&directory, "b", &err),
    );
    let processes = processes(ProcessLimits::default());
    let process = processes
        .start("p", sh(&format!("cat {a} & cat {b} >&2; wait")))
        .await
        .unwrap();
    let events = Told::of(&process).all().await;
    assert_complete(&events);
    assert!(bytes(&events, Stream::Stdout) == out);
    assert!(bytes(&events, Stream::Stderr) == err);
    let whole = |event: &Event| match event {
        Event::Output(chunk) => (1..=64 << 10).contains(&chunk.data.len()),
        Event::Exited { .. } | Event::Closed { .. } => true,
    };
    assert!(events.iter().all(whole));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p02_a_thousand_echoes_never_exit_before_their_output() {
    let processes = processes(ProcessLimits::default());
    for round in 0..125 {
        let echoes = (0..8).map(|lane| {
            let processes = processes.clone();
            async move {
                let process = processes
                    .start(&format!("{round}.{lane}"), sh("echo hi"))
                    .await;
                let events = Told::of(&process.unwrap()).all().await;
                assert_complete(&events);
                let exit = events
                    .iter()
                    .position(|event| matches!(event, Event::Exited { .. }));
                assert_eq!(printed(&events[..exit.unwrap()]), "hi\n");
                assert_eq!(exit, Some(events.len() - 2));
            }
        });
        futures_util::future::join_all(echoes).await;
    }
}

#[tokio::test]
async fn p03_the_exit_comes_at_once_and_late_output_after_it() {
    let directory = tempfile::tempdir().unwrap();
    let go = fifo(directory.path());
    let script = format!("(read x <{}; echo late) & echo early; exit 3", go.display());
    let processes = processes(ProcessLimits::default());
    let process = processes.start("p", sh(&script)).await.unwrap();
    let told = Told::of(&process);
    let events = told
        .until(|events| matches!(events.last(), Some(Event::Exited { .. })))
        .await;
    assert_eq!(printed(&events), "early\n");
    assert_eq!(exit(&events).code, 3);

    // After the exit and before the close a reader that has passed the exit waits for real.
    let waiting = process.read(ReadRequest {
        after: 2,
        max_bytes: None,
        wait: Duration::MAX,
    });
    let (page, ()) = soon(async { tokio::join!(waiting, open_fifo(go)) }).await;
    assert_eq!(page_bytes(&page), b"late\n");
    let events = told.all().await;
    assert_complete(&events);
    assert_eq!(printed(&events), "early\nlate\n");
}

#[tokio::test]
async fn p04_terminate_ends_a_background_child_that_holds_the_pipe() {
    let processes = processes(ProcessLimits::default());
    let process = processes
        .start("p", sh("sleep 1000 & exit 0"))
        .await
        .unwrap();
    let told = Told::of(&process);
    told.until(|events| matches!(events.last(), Some(Event::Exited { .. })))
        .await;
    assert!(!process.terminate(None).await, "the leader is gone already");
    assert_complete(&told.all().await);
}

#[tokio::test]
async fn p04_a_held_pipe_is_given_up_after_the_drain_time() {
    let drain_after_exit = Some(Duration::from_millis(20));
    let processes = processes(ProcessLimits {
        drain_after_exit,
        ..ProcessLimits::default()
    });
    let process = processes
        .start("p", sh("sleep 1000 & echo out; exit 4"))
        .await
        .unwrap();
    let events = Told::of(&process).all().await;
    assert_complete(&events);
    assert_eq!(
        (printed(&events).as_str(), exit(&events).code),
        ("out\n", 4)
    );
    process.terminate(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p21_two_hundred_thousand_lines_stay_in_order() {
    let processes = processes(ProcessLimits::default());
    let process = processes.start("p", sh("seq 1 200000")).await.unwrap();
    let events = Told::of(&process).all().await;
    assert_complete(&events);
    let output = printed(&events);
    assert!(
        output
            .lines()
            .map(|line| line.parse::<u32>().unwrap())
            .eq(1..=200_000)
    );
}

#[tokio::test]
async fn p22_evicted_output_is_a_visible_gap() {
    let limits = ProcessLimits {
        retain_bytes: 1 << 20,
        on_full: OnFull::Evict,
        ..ProcessLimits::default()
    };
    let processes = processes(limits);
    let script = "head -c 5000000 /dev/zero; echo end";
    let process = processes.start("p", sh(script)).await.unwrap();
    let page = soon(read_to_close(&process)).await;
    let kept = page_bytes(&page);
    assert!(kept.len() <= 1 << 20 && kept.ends_with(b"end\n"));
    assert_eq!(page.lost_bytes, 5_000_004 - kept.len() as u64);
    assert_eq!(page.first_available_seq, page.chunks[0].seq);
    assert!(page.first_available_seq > 1);
    let after = page.first_available_seq - 1;
    let rest = process
        .read(ReadRequest {
            after,
            ..ReadRequest::default()
        })
        .await;
    assert_eq!((rest.lost_bytes, page_bytes(&rest)), (0, kept));
}

#[tokio::test]
async fn p28_absurd_waits_and_budgets_are_answered() {
    let processes = processes(ProcessLimits::default());
    let process = processes
        .start("p", sh("echo one; echo two >&2"))
        .await
        .unwrap();
    soon(read_to_close(&process)).await;
    let all = ReadRequest {
        after: 0,
        max_bytes: Some(0),
        wait: Duration::from_millis(u64::MAX),
    };
    let page = soon(process.read(all)).await;
    assert_eq!((page.chunks.len(), page.next_seq), (1, 2));
    let rest = ReadRequest {
        after: 1,
        max_bytes: Some(usize::MAX),
        wait: Duration::MAX,
    };
    let page = soon(process.read(rest)).await;
    assert_eq!((page.chunks.len(), page.next_seq), (1, 3));
    let beyond = ReadRequest {
        after: u64::MAX,
        max_bytes: None,
        wait: Duration::MAX,
    };
    let page = soon(process.read(beyond)).await;
    assert_eq!(
        (page.chunks.len(), page.next_seq, page.closed),
        (0, 5, true)
    );
}

#[tokio::test]
async fn a_reader_is_woken_by_output_by_an_exit_and_by_the_close() {
    let processes = processes(ProcessLimits::default());
    let process = processes
        .start("p", sh_with_input("read x; echo $x; read y; exit 5"))
        .await
        .unwrap();
    let after = |after| ReadRequest {
        after,
        max_bytes: None,
        wait: Duration::MAX,
    };
    let reading = process.read(after(0));
    process
        .write(None, Bytes::from_static(b"hello\n"))
        .await
        .unwrap();
    let page = soon(reading).await;
    assert_eq!(
        (page_bytes(&page).as_slice(), page.next_seq, page.exit),
        (&b"hello\n"[..], 2, None)
    );
    let reading = process.read(after(1));
    process
        .write(None, Bytes::from_static(b"\n"))
        .await
        .unwrap();
    let page = soon(reading).await;
    assert_eq!(page.exit.unwrap().code, 5);
    let page = soon(process.read(after(2))).await;
    assert!(page.closed);
    assert_eq!(page.exit.unwrap().reason, ExitReason::Exited);
}
