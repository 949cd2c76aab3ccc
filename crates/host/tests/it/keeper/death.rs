//! The deaths of server, keeper and guard: what each takes along.

use std::{
    io::BufRead,
    process::{Child, Command, Stdio},
};

use super::*;

/// Says to a test that it runs as the server that is to die, in a process of its own.
const STAND_IN: &str = "OUTPOST_TEST_STAND_IN";

/// Whether this process is a stand-in.
pub(super) fn is_stand_in() -> bool {
    std::env::var_os(STAND_IN).is_some()
}

/// Runs the test of this name again as a stand-in, its output piped, behind a prefix such as
/// `setpriv`.
#[expect(
    clippy::disallowed_methods,
    reason = "a server to be killed cannot be this one's child by keeper"
)]
pub(super) fn stand_in(prefix: &[&str], test: &str) -> Child {
    let program = std::env::current_exe().unwrap();
    let mut words = prefix
        .iter()
        .map(OsString::from)
        .chain([program.into_os_string()]);
    let mut command = Command::new(words.next().unwrap());
    command
        .args(words)
        .args(["--exact", test, "--nocapture", "--test-threads=1"]);
    command.env(STAND_IN, "1").stdout(Stdio::piped());
    command.spawn().unwrap()
}

/// The processes a stand-in names on its output: keeper, leader, daemon.
fn named_by(server: &mut Child) -> Vec<String> {
    let output = std::io::BufReader::new(server.stdout.take().unwrap());
    let line = output.lines().map(Result::unwrap).find_map(|line| {
        line.split_once("processes ")
            .map(|(_, pids)| pids.to_owned())
    });
    line.unwrap().split(' ').map(str::to_owned).collect()
}

/// Starts a daemon below a leader that lives, and names them for whoever kills this process.
#[expect(clippy::print_stdout, reason = "its output is how a stand-in talks")]
async fn serve(mode: Containment) -> ! {
    let bench = Bench::new(mode);
    let script = format!("{DAEMON} trap '' TERM HUP; while :; do sleep 1; done");
    let mut spawned = bench.spawn(bench.sh(&script)).await.unwrap();
    let daemon = lines(&mut spawned, 1).await.remove(0);
    println!(
        "processes {} {} {daemon}",
        keeper_of(spawned.pid, mode),
        spawned.pid
    );
    std::future::pending().await
}

/// Starts a stand-in, lets `end` do away with it, and sees everything go.
async fn dies_with_the_server(role: &str, end: impl Fn(&mut Child, u32)) {
    let mut server = stand_in(&["env"], role);
    let pids = named_by(&mut server);
    let processes: Vec<OwnedFd> = pids.iter().map(|pid| watch(pid)).collect();
    assert!(!processes.iter().any(is_gone));
    end(&mut server, pids[0].parse().unwrap());
    server.wait().unwrap();
    for process in processes {
        timeout(Duration::from_secs(5), gone(process))
            .await
            .expect("gone within 5 s");
    }
}

#[tokio::test]
async fn p10_a_server_killed_takes_everything_along_in_a_cgroup() {
    if is_stand_in() {
        serve(Containment::Cgroup).await;
    }
    if modes().await.contains(&Containment::Cgroup) {
        let role = "keeper::death::p10_a_server_killed_takes_everything_along_in_a_cgroup";
        dies_with_the_server(role, |server, _| server.kill().unwrap()).await;
    }
}

#[tokio::test]
async fn p10_a_server_killed_takes_everything_along_below_guards() {
    if is_stand_in() {
        serve(Containment::Subreaper).await;
    }
    let role = "keeper::death::p10_a_server_killed_takes_everything_along_below_guards";
    dies_with_the_server(role, |server, _| server.kill().unwrap()).await;
}

#[tokio::test]
async fn p10_server_and_keeper_killed_at_once_leave_nothing_below_guards() {
    if is_stand_in() {
        serve(Containment::Subreaper).await;
    }
    let role = "keeper::death::p10_server_and_keeper_killed_at_once_leave_nothing_below_guards";
    dies_with_the_server(role, |server, keeper| {
        // Stopped first, so that it cannot do anything about its server's death.
        kill(keeper, Signal::STOP);
        server.kill().unwrap();
        kill(keeper, Signal::KILL);
    })
    .await;
}

#[tokio::test]
async fn p10_what_both_deaths_leave_in_a_cgroup_is_ended_by_the_next_keeper() {
    if is_stand_in() {
        serve(Containment::Cgroup).await;
    }
    if !modes().await.contains(&Containment::Cgroup) {
        return;
    }
    let role = "keeper::death::p10_what_both_deaths_leave_in_a_cgroup_is_ended_by_the_next_keeper";
    let mut server = stand_in(&["env"], role);
    let pids = named_by(&mut server);
    let (leader, daemon) = (watch(&pids[1]), watch(&pids[2]));
    kill(pids[0].parse().unwrap(), Signal::STOP);
    server.kill().unwrap();
    kill(pids[0].parse().unwrap(), Signal::KILL);
    server.wait().unwrap();
    // The kernel sees to the leader.
    gone(leader).await;
    let bench = Bench::new(Containment::Cgroup);
    bench.run(bench.sh("true")).await;
    gone(daemon).await;
    bench.close().await;
}

#[tokio::test]
async fn the_last_handle_dropped_takes_everything_along() {
    for mode in modes().await {
        for _ in 0..50 {
            let bench = Bench::new(mode);
            let mut spawned = bench.spawn(bench.sh(DAEMON)).await.unwrap();
            let daemon = watch(&lines(&mut spawned, 1).await[0]);
            drop(bench.keeper);
            gone(daemon).await;
            timeout(PATIENCE, spawned.tree.empty()).await.unwrap();
            assert_eq!(alive(&bench.mark), Vec::<u32>::new());
        }
    }
}

#[tokio::test]
async fn shutdown_leaves_nothing_not_even_the_keeper() {
    for mode in modes().await {
        let bench = Bench::new(mode);
        let mut spawned = bench
            .spawn(bench.sh(&format!("{DAEMON} sleep 100000")))
            .await
            .unwrap();
        let daemon = watch(&lines(&mut spawned, 1).await[0]);
        let keeper = watch(&keeper_of(spawned.pid, mode).to_string());
        timeout(PATIENCE, bench.keeper.shutdown()).await.unwrap();
        assert!(is_gone(&daemon) && is_gone(&keeper) && spawned.tree.is_empty());
        // It was told how the leader ended, as by any other kill.
        assert_eq!(spawned.exit.await, Ok(killed(Signal::KILL)));
        bench.close().await;
    }
}

#[tokio::test]
async fn a_keeper_killed_is_noticed_its_commands_end_and_a_new_one_takes_over() {
    for mode in modes().await {
        let bench = Bench::new(mode);
        for _ in 0..5 {
            let mut spawned = bench
                .spawn(bench.sh(&format!("{DAEMON} sleep 100000")))
                .await
                .unwrap();
            let daemon = watch(&lines(&mut spawned, 1).await[0]);
            kill(keeper_of(spawned.pid, mode), Signal::KILL);
            let exit = timeout(PATIENCE, spawned.exit).await.unwrap().unwrap();
            assert_eq!(exit, RawExit::KeeperLost);
            gone(daemon).await;
            timeout(PATIENCE, spawned.tree.empty()).await.unwrap();
            assert_eq!(bench.run(bench.sh("echo again")).await.out, "again\n");
        }
        bench.close().await;
    }
}

#[tokio::test]
async fn a_guard_killed_takes_its_tree_along() {
    let bench = Bench::new(Containment::Subreaper);
    let mut spawned = bench
        .spawn(bench.sh(&format!("{DAEMON} sleep 100000")))
        .await
        .unwrap();
    let other = bench.spawn(bench.sh("sleep 100000")).await.unwrap();
    let daemon = watch(&lines(&mut spawned, 1).await[0]);
    kill(parent_of(spawned.pid), Signal::KILL);
    let exit = timeout(PATIENCE, spawned.exit).await.unwrap().unwrap();
    assert_eq!(exit, killed(Signal::KILL));
    gone(daemon).await;
    timeout(PATIENCE, spawned.tree.empty()).await.unwrap();
    assert!(!other.tree.is_empty(), "others live on");
    drop(other);
    bench.close().await;
}

#[tokio::test]
async fn without_privileges_guards_do_it() {
    const ROLE: &str = "keeper::death::without_privileges_guards_do_it";
    if is_stand_in() {
        let bench = Bench::new(Containment::Auto);
        let mut spawned = bench.spawn(bench.sh(DAEMON)).await.unwrap();
        assert_eq!(
            bench.keeper.containment(),
            Some(outpost_host::keeper::Mode::Subreaper)
        );
        let daemon = watch(&lines(&mut spawned, 1).await[0]);
        spawned.tree.kill().await;
        gone(daemon).await;
        let forced = Bench::new(Containment::Cgroup);
        let error = forced.spawn(forced.sh("true")).await.unwrap_err();
        assert!(matches!(error, SpawnError::KeeperStart { .. }), "{error}");
        return bench.close().await;
    }
    if !rustix::process::geteuid().is_root() || !has("setpriv") {
        outpost_testkit::skipped("it takes root and setpriv to become nobody");
        return;
    }
    let nobody = [
        "setpriv",
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
    ];
    assert!(stand_in(&nobody, ROLE).wait().unwrap().success());
}
