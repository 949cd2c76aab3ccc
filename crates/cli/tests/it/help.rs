//! What the program says about itself.

use crate::support::Home;

#[test]
fn the_version_is_one_line() {
    let version = format!("outpost {}\n", env!("CARGO_PKG_VERSION"));
    Home::new().run(&["--version"]).assert(0, &version, "");
}

#[test]
fn every_command_explains_itself_with_examples_or_notes() {
    let home = Home::new();
    let overview = home.run(&["--help"]);
    for part in [
        "exec-server",
        "app-server",
        "run",
        "fs",
        "ps",
        "kill",
        "doctor",
        "schema",
        "completions",
        "OUTPOST_HOME",
        "OUTPOST_BWRAP",
    ] {
        assert!(overview.stdout().contains(part), "{part}");
    }
    for (command, parts) in [
        (
            &["exec-server"][..],
            &["--listen", "--session-ttl", "Examples:", "SIGTERM"][..],
        ),
        (
            &["app-server"],
            &["--listen", "--slow-client-timeout", "Examples:", "SIGTERM"],
        ),
        (
            &["run"],
            &[
                "--timeout",
                "Exit status:",
                "126",
                "Sandbox:",
                "--limit",
                "Examples:",
            ],
        ),
        (&["fs"], &["put", "walk", "Exit status:"]),
        (&["fs", "put"], &["SHA-256", "Examples:"]),
        (&["fs", "get"], &["SHA-256", "Examples:"]),
        (&["ps"], &["--session", "Sessions:"]),
        (&["kill"], &["--grace", "Sessions:"]),
        (&["doctor"], &["--json", "Exit status:", "What is tried:"]),
        (&["completions"], &["bash"]),
    ] {
        let help = home.run(&[command, &["--help"]].concat());
        assert_eq!((help.status, &*help.stderr), (Some(0), ""), "{command:?}");
        for part in parts {
            assert!(help.stdout().contains(part), "{command:?}: {part}");
        }
        let longest = help.stdout().lines().map(|line| line.chars().count()).max();
        assert!(longest <= Some(100), "{command:?}: {longest:?}");
        assert!(
            !help.stdout().contains("--exit-on-stdin-close")
                && !help.stdout().contains("--attempt"),
            "{command:?}"
        );
    }
}

#[test]
fn completions_are_scripts_of_their_shells() {
    let home = Home::new();
    for (shell, part) in [
        ("bash", "complete -F"),
        ("zsh", "#compdef outpost"),
        ("fish", "complete -c outpost"),
    ] {
        let script = home.run(&["completions", shell]);
        assert_eq!(script.status, Some(0));
        assert!(script.stdout().contains(part), "{shell}");
    }
    assert_eq!(home.run(&["completions", "abacus"]).status, Some(2));
}

#[test]
fn no_command_is_a_question() {
    let home = Home::new();
    assert_eq!(home.run(&[]).status, Some(2));
    assert_eq!(home.run(&["juggle"]).status, Some(2));
}
