use super::*;

fn means() -> Means {
    let reason = || Reason::new("no", "do");
    Means {
        launcher: Err(reason()),
        namespaces: Ok(()),
        landlock: LANDLOCK_ALONE,
        seccomp: Ok(()),
        insight: Ok(()),
        groups: Groups::default(),
    }
}

fn without_namespaces(landlock: u8) -> Means {
    Means {
        namespaces: Err(Reason::new("no namespaces", "get some")),
        landlock,
        ..means()
    }
}

#[test]
fn with_everything_every_policy_can_be_enforced() {
    assert_eq!(means().walls(), Kind::Full);
    assert_eq!(means().missing(), []);
    let enough = Means {
        landlock: LANDLOCK_BENEATH,
        ..means()
    };
    assert_eq!(enough.walls(), Kind::Full);
}

#[test]
fn b15_without_namespaces_only_reading_is_left() {
    let why = Reason::new("no namespaces", "get some");
    let walls = without_namespaces(LANDLOCK_ALONE).walls();
    assert_eq!(walls, Kind::ReadOnlyOnly { why: why.clone() });
    let walls = without_namespaces(LANDLOCK_ALONE - 1).walls();
    assert_eq!(walls, Kind::None { why });
}

#[test]
fn without_landlock_or_seccomp_nothing_is_left() {
    let bare = Means {
        landlock: LANDLOCK_BENEATH - 1,
        ..means()
    };
    match bare.walls() {
        Kind::None { why } => assert!(why.text.contains("Landlock"), "{why}"),
        other => panic!("{other:?}"),
    }
    let unfiltered = Means {
        seccomp: seccomp(None),
        ..means()
    };
    match unfiltered.walls() {
        Kind::None { why } => assert!(why.text.contains("filter"), "{why}"),
        other => panic!("{other:?}"),
    }
    let nothing = Means {
        landlock: 0,
        seccomp: seccomp(Some("kill errno")),
        ..without_namespaces(0)
    };
    assert_eq!(nothing.missing().len(), 3);
}

#[test]
fn a_filter_has_to_be_able_to_ask() {
    assert_eq!(
        seccomp(Some("kill_process errno user_notif allow\n")),
        Ok(())
    );
    assert!(seccomp(Some("kill_process errno allow\n")).is_err());
    assert!(seccomp(Some("user_notification errno")).is_err());
}

#[test]
fn where_nobody_may_look_into_others_the_walls_stand_and_it_is_told() {
    for scope in [None, Some("0\n"), Some("1\n"), Some("odd")] {
        assert_eq!(insight(scope), Ok(()), "{scope:?}");
    }
    for (scope, remedy) in [("2\n", "sysctl -w"), ("3\n", "start the machine anew")] {
        let blind = Means {
            insight: insight(Some(scope)),
            ..means()
        };
        assert_eq!(blind.walls(), Kind::Full);
        let [reason] = &blind.missing()[..] else {
            panic!("{:?}", blind.missing());
        };
        assert!(reason.text.contains("ptrace_scope"), "{reason}");
        assert!(reason.text.contains(scope.trim()), "{reason}");
        assert!(reason.remedy.contains(remedy), "{reason}");
    }
}

/// On a computer that can do it all, which those are that this is tested on.
#[test]
fn a_probe_tries_for_real() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let means = Means::probe(None);
    assert_eq!(means.walls(), Kind::Full, "{means:?}");
    assert_eq!(means.landlock, LANDLOCK_ALONE);
    assert_eq!(means, Means::probe(None), "nothing changes by being tried");
    let launcher = means.launcher.unwrap();
    assert_eq!(Means::probe(Some(&launcher.path)).launcher, Ok(launcher));
}

#[test]
fn b15_a_launcher_that_is_not_there_is_told_with_its_remedy() {
    let means = Means::probe(Some(Path::new("/no/such/bwrap")));
    let reason = means.launcher.clone().unwrap_err();
    assert!(reason.text.contains("/no/such/bwrap"), "{reason}");
    assert!(reason.remedy.contains(LAUNCHER_VARIABLE), "{reason}");
    assert_eq!(means.namespaces, Err(reason.clone()));
    assert_eq!(means.walls(), Kind::ReadOnlyOnly { why: reason });
}

#[test]
fn a_reason_reads_as_sentences() {
    let reason = Reason::new("this is missing", "Get it");
    assert_eq!(reason.to_string(), "this is missing. Get it");
}
