//! bubblewrap alone, with the mounts our server gives it.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use outpost_testkit::program::{Program, command};

use crate::{client::Client, server::policy};

/// How long bubblewrap may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The command line our server gives bubblewrap for a command that may write in `folder`, up to the
/// program.
pub(crate) fn line(client: &mut Client, folder: &Path) -> Vec<String> {
    client.start("found", &["sleep", "600"], &policy(folder, "root"));
    let deadline = Instant::now() + PATIENCE;
    let found = loop {
        if let Some(line) = running(folder) {
            break line;
        }
        assert!(Instant::now() < deadline, "no bubblewrap runs");
    };
    client.ask(
        "process/terminate",
        &serde_json::json!({ "processId": "found" }),
    );
    found
}

/// Runs `true` behind it; how long that took.
pub(crate) fn run(line: &[String]) -> Duration {
    let mut bare = command(&line[0]);
    bare.args(&line[1..]).args(["--", "/bin/true"]);
    let started = Instant::now();
    let status = Program::start(&mut bare).wait(PATIENCE);
    let took = started.elapsed();
    assert!(status.expect("it ends").success());
    took
}

/// The line of a bubblewrap that runs and is told of `folder`.
fn running(folder: &Path) -> Option<Vec<String>> {
    let folder = folder.to_str().expect("a path in UTF-8");
    let processes = fs::read_dir("/proc").expect("/proc is mounted");
    processes.flatten().find_map(|process| {
        // It may have ended since.
        let line = fs::read_to_string(process.path().join("cmdline")).ok()?;
        let words: Vec<_> = line.split('\0').map(str::to_owned).collect();
        let is_it = words[0].ends_with("bwrap") && words.iter().any(|word| word == folder);
        let end = words.iter().position(|word| word == "--")?;
        is_it.then(|| words[..end].to_vec())
    })
}
