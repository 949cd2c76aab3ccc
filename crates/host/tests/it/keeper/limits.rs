//! Limits: kept, told, or refused; in every means of containment, as root and as anybody.

mod walls;

use std::{fs, path::PathBuf};

use outpost_host::{
    keeper::Exceeded,
    process::{Limit, ResourceLimits, Unenforceable, Why},
};
use rustix::{
    fs::Access,
    process::{Resource, getrlimit},
};

use super::*;

const NONE: ResourceLimits = ResourceLimits {
    memory_bytes: None,
    cpu_seconds: None,
    pids: None,
    open_files: None,
    file_size_bytes: None,
};

fn memory(bytes: u64) -> ResourceLimits {
    ResourceLimits {
        memory_bytes: Some(bytes),
        ..NONE
    }
}

fn pids(count: u64) -> ResourceLimits {
    ResourceLimits {
        pids: Some(count),
        ..NONE
    }
}

fn cpu(seconds: u64) -> ResourceLimits {
    ResourceLimits {
        cpu_seconds: Some(seconds),
        ..NONE
    }
}

fn file_size(bytes: u64) -> ResourceLimits {
    ResourceLimits {
        file_size_bytes: Some(bytes),
        ..NONE
    }
}

fn open_files(count: u64) -> ResourceLimits {
    ResourceLimits {
        open_files: Some(count),
        ..NONE
    }
}

impl Bench {
    fn limited(&self, script: &str, limits: ResourceLimits) -> SpawnRequest {
        SpawnRequest {
            limits,
            ..self.sh(script)
        }
    }

    async fn run_limited(&self, script: &str, limits: ResourceLimits) -> Ran {
        self.run(self.limited(script, limits)).await
    }

    async fn refused(&self, limits: ResourceLimits) -> Unenforceable {
        match self.spawn(self.limited("true", limits)).await {
            Err(SpawnError::Limits(refused)) => refused,
            other => panic!("{limits:?}: {other:?}"),
        }
    }
}

impl Ran {
    /// The raw status, and the limit that was exceeded.
    fn end(&self) -> (i32, Option<Exceeded>) {
        match self.exit {
            RawExit::Status(status, verdict) => (status, verdict.exceeded),
            RawExit::KeeperLost => panic!("the keeper is lost"),
        }
    }
}

/// Our own group in the hierarchy of cgroup v1 with this controller, if it can be written.
fn own_group(controller: &str) -> Option<PathBuf> {
    let own = fs::read_to_string("/proc/self/cgroup").unwrap();
    let mut lines = own
        .lines()
        .map(|line| line.splitn(3, ':').collect::<Vec<_>>());
    let line = lines.find(|line| line[1].split(',').any(|name| name == controller))?;
    let path = format!("/sys/fs/cgroup/{controller}{}", line[2]);
    let writable = rustix::fs::access(&path, Access::WRITE_OK).is_ok();
    writable.then(|| path.into())
}

/// The means of containment, when this user can have a group with this controller; else it is seen
/// that the limit is refused.
async fn bounding(limits: ResourceLimits, controller: &str) -> Vec<Containment> {
    let mut able = Vec::new();
    for mode in modes().await {
        let bench = Bench::new(mode);
        match bench.spawn(bench.limited("true", limits)).await {
            Ok(_) => able.push(mode),
            Err(SpawnError::Limits(Unenforceable { why, .. })) => {
                assert_eq!(why, Why::NoGroup);
                assert_eq!(own_group(controller), None, "a group can be had");
                outpost_testkit::skipped("no control group can be written here");
            }
            Err(other) => panic!("{other}"),
        }
        bench.close().await;
    }
    able
}

/// What the keepers of this process id left in a hierarchy.
fn left_by(keeper: u32, controller: &str) -> Vec<PathBuf> {
    let Some(own) = own_group(controller) else {
        return Vec::new();
    };
    let prefix = format!("outpost-{keeper}-");
    let entries = fs::read_dir(own).unwrap().flatten();
    let ours = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix));
    ours.map(|entry| entry.path()).collect()
}

#[tokio::test]
async fn p19_out_of_memory_ends_the_command_with_its_name_and_nobody_else() {
    let limits = memory(32 << 20);
    for mode in bounding(limits, "memory").await {
        let bench = Bench::new(mode);
        let other = bench.spawn(bench.sh("sleep 100000")).await.unwrap();
        let hog = bench.run_limited("exec tail /dev/zero", limits).await;
        let kill = Signal::KILL.as_raw();
        assert_eq!(hog.end(), (kill, Some(Exceeded::Memory)));
        // Below the leader it is told as well. The kernel may end the whole group at once.
        let below = bench.run_limited("tail /dev/zero; echo $?", limits).await;
        let (status, exceeded) = below.end();
        assert_eq!(exceeded, Some(Exceeded::Memory));
        assert!((status, below.out.as_str()) == (0, "137\n") || status == kill);
        assert!(!other.tree.is_empty());
        assert_eq!(bench.run(bench.sh("echo hi")).await.out, "hi\n");
        bench.close().await;
    }
}

#[tokio::test]
async fn p19_a_plain_kill_and_enough_memory_exceed_nothing() {
    let limits = memory(64 << 20);
    for mode in bounding(limits, "memory").await {
        let bench = Bench::new(mode);
        let killed = bench.run_limited("kill -9 $$", limits).await;
        assert_eq!(killed.end(), (Signal::KILL.as_raw(), None));
        let fits = bench
            .run_limited("head -c 8M /dev/zero | tail -n 1 | wc -c", limits)
            .await;
        assert_eq!((fits.end(), fits.out.trim()), ((0, None), "8388608"));
        bench.close().await;
    }
}

#[tokio::test]
async fn memory_is_that_of_the_whole_tree() {
    // The outer keeps its bytes while the inner collects as many. Each alone fits.
    let hold = "tail -n 1 >/dev/null";
    let alone = format!("head -c 24M /dev/zero | {hold}");
    let both = format!("{{ head -c 24M /dev/zero; {alone}; }} | {hold}");
    let limits = memory(40 << 20);
    for mode in bounding(limits, "memory").await {
        let bench = Bench::new(mode);
        assert_eq!(bench.run_limited(&alone, limits).await.end(), (0, None));
        let ran = bench.run_limited(&both, limits).await;
        assert_eq!(ran.end().1, Some(Exceeded::Memory));
        bench.close().await;
    }
}

#[tokio::test]
async fn p14_a_fork_storm_stays_within_its_limit_and_is_told() {
    const MOST: u64 = 50;
    // The shell gives up when it cannot fork; the leader waits to be looked at.
    let storm = "sh -c 'while :; do sleep 100000 & done'; echo $?; read go";
    for mode in bounding(pids(MOST), "pids").await {
        let bench = Bench::new(mode);
        let stdio = StdioPlan::Pipes { stdin: true };
        let mut request = bench.request(&["sh", "-c", storm], stdio);
        request.limits = pids(MOST);
        let mut spawned = bench.spawn(request).await.unwrap();
        assert_ne!(lines(&mut spawned, 1).await, ["0"]);
        let living = || alive(&bench.mark).len() as u64;
        // The last of them are not to be told from others before they have become what they are.
        // The guard, where there is one, is not the command's.
        timeout(PATIENCE, async {
            while living() < MOST - 2 {
                tokio::task::yield_now().await;
            }
        })
        .await
        .unwrap();
        assert!(living() <= MOST);
        assert_eq!(bench.run(bench.sh("echo hi")).await.out, "hi\n");
        drop(spawned.stdin.take());
        let exit = timeout(PATIENCE, &mut spawned.exit).await.unwrap().unwrap();
        let RawExit::Status(_, verdict) = exit else {
            panic!("{exit:?}")
        };
        assert_eq!(verdict.exceeded, Some(Exceeded::Pids));
        spawned.tree.kill().await;
        timeout(PATIENCE, spawned.tree.empty()).await.unwrap();
        bench.close().await;
    }
}

#[tokio::test]
async fn p14_a_fork_bomb_dies_with_terminate() {
    const MOST: u64 = 50;
    for mode in bounding(pids(MOST), "pids").await {
        let bench = Bench::new(mode);
        let bomb = "bomb() { bomb | bomb & }; echo lit; bomb; sleep 100000";
        let mut spawned = bench.spawn(bench.limited(bomb, pids(MOST))).await.unwrap();
        lines(&mut spawned, 1).await;
        for _ in 0..20 {
            let living = alive(&bench.mark).len() as u64;
            // A picture takes time, in which one can end and another begin.
            assert!(living <= 2 * MOST, "{living}");
        }
        spawned.tree.kill().await;
        timeout(PATIENCE, spawned.tree.empty()).await.unwrap();
        bench.close().await;
    }
}

#[tokio::test]
async fn as_many_processes_as_may_be_are_and_one_more_is_not() {
    let start = |count: usize| {
        let start = "sleep 100000 & p=\"$p $!\"; ".repeat(count);
        format!("{start} kill $p; echo ok")
    };
    for mode in bounding(pids(3), "pids").await {
        let bench = Bench::new(mode);
        // The shell itself is the third.
        let enough = bench.run_limited(&start(2), pids(3)).await;
        assert_eq!((enough.end(), enough.out.as_str()), ((0, None), "ok\n"));
        let mut more = bench
            .spawn(bench.limited(&start(3), pids(3)))
            .await
            .unwrap();
        let exit = timeout(PATIENCE, &mut more.exit).await.unwrap().unwrap();
        let RawExit::Status(status, verdict) = exit else {
            panic!("{exit:?}")
        };
        assert_ne!(status, 0);
        assert_eq!(verdict.exceeded, Some(Exceeded::Pids));
        more.tree.kill().await;
        let one = bench.run_limited("echo alone", pids(1)).await;
        assert_eq!((one.end(), one.out.as_str()), ((0, None), "alone\n"));
        bench.close().await;
    }
}

#[tokio::test]
async fn processor_time_ends_with_its_signal_and_with_a_kill_for_who_does_not_heed_it() {
    for mode in modes().await {
        let bench = Bench::new(mode);
        let spin = "while :; do :; done";
        let spun = bench.run_limited(spin, cpu(1)).await;
        let xcpu = libc::SIGXCPU;
        assert_eq!(spun.end(), (xcpu, Some(Exceeded::Cpu)));
        let deaf = format!("trap '' XCPU; {spin}");
        let deaf = bench.run_limited(&deaf, cpu(1)).await;
        assert_eq!(deaf.end(), (Signal::KILL.as_raw(), Some(Exceeded::Cpu)));
        let idle = bench.run_limited("kill -9 $$", cpu(1)).await;
        assert_eq!(idle.end(), (Signal::KILL.as_raw(), None));
        bench.close().await;
    }
}

#[tokio::test]
async fn a_file_grows_to_its_limit_and_not_beyond() {
    let directory = tempfile::tempdir().unwrap();
    for mode in modes().await {
        let bench = Bench::new(mode);
        let write = |count: usize, name: &str| {
            let path = directory.path().join(name);
            let script = format!("exec head -c {count} /dev/zero > {}", path.display());
            (script, path)
        };
        let size = |path: &PathBuf| fs::metadata(path).unwrap().len();
        let (exactly, path) = write(5000, "exactly");
        assert_eq!(
            bench.run_limited(&exactly, file_size(5000)).await.end(),
            (0, None)
        );
        assert_eq!(size(&path), 5000);
        let (more, path) = write(5001, "more");
        let (status, exceeded) = bench.run_limited(&more, file_size(5000)).await.end();
        // A core may have been dumped, as far as that limit lets it.
        assert_eq!(status & 0x7f, libc::SIGXFSZ);
        assert_eq!(exceeded, Some(Exceeded::FileSize));
        assert_eq!(size(&path), 5000);
        // Pipes are no files.
        let piped = bench
            .run_limited("head -c 100000 /dev/zero | wc -c", file_size(0))
            .await;
        assert_eq!((piped.end(), piped.out.trim()), ((0, None), "100000"));
        bench.close().await;
    }
}

#[tokio::test]
async fn descriptors_are_given_up_to_the_limit() {
    for mode in modes().await {
        let bench = Bench::new(mode);
        let open = "exec 3</dev/null 4</dev/null; echo ok; exec 5</dev/null; echo no";
        let ran = bench.run_limited(open, open_files(5)).await;
        assert_eq!(ran.out, "ok\n");
        assert!(ran.err.contains("Too many open files"), "{}", ran.err);
        assert_eq!(ran.end().1, None);
        let told = bench
            .run_limited("ulimit -Sn; ulimit -Hn", open_files(7))
            .await;
        assert_eq!(told.out, "7\n7\n");
        bench.close().await;
    }
}

#[tokio::test]
async fn what_cannot_be_kept_is_refused_before_anything_runs() {
    let bench = Bench::new(Containment::Auto);
    let most = |resource| getrlimit(resource).maximum;
    let mut refused = vec![
        (memory(0), Limit::Memory, Why::TooSmall { least: 4096 }),
        (pids(0), Limit::Pids, Why::TooSmall { least: 1 }),
        (cpu(0), Limit::Cpu, Why::TooSmall { least: 1 }),
        (open_files(2), Limit::OpenFiles, Why::TooSmall { least: 3 }),
    ];
    for (limits, limit) in [
        (memory(u64::MAX), Limit::Memory),
        (cpu(u64::MAX), Limit::Cpu),
        (pids(u64::MAX), Limit::Pids),
        (open_files(u64::MAX), Limit::OpenFiles),
        (file_size(u64::MAX), Limit::FileSize),
    ] {
        let Unenforceable { limit: told, why } = bench.refused(limits).await;
        assert_eq!(told, limit);
        assert!(matches!(why, Why::TooLarge { .. }), "{why}");
    }
    if let Some(most) = most(Resource::Nofile) {
        let why = Why::TooLarge { most };
        refused.push((open_files(most + 1), Limit::OpenFiles, why));
        let given = bench.run_limited("ulimit -n", open_files(most)).await;
        assert_eq!(given.out.trim(), most.to_string());
    }
    for (limits, limit, why) in refused {
        assert_eq!(bench.refused(limits).await, Unenforceable { limit, why });
    }
    let directory = tempfile::tempdir().unwrap();
    let made = directory.path().join("made");
    let script = format!("> {}", made.display());
    let refused = bench.spawn(bench.limited(&script, pids(0))).await;
    assert!(refused.is_err() && !made.exists());
    bench.close().await;
}

#[tokio::test]
async fn without_a_keeper_every_limit_is_refused() {
    let bench = Bench::with(KeeperConfig {
        program: KeeperProgram::None,
        ..KeeperConfig::default()
    });
    for (limits, limit) in [
        (memory(1 << 30), Limit::Memory),
        (cpu(10), Limit::Cpu),
        (pids(10), Limit::Pids),
        (open_files(10), Limit::OpenFiles),
        (file_size(10), Limit::FileSize),
    ] {
        let why = Why::NoKeeper;
        assert_eq!(bench.refused(limits).await, Unenforceable { limit, why });
    }
    bench.close().await;
}

#[tokio::test]
async fn all_limits_hold_together_also_on_a_terminal_and_when_nothing_runs() {
    let all = ResourceLimits {
        memory_bytes: Some(64 << 20),
        cpu_seconds: Some(5),
        pids: Some(20),
        open_files: Some(30),
        file_size_bytes: Some(1 << 20),
    };
    for mode in bounding(all, "memory").await {
        let bench = Bench::new(mode);
        let script = "ulimit -n; ulimit -t; ulimit -f";
        let stdio = StdioPlan::Terminal { rows: 24, cols: 80 };
        for stdio in [StdioPlan::Pipes { stdin: false }, stdio] {
            let mut request = bench.request(&["sh", "-c", script], stdio);
            request.limits = all;
            let ran = bench.run(request).await;
            assert_eq!(ran.out.replace('\r', ""), "30\n5\n2048\n");
            assert_eq!(ran.end(), (0, None));
        }
        let mut missing = bench.request(&["/no/such/program"], StdioPlan::Pipes { stdin: false });
        missing.limits = all;
        let error = bench.spawn(missing).await.unwrap_err();
        assert!(matches!(error, SpawnError::Program { .. }), "{error}");
        bench.close().await;
    }
}

#[tokio::test]
async fn no_group_of_a_command_is_left_behind() {
    let limits = ResourceLimits {
        memory_bytes: Some(64 << 20),
        ..pids(20)
    };
    for mode in bounding(limits, "pids").await {
        let bench = Bench::new(mode);
        let living = bench
            .spawn(bench.limited("sleep 100000", limits))
            .await
            .unwrap();
        let keeper = keeper_of(living.pid, mode);
        let groups = || -> Vec<PathBuf> {
            let parents = ["memory", "pids"].map(|controller| left_by(keeper, controller));
            let below = |parent: PathBuf| {
                let entries = fs::read_dir(parent).unwrap().flatten();
                let groups = entries.filter(|entry| entry.file_type().unwrap().is_dir());
                groups.map(|entry| entry.path()).collect::<Vec<_>>()
            };
            parents.into_iter().flatten().flat_map(below).collect()
        };
        let with_one = groups();
        for _ in 0..10 {
            let daemon = bench.limited(DAEMON, limits);
            let mut spawned = bench.spawn(daemon).await.unwrap();
            timeout(PATIENCE, &mut spawned.exit).await.unwrap().unwrap();
            spawned.tree.kill().await;
            timeout(PATIENCE, spawned.tree.empty()).await.unwrap();
        }
        bench.run_limited("true", limits).await;
        assert_eq!(groups(), with_one);
        bench.close().await;
        assert_eq!(left_by(keeper, "memory"), Vec::<PathBuf>::new());
        assert_eq!(left_by(keeper, "pids"), Vec::<PathBuf>::new());
    }
}

#[tokio::test]
async fn what_a_killed_keeper_left_is_cleared_by_the_next() {
    let limits = ResourceLimits {
        memory_bytes: Some(64 << 20),
        ..pids(20)
    };
    for mode in bounding(limits, "pids").await {
        let bench = Bench::new(mode);
        let mut spawned = bench.spawn(bench.limited(DAEMON, limits)).await.unwrap();
        let daemon = watch(&lines(&mut spawned, 1).await[0]);
        let living = bench
            .spawn(bench.limited("sleep 100000", limits))
            .await
            .unwrap();
        let keeper = keeper_of(living.pid, mode);
        let left = || ["memory", "pids"].map(|controller| left_by(keeper, controller).len());
        assert_eq!(left(), [1, 1]);
        kill(keeper, Signal::KILL);
        gone(daemon).await;
        timeout(PATIENCE, living.tree.empty()).await.unwrap();
        // The next keeper clears when it bounds a command for the first time.
        assert_eq!(bench.run_limited("true", limits).await.end(), (0, None));
        assert_eq!(left(), [0, 0]);
        bench.close().await;
    }
}
