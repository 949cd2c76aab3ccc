//! Any rules over a small tree, held against the definition spelled out path by path.

use std::path::{Path, PathBuf};

use proptest::{prelude::*, sample::select};

use super::world::{Node, World, seen};
use crate::sandbox::{
    facts::METADATA,
    plan::{Plan, View},
    policy::{Access, Place, Rule},
};

/// Where rules may be about, existing or not.
const PLACES: [&str; 16] = [
    "/",
    "/a",
    "/a/a",
    "/a/a/a",
    "/a/b",
    "/a/b/f",
    "/a/.git",
    "/a/.git/a",
    "/a/b/.codex",
    "/b",
    "/b/.git",
    "/b/a",
    "/b/a/.git",
    "/b/gone",
    "/a/gone/deep",
    "/gone",
];

/// What exists.
fn world() -> World {
    let mut world = World::bare();
    for path in ["/a/a/a", "/a/b/c", "/a/.git/a", "/b/a/.git"] {
        world = world.with(path, Node::Directory);
    }
    world.with("/a/b/f", Node::File).with("/b/.git", Node::File)
}

fn any_rule() -> impl Strategy<Value = Rule> {
    let access = select(vec![Access::Deny, Access::Read, Access::Write]);
    (select(PLACES.to_vec()), access, any::<bool>()).prop_map(|(path, access, skip_missing)| Rule {
        place: Place::Path(path.into()),
        access,
        skip_missing,
    })
}

fn any_rules() -> impl Strategy<Value = Vec<Rule>> {
    prop::collection::vec(any_rule(), 0..7)
}

fn path_of(rule: &Rule) -> &Path {
    let Place::Path(path) = &rule.place else {
        unreachable!("every rule here is about a path");
    };
    path
}

/// What the rules alone let be done, and the place that decides.
fn asked(world: &World, rules: &[Rule], path: &Path) -> (Access, PathBuf) {
    let exists = |place: &Path| world.paths().any(|known| known == place);
    for above in path.ancestors().filter(|above| exists(above)) {
        let here = rules.iter().filter(|rule| path_of(rule) == above);
        let said: Vec<Access> = here.map(|rule| rule.access).collect();
        if said.contains(&Access::Deny) {
            return (Access::Deny, above.to_owned());
        }
        if let Some(access) = said.into_iter().max() {
            return (access, above.to_owned());
        }
    }
    (Access::Deny, PathBuf::new())
}

/// What may be done at a path: what the rules say, but for metadata in folders that they let be
/// written.
fn expected(world: &World, rules: &[Rule], path: &Path) -> Access {
    let (access, decides) = asked(world, rules, path);
    let is_root = |folder: &Path| {
        let is_metadata = METADATA.iter().any(|name| folder.ends_with(name));
        let named = !is_metadata
            && rules
                .iter()
                .any(|rule| path_of(rule) == folder && rule.access == Access::Write);
        named && asked(world, rules, folder).0 == Access::Write
    };
    let protected = path.ancestors().any(|above| {
        let is_metadata = METADATA.iter().any(|name| above.ends_with(name));
        let folder = above.parent();
        is_metadata && folder.is_some_and(is_root) && !decides.starts_with(above)
    });
    if protected && access == Access::Write {
        Access::Read
    } else {
        access
    }
}

fn made(rules: &[Rule]) -> Option<Plan> {
    world().plan(rules).ok()
}

proptest! {
    #[test]
    fn a_plan_shows_what_the_rules_say(rules in any_rules()) {
        let Some(plan) = made(&rules) else {
            return Ok(());
        };
        for path in world().paths() {
            let shown = seen(&plan, path);
            prop_assert_eq!(shown, expected(&world(), &rules, path), "{}", path.display());
        }
    }

    #[test]
    fn order_never_matters(
        (rules, shuffled) in any_rules().prop_flat_map(|rules| (Just(rules.clone()), Just(rules).prop_shuffle()))
    ) {
        prop_assert_eq!(made(&rules), made(&shuffled));
    }

    #[test]
    fn a_denial_never_widens(rules in any_rules(), denied in select(PLACES.to_vec())) {
        let mut narrowed = rules.clone();
        narrowed.push(Rule {
            place: Place::Path(denied.into()),
            access: Access::Deny,
            skip_missing: false,
        });
        if let (Some(before), Some(after)) = (made(&rules), made(&narrowed)) {
            for path in world().paths() {
                prop_assert!(seen(&after, path) <= seen(&before, path), "{}", path.display());
            }
            let kept = |plan: &Plan, path: &Path| seen(plan, path) != Access::Write
                || plan.guarded.iter().any(|guarded| guarded.names.iter().any(
                    |name| path.starts_with(guarded.directory.join(name))));
            for path in PLACES.map(Path::new) {
                prop_assert!(!kept(&before, path) || kept(&after, path), "{}", path.display());
            }
        }
    }

    #[test]
    fn nothing_outside_of_the_roots_is_writable(rules in any_rules()) {
        let Some(plan) = made(&rules) else {
            return Ok(());
        };
        let lets = |path: &Path| rules.iter().any(
            |rule| rule.access == Access::Write && path.starts_with(path_of(rule)));
        for path in world().paths() {
            prop_assert!(seen(&plan, path) != Access::Write || lets(path), "{}", path.display());
        }
        for path in plan.write.iter().filter(|path| !path.starts_with("/dev")) {
            prop_assert!(lets(path), "{}", path.display());
        }
    }

    #[test]
    fn guarded_names_are_missing_in_what_may_be_written(rules in any_rules()) {
        let Some(plan) = made(&rules) else {
            return Ok(());
        };
        for guarded in &plan.guarded {
            prop_assert_eq!(seen(&plan, &guarded.directory), Access::Write);
            prop_assert!(!guarded.names.is_empty());
            for name in &guarded.names {
                let path = guarded.directory.join(name);
                prop_assert!(!world().paths().any(|known| known == path), "{}", path.display());
            }
        }
    }

    #[test]
    fn what_is_above_comes_first_and_what_is_narrowed_stays_in_place(rules in any_rules()) {
        let Some(plan) = made(&rules) else {
            return Ok(());
        };
        for (index, layer) in plan.layers.iter().enumerate() {
            let later = &plan.layers[index + 1..];
            prop_assert!(!later.iter().any(|other| layer.path.starts_with(&other.path)));
            let narrowed = layer.view != View::Writable;
            let above = layer.path.ancestors().skip(1).filter(|above| above.parent().is_some());
            for above in above.take_while(|above| seen(&plan, above) == Access::Write) {
                let held = plan.layers.iter().any(|other| other.path == above);
                let root = rules.iter().any(|rule| path_of(rule) == above);
                prop_assert!(!narrowed || held || root, "{}", above.display());
            }
        }
    }
}
