//! `docs/faults.md` names no test and no script that does not exist.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// The workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The names of all functions below a folder that are marked as tests.
fn collect(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("the sources are here") {
        let path = entry.expect("a folder can be read").path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("sources are text");
            // From a mark to the function below it, past other attributes.
            let (plain, tokio) = (text.split("#[test]"), text.split("#[tokio::test"));
            for marked in plain.skip(1).chain(tokio.skip(1)) {
                let name = marked.split("fn ").nth(1);
                let name = name.and_then(|rest| rest.split(['(', '<']).next());
                found.extend(name.map(str::to_owned));
            }
        }
    }
}

/// The names of the tests of each crate.
fn tests() -> BTreeMap<String, BTreeSet<String>> {
    let crates = fs::read_dir(root().join("crates")).expect("the workspace has crates");
    let named = crates.map(|entry| {
        let path = entry.expect("a folder can be read").path();
        let name = path
            .file_name()
            .expect("an entry has a name")
            .to_string_lossy()
            .into_owned();
        let mut found = BTreeSet::new();
        collect(&path, &mut found);
        (name, found)
    });
    named.collect()
}

#[test]
fn every_fault_is_held_by_tests_that_exist() {
    let text = fs::read_to_string(root().join("docs/faults.md")).expect("the list of faults");
    let tests = tests();
    let (mut ids, mut wrong) = (BTreeSet::new(), Vec::new());
    let held = text
        .split("## Not in this version")
        .next()
        .unwrap_or_default();
    for line in held.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let (id, by) = (cells[0], cells[cells.len() - 1]);
        if by == "held by" {
            continue;
        }
        if !ids.insert(id) {
            wrong.push(format!("{id} stands here twice"));
        }
        let mut names = by.split('`').skip(1).step_by(2).peekable();
        if names.peek().is_none() {
            wrong.push(format!("{id} is held by nothing"));
        }
        for name in names {
            let exists = match name.split_once("::") {
                Some((of, test)) => tests.get(of).is_some_and(|tests| tests.contains(test)),
                None => root().join("conformance").join(name).is_file(),
            };
            if !exists {
                wrong.push(format!("{id} names {name}, which does not exist"));
            }
        }
    }
    assert!(ids.len() > 100, "only {} rows were found", ids.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
}
