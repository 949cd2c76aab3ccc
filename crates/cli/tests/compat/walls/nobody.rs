//! Client and server of the user who owns nothing.

use std::fs;

use outpost_testkit::mock::Step;

use super::{WORKSPACE, answers, walled};
use crate::{scene::Scene, stories::patch};

on_ways! {
    behind walls [(over_the_variable, Variable), (over_stdio, Program)];
    nobody_is_walled_in_as_well,
}

fn nobody_is_walled_in_as_well(scene: Scene) {
    fs::write(scene.beside("old"), "old\n").unwrap();
    let Some(scene) = scene.told_by_nobody() else {
        return;
    };
    let told = scene
        .held(WORKSPACE)
        .then(Step::shell(
            "id -u; cat ../beside/old; echo in > in; mkdir .git || echo x > ../beside/new || exit 4",
        ))
        .then(Step::shell("echo x > /dev/tcp/127.0.0.1/9 || exit 5"))
        .then(Step::background(
            "trap 'echo caught; exit 7' INT; echo ready; while :; do sleep 0.05; done",
            true,
            2_000,
        ))
        .then(Step::Type("\u{3}".to_owned(), 10_000))
        .then(patch("*** Add File: new\n+fresh\n"))
        .play();
    let ends = walled(&told);
    let codes: Vec<_> = ends.iter().map(|end| (end.code, end.denied)).collect();
    assert_eq!(codes, [(4, true), (5, true), (7, false)]);
    let user = if rustix::process::geteuid().is_root() {
        65_534
    } else {
        rustix::process::geteuid().as_raw()
    };
    assert_eq!(ends[0].run.text("stdout"), format!("{user}\nold\n"));
    assert_eq!(ends[2].run.text("pty"), "ready\r\n^Ccaught\r\n");
    assert_eq!(told.file("in").as_deref(), Some("in\n"));
    assert_eq!(told.file("new").as_deref(), Some("fresh\n"));
    assert!(!answers(&told, "fs/writeFile").is_empty());
    for name in [".git", "../beside/new"] {
        assert!(!told.is_there(name), "{name}");
    }
}
