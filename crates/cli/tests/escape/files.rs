//! Calls of files under a policy.

use std::{
    fs,
    os::unix::fs::symlink,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    hostile::exchange,
    policy::{Policy, entry, sandbox, uri},
    room::Room,
};

/// Every call that changes something at a URI, and what it needs beside that.
fn changes(target: &str, other: &str) -> Vec<(&'static str, Value)> {
    vec![
        (
            "fs/writeFile",
            json!({"path": target, "dataBase64": "aGk="}),
        ),
        (
            "fs/createDirectory",
            json!({"path": format!("{target}-new")}),
        ),
        (
            "fs/createDirectory",
            json!({"path": target, "recursive": false}),
        ),
        (
            "fs/copy",
            json!({"sourcePath": other, "destinationPath": target, "recursive": true}),
        ),
        (
            "fs/copy",
            json!({"sourcePath": other, "destinationPath": format!("{target}-copy"), "recursive": true}),
        ),
        (
            "fs/open",
            json!({"handleId": "h", "path": target, "mode": "replace"}),
        ),
        (
            "fs/open",
            json!({"handleId": "n", "path": format!("{target}-opened"), "mode": "replace"}),
        ),
        (
            "fs/remove",
            json!({"path": target, "recursive": true, "force": true}),
        ),
        (
            "fs/remove",
            json!({"path": target, "recursive": false, "force": false}),
        ),
    ]
}

/// Calls with `sandbox` added; handles are closed again.
fn call(
    room: &mut Room,
    method: &str,
    params: &Value,
    sandbox: &Value,
) -> Result<Value, (i64, String)> {
    let mut params = params.clone();
    params["sandbox"] = sandbox.clone();
    let answer = room.client.call(method, &params);
    for handle in ["h", "n"] {
        room.client
            .call("fs/close", &json!({"handleId": handle}))
            .expect("always answered");
    }
    answer
}

#[test]
fn f08_no_spelling_of_a_path_leads_out() {
    for mut room in Room::all() {
        let work = room.arena.work();
        let before = room.outside();
        let outside = room.arena.path("outside");
        symlink(&outside, work.join("folder-link")).expect("new");
        symlink(outside.join("file"), work.join("file-link")).expect("new");
        symlink(outside.join("not-there"), work.join("dangling")).expect("new");
        symlink("../outside", work.join("relative-link")).expect("new");
        symlink("/", work.join("root-link")).expect("new");
        let (base, out) = (uri(&work), uri(&outside));
        let whole = outside.display();
        let targets = [
            format!("{out}/file"),
            format!("{out}/folder"),
            format!("{out}/made"),
            format!("{base}/../outside/file"),
            format!("{base}/../outside/made"),
            format!("{base}/%2e%2e/outside/file"),
            format!("{base}/%2e%2e%2Foutside%2Ffile"),
            format!("{base}/..%2Foutside%2Fmade"),
            format!("{base}/missing/../../outside/file"),
            format!("{base}/folder-link/file"),
            format!("{base}/folder-link/made"),
            format!("{base}/folder-link/folder"),
            format!("{base}/folder-link/../outside/file"),
            format!("{base}/relative-link/file"),
            format!("{base}/root-link{whole}/file"),
            format!("{base}/file-link"),
            format!("{base}/dangling"),
            format!("file:///proc/self/root{whole}/file"),
            "file:///proc/self/cwd/../outside/file".to_owned(),
            format!("file:////{whole}/file"),
        ];
        let other = format!("{base}/own");
        for policy in [
            Policy::Workspace,
            Policy::WorkspaceAndNetwork,
            Policy::Minimal,
        ] {
            let sandbox = room.sandbox(policy);
            for target in &targets {
                for (method, params) in changes(target, &other) {
                    // A link of the workspace itself may be removed.
                    let link = target.ends_with("-link") || target.ends_with("dangling");
                    if link && method == "fs/remove" {
                        continue;
                    }
                    let answer = call(&mut room, method, &params, &sandbox);
                    let gone = before.changes(&room.outside());
                    assert!(
                        gone.is_empty(),
                        "{policy:?} {method} {params}: {answer:?}: {gone:?}"
                    );
                }
            }
            // What is inside works.
            let inside = json!({"path": format!("{base}/inside"), "dataBase64": "aGk="});
            call(&mut room, "fs/writeFile", &inside, &sandbox).expect("it is the workspace");
        }
        room.leave(&before);
    }
}

#[test]
fn f08_what_is_denied_is_not_read_either() {
    for mut room in Room::all() {
        let work = room.arena.work();
        let secret = room.arena.path("secret");
        symlink(&secret, work.join("secret-link")).expect("new");
        let sandbox = Policy::Workspace.sandbox(&room.base, &room.arena, true);
        let (base, out) = (uri(&work), uri(&secret));
        for target in [
            format!("{out}/key"),
            format!("{base}/../secret/key"),
            format!("{base}/secret-link/key"),
            format!("{base}/vault/key"),
            format!("file:///proc/self/root{}/key", secret.display()),
        ] {
            for (method, params) in [
                ("fs/readFile", json!({"path": target})),
                ("fs/open", json!({"handleId": "h", "path": target})),
                (
                    "fs/copy",
                    json!({"sourcePath": target, "destinationPath": format!("{base}/copied"), "recursive": false}),
                ),
            ] {
                let answer = call(&mut room, method, &params, &sandbox);
                assert!(answer.is_err(), "{method} {target}: {answer:?}");
            }
        }
        for folder in [&out, &format!("{base}/vault")] {
            let answer = call(
                &mut room,
                "fs/readDirectory",
                &json!({"path": folder}),
                &sandbox,
            );
            let empty = answer
                .as_ref()
                .is_ok_and(|answer| answer["entries"] == json!([]));
            assert!(answer.is_err() || empty, "{folder}: {answer:?}");
        }
        assert!(!work.join("copied").exists());
        room.server.stop();
    }
}

/// How long a folder is swapped.
const RACE: Duration = Duration::from_secs(6);

#[test]
fn f09_a_folder_swapped_for_a_link_lets_no_call_out() {
    for mut room in Room::all() {
        let work = room.arena.work();
        let before = room.outside();
        let (door, out) = (work.join("door"), work.join("out"));
        fs::create_dir(&door).expect("new");
        room.base.user.give(&door);
        symlink(room.arena.path("outside"), &out).expect("new");
        let over = AtomicBool::new(false);
        let sandbox = room.sandbox(Policy::Workspace);
        let (base, end) = (uri(&work), Instant::now() + RACE);
        let mut written = 0;
        thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    exchange(&door, &out);
                }
            });
            while Instant::now() < end {
                for name in ["file", "made", "folder", "second"] {
                    let target = format!("{base}/door/{name}");
                    for (method, params) in changes(&target, &format!("{base}/own")) {
                        written += u32::from(call(&mut room, method, &params, &sandbox).is_ok());
                    }
                }
                if !before.changes(&room.outside()).is_empty() {
                    break;
                }
            }
            over.store(true, Ordering::Relaxed);
        });
        assert!(written > 0, "nothing was written at all");
        room.leave(&before);
    }
}

#[test]
fn f09_a_link_that_a_command_made_does_not_widen_its_own_policy() {
    for mut room in Room::all() {
        let before = room.outside();
        let work = room.arena.work();
        let outside = room.arena.path("outside");
        for name in ["nested", "tmp"] {
            fs::create_dir(work.join(name)).expect("new");
            room.base.user.give(&work.join(name));
        }
        let root =
            json!({"path": {"type": "special", "value": {"kind": "root"}}, "access": "read"});
        let tmpdir =
            json!({"path": {"type": "special", "value": {"kind": "tmpdir"}}, "access": "write"});
        let entries = [
            root,
            tmpdir,
            entry(&work, "write"),
            entry(&work.join("nested"), "write"),
            entry(&work.join("missing"), "write"),
        ];
        let sandbox = sandbox(&work, &entries, "restricted");
        let more = json!({"env": {"PATH": "/usr/bin:/bin", "TMPDIR": work.join("tmp")}});
        for name in ["nested", "missing", "tmp"] {
            let plant = format!(
                "mv {name} {name}-2; rm -rf {name}; ln -sn {} {name}",
                outside.display()
            );
            let harvest = format!("echo x > {name}/file; echo x > {name}/made");
            for script in [plant, harvest] {
                // That it is refused then is as good.
                if let Ok(id) = room.start(&sandbox, &["/bin/sh", "-c", &script], &more) {
                    room.ended(&id);
                }
            }
            let params = json!({"path": uri(&work.join(name).join("file")), "dataBase64": "aGk="});
            let answer = call(&mut room, "fs/writeFile", &params, &sandbox);
            let changed = before.changes(&room.outside());
            assert!(changed.is_empty(), "{name}: {answer:?}: {changed:?}");
            fs::remove_file(work.join(name)).ok();
        }
        room.leave(&before);
    }
}

#[test]
fn f09_a_place_swapped_for_a_link_while_walls_are_raised_lets_nothing_out() {
    for mut room in Room::all() {
        let before = room.outside();
        let work = room.arena.work();
        let (nested, out) = (work.join("nested"), work.join("out"));
        fs::create_dir(&nested).expect("new");
        room.base.user.give(&nested);
        symlink(room.arena.path("outside"), &out).expect("new");
        let root =
            json!({"path": {"type": "special", "value": {"kind": "root"}}, "access": "read"});
        let whole = [root, entry(&work, "write")];
        let both = [&whole[..], &[entry(&nested, "write")]].concat();
        // Who swaps is in a sandbox too, which has the place above to write.
        let swapper = sandbox(&work, &whole, "restricted");
        let program = room.base.path("tools/hostile").display().to_string();
        let (at, time) = (
            format!("work={}", work.display()),
            format!("seconds={}", RACE.as_secs()),
        );
        let argv = [&*program, "hostile", "swap", &at, &time];
        let swapping = room.start(&swapper, &argv, &json!({})).expect("it starts");
        let sandbox = sandbox(&work, &both, "restricted");
        let (end, mut ran) = (Instant::now() + RACE, 0);
        while Instant::now() < end && before.changes(&room.outside()).is_empty() {
            let script = format!("echo x > {0}/file; echo x > {0}/made", nested.display());
            if let Ok(id) = room.start(&sandbox, &["/bin/sh", "-c", &script], &json!({})) {
                room.ended(&id);
                ran += 1;
            }
            let params = json!({"path": uri(&nested.join("file")), "dataBase64": "aGk="});
            ran += u32::from(call(&mut room, "fs/writeFile", &params, &sandbox).is_ok());
        }
        let swapped = room.ended(&swapping).stdout;
        assert!(ran > 0, "nothing ran at all");
        assert_ne!(swapped, "0 times\n", "nothing was swapped");
        room.leave(&before);
    }
}

#[test]
fn f10_a_policy_that_only_reads_refuses_every_change() {
    for mut room in Room::all() {
        let base = uri(&room.arena.work());
        let sandbox = room.sandbox(Policy::ReadOnly);
        let before = room.arena.snapshot(&["work"]);
        for target in [
            "own",
            "vault",
            "vault/key",
            "made",
            "../outside/file",
            "../outside/folder",
        ] {
            for (method, params) in changes(&format!("{base}/{target}"), &format!("{base}/own")) {
                let answer = call(&mut room, method, &params, &sandbox);
                // What is forced to be gone, and is not there, is gone already.
                let vain = method == "fs/remove" && params["force"] == true && target == "made";
                assert!(answer.is_err() || vain, "{method} {params}: {answer:?}");
            }
        }
        let read = call(
            &mut room,
            "fs/readFile",
            &json!({"path": format!("{base}/own")}),
            &sandbox,
        );
        assert_eq!(read.expect("it may be read")["dataBase64"], "b3du");
        assert_eq!(
            before.changes(&room.arena.snapshot(&["work"])),
            Vec::<String>::new()
        );
        room.server.stop();
    }
}

/// The names a workspace has before it is used.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("it is there").flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn f11_names_of_tools_do_not_come_into_being_and_leave_nothing_behind() {
    for mut room in Room::all() {
        let work = room.arena.work();
        let base = uri(&work);
        let before = names(&work);
        for policy in [
            Policy::Workspace,
            Policy::WorkspaceAndNetwork,
            Policy::Minimal,
        ] {
            let sandbox = room.sandbox(policy);
            for name in crate::hostile::METADATA {
                for target in [
                    name.to_owned(),
                    format!("{name}/hooks"),
                    format!("./{name}"),
                    format!("x/../{name}"),
                ] {
                    for (method, params) in
                        changes(&format!("{base}/{target}"), &format!("{base}/own"))
                    {
                        let answer = call(&mut room, method, &params, &sandbox);
                        let there = fs::symlink_metadata(work.join(name)).is_ok();
                        assert!(!there, "{policy:?} {method} {params}: {answer:?}");
                    }
                }
                // Similar names are nobody's.
                fs::remove_dir_all(work.join(format!("{name}-new"))).ok();
                fs::remove_file(work.join(format!("{name}-copy"))).ok();
                fs::remove_file(work.join(format!("{name}-opened"))).ok();
            }
            let ended = room.bash(policy, "ls -A");
            let seen: Vec<&str> = ended.stdout.lines().collect();
            assert_eq!(seen, before, "{policy:?}");
        }
        assert_eq!(names(&work), before);
        room.server.stop();
        assert_eq!(names(&work), before);
    }
}

#[test]
fn f11_names_of_tools_that_are_there_stay_as_they_are() {
    for mut room in Room::all() {
        let arena = room.arena;
        room.arena = arena.with_repositories(&room.base);
        let work = room.arena.work();
        let base = uri(&work);
        let before = room.arena.snapshot(&["work/.git", "work/nested/.git"]);
        let sandbox = room.sandbox(Policy::Workspace);
        for root in ["", "nested/"] {
            for target in [
                ".git",
                ".git/config",
                ".git/hooks",
                ".git/hooks/pre-commit",
                ".git/new",
            ] {
                let target = format!("{base}/{root}{target}");
                for (method, params) in changes(&target, &format!("{base}/own")) {
                    let answer = call(&mut room, method, &params, &sandbox);
                    let changed =
                        before.changes(&room.arena.snapshot(&["work/.git", "work/nested/.git"]));
                    assert!(
                        changed.is_empty(),
                        "{method} {params}: {answer:?}: {changed:?}"
                    );
                }
            }
        }
        room.server.stop();
    }
}
