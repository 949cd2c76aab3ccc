//! Commands that read, write and end.

use std::{fs, path::PathBuf};

use outpost_testkit::{leaks::Marker, mock::Step};

use super::{WORKSPACE, walled, walled_one};
use crate::{
    held::{Held, shares_temporary_files},
    scene::Scene,
    stories::answered,
};

on_ways! {
    behind walls [(over_the_variable, Variable), (over_stdio, Program), (over_environment_add, Added)];
    a_command_writes_in_its_folder_and_nowhere_beside,
    a_command_that_may_only_read_writes_nothing,
    a_command_ends_with_its_own_code,
    words_alone_are_no_denial,
}

/// A name in the temp folder that is free again after the story.
struct Temporary(PathBuf);

impl Temporary {
    fn new() -> Self {
        Self(PathBuf::from("/tmp").join(format!("outpost-{}", Marker::new().value())))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // Where the story went as it should in a read-only sandbox there is nothing to remove.
        if self.0.exists() {
            fs::remove_file(&self.0).expect("what the story made can be removed");
        }
    }
}

fn a_command_writes_in_its_folder_and_nowhere_beside(scene: Scene) {
    fs::write(scene.beside("old"), "old\n").unwrap();
    let (temporary, shared) = (Temporary::new(), shares_temporary_files());
    let command = format!(
        "cat ../beside/old && echo in > in && mkdir deep && mv in deep/moved && (echo t > {} || {shared}) && \
         for path in ../beside/new /usr/new /new; do echo x > $path && exit 3; done; \
         rm ../beside/old || mv ../beside/old ../beside/mine || ln ../beside/old mine || exit 4",
        temporary.0.display()
    );
    let told = scene.held(WORKSPACE).then(Step::shell(command)).play();
    let end = walled_one(&told);
    assert_eq!((end.code, end.denied), (4, true));
    assert_eq!(end.run.text("stdout"), "old\n");
    let refused = end
        .run
        .text("stderr")
        .matches("Read-only file system")
        .count();
    assert!(refused >= 4, "{}", end.run.text("stderr"));
    assert_eq!(told.file("deep/moved").as_deref(), Some("in\n"));
    let written = fs::read_to_string(&temporary.0).ok();
    assert_eq!(written.as_deref(), (!shared).then_some("t\n"));
    assert_eq!(told.file("../beside/old").as_deref(), Some("old\n"));
    for name in [
        "in",
        "mine",
        "../beside/mine",
        "../beside/new",
        "/usr/new",
        "/new",
    ] {
        assert!(!told.is_there(name), "{name}");
    }
    answered(&told, 0, &["code 4", "Read-only file system"]);
}

fn a_command_that_may_only_read_writes_nothing(scene: Scene) {
    fs::write(scene.work().join("old"), "old\n").unwrap();
    let temporary = Temporary::new();
    let (told, name) = (scene.held(Held::ReadOnly), temporary.0.display());
    let told = told
        .then(Step::shell("cat old && head -c 4 /usr/bin/env | tail -c 3"))
        .then(Step::shell(format!(
            "for path in new old {name} ../beside/new; do echo x >> $path && exit 3; done; exit 4"
        )))
        .play();
    let ends = walled(&told);
    assert_eq!(ends.len(), 2);
    assert_eq!((ends[0].code, ends[0].denied), (0, false));
    assert_eq!(ends[0].run.text("stdout"), "old\nELF");
    assert_eq!((ends[1].code, ends[1].denied), (4, true));
    assert_eq!(told.file("old").as_deref(), Some("old\n"));
    for path in ["new", "../beside/new"] {
        assert!(!told.is_there(path), "{path}");
    }
    assert!(!temporary.0.exists());
}

fn a_command_ends_with_its_own_code(scene: Scene) {
    // What makes it end, and its code. None of it is the sandbox's doing.
    let ways = [
        ("exit 0", 0),
        ("exit 1", 1),
        ("exit 101", 101),
        ("exit 255", 255),
        ("nosuchprogram", 127),
        ("/nonexistent/program", 127),
        ("kill -TERM $$", 143),
        ("kill -KILL $$", 137),
        ("kill -ABRT $$", 134),
        // A denial that the command does not mind.
        ("echo x > ../beside/new || exit 0", 0),
    ];
    let scene = ways.iter().fold(scene.held(WORKSPACE), |scene, (way, _)| {
        scene.then(Step::shell(*way))
    });
    let told = scene.play();
    let ends = walled(&told);
    let codes: Vec<_> = ends.iter().map(|end| (end.code, end.denied)).collect();
    assert_eq!(codes, ways.map(|(_, code)| (code, false)));
}

fn words_alone_are_no_denial(scene: Scene) {
    fs::write(scene.work().join("plain"), "no program\n").unwrap();
    let told = scene
        .held(WORKSPACE)
        .then(Step::shell("echo 'Read-only file system' >&2; exit 1"))
        .then(Step::shell(
            "echo 'sandbox: Operation not permitted'; exit 159",
        ))
        .then(Step::shell("./plain"))
        .play();
    let ends = walled(&told);
    let codes: Vec<_> = ends.iter().map(|end| (end.code, end.denied)).collect();
    assert_eq!(codes, [(1, false), (159, false), (126, false)]);
    assert!(ends[2].run.text("stderr").contains("Permission denied"));
}
