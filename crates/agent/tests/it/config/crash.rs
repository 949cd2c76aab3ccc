//! A writer that is killed leaves a file that is old or new, whole.

#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

use std::{
    env,
    fs::{self, File},
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
};

use outpost_agent::config::Configuration;
use serde_json::json;

use super::world::{World, places, values};

/// Where the writer that is to be killed writes. Set only for that process.
const FOLDER: &str = "OUTPOST_TEST_CRASH_FOLDER";

/// How many writes it would make.
const WRITES: u64 = 1000;

/// How often one is killed.
const DEATHS: u64 = 30;

/// What stands around the values that are written.
const AROUND: &str = "# The head of the file.\n\n[desktop] # numbers\nbefore = 'x'\n";

/// Writes numbers one after the other, tells each on `told`, and gives how many were told.
fn write_numbers(folder: &Path, count: u64, mut told: impl FnMut(u64)) {
    let configuration = Configuration::open(places(folder), &[""; 0]).unwrap();
    let said = configuration.read(None).config["desktop"]["number"].as_u64();
    let first = said.unwrap_or(0) + 1;
    for number in first..first + count {
        // The second value says whether the write was whole, and takes room of changing size.
        let filler = number
            .to_string()
            .repeat(usize::try_from(number % 1000).unwrap());
        let write = values(&[
            ("desktop.number", json!(number)),
            ("desktop.filler", json!(filler)),
        ]);
        configuration.write(&write).unwrap();
        told(number);
    }
}

/// The number in the file, which is whole.
fn number_in(folder: &Path) -> u64 {
    let text = fs::read_to_string(folder.join("home/config.toml")).unwrap();
    assert!(text.starts_with(AROUND), "{text}");
    let configuration = Configuration::open(places(folder), &[""; 0]).unwrap();
    let snapshot = configuration.read(None);
    assert_eq!(snapshot.warnings, []);
    let desktop = &snapshot.config["desktop"];
    let Some(number) = desktop["number"].as_u64() else {
        return 0;
    };
    let filler = number
        .to_string()
        .repeat(usize::try_from(number % 1000).unwrap());
    assert_eq!(desktop["filler"], json!(filler));
    number
}

/// Alone it writes some numbers; as the child of the next test, until it is killed.
#[test]
fn numbers_are_written_one_after_the_other() {
    if let Some(folder) = env::var_os(FOLDER) {
        let mut pipe = File::options().write(true).open("/proc/self/fd/2").unwrap();
        write_numbers(Path::new(&folder), WRITES, |number| {
            writeln!(pipe, "{number}").unwrap();
        });
        return;
    }
    let world = World::new();
    world.put("home/config.toml", AROUND);
    let mut told = Vec::new();
    write_numbers(&world.path(""), 20, |number| told.push(number));
    assert_eq!(told, (1..=20).collect::<Vec<_>>());
    assert_eq!(number_in(&world.path("")), 20);
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test's own child, killed and waited for"
)]
fn start_writer(folder: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "config::crash::numbers_are_written_one_after_the_other",
        ])
        .args(["--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn a_killed_writer_leaves_the_old_or_the_new_file() {
    let world = World::new();
    let folder = world.path("");
    world.put("home/config.toml", AROUND);
    let mut random = 1_u64;
    for _ in 0..DEATHS {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        // After so many writes it is killed: somewhere in the next.
        let patience = 1 + (random >> 33) % 60;
        let mut child = start_writer(&folder);
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut told = 0;
        for _ in 0..patience {
            told = lines.next().unwrap().unwrap().parse().unwrap();
        }
        child.kill().unwrap();
        let status = child.wait().unwrap();
        assert_eq!(
            std::os::unix::process::ExitStatusExt::signal(&status),
            Some(9)
        );
        // What was told is there, and what was told in the meantime.
        let last = lines
            .map_while(Result::ok)
            .filter_map(|line| line.parse().ok())
            .last();
        let number = number_in(&folder);
        let told = last.unwrap_or(told);
        assert!(
            number == told || number == told + 1,
            "{number} after {told}"
        );
    }
    // Nothing is left behind by the next write but the file.
    write_numbers(&folder, 1, |_| {});
    let names: Vec<_> = fs::read_dir(folder.join("home")).unwrap().collect();
    assert_eq!(names.len(), 1, "{names:?}");
}
