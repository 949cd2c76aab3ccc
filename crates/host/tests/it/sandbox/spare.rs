//! Walls that were raised before their command: used, once, and only while they are what they
//! should be.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something unexpected happens"
)]

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    time::Duration,
};

use outpost_host::process::{
    Process, ProcessHost, Processes,
    keeper::{Containment, Keeper, KeeperConfig, KeeperProgram},
};
use rustix::process::{Pid, Signal, kill_process};

use super::*;

/// A command that stays until it is ended.
const STAY: &str = "echo ready; exec sleep 1000";

/// The process as which the first one inside presents itself.
const INIT: &str = "outpost-init";

/// A host whose commands are kept together in this way.
fn host(containment: Containment) -> ProcessHost {
    let keeper = Keeper::new(KeeperConfig {
        program: KeeperProgram::Path(env!("CARGO_BIN_EXE_outpost-keeper").into()),
        containment,
        ..KeeperConfig::default()
    });
    ProcessHost::new(keeper, ProcessLimits::default())
}

const BOTH: [Containment; 2] = [Containment::Auto, Containment::Subreaper];

/// A field of `/proc/PID/stat` behind the name, and the name.
fn stat(pid: u32) -> Option<(String, u32)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (name, rest) = stat.split_once(" (")?.1.rsplit_once(") ")?;
    let parent = rest.split(' ').nth(1)?.parse().ok()?;
    Some((name.to_owned(), parent))
}

fn parent(pid: u32) -> u32 {
    stat(pid).expect("it is alive").1
}

/// The first processes of sandboxes that this keeper's children raised.
fn inits(keeper: u32) -> Vec<u32> {
    let all = fs::read_dir("/proc").unwrap().flatten();
    let numbers = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let ours = |pid: &u32| {
        let (name, raiser) = stat(*pid)?;
        let above = stat(raiser)?.1;
        (name == INIT && above == keeper && !gone(*pid)).then_some(())
    };
    numbers.filter(|pid| ours(pid).is_some()).collect()
}

/// The keeper of a walled command, which is alive.
fn keeper_of(pid: u32) -> u32 {
    parent(parent(parent(pid)))
}

/// The spare beside the walls of these commands, which are alive.
async fn spare_beside_all(pids: &[u32]) -> u32 {
    let own: Vec<u32> = pids.iter().map(|pid| parent(*pid)).collect();
    let keeper = keeper_of(pids[0]);
    until(|| inits(keeper).into_iter().find(|init| !own.contains(init))).await
}

/// Waits for something that others bring about.
async fn until<T>(mut look: impl FnMut() -> Option<T>) -> T {
    soon(async {
        loop {
            if let Some(found) = look() {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await
}

/// The spare beside the walls of this command, which is alive and alone: its first process.
pub(super) async fn spare_beside(pid: u32) -> u32 {
    spare_beside_all(&[pid]).await
}

async fn stay(processes: &Processes, id: &str, walls: Arc<Walls>) -> Process {
    let spec = Spec {
        walls: Some(walls),
        ..sh(STAY)
    };
    let process = processes.start(id, spec).await.unwrap();
    Told::of(&process).printed("ready").await;
    process
}

/// Ends a command that stays, and waits for its walls to be gone.
async fn end(process: &Process) {
    let init = parent(process.pid());
    process.terminate(None).await;
    read_to_close(process).await;
    until(|| gone(init).then_some(())).await;
}

/// Leaves a spare for these walls, and says which.
pub(super) async fn leave_one(processes: &Processes, walls: Arc<Walls>) -> u32 {
    let first = stay(processes, "first", walls).await;
    let spare = spare_beside(first.pid()).await;
    end(&first).await;
    spare
}

/// What a script prints, as the second behind the walls of this policy.
async fn second(processes: &Processes, walls: Arc<Walls>, script: &str) -> String {
    let spec = Spec {
        walls: Some(walls),
        ..sh(script)
    };
    let process = processes.start("second", spec).await.unwrap();
    printed(&Told::of(&process).all().await)
}

fn gone(pid: u32) -> bool {
    !is_alive(&pid.to_string())
}

async fn prepare(rules: Vec<Rule>, work: &Path) -> Arc<Walls> {
    let policy = Policy {
        files: FileRules::Restricted(rules),
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

fn place(path: PathBuf) -> Place {
    Place::Path(path)
}

#[tokio::test]
async fn each_command_runs_in_what_was_raised_when_the_one_before_ran() {
    if outpost_testkit::walls::missing() {
        return;
    }
    for containment in BOTH {
        let work = folder();
        let host = host(containment);
        let processes = Processes::new(host.clone());
        // One after a command that none was there for, two from then on.
        let mut spares: Vec<u32> = Vec::new();
        for (turn, kept) in [1, 2, 2, 2, 2, 2].into_iter().enumerate() {
            let walls = workspace_write(work.path()).await;
            let process = stay(&processes, &format!("p{turn}"), walls).await;
            let own = parent(process.pid());
            assert!(turn == 0 || spares.contains(&own), "turn {turn}");
            spares.retain(|spare| *spare != own);
            let keeper = keeper_of(process.pid());
            let all = until(|| {
                let mut all = inits(keeper);
                all.retain(|init| *init != own);
                (all.len() == kept).then_some(all)
            });
            let all = all.await;
            assert!(spares.iter().all(|spare| all.contains(spare)));
            spares = all;
            end(&process).await;
        }
        // The last ones were not used. They end with the keeper.
        assert!(!spares.iter().any(|spare| gone(*spare)));
        host.shutdown().await;
        until(|| spares.iter().all(|spare| gone(*spare)).then_some(())).await;
    }
}

#[tokio::test]
async fn a_protected_folder_that_was_replaced_is_protected_again() {
    if outpost_testkit::walls::missing() {
        return;
    }
    for containment in BOTH {
        let work = folder();
        let git = work.path().join(".git");
        fs::create_dir(&git).unwrap();
        let processes = Processes::new(host(containment));
        leave_one(&processes, workspace_write(work.path()).await).await;
        fs::rename(&git, work.path().join("old")).unwrap();
        fs::create_dir(&git).unwrap();
        let script = format!(
            "cd {}; echo x > .git/config; echo $?",
            work.path().display()
        );
        let walls = workspace_write(work.path()).await;
        let said = second(&processes, walls, &script).await;
        assert!(!said.ends_with("0\n"), "{said}");
        assert!(!git.join("config").exists());
    }
}

#[tokio::test]
async fn f09_walls_upon_what_took_a_place_since_the_look_are_refused() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let work = folder();
    let (git, old) = (work.path().join(".git"), work.path().join("old"));
    fs::create_dir(&git).unwrap();
    let processes = Processes::new(host(Containment::Auto));
    let first = workspace_write(work.path()).await;
    // Another takes its place after the look, and is what the walls are raised upon.
    fs::rename(&git, &old).unwrap();
    fs::create_dir(&git).unwrap();
    let spec = Spec {
        walls: Some(first),
        ..sh("true")
    };
    let refused = processes.start("first", spec).await.unwrap_err();
    let StartError::Spawn(SpawnError::Walls { words }) = &refused else {
        panic!("{refused:?}");
    };
    assert!(words.contains("were changed meanwhile"), "{words}");
    fs::remove_dir(&git).unwrap();
    fs::rename(&old, &git).unwrap();
    let script = format!(
        "cd {}; echo x > .git/config; echo $?",
        work.path().display()
    );
    let said = second(&processes, workspace_write(work.path()).await, &script).await;
    assert!(!said.ends_with("0\n"), "{said}");
    assert!(!git.join("config").exists());
}

#[tokio::test]
async fn what_is_hidden_stays_hidden_when_it_is_replaced() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let work = folder();
    let secret = work.path().join("secret");
    let rules = || {
        vec![
            rule(Place::Special(Special::Root), Access::Read),
            rule(place(work.path().into()), Access::Write),
            rule(place(secret.clone()), Access::Deny),
        ]
    };
    let fill = || {
        fs::create_dir(&secret).unwrap();
        fs::write(secret.join("word"), "sesame").unwrap();
    };
    fill();
    let processes = Processes::new(host(Containment::Auto));
    leave_one(&processes, prepare(rules(), work.path()).await).await;
    fs::rename(&secret, work.path().join("old")).unwrap();
    fill();
    // What was moved away has another name now, which no rule is about.
    fs::remove_dir_all(work.path().join("old")).unwrap();
    let script = format!("cat {}/word; echo $?", secret.display());
    let said = second(&processes, prepare(rules(), work.path()).await, &script).await;
    assert!(!said.contains("sesame"), "{said}");
}

#[tokio::test]
async fn a_link_that_took_the_place_of_a_folder_gives_nothing_away() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let (work, outside) = (folder(), folder());
    let sub = work.path().join("sub");
    fs::create_dir(&sub).unwrap();
    let rules = || {
        vec![
            rule(Place::Special(Special::Minimal), Access::Read),
            rule(place(sub.clone()), Access::Write),
        ]
    };
    let processes = Processes::new(host(Containment::Auto));
    let stale = prepare(rules(), work.path()).await;
    leave_one(&processes, stale).await;
    fs::remove_dir(&sub).unwrap();
    symlink(outside.path(), &sub).unwrap();
    // Now the rule is about the place that the link leads to, and about no other.
    let script = format!("echo x > {}/made; echo $?", sub.display());
    let said = second(&processes, prepare(rules(), work.path()).await, &script).await;
    assert!(said.ends_with("0\n"), "{said}");
    assert!(outside.path().join("made").exists());
}

#[tokio::test]
async fn a_root_that_was_made_anew_is_the_one_that_is_seen() {
    if outpost_testkit::walls::missing() {
        return;
    }
    for base in [Special::Root, Special::Minimal] {
        let work = folder();
        let root = work.path().join("root");
        let rules = || {
            vec![
                rule(Place::Special(base.clone()), Access::Read),
                rule(place(root.clone()), Access::Write),
            ]
        };
        fs::create_dir(&root).unwrap();
        let processes = Processes::new(host(Containment::Auto));
        leave_one(&processes, prepare(rules(), work.path()).await).await;
        fs::rename(&root, work.path().join("old")).unwrap();
        fs::create_dir(&root).unwrap();
        fs::write(root.join("new"), "").unwrap();
        let script = format!("cd {}; ls; echo x > made; echo $?", root.display());
        let said = second(&processes, prepare(rules(), work.path()).await, &script).await;
        assert_eq!(said, "new\n0\n");
        assert!(root.join("made").exists());
    }
}

#[tokio::test]
async fn a_spare_that_was_killed_does_no_harm() {
    if outpost_testkit::walls::missing() {
        return;
    }
    for containment in BOTH {
        let work = folder();
        let processes = Processes::new(host(containment));
        let kill = |pid: u32| {
            let pid = Pid::from_raw(pid.try_into().unwrap()).unwrap();
            kill_process(pid, Signal::KILL).ok();
        };
        let mut walls = workspace_write(work.path()).await;
        let mut process = stay(&processes, "first", walls).await;
        for turn in 0..20 {
            let spare = spare_beside(process.pid()).await;
            // Those who raise walls and those within take turns.
            let victim = if turn % 2 == 0 { spare } else { parent(spare) };
            walls = workspace_write(work.path()).await;
            kill(victim);
            // What raises walls takes a moment to end; who waits within is dead at once.
            if victim != spare {
                until(|| gone(victim).then_some(())).await;
            }
            let next = stay(&processes, &format!("p{turn}"), walls).await;
            assert_ne!(parent(next.pid()), spare);
            end(&process).await;
            process = next;
        }
    }
}

#[tokio::test]
async fn many_at_once_are_started_once_each_and_leave_nothing() {
    if outpost_testkit::walls::missing() {
        return;
    }
    for containment in BOTH {
        let work = folder();
        let host = host(containment);
        let processes = Processes::new(host.clone());
        let first = stay(&processes, "first", workspace_write(work.path()).await).await;
        let keeper = keeper_of(first.pid());
        let mut starts = tokio::task::JoinSet::new();
        for number in 0..100 {
            let (processes, work) = (processes.clone(), work.path().to_owned());
            starts.spawn(async move {
                let script = format!("echo {number} >> {}/{number}", work.display());
                let spec = walled(&script, &work).await;
                let process = processes.start(&format!("n{number}"), spec).await.unwrap();
                exit(&Told::of(&process).all().await).code
            });
        }
        while let Some(code) = starts.join_next().await {
            assert_eq!(code.unwrap(), 0);
        }
        for number in 0..100 {
            let written = fs::read_to_string(work.path().join(number.to_string())).unwrap();
            assert_eq!(written, format!("{number}\n"));
        }
        end(&first).await;
        // What is left is for the one policy there is.
        let left = until(|| Some(inits(keeper)).filter(|left| (1..=2).contains(&left.len()))).await;
        host.shutdown().await;
        until(|| (left.iter().all(|spare| gone(*spare)) && gone(keeper)).then_some(())).await;
    }
}

#[tokio::test]
async fn what_is_no_command_that_starts_at_once_leaves_none() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let (one, other) = (folder(), folder());
    let processes = Processes::new(host(Containment::Auto));
    let policy = Policy {
        files: FileRules::Restricted(vec![
            rule(Place::Special(Special::Root), Access::Read),
            rule(place(one.path().into()), Access::Write),
        ]),
        network: Network::Restricted,
    };
    let scene = Scene {
        cwd: one.path().into(),
        project_roots: vec![one.path().into()],
        tmpdir: None,
    };
    let without = Sandboxes::default().prepare(&policy, &scene).await.unwrap();
    let first = stay(&processes, "without", without).await;
    // Spares are raised in the order of starts, so that of the first would be there before.
    let second = stay(&processes, "with", workspace_write(other.path()).await).await;
    let spare = spare_beside_all(&[first.pid(), second.pid()]).await;
    let mut expected = vec![parent(first.pid()), parent(second.pid()), spare];
    let mut all = inits(keeper_of(first.pid()));
    expected.sort_unstable();
    all.sort_unstable();
    assert_eq!(all, expected);
}

#[tokio::test]
async fn other_policies_have_others_and_only_so_many_are_kept() {
    if outpost_testkit::walls::missing() {
        return;
    }
    for containment in BOTH {
        let works: Vec<_> = (0..5).map(|_| folder()).collect();
        let processes = Processes::new(host(containment));
        let (mut stayed, mut spares) = (Vec::new(), Vec::new());
        for (number, work) in works.iter().enumerate() {
            let walls = workspace_write(work.path()).await;
            stayed.push(stay(&processes, &format!("p{number}"), walls).await);
            let known: Vec<u32> = stayed.iter().map(Process::pid).collect();
            let all = until(|| {
                let mut all = inits(keeper_of(known[0]));
                let own: Vec<u32> = known.iter().map(|pid| parent(*pid)).collect();
                all.retain(|init| !own.contains(init) && !spares.contains(init));
                (all.len() == 1).then_some(all)
            });
            spares.push(all.await[0]);
        }
        let oldest = spares[0];
        until(|| gone(oldest).then_some(())).await;
        assert!(spares[1..].iter().all(|spare| !gone(*spare)));
        // Each command has what was raised for its own policy.
        for number in 1..works.len() {
            let walls = workspace_write(works[number].path()).await;
            let next = stay(&processes, &format!("n{number}"), walls).await;
            assert_eq!(parent(next.pid()), spares[number]);
            end(&next).await;
        }
    }
}
