use std::{
    fs::Permissions,
    os::unix::fs::{PermissionsExt, chown, symlink},
};

use super::*;

/// A program that says what `--version` would, in a folder of its own that only we can write.
fn program(says: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let path = folder.path().canonicalize().unwrap().join(NAME);
    // Written by another process: a file that is open to be written here could not be executed,
    // nor while a child of another test still has the descriptor.
    let write = format!("echo \"#!/bin/sh\necho '{says}'\" >$0; chmod 755 $0");
    let argv = [
        "/bin/sh".as_ref(),
        "-c".as_ref(),
        write.as_ref(),
        path.as_os_str(),
    ];
    assert_eq!(trial::run(&argv).unwrap().status, Some(0));
    (folder, path)
}

fn text(result: Result<Launcher, Reason>) -> String {
    result.unwrap_err().text
}

#[test]
fn versions_are_read_as_they_are_said() {
    for (words, version) in [
        ("bubblewrap 0.8.0", Some(Version(0, 8, 0))),
        ("bubblewrap 0.11.1\n", Some(Version(0, 11, 1))),
        ("bubblewrap 1.2", Some(Version(1, 2, 0))),
        ("bubblewrap 0.5.0-dirty", Some(Version(0, 5, 0))),
        ("bubblewrap 0.6.1+git3", Some(Version(0, 6, 1))),
        ("bubblewrap", None),
        ("bubblewrap x.1", None),
        ("bubblewrap 1", None),
        ("bubblewrap 99999999999.1.1", None),
        ("Usage: wrap 0.8.0", None),
        ("", None),
    ] {
        assert_eq!(Version::read(words), version, "{words}");
    }
    assert!(Version(0, 11, 0) > Version(0, 9, 9));
    assert_eq!(Version(0, 8, 0).to_string(), "0.8.0");
}

#[test]
fn one_that_is_new_enough_is_taken_and_an_older_one_is_not() {
    let (_folder, path) = program("bubblewrap 0.5.0");
    assert_eq!(at(&path).map(|it| it.version), Ok(OLDEST));
    let (_folder, path) = program("bubblewrap 0.4.9");
    assert!(text(at(&path)).ends_with("is version 0.4.9"));
    let (_folder, path) = program("I am cat");
    assert!(text(at(&path)).contains("I am cat"));
}

#[test]
fn what_cannot_be_executed_or_is_not_there_is_told() {
    let (folder, path) = program("bubblewrap 0.8.0");
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    assert!(text(at(&path)).contains("Permission denied"));
    assert!(text(at(&folder.path().join("none"))).contains("No such file"));
    assert!(text(at(Path::new("bwrap"))).contains("not absolute"));
}

#[test]
fn one_that_others_can_replace_is_refused() {
    let (folder, path) = program("bubblewrap 0.8.0");
    let refused = |mode: u32, part: &Path| {
        let before = fs::metadata(part).unwrap().permissions();
        fs::set_permissions(part, Permissions::from_mode(mode)).unwrap();
        let text = text(at(&path));
        fs::set_permissions(part, before).unwrap();
        assert!(text.contains("not trusted"), "{text}");
        assert!(text.contains(part.to_str().unwrap()), "{text}");
    };
    refused(0o757, &path);
    refused(0o777, folder.path());
    // Whoever can add names to its own directory is too near, sticky or not.
    refused(0o1777, folder.path());
    assert!(at(&path).is_ok());
}

#[test]
fn one_in_a_place_of_others_is_refused_also_through_a_link() {
    if !geteuid().is_root() {
        eprintln!("skipped: only root can give a file away");
        return;
    }
    let (folder, path) = program("bubblewrap 0.8.0");
    let link = folder.path().join("link");
    symlink(&path, &link).unwrap();
    assert_eq!(at(&link).map(|it| it.path), Ok(path.clone()));
    chown(&path, Some(65_534), None).unwrap();
    for named in [&path, &link] {
        assert!(text(at(named)).contains("belongs to somebody else"));
    }
    chown(&path, Some(0), Some(65_534)).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o775)).unwrap();
    assert!(
        at(&path).is_ok(),
        "our own file, our own group to share it with"
    );
}

#[test]
fn relative_directories_of_the_path_are_passed_over() {
    let places = places(Some(OsStr::new("bin:/a::./x:/b/")), &["/usr/bin"]);
    let expected = ["/a/bwrap", "/b/bwrap", "/usr/bin/bwrap"].map(PathBuf::from);
    assert_eq!(places, expected);
    assert_eq!(super::places(None, &[]), Vec::<PathBuf>::new());
}

#[test]
fn only_so_many_directories_are_looked_into() {
    let path = vec!["/a"; DIRECTORIES + 1].join(":");
    assert_eq!(places(Some(OsStr::new(&path)), &[]).len(), DIRECTORIES);
}

#[test]
fn the_first_good_one_is_taken_and_else_the_first_bad_one_is_told() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let (_bad, bad) = program("bubblewrap 0.1.0");
    let (_good, good) = program("bubblewrap 0.9.0");
    let missing = Path::new("/no/such/bwrap").to_path_buf();
    if geteuid().is_root() {
        let found = find_in(&[missing.clone(), bad.clone(), good.clone()]);
        assert_eq!(found.map(|it| it.path), Ok(good));
        assert!(text(find_in(&[missing.clone(), bad])).contains("0.1.0"));
    }
    assert_eq!(text(find_in(&[missing])), "bubblewrap is not installed");
    assert!(find(None).is_ok(), "it is where systems keep it");
}
