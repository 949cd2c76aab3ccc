//! What the client does all day, by every way it can find a server.

use std::fs;

use outpost_testkit::{mock::Step, wire};
use serde_json::json;

use crate::{scene::Scene, told::Told};

/// How much the large output is, in bytes.
const LARGE: usize = 5_000_000;

/// A picture of one pixel.
const PIXEL: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, b'I', b'H', b'D', b'R', 0, 0, 0,
    1, 0, 0, 0, 1, 8, 2, 0, 0, 0, 0x90, 0x77, 0x53, 0xde, 0, 0, 0, 0x0c, b'I', b'D', b'A', b'T',
    0x08, 0xd7, 0x63, 0xf8, 0xcf, 0xc0, 0, 0, 3, 1, 1, 0, 0x18, 0xdd, 0x8d, 0xb0, 0, 0, 0, 0, b'I',
    b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82,
];

on_ways! {
    [
        (over_the_variable, Variable),
        (over_the_file_with_a_token, File),
        (over_stdio, Program),
        (over_environment_add, Added),
    ];
    a_shell_prints_on_both_streams_and_exits_with_its_code,
    a_terminal_is_typed_into,
    a_large_output_arrives_byte_for_byte,
    an_interrupt_reaches_a_command_on_a_terminal,
    an_interrupt_reaches_a_command_without_one,
    a_patch_creates_updates_moves_and_deletes,
    an_image_is_looked_at,
}

fn a_shell_prints_on_both_streams_and_exits_with_its_code(scene: Scene) {
    let told = scene
        .then(Step::shell("echo out; echo err >&2; exit 7"))
        .play();
    let run = told.run();
    assert_eq!(
        (run.text("stdout").as_str(), run.text("stderr").as_str()),
        ("out\n", "err\n")
    );
    assert_eq!(run.exit_code(), Some(7));
    answered(&told, 0, &["code 7", "out", "err"]);
}

fn a_terminal_is_typed_into(scene: Scene) {
    let command = "tty >/dev/null && echo ready; read line; echo \"got:$line\"; exit 4";
    let told = scene
        .then(Step::background(command, true, 2_000))
        .then(Step::Type("hello\n".to_owned(), 10_000))
        .play();
    let run = told.run();
    assert_eq!(run.start["tty"], true);
    assert_eq!(run.text("pty"), "ready\r\nhello\r\ngot:hello\r\n");
    assert_eq!(run.exit_code(), Some(4));
    let typed = told.wire.asked("process/write");
    assert_eq!(typed[0]["chunk"], wire::encode(b"hello\n"));
    assert_eq!(told.wire.answered("process/write")[0]["status"], "accepted");
    answered(&told, 1, &["code 4", "got:hello"]);
}

fn a_large_output_arrives_byte_for_byte(scene: Scene) {
    let lines = LARGE / 8;
    let command = format!("seq 1000000 {}; seq 2000000 2000009 >&2", 999_999 + lines);
    let told = scene.then(Step::shell(command)).play();
    let run = told.run();
    let expected: String = (1_000_000..1_000_000 + lines)
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!(expected.len(), LARGE);
    assert!(
        run.output("stdout") == expected.as_bytes(),
        "stdout is what was printed"
    );
    assert_eq!(run.text("stderr").lines().count(), 10);
    assert_eq!(run.exit_code(), Some(0));
    answered(&told, 0, &["code 0"]);
}

fn an_interrupt_reaches_a_command_on_a_terminal(scene: Scene) {
    let told = interrupted(scene, true);
    let run = told.run();
    assert_eq!(run.text("pty"), "ready\r\n^Ccaught\r\n");
    assert_eq!(
        told.wire.asked("process/write")[0]["chunk"],
        wire::encode(b"\x03")
    );
}

fn an_interrupt_reaches_a_command_without_one(scene: Scene) {
    let told = interrupted(scene, false);
    assert_eq!(told.run().text("stdout"), "ready\ncaught\n");
    assert_eq!(told.wire.asked("process/signal")[0]["signal"], "interrupt");
    assert_eq!(*told.wire.answered("process/signal")[0], json!({}));
}

pub(crate) fn interrupted(scene: Scene, tty: bool) -> Told {
    let command = "trap 'echo caught; exit 7' INT; echo ready; while :; do sleep 0.05; done";
    let told = scene
        .then(Step::background(command, tty, 2_000))
        .then(Step::Type("\u{3}".to_owned(), 10_000))
        .play();
    assert_eq!(told.run().exit_code(), Some(7));
    answered(&told, 1, &["code 7", "caught"]);
    told
}

fn a_patch_creates_updates_moves_and_deletes(scene: Scene) {
    fs::write(scene.work().join("old.txt"), "one\ntwo\n").unwrap();
    fs::write(scene.work().join("gone.txt"), "gone\n").unwrap();
    let told = scene
        .then(patch("*** Add File: deep/new.txt\n+fresh\n"))
        .then(patch(
            "*** Update File: deep/new.txt\n@@\n-fresh\n+fresher\n",
        ))
        .then(patch(
            "*** Update File: old.txt\n*** Move to: there/moved.txt\n@@\n-one\n+uno\n two\n",
        ))
        .then(patch("*** Delete File: gone.txt\n"))
        .play();
    assert_eq!(told.file("deep/new.txt").as_deref(), Some("fresher\n"));
    assert_eq!(told.file("there/moved.txt").as_deref(), Some("uno\ntwo\n"));
    assert_eq!((told.file("old.txt"), told.file("gone.txt")), (None, None));
    assert_eq!(
        told.outputs
            .iter()
            .filter(|output| output.contains("Success"))
            .count(),
        4
    );
    let written = told.wire.asked("fs/writeFile");
    assert!(
        written
            .iter()
            .any(|params| params["dataBase64"] == wire::encode(b"fresher\n"))
    );
    assert_eq!(told.wire.answered("fs/remove").len(), 2);
}

fn an_image_is_looked_at(scene: Scene) {
    let path = scene.work().join("pixel.png");
    fs::write(&path, PIXEL).unwrap();
    let told = scene.then(Step::View(path.display().to_string())).play();
    let read = told.wire.answered("fs/readFile");
    let encoded = wire::encode(PIXEL);
    assert!(
        read.iter().any(|result| result["dataBase64"] == encoded),
        "it was read on the wire"
    );
    answered(&told, 0, &["data:image/png;base64,"]);
}

pub(crate) fn patch(body: &str) -> Step {
    Step::Patch(format!("*** Begin Patch\n{body}*** End Patch"))
}

/// Checks that the model got an answer to its call number `call` with all of
/// `parts` in it.
pub(crate) fn answered(told: &Told, call: usize, parts: &[&str]) {
    let output = told
        .outputs
        .get(call)
        .unwrap_or_else(|| panic!("no answer to call {call}"));
    for part in parts {
        assert!(output.contains(part), "no {part:?} in {output}");
    }
}
