use std::fs;

use super::*;
use crate::config::{
    fault::Position,
    known::{CONFIG, REQUIREMENTS},
};

fn load(files: &Files, path: &Path) -> (String, Option<(String, Standing)>) {
    let loaded = files.load(path, CONFIG);
    let fault = loaded
        .fault
        .map(|(fault, standing)| (fault.to_string(), standing));
    (loaded.content.table.to_string(), fault)
}

#[test]
fn what_a_file_last_said_rightly_stays_in_force() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.toml");
    let shown = path.display();
    let files = Files::default();
    let good = "model = \"a\"\n";
    assert_eq!(load(&files, &path), (String::new(), None));
    let broken = [
        (
            "model = = 1\n",
            format!("{shown}:1:9: extra `=`, expected nothing"),
        ),
        ("x = 1\nx = 2\n", format!("{shown}:2:1: duplicate key")),
        (
            "\nmodel = 1\n",
            format!("{shown}:2:9: invalid type: integer `1`, expected a string"),
        ),
        (
            "model=[\n",
            format!("{shown}:1:8: unclosed array, expected `]`"),
        ),
    ];
    for (text, words) in broken {
        fs::write(&path, text).unwrap();
        // Files that were never good say nothing, wherever one asks first.
        let expected = (String::new(), Some((words.clone(), Standing::Defaults)));
        assert_eq!(load(&Files::default(), &path), expected);

        fs::write(&path, good).unwrap();
        assert_eq!(load(&files, &path), (good.to_owned(), None));
        fs::write(&path, text).unwrap();
        let expected = (good.to_owned(), Some((words, Standing::LastGood)));
        assert_eq!(load(&files, &path), expected);
        assert_eq!(load(&files, &path), expected);
    }
    fs::remove_file(&path).unwrap();
    assert_eq!(load(&files, &path), (String::new(), None));
}

#[test]
fn a_fault_says_from_where_to_where() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.toml");
    for (text, start, end) in [
        ("sandbox_mode=\"x\"\n", (1, 14), (1, 16)),
        ("a = 'é'; b = 1\n", (1, 8), (1, 8)),
        ("# é\n[tui]\ntheme=1\n", (3, 7), (3, 7)),
        ("notify = [\n  'a',\n  12,\n]\n", (3, 3), (3, 4)),
        (
            "[[skills.config]]\nenabled = true\n[[skills.config]]\nenabled = 'x'\n",
            (4, 11),
            (4, 13),
        ),
        (
            "desktop = { a = 1 }\nhistory = { persistence = 'no' }\n",
            (2, 27),
            (2, 30),
        ),
        ("[features]\nmemories.x = 1\n", (2, 1), (2, 8)),
    ] {
        fs::write(&path, text).unwrap();
        let fault = Files::default().load(&path, CONFIG).fault.unwrap().0;
        let at = |(line, column)| Position { line, column };
        assert_eq!(fault.range, Some((at(start), at(end))), "{text}: {fault}");
    }
}

#[test]
fn what_is_no_readable_text_is_a_fault_too() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.toml");
    let files = Files::default();
    fs::write(&path, "model = 'a'").unwrap();
    assert_eq!(load(&files, &path).1, None);
    let failed = |words: &str| {
        let (said, fault) = load(&files, &path);
        assert_eq!(said, "model = \"a\"\n");
        let expected = format!("Failed to read config file {}: {words}", path.display());
        assert_eq!(fault, Some((expected, Standing::LastGood)));
        fs::remove_file(&path)
            .or_else(|_| fs::remove_dir(&path))
            .unwrap();
    };
    fs::write(&path, b"model = \"\xff\"").unwrap();
    failed("invalid utf-8 sequence of 1 bytes from index 9");
    fs::create_dir(&path).unwrap();
    failed(&format!("path `{}` is not a file", path.display()));
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &path,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .unwrap();
    failed(&format!("path `{}` is not a file", path.display()));
    std::os::unix::fs::symlink(&path, &path).unwrap();
    failed("Too many levels of symbolic links (os error 40)");
    fs::write(&path, " ".repeat(FILE_LIMIT + 1)).unwrap();
    failed("it exceeds 1048576 bytes");
    fs::write(&path, " ".repeat(FILE_LIMIT)).unwrap();
    assert_eq!(load(&files, &path), (String::new(), None));
}

/// Also one that changes nothing in the file's size, within one tick of the clock.
#[test]
fn every_change_is_seen_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.toml");
    let files = Files::default();
    for number in 100..300 {
        fs::write(&path, format!("zz = {number}\n")).unwrap();
        assert_eq!(load(&files, &path).0, format!("zz = {number}\n"));
    }
    // An old file is not read again until its stamp changes.
    let old = SystemTime::now() - Duration::from_secs(60);
    let settle = || {
        File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_modified(old)
            .unwrap();
    };
    settle();
    assert_eq!(load(&files, &path).0, "zz = 299\n");
    assert!(files.seen.lock().entries[&path].stamp.is_some());
    fs::write(&path, "zz = 300\n").unwrap();
    settle();
    assert_eq!(load(&files, &path).0, "zz = 300\n");
}

#[test]
fn files_are_forgotten_when_there_are_too_many_the_longest_unasked_first() {
    let dir = tempfile::tempdir().unwrap();
    let files = Files::default();
    let path = |index: usize| dir.path().join(index.to_string());
    for index in 0..MAX_FILES {
        files.load(&path(index), REQUIREMENTS);
    }
    files.load(&path(0), REQUIREMENTS);
    files.load(&path(MAX_FILES), REQUIREMENTS);
    let seen = files.seen.lock();
    assert_eq!(seen.entries.len(), MAX_FILES);
    assert!(seen.entries.contains_key(&path(0)) && !seen.entries.contains_key(&path(1)));
}
