//! `outpost fs`: files there and back.

use std::{fs, os::unix::fs::symlink, path::Path};

use rustix::process::Signal;

use crate::support::{Home, Running, pattern};

/// Sizes around the block of the protocol, none, one, and many blocks.
const SIZES: [usize; 6] = [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 20 << 20];

/// The names below a directory, with a slash behind directories, sorted.
fn names(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            names.extend(
                self::names(&path)
                    .iter()
                    .map(|below| format!("{name}/{below}")),
            );
            names.push(format!("{name}/"));
        } else {
            names.push(name);
        }
    }
    names.sort();
    names
}

#[test]
fn files_of_every_size_go_there_and_come_back() {
    let home = Home::new();
    let server = home.server(&[]);
    for size in SIZES {
        let bytes = pattern(size);
        home.write("sent", &bytes);
        let put = home.run(&[
            "fs",
            "put",
            "--on",
            &server.url,
            "sent",
            &home.file("there"),
        ]);
        put.assert(0, "", "");
        assert!(
            fs::read(home.path().join("there")).unwrap() == bytes,
            "{size}"
        );
        let get = home.run(&[
            "fs",
            "get",
            "--on",
            &server.url,
            &home.file("there"),
            "back",
        ]);
        get.assert(0, "", "");
        assert!(
            fs::read(home.path().join("back")).unwrap() == bytes,
            "{size}"
        );
        let cat = home.run(&["fs", "cat", "--on", &server.url, "there"]);
        assert!(cat.stdout == bytes, "{size}");
    }
    server.stop();
}

#[test]
fn directories_go_there_and_come_back_whole() {
    let home = Home::new();
    let server = home.server(&[]);
    fs::create_dir_all(home.path().join("tree/a/b")).unwrap();
    fs::create_dir(home.path().join("tree/empty")).unwrap();
    for number in 0..40 {
        home.write(&format!("tree/a/{number}"), pattern(number * 100));
    }
    home.write("tree/a/b/with space", "x");
    home.write("tree/.hidden", "y");
    symlink("a/b", home.path().join("tree/way-up")).unwrap();
    symlink("a/7", home.path().join("tree/link")).unwrap();
    let without = home.run(&["fs", "put", "--on", &server.url, "tree", "there"]);
    assert_eq!(without.status, Some(1));
    assert!(
        without.stderr.contains("-r copies directories"),
        "{without:?}"
    );
    let put = home.run(&["fs", "put", "-r", "--on", &server.url, "tree", "there"]);
    // The link to a directory is not followed, and that is said.
    assert_eq!(put.status, Some(1), "{put:?}");
    assert!(put.stderr.contains("left out tree/way-up"), "{put:?}");
    fs::remove_file(home.path().join("tree/way-up")).unwrap();
    assert_eq!(
        names(&home.path().join("there")),
        names(&home.path().join("tree"))
    );
    fs::create_dir(home.path().join("back")).unwrap();
    home.run(&["fs", "get", "-r", "--on", &server.url, "there", "back"])
        .assert(0, "", "");
    assert_eq!(
        names(&home.path().join("back/there")),
        names(&home.path().join("tree"))
    );
    let one = home.path().join("back/there/a/39");
    assert!(fs::read(one).unwrap() == pattern(3900));
    assert!(fs::read(home.path().join("back/there/link")).unwrap() == pattern(700));
    server.stop();
}

#[test]
fn several_files_go_into_a_directory_and_the_rest_is_done_when_one_fails() {
    let home = Home::new();
    home.write("a", "A");
    home.write("b", "B");
    fs::create_dir(home.path().join("into")).unwrap();
    let put = home.run(&["fs", "put", "a", "missing", "b", "into"]);
    assert_eq!(put.status, Some(1));
    assert!(
        put.stderr.starts_with("outpost: cannot put missing: "),
        "{put:?}"
    );
    assert_eq!(put.stderr.lines().count(), 1);
    assert_eq!(names(&home.path().join("into")), ["a", "b"]);
    let get = home.run(&["fs", "get", "into/a", "into/none", "."]);
    assert_eq!(get.status, Some(1));
    assert!(
        get.stderr.starts_with("outpost: cannot get into/none: "),
        "{get:?}"
    );
}

#[test]
fn standard_input_can_be_put() {
    let home = Home::new();
    let bytes = pattern(3_000_000);
    home.run_with(&["fs", "put", "-", "there"], bytes.clone())
        .assert(0, "", "");
    assert!(fs::read(home.path().join("there")).unwrap() == bytes);
}

#[test]
fn an_interrupted_get_leaves_no_half_file() {
    let home = Home::new();
    home.write("name", "old");
    let large = fs::File::create(home.path().join("large")).unwrap();
    // Holes all through: nothing on the disk, and hours to copy.
    large.set_len(1 << 40).unwrap();
    let running = Running::start(&mut home.outpost(&["fs", "get", "large", "name"]));
    home.wait_for_name(".name.");
    running.signal(Signal::INT);
    assert_eq!(running.finish().status, Some(130));
    assert_eq!(fs::read(home.path().join("name")).unwrap(), b"old");
    assert_eq!(names(home.path()), ["large", "name"]);
}

#[test]
fn a_failed_get_leaves_the_old_file() {
    let home = Home::new();
    home.write("name", "old");
    let get = home.run(&["fs", "get", "missing", "name"]);
    get.assert(
        1,
        "",
        "outpost: cannot get missing: No such file or directory (os error 2)\n",
    );
    assert_eq!(fs::read(home.path().join("name")).unwrap(), b"old");
}

#[test]
fn directories_are_made_listed_walked_and_removed() {
    let home = Home::new();
    home.run(&["fs", "mkdir", "-p", "d/e"]).assert(0, "", "");
    let again = home.run(&["fs", "mkdir", "d"]);
    again.assert(1, "", "outpost: cannot make d: File exists (os error 17)\n");
    home.write("d/b", "bb");
    home.write("d/a", "a");
    home.run(&["fs", "ls", "d"]).assert(0, "a\nb\ne\n", "");
    home.run(&["fs", "ls", "d/a"]).assert(0, "d/a\n", "");
    let long = home.run(&["fs", "ls", "-l", "d"]);
    let rows: Vec<_> = long.stdout().lines().collect();
    assert!(
        rows[1].starts_with("-               2 20") && rows[1].ends_with(" b"),
        "{rows:?}"
    );
    assert!(rows[2].starts_with("d "), "{rows:?}");
    home.run(&["fs", "walk", "d"])
        .assert(0, "d/a\nd/b\nd/e/\n", "");
    let short = home.run(&["fs", "walk", "--max-entries", "1", "d"]);
    short.assert(
        0,
        "d/a\n",
        "outpost: the list is cut short: a limit was reached\n",
    );
    home.run(&["fs", "cp", "d/a", "d/e"]).assert(0, "", "");
    assert_eq!(fs::read(home.path().join("d/e/a")).unwrap(), b"a");
    home.run(&["fs", "cp", "-r", "d", "f"]).assert(0, "", "");
    assert_eq!(names(&home.path().join("f")), ["a", "b", "e/", "e/a"]);
    assert_eq!(home.run(&["fs", "rm", "d"]).status, Some(1));
    home.run(&["fs", "rm", "-r", "d"]).assert(0, "", "");
    assert!(!home.path().join("d").exists());
    assert_eq!(home.run(&["fs", "rm", "d"]).status, Some(1));
    home.run(&["fs", "rm", "-f", "d"]).assert(0, "", "");
    let everything = home.run(&["fs", "rm", "-r", "/"]);
    everything.assert(
        1,
        "",
        "outpost: cannot remove /: that is everything there is\n",
    );
}

#[test]
fn stat_tells_kind_size_and_times() {
    let home = Home::new();
    home.write("x", "1234");
    symlink("x", home.path().join("l")).unwrap();
    let stat = home.run(&["fs", "stat", "l"]);
    assert_eq!(stat.status, Some(0));
    let head = "    path: l\n    kind: link to a file\n    size: 4\nmodified: 20";
    assert!(stat.stdout().starts_with(head), "{stat:?}");
}
