//! Limits of commands behind walls: the same, and none of them is used up by the walls.

use std::sync::Arc;

use outpost_host::sandbox::{
    Access, FileRules, Network, Place, Policy, Rule, Sandboxes, Scene, Special, Walls,
};

use super::*;

/// Everything can be read, `work` be written, no network be reached.
async fn walls(work: &Path) -> Arc<Walls> {
    let rule = |place, access| Rule {
        place,
        access,
        skip_missing: false,
    };
    let policy = Policy {
        files: FileRules::Restricted(vec![
            rule(Place::Special(Special::Root), Access::Read),
            rule(Place::Path(work.into()), Access::Write),
        ]),
        network: Network::Restricted,
    };
    let scene = Scene {
        cwd: work.into(),
        project_roots: vec![work.into()],
        tmpdir: None,
    };
    Sandboxes::default().prepare(&policy, &scene).await.unwrap()
}

impl Bench {
    async fn run_walled(&self, walls: &Arc<Walls>, script: &str, limits: ResourceLimits) -> Ran {
        self.run(SpawnRequest {
            walls: Some(walls.clone()),
            ..self.limited(script, limits)
        })
        .await
    }
}

#[tokio::test]
async fn behind_walls_each_process_is_held_to_its_own_limits() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let work = tempfile::tempdir().unwrap();
    let walls = walls(work.path()).await;
    for mode in modes().await {
        let bench = Bench::new(mode);
        let all = ResourceLimits {
            open_files: Some(30),
            cpu_seconds: Some(5),
            ..file_size(0)
        };
        let told = bench
            .run_walled(&walls, "ulimit -n; ulimit -t; ulimit -f", all)
            .await;
        assert_eq!((told.out.as_str(), told.end()), ("30\n5\n0\n", (0, None)));
        let file = work.path().join(format!("{mode:?}"));
        let grow = |count| format!("exec head -c {count} /dev/zero > {}", file.display());
        let fits = bench.run_walled(&walls, &grow(5000), file_size(5000)).await;
        assert_eq!(fits.end(), (0, None));
        let grown = bench.run_walled(&walls, &grow(5001), file_size(5000)).await;
        let (status, exceeded) = grown.end();
        assert_eq!(
            (status & 0x7f, exceeded),
            (libc::SIGXFSZ, Some(Exceeded::FileSize))
        );
        let deaf = "trap '' XCPU; while :; do :; done";
        let spun = bench.run_walled(&walls, deaf, cpu(1)).await;
        assert_eq!(spun.end(), (Signal::KILL.as_raw(), Some(Exceeded::Cpu)));
        bench.close().await;
    }
}

#[tokio::test]
async fn behind_walls_as_many_processes_as_may_be_are_and_one_more_is_not() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let work = tempfile::tempdir().unwrap();
    let walls = walls(work.path()).await;
    let start = |count: usize| {
        let start = "sleep 100000 & p=\"$p $!\"; ".repeat(count);
        format!("{start} kill $p; echo ok")
    };
    // Without a group, who is not root is counted in the namespace, which tells nobody.
    let counted = own_group("pids").is_some();
    for mode in modes().await {
        let bench = Bench::new(mode);
        let enough = bench.run_walled(&walls, &start(2), pids(3)).await;
        assert_eq!((enough.end(), enough.out.as_str()), ((0, None), "ok\n"));
        let mut more = bench.limited(&start(3), pids(3));
        more.walls = Some(walls.clone());
        let mut more = bench.spawn(more).await.unwrap();
        let exit = timeout(PATIENCE, &mut more.exit).await.unwrap().unwrap();
        let RawExit::Status(status, verdict) = exit else {
            panic!("{exit:?}")
        };
        assert_ne!(status, 0);
        assert_eq!(verdict.exceeded, counted.then_some(Exceeded::Pids));
        more.tree.kill().await;
        let one = bench.run_walled(&walls, "echo alone", pids(1)).await;
        assert_eq!((one.end(), one.out.as_str()), ((0, None), "alone\n"));
        bench.close().await;
    }
}

#[tokio::test]
async fn behind_walls_a_lack_of_memory_ends_the_command_and_not_its_walls() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let work = tempfile::tempdir().unwrap();
    let walls = walls(work.path()).await;
    let limits = memory(32 << 20);
    for mode in bounding(limits, "memory").await {
        let bench = Bench::new(mode);
        let hog = bench
            .run_walled(&walls, "exec tail /dev/zero", limits)
            .await;
        assert_eq!(hog.end(), (Signal::KILL.as_raw(), Some(Exceeded::Memory)));
        let fits = bench.run_walled(&walls, "echo hi", limits).await;
        assert_eq!((fits.out.as_str(), fits.end()), ("hi\n", (0, None)));
        bench.close().await;
    }
}
