//! What a command finds: descriptors, environment, signals, terminal, name.

use super::*;

const PIPES: StdioPlan = StdioPlan::Pipes { stdin: false };
const TERMINAL: StdioPlan = StdioPlan::Terminal {
    rows: 30,
    cols: 101,
};

#[tokio::test]
async fn p23_a_command_has_three_descriptors() {
    let script = "for n in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do \
                  [ -e /proc/$$/fd/$n ] && echo $n; done; true";
    for mode in modes().await {
        let bench = Bench::new(mode);
        // Others are running and starting, so that the keeper has descriptors to leak.
        let others = (0..8).map(|_| bench.spawn(bench.sh("sleep 100000")));
        let _others = futures_util::future::join_all(others).await;
        for plan in [PIPES, StdioPlan::Pipes { stdin: true }, TERMINAL] {
            let ran = bench.run(bench.request(&["sh", "-c", script], plan)).await;
            assert_eq!(
                ran.out.split_whitespace().collect::<Vec<_>>(),
                ["0", "1", "2"]
            );
        }
        bench.close().await;
    }
}

#[tokio::test]
async fn p24_the_environment_is_exactly_the_one_asked_for() {
    for mode in modes().await {
        let bench = Bench::new(mode);
        for plan in [PIPES, TERMINAL] {
            let mut request = bench.request(&["/usr/bin/env"], plan);
            request.env = vec![
                ("B".into(), "two words".into()),
                ("A".into(), "".into()),
                ("Ä".into(), "ö".into()),
            ];
            let out = bench.run(request).await.out;
            assert_eq!(
                out.lines().collect::<Vec<_>>(),
                ["B=two words", "A=", "Ä=ö"]
            );
        }
        bench.close().await;
    }
}

/// What a command that is nothing but `cat` finds of its signals. It catches none, and nothing
/// that is caught could be inherited.
pub(super) async fn signals(bench: &Bench, plan: StdioPlan) -> Vec<String> {
    let out = bench
        .run(bench.request(&["cat", "/proc/self/status"], plan))
        .await
        .out;
    let lines = out
        .lines()
        .filter(|line| line.starts_with("SigBlk:") || line.starts_with("SigIgn:"));
    lines
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

pub(super) const DEFAULT_SIGNALS: [&str; 2] =
    ["SigBlk: 0000000000000000", "SigIgn: 0000000000000000"];

#[tokio::test]
async fn p25_signals_are_at_their_defaults() {
    for mode in modes().await {
        let bench = Bench::new(mode);
        for plan in [PIPES, TERMINAL] {
            assert_eq!(signals(&bench, plan).await, DEFAULT_SIGNALS);
        }
        bench.close().await;
    }
}

#[tokio::test]
async fn p25_also_when_the_server_ignores_some() {
    const ROLE: &str = "keeper::child::p25_also_when_the_server_ignores_some";
    if death::is_stand_in() {
        for mode in modes().await {
            let bench = Bench::new(mode);
            for plan in [PIPES, TERMINAL] {
                assert_eq!(signals(&bench, plan).await, DEFAULT_SIGNALS);
            }
            bench.close().await;
        }
        return;
    }
    let mut server = death::stand_in(
        &["sh", "-c", "trap '' HUP INT TERM; exec \"$@\"", "sh"],
        ROLE,
    );
    assert!(server.wait().unwrap().success());
}

#[tokio::test]
async fn p18_a_death_by_signal_is_told_with_its_number() {
    for mode in modes().await {
        let bench = Bench::new(mode);
        for signal in [Signal::TERM, Signal::KILL, Signal::INT, Signal::USR1] {
            for plan in [PIPES, TERMINAL] {
                let script = format!("kill -{} $$", signal.as_raw());
                let ran = bench.run(bench.request(&["sh", "-c", &script], plan)).await;
                assert_eq!(ran.exit, killed(signal));
            }
        }
        bench.close().await;
    }
}

#[tokio::test]
async fn a_command_can_be_given_another_name() {
    for mode in modes().await {
        let bench = Bench::new(mode);
        let mut request = bench.request(&["cat", "/proc/self/cmdline"], PIPES);
        request.arg0 = Some("other name".into());
        assert_eq!(
            bench.run(request).await.out,
            "other name\0/proc/self/cmdline\0"
        );
        bench.close().await;
    }
}

#[tokio::test]
async fn a_command_leads_a_session_and_a_group() {
    for mode in modes().await {
        let bench = Bench::new(mode);
        for plan in [PIPES, TERMINAL] {
            let mut spawned = bench
                .spawn(bench.request(&["sh", "-c", "cat /proc/$$/stat"], plan))
                .await
                .unwrap();
            let line = lines(&mut spawned, 1).await.remove(0);
            let fields: Vec<&str> = line.split(' ').collect();
            let pid = spawned.pid.to_string();
            assert_eq!(
                [fields[0], fields[4], fields[5]],
                [&pid; 3],
                "pid, group, session"
            );
        }
        bench.close().await;
    }
}

#[tokio::test]
async fn a_command_reads_what_is_written_to_it_and_nothing_otherwise() {
    for mode in modes().await {
        let bench = Bench::new(mode);
        let mut cat = bench
            .spawn(bench.request(&["cat"], StdioPlan::Pipes { stdin: true }))
            .await
            .unwrap();
        let stdin = cat.stdin.take().unwrap();
        rustix::io::write(&stdin, b"hello").unwrap();
        drop(stdin);
        assert_eq!(Ran::of(cat).await.out, "hello");
        assert_eq!(bench.run(bench.request(&["cat"], PIPES)).await.out, "");
        bench.close().await;
    }
}

#[tokio::test]
async fn a_terminal_is_the_controlling_terminal_and_has_its_size_from_the_start() {
    for mode in modes().await {
        let bench = Bench::new(mode);
        let script = "stty size; tty; echo direct >/dev/tty; ps -o tpgid= -p $$";
        let spawned = bench
            .spawn(bench.request(&["sh", "-c", script], TERMINAL))
            .await
            .unwrap();
        let pid = spawned.pid;
        let ran = Ran::of(spawned).await;
        let lines: Vec<&str> = ran.out.lines().map(str::trim).collect();
        assert_eq!(lines[0], "30 101");
        assert!(lines[1].starts_with("/dev/pts/"), "{lines:?}");
        assert_eq!(lines[2], "direct");
        if has("ps") {
            assert_eq!(lines[3], pid.to_string());
        }
        bench.close().await;
    }
}

#[tokio::test]
async fn a_terminal_hangs_up_when_its_master_is_closed() {
    for mode in modes().await {
        let bench = Bench::new(mode);
        let spawned = bench
            .spawn(bench.request(&["sleep", "100000"], TERMINAL))
            .await
            .unwrap();
        drop(spawned.output);
        let exit = timeout(PATIENCE, spawned.exit).await.unwrap().unwrap();
        assert_eq!(exit, killed(Signal::HUP));
        bench.close().await;
    }
}

#[tokio::test]
async fn commands_are_killed_for_memory_before_the_keeper() {
    let score = |pid: u32| -> i32 {
        let text = std::fs::read_to_string(format!("/proc/{pid}/oom_score_adj")).unwrap();
        text.trim().parse().unwrap()
    };
    for mode in modes().await {
        let bench = Bench::new(mode);
        let spawned = bench.spawn(bench.sh("sleep 100000")).await.unwrap();
        let (command, keeper) = (score(spawned.pid), score(keeper_of(spawned.pid, mode)));
        assert!(keeper < command, "keeper {keeper}, command {command}");
        // Back at what is normal here, or above it where the keeper may not go below.
        let normal = score(std::process::id());
        assert!(command == normal || (keeper == normal && command > normal));
        drop(spawned);
        bench.close().await;
    }
}

#[tokio::test]
async fn a_command_may_open_as_many_descriptors_as_the_server() {
    use rustix::process::{Resource, getrlimit};
    let own = getrlimit(Resource::Nofile);
    let number = |limit: Option<u64>| limit.map_or("unlimited".to_owned(), |n| n.to_string());
    for mode in modes().await {
        let bench = Bench::new(mode);
        let out = bench.run(bench.sh("ulimit -Sn; ulimit -Hn")).await.out;
        let limits: Vec<&str> = out.lines().collect();
        assert_eq!(limits, [number(own.current), number(own.maximum)]);
        bench.close().await;
    }
}
