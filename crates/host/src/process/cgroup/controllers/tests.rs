use std::fs;

use super::*;

/// A directory with these files, which stands for a group.
fn group(files: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(directory.path().join(name), text).unwrap();
    }
    directory
}

fn read(group: &tempfile::TempDir, name: &str) -> String {
    fs::read_to_string(group.path().join(name)).unwrap()
}

fn bound(group: &tempfile::TempDir, kind: Kind) -> Bound {
    let path = group.path().to_owned();
    Bound { path, kind }
}

#[test]
fn a_leaf_is_bounded_with_all_its_memory_and_as_a_whole() {
    let leaf = group(&[
        ("memory.max", ""),
        ("memory.swap.max", ""),
        ("memory.oom.group", ""),
        ("pids.max", ""),
    ]);
    let bound = bound(&leaf, Kind::Leaf);
    bound.set(Controller::Memory, 1 << 20).unwrap();
    bound.set(Controller::Pids, 7).unwrap();
    let names = [
        "memory.max",
        "memory.swap.max",
        "memory.oom.group",
        "pids.max",
    ];
    let set = names.map(|name| read(&leaf, name));
    assert_eq!(set, ["1048576", "0", "1", "7"]);
}

#[test]
fn without_swap_there_is_nothing_to_bound_in_it() {
    let leaf = group(&[("memory.max", ""), ("memory.oom.group", "")]);
    bound(&leaf, Kind::Leaf)
        .set(Controller::Memory, 4096)
        .unwrap();
    assert_eq!(read(&leaf, "memory.max"), "4096");
    let own = group(&[("memory.limit_in_bytes", ""), ("memory.swappiness", "")]);
    bound(&own, Kind::Own)
        .set(Controller::Memory, 4096)
        .unwrap();
    assert_eq!(read(&own, "memory.limit_in_bytes"), "4096");
    assert_eq!(read(&own, "memory.swappiness"), "0");
}

#[test]
fn what_cannot_be_written_is_no_bound_and_nothing_is_made_up() {
    let empty = group(&[]);
    for (controller, kind) in [
        (Controller::Memory, Kind::Leaf),
        (Controller::Memory, Kind::Own),
        (Controller::Pids, Kind::Leaf),
        (Controller::Pids, Kind::Own),
    ] {
        bound(&empty, kind).set(controller, 4096).unwrap_err();
    }
    assert_eq!(fs::read_dir(empty.path()).unwrap().count(), 0);
}

#[test]
fn a_kill_counts_only_where_the_bound_was_met() {
    let exceeded = |kind, files: &[(&str, &str)]| {
        let group = group(files);
        let bounded = Bounded {
            memory: Some(bound(&group, kind)),
            pids: None,
        };
        bounded.memory_exceeded()
    };
    let leaf = |text| exceeded(Kind::Leaf, &[("memory.events", text)]);
    assert!(leaf("low 0\nmax 9\noom 1\noom_kill 1\noom_group_kill 0\n"));
    assert!(
        !leaf("oom 0\noom_kill 1\n"),
        "the computer ran out, not the command"
    );
    assert!(!leaf("oom 3\noom_kill 0\n"), "nobody was killed");
    assert!(!leaf("nonsense"));
    let own = |kills, memory, with_swap| {
        exceeded(
            Kind::Own,
            &[
                ("memory.limit_in_bytes", "16384\n"),
                ("memory.oom_control", kills),
                ("memory.max_usage_in_bytes", memory),
                ("memory.memsw.max_usage_in_bytes", with_swap),
            ],
        )
    };
    let killed = "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n";
    assert!(own(killed, "16384\n", "0\n") && own(killed, "15360\n", "0\n"));
    assert!(own(killed, "9000\n", "16384\n"), "in swap it counts too");
    assert!(!own(killed, "15359\n", "15359\n"), "the computer ran out");
    let lived = "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n";
    assert!(!own(lived, "16384\n", "16384\n"));
    assert!(!exceeded(Kind::Own, &[]));
}

#[test]
fn controllers_that_come_down_are_handed_on_and_others_are_not_asked_for() {
    let above = group(&[
        ("cgroup.controllers", "cpu memory\n"),
        ("cgroup.subtree_control", "memory\n"),
    ]);
    let own = above.path().join("own");
    fs::create_dir(&own).unwrap();
    fs::write(own.join("cgroup.controllers"), "memory\n").unwrap();
    fs::write(own.join("cgroup.subtree_control"), "").unwrap();
    enable(&own);
    assert_eq!(
        read(&above, "cgroup.subtree_control"),
        "memory\n",
        "it was on"
    );
    let written = fs::read_to_string(own.join("cgroup.subtree_control")).unwrap();
    assert_eq!(written, "+memory");
    fs::write(own.join("cgroup.subtree_control"), "memory pids\n").unwrap();
    assert_eq!(enable(&own), Controller::ALL);
    fs::write(own.join("cgroup.subtree_control"), "hugetlb\n").unwrap();
    fs::write(own.join("cgroup.controllers"), "hugetlb\n").unwrap();
    assert_eq!(enable(&own), []);
}

#[test]
fn what_cannot_be_bounded_is_an_error_and_never_left_out() {
    let mut none = Controllers::default();
    assert!(!none.can(Controller::Memory) && !none.can(Controller::Pids));
    let memory = Asked {
        memory: Some(1 << 20),
        pids: None,
    };
    none.bound(1, None, false, memory).unwrap_err();
    let mut in_leaf = Controllers {
        memory: Some(Means::Leaf),
        ..Controllers::default()
    };
    in_leaf.bound(1, None, false, memory).unwrap_err();
    assert_eq!(
        in_leaf
            .bound(1, None, false, Asked::default())
            .unwrap()
            .doors()
            .unwrap()
            .len(),
        0
    );
}

#[test]
fn behind_walls_only_the_command_is_bounded() {
    let leaf = group(&[
        ("cgroup.controllers", "pids\n"),
        ("cgroup.subtree_control", ""),
    ]);
    let command = set_apart(leaf.path()).unwrap();
    assert_eq!(read(&leaf, "cgroup.subtree_control"), "+pids");
    for name in ["memory.max", "memory.oom.group", "pids.max", "cgroup.procs"] {
        fs::write(command.join(name), "").unwrap();
    }
    let mut controllers = Controllers {
        memory: Some(Means::Leaf),
        pids: Some(Means::Leaf),
        left: Vec::new(),
    };
    let asked = Asked {
        memory: Some(1 << 20),
        pids: Some(3),
    };
    let bounded = controllers.bound(1, Some(leaf.path()), true, asked);
    let bounded = bounded.unwrap();
    assert_eq!(fs::read_to_string(command.join("pids.max")).unwrap(), "3");
    enter(&bounded.doors().unwrap()).unwrap();
    let entered = fs::read_to_string(command.join("cgroup.procs")).unwrap();
    assert_eq!(entered, "0", "once, for both");
    assert!(bounded.birth().unwrap().is_some());
    controllers.end(bounded);
    assert!(command.exists(), "it goes with its leaf");
}
