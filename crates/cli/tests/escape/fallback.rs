//! Where there are no namespaces, or no bubblewrap, or one that gives too much.

use std::process::Command;

use serde_json::{Value, json};

use crate::{
    hostile::ATTACKS,
    policy::Policy,
    room::Room,
    server::{Base, User},
};

/// A server below a user namespace in which no other can be made.
fn without_namespaces(base: Base) -> Room {
    let mut command = base.command("/usr/bin/unshare");
    let script = "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$0\" exec-server";
    command
        .args(["--user", "--map-root-user", "/bin/sh", "-c", script])
        .arg(base.outpost());
    start(base, command)
}

/// A server for which the bubblewrap is at this path.
fn with_launcher(base: Base, launcher: &str) -> Room {
    let mut command = base.command(base.outpost());
    command.arg("exec-server").env("OUTPOST_BWRAP", launcher);
    start(base, command)
}

fn start(base: Base, mut command: Command) -> Room {
    let server = base.start(&mut command);
    Room::with(base, server)
}

/// Every policy that writes or reaches the network is refused with words that help.
fn refuses(room: &mut Room, remedy: &[&str]) {
    let work = room.arena.work();
    for policy in [
        Policy::Workspace,
        Policy::WorkspaceAndNetwork,
        Policy::Minimal,
    ] {
        let sandbox = room.sandbox(policy);
        let argv = ["/bin/sh", "-c", "echo > ran; echo > /tmp/outpost-ran"];
        for tty in [false, true] {
            let (code, words) = room
                .start(&sandbox, &argv, &json!({"tty": tty}))
                .expect_err("it cannot be held");
            assert!(
                code < 0 && remedy.iter().any(|word| words.contains(word)),
                "{policy:?}: {words}"
            );
        }
        assert!(!work.join("ran").exists(), "{policy:?}: it ran");
    }
    // Without a policy nothing is different.
    let ended = room
        .run(&Value::Null, &["/bin/echo", "hi"])
        .expect("it starts");
    assert_eq!((ended.stdout.as_str(), ended.code), ("hi\n", 0));
}

/// What cannot be hidden without namespaces: that there are others, and what they are called.
const SEEN: [&str; 4] = [
    "strangers-seen",
    "host-proc",
    "shared-memory",
    "whereabouts",
];

/// A policy that only reads is held all the same.
fn holds_what_only_reads(room: &mut Room) {
    let before = room.arena.snapshot(&["work"]);
    let ended = room.bash(
        Policy::ReadOnly,
        "cat own; echo x > own; echo x > new; echo x > /dev/null && echo null",
    );
    assert_eq!(ended.stdout, "ownnull\n", "{ended:?}");
    let mut wrong = Vec::new();
    // Without capabilities nobody can empty the bounding set; nothing is gained by it either.
    let ended = room.bash(
        Policy::ReadOnly,
        "grep -E '^(NoNewPrivs|CapEff|CapPrm|CapInh|CapAmb)' /proc/self/status",
    );
    let none = "\t0000000000000000\n";
    let wanted = format!("CapInh:{none}CapPrm:{none}CapEff:{none}CapAmb:{none}NoNewPrivs:\t1\n");
    assert_eq!(ended.stdout, wanted);
    for attack in ATTACKS
        .iter()
        .filter(|attack| !attack.race && !SEEN.contains(&attack.name))
    {
        // No rule but the one: with a denied path it would not be that policy. Privileges were
        // looked at.
        if ["read-denied", "privileges"].contains(&attack.name) {
            continue;
        }
        let sandbox = room.sandbox(Policy::ReadOnly);
        let outcome = room.attack(&sandbox, attack.name);
        if !outcome.is_blocked() {
            let open = outcome
                .said
                .lines()
                .filter(|line| !line.starts_with("  blocked"));
            wrong.push(format!(
                "{}: {}",
                attack.name,
                open.collect::<Vec<_>>().join("\n")
            ));
        }
    }
    wrong.extend(before.changes(&room.arena.snapshot(&["work"])));
    wrong.extend(room.arena.damage());
    wrong.extend(
        room.arena
            .listeners()
            .heard()
            .iter()
            .map(|heard| format!("heard: {heard}")),
    );
    assert!(
        wrong.is_empty(),
        "{} faults:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn b15_without_namespaces_what_writes_is_refused_and_what_only_reads_is_held() {
    // Such a namespace has to be made, and it is not bubblewrap that is to be missing.
    for user in User::all() {
        let base = Base::new(user);
        let mut room = without_namespaces(base);
        // In such a namespace a program of root's is nobody's, and not trusted for that.
        let also = if user.is_root() {
            "namespace"
        } else {
            "bubblewrap"
        };
        refuses(&mut room, &["namespace", also]);
        holds_what_only_reads(&mut room);
        room.server.stop();
    }
}

#[test]
fn b15_without_bubblewrap_what_writes_is_refused_and_what_only_reads_is_held() {
    for user in User::any() {
        let base = Base::new(user);
        let mut room = with_launcher(base, "/nonexistent");
        refuses(&mut room, &["bubblewrap", "bwrap"]);
        holds_what_only_reads(&mut room);
        room.server.stop();
    }
}

#[test]
fn b15_a_launcher_that_does_nothing_is_not_trusted() {
    for user in User::any() {
        let base = Base::new(user);
        let mut room = with_launcher(base, "/bin/true");
        refuses(&mut room, &["bubblewrap", "bwrap"]);
        room.server.stop();
    }
}

#[test]
fn b15_a_launcher_that_anybody_may_replace_is_not_used() {
    for user in User::any() {
        let base = Base::new(user);
        let own = base.path("tools/bwrap");
        let script = "#!/bin/sh\nwhile [ \"$1\" != -- ]; do shift; done\nshift\nexec \"$@\"\n";
        std::fs::write(&own, script).expect("room for a file");
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
        std::fs::set_permissions(&own, open).expect("our own");
        let mut room = with_launcher(base, &own.display().to_string());
        refuses(&mut room, &["bubblewrap", "bwrap"]);
        room.server.stop();
    }
}

/// A bubblewrap that is told to give `instead` where it is told to give the one capability that
/// the first process needs.
fn giving(base: &Base, instead: &str) -> String {
    let own = base.path("tools/bwrap");
    let script = format!(
        "#!/bin/sh\nfor word do shift; case $word in CAP_SETPCAP) set -- \"$@\" {instead};; \
         *) set -- \"$@\" \"$word\";; esac; done\n\
         PATH=/usr/local/bin:/usr/bin:/bin\nexec bwrap \"$@\"\n"
    );
    std::fs::write(&own, script).expect("room for a file");
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&own, executable).expect("our own");
    own.display().to_string()
}

#[test]
fn b03_the_first_process_refuses_to_begin_with_powers_that_it_cannot_give_up() {
    for user in User::all() {
        for (instead, runs) in [
            ("CAP_SETPCAP", true),
            ("CAP_SETPCAP --cap-add CAP_SYS_ADMIN", true),
            ("CAP_SYS_ADMIN", false),
            ("CAP_DAC_OVERRIDE --cap-add CAP_CHOWN", false),
        ] {
            let base = Base::new(user);
            let launcher = giving(&base, instead);
            let mut room = with_launcher(base, &launcher);
            let script = "echo > ran; grep CapBnd: /proc/self/status";
            for policy in [Policy::Workspace, Policy::Minimal] {
                let sandbox = room.sandbox(policy);
                let outcome = room.run(&sandbox, &["/bin/sh", "-c", script]);
                let ran = room.arena.path("work/ran");
                assert_eq!(ran.exists(), runs, "{instead}: {outcome:?}");
                match outcome {
                    Ok(ended) => assert_eq!(ended.stdout, "CapBnd:\t0000000000000000\n"),
                    Err((code, words)) => assert!(!runs && code < 0, "{instead}: {words}"),
                }
                std::fs::remove_file(&ran).ok();
            }
            room.server.stop();
        }
    }
}
