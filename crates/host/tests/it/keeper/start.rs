//! Starting: what runs, what is refused, how many.

use super::*;

fn errno(error: &SpawnError) -> rustix::io::Errno {
    rustix::io::Errno::from_io_error(error.source_error().unwrap()).unwrap()
}

const PLANS: [StdioPlan; 2] = [
    StdioPlan::Pipes { stdin: false },
    StdioPlan::Terminal { rows: 24, cols: 80 },
];

#[tokio::test]
async fn a_command_prints_on_both_streams_and_exits() {
    for mode in modes().await {
        let bench = Bench::new(mode);
        let ran = bench.run(bench.sh("echo out; echo err >&2; exit 7")).await;
        assert_eq!((ran.out.as_str(), ran.err.as_str()), ("out\n", "err\n"));
        assert_eq!(ran.exit, exited(7));
        bench.close().await;
    }
}

#[tokio::test]
async fn p12_a_directory_that_cannot_be_entered_is_an_error_and_nothing_runs() {
    let temp = tempfile::tempdir().unwrap();
    let file = temp.path().join("file");
    std::fs::write(&file, "").unwrap();
    let trace = temp.path().join("trace");
    for mode in modes().await {
        let bench = Bench::new(mode);
        for plan in PLANS {
            for (cwd, expected) in [
                (temp.path().join("missing"), rustix::io::Errno::NOENT),
                (file.clone(), rustix::io::Errno::NOTDIR),
            ] {
                let script = format!("touch {}", trace.display());
                let request = bench.request(&["sh", "-c", &script], plan);
                let refused = bench
                    .spawn(SpawnRequest {
                        cwd: cwd.clone(),
                        ..request
                    })
                    .await;
                let error = refused.unwrap_err();
                assert!(
                    matches!(&error, SpawnError::Directory { directory, .. } if *directory == cwd)
                );
                assert_eq!(errno(&error), expected);
            }
        }
        bench.close().await;
    }
    assert!(!trace.exists());
}

#[tokio::test]
async fn p13_what_exec_refuses_is_told_as_exec_tells_it() {
    use rustix::io::Errno;
    use std::os::unix::fs::PermissionsExt;
    let temp = tempfile::tempdir().unwrap();
    let plain = temp.path().join("plain");
    std::fs::write(&plain, "no program").unwrap();
    let garbage = temp.path().join("garbage");
    std::fs::write(&garbage, "no program").unwrap();
    std::fs::set_permissions(&garbage, PermissionsExt::from_mode(0o755)).unwrap();
    let (plain, garbage) = (plain.to_str().unwrap(), garbage.to_str().unwrap());
    let long = "x".repeat(3 << 20);
    for mode in modes().await {
        let bench = Bench::new(mode);
        for plan in PLANS {
            for (argv, expected) in [
                (vec!["no-such-program"], Errno::NOENT),
                (vec!["/no/such/program"], Errno::NOENT),
                (vec![""], Errno::NOENT),
                (vec!["/tmp"], Errno::ACCESS),
                (vec![plain], Errno::ACCESS),
                (vec![garbage], Errno::NOEXEC),
                (vec!["true", &long], Errno::TOOBIG),
            ] {
                let error = bench.spawn(bench.request(&argv, plan)).await.unwrap_err();
                assert!(
                    matches!(error, SpawnError::Program { .. }),
                    "{argv:?}: {error}"
                );
                assert_eq!(errno(&error), expected, "{:?}", argv[0]);
            }
        }
        // None of it is held against the limit or left behind.
        assert_eq!(bench.run(bench.sh("exit 3")).await.exit, exited(3));
        bench.close().await;
    }
}

#[tokio::test]
async fn a_command_longer_than_any_kernel_takes_is_too_long() {
    let bench = Bench::new(Containment::Auto);
    let long = "x".repeat(9 << 20);
    let error = bench.spawn(bench.sh(&long)).await.unwrap_err();
    assert_eq!(errno(&error), rustix::io::Errno::TOOBIG);
    bench.close().await;
}

#[tokio::test]
async fn the_program_is_looked_for_on_the_commands_own_path() {
    use std::os::unix::fs::PermissionsExt;
    let temp = tempfile::tempdir().unwrap();
    let program = temp.path().join("only-here");
    std::fs::write(&program, "#!/bin/sh\necho found\n").unwrap();
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    for mode in modes().await {
        let bench = Bench::new(mode);
        let mut request = bench.request(&["only-here"], PLANS[0]);
        request.env[0].1 = temp.path().into();
        assert_eq!(bench.run(request.clone()).await.out, "found\n");
        request.env[0].1 = "/usr/bin".into();
        assert!(bench.spawn(request).await.is_err());
        let mut relative = bench.request(&["./only-here"], PLANS[0]);
        relative.cwd = temp.path().into();
        assert_eq!(bench.run(relative).await.out, "found\n");
        let mut pathless = bench.request(&["true"], PLANS[0]);
        pathless.env.remove(0);
        assert_eq!(bench.run(pathless).await.exit, exited(0));
        bench.close().await;
    }
}

#[tokio::test]
async fn the_last_place_is_given_and_freed_when_the_tree_is_empty() {
    let bench = Bench::with(KeeperConfig {
        program: KeeperProgram::Path(env!("CARGO_BIN_EXE_outpost-keeper").into()),
        containment: Containment::Auto,
        max_processes: 2,
    });
    let first = bench.spawn(bench.sh("sleep 100000")).await.unwrap();
    let _second = bench.spawn(bench.sh("sleep 100000")).await.unwrap();
    let refused = bench.spawn(bench.sh("true")).await.unwrap_err();
    assert!(matches!(refused, SpawnError::TooMany { limit: 2 }));
    first.tree.kill().await;
    first.tree.empty().await;
    bench.spawn(bench.sh("true")).await.unwrap();
    bench.close().await;
}

#[tokio::test]
async fn many_starts_at_once_all_come_to_their_end() {
    for mode in modes().await {
        let bench = Bench::new(mode);
        let runs = (0..32).map(|n| bench.run(bench.sh(&format!("echo {n}; exit {n}"))));
        let all = futures_util::future::join_all(runs).await;
        for (n, ran) in (0..).zip(all) {
            assert_eq!((ran.out, ran.exit), (format!("{n}\n"), exited(n)));
        }
        bench.close().await;
    }
}

#[tokio::test]
async fn a_start_that_is_given_up_leaves_nothing() {
    for mode in modes().await {
        let bench = Bench::new(mode);
        // The keeper runs already, so that one poll hands it the request.
        bench.run(bench.sh("true")).await;
        for _ in 0..20 {
            let mut start = Box::pin(bench.keeper.spawn(bench.sh("setsid sleep 100000")));
            assert!(futures_util::poll!(&mut start).is_pending());
            drop(start);
        }
        // What was asked for later is answered later, so the others were started before this.
        bench.run(bench.sh("true")).await;
        bench.close().await;
    }
}

#[tokio::test]
async fn a_program_that_is_no_keeper_is_an_error_and_not_left_behind() {
    let bench = Bench::with(KeeperConfig {
        program: KeeperProgram::Path("/bin/true".into()),
        ..KeeperConfig::default()
    });
    let error = bench.spawn(bench.sh("true")).await.unwrap_err();
    assert!(matches!(error, SpawnError::KeeperStart { .. }), "{error}");
    bench.close().await;
}

#[tokio::test]
async fn after_shutdown_nothing_is_started() {
    let bench = Bench::new(Containment::Auto);
    bench.keeper.shutdown().await;
    let error = bench.spawn(bench.sh("true")).await.unwrap_err();
    assert!(matches!(error, SpawnError::KeeperLost), "{error}");
    bench.close().await;
}

#[tokio::test]
async fn the_keeper_stays_small_and_keeps_nothing_of_what_is_over() {
    for mode in modes().await {
        let bench = Bench::new(mode);
        let living = bench.spawn(bench.sh("sleep 100000")).await.unwrap();
        let keeper = keeper_of(living.pid, mode);
        let open = || {
            std::fs::read_dir(format!("/proc/{keeper}/fd"))
                .unwrap()
                .count()
        };
        // Once this is over nothing of the first start is on its way any more.
        bench.run(bench.sh("true")).await;
        let before = open();
        for _ in 0..100 {
            bench.run(bench.sh("true")).await;
        }
        assert_eq!(open(), before, "descriptors are left in the keeper");
        let rollup = std::fs::read_to_string(format!("/proc/{keeper}/smaps_rollup")).unwrap();
        let line = rollup
            .lines()
            .find_map(|line| line.strip_prefix("Private_Dirty:"))
            .unwrap();
        let kib: usize = line.trim().trim_end_matches(" kB").parse().unwrap();
        assert!(kib < 2048, "the keeper holds {kib} KiB");
        drop(living);
        bench.close().await;
    }
}
