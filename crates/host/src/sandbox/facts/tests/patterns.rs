use std::{
    fs::{self, File},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use crate::sandbox::{
    facts::{
        glob::{Hunt, expand},
        mounts::Mounts,
    },
    plan::{MAX_LAYERS, PlanError},
};

fn tree() -> (tempfile::TempDir, PathBuf) {
    let kept = tempfile::tempdir().unwrap();
    let root = kept.path().canonicalize().unwrap();
    fs::create_dir_all(root.join("a/b/keys")).unwrap();
    fs::create_dir_all(root.join("[x]")).unwrap();
    for file in [
        "one.env",
        "a/two.env",
        "a/b/three.env",
        "a/b/keys/k.pem",
        "[x]/four.env",
    ] {
        File::create(root.join(file)).unwrap();
    }
    symlink("a", root.join("link")).unwrap();
    symlink("a/b/keys/k.pem", root.join("five.env")).unwrap();
    (kept, root)
}

fn asked(pattern: &str, cwd: &Path) -> Vec<PathBuf> {
    let spots = expand(pattern, cwd, &Mounts::default()).unwrap().spots;
    let below = |path: &Path| path.strip_prefix(cwd).unwrap().to_owned();
    spots.iter().map(|spot| below(&spot.asked)).collect()
}

fn paths(paths: &[&str]) -> Vec<PathBuf> {
    paths.iter().map(PathBuf::from).collect()
}

#[test]
fn a_star_stays_in_a_folder_and_two_do_not() {
    let (_kept, root) = tree();
    assert_eq!(asked("*.env", &root), paths(&["five.env", "one.env"]));
    assert_eq!(asked("a/*.env", &root), paths(&["a/two.env"]));
    assert_eq!(
        asked("*/*.env", &root),
        paths(&["[x]/four.env", "a/two.env"])
    );
    let all = [
        "[x]/four.env",
        "a/b/three.env",
        "a/two.env",
        "five.env",
        "one.env",
    ];
    assert_eq!(asked("**/*.env", &root), paths(&all), "not through links");
    assert_eq!(
        asked("a/{two,b/three}.env", &root),
        paths(&["a/b/three.env", "a/two.env"])
    );
    assert_eq!(asked("nothing/**/*.env", &root), paths(&[]));
}

#[test]
fn an_absolute_pattern_is_not_below_the_current_directory() {
    let (_kept, root) = tree();
    let pattern = format!("{}/a/*.env", root.display());
    let spots = expand(&pattern, Path::new("/"), &Mounts::default())
        .unwrap()
        .spots;
    assert_eq!(spots[0].path, root.join("a/two.env"));
}

#[test]
fn a_pattern_without_marks_is_a_path_and_a_folder_stands_for_what_is_in_it() {
    let (_kept, root) = tree();
    assert_eq!(asked("a/two.env", &root), paths(&["a/two.env"]));
    assert_eq!(asked("**/keys", &root), paths(&["a/b/keys"]));
    assert_eq!(
        asked("a/b/**", &root),
        paths(&["a/b/keys", "a/b/three.env"])
    );
    assert_eq!(asked("\\[x\\]/*", &root), paths(&["[x]/four.env"]));
}

#[test]
fn a_link_that_matches_is_known_with_what_it_leads_to() {
    let (_kept, root) = tree();
    let spots = expand("five.*", &root, &Mounts::default()).unwrap().spots;
    assert_eq!(spots[0].path, root.join("a/b/keys/k.pem"));
    assert_eq!(spots[0].links.len(), 1);
}

#[test]
fn patterns_without_a_clear_meaning_are_refused() {
    for pattern in ["", "/", "/**/x", "a/*/../x", "a/[x", "a/{x"] {
        let refused = expand(pattern, Path::new("/tmp"), &Mounts::default());
        assert!(
            matches!(refused, Err(PlanError::Pattern { .. })),
            "{pattern}: {refused:?}"
        );
    }
}

#[test]
fn so_many_entries_are_looked_at_and_no_more() {
    let (_kept, root) = tree();
    let spent = |entries| {
        let mounts = Mounts::default();
        let mut hunt = Hunt::new(&["*.no"], &mounts, entries).unwrap();
        hunt.run(&root)
    };
    let entries = fs::read_dir(&root).unwrap().count();
    assert!(spent(entries).is_ok());
    assert!(matches!(spent(entries - 1), Err(PlanError::TooMany { .. })));
}

#[test]
fn the_folder_of_a_pattern_is_known_with_its_links() {
    let (_kept, root) = tree();
    let found = expand("link/*.env", &root, &Mounts::default()).unwrap();
    assert_eq!(found.base.unwrap().links.len(), 1);
    assert_eq!(found.spots[0].asked, root.join("a/two.env"));
}

#[test]
fn so_many_files_match_one_pattern_and_no_more() {
    let kept = tempfile::tempdir().unwrap();
    for number in 0..MAX_LAYERS {
        File::create(kept.path().join(format!("{number}.key"))).unwrap();
    }
    let found = || expand("*.key", kept.path(), &Mounts::default());
    assert_eq!(found().unwrap().spots.len(), MAX_LAYERS);
    File::create(kept.path().join("more.key")).unwrap();
    assert!(matches!(found(), Err(PlanError::TooMany { .. })));
}
