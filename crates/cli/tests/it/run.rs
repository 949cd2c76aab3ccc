//! `outpost run`: streams and exit statuses.

use std::{fs, os::unix::fs::PermissionsExt};

use crate::support::{Home, Running, pattern};

/// The exit status of `script` on the embedded server.
fn status_of(script: &str) -> Option<i32> {
    let home = Home::new();
    let finished = home.run(&["run", "--", "sh", "-c", script]);
    home.assert_nothing_left();
    finished.status
}

#[test]
fn output_errors_and_status_are_those_of_the_command() {
    let home = Home::new();
    let finished = home.run(&["run", "--", "sh", "-c", "echo out; echo err >&2; exit 7"]);
    finished.assert(7, "out\n", "err\n");
    home.run(&["run", "true"]).assert(0, "", "");
    home.assert_nothing_left();
}

#[test]
fn p18_a_signal_ends_with_128_and_its_number() {
    assert_eq!(status_of("kill -TERM $$"), Some(143));
    assert_eq!(status_of("kill -KILL $$"), Some(137));
    assert_eq!(status_of("kill -SEGV $$"), Some(139));
}

#[test]
fn what_cannot_be_started_is_told_as_a_shell_tells_it() {
    let home = Home::new();
    let missing = home.run(&["run", "--", "no-such-program"]);
    assert_eq!(missing.status, Some(127), "{missing:?}");
    assert!(missing.stderr.contains("no-such-program"), "{missing:?}");
    home.write("data", "not a program");
    let not_executable = home.run(&["run", "--", "./data"]);
    assert_eq!(not_executable.status, Some(126), "{not_executable:?}");
    fs::set_permissions(home.path().join("data"), fs::Permissions::from_mode(0o755)).unwrap();
    let no_format = home.run(&["run", "--", "./data"]);
    assert_eq!(no_format.status, Some(126), "{no_format:?}");
    let directory = home.run(&["run", "-C", "nowhere", "--", "true"]);
    assert_eq!(directory.status, Some(125), "{directory:?}");
    assert!(directory.stderr.contains("nowhere"), "{directory:?}");
}

#[test]
fn our_own_failures_are_125() {
    let home = Home::new();
    for arguments in [
        &["run", "--no-such-option", "--", "true"][..],
        &["run"],
        &[
            "run",
            "--on",
            "ws://127.0.0.1:1",
            "--recovery",
            "0",
            "--",
            "true",
        ],
        &["run", "--on", "nonsense", "--", "true"],
        &["run", "-t", "--", "true"],
    ] {
        let finished = home.run(arguments);
        assert_eq!(finished.status, Some(125), "{arguments:?}: {finished:?}");
        assert!(!finished.stderr.is_empty(), "{arguments:?}");
    }
    let terminal = home.run(&["run", "-t", "--", "true"]);
    assert!(
        terminal.stderr.contains("-t needs a terminal"),
        "{terminal:?}"
    );
}

#[test]
fn a_command_that_takes_too_long_ends_with_its_tree_and_124() {
    let home = Home::new();
    let script = "setsid sleep 600 & sleep 600";
    let finished = home.run(&["run", "--timeout", "300ms", "--", "sh", "-c", script]);
    finished.assert(124, "", "");
    home.assert_nothing_left();
}

#[test]
fn input_reaches_the_command_and_comes_back_byte_for_byte() {
    let home = Home::new();
    let bytes = pattern(5_000_000);
    let finished = home.run_with(&["run", "--", "cat"], bytes.clone());
    assert_eq!(finished.status, Some(0));
    assert!(
        finished.stdout == bytes,
        "{} bytes came back",
        finished.stdout.len()
    );
    assert_eq!(finished.stderr, "");
}

#[test]
fn input_from_a_file_and_output_to_a_file_are_exact() {
    let home = Home::new();
    let bytes = pattern(1_000_003);
    let input = fs::File::open(home.write("in", &bytes)).unwrap();
    let output = fs::File::create(home.path().join("out")).unwrap();
    let mut command = home.outpost(&["run", "cat"]);
    let finished = Running::start(command.stdin(input).stdout(output)).finish();
    finished.assert(0, "", "");
    assert!(fs::read(home.path().join("out")).unwrap() == bytes);
}

#[test]
fn both_streams_stay_apart_when_they_are_large() {
    let home = Home::new();
    let script = "head -c 3000000 /dev/zero; head -c 2000000 /dev/zero | tr '\\0' e >&2";
    let finished = home.run(&["run", "--", "sh", "-c", script]);
    assert_eq!(finished.status, Some(0));
    assert!(finished.stdout == vec![0; 3_000_000]);
    assert!(finished.stderr.as_bytes() == vec![b'e'; 2_000_000]);
}

#[test]
fn a_command_that_does_not_read_does_not_hold_up_the_end() {
    let home = Home::new();
    let finished = home.run_with(&["run", "--", "true"], pattern(5_000_000));
    finished.assert(0, "", "");
}

#[test]
fn a_reader_that_leaves_ends_the_command_as_a_pipe_would() {
    let home = Home::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = home.outpost(&["run", "--", "sh", "-c", "yes; sleep 600"]);
    let finished = Running::start(command.stdout(writer)).finish();
    assert_eq!(finished.status, Some(141), "{finished:?}");
    home.assert_nothing_left();
}

#[test]
fn the_environment_is_ours_and_what_e_adds() {
    let home = Home::new();
    let mut command = home.outpost(&[
        "run",
        "-e",
        "ADDED=a=b",
        "-e",
        "EMPTY=",
        "--",
        "sh",
        "-c",
        "echo \"$SECRET_TOKEN|$ADDED|${EMPTY-unset}\"",
    ]);
    let finished = Running::start(command.env("SECRET_TOKEN", "kept")).finish();
    finished.assert(0, "kept|a=b|\n", "");
}

#[test]
fn a_relative_directory_is_below_our_own() {
    let home = Home::new();
    fs::create_dir(home.path().join("sub")).unwrap();
    let finished = home.run(&["run", "-C", "sub", "pwd", "-P"]);
    let expected = home.path().canonicalize().unwrap().join("sub");
    assert_eq!(finished.stdout().trim_end(), expected.to_str().unwrap());
    let here = home.run(&["run", "pwd", "-P"]);
    assert_eq!(
        here.stdout().trim_end(),
        expected.parent().unwrap().to_str().unwrap()
    );
}

#[test]
fn what_a_command_leaves_behind_ends_with_it() {
    let home = Home::new();
    let script = "setsid sh -c 'sleep 600 & sleep 600' >/dev/null 2>&1 </dev/null & echo started";
    home.run(&["run", "--", "sh", "-c", script])
        .assert(0, "started\n", "");
    home.assert_nothing_left();
}
