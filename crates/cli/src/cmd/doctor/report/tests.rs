use outpost_host::sandbox::means::{Launcher, Version};

use super::*;

fn good() -> Means {
    Means {
        launcher: Ok(Launcher {
            path: "/usr/bin/bwrap".into(),
            version: Version(0, 8, 0),
        }),
        namespaces: Ok(()),
        landlock: 6,
        seccomp: Ok(()),
        insight: Ok(()),
        groups: Groups {
            memory: Some(Hierarchy::V2),
            pids: None,
        },
    }
}

fn bare() -> Means {
    let reason = Reason {
        text: "bubblewrap is not installed".to_owned(),
        remedy: "Install it".to_owned(),
    };
    Means {
        launcher: Err(reason.clone()),
        namespaces: Err(reason),
        ..good()
    }
}

fn parsed(report: &Report<'_>) -> Value {
    serde_json::from_str(&report.json()).unwrap()
}

#[test]
fn a_machine_that_can_do_it_all_is_good_whatever_limits_it_lacks() {
    let means = good();
    let unavailable = Verdict::Unavailable("no group".to_owned());
    let trials = vec![
        ("walls hold", Verdict::Held),
        ("memory is limited", unavailable),
    ];
    let report = Report::new(&means, trials);
    assert!(report.is_good());
    assert_eq!(
        report.text(),
        "  ok    bubblewrap 0.8.0 at /usr/bin/bwrap\n  \
           ok    namespaces with a /proc of their own\n  \
           ok    Landlock, version 6\n  \
           ok    system call filters that can ask\n  \
           ok    sight of what is asked for (ptrace_scope)\n  \
           ok    a control group for memory (cgroup v2)\n  \
           no    a control group for processes\n  \
           ok    walls hold\n  \
           no    memory is limited: no group\n\
         \nEvery sandbox can be enforced here.\n"
    );
    let json = parsed(&report);
    assert_eq!(
        (&json["ok"], &json["sandboxes"]),
        (&json!(true), &json!("all"))
    );
    assert_eq!(json["bubblewrap"]["version"], "0.8.0");
    assert_eq!(json["groups"], json!({"memory": "cgroup v2", "pids": null}));
    assert_eq!(
        json["trials"][1],
        json!({"claim": "memory is limited", "result": "unavailable", "why": "no group"})
    );
}

#[test]
fn a_trial_that_was_not_held_is_no_good() {
    let means = good();
    let broken = Verdict::Broken("it was started".to_owned());
    let report = Report::new(&means, vec![("walls hold", broken)]);
    assert!(!report.is_good());
    let text = report.text();
    assert!(
        text.contains("  FAIL  walls hold: it was started\n"),
        "{text}"
    );
    assert!(text.contains("see FAIL above"), "{text}");
    assert_eq!(parsed(&report)["ok"], false);
}

#[test]
fn b15_what_is_missing_is_told_with_its_remedy() {
    let means = bare();
    let report = Report::new(&means, vec![("the rest is refused", Verdict::Held)]);
    assert!(!report.is_good());
    let text = report.text();
    let todo = "\nWhat to do:\n  bubblewrap is not installed. Install it.\n\nOnly sandboxes";
    assert!(text.contains(todo), "{text}");
    let json = parsed(&report);
    assert_eq!(json["sandboxes"], "readOnly");
    assert_eq!(json["bubblewrap"], Value::Null);
    assert_eq!(json["problems"][0]["remedy"], "Install it");
}

#[test]
fn walls_that_stand_and_permit_too_little_are_no_good() {
    let means = Means {
        insight: Err(Reason {
            text: "ptrace_scope is 2".to_owned(),
            remedy: "Lower it".to_owned(),
        }),
        ..good()
    };
    let report = Report::new(&means, vec![("walls hold", Verdict::Held)]);
    assert!(!report.is_good());
    let text = report.text();
    assert!(
        text.contains("  no    sight of what is asked for (ptrace_scope)\n"),
        "{text}"
    );
    assert!(
        text.contains("\n  ptrace_scope is 2. Lower it.\n"),
        "{text}"
    );
    assert!(text.contains("may fail: see above"), "{text}");
    let json = parsed(&report);
    assert_eq!(
        (&json["sandboxes"], &json["insight"]),
        (&json!("all"), &json!(false))
    );
}
