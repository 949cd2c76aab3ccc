//! The rows of `docs/wire.md` and the scripts name each other.

use std::{collections::BTreeSet, fs};

use outpost_testkit::script::rows;

use super::{SCRIPTS, app, repository, script};

/// The folders, and what is played of them.
const FOLDERS: [(&str, &[&str]); 2] = [("exec", SCRIPTS), ("app", app::SCRIPTS)];

/// The first cell of every row of a table: its id.
fn documented() -> Vec<String> {
    let text = fs::read_to_string(repository("docs/wire.md")).expect("docs/wire.md exists");
    let cells = text
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    cells
        .filter(|cell| cell.starts_with('W') && cell[1..].bytes().all(|byte| byte.is_ascii_digit()))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_script_of_the_folders_is_played() {
    for (folder, scripts) in FOLDERS {
        let entries = fs::read_dir(repository("conformance").join(folder)).unwrap();
        let found: BTreeSet<String> = entries
            .map(|entry| {
                let path = entry.unwrap().path();
                path.file_stem().unwrap().to_str().unwrap().to_owned()
            })
            .collect();
        let played: BTreeSet<String> = scripts.iter().map(|&name| name.to_owned()).collect();
        assert_eq!(found, played, "{folder}");
    }
}

#[test]
fn every_row_has_an_id_of_its_own() {
    let rows = documented();
    let ids: BTreeSet<&String> = rows.iter().collect();
    assert_eq!(ids.len(), rows.len());
    assert!(!rows.is_empty());
}

#[test]
fn every_difference_of_a_script_is_a_row() {
    let documented = documented();
    for (folder, scripts) in FOLDERS {
        for name in scripts {
            for row in rows(&script(folder, name)) {
                assert!(
                    documented.contains(&row),
                    "{folder}/{name} names {row}, which is no row"
                );
            }
        }
    }
}

#[test]
fn every_script_a_row_names_is_played() {
    let text = fs::read_to_string(repository("docs/wire.md")).unwrap();
    let mut named = 0;
    for (folder, scripts) in FOLDERS {
        let scripts_of = |word: &'static str| -> Vec<&str> {
            let names = text.split('`').filter_map(|quoted| {
                let name = quoted.strip_prefix(word)?.strip_prefix('/')?;
                name.strip_suffix(".jsonl")
            });
            names.collect()
        };
        for name in scripts_of(folder) {
            named += 1;
            assert!(
                scripts.contains(&name),
                "docs/wire.md names {folder}/{name}, which is no script"
            );
        }
    }
    assert!(named > 50, "only {named} were found");
}
