//! A terminal in a sandbox.

use outpost_testkit::{mock::Step, wire};

use super::{WORKSPACE, walled_one};
use crate::{
    scene::Scene,
    stories::{answered, interrupted},
};

on_ways! {
    behind walls [(over_the_variable, Variable), (over_stdio, Program), (over_environment_add, Added)];
    a_walled_terminal_is_typed_into,
    an_interrupt_reaches_a_walled_command_on_a_terminal,
    an_interrupt_reaches_a_walled_command_without_one,
}

fn a_walled_terminal_is_typed_into(scene: Scene) {
    let command = "[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo ready; read line; \
        echo \"got:$line\"; : </dev/tty && echo x >../beside/new || exit 4";
    let told = scene
        .held(WORKSPACE)
        .then(Step::background(command, true, 2_000))
        .then(Step::Type("hello\n".to_owned(), 10_000))
        .play();
    let end = walled_one(&told);
    assert_eq!((end.code, end.denied), (4, true));
    let screen = end.run.text("pty");
    assert!(
        screen.starts_with("ready\r\nhello\r\ngot:hello\r\n"),
        "{screen}"
    );
    assert!(screen.contains("Read-only file system"), "{screen}");
    assert!(!told.is_there("../beside/new"));
    answered(&told, 1, &["code 4", "got:hello"]);
}

fn an_interrupt_reaches_a_walled_command_on_a_terminal(scene: Scene) {
    let told = interrupted(scene.held(WORKSPACE), true);
    let end = walled_one(&told);
    assert_eq!(end.run.text("pty"), "ready\r\n^Ccaught\r\n");
    assert!(!end.denied);
    assert_eq!(
        told.wire.asked("process/write")[0]["chunk"],
        wire::encode(b"\x03")
    );
}

fn an_interrupt_reaches_a_walled_command_without_one(scene: Scene) {
    let told = interrupted(scene.held(WORKSPACE), false);
    let end = walled_one(&told);
    assert_eq!(end.run.text("stdout"), "ready\ncaught\n");
    assert!(!end.denied);
}
