use std::path::PathBuf;

use super::world::{Node, World, guarded, layer, rule, seen, special};
use crate::sandbox::{
    facts::{METADATA, Spot},
    plan::{Base, Layer, Plan, View, make},
    policy::{
        Access::{Deny, Read, Write},
        FileRules, Network, Place, Policy, Rule, Special,
    },
};

fn plan(rules: &[Rule]) -> Plan {
    World::new().plan(rules).unwrap()
}

fn root(access: crate::sandbox::Access) -> Rule {
    special(Special::Root, access)
}

fn names(directory: &str, names: &[&str]) -> Vec<String> {
    let mut paths: Vec<String> = names
        .iter()
        .map(|name| format!("{directory}/{name}"))
        .collect();
    paths.sort();
    paths
}

#[test]
fn programs_are_read_and_nothing_is_written() {
    let plan = plan(&[root(Read)]);
    assert_eq!((plan.base, plan.layers.len()), (Base::ReadOnly, 0));
    assert_eq!(seen(&plan, "/bin"), Read);
    assert!(plan.only_reads());
    assert_eq!(plan.read, ["/"].map(PathBuf::from));
}

#[test]
fn a_writable_root_is_written_and_what_is_outside_is_not() {
    let plan = plan(&[root(Read), rule("/w", Write)]);
    assert_eq!(seen(&plan, "/w/src/key"), Write);
    assert_eq!(seen(&plan, "/home/u"), Read);
    assert!(plan.write.contains(&"/w".into()) && !plan.write.contains(&"/".into()));
    assert!(!plan.only_reads());
}

#[test]
fn devices_are_written_and_not_covered() {
    let policy = [
        special(Special::Minimal, Read),
        rule("/dev/null", Write),
        rule("/dev", Read),
    ];
    let plan = plan(&policy);
    assert!(plan.write.contains(&"/dev/null".into()));
    assert!(!plan.write.contains(&"/dev/shm".into()));
    assert!(plan.read.contains(&"/dev".into()) && plan.read.contains(&"/proc".into()));
    assert!(
        !plan
            .layers
            .iter()
            .any(|layer| layer.path.starts_with("/dev"))
    );
}

#[test]
fn shared_memory_may_be_a_writable_root() {
    for above in [root(Read), special(Special::Minimal, Read)] {
        let plan = plan(&[above, rule("/dev/shm", Write)]);
        assert_eq!(layer(&plan, "/dev/shm"), Some(&View::Writable));
        assert!(plan.write.contains(&"/dev/shm".into()));
    }
}

#[test]
fn missing_writable_roots_are_ignored() {
    let plan = plan(&[
        root(Read),
        rule("/gone", Write),
        rule("/w/gone/deep", Write),
    ]);
    assert!(plan.layers.is_empty() && plan.guarded.is_empty());
}

#[test]
fn a_directory_is_denied_in_a_writable_root() {
    let plan = plan(&[root(Read), rule("/w", Write), rule("/w/secret", Deny)]);
    assert_eq!(layer(&plan, "/w/secret"), Some(&View::HiddenDirectory));
    assert_eq!(seen(&plan, "/w/secret/ok"), Deny);
    assert_eq!(seen(&plan, "/w/src"), Write);
}

#[test]
fn a_denied_directory_has_a_writable_island() {
    let rules = [
        root(Read),
        rule("/w", Write),
        rule("/w/secret", Deny),
        rule("/w/secret/ok", Write),
    ];
    let plan = plan(&rules);
    assert_eq!(seen(&plan, "/w/secret"), Deny);
    assert_eq!(layer(&plan, "/w/secret/ok"), Some(&View::Writable));
    let missing = names("/w/secret/ok", &METADATA);
    assert!(missing.iter().all(|name| guarded(&plan).contains(name)));
}

#[test]
fn a_directory_is_denied_under_full_read() {
    let plan = plan(&[root(Read), rule("/home/u", Deny)]);
    assert_eq!(layer(&plan, "/home/u"), Some(&View::HiddenDirectory));
    assert_eq!(plan.layers.len(), 1);
}

#[test]
fn temporary_folders_are_denied_with_full_and_with_minimal_read() {
    for above in [root(Read), special(Special::Minimal, Read)] {
        for place in [Special::SlashTmp, Special::TmpDir] {
            let plan = plan(&[above.clone(), special(place, Deny)]);
            assert_eq!(seen(&plan, "/tmp/t"), Deny);
        }
    }
}

#[test]
fn single_files_are_denied_read_and_written() {
    let rules = [
        rule("/w", Write),
        rule("/w/.env", Deny),
        rule("/w/src/key", Read),
    ];
    let plan = plan(&rules);
    assert_eq!(layer(&plan, "/w/.env"), Some(&View::HiddenFile));
    assert_eq!(layer(&plan, "/w/src/key"), Some(&View::ReadOnly));
    let plan = World::new()
        .plan(&[root(Read), rule("/w/src/key", Write)])
        .unwrap();
    assert_eq!(layer(&plan, "/w/src/key"), Some(&View::Writable));
    assert!(plan.guarded.is_empty());
}

#[test]
fn metadata_is_read_only_while_its_siblings_are_writable() {
    let plan = plan(&[
        root(Read),
        rule("/w", Write),
        special(Special::SlashTmp, Write),
    ]);
    assert_eq!(seen(&plan, "/w/.git/config"), Read);
    assert_eq!(seen(&plan, "/w/.gitignore"), Write);
    let mut expected = names("/tmp", &METADATA);
    expected.extend(names("/w", &METADATA[1..]));
    assert_eq!(guarded(&plan), expected);
}

#[test]
fn metadata_of_the_root_folder_is_protected() {
    let plan = plan(&[root(Write)]);
    assert_eq!(plan.base, Base::Writable);
    assert_eq!(guarded(&plan), names("", &METADATA));
    assert_eq!(layer(&plan, "/sys"), Some(&View::ReadOnly));
}

#[test]
fn a_rule_for_the_very_name_lets_metadata_be_written() {
    let rules = [
        rule("/w", Write),
        rule("/w/.git", Write),
        rule("/w/.codex", Write),
    ];
    let plan = plan(&rules);
    assert_eq!(seen(&plan, "/w/.git/config"), Write);
    assert_eq!(
        guarded(&plan),
        names("/w", &[".agents", ".aws", ".outpost"])
    );
}

#[test]
fn nested_metadata_is_protected_and_held_in_place() {
    let mut world = World::new().with("/w/a/b/.git", Node::Directory);
    let mut nested = world.metadata("/w/a/b".as_ref(), ".git");
    nested.nested = true;
    world.facts.metadata.push(nested);
    let plan = world.plan(&[rule("/w", Write)]).unwrap();
    assert_eq!(seen(&plan, "/w/a/b/.git"), Read);
    assert_eq!(layer(&plan, "/w/a"), Some(&View::Writable));
    assert_eq!(layer(&plan, "/w/a/b"), Some(&View::Writable));
    assert_eq!(layer(&plan, "/w/src"), None);
}

#[test]
fn a_pointer_file_protects_what_it_points_to() {
    let mut world = World::new()
        .with("/w/p/.git", Node::File)
        .with("/w/main/.git/worktrees/p", Node::Directory);
    let spot = |world: &World, path: &str| -> Spot { world.spot(path.as_ref()) };
    let mut pointer = world.metadata("/w/p".as_ref(), ".git");
    pointer.leads_to = vec![
        spot(&world, "/w/main/.git/worktrees/p"),
        spot(&world, "/w/main/.git"),
        spot(&world, "/w/main/.gone"),
        spot(&world, "/home/u"),
    ];
    world.facts.metadata.push(pointer);
    for named in [rule("/w", Write), rule("/w/p/.git", Read)] {
        let plan = world.plan(&[rule("/w", Write), named]).unwrap();
        assert_eq!(seen(&plan, "/w/main/.git/hooks"), Read);
        assert_eq!(seen(&plan, "/w/p/.git"), Read);
        assert_eq!(seen(&plan, "/home/u"), Deny, "a pointer opens nothing");
        assert!(guarded(&plan).contains(&"/w/main/.gone".into()));
    }
}

#[test]
fn what_is_missing_and_narrowed_is_guarded_by_its_first_missing_name() {
    let rules = [
        root(Read),
        rule("/w", Write),
        rule("/w/src/a/b", Deny),
        rule("/w/notes", Read),
        rule("/home/u/gone", Deny),
    ];
    let plan = plan(&rules);
    assert!(guarded(&plan).contains(&"/w/src/a".into()));
    assert!(guarded(&plan).contains(&"/w/notes".into()));
    assert!(!guarded(&plan).iter().any(|path| path.starts_with("/home")));
    assert_eq!(
        layer(&plan, "/w/src"),
        Some(&View::Writable),
        "held in place"
    );
    let skipped = rules.map(|rule| Rule {
        skip_missing: true,
        ..rule
    });
    let plan = World::new().plan(&skipped).unwrap();
    assert!(!guarded(&plan).contains(&"/w/notes".into()));
}

#[test]
fn an_empty_base_has_the_links_by_which_the_system_is_known() {
    let plan = plan(&[special(Special::Minimal, Write)]);
    assert_eq!(plan.base, Base::Empty);
    assert_eq!(layer(&plan, "/bin"), Some(&View::Link("usr/bin".into())));
    assert_eq!(layer(&plan, "/usr"), Some(&View::ReadOnly), "never written");
    assert!(plan.read.contains(&"/usr".into()) && !plan.read.contains(&"/bin".into()));
}

#[test]
fn an_alias_is_mounted_where_it_leads_and_shown_by_its_name() {
    let world = World::new().with("/alias", Node::Link("/w/src"));
    let plan = world.plan(&[rule("/alias", Write)]).unwrap();
    assert_eq!(layer(&plan, "/w/src"), Some(&View::Writable));
    assert_eq!(layer(&plan, "/alias"), Some(&View::Link("/w/src".into())));
    let plan = world.plan(&[root(Read), rule("/alias", Write)]).unwrap();
    assert_eq!(layer(&plan, "/alias"), None, "the base shows it");
}

#[test]
fn our_own_program_is_loaded_where_nothing_of_the_system_is() {
    let mut world = World::new().with("/usr/lib64/libc.so", Node::File);
    world
        .facts
        .libraries
        .push(world.spot("/lib64/libc.so".as_ref()));
    let plan = world.plan(&[rule("/w", Read)]).unwrap();
    assert_eq!(layer(&plan, "/usr/lib64/libc.so"), Some(&View::ReadOnly));
    assert_eq!(
        layer(&plan, "/lib64"),
        Some(&View::Link("usr/lib64".into()))
    );
    let plan = world.plan(&[root(Read)]).unwrap();
    assert!(plan.layers.is_empty());
}

#[test]
fn a_kernel_file_system_in_a_writable_root_is_read_only() {
    let mut world = World::new().with("/w/jail/proc", Node::Directory);
    world.facts.kernel = vec!["/w/jail/proc".into(), "/sys".into()];
    let plan = world.plan(&[rule("/w", Write)]).unwrap();
    assert_eq!(layer(&plan, "/w/jail/proc"), Some(&View::ReadOnly));
}

#[test]
fn a_sandbox_keeps_its_own_devices_and_processes_where_everything_is_written() {
    let mut world = World::new();
    world.facts.kernel = ["/dev", "/dev/pts", "/proc", "/sys"]
        .map(PathBuf::from)
        .to_vec();
    let plan = world.plan(&[rule("/", Write)]).unwrap();
    let covered = |layer: &Layer| layer.path.starts_with("/dev") || layer.path.starts_with("/proc");
    assert!(!plan.layers.iter().any(covered), "{plan:?}");
    assert_eq!(layer(&plan, "/sys"), Some(&View::ReadOnly));
}

#[test]
fn unrestricted_files_are_all_but_the_kernel() {
    let policy = Policy {
        files: FileRules::Unrestricted,
        network: Network::Restricted,
    };
    let plan = make(&policy, &World::new().facts).unwrap();
    assert_eq!((plan.base, plan.guarded.len()), (Base::Writable, 0));
    assert_eq!(layer(&plan, "/sys"), Some(&View::ReadOnly));
    assert_eq!(plan.layers.len(), 1);
}

#[test]
fn of_rules_about_one_place_a_denial_decides_else_writing() {
    let at = |rules: &[Rule]| seen(&plan(rules), "/w/src");
    assert_eq!(at(&[rule("/w/src", Write), rule("/w/src", Read)]), Write);
    assert_eq!(at(&[rule("/w/src", Read), rule("/w/src", Write)]), Write);
    assert_eq!(at(&[rule("/w/src", Deny), rule("/w/src", Write)]), Deny);
}

#[test]
fn a_pattern_denies_what_its_matches_lead_to_and_grants_no_links() {
    let world = World::new().with("/w/link", Node::Link("/home/u/.ssh"));
    let glob = |access| Rule {
        place: Place::Glob("/w/.env /w/link".into()),
        access,
        skip_missing: false,
    };
    let plan = world
        .plan(&[root(Read), rule("/w", Write), glob(Deny)])
        .unwrap();
    assert_eq!(seen(&plan, "/w/.env"), Deny);
    assert_eq!(seen(&plan, "/home/u/.ssh"), Deny);
    let plan = world.plan(&[root(Read), glob(Write)]).unwrap();
    assert_eq!(seen(&plan, "/home/u/.ssh"), Read);
}
