//! Patches: the client decides what it may decide, and the server refuses the rest.

use std::{fs, os::unix::fs::symlink};

use outpost_testkit::wire;

use super::{READ_ONLY, WORKSPACE, answers};
use crate::{held::Held, scene::Scene, stories::patch};

on_ways! {
    behind walls [(over_the_variable, Variable), (over_stdio, Program)];
    a_patch_within_the_folder_is_applied,
    a_patch_through_a_link_out_of_the_folder_is_refused,
    a_patch_of_what_may_only_be_read_is_never_sent,
}

fn a_patch_within_the_folder_is_applied(scene: Scene) {
    fs::write(scene.work().join("old"), "one\ntwo\n").unwrap();
    fs::write(scene.work().join("gone"), "gone\n").unwrap();
    let told = scene
        .held(WORKSPACE)
        .then(patch("*** Add File: deep/new\n+fresh\n"))
        .then(patch("*** Update File: old\n@@\n-one\n+uno\n two\n"))
        .then(patch("*** Delete File: gone\n"))
        .play();
    assert_eq!(told.file("deep/new").as_deref(), Some("fresh\n"));
    assert_eq!(told.file("old").as_deref(), Some("uno\ntwo\n"));
    assert!(!told.is_there("gone"));
    let wrote = answers(&told, "fs/writeFile").into_iter();
    let wrote: Vec<_> = wrote
        .filter(|(_, answer)| answer["error"].is_null())
        .collect();
    assert_eq!(wrote.len(), 2, "they were written under the policy");
    assert_eq!(wrote[1].0["dataBase64"], wire::encode(b"uno\ntwo\n"));
    assert_eq!(answers(&told, "fs/remove").len(), 1);
}

fn a_patch_through_a_link_out_of_the_folder_is_refused(scene: Scene) {
    symlink("../beside", scene.work().join("link")).unwrap();
    fs::write(scene.beside("old"), "old\n").unwrap();
    let told = scene
        .held(WORKSPACE)
        .then(patch("*** Add File: link/new\n+fresh\n"))
        .then(patch("*** Update File: link/old\n@@\n-old\n+new\n"))
        .play();
    let wrote = answers(&told, "fs/writeFile");
    assert!(wrote.len() >= 2, "the client did not see it");
    for (_, answer) in wrote {
        assert_eq!(answer["error"]["code"], -32_603);
        assert_eq!(answer["error"]["message"], READ_ONLY);
    }
    assert_eq!(told.file("../beside/old").as_deref(), Some("old\n"));
    assert!(!told.is_there("../beside/new"));
}

fn a_patch_of_what_may_only_be_read_is_never_sent(scene: Scene) {
    let told = scene
        .held(Held::ReadOnly)
        .then(patch("*** Add File: new\n+fresh\n"))
        .play();
    assert!(told.outputs[0].contains("rejected"), "{}", told.outputs[0]);
    assert!(told.wire.asked("fs/writeFile").is_empty());
    assert!(!told.is_there("new"));
}
