//! `outpost doctor`: what is said of this machine is what is so.

use std::{fs, process::Command};

use serde_json::Value;

use crate::support::{Finished, Home, Running};

/// The report of `outpost doctor --json`, started by `command`, which it ends with.
fn report(mut command: Command) -> (Finished, Value) {
    let finished = Running::start(&mut command).finish();
    let report = serde_json::from_slice(&finished.stdout);
    let report = report.unwrap_or_else(|error| panic!("{error}: {finished:?}"));
    (finished, report)
}

/// The trials of a report that came out this way.
fn claims<'a>(report: &'a Value, result: &str) -> Vec<&'a str> {
    let trials = report["trials"].as_array().unwrap().iter();
    let these = trials.filter(|trial| trial["result"] == result);
    these
        .map(|trial| trial["claim"].as_str().unwrap())
        .collect()
}

/// `outpost doctor --json`, started by a program of the system.
fn through(home: &Home, program: &[&str]) -> Command {
    home.through(program, &home.outpost(&["doctor", "--json"]))
}

#[test]
fn every_wall_is_up_here_and_every_trial_held() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let home = Home::new();
    let temporary = home.path().join("temporary");
    fs::create_dir(&temporary).unwrap();
    let mut json = home.outpost(&["doctor", "--json"]);
    json.env("TMPDIR", &temporary);
    let (finished, report) = report(json);
    assert_eq!(claims(&report, "broken"), [""; 0], "{report:#}");
    assert_eq!(
        (finished.status, &*finished.stderr),
        (Some(0), ""),
        "{report:#}"
    );
    assert_eq!(report["ok"], true);
    assert_eq!(report["sandboxes"], "all");
    assert_eq!(report["problems"], serde_json::json!([]));
    let held = claims(&report, "held");
    for claim in [
        "the network is out of reach",
        "a .git cannot be made in there",
    ] {
        assert!(held.contains(&claim), "{held:?}");
    }
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0, "it clears up");
    home.assert_nothing_left();
}

#[test]
fn people_get_lines() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let home = Home::new();
    let finished = home.run(&["doctor"]);
    assert_eq!(
        (finished.status, &*finished.stderr),
        (Some(0), ""),
        "{finished:?}"
    );
    let lines: Vec<_> = finished.stdout().lines().collect();
    assert!(lines[0].starts_with("  ok    bubblewrap "), "{lines:?}");
    assert_eq!(lines.last(), Some(&"Every sandbox can be enforced here."));
    assert!(!finished.stdout().contains("FAIL"), "{lines:?}");
}

#[test]
fn b15_without_bubblewrap_it_says_what_to_do() {
    let home = Home::new();
    let mut json = home.outpost(&["doctor", "--json"]);
    json.env("OUTPOST_BWRAP", "/no/such/bwrap");
    let (finished, report) = report(json);
    assert_eq!(finished.status, Some(1), "{report:#}");
    assert_eq!(report["sandboxes"], "readOnly", "{report:#}");
    assert_eq!(report["bubblewrap"], Value::Null);
    assert_eq!(claims(&report, "broken"), [""; 0], "{report:#}");
    let held = claims(&report, "held");
    assert!(held.contains(&"a policy that lets something be written is refused"));
    let problem = &report["problems"][0];
    assert!(problem["text"].as_str().unwrap().contains("/no/such/bwrap"));
    assert!(
        problem["remedy"]
            .as_str()
            .unwrap()
            .contains("OUTPOST_BWRAP")
    );
    let mut text = home.outpost(&["doctor"]);
    text.env("OUTPOST_BWRAP", "/no/such/bwrap");
    let finished = Running::start(&mut text).finish();
    assert_eq!(finished.status, Some(1));
    assert!(finished.stdout().contains("What to do:"), "{finished:?}");
    home.assert_nothing_left();
}

#[test]
fn b15_where_the_kernel_has_no_namespaces_it_says_so() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let home = Home::new();
    let none = "echo 0 >/proc/sys/user/max_user_namespaces && exec \"$0\" \"$@\"";
    let program = ["unshare", "--user", "--map-root-user", "sh", "-c", none];
    let (finished, report) = report(through(&home, &program));
    assert_eq!(finished.status, Some(1), "{report:#}");
    assert_eq!(report["namespaces"], false);
    assert_eq!(report["sandboxes"], "readOnly", "{report:#}");
    assert_eq!(claims(&report, "broken"), [""; 0], "{report:#}");
    let text = report["problems"][0]["text"].as_str().unwrap();
    assert!(text.contains("max_user_namespaces is 0"), "{text}");
}

#[test]
fn an_ordinary_user_has_the_same_walls() {
    if outpost_testkit::walls::missing() {
        return;
    }
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only root can become somebody else; this user is an ordinary one");
        return;
    }
    let home = Home::new();
    let nobody = [
        "setpriv",
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
    ];
    let mut outer = through(&home, &nobody);
    outer.current_dir("/");
    let (finished, report) = report(outer);
    assert_eq!(claims(&report, "broken"), [""; 0], "{report:#}");
    assert_eq!(report["sandboxes"], "all", "{report:#}");
    assert_eq!(
        (finished.status, &*finished.stderr),
        (Some(0), ""),
        "{report:#}"
    );
}
