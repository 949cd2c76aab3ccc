//! Commands behind walls: started, ended, reported and signalled as those without.

use std::{path::Path, sync::Arc};

use outpost_host::{
    process::{
        ExitReason, ProcessLimits, Processes, Signal, Spec, StartError, Stream, keeper::SpawnError,
    },
    sandbox::{Access, FileRules, Network, Place, Policy, Rule, Sandboxes, Scene, Special, Walls},
};

use super::process_support::*;

mod spare;

fn rule(place: Place, access: Access) -> Rule {
    Rule {
        place,
        access,
        skip_missing: false,
    }
}

/// Everything can be read, `work` be written, no network be reached.
async fn workspace_write(work: &Path) -> Arc<Walls> {
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
    let walls = Sandboxes::default().prepare_command(&policy, &scene).await;
    walls.expect("this computer can enforce the policy")
}

async fn walled(script: &str, work: &Path) -> Spec {
    Spec {
        walls: Some(workspace_write(work).await),
        cwd: work.into(),
        ..sh(script)
    }
}

/// How a command comes to its walls.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// They are raised for it.
    Raised,
    /// They were raised before.
    Spare,
}

// === impl Way ===

impl Way {
    const BOTH: [Self; 2] = [Self::Raised, Self::Spare];

    /// Processes of which the next one behind the walls of `work` takes this way.
    async fn processes(self, work: &Path) -> Processes {
        let processes = processes(ProcessLimits::default());
        if matches!(self, Self::Spare) {
            spare::leave_one(&processes, workspace_write(work).await).await;
        }
        processes
    }
}

/// A folder outside of those for temporary files.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

#[tokio::test]
async fn a_walled_command_writes_where_it_may_and_nowhere_else() {
    if outpost_testkit::walls::missing() {
        return;
    }
    for way in Way::BOTH {
        let (work, outside) = (folder(), folder());
        let processes = way.processes(work.path()).await;
        let script = format!(
            "echo in > in && cat in; echo out > {}/out; echo $?; exit 7",
            outside.path().display()
        );
        let process = processes
            .start("p", walled(&script, work.path()).await)
            .await;
        let events = Told::of(&process.unwrap()).all().await;
        assert!(
            bytes(&events, Stream::Stdout).starts_with(b"in\n"),
            "{events:?}"
        );
        assert_eq!(
            (exit(&events).code, exit(&events).reason),
            (7, ExitReason::Exited)
        );
        assert!(work.path().join("in").exists());
        assert!(!outside.path().join("out").exists());
    }
}

#[tokio::test]
async fn the_exact_end_of_a_walled_command_is_known() {
    if outpost_testkit::walls::missing() {
        return;
    }
    for way in Way::BOTH {
        let work = folder();
        let processes = way.processes(work.path()).await;
        let process = processes
            .start("p", walled("kill -TERM $$", work.path()).await)
            .await;
        let end = exit(&Told::of(&process.unwrap()).all().await);
        let reason = ExitReason::Signaled {
            number: 15,
            name: "SIGTERM",
        };
        assert_eq!((end.code, end.reason), (143, reason));
    }
}

#[tokio::test]
async fn b06_terminate_ends_what_a_walled_command_left_behind() {
    if outpost_testkit::walls::missing() {
        return;
    }
    for way in Way::BOTH {
        let work = folder();
        let processes = way.processes(work.path()).await;
        let script = "setsid sh -c 'sleep 1000 & sleep 1000' & echo ready; sleep 1000";
        let process = processes
            .start("p", walled(script, work.path()).await)
            .await
            .unwrap();
        let told = Told::of(&process);
        told.printed("ready").await;
        assert!(process.terminate(None).await);
        let end = exit(&told.all().await);
        assert_eq!((end.code, end.reason), (137, ExitReason::Terminated));
    }
}

#[tokio::test]
async fn a_signal_reaches_a_walled_command_and_not_its_walls() {
    if outpost_testkit::walls::missing() {
        return;
    }
    for way in Way::BOTH {
        let work = folder();
        let processes = way.processes(work.path()).await;
        let script = "trap 'echo caught; exit 9' INT; echo ready; while :; do sleep 0.01; done";
        let process = processes
            .start("p", walled(script, work.path()).await)
            .await
            .unwrap();
        let told = Told::of(&process);
        told.printed("ready").await;
        assert!(process.signal(Signal::Interrupt).await);
        let events = told.all().await;
        assert!(printed(&events).ends_with("caught\n"), "{events:?}");
        assert_eq!(exit(&events).code, 9);
    }
}

#[tokio::test]
async fn b13_ctrl_c_interrupts_the_program_of_a_walled_terminal() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let work = folder();
    let processes = processes(ProcessLimits::default());
    let script = "trap 'echo caught; exit 9' INT; tty; echo ready; while :; do sleep 0.01; done";
    let spec = Spec {
        walls: Some(workspace_write(work.path()).await),
        ..sh_on_terminal(script)
    };
    let process = processes.start("p", spec).await.unwrap();
    let told = Told::of(&process);
    told.printed("ready").await;
    process.write(None, b"\x03"[..].into()).await.unwrap();
    let events = told.all().await;
    assert!(printed(&events).contains("caught"), "{events:?}");
    assert!(printed(&events).contains("/dev/console"), "{events:?}");
    assert_eq!(exit(&events).code, 9);
}

#[tokio::test]
async fn b08_a_missing_program_is_the_same_error_as_outside() {
    if outpost_testkit::walls::missing() {
        return;
    }
    for way in Way::BOTH {
        let work = folder();
        let processes = way.processes(work.path()).await;
        let spec = Spec {
            argv: vec!["/no/such/program".to_owned()],
            ..walled("", work.path()).await
        };
        let refused = processes.start("p", spec).await.unwrap_err();
        let StartError::Spawn(SpawnError::Program { source, .. }) = &refused else {
            panic!("{refused:?}");
        };
        assert_eq!(source.raw_os_error(), Some(2));
    }
}

#[tokio::test]
async fn what_stays_behind_a_walled_leader_is_heard_to_its_end() {
    if outpost_testkit::walls::missing() {
        return;
    }
    for way in Way::BOTH {
        let work = folder();
        let processes = way.processes(work.path()).await;
        let script = "(sleep 0.3; echo late) & echo early";
        let process = processes
            .start("p", walled(script, work.path()).await)
            .await
            .unwrap();
        let events = Told::of(&process).all().await;
        assert_eq!(printed(&events), "early\nlate\n");
    }
}

#[tokio::test]
async fn memory_is_shared_by_name_within_and_not_beyond() {
    if outpost_testkit::walls::missing() {
        return;
    }
    for way in Way::BOTH {
        let work = folder();
        let processes = way.processes(work.path()).await;
        let name = format!("/dev/shm/outpost-test-{}", std::process::id());
        let script = format!("echo shared > {name} && cat {name}");
        let process = processes
            .start("p", walled(&script, work.path()).await)
            .await
            .unwrap();
        let events = Told::of(&process).all().await;
        assert_eq!(printed(&events), "shared\n");
        assert!(!Path::new(&name).exists());
    }
}
