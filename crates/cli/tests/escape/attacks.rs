//! Every attack under every policy, as root and as nobody.

use std::{fs, io::Write as _, thread};

use parking_lot::Mutex;
use serde_json::Value;

use crate::{
    arena::{Arena, Outcome},
    client::Client,
    hostile::{ATTACKS, Attack, Control, UnderNetwork},
    policy::Policy,
    server::{Base, Server, User},
};

/// How long each race lasts.
const RACE: u64 = 30;

/// How long a race may take to be won where nothing stands in its way.
const EASY_RACE: u64 = 10;

/// How many attacks of one server run at once.
const AT_ONCE: usize = 3;

/// Runs `attacks` through `each` with a few clients of one server; what `each` says is collected.
fn in_parallel(
    server: &Server,
    attacks: &[&'static Attack],
    at_once: usize,
    each: impl Fn(&mut Client, &'static Attack) -> Vec<String> + Sync,
) -> Vec<String> {
    let (queue, wrong) = (Mutex::new(attacks.to_vec()), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                let mut client = Client::new(server);
                loop {
                    let Some(attack) = queue.lock().pop() else {
                        return;
                    };
                    let found = each(&mut client, attack);
                    wrong.lock().extend(found);
                }
            });
        }
    });
    wrong.into_inner()
}

/// One attack under a policy: everything that is wrong afterwards.
fn confined(
    base: &Base,
    server: &Server,
    client: &mut Client,
    policy: Policy,
    attack: &'static Attack,
) -> Vec<String> {
    let old = attack.name == "metadata-old";
    let arena = Arena::new(base);
    let mut arena = if old {
        arena.with_repositories(base)
    } else {
        arena
    };
    let also: &[&str] = match policy {
        _ if old => &["work/.git"],
        Policy::ReadOnly => &["work"],
        _ => &["work/vault"],
    };
    let also = if attack.name == "read-denied" && policy.writes() {
        &[]
    } else {
        also
    };
    let before = arena.snapshot(also);
    let sandbox = policy.sandbox(base, &arena, attack.name == "read-denied");
    let outcome = arena.run(
        base,
        (client, server.pid()),
        (attack, RACE),
        (&sandbox, &[]),
    );
    log(&format!(
        "== {} {policy:?} {}\n{}\n",
        base.user, attack.name, outcome.said
    ));
    let works = policy == Policy::WorkspaceAndNetwork && attack.network == UnderNetwork::Works;
    let mut wrong = Vec::new();
    let mut heard = arena.listeners().heard();
    if attack.race {
        // One of the addresses that are raced is a legal one.
        heard.retain(|&name| policy != Policy::WorkspaceAndNetwork || name != "tcp");
    }
    if works {
        if !outcome.has_escaped() || heard.is_empty() {
            wrong.push(format!("the network does not work: {}", outcome.said));
        }
    } else {
        if !outcome.is_blocked() {
            wrong.push(escapes(&outcome));
        }
        if !heard.is_empty() {
            wrong.push(format!("heard outside: {heard:?}"));
        }
    }
    wrong.extend(before.changes(&arena.snapshot(also)));
    wrong.extend(
        arena
            .damage()
            .into_iter()
            .filter(|damage| !old || !damage.contains("/.git ")),
    );
    let of = |wrong| format!("{} {policy:?} {}: {wrong}", base.user, attack.name);
    wrong.into_iter().map(of).collect()
}

/// Appends what an attack said to the file that `OUTPOST_ATTACKS_LOG` names, for a person to read.
fn log(said: &str) {
    if let Some(path) = std::env::var_os("OUTPOST_ATTACKS_LOG") {
        let file = fs::OpenOptions::new().create(true).append(true).open(path);
        let written = file.and_then(|mut file| file.write_all(said.as_bytes()));
        written.expect("the log that was asked for");
    }
}

/// The ways that were open.
fn escapes(outcome: &Outcome) -> String {
    let open: Vec<&str> = outcome
        .said
        .lines()
        .filter(|line| line.starts_with("  ESCAPED"))
        .collect();
    if open.is_empty() || !outcome.has_escaped() {
        return format!("no verdict, exit code {}: {}", outcome.code, outcome.said);
    }
    open.join("\n")
}

/// The attacks that promise something under a policy, without the races.
fn attacks_for(policy: Policy) -> Vec<&'static Attack> {
    let network = policy == Policy::WorkspaceAndNetwork;
    let counts = |attack: &&Attack| !(network && attack.network == UnderNetwork::Open);
    ATTACKS
        .iter()
        .filter(|attack| !attack.race)
        .filter(counts)
        .collect()
}

/// Every attack but the races, as every user.
fn none_gets_out_of(policy: Policy) {
    let mut wrong = Vec::new();
    let pattern = fs::read("/proc/sys/kernel/core_pattern").expect("the kernel has one");
    for user in User::all() {
        let base = Base::new(user);
        let server = base.server();
        let attacks = attacks_for(policy);
        assert!(attacks.len() >= 40, "{} attacks", attacks.len());
        wrong.extend(in_parallel(&server, &attacks, AT_ONCE, |client, attack| {
            confined(&base, &server, client, policy, attack)
        }));
        server.stop();
    }
    let now = fs::read("/proc/sys/kernel/core_pattern").expect("the kernel has one");
    assert_eq!(now, pattern, "the handler of crashes");
    assert!(
        wrong.is_empty(),
        "{} faults:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn b05_no_attack_gets_out_of_a_policy_that_only_reads() {
    none_gets_out_of(Policy::ReadOnly);
}

#[test]
fn b05_no_attack_gets_out_of_a_workspace() {
    none_gets_out_of(Policy::Workspace);
}

#[test]
fn b05_no_attack_gets_out_of_a_workspace_with_the_network() {
    none_gets_out_of(Policy::WorkspaceAndNetwork);
}

#[test]
fn b05_no_attack_gets_out_of_a_workspace_in_a_minimal_tree() {
    none_gets_out_of(Policy::Minimal);
}

#[test]
fn f09_no_race_is_won_in_thirty_seconds() {
    let races: Vec<&'static Attack> = ATTACKS.iter().filter(|attack| attack.race).collect();
    let wrong = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for user in User::all() {
            let (races, wrong) = (&races, &wrong);
            scope.spawn(move || {
                let base = Base::new(user);
                let server = base.server();
                let found = in_parallel(&server, races, races.len(), |client, attack| {
                    // Where the network is off, no address is worth a race.
                    let network = attack.name == "race-address";
                    let policy = if network {
                        Policy::WorkspaceAndNetwork
                    } else {
                        Policy::Workspace
                    };
                    confined(&base, &server, client, policy, attack)
                });
                wrong.lock().extend(found);
                server.stop();
            });
        }
    });
    let wrong = wrong.into_inner();
    assert!(
        wrong.is_empty(),
        "{} faults:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Whether an attack has to succeed without a sandbox, and with which further words.
fn control(attack: &Attack, user: User) -> Option<&'static [&'static str]> {
    match attack.control {
        Control::Everybody => Some(&[]),
        Control::Plain(possible) => possible().then_some(&[]),
        Control::Root => user.is_root().then_some(&[]),
        Control::RootWhere(possible) => (user.is_root() && possible()).then_some(&[]),
        Control::RootApart => user.is_root().then_some(&["own_mounts"]),
        Control::Others => (!user.is_root()).then_some(&[]),
        Control::Not(why) => {
            let name = attack.name;
            let said = writeln!(std::io::stderr(), "NOT TRIED WITHOUT WALLS: {name}: {why}");
            said.expect("standard error is open");
            None
        }
    }
}

#[test]
fn every_attack_works_where_nothing_is_in_its_way() {
    let mut wrong = Vec::new();
    for user in User::all() {
        let base = Base::new(user);
        let server = base.server();
        let attacks: Vec<&'static Attack> = ATTACKS
            .iter()
            .filter(|attack| control(attack, user).is_some())
            .collect();
        wrong.extend(in_parallel(&server, &attacks, AT_ONCE, |client, attack| {
            let arena = Arena::new(&base);
            let old = attack.name == "metadata-old";
            let mut arena = if old {
                arena.with_repositories(&base)
            } else {
                arena
            };
            let words = control(attack, user).expect("it was chosen for that");
            let none = Value::Null;
            let outcome = arena.run(
                &base,
                (client, server.pid()),
                (attack, EASY_RACE),
                (&none, words),
            );
            // What it did is its own affair; what it left outside is taken away.
            let damage = arena.damage();
            if outcome.has_escaped() {
                return Vec::new();
            }
            vec![format!(
                "{user} {}: {} {damage:?}",
                attack.name, outcome.said
            )]
        }));
        server.stop();
    }
    assert!(
        wrong.is_empty(),
        "{} attacks do not work:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
