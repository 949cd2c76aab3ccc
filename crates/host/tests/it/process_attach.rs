//! Audiences come and go, are slow or stuck, and nothing is lost and nothing piles up.

use std::{
    task::{Context, Poll},
    time::Duration,
};

use outpost_host::process::{
    Audience, Event, ExitReason, Gone, OnFull, Process, ProcessLimits, ReadRequest, Signal, Stream,
};

use super::process_support::*;

/// A client that survives disconnects: it keeps what it got, and reads the gap after a resume.
struct Client<'a> {
    process: &'a Process,
    /// What it has, by sequence number without a hole.
    events: Vec<Event>,
}

impl Client<'_> {
    fn last(&self) -> u64 {
        self.events.len() as u64
    }

    /// One connection: it takes `count` events, loses the last `lost` of them with the cut.
    async fn connect(&mut self, count: usize, lost: usize) {
        let told = Told::some_of(self.process, count);
        self.read_gap().await;
        let live = told
            .until(|events| {
                events.len() == count || matches!(events.last(), Some(Event::Closed { .. }))
            })
            .await;
        self.process.detach();
        let cut = if count == usize::MAX { 0 } else { lost };
        let had = live.len().saturating_sub(cut);
        for event in live.into_iter().take(had) {
            if event.seq() > self.last() {
                assert_eq!(event.seq(), self.last() + 1, "an event is missing");
                self.events.push(event);
            }
        }
    }

    /// Reads what it missed page by page, while the process would print on.
    async fn read_gap(&mut self) {
        let end = self.process.summary().next_seq;
        loop {
            let after = self.last();
            let page = ReadRequest {
                after,
                max_bytes: Some(100_000),
                ..ReadRequest::default()
            };
            let page = self.process.read(page).await;
            assert_eq!(page.lost_bytes, 0);
            self.process.shown(page.next_seq);
            if page.chunks.is_empty() {
                return;
            }
            for chunk in page.chunks {
                assert_eq!(chunk.seq, self.last() + 1, "output is missing");
                self.events.push(Event::Output(chunk));
            }
            if self.last() + 1 >= end {
                return;
            }
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
        }
    }

    fn is_closed(&self) -> bool {
        matches!(self.events.last(), Some(Event::Closed { .. }))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_megabytes_survive_disconnects_with_losses() {
    let directory = tempfile::tempdir().unwrap();
    let piece = noise(1_000_003, 3);
    let path = directory.path().join("piece");
    std::fs::write(&path, &piece).unwrap();
    let limits = ProcessLimits {
        retain_bytes: 1 << 20,
        ..ProcessLimits::default()
    };
    let processes = processes(limits);
    let path = path.display();
    let script = format!("i=0; while [ $i -lt 100 ]; do cat {path}; i=$((i+1)); done");
    let process = processes.start("p", sh(&script)).await.unwrap();
    let mut client = Client {
        process: &process,
        events: Vec::new(),
    };
    for round in 0..40 {
        // Of the 16 chunks of 64 KiB that are kept, one read may not be delivered yet.
        client.connect(20 + round % 7, round % 12).await;
    }
    while !client.is_closed() {
        client.connect(usize::MAX, 0).await;
    }
    assert_complete(&client.events);
    assert!(bytes(&client.events, Stream::Stdout) == piece.repeat(100));
}

#[tokio::test]
async fn a_detached_process_is_held_at_its_budget_and_goes_on_when_someone_comes() {
    let limits = ProcessLimits {
        retain_bytes: 100_000,
        ..ProcessLimits::default()
    };
    let processes = processes(limits);
    let process = processes
        .start("p", sh("head -c 10000000 /dev/zero; echo end"))
        .await
        .unwrap();
    // A reader that claims what it has makes room, so it gets everything.
    let (mut after, mut got) = (0, Vec::new());
    for _ in 0..3 {
        let read = ReadRequest {
            after,
            max_bytes: None,
            wait: Duration::MAX,
        };
        let page = soon(process.read(read)).await;
        assert!(page_bytes(&page).len() <= 100_000);
        got.extend(page_bytes(&page));
        after = page.next_seq - 1;
    }
    assert!(got.len() <= 300_000);
    // And whoever comes is told what nobody had yet; that makes room too.
    let events = Told::of(&process).all().await;
    let rest = events
        .iter()
        .filter(|event| event.seq() > after)
        .cloned()
        .collect::<Vec<_>>();
    assert_eq!(rest[0].seq(), after + 1);
    got.extend(bytes(&rest, Stream::Stdout));
    assert_eq!(got.len(), 10_000_004);
    assert!(got.ends_with(b"\0end\n"));
}

#[tokio::test]
async fn p30_a_stuck_audience_stops_the_child_and_not_its_end() {
    let processes = processes(ProcessLimits::default());
    let process = processes.start("p", sh("trap '' USR1; yes")).await.unwrap();
    let asked = std::sync::Arc::default();
    process.attach(Box::new(Stuck {
        asked: std::sync::Arc::clone(&asked),
    }));
    let wait = Duration::MAX;
    soon(process.read(ReadRequest {
        after: 0,
        max_bytes: None,
        wait,
    }))
    .await;
    assert_prompt(|| process.signal(Signal::User1)).await;
    assert!(process.terminate(None).await);
    let page = soon(read_to_exit(&process)).await;
    assert_eq!(page.exit.unwrap().code, 137);
    assert_eq!(page.exit.unwrap().reason, ExitReason::Terminated);
    process.detach();
    let page = soon(read_to_close(&process)).await;
    assert!(*asked.lock());
    // Two reads at most and what the pipe held at the exit: not what `yes` could have printed.
    assert!(page_bytes(&page).len() <= (2 << 18) + (1 << 20) + (1 << 18));
}

#[tokio::test]
async fn a_departed_audience_detaches() {
    struct Departed;
    impl Audience for Departed {
        fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
            Poll::Ready(Err(Gone))
        }

        fn deliver(&mut self, _process_id: &str, _event: &Event) {
            panic!("it is gone");
        }
    }
    let processes = processes(ProcessLimits::default());
    let process = processes.start("p", sh("echo out")).await.unwrap();
    process.attach(Box::new(Departed));
    assert_eq!(page_bytes(&soon(read_to_close(&process)).await), b"out\n");
}

#[tokio::test]
async fn the_first_audience_is_told_everything_a_later_one_what_follows() {
    let processes = processes(ProcessLimits::default());
    let process = processes
        .start("p", sh_with_input("echo one; read x; echo two"))
        .await
        .unwrap();
    let wait = Duration::MAX;
    soon(process.read(ReadRequest {
        after: 0,
        max_bytes: None,
        wait,
    }))
    .await;
    let first = Told::of(&process);
    first.printed("one\n").await;
    let second = Told::of(&process);
    process
        .write(None, bytes::Bytes::from_static(b"\n"))
        .await
        .unwrap();
    let events = second.all().await;
    assert_eq!((events[0].seq(), printed(&events).as_str()), (2, "two\n"));
    assert_eq!(
        printed(&first.now()),
        "one\n",
        "after the change it was told nothing more"
    );
}

#[tokio::test]
async fn a_hoard_of_detached_output_does_not_stop_an_attached_process() {
    let limits = ProcessLimits {
        retain_bytes: 1 << 20,
        retain_total: 256 << 10,
        ..ProcessLimits::default()
    };
    let processes = processes(limits);
    let hoarder = processes.start("hoarder", sh("yes")).await.unwrap();
    fill(&hoarder, 252 << 10).await;
    let live = processes.start("live", sh("seq 1 100000")).await.unwrap();
    let output = printed(&Told::of(&live).all().await);
    assert!(
        output
            .lines()
            .map(|line| line.parse::<u32>().unwrap())
            .eq(1..=100_000)
    );
    assert!(page_bytes(&hoarder.read(ReadRequest::default()).await).len() <= 256 << 10);
    hoarder.terminate(None).await;
}

#[tokio::test]
async fn closed_processes_give_up_their_output_when_room_is_needed() {
    let limits = ProcessLimits {
        retain_total: 200_000,
        ..ProcessLimits::default()
    };
    let processes = processes(limits);
    let script = "head -c 150000 /dev/zero";
    let old = processes.start("old", sh(script)).await.unwrap();
    Told::of(&old).all().await;
    let new = processes.start("new", sh(script)).await.unwrap();
    let page = soon(read_to_close(&new)).await;
    assert_eq!((page_bytes(&page).len(), page.lost_bytes), (150_000, 0));
    let page = old.read(ReadRequest::default()).await;
    assert_eq!((page_bytes(&page).len(), page.lost_bytes), (0, 150_000));
}

#[tokio::test]
async fn eviction_never_stops_a_detached_child() {
    let limits = ProcessLimits {
        on_full: OnFull::Evict,
        retain_bytes: 65_536,
        ..ProcessLimits::default()
    };
    let processes = processes(limits);
    let process = processes
        .start("p", sh("head -c 3000000 /dev/zero"))
        .await
        .unwrap();
    Told::some_of(&process, 0);
    process.detach();
    let page = soon(read_to_close(&process)).await;
    assert_eq!(page.lost_bytes + page_bytes(&page).len() as u64, 3_000_000);
}

/// Waits until a process that prints without end has filled what may be kept of it, without
/// claiming any of it.
async fn fill(process: &Process, bytes: usize) {
    soon(async {
        while page_bytes(&process.read(ReadRequest::default()).await).len() < bytes {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_flood_does_not_push_out_what_a_resumed_client_has_not_read() {
    let processes = processes(ProcessLimits {
        retain_bytes: 4 * 65_536,
        ..ProcessLimits::default()
    });
    let process = processes.start("p", sh("exec yes")).await.unwrap();
    Told::some_of(&process, 1)
        .until(|events| events.len() == 1)
        .await;
    process.detach();
    fill(&process, 4 * 65_536).await;
    // With the log full the pipe fills too, and the child waits for it.
    soon(async {
        while state(&process.pid().to_string()) != Some('S') {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let told = Told::of(&process);
    // The process has every chance to go on, and does not.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    // The first chunk was told before, so it may have made room for what was not.
    let unread = ReadRequest {
        after: 1,
        ..ReadRequest::default()
    };
    let page = process.read(unread).await;
    assert_eq!((page.lost_bytes, page.chunks[0].seq), (0, 2));
    // Now that it was read, it goes on, and does not stop before long once that was shown.
    process.shown(page.next_seq);
    told.until(|events| events.len() > 10).await;
    process.terminate(None).await;
}

#[tokio::test]
async fn a_resumed_client_is_told_little_until_it_has_what_it_missed() {
    let processes = processes(ProcessLimits::default());
    let process = processes.start("p", sh("exec yes")).await.unwrap();
    Told::some_of(&process, 1)
        .until(|events| events.len() == 1)
        .await;
    process.detach();
    fill(&process, 1 << 20).await;
    let told = Told::of(&process);
    let page = process.read(ReadRequest::default()).await;
    assert!(process.waits_to_be_shown(page.next_seq));
    let ahead = told
        .until(|events| bytes(events, Stream::Stdout).len() >= 256 << 10)
        .await;
    // The process has every chance to be told of, and is not.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(told.now().len(), ahead.len());
    assert!(bytes(&ahead, Stream::Stdout).len() < (256 + 64) << 10);
    process.shown(page.next_seq);
    told.until(|events| bytes(events, Stream::Stdout).len() > 1 << 20)
        .await;
    process.terminate(None).await;
}

#[tokio::test]
async fn a_client_that_never_reads_what_it_missed_does_not_stop_the_process_for_long() {
    let limits = ProcessLimits {
        retain_bytes: 65_536,
        catch_up: Duration::from_millis(20),
        ..ProcessLimits::default()
    };
    let processes = processes(limits);
    let process = processes
        .start("p", sh("head -c 10000000 /dev/zero; echo end"))
        .await
        .unwrap();
    Told::some_of(&process, 1)
        .until(|events| events.len() == 1)
        .await;
    process.detach();
    let events = Told::of(&process).all().await;
    assert!(printed(&events).ends_with("\0end\n"));
}

#[tokio::test]
async fn the_smallest_limits_are_enough_for_everything() {
    let processes = processes(ProcessLimits::tiny());
    let process = processes
        .start("p", sh_with_input("cat; seq 1 2000 >&2"))
        .await
        .unwrap();
    let told = Told::of(&process);
    for number in 0..200 {
        let text = format!("{number} ");
        soon(process.write(Some(&text), text.clone().into()))
            .await
            .unwrap();
    }
    process.close_stdin().await;
    let events = told.all().await;
    assert_complete(&events);
    let expected: String = (0..200).map(|number| format!("{number} ")).collect();
    assert_eq!(bytes(&events, Stream::Stdout), expected.as_bytes());
    let numbers: String = (1..=2000).map(|number| format!("{number}\n")).collect();
    assert_eq!(bytes(&events, Stream::Stderr), numbers.as_bytes());
    let kept = process.read(ReadRequest::default()).await;
    assert!(page_bytes(&kept).len() <= 64 && kept.chunks.len() <= 4);
    assert!(kept.chunks.iter().all(|chunk| chunk.data.len() <= 16));
}

#[tokio::test]
async fn an_introduction_does_not_displace_who_is_there() {
    let processes = processes(ProcessLimits::default());
    let process = processes.start("p", sh("echo hi")).await.unwrap();
    let first = Told::if_alone(&process).expect("nobody is there yet");
    assert!(Told::if_alone(&process).is_none());
    let events = first.all().await;
    assert_eq!(bytes(&events, Stream::Stdout), b"hi\n");
}
