//! Commands without a keeper: weaker, but what is promised holds.

use super::*;

fn bench() -> Bench {
    Bench::with(KeeperConfig {
        program: KeeperProgram::None,
        ..KeeperConfig::default()
    })
}

#[tokio::test]
async fn without_a_keeper_commands_run_with_pipes_and_terminals() {
    let bench = bench();
    let ran = bench.run(bench.sh("echo out; echo err >&2; exit 7")).await;
    assert_eq!(
        (ran.out.as_str(), ran.err.as_str(), ran.exit),
        ("out\n", "err\n", exited(7))
    );
    let plan = StdioPlan::Terminal {
        rows: 30,
        cols: 101,
    };
    let ran = bench
        .run(bench.request(&["sh", "-c", "stty size; echo x >/dev/tty"], plan))
        .await;
    assert_eq!(ran.out, "30 101\r\nx\r\n");
    let ran = bench.run(bench.sh("kill -KILL $$")).await;
    assert_eq!(ran.exit, killed(Signal::KILL));
    assert_eq!(bench.keeper.containment(), None);
    bench.close().await;
}

#[tokio::test]
async fn p23_p25_without_a_keeper_too() {
    let bench = bench();
    let script = "for n in 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23; do \
                  [ -e /proc/$$/fd/$n ] && echo $n; done; true";
    let mut other = bench.spawn(bench.sh("sleep 100000")).await.unwrap();
    let plan = StdioPlan::Pipes { stdin: false };
    assert_eq!(child::signals(&bench, plan).await, child::DEFAULT_SIGNALS);
    let out = bench.run(bench.sh(script)).await.out;
    for number in out.split_whitespace() {
        // Only what this process was itself given to pass on, none of what the host has opened.
        let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{number}")).unwrap();
        let flags = info
            .lines()
            .find_map(|line| line.strip_prefix("flags:"))
            .unwrap();
        let flags = u32::from_str_radix(flags.trim(), 8).unwrap();
        assert_eq!(
            flags & rustix::fs::OFlags::CLOEXEC.bits(),
            0,
            "{number} is passed on"
        );
    }
    assert!(other.exit.try_recv().is_err(), "the other one lives");
    bench.close().await;
}

#[tokio::test]
async fn p12_p13_without_a_keeper_too() {
    let bench = bench();
    for (cwd, expected) in [
        ("/no/such/place", rustix::io::Errno::NOENT),
        ("/etc/passwd", rustix::io::Errno::NOTDIR),
    ] {
        let refused = bench
            .spawn(SpawnRequest {
                cwd: cwd.into(),
                ..bench.sh("true")
            })
            .await;
        let error = refused.unwrap_err();
        assert!(matches!(error, SpawnError::Directory { .. }), "{error}");
        let source = error.source_error().unwrap().raw_os_error();
        assert_eq!(source, Some(expected.raw_os_error()));
    }
    let plan = StdioPlan::Pipes { stdin: false };
    for (program, expected) in [
        ("no-such-program", rustix::io::Errno::NOENT),
        ("/tmp", rustix::io::Errno::ACCESS),
    ] {
        let error = bench
            .spawn(bench.request(&[program], plan))
            .await
            .unwrap_err();
        assert!(matches!(error, SpawnError::Program { .. }), "{error}");
        let source = error.source_error().unwrap().raw_os_error();
        assert_eq!(source, Some(expected.raw_os_error()));
    }
    bench.close().await;
}

#[tokio::test]
async fn without_a_keeper_the_group_and_the_descendants_die_with_kill() {
    let bench = bench();
    // The daemon has a session of its own, but its parent is alive and below the leader.
    let script = "sleep 100000 & echo $!; setsid sh -c 'echo $$; exec sleep 100000' & wait";
    let mut spawned = bench.spawn(bench.sh(script)).await.unwrap();
    let members: Vec<OwnedFd> = lines(&mut spawned, 2)
        .await
        .iter()
        .map(|pid| watch(pid))
        .collect();
    spawned
        .tree
        .signal_tree(Signal::KILL.as_raw())
        .await
        .unwrap();
    for member in members {
        gone(member).await;
    }
    timeout(PATIENCE, spawned.tree.empty()).await.unwrap();
    bench.close().await;
}

#[tokio::test]
async fn without_a_keeper_what_the_leader_left_in_its_session_dies_with_kill() {
    let bench = bench();
    let mut spawned = bench
        .spawn(bench.sh("sleep 100000 >/dev/null & echo $!"))
        .await
        .unwrap();
    let left = watch(&lines(&mut spawned, 1).await[0]);
    assert_eq!(
        timeout(PATIENCE, &mut spawned.exit).await.unwrap().unwrap(),
        exited(0)
    );
    assert!(!spawned.tree.is_empty() && !is_gone(&left));
    spawned.tree.kill().await;
    gone(left).await;
    timeout(PATIENCE, spawned.tree.empty()).await.unwrap();
    bench.close().await;
}
