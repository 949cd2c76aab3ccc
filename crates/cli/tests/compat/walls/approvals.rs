//! A client that asks its user, and does again without walls what they denied. So a denial that
//! was none would cost a second run.

use outpost_testkit::mock::Step;

use super::{WALLED, WORKSPACE};
use crate::scene::Scene;

on_ways! {
    behind walls [(over_environment_add, Added)];
    what_was_denied_is_done_again_without_walls,
    what_only_failed_is_not_done_again,
}

fn what_was_denied_is_done_again_without_walls(scene: Scene) {
    let told = scene
        .held(WORKSPACE)
        .approved()
        .then(Step::shell(
            "echo run >> runs; echo x > ../beside/new || exit 5",
        ))
        .play();
    let ends = told.ends();
    assert_eq!(ends.len(), 2, "it ran twice");
    assert_eq!((ends[0].code, ends[0].denied), (5, true));
    assert_eq!(ends[0].sandbox, WALLED);
    assert_eq!((ends[1].code, ends[1].denied), (0, false));
    assert!(ends[1].run.start["sandbox"].is_null());
    assert!(
        ends[1].sandbox.is_null() || ends[1].sandbox == "none",
        "{}",
        ends[1].sandbox
    );
    assert_eq!(told.file("runs").as_deref(), Some("run\nrun\n"));
    assert_eq!(told.file("../beside/new").as_deref(), Some("x\n"));
}

fn what_only_failed_is_not_done_again(scene: Scene) {
    // None of the words for a denial is printed: where the client finds one, it believes itself
    // more than the server.
    let told = scene
        .held(WORKSPACE)
        .approved()
        .then(Step::shell("echo run >> runs; exit 5"))
        .then(Step::shell("echo run >> runs; nosuchprogram"))
        .play();
    let ends = told.ends();
    let codes: Vec<_> = ends.iter().map(|end| (end.code, end.denied)).collect();
    assert_eq!(codes, [(5, false), (127, false)]);
    assert_eq!(told.file("runs").as_deref(), Some("run\nrun\n"));
}
