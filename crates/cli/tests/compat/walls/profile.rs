//! A permission profile that lets little be read and denies by pattern.

use std::{fs, os::unix::fs::symlink};

use outpost_testkit::mock::Step;
use serde_json::{Value, json};

use super::{answers, walled_one};
use crate::{held::Held, scene::Scene, stories::patch};

on_ways! {
    behind walls [(over_the_variable, Variable), (over_stdio, Program)];
    a_command_sees_what_the_profile_grants,
    a_file_call_sees_what_the_profile_grants,
    a_shell_that_the_profile_hides_is_missing,
}

/// The scene's folders, with what the profile speaks of in them.
fn set(scene: Scene) -> Scene {
    let files = [
        ("a.env", "denied by pattern\n"),
        ("deep/b.env", "denied by pattern\n"),
        ("deep/plain", "plain\n"),
        ("docs/old", "docs\n"),
        ("secret", "denied by name\n"),
        ("../beside/hidden", "not granted\n"),
        ("../granted/seen", "granted\n"),
        ("../granted/key.pem", "denied by pattern\n"),
    ];
    let work = scene.work();
    for (name, text) in files {
        let path = work.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    symlink("../beside/hidden", work.join("link")).unwrap();
    let folder = work.parent().unwrap().display();
    let tables = format!(
        "[permissions.mine]\ndescription = \"little\"\n\
         [permissions.mine.filesystem]\nglob_scan_max_depth = 3\n\":minimal\" = \"read\"\n\
         \"{folder}/granted\" = \"read\"\n\"{folder}/granted/*.pem\" = \"deny\"\n\
         \"{folder}/work/secret\" = \"deny\"\n\
         [permissions.mine.filesystem.\":workspace_roots\"]\n\".\" = \"write\"\n\
         \"docs\" = \"read\"\n\"**/*.env\" = \"deny\"\n\
         [permissions.mine.network]\nenabled = false\n"
    );
    scene.held(Held::Profile(tables))
}

fn a_command_sees_what_the_profile_grants(scene: Scene) {
    let command = "for path in deep/plain docs/old ../granted/seen; do cat $path || exit 2; done; \
        for path in a.env deep/b.env secret link ../beside/hidden ../granted/key.pem; do \
          cat $path && exit 3; \
        done; \
        for path in docs/old docs/new ../granted/new a.env secret; do \
          echo x > $path && exit 4; \
        done; \
        echo new > deep/new || exit 5; [ -e /root ] && exit 6; exit 1";
    let told = set(scene).then(Step::shell(command)).play();
    let end = walled_one(&told);
    assert_eq!(end.code, 1, "{}", end.run.text("stderr"));
    assert!(end.denied);
    assert_eq!(end.run.text("stdout"), "plain\ndocs\ngranted\n");
    assert_eq!(told.file("deep/new").as_deref(), Some("new\n"));
    for (name, text) in [("docs/old", "docs\n"), ("secret", "denied by name\n")] {
        assert_eq!(told.file(name).as_deref(), Some(text));
    }
    for name in ["docs/new", "../granted/new"] {
        assert!(!told.is_there(name), "{name}");
    }
}

fn a_file_call_sees_what_the_profile_grants(scene: Scene) {
    let scene = set(scene);
    let path = |name: &str| Step::View(scene.work().join(name).display().to_string());
    let views = ["deep/plain", "a.env", "../beside/hidden"].map(path);
    let told = views
        .into_iter()
        .fold(scene, Scene::then)
        .then(patch("*** Update File: deep/plain\n@@\n-plain\n+plainer\n"))
        .play();
    // Each path that was asked for under the policy, with the error or null.
    let errors = |method, end: &str| -> Vec<Value> {
        let asked = answers(&told, method).into_iter();
        let about = asked.filter(|(params, _)| params["path"].as_str().unwrap().ends_with(end));
        about.map(|(_, answer)| answer["error"].clone()).collect()
    };
    let denied = json!({ "code": -32_600, "message": "Permission denied (os error 13)" });
    let absent = json!({ "code": -32_004, "message": "No such file or directory (os error 2)" });
    // Where a hidden file looks like none, the client does not try to read it.
    let hidden = errors("fs/readFile", "/a.env");
    assert!(hidden.iter().all(|error| *error == denied), "{hidden:?}");
    assert!(
        !errors("fs/getMetadata", "/a.env").is_empty(),
        "it was looked for"
    );
    let unread = "unable to read image|is not a file".split('|');
    assert!(unread.into_iter().any(|why| told.outputs[1].contains(why)));
    assert_eq!(errors("fs/getMetadata", "/beside/hidden"), [absent]);
    let read = errors("fs/readFile", "/deep/plain");
    assert!(
        read.len() >= 2 && read.iter().all(Value::is_null),
        "{read:?}"
    );
    assert_eq!(errors("fs/writeFile", "/deep/plain"), [Value::Null]);
    assert_eq!(told.file("deep/plain").as_deref(), Some("plainer\n"));
}

fn a_shell_that_the_profile_hides_is_missing(scene: Scene) {
    let tables = "[permissions.mine]\ndescription = \"less\"\n\
        [permissions.mine.filesystem.\":workspace_roots\"]\n\".\" = \"write\"\n";
    let told = scene
        .held(Held::Profile(tables.to_owned()))
        .then(Step::shell("echo ran > ran"))
        .play();
    let starts = answers(&told, "process/start");
    assert_eq!(starts[0].0["argv"][0], "/bin/bash");
    assert_eq!(
        starts[0].1["error"],
        json!({ "code": -32_603, "message": "No such file or directory (os error 2)" })
    );
    assert!(!told.is_there("ran"));
}
