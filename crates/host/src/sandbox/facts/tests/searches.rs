use std::{
    ffi::OsString,
    fs::{self, File},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use crate::sandbox::facts::{
    METADATA, Metadata, MetadataKind, libraries,
    metadata::{Bounds, SEARCHED, Search},
    mounts::Mounts,
};

fn folder() -> (tempfile::TempDir, PathBuf) {
    let kept = tempfile::tempdir().unwrap();
    let path = kept.path().canonicalize().unwrap();
    (kept, path)
}

fn search(root: &Path, mounts: &Mounts, unsearched: &[&Path]) -> Vec<Metadata> {
    let unsearched = unsearched.iter().map(|path| (*path).to_owned()).collect();
    let mut search = Search::new(mounts, unsearched, SEARCHED);
    search.add_root(root);
    search.finish(None).unwrap()
}

fn nested(found: &[Metadata], root: &Path) -> Vec<PathBuf> {
    let nested = found.iter().filter(|metadata| metadata.nested);
    let path = |metadata: &Metadata| metadata.directory.join(&metadata.name);
    nested
        .map(|metadata| path(metadata).strip_prefix(root).unwrap().to_owned())
        .collect()
}

#[test]
fn each_name_is_known_in_a_root() {
    let (_kept, root) = folder();
    fs::create_dir(root.join(".git")).unwrap();
    File::create(root.join(".aws")).unwrap();
    symlink("gone", root.join(".codex")).unwrap();
    let found = search(&root, &Mounts::default(), &[]);
    let kinds: Vec<(OsString, MetadataKind)> = found
        .into_iter()
        .map(|found| (found.name, found.kind))
        .collect();
    let expected = [
        MetadataKind::Directory,
        MetadataKind::Link,
        MetadataKind::Missing,
        MetadataKind::File,
        MetadataKind::Missing,
    ];
    assert_eq!(
        kinds,
        METADATA
            .map(OsString::from)
            .into_iter()
            .zip(expected)
            .collect::<Vec<_>>()
    );
}

#[test]
fn nested_ones_are_found_near_first_not_through_links_nor_mounts() {
    let (_kept, root) = folder();
    for path in [
        "a/.git/x/.git",
        "a/b/c/.outpost",
        "d/.agents",
        "mounted/.git",
        "deep/.git",
    ] {
        fs::create_dir_all(root.join(path)).unwrap();
    }
    symlink("a", root.join("link")).unwrap();
    symlink("../a/.git", root.join("d/.git")).unwrap();
    let line = format!(
        "1 1 0:1 / {} rw - ext4 x rw",
        root.join("mounted").display()
    );
    let found = search(&root, &Mounts::parse(line.as_bytes()), &[]);
    let mut near = nested(&found, &root);
    assert_eq!(near.pop(), Some("a/b/c/.outpost".into()));
    near.sort();
    assert_eq!(
        near,
        ["a/.git", "d/.agents", "deep/.git"].map(PathBuf::from)
    );
}

#[test]
fn shared_folders_are_not_searched() {
    let (_kept, root) = folder();
    fs::create_dir_all(root.join("a/.git")).unwrap();
    let found = search(&root, &Mounts::default(), &[&root]);
    assert!(nested(&found, &root).is_empty());
    assert_eq!(
        found.len(),
        METADATA.len(),
        "they are looked at in it all the same"
    );
}

#[test]
fn a_search_ends_at_each_of_its_bounds() {
    let (_kept, root) = folder();
    for path in ["a/.git", "b/.git", "c/.git"] {
        fs::create_dir_all(root.join(path)).unwrap();
    }
    let found = |bounds| {
        let mounts = Mounts::default();
        let mut search = Search::new(&mounts, Vec::new(), bounds);
        search.add_root(&root);
        nested(&search.finish(None).unwrap(), &root).len()
    };
    let all = Bounds {
        directories: 4,
        entries: 6,
        found: 3,
    };
    assert_eq!(found(all), 3);
    let less = [
        Bounds {
            directories: 3,
            ..all
        },
        Bounds { entries: 5, ..all },
        Bounds { found: 2, ..all },
    ];
    assert_eq!(less.map(found), [2, 2, 2]);
}

#[test]
fn a_pointer_file_leads_to_its_repository_and_what_that_shares() {
    let (_kept, root) = folder();
    fs::create_dir_all(root.join("main/.git/worktrees/w")).unwrap();
    fs::write(root.join("main/.git/worktrees/w/commondir"), "../..\n").unwrap();
    fs::create_dir(root.join("w")).unwrap();
    fs::write(root.join("w/.git"), "gitdir: ../main/.git/worktrees/w\n").unwrap();
    let found = search(&root.join("w"), &Mounts::default(), &[]);
    let paths: Vec<PathBuf> = found[0]
        .leads_to
        .iter()
        .map(|spot| spot.path.clone())
        .collect();
    assert_eq!(
        paths,
        [root.join("main/.git"), root.join("main/.git/worktrees/w")]
    );
    fs::write(root.join("w/.git"), "nothing of the kind").unwrap();
    let found = search(&root.join("w"), &Mounts::default(), &[]);
    assert!(found[0].leads_to.is_empty() && found[0].kind == MetadataKind::File);
}

#[test]
fn our_own_libraries_are_found_by_the_names_that_load_them() {
    let found = libraries::find().unwrap();
    let named = |start: &str| {
        let starts = |path: &Path| {
            path.file_name()
                .unwrap()
                .to_string_lossy()
                .starts_with(start)
        };
        found.iter().any(|spot| starts(&spot.asked))
    };
    assert!(named("libc.") || named("ld-musl"), "{found:?}");
    assert!(named("ld-"), "{found:?}");
    let own = std::env::current_exe().unwrap();
    assert!(!found.iter().any(|spot| spot.path == own));
}
