use std::{
    fs::{self, File},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use crate::sandbox::{
    facts::{Alias, Facts, Kind, gather, look_again, resolve::resolve},
    plan::PlanError,
    policy::{Access, FileRules, Network, Place, Policy, Rule, Scene, Special},
};

fn policy(places: Vec<Place>, access: Access) -> Policy {
    let rule = |place| Rule {
        place,
        access,
        skip_missing: false,
    };
    Policy {
        files: FileRules::Restricted(places.into_iter().map(rule).collect()),
        network: Network::Restricted,
    }
}

fn scene(cwd: &Path) -> Scene {
    Scene {
        cwd: cwd.to_owned(),
        project_roots: Vec::new(),
        tmpdir: None,
    }
}

/// A folder by its real path.
fn folder() -> (tempfile::TempDir, PathBuf) {
    let kept = tempfile::tempdir().unwrap();
    let path = kept.path().canonicalize().unwrap();
    (kept, path)
}

fn paths_of(facts: &Facts) -> Vec<PathBuf> {
    let spots = facts.places.iter().flat_map(|places| &places.spots);
    spots.map(|spot| spot.path.clone()).collect()
}

#[test]
fn a_path_is_followed_through_its_links() {
    let (_kept, root) = folder();
    fs::create_dir_all(root.join("a/b")).unwrap();
    symlink("a", root.join("one")).unwrap();
    symlink(root.join("one/b"), root.join("two")).unwrap();
    let spot = resolve(&root.join("two/.//../b")).unwrap();
    assert_eq!((spot.path, spot.kind), (root.join("a/b"), Kind::Directory));
    let alias = |name: &str, target: PathBuf| Alias {
        path: root.join(name),
        target,
    };
    let expected = [alias("two", root.join("one/b")), alias("one", "a".into())];
    assert_eq!(spot.links, expected);
}

#[test]
fn what_is_missing_is_known_by_its_first_missing_name() {
    let (_kept, root) = folder();
    let missing = |name: &str, last| Kind::Missing {
        name: name.into(),
        last,
    };
    let spot = resolve(&root.join("x/y/z")).unwrap();
    assert_eq!((spot.path, spot.kind), (root.clone(), missing("x", false)));
    symlink("x", root.join("dangling")).unwrap();
    let spot = resolve(&root.join("dangling")).unwrap();
    assert_eq!(spot.links.len(), 1);
    assert_eq!((spot.path, spot.kind), (root, missing("x", true)));
}

#[test]
fn a_file_on_the_way_blocks_it() {
    let (_kept, root) = folder();
    File::create(root.join("f")).unwrap();
    let spot = resolve(&root.join("f/x")).unwrap();
    assert_eq!((spot.path, spot.kind), (root.join("f"), Kind::Blocked));
    assert_eq!(resolve(&root.join("f")).unwrap().kind, Kind::File);
}

#[test]
fn links_in_a_circle_and_relative_paths_are_refused() {
    let (_kept, root) = folder();
    symlink("b", root.join("a")).unwrap();
    symlink("a", root.join("b")).unwrap();
    let refused = resolve(&root.join("a")).unwrap_err();
    assert!(matches!(refused, PlanError::Links(_)), "{refused}");
    let refused = resolve(Path::new("a/b")).unwrap_err();
    assert!(matches!(refused, PlanError::Relative(_)), "{refused}");
}

#[test]
fn forty_links_are_followed_and_no_more() {
    let (_kept, root) = folder();
    fs::create_dir(root.join("0")).unwrap();
    for number in 1..=41 {
        symlink((number - 1).to_string(), root.join(number.to_string())).unwrap();
    }
    assert_eq!(resolve(&root.join("40")).unwrap().path, root.join("0"));
    assert!(
        fs::metadata(root.join("40")).is_ok(),
        "the kernel's own bound"
    );
    assert!(resolve(&root.join("41")).is_err() && fs::metadata(root.join("41")).is_err());
}

#[test]
fn places_with_names_are_those_of_the_scene() {
    let (_kept, root) = folder();
    let (one, two) = (root.join("one"), root.join("two"));
    for path in [&one, &two] {
        fs::create_dir_all(path.join("docs")).unwrap();
    }
    let docs = || Some(PathBuf::from("docs"));
    let places = vec![
        Place::Special(Special::CurrentDirectory),
        Place::Special(Special::ProjectRoots { below: docs() }),
        Place::Special(Special::TmpDir),
    ];
    let policy = policy(places, Access::Read);
    let alone = gather(&policy, &scene(&one)).unwrap();
    assert_eq!(paths_of(&alone), [one.clone(), one.join("docs")]);
    let full = Scene {
        cwd: one.clone(),
        project_roots: vec![one.clone(), two.clone()],
        tmpdir: Some(two.clone()),
    };
    let expected = [one.clone(), one.join("docs"), two.join("docs"), two];
    assert_eq!(paths_of(&gather(&policy, &full).unwrap()), expected);
}

#[test]
fn a_temporary_folder_at_the_root_or_without_one_is_none() {
    let policy = policy(vec![Place::Special(Special::TmpDir)], Access::Write);
    for path in ["/", "relative", ""] {
        let scene = Scene {
            tmpdir: Some(path.into()),
            ..scene(Path::new("/"))
        };
        assert!(
            paths_of(&gather(&policy, &scene).unwrap()).is_empty(),
            "{path}"
        );
    }
}

#[test]
fn a_path_out_of_the_project_is_refused() {
    for below in ["../x", "/etc", "a/../../b"] {
        let below = Some(PathBuf::from(below));
        let place = Place::Special(Special::ProjectRoots { below });
        let refused = gather(
            &policy(vec![place], Access::Deny),
            &scene(Path::new("/tmp")),
        );
        assert!(matches!(refused, Err(PlanError::Outside(_))), "{refused:?}");
    }
}

#[test]
fn the_system_is_what_exists_of_it() {
    let minimal = policy(vec![Place::Special(Special::Minimal)], Access::Read);
    let facts = gather(&minimal, &scene(Path::new("/"))).unwrap();
    let named = |path: &str| {
        facts.places[0]
            .spots
            .iter()
            .find(|spot| spot.asked == Path::new(path))
    };
    let bin = named("/bin").unwrap();
    assert_eq!(bin.path, fs::canonicalize("/bin").unwrap());
    assert_eq!(bin.links.is_empty(), !Path::new("/bin").is_symlink());
    assert!(named("/etc/resolv.conf").is_none());
    let open = Policy {
        network: Network::Enabled,
        ..minimal
    };
    let facts = gather(&open, &scene(Path::new("/"))).unwrap();
    assert_eq!(
        facts.places[0].spots.last().unwrap().asked,
        Path::new("/etc/resolv.conf")
    );
}

#[test]
fn a_second_look_is_equal_until_something_changes() {
    let (_kept, root) = folder();
    fs::create_dir_all(root.join("sub/.git")).unwrap();
    let places = vec![Place::Path(root.clone()), Place::Glob("*.env".into())];
    let (policy, scene) = (policy(places, Access::Write), scene(&root));
    let known = gather(&policy, &scene).unwrap();
    assert_eq!(look_again(&policy, &scene, &known).unwrap(), known);
    File::create(root.join("x.env")).unwrap();
    fs::create_dir(root.join("sub/.codex")).unwrap();
    assert_eq!(
        look_again(&policy, &scene, &known).unwrap(),
        known,
        "no search"
    );
    assert_ne!(gather(&policy, &scene).unwrap(), known);
    fs::remove_dir(root.join("sub/.git")).unwrap();
    assert_ne!(look_again(&policy, &scene, &known).unwrap(), known);
    let known = gather(&policy, &scene).unwrap();
    fs::create_dir(root.join(".git")).unwrap();
    assert_ne!(look_again(&policy, &scene, &known).unwrap(), known);
}
