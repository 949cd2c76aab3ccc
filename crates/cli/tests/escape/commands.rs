//! Commands behind walls behave as they do outside, and their trees end with them.

use serde_json::{Value, json};

use crate::{policy::Policy, room::Room};

#[test]
fn b03_there_are_no_privileges_also_where_the_server_is_root() {
    for mut room in Room::all() {
        for policy in [
            Policy::ReadOnly,
            Policy::Workspace,
            Policy::WorkspaceAndNetwork,
            Policy::Minimal,
        ] {
            let ended = room.bash(
                policy,
                "grep -E '^(NoNewPrivs|Seccomp|Cap...):' /proc/self/status",
            );
            let lines: Vec<&str> = ended.stdout.split_whitespace().collect();
            let none = "0000000000000000";
            let wanted = [
                "CapInh:",
                none,
                "CapPrm:",
                none,
                "CapEff:",
                none,
                "CapBnd:",
                none,
                "CapAmb:",
                none,
                "NoNewPrivs:",
                "1",
                "Seccomp:",
                "2",
            ];
            assert_eq!(lines, wanted, "{policy:?}");
        }
        room.server.stop();
    }
}

#[test]
fn b04_processes_of_the_host_are_neither_seen_nor_reached() {
    for mut room in Room::all() {
        let before = room.outside();
        for attack in [
            "strangers-seen",
            "host-proc",
            "ptrace",
            "process-memory",
            "signal-groups",
            "pidfd",
            "process-limits",
            "signals",
        ] {
            let sandbox = room.sandbox(Policy::Workspace);
            let outcome = room.attack(&sandbox, attack);
            assert!(outcome.is_blocked(), "{attack}: {}", outcome.said);
        }
        room.leave(&before);
    }
}

#[test]
fn b07_signals_are_at_their_defaults() {
    for mut room in Room::all() {
        let none = room.sandbox(Policy::Workspace);
        for sandbox in [Value::Null, none] {
            let script = "yes | head -n 1 >/dev/null; echo ${PIPESTATUS[0]}; grep -E '^Sig(Blk|Ign)' /proc/self/status";
            let ended = room.bash_in(&sandbox, script);
            let zero = "0000000000000000";
            let wanted = format!("141\nSigBlk:\t{zero}\nSigIgn:\t{zero}\n");
            assert_eq!(ended.stdout, wanted, "{ended:?}");
        }
        room.server.stop();
    }
}

#[test]
fn b08_exit_codes_are_passed_on_and_a_missing_program_is_the_same_error() {
    for mut room in Room::all() {
        let plain = room.arena.path("work/plain");
        std::fs::write(&plain, "no program").expect("a new file");
        let walls = room.sandbox(Policy::Workspace);
        for script in [
            "exit 0",
            "exit 7",
            "exit 126",
            "exit 127",
            "exit 255",
            "kill -9 $$",
            "kill -15 $$",
            "kill -6 $$",
            "no-such-program",
            "./plain",
            "/",
            "exec no-such-program",
            "exec ./plain",
        ] {
            let free = room.bash_in(&Value::Null, script);
            let walled = room.bash_in(&walls, script);
            assert_eq!(
                (walled.code, &walled.stdout),
                (free.code, &free.stdout),
                "{script}: {walled:?}"
            );
            assert_eq!(walled.stderr, free.stderr, "{script}");
        }
        let plain = plain.display().to_string();
        for argv in [
            &["no-such-program"][..],
            &["/no/such/program"],
            &[&*plain],
            &["/"],
        ] {
            for tty in [false, true] {
                let more = json!({"tty": tty});
                let free = room
                    .start(&Value::Null, argv, &more)
                    .expect_err("it cannot run");
                let walled = room.start(&walls, argv, &more).expect_err("it cannot run");
                assert_eq!(walled, free, "{argv:?}");
            }
        }
        room.server.stop();
    }
}

/// What makes files, each in a way of its own; it says what came of it.
const MAKES: &str = "umask 027; mkdir a; mkdir -m 777 b; touch c; mkfifo d; ln -s c e; ln c f; echo 1 > g; \
    echo 2 >> g; set -C; echo 3 > g; echo $?; set +C; mkdir a; echo $?; mkdir -p a/x/y; mv a h; \
    mktemp -d tmp.$(printf X%.0s 1 2 3 4 5 6) | wc -c; cp -a h i; mkdir j && rmdir j; rm f; ln c/none k; echo $?; \
    cd h && mkdir l && cd l && echo deep > m; cat < m; echo x > ../../n; cd ../..; mv n h/x/; \
    bash -c 'exec 9<>o; echo both >&9; cat o'; ls -l | awk '{print $1, $2, $9}' | grep -v tmp; find h | sort; \
    stat -c '%a %U %F' a b c d e g h i o 2>&1; ls missing/x; > missing/y; echo $?; mkdir g/z; echo $?";

#[test]
fn b05_in_the_workspace_files_are_made_as_they_are_outside() {
    for mut room in Room::all() {
        let mut said = Vec::new();
        for sandbox in [
            Value::Null,
            room.sandbox(Policy::Workspace),
            room.sandbox(Policy::WorkspaceAndNetwork),
        ] {
            let folder = room.arena.work();
            let script = format!(
                "exec 2>&1; rm -rf ./*; {MAKES}; cd {}; chmod -R u+w .; rm -rf ./*",
                folder.display()
            );
            said.push(room.bash_in(&sandbox, &script));
        }
        assert!(said[0].stdout.contains("deep"), "{:?}", said[0]);
        assert_eq!(said[1].stdout, said[0].stdout);
        assert_eq!(said[2].stdout, said[0].stdout);
        room.server.stop();
    }
}

#[test]
fn b11_a_shell_does_not_think_it_came_from_the_network() {
    for mut room in Room::all() {
        std::fs::write(room.arena.path("work/.bashrc"), "echo from bashrc\n").expect("a new file");
        let walls = room.sandbox(Policy::Workspace);
        for sandbox in [Value::Null, walls] {
            let ended = room.bash_in(&sandbox, "echo hi");
            assert_eq!(ended.stdout, "hi\n", "{ended:?}");
        }
        room.server.stop();
    }
}

#[test]
fn b12_settings_of_the_kernel_cannot_be_written_also_by_root() {
    for mut room in Room::all() {
        let settings = [
            "core-pattern",
            "proc-sys",
            "sysrq",
            "proc-irq",
            "proc-bus",
            "proc-fs",
            "sys",
            "cgroups",
        ];
        for policy in [
            Policy::ReadOnly,
            Policy::Workspace,
            Policy::WorkspaceAndNetwork,
            Policy::Minimal,
        ] {
            for attack in settings {
                let sandbox = room.sandbox(policy);
                let outcome = room.attack(&sandbox, attack);
                assert!(
                    outcome.is_blocked(),
                    "{policy:?} {attack}: {}",
                    outcome.said
                );
            }
        }
        let ended = room.bash(
            Policy::ReadOnly,
            "echo core > /proc/sys/kernel/core_pattern",
        );
        assert_ne!(ended.code, 0);
        room.server.stop();
    }
}

#[test]
fn b13_control_c_in_a_terminal_interrupts() {
    for mut room in Room::all() {
        let walls = room.sandbox(Policy::Workspace);
        for sandbox in [Value::Null, walls] {
            let more = json!({"tty": true});
            let script =
                "trap 'echo caught; exit 3' INT; echo ready; while :; do read -r line; done";
            let id = room
                .start(&sandbox, &["/bin/bash", "-c", script], &more)
                .expect("it starts");
            assert!(room.client.output(&id).contains("ready"));
            let asked = room.client.ask_write(&id, "1", b"\x03");
            room.client.answer(asked).expect("it is typed");
            let ended = room.ended(&id);
            assert!(ended.stdout.contains("caught"), "{ended:?}");
            assert_eq!(ended.code, 3);
            // Without a trap it is a death by that signal.
            let id = room
                .start(&sandbox, &["/bin/cat"], &more)
                .expect("it starts");
            let asked = room.client.ask_write(&id, "1", b"up\n");
            room.client.answer(asked).expect("it is typed");
            let mut echoed = String::new();
            // Once by the terminal, once by the program.
            while echoed.matches("up").count() < 2 {
                echoed.push_str(&room.client.output(&id));
            }
            let asked = room.client.ask_write(&id, "2", b"\x03");
            room.client.answer(asked).expect("it is typed");
            assert_eq!(room.ended(&id).code, 130);
        }
        room.server.stop();
    }
}

#[test]
fn b13_a_terminal_has_job_control_and_its_size() {
    for mut room in Room::all() {
        let walls = room.sandbox(Policy::Workspace);
        for sandbox in [Value::Null, walls] {
            let more = json!({"tty": true, "size": {"rows": 33, "cols": 77}});
            let script =
                "stty size; sleep 600 & jobs; kill %1; wait %1; tty >/dev/null && echo is one";
            let argv = ["/bin/bash", "--norc", "-ic", script];
            let id = room.start(&sandbox, &argv, &more).expect("it starts");
            let ended = room.ended(&id);
            for wanted in ["33 77", "[1]", "Running", "is one"] {
                assert!(ended.stdout.contains(wanted), "{wanted}: {ended:?}");
            }
            assert!(!ended.stdout.contains("no job control"), "{ended:?}");
        }
        room.server.stop();
    }
}
