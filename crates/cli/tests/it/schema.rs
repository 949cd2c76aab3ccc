//! `outpost schema`.

use std::{collections::BTreeSet, fs, path::Path};

use crate::support::Home;

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

#[test]
fn it_writes_the_files_that_are_checked_in() {
    let home = Home::new();
    let there = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema");
    let all = names(&there);
    let json: BTreeSet<_> = all.iter().filter(|name| name.ends_with(".json")).collect();
    home.run(&["schema", "--out", "a/b"]).assert(0, "", "");
    let written = home.path().join("a/b");
    assert_eq!(names(&written).iter().collect::<BTreeSet<_>>(), json);
    home.run(&["schema", "--out", "a/b", "--typescript"])
        .assert(0, "", "");
    assert_eq!(names(&written), all);
    for name in all {
        let text = fs::read_to_string(written.join(&name)).unwrap();
        assert_eq!(
            text,
            fs::read_to_string(there.join(&name)).unwrap(),
            "{name}"
        );
    }
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let home = Home::new();
    home.write("file", "");
    let finished = home.run(&["schema", "--out", "file"]);
    assert_eq!((finished.status, finished.stdout()), (Some(1), ""));
    let words = "outpost: cannot make the folder file: ";
    assert!(finished.stderr.starts_with(words), "{}", finished.stderr);
    let finished = home.run(&["schema"]);
    assert_eq!(finished.status, Some(2));
}
