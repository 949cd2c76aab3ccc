//! `outpost run --sandbox` and `--limit`: what a user sees of walls and bounds.

use std::{fs, net::TcpListener};

use crate::support::{Finished, Home, Running};

/// The machine's answer to a command that its sandbox kept from something.
const REFUSED: &str = "outpost: the sandbox refused the command something; ";

/// A folder that no mode lets be written by itself, as temporary ones are.
fn elsewhere() -> tempfile::TempDir {
    tempfile::tempdir_in("/var/tmp").expect("a folder for larger temporary files")
}

/// `outpost run ARGUMENTS -- sh -c SCRIPT`, with `$1` being `path`.
fn shell(home: &Home, arguments: &[&str], script: &str, path: &str) -> Finished {
    let command = ["--", "sh", "-c", script, "sh", path];
    home.run(&[&["run"], arguments, &command].concat())
}

/// Fails unless the command failed for its sandbox, and that was said.
#[track_caller]
fn assert_refused(finished: &Finished) {
    assert!(
        finished.status.is_some_and(|status| status != 0),
        "{finished:?}"
    );
    assert!(finished.stderr.contains(REFUSED), "{finished:?}");
}

#[test]
fn read_only_reads_everything_and_writes_nothing() {
    let home = Home::new();
    home.write("old", "text\n");
    let read_only = ["--sandbox", "read-only"];
    shell(&home, &read_only, "cat old; echo x >/dev/null", "").assert(0, "text\n", "");
    for script in [
        "echo x >new",
        "echo x >>old",
        "rm old",
        "mkdir new",
        "mv old new",
    ] {
        assert_refused(&shell(&home, &read_only, script, ""));
    }
    assert_eq!(
        fs::read_to_string(home.path().join("old")).unwrap(),
        "text\n"
    );
    assert!(!home.path().join("new").exists());
    home.assert_nothing_left();
}

#[test]
fn workspace_write_writes_its_directory_and_temporary_ones_alone() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let (home, place, other) = (Home::new(), elsewhere(), elsewhere());
    let (work, other) = (
        place.path().to_str().unwrap(),
        other.path().to_str().unwrap(),
    );
    let mode = ["--sandbox", "workspace-write", "-C", work];
    let script = "echo x >new && mkdir sub && echo x >sub/new && echo x >\"$(mktemp)\"";
    shell(&home, &mode, script, "").assert(0, "", "");
    assert!(place.path().join("sub/new").exists());
    assert_refused(&shell(&home, &mode, "echo x >\"$1\"/new", other));
    for script in [
        "mkdir .git",
        "mkdir sub2 && mv sub2 .codex",
        "ln -s / .outpost",
    ] {
        assert_refused(&shell(&home, &mode, script, ""));
    }
    for name in [".git", ".codex", ".outpost"] {
        assert!(
            fs::symlink_metadata(place.path().join(name)).is_err(),
            "{name}"
        );
    }
    assert_eq!(fs::read_dir(other).unwrap().count(), 0);
    home.assert_nothing_left();
}

#[test]
fn a_temporary_folder_of_its_own_can_be_written() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let (home, work, own) = (Home::new(), elsewhere(), elsewhere());
    let (work, own) = (work.path().to_str().unwrap(), own.path().to_str().unwrap());
    let variable = format!("TMPDIR={own}");
    let mode = ["--sandbox", "workspace-write", "-C", work];
    let with = [&mode[..], &["-e", &variable]].concat();
    shell(&home, &with, "echo x >\"$TMPDIR\"/new", "").assert(0, "", "");
    assert_refused(&shell(&home, &mode, "echo x >\"$1\"/other", own));
}

#[test]
fn more_can_be_written_and_some_denied() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let (home, place) = (Home::new(), elsewhere());
    let path = place.path().to_str().unwrap();
    fs::create_dir(place.path().join("sub")).unwrap();
    for name in ["secret", "key.pem", "sub/key.pem", "plain"] {
        fs::write(place.path().join(name), name).unwrap();
    }
    let in_place = ["--sandbox", "read-only", "-C", path];
    let writable = [&in_place[..], &["--writable", "sub"]].concat();
    shell(&home, &writable, "echo x >sub/new", "").assert(0, "", "");
    assert_refused(&shell(&home, &writable, "echo x >new", ""));
    let deny = [&in_place[..], &["--deny", "secret", "--deny", "**/*.pem"]].concat();
    shell(&home, &deny, "cat plain", "").assert(0, "plain", "");
    for name in ["secret", "key.pem", "sub/key.pem"] {
        let finished = shell(&home, &deny, "cat \"$1\"", name);
        assert_eq!(
            (finished.status, finished.stdout()),
            (Some(1), ""),
            "{finished:?}"
        );
    }
    let missing = [&in_place[..], &["--writable", "nowhere"]].concat();
    let finished = shell(&home, &missing, "echo started", "");
    let words = format!("outpost: --writable: there is no {path}/nowhere\n");
    finished.assert(125, "", &words);
}

#[test]
fn the_network_is_reached_where_it_may_be() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let home = Home::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let connect = |arguments: &[&str]| {
        let command = [
            "--",
            "bash",
            "-c",
            "exec 3<>/dev/tcp/127.0.0.1/$1",
            "sh",
            &port,
        ];
        home.run(&[&["run", "--sandbox", "read-only"], arguments, &command].concat())
    };
    connect(&["--net"]).assert(0, "", "");
    assert_refused(&connect(&[]));
}

#[test]
fn all_of_it_works_on_a_server_too() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let (home, place) = (Home::new(), elsewhere());
    let server = home.server(&[]);
    let path = place.path().to_str().unwrap();
    let on = [
        "--on",
        &server.url,
        "--sandbox",
        "workspace-write",
        "-C",
        path,
    ];
    shell(&home, &on, "echo x >new; mkdir .git", "");
    assert!(place.path().join("new").exists());
    assert!(!place.path().join(".git").exists());
    let limited = ["--on", &server.url, "--limit", "file-size=4K"];
    let finished = shell(&home, &limited, "exec head -c 9000 /dev/zero >big", "");
    assert!(
        finished.stderr.contains("limit of file-size"),
        "{finished:?}"
    );
    server.stop();
    home.assert_nothing_left();
}

#[test]
fn exit_statuses_are_those_without_a_sandbox() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let home = Home::new();
    home.write("data", "not a program");
    for (command, status) in [
        (&["sh", "-c", "exit 7"][..], 7),
        (&["sh", "-c", "kill -TERM $$"], 143),
        (&["no-such-program"], 127),
        (&["./no-such-program"], 127),
        (&["./data"], 126),
        (&["/"], 126),
    ] {
        for mode in ["read-only", "workspace-write", "danger-full-access"] {
            let arguments = [&["run", "--sandbox", mode, "--"], command].concat();
            let finished = home.run(&arguments);
            assert_eq!(
                finished.status,
                Some(status),
                "{mode} {command:?}: {finished:?}"
            );
            assert!(
                !finished.stderr.contains(REFUSED),
                "{mode} {command:?}: {finished:?}"
            );
        }
    }
    home.assert_nothing_left();
}

#[test]
fn danger_is_what_it_says() {
    let (home, place) = (Home::new(), elsewhere());
    let path = place.path().to_str().unwrap();
    let mode = ["--sandbox", "danger-full-access"];
    shell(
        &home,
        &mode,
        "echo x >\"$1\"/new && mkdir \"$1\"/.git",
        path,
    )
    .assert(0, "", "");
    let denied = [&mode[..], &["--deny", "x"]].concat();
    let finished = shell(&home, &denied, "echo started", "");
    assert_eq!((finished.status, finished.stdout()), (Some(125), ""));
    assert!(finished.stderr.contains("no meaning"), "{finished:?}");
}

#[test]
fn wrong_arguments_are_told_before_anything_runs() {
    let home = Home::new();
    for (arguments, words) in [
        (&["--sandbox", "--"][..], "a value is required"),
        (&["--sandbox", "read", "--"], "workspace-write"),
        (&["--net", "--"], "--sandbox"),
        (&["--deny", "x", "--"], "--sandbox"),
        (&["--limit", "mem=1", "--"], "memory, cpu, pids"),
        (&["--limit", "pids=1,pids=2", "--"], "given twice"),
    ] {
        let finished = home.run(&[&["run"], arguments, &["echo", "started"]].concat());
        assert_eq!(
            (finished.status, finished.stdout()),
            (Some(125), ""),
            "{finished:?}"
        );
        assert!(finished.stderr.contains(words), "{finished:?}");
    }
}

#[test]
fn b15_without_namespaces_only_reading_is_left_and_the_rest_refused() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let home = Home::new();
    let run = |mode: &str| home.outpost(&["run", "--sandbox", mode, "--", "sh", "-c", ":"]);
    // Taken away by the name of the program that raises them, and by the kernel.
    let no_launcher = |mode: &str| {
        let mut command = run(mode);
        command.env("OUTPOST_BWRAP", "/no/such/bwrap");
        command
    };
    let no_namespaces = |mode: &str| {
        let none = "echo 0 >/proc/sys/user/max_user_namespaces && exec \"$0\" \"$@\"";
        let program = ["unshare", "--user", "--map-root-user", "sh", "-c", none];
        home.through(&program, &run(mode))
    };
    for (mut read_only, mut workspace_write, words) in [
        (
            no_launcher("read-only"),
            no_launcher("workspace-write"),
            "OUTPOST_BWRAP",
        ),
        (
            no_namespaces("read-only"),
            no_namespaces("workspace-write"),
            "max_user_namespaces",
        ),
    ] {
        Running::start(&mut read_only).finish().assert(0, "", "");
        let refused = Running::start(&mut workspace_write).finish();
        assert_eq!(
            (refused.status, refused.stdout()),
            (Some(125), ""),
            "{refused:?}"
        );
        assert_eq!(refused.stderr.lines().count(), 1, "{refused:?}");
        assert!(refused.stderr.contains(words), "{refused:?}");
    }
    home.assert_nothing_left();
}
