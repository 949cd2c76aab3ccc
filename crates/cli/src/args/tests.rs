use clap::{CommandFactory, error::ErrorKind};

use super::*;

fn parse(arguments: &[&str]) -> Result<Command, clap::Error> {
    let line = std::iter::once("outpost").chain(arguments.iter().copied());
    Cli::try_parse_from(line).map(|cli| cli.command)
}

fn run(arguments: &[&str]) -> Run {
    match parse(arguments) {
        Ok(Command::Run(run)) => run,
        other => panic!("{arguments:?}: {other:?}"),
    }
}

#[test]
fn the_definitions_are_sound() {
    Cli::command().debug_assert();
}

#[test]
fn the_command_of_run_keeps_its_own_options() {
    let plain = run(&["run", "ls", "-l", "--on", "x", "--", "y"]);
    assert_eq!(plain.command, ["ls", "-l", "--on", "x", "--", "y"]);
    assert_eq!(plain.target.on, None);
    let dashed = run(&["run", "--on", "box", "-t", "--", "-odd", "--log", "x"]);
    assert_eq!(dashed.command, ["-odd", "--log", "x"]);
    assert_eq!(dashed.target.on.as_deref(), Some("box"));
    assert!(dashed.tty);
}

#[test]
fn a_run_needs_a_command() {
    let refusal = parse(&["run", "--on", "box"]).unwrap_err();
    assert_eq!(refusal.kind(), ErrorKind::MissingRequiredArgument);
}

#[test]
fn the_machine_is_named_before_or_after_the_verb() {
    for line in [["fs", "--on", "box", "ls"], ["fs", "ls", "--on", "box"]] {
        match parse(&line) {
            Ok(Command::Fs(fs)) => assert_eq!(fs.target.on.as_deref(), Some("box")),
            other => panic!("{line:?}: {other:?}"),
        }
    }
}

#[test]
fn put_and_get_take_the_last_path_as_the_destination() {
    match parse(&["fs", "put", "a", "b", "c"]) {
        Ok(Command::Fs(Fs {
            command: FsCommand::Put { from, to, .. },
            ..
        })) => {
            assert_eq!((from.len(), to), (2, "c".into()));
        }
        other => panic!("{other:?}"),
    }
    assert!(parse(&["fs", "get", "a"]).is_err());
}

#[test]
fn exec_server_has_the_promised_defaults() {
    match parse(&["exec-server"]) {
        Ok(Command::ExecServer(server)) => {
            assert_eq!(server.listen, "ws://127.0.0.1:0");
            assert_eq!(server.concurrent_requests, 64);
            assert_eq!(server.session_ttl, Duration::from_secs(600));
            assert_eq!((server.retain, server.retain_total), (16 << 20, 256 << 20));
            assert_eq!(server.on_full, OnFull::Block);
            assert_eq!(server.kill_grace, Duration::ZERO);
            assert_eq!(server.unsupported.given(), None);
        }
        other => panic!("{other:?}"),
    }
    assert!(parse(&["exec-server", "--concurrent-requests", "0"]).is_err());
    assert!(parse(&["exec-server", "--session-ttl", "soon"]).is_err());
}

#[test]
fn what_is_not_supported_is_known_by_name() {
    for (arguments, name) in [
        (&["--remote", "https://x"][..], "--remote"),
        (&["--exit-on-stdin-close"], "--exit-on-stdin-close"),
        (&["--exit-on-stdin-close=false"], "--exit-on-stdin-close"),
        (&["--environment-id", "x"], "--environment-id"),
    ] {
        let line = [&["exec-server"], arguments].concat();
        match parse(&line) {
            Ok(Command::ExecServer(server)) => assert_eq!(server.unsupported.given(), Some(name)),
            other => panic!("{line:?}: {other:?}"),
        }
    }
}

#[test]
fn kill_asks_or_signals_but_not_both() {
    assert!(parse(&["kill", "--session", "s", "--signal", "HUP", "p"]).is_ok());
    assert!(parse(&["kill", "--session", "s", "--grace", "5s", "p"]).is_ok());
    assert!(parse(&["kill", "--session", "s", "--grace", "5s", "-s", "HUP", "p"]).is_err());
}
