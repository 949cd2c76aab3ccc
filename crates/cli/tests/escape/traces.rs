//! Nothing is left on disk, and what a command is told reaches nobody before its walls stand.

use std::{fs, path::Path, time::Duration};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::{hostile::METADATA, meter::Meter, policy::Policy, room::Room};

/// All names below a folder.
fn tree(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        found.push(path.display().to_string());
        if path.is_dir() && !path.is_symlink() {
            found.extend(tree(&path));
        }
    }
    found.sort();
    found
}

#[test]
fn f11_nothing_is_left_on_disk_when_server_and_keeper_are_killed_at_once() {
    for mut room in Room::all() {
        let folders = [
            room.arena.work(),
            room.base.path("tmp"),
            room.base.path("home"),
        ];
        let before = folders.each_ref().map(|folder| tree(folder));
        let mut entries = Policy::Workspace.entries(&room.base);
        entries.push(crate::policy::entry(
            &room.arena.path("work/not-there/at-all"),
            "deny",
        ));
        let work = room.arena.work();
        for network in ["restricted", "enabled"] {
            let sandbox = crate::policy::sandbox(&work, &entries, network);
            let id = room
                .start(
                    &sandbox,
                    &[
                        "sh",
                        "-c",
                        "mkdir .git .codex 2>/dev/null; echo up; sleep 600",
                    ],
                    &json!({}),
                )
                .expect("it starts");
            assert_eq!(room.client.output(&id), "up\n");
        }
        let read = json!({"path": crate::policy::uri(&work.join("own")), "sandbox": room.sandbox(Policy::Workspace)});
        room.client
            .call("fs/readFile", &read)
            .expect("it may be read");
        // While everything is up there is nothing on disk either.
        for name in METADATA {
            assert!(fs::symlink_metadata(work.join(name)).is_err(), "{name}");
        }
        let server = Meter(room.server.program.pid());
        let mut all: Vec<Pid> = server.descendants().into_iter().map(|one| one.0).collect();
        all.insert(0, server.0);
        for pid in &all {
            // Those further down die with those above.
            kill_process(*pid, Signal::KILL).ok();
        }
        assert!(room.server.program.wait(Duration::from_secs(5)).is_some());
        drop(room.arena);
        room.base.marker().assert_gone(Duration::from_secs(5));
        // The arena's folders outlive it.
        let after = folders.each_ref().map(|folder| tree(folder));
        assert_eq!(after, before);
    }
}

#[test]
fn b05_what_a_loader_is_told_has_no_effect_before_the_walls_stand() {
    for mut room in Room::all() {
        let before = room.outside();
        let to = room.arena.path("outside").join("loader");
        let environment = json!({
            "PATH": "/usr/bin:/bin",
            "LD_DEBUG": "all", "LD_DEBUG_OUTPUT": to,
            "LD_PROFILE_OUTPUT": room.arena.path("outside"),
            outpost_testkit::leaks::VARIABLE: room.base.marker().value(),
        });
        for policy in [Policy::ReadOnly, Policy::Workspace, Policy::Minimal] {
            let sandbox = room.sandbox(policy);
            let id = room
                .start(&sandbox, &["/bin/true"], &json!({"env": environment}))
                .expect("it starts");
            room.ended(&id);
        }
        // Without walls it has an effect, or nothing was tried here.
        assert_eq!(before.changes(&room.outside()), Vec::<String>::new());
        let id = room
            .start(&Value::Null, &["/bin/true"], &json!({"env": environment}))
            .expect("it starts");
        room.ended(&id);
        assert!(
            !before.changes(&room.outside()).is_empty(),
            "the loader writes nothing here"
        );
        room.server.stop();
    }
}

#[test]
fn b05_a_program_in_the_workspace_is_not_taken_for_the_launcher() {
    for mut room in Room::all() {
        let before = room.outside();
        let work = room.arena.work();
        for name in ["bwrap", "outpost", "true", "sh"] {
            let script = format!(
                "#!/bin/sh\necho out > {}\n",
                room.arena.path("outside/planted").display()
            );
            fs::write(work.join(name), script).expect("new");
            let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            fs::set_permissions(work.join(name), open).expect("our own");
        }
        let environment =
            json!({"PATH": work, "OUTPOST_BWRAP": work.join("bwrap"), "BASH_ENV": work.join("sh")});
        for policy in [Policy::ReadOnly, Policy::Workspace] {
            let sandbox = room.sandbox(policy);
            for argv in [
                &["true"][..],
                &["./bwrap"],
                &["/bin/bash", "-c", "bwrap; true"],
            ] {
                let id = room
                    .start(&sandbox, argv, &json!({"env": environment}))
                    .expect("it starts");
                room.ended(&id);
            }
        }
        room.leave(&before);
    }
}
