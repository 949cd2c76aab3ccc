//! What the wire does to a running command.

use std::time::Duration;

use outpost_testkit::mock::Step;

use crate::{client::Way, scene::Scene};

/// How long the outage lasts.
const OUTAGE: Duration = Duration::from_secs(4);

/// The largest frame the client accepts, in bytes.
const FRAME_MAX: usize = 16 << 20;

#[test]
fn a_cut_in_mid_command_loses_nothing() {
    let Some(scene) = Scene::new(Way::File) else {
        return;
    };
    let command = "i=0; while [ $i -lt 40 ]; do echo line $i; i=$((i+1)); sleep 0.05; done; exit 9";
    let told = scene.then(Step::shell(command)).play_with(|stage| {
        stage.wait_for_output(1_000);
        stage.proxy.cut();
    });
    let run = told.run();
    let expected: String = (0..40).map(|line| format!("line {line}\n")).collect();
    assert_eq!(run.text("stdout"), expected);
    assert_eq!(run.exit_code(), Some(9));
    assert_eq!(
        run.by_connection.len(),
        2,
        "the command was told of on two connections"
    );
    assert!(told.outputs[0].contains("code 9"), "{}", told.outputs[0]);
}

#[test]
fn an_outage_while_much_is_printed_loses_nothing() {
    let Some(scene) = Scene::new(Way::File) else {
        return;
    };
    // Lines of nine bytes: 99,999,999 in all.
    let (first, last) = (10_000_001_u32, 21_111_111_u32);
    let told = scene
        .then(Step::shell(format!("seq {first} {last}")))
        .play_with(|stage| {
            stage.wait_for_output(10_000_000);
            stage.proxy.outage(OUTAGE);
        });
    let run = told.run();
    let mut expected = Vec::with_capacity(100_000_000);
    for line in first..=last {
        expected.extend_from_slice(line.to_string().as_bytes());
        expected.push(b'\n');
    }
    same(&run.output("stdout"), &expected);
    assert_eq!(run.exit_code(), Some(0));
    // What the first connection lost on its way, the second brought again: from
    // the first sequence number it knows, it has every one to the end.
    let [before, after] = [0, 1].map(|at| run.by_connection.values().nth(at).unwrap());
    let resumed = *after.first().unwrap();
    assert!(
        resumed <= before.last().unwrap() + 1,
        "nothing lies between the connections"
    );
    assert_eq!(
        after.len() as u64,
        after.last().unwrap() - resumed + 1,
        "and nothing after"
    );
    assert!(
        told.largest_frame <= FRAME_MAX,
        "a frame of {} bytes",
        told.largest_frame
    );
    assert!(told.outputs[0].contains("code 0"), "{}", told.outputs[0]);
}

/// Checks that what came is what was printed, and says where it is not.
fn same(found: &[u8], expected: &[u8]) {
    let at = found
        .iter()
        .zip(expected)
        .position(|(found, expected)| found != expected);
    let at = at.unwrap_or(found.len().min(expected.len()));
    let around = |bytes: &[u8]| {
        let piece = &bytes[at.saturating_sub(20).min(bytes.len())..(at + 40).min(bytes.len())];
        String::from_utf8_lossy(piece).into_owned()
    };
    assert!(
        found == expected,
        "{} bytes came and {} were printed; they differ from byte {at}: {:?}, not {:?}",
        found.len(),
        expected.len(),
        around(found),
        around(expected),
    );
}
