//! Containment: nothing a command starts outlives its end.

use super::*;

/// Starts a tree of several shapes and returns it with its members.
async fn tree(bench: &Bench) -> (Spawned, Vec<OwnedFd>) {
    let script = format!(
        "trap '' TERM HUP INT; sleep 100000 & echo $!; \
         sh -c 'trap \"\" TERM; sh -c \"sleep 100000 & echo \\$!; wait\" & echo $!; wait' & \
         {DAEMON} wait"
    );
    let mut spawned = bench.spawn(bench.sh(&script)).await.unwrap();
    let members = lines(&mut spawned, 4).await;
    let members = members.iter().map(|pid| watch(pid)).collect();
    (spawned, members)
}

async fn all_gone(members: Vec<OwnedFd>) {
    for member in members {
        gone(member).await;
    }
}

#[tokio::test]
async fn p05_double_fork_and_setsid_dies_with_terminate() {
    for mode in modes().await {
        let bench = Bench::new(mode);
        for _ in 0..50 {
            let mut spawned = bench.spawn(bench.sh(DAEMON)).await.unwrap();
            let daemon = watch(&lines(&mut spawned, 1).await[0]);
            // The leader is gone already or just going; the daemon stays.
            assert_eq!(
                timeout(PATIENCE, &mut spawned.exit).await.unwrap().unwrap(),
                exited(0)
            );
            assert!(!spawned.tree.is_empty() && !is_gone(&daemon));
            spawned.tree.kill().await;
            gone(daemon).await;
            timeout(PATIENCE, spawned.tree.empty()).await.unwrap();
            assert!(spawned.tree.is_empty());
        }
        bench.close().await;
    }
}

#[tokio::test]
async fn p06_who_ignores_terminate_is_killed() {
    for mode in modes().await {
        let bench = Bench::new(mode);
        let mut spawned = bench
            .spawn(bench.sh("trap '' TERM; echo ready; while :; do sleep 1; done"))
            .await
            .unwrap();
        lines(&mut spawned, 1).await;
        spawned
            .tree
            .signal_tree(Signal::TERM.as_raw())
            .await
            .unwrap();
        spawned.tree.kill().await;
        assert_eq!(
            timeout(PATIENCE, spawned.exit).await.unwrap().unwrap(),
            killed(Signal::KILL)
        );
        bench.close().await;
    }
}

#[tokio::test]
async fn p07_the_whole_tree_dies() {
    for mode in modes().await {
        let bench = Bench::new(mode);
        let (spawned, members) = tree(&bench).await;
        assert!(!members.iter().any(is_gone));
        spawned.tree.kill().await;
        timeout(PATIENCE, spawned.tree.empty()).await.unwrap();
        // Empty means that they are gone, not that they are going.
        assert!(members.iter().all(is_gone));
        bench.close().await;
    }
}

#[tokio::test]
async fn a_dropped_tree_dies() {
    for mode in modes().await {
        let bench = Bench::new(mode);
        let (spawned, members) = tree(&bench).await;
        drop(spawned.tree);
        all_gone(members).await;
        bench.close().await;
    }
}

#[tokio::test]
async fn p14_a_storm_of_forks_ends_and_holds_up_nobody() {
    // Still forking when it is killed, but bounded should that ever fail.
    let storm = "i=0; while [ $i -lt 2000 ]; do sleep 100000 & i=$((i+1)); \
                 [ $i = 400 ] && echo storm; done; wait";
    for mode in modes().await {
        let bench = Bench::new(mode);
        let mut spawned = bench.spawn(bench.sh(storm)).await.unwrap();
        assert_eq!(lines(&mut spawned, 1).await, ["storm"]);
        let other = timeout(Duration::from_millis(1500), bench.run(bench.sh("echo hi"))).await;
        assert_eq!(other.expect("others wait for the storm").out, "hi\n");
        spawned.tree.kill().await;
        timeout(PATIENCE, spawned.tree.empty()).await.unwrap();
        assert_eq!(alive(&bench.mark), Vec::<u32>::new());
        bench.close().await;
    }
}

#[tokio::test]
async fn p27_after_the_exit_a_signal_reaches_the_group_that_is_left_and_nobody_else() {
    for mode in modes().await {
        let bench = Bench::new(mode);
        let script = format!("sleep 100000 >/dev/null & echo $!; {DAEMON}");
        let mut spawned = bench.spawn(bench.sh(&script)).await.unwrap();
        let pids = lines(&mut spawned, 2).await;
        let (in_group, daemon) = (watch(&pids[0]), watch(&pids[1]));
        timeout(PATIENCE, &mut spawned.exit).await.unwrap().unwrap();
        spawned
            .tree
            .signal_group(Signal::TERM.as_raw())
            .await
            .unwrap();
        gone(in_group).await;
        assert!(!is_gone(&daemon), "the daemon is in a group of its own");
        spawned
            .tree
            .signal_tree(Signal::TERM.as_raw())
            .await
            .unwrap();
        gone(daemon).await;
        timeout(PATIENCE, spawned.tree.empty()).await.unwrap();
        let error = spawned
            .tree
            .signal_group(Signal::TERM.as_raw())
            .await
            .unwrap_err();
        assert_eq!(
            error.raw_os_error(),
            Some(rustix::io::Errno::SRCH.raw_os_error())
        );
        spawned.tree.kill().await;
        bench.close().await;
    }
}

#[tokio::test]
async fn a_signal_reaches_the_leaders_group() {
    for mode in modes().await {
        let bench = Bench::new(mode);
        let script = "trap 'echo caught; exit 5' USR1; echo ready; while :; do sleep 0.1; done";
        let mut spawned = bench.spawn(bench.sh(script)).await.unwrap();
        lines(&mut spawned, 1).await;
        spawned
            .tree
            .signal_group(Signal::USR1.as_raw())
            .await
            .unwrap();
        assert_eq!(
            timeout(PATIENCE, spawned.exit).await.unwrap().unwrap(),
            exited(5)
        );
        let invalid = spawned.tree.signal_group(12345).await.unwrap_err();
        assert_eq!(
            invalid.raw_os_error(),
            Some(rustix::io::Errno::INVAL.raw_os_error())
        );
        bench.close().await;
    }
}

#[tokio::test]
async fn signals_to_a_keeper_that_stands_still_are_bounded_and_a_kill_is_not_among_them() {
    // As many as may wait, and as many as a socket could possibly hold.
    const WAITING: usize = 4096;
    const SOCKET: usize = 100_000;
    for mode in modes().await {
        let bench = Bench::new(mode);
        let spawned = bench
            .spawn(bench.sh("trap '' USR1; sleep 100000"))
            .await
            .unwrap();
        let keeper = keeper_of(spawned.pid, mode);
        kill(keeper, Signal::STOP);
        let mut sent = 0;
        let refused = loop {
            match spawned.tree.signal_tree(Signal::USR1.as_raw()).await {
                Ok(()) if sent <= WAITING + SOCKET => sent += 1,
                Ok(()) => panic!("{sent} signals wait"),
                Err(error) => break error,
            }
        };
        assert!(sent >= WAITING, "{sent}");
        assert_eq!(refused.kind(), std::io::ErrorKind::WouldBlock);
        spawned.tree.kill().await;
        kill(keeper, Signal::CONT);
        timeout(PATIENCE, spawned.tree.empty()).await.unwrap();
        bench.close().await;
    }
}

#[tokio::test]
async fn no_zombie_and_no_group_is_left() {
    for mode in modes().await {
        let bench = Bench::new(mode);
        let living = bench.spawn(bench.sh("sleep 100000")).await.unwrap();
        let keeper = keeper_of(living.pid, mode);
        for _ in 0..20 {
            let mut spawned = bench.spawn(bench.sh(DAEMON)).await.unwrap();
            lines(&mut spawned, 1).await;
            drop(spawned);
        }
        drop(living);
        // One more, whose end comes after the others' ends were ordered.
        bench.run(bench.sh("true")).await;
        timeout(PATIENCE, async {
            while !children(keeper).is_empty() {
                tokio::task::yield_now().await;
            }
        })
        .await
        .unwrap_or_else(|_| panic!("left below the keeper: {:?}", children(keeper)));
        bench.close().await;
        assert_eq!(groups(keeper), Vec::<String>::new());
    }
}

/// The children of a process, zombies too.
fn children(pid: u32) -> Vec<u32> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    text.split_whitespace()
        .map(|pid| pid.parse().unwrap())
        .collect()
}

/// The groups a keeper has made.
fn groups(keeper: u32) -> Vec<String> {
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap();
    let points = mounts.lines().filter(|line| line.contains(" cgroup2 "));
    let points = points.filter_map(|line| line.split(' ').nth(1));
    let names = points.flat_map(|point| {
        let own = std::fs::read_to_string("/proc/self/cgroup").unwrap();
        let own = own
            .lines()
            .find_map(|line| line.strip_prefix("0::/").map(str::to_owned));
        std::fs::read_dir(Path::new(point).join(own.unwrap_or_default()))
            .into_iter()
            .flatten()
    });
    let names = names
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok());
    names
        .filter(|name| name.starts_with(&format!("outpost-{keeper}-")))
        .collect()
}
