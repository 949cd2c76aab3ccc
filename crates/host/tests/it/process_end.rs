//! How processes end: by themselves, by time, by command, with their session, without a trace.

use std::{collections::BTreeMap, time::Duration};

use outpost_host::process::{
    EndCause, ExitReason, Found, ProcessLimits, Processes, Signal, Spec, StartError, Stream,
    keeper::SpawnError,
};

use super::process_support::*;

#[tokio::test]
async fn terminate_kills_at_once_with_137() {
    let processes = processes(ProcessLimits::default());
    let script = "trap '' TERM INT HUP; echo ready; while :; do sleep 1000; done";
    let process = processes.start("p", sh(script)).await.unwrap();
    let told = Told::of(&process);
    told.printed("ready").await;
    assert!(process.terminate(None).await);
    let end = exit(&told.all().await);
    assert_eq!((end.code, end.reason), (137, ExitReason::Terminated));
    assert!(!process.terminate(None).await);
}

#[tokio::test]
async fn p06_a_grace_time_lets_a_trap_answer() {
    let processes = processes(ProcessLimits::default());
    let script = "trap 'echo bye; exit 9' TERM; echo ready; while :; do sleep 0.01; done";
    let process = processes.start("p", sh(script)).await.unwrap();
    let told = Told::of(&process);
    told.printed("ready").await;
    assert!(process.terminate(Some(Duration::from_secs(50))).await);
    let events = told.all().await;
    assert!(printed(&events).ends_with("bye\n"));
    assert_eq!(
        (exit(&events).code, exit(&events).reason),
        (9, ExitReason::Terminated)
    );
}

#[tokio::test]
async fn p06_who_ignores_term_is_gone_after_the_grace_time() {
    let processes = processes(ProcessLimits::default());
    let script = "trap '' TERM; echo ready; while :; do sleep 1000; done";
    let process = processes.start("p", sh(script)).await.unwrap();
    let told = Told::of(&process);
    told.printed("ready").await;
    // The second, shorter grace counts.
    process.terminate(Some(Duration::from_secs(1000))).await;
    process.terminate(Some(Duration::from_millis(20))).await;
    let end = exit(&told.all().await);
    assert_eq!((end.code, end.reason), (137, ExitReason::Terminated));
}

#[tokio::test]
async fn a_time_limit_kills_the_tree() {
    let processes = processes(ProcessLimits::default());
    let spec = Spec {
        timeout: Some(Duration::from_millis(50)),
        ..sh("sleep 1000 & sleep 1000")
    };
    let process = processes.start("p", spec).await.unwrap();
    let end = exit(&Told::of(&process).all().await);
    assert_eq!((end.code, end.reason), (137, ExitReason::TimedOut));
}

#[tokio::test]
async fn signals_reach_the_whole_group() {
    let processes = processes(ProcessLimits::default());
    let script = "(trap 'echo child; exit' USR1; echo one; while :; do sleep 0.01; done) & \
                  trap 'wait; exit 7' USR1; echo two; wait; wait";
    let process = processes.start("p", sh(script)).await.unwrap();
    let told = Told::of(&process);
    told.until(|events| printed(events).contains("one") && printed(events).contains("two"))
        .await;
    assert!(process.signal(Signal::User1).await);
    let events = told.all().await;
    assert!(printed(&events).ends_with("child\n"));
    assert_eq!(exit(&events).code, 7);
    // That nobody is left to get one is known once the last member was reaped.
    soon(async {
        while process.signal(Signal::User1).await {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn p18_a_strangers_signal_is_named() {
    let processes = processes(ProcessLimits::default());
    for (name, number) in [("SEGV", 11), ("TERM", 15), ("KILL", 9)] {
        for spec in [
            sh(&format!("kill -{name} $$")),
            sh_on_terminal(&format!("kill -{name} $$")),
        ] {
            let process = processes.start(name, spec).await.unwrap();
            let end = exit(&Told::of(&process).all().await);
            assert_eq!(end.code, 128 + number);
            let ExitReason::Signaled {
                number: told,
                name: long,
            } = end.reason
            else {
                panic!("{:?}", end.reason)
            };
            assert_eq!((told, long), (number, format!("SIG{name}").as_str()));
        }
    }
}

#[tokio::test]
async fn p20_an_id_in_use_is_refused_and_a_told_close_frees_it() {
    let processes = processes(ProcessLimits::default());
    let process = processes.start("p", sh("read x <&1")).await;
    drop(process);
    let first = processes
        .start("q", sh_with_input("read x; echo first"))
        .await
        .unwrap();
    let again = processes.start("q", sh("echo second")).await;
    assert!(matches!(again, Err(StartError::IdInUse)));
    let told = Told::of(&first);
    first.close_stdin().await;
    assert_eq!(printed(&told.all().await), "first\n");
    let second = loop {
        // The close was told to the audience, and the process's task says so right after.
        match processes.start("q", sh("echo second")).await {
            Ok(second) => break second,
            Err(StartError::IdInUse) => tokio::task::yield_now().await,
            Err(other) => panic!("{other}"),
        }
    };
    let events = Told::of(&second).all().await;
    assert_complete(&events);
    assert_eq!(printed(&events), "second\n");
}

#[tokio::test]
async fn p13_what_cannot_start_says_why_and_frees_its_id() {
    let processes = processes(ProcessLimits::default());
    let with = |argv: &[&str]| {
        let argv = argv.iter().map(ToString::to_string).collect();
        Spec { argv, ..sh("") }
    };
    assert!(matches!(
        processes.start("p", with(&[])).await,
        Err(StartError::EmptyArgv)
    ));
    assert!(matches!(
        processes.start("p", with(&[""])).await,
        Err(StartError::NoProgram)
    ));
    let missing = processes.start("p", with(&["/no/such/program"])).await;
    assert!(matches!(
        missing,
        Err(StartError::Spawn(SpawnError::Program { .. }))
    ));
    let nowhere = Spec {
        cwd: "/no/such/directory".into(),
        ..sh("echo ran")
    };
    let nowhere = processes.start("p", nowhere).await;
    assert!(matches!(
        nowhere,
        Err(StartError::Spawn(SpawnError::Directory { .. }))
    ));
    let nameless: BTreeMap<_, _> = [("A=B".to_owned(), String::new())].into();
    let nameless = processes
        .start(
            "p",
            Spec {
                env: nameless,
                ..sh("echo ran")
            },
        )
        .await;
    assert!(matches!(nameless, Err(StartError::Environment(_))));
    assert!(processes.find("p").is_none());
}

#[tokio::test]
async fn the_bound_on_live_processes_is_met_exactly() {
    let processes = processes(ProcessLimits {
        processes: 2,
        ..ProcessLimits::default()
    });
    let first = processes.start("1", sh("sleep 1000")).await.unwrap();
    processes.start("2", sh("sleep 1000")).await.unwrap();
    let third = processes.start("3", sh("sleep 1000")).await;
    assert!(matches!(third, Err(StartError::TooMany { limit: 2 })));
    first.terminate(None).await;
    soon(read_to_close(&first)).await;
    processes.start("3", sh("sleep 1000")).await.unwrap();
    assert_eq!(processes.list().len(), 3);
    soon(processes.end_all(EndCause::Shutdown)).await;
}

#[tokio::test]
async fn a_cancelled_start_leaves_nothing() {
    let processes = processes(ProcessLimits::default());
    let directory = tempfile::tempdir().unwrap();
    let script = format!("echo $$ >{}/pid; sleep 1000", directory.path().display());
    let mut start = Box::pin(processes.start("p", sh(&script)));
    assert!(futures_util::poll!(&mut start).is_pending());
    assert!(matches!(processes.find("p"), Some(Found::Starting)));
    assert!(processes.cancel("p"));
    assert!(matches!(soon(start).await, Err(StartError::Cancelled)));
    assert!(processes.find("p").is_none());
    let pid = std::fs::read_to_string(directory.path().join("pid")).unwrap_or_default();
    assert!(pid.is_empty() || !is_alive(pid.trim()));
}

/// Starts a process whose leader ends and leaves a daemon behind; returns the daemon's pid.
async fn leave_a_daemon(processes: &Processes) -> String {
    let daemon = "setsid sh -c 'echo $$; exec sleep 1000 >/dev/null 2>&1' &";
    let process = processes
        .start("p", sh(&format!("({daemon}) ; wait")))
        .await;
    let process = process.expect("a shell starts");
    let events = Told::of(&process).all().await;
    let pid = printed(&events).trim().to_owned();
    assert!(is_alive(&pid), "a daemon outlives its leader");
    pid
}

#[tokio::test]
async fn p05_a_forgotten_process_leaves_its_daemon_to_the_end_of_the_session() {
    let processes = processes(ProcessLimits::default());
    let pid = leave_a_daemon(&processes).await;
    let later = tokio::time::Instant::now() + Duration::from_secs(1);
    assert_eq!(processes.prune(later, Duration::ZERO), None);
    assert!(processes.find("p").is_none());
    assert!(is_alive(&pid), "forgetting is not ending");
    soon(processes.end_all(EndCause::Expired)).await;
    assert!(!is_alive(&pid));
}

#[tokio::test]
async fn p05_terminate_reaches_a_daemon_after_the_close() {
    let processes = processes(ProcessLimits::default());
    let pid = leave_a_daemon(&processes).await;
    let Some(Found::Ready(process)) = processes.find("p") else {
        panic!("it is kept")
    };
    assert!(!process.terminate(None).await);
    soon(processes.end_all(EndCause::Expired)).await;
    assert!(!is_alive(&pid));
}

#[tokio::test]
async fn the_end_of_a_session_is_final_and_told() {
    let processes = processes(ProcessLimits::default());
    let process = processes
        .start("p", sh("echo ready; sleep 1000"))
        .await
        .unwrap();
    let told = Told::of(&process);
    told.printed("ready").await;
    soon(processes.end_all(EndCause::Expired)).await;
    let events = told.now();
    assert_complete(&events);
    assert_eq!(
        (exit(&events).code, exit(&events).reason),
        (137, ExitReason::Expired)
    );
    let late = processes.start("q", sh("echo ran")).await;
    assert!(matches!(late, Err(StartError::Cancelled)));
}

#[tokio::test]
async fn dropping_the_last_handle_of_a_session_ends_its_processes() {
    let host = host(ProcessLimits::default());
    let processes = Processes::new(host.clone());
    let process = processes
        .start("p", sh("echo ready; sleep 1000"))
        .await
        .unwrap();
    let told = Told::of(&process);
    told.printed("ready").await;
    drop(processes);
    assert_eq!(exit(&told.all().await).reason, ExitReason::Terminated);
}

#[tokio::test]
async fn the_stop_of_the_host_ends_everything_a_stuck_audience_included() {
    let host = host(ProcessLimits::default());
    let processes = Processes::new(host.clone());
    let process = processes.start("p", sh("yes")).await.unwrap();
    let asked = std::sync::Arc::default();
    process.attach(Box::new(Stuck { asked }));
    soon(host.shutdown()).await;
    assert!(soon(read_to_close(&process)).await.exit.is_some());
    assert!(!is_alive(&process.pid().to_string()));
}

#[tokio::test]
async fn a_list_says_what_is_running() {
    let processes = processes(ProcessLimits::default());
    let process = processes.start("b", sh("echo out; exit 3")).await.unwrap();
    processes
        .start("a", sh_on_terminal("sleep 1000"))
        .await
        .unwrap();
    soon(read_to_close(&process)).await;
    let list = processes.list();
    let ids: Vec<&str> = list.iter().map(|process| process.id.as_str()).collect();
    assert_eq!(ids, ["a", "b"]);
    assert!(list[0].terminal && !list[0].closed && list[0].exit.is_none());
    assert_eq!(list[1].argv, ["sh", "-c", "echo out; exit 3"]);
    assert_eq!(
        (list[1].exit.unwrap().code, list[1].closed, list[1].next_seq),
        (3, true, 4)
    );
    assert_eq!(list[1].pid, process.pid());
}

#[tokio::test]
async fn a_flood_holds_up_neither_terminate_nor_a_neighbour() {
    let processes = processes(ProcessLimits::default());
    let flood = processes
        .start("flood", sh("trap '' USR1; yes & yes >&2"))
        .await
        .unwrap();
    let told = Told::of(&flood);
    let both = [Stream::Stdout, Stream::Stderr];
    told.until(|events| both.iter().all(|&stream| !bytes(events, stream).is_empty()))
        .await;
    assert_prompt(|| flood.signal(Signal::User1)).await;
    assert!(flood.terminate(None).await);
    let events = told.all().await;
    assert_complete(&events);
}
