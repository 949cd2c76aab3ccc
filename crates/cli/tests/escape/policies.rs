//! What is asked for wrongly, or for too much, is refused before anything runs.

use std::fs;

use serde_json::{Value, json};

use crate::{
    policy::{Policy, entry, sandbox, uri},
    room::Room,
};

/// Starts what would leave a trace; what was said, and that there is no trace.
fn refused(room: &mut Room, sandbox: &Value, more: &Value) -> (i64, String) {
    let argv = ["/bin/sh", "-c", "echo > ran"];
    let answer = room.start(sandbox, &argv, more);
    let refusal = answer.expect_err(&format!("{sandbox} {more} must be refused"));
    assert!(!room.arena.path("work/ran").exists(), "it ran: {sandbox}");
    refusal
}

#[test]
fn b09_a_policy_that_does_not_parse_is_refused_and_nothing_runs() {
    for mut room in Room::all() {
        let good = room.sandbox(Policy::Workspace);
        let broken: [(&str, Value); 14] = [
            ("/permissions", json!(null)),
            ("/permissions", json!({})),
            ("/permissions/type", json!("frobnicate")),
            ("/permissions/file_system", json!(null)),
            ("/permissions/file_system/type", json!("open")),
            ("/permissions/file_system/entries", json!(null)),
            ("/permissions/file_system/entries", json!({})),
            ("/permissions/file_system/entries/0", json!({})),
            (
                "/permissions/file_system/entries/0/access",
                json!("everything"),
            ),
            ("/permissions/file_system/entries/0/path", json!("/")),
            (
                "/permissions/file_system/entries/0/path/value/kind",
                json!("frobnicate"),
            ),
            ("/permissions/network", json!("some")),
            ("/cwd", json!("relative")),
            ("/windowsSandboxLevel", json!("strong")),
        ];
        for (pointer, value) in broken {
            let mut bad = good.clone();
            *bad.pointer_mut(pointer).expect("a member of it") = value;
            let (code, words) = refused(&mut room, &bad, &json!({}));
            assert_eq!(code, -32602, "{pointer}: {words}");
        }
        for member in ["permissions", "windowsSandboxLevel"] {
            let mut bad = good.clone();
            bad.as_object_mut().expect("an object").remove(member);
            assert_eq!(refused(&mut room, &bad, &json!({})).0, -32602, "{member}");
        }
        room.server.stop();
    }
}

#[test]
fn b10_a_managed_network_without_its_proxy_is_refused() {
    for mut room in Room::all() {
        for policy in [
            Policy::ReadOnly,
            Policy::Workspace,
            Policy::WorkspaceAndNetwork,
        ] {
            let sandbox = room.sandbox(policy);
            for more in [
                json!({"enforceManagedNetwork": true}),
                json!({"enforceManagedNetwork": true, "managedNetwork": null}),
                json!({"enforceManagedNetwork": true, "managedNetwork": {}}),
                json!({"networkProxy": {"httpUrl": "http://127.0.0.1:1"}}),
            ] {
                let (_, words) = refused(&mut room, &sandbox, &more);
                assert!(!words.is_empty());
            }
        }
        let none = json!({"enforceManagedNetwork": true});
        refused(&mut room, &Value::Null, &none);
        room.server.stop();
    }
}

/// Entries that read everything and write one place.
fn writing(room: &Room, place: &str) -> Value {
    let entries = [
        json!({"path": {"type": "special", "value": {"kind": "root"}}, "access": "read"}),
        entry(place.as_ref(), "write"),
    ];
    sandbox(&room.arena.work(), &entries, "restricted")
}

#[test]
fn b14_odd_places_to_write_open_nothing_else() {
    for mut room in Room::all() {
        let before = room.outside();
        let work = room.arena.work();
        std::os::unix::fs::symlink(room.arena.path("outside"), work.join("leads-out"))
            .expect("new");
        let dotted = format!("{}/missing/../../outside/../work", work.display());
        let odd = [
            "/proc",
            "/proc/sys",
            "/proc/self",
            "/proc/1",
            "/sys",
            "/sys/fs/cgroup",
            "/dev",
            "/dev/pts",
            "/no/such/place",
            &*dotted,
        ];
        let settings = [
            "core-pattern",
            "proc-sys",
            "sysrq",
            "proc-irq",
            "sys",
            "cgroups",
            "devices",
            "other-terminals",
        ];
        for place in odd {
            let sandbox = writing(&room, place);
            for attack in settings {
                let outcome = room.attack(&sandbox, attack);
                let refused = outcome.said.starts_with("not started");
                assert!(
                    refused || outcome.is_blocked(),
                    "{place} {attack}: {}",
                    outcome.said
                );
            }
        }
        // A file as a place: that file and no other.
        let file = room.arena.path("work/own").display().to_string();
        let sandbox = writing(&room, &file);
        let ended = room.bash_in(&sandbox, "echo new > own; echo x > other; echo x > .git");
        assert!(
            !work.join("other").exists() && !work.join(".git").exists(),
            "{ended:?}"
        );
        assert_eq!(
            fs::read_to_string(work.join("own")).expect("it is there"),
            "new\n",
            "{ended:?}"
        );
        room.leave(&before);
    }
}

#[test]
fn b14_a_place_that_is_missing_is_void() {
    for mut room in Room::all() {
        let before = room.outside();
        let missing = room.arena.path("work/missing");
        let sandbox = writing(&room, &missing.display().to_string());
        let ended = room.bash_in(&sandbox, "mkdir missing; echo x > x; ls");
        assert_eq!(ended.stdout, "own\nvault\n", "{ended:?}");
        assert!(!missing.exists());
        room.leave(&before);
    }
}

#[test]
fn b14_a_link_as_a_place_stands_for_what_it_leads_to_or_is_refused() {
    for mut room in Room::all() {
        let before = room.outside();
        let work = room.arena.work();
        fs::create_dir(work.join("real")).expect("new");
        room.base.user.give(&work.join("real"));
        std::os::unix::fs::symlink("real", work.join("alias")).expect("new");
        let sandbox = writing(&room, &work.join("alias").display().to_string());
        let ended = room.bash_in(&sandbox, "echo 1 > alias/a; echo 2 > real/b; echo 3 > c");
        assert!(
            work.join("real/a").exists() && work.join("real/b").exists(),
            "{ended:?}"
        );
        assert!(!work.join("c").exists());
        room.leave(&before);
    }
}

#[test]
fn b14_everything_to_be_written_leaves_the_kernel_alone() {
    for mut room in Room::all() {
        let special =
            json!({"path": {"type": "special", "value": {"kind": "root"}}, "access": "write"});
        for all in [entry("/".as_ref(), "write"), special] {
            let sandbox = sandbox(&room.arena.work(), &[all], "restricted");
            for attack in [
                "core-pattern",
                "proc-sys",
                "sysrq",
                "proc-irq",
                "mount",
                "unshare",
                "ptrace",
                "io-uring",
            ] {
                let outcome = room.attack(&sandbox, attack);
                assert!(outcome.is_blocked(), "{attack}: {}", outcome.said);
            }
        }
        room.server.stop();
    }
}

#[test]
fn b14_a_working_directory_that_is_denied_is_refused() {
    for mut room in Room::all() {
        let vault = room.arena.path("work/vault");
        let mut entries = Policy::Workspace.entries(&room.base);
        entries.push(entry(&vault, "deny"));
        let sandbox = sandbox(&room.arena.work(), &entries, "restricted");
        let more = json!({"cwd": uri(&vault)});
        let answer = room.start(&sandbox, &["/bin/pwd"], &more);
        match answer {
            Err((_, words)) => assert!(!words.is_empty()),
            Ok(id) => {
                let ended = room.ended(&id);
                assert_ne!(ended.code, 0, "it ran in a place it may not see: {ended:?}");
            }
        }
        room.server.stop();
    }
}
