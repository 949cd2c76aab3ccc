//! The rows of `docs/wire.md` and the scripts name each other.

use std::{collections::BTreeSet, fs};

use outpost_testkit::script::rows;

use super::{SCRIPTS, repository, script};

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
fn every_script_of_the_folder_is_played() {
    let folder = fs::read_dir(repository("conformance/exec")).unwrap();
    let found: BTreeSet<String> = folder
        .map(|entry| {
            entry
                .unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    let played: BTreeSet<String> = SCRIPTS.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(found, played);
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
    for name in SCRIPTS {
        for row in rows(&script(name)) {
            assert!(
                documented.contains(&row),
                "{name} names {row}, which is no row"
            );
        }
    }
}

#[test]
fn every_script_a_row_names_is_played() {
    let text = fs::read_to_string(repository("docs/wire.md")).unwrap();
    let named = text
        .split('`')
        .filter_map(|word| word.strip_prefix("exec/")?.strip_suffix(".jsonl"));
    for name in named {
        assert!(
            SCRIPTS.contains(&name),
            "docs/wire.md names {name}, which is no script"
        );
    }
}
