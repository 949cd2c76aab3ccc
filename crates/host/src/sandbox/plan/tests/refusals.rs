use super::world::{Node, World, rule, special};
use crate::sandbox::{
    plan::{MAX_LAYERS, PlanError},
    policy::{
        Access::{Deny, Read, Write},
        Place, Rule, Special,
    },
};

fn refusal(world: &World, rules: &[Rule]) -> PlanError {
    world.plan(rules).unwrap_err()
}

#[test]
fn linked_metadata_is_refused_by_its_name() {
    let world = World::new().with("/w/.codex", Node::Link("/home/u"));
    let refused = refusal(&world, &[rule("/w", Write)]);
    assert!(matches!(&refused, PlanError::LinkedMetadata(path) if path.ends_with(".codex")));
    assert!(refused.to_string().contains("/w/.codex"));
    assert!(
        world.plan(&[rule("/w", Read)]).is_ok(),
        "nothing there could be replaced"
    );
}

#[test]
fn nested_linked_metadata_is_not_ours_to_refuse() {
    let mut world = World::new().with("/w/sub/.codex", Node::Link("/home/u"));
    let mut nested = world.metadata("/w/sub".as_ref(), ".codex");
    nested.nested = true;
    world.facts.metadata.push(nested);
    assert!(world.plan(&[rule("/w", Write)]).is_ok());
}

#[test]
fn rules_through_links_that_a_command_could_replace_are_refused() {
    let world = World::new()
        .with("/w/out", Node::Link("/home/u"))
        .with("/w/in", Node::Link("/w/src"));
    for access in [Deny, Read, Write] {
        let rules = [rule("/w", Write), rule("/w/out/.ssh", access)];
        let refused = refusal(&world, &rules);
        let PlanError::LinkInWritable { path, link } = refused else {
            panic!("{refused}");
        };
        assert_eq!((path, link), ("/w/out/.ssh".into(), "/w/out".into()));
    }
    for access in [Deny, Read] {
        let refused = refusal(&world, &[rule("/w", Write), rule("/w/in", access)]);
        assert!(
            matches!(refused, PlanError::LinkInWritable { .. }),
            "{refused}"
        );
    }
    assert!(
        world
            .plan(&[rule("/w", Write), rule("/w/in", Write)])
            .is_ok()
    );
    assert!(
        world.plan(&[rule("/w/out", Write)]).is_ok(),
        "the link cannot be replaced"
    );
}

#[test]
fn a_missing_place_behind_a_replaceable_link_is_refused() {
    let world = World::new().with("/w/out", Node::Link("/home/u"));
    let refused = refusal(&world, &[rule("/w", Write), rule("/w/out/gone", Deny)]);
    assert!(
        matches!(refused, PlanError::LinkInWritable { .. }),
        "{refused}"
    );
}

#[test]
fn kernel_interfaces_are_never_writable() {
    let mut world = World::new().with("/jail/proc", Node::Directory);
    world.facts.kernel = vec!["/jail/proc".into()];
    for path in ["/proc", "/proc/sys", "/sys", "/dev", "/jail/proc"] {
        let refused = refusal(&world, &[special(Special::Root, Read), rule(path, Write)]);
        assert!(
            matches!(refused, PlanError::KernelInterface(_)),
            "{path}: {refused}"
        );
    }
}

#[test]
fn what_every_command_needs_is_not_denied() {
    let mut world = World::new().with("/usr/lib64/libc.so", Node::File);
    world
        .facts
        .libraries
        .push(world.spot("/usr/lib64/libc.so".as_ref()));
    for path in ["/proc", "/proc/sys", "/dev", "/usr", "/usr/lib64/libc.so"] {
        let refused = refusal(&world, &[special(Special::Root, Read), rule(path, Deny)]);
        assert!(
            matches!(refused, PlanError::Indispensable(_)),
            "{path}: {refused}"
        );
    }
    assert!(
        world.plan(&[special(Special::Root, Deny)]).is_ok(),
        "that is an empty base"
    );
}

#[test]
fn a_narrowed_place_behind_a_file_that_could_go_is_refused() {
    let rules = [rule("/w", Write), rule("/w/.env/x", Deny)];
    let refused = refusal(&World::new(), &rules);
    assert!(matches!(refused, PlanError::InTheWay { .. }), "{refused}");
    let skipped = rules.map(|rule| Rule {
        skip_missing: true,
        ..rule
    });
    assert!(World::new().plan(&skipped).is_ok());
}

#[test]
fn so_many_layers_and_no_more() {
    let mut world = World::new();
    let mut rules = vec![special(Special::Root, Read)];
    for number in 0..MAX_LAYERS {
        let path = format!("/many/{number}");
        world = world.with(&path, Node::File);
        rules.push(rule(&path, Deny));
    }
    assert_eq!(world.plan(&rules).unwrap().layers.len(), MAX_LAYERS);
    rules.push(rule("/w/.env", Deny));
    let refused = refusal(&world, &rules);
    assert!(
        matches!(
            refused,
            PlanError::TooMany {
                most: MAX_LAYERS,
                ..
            }
        ),
        "{refused}"
    );
}

#[test]
fn a_pattern_below_a_link_that_a_command_could_replace_is_refused() {
    let mut world = World::new().with("/w/in", Node::Link("/w/src"));
    world.base = Some(world.spot("/w/in".as_ref()));
    let pattern = Rule {
        place: Place::Glob("/w/src/key".into()),
        ..rule("", Deny)
    };
    let refused = refusal(&world, &[rule("/w", Write), pattern.clone()]);
    assert!(
        matches!(refused, PlanError::LinkInWritable { .. }),
        "{refused}"
    );
    assert!(world.plan(&[rule("/w/src", Write), pattern]).is_ok());
}
