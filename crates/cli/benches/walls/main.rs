//! What the walls around a command cost.
//!
//! Measures in one run, on the loopback: `true` from `process/start` to `process/closed`, with the
//! policy of a client that may write in its folder and without one; `fs/getMetadata` with that
//! policy, with one that hides much, and without; and bubblewrap alone, started with the very mounts our server gives it. The
//! sides take turns, every other round in reverse order; a cell is the median over the rounds of
//! the median of a round, a ratio the median of the ratios within the rounds.
//!
//! `OUTPOST_CODEX_BIN` is the reference. `OUTPOST_BIN` is measured instead of the program this was
//! built with; `OUTPOST_BEFORE_BIN`, where it is set, beside it without a policy.
//! `OUTPOST_BENCH_ROUNDS` rounds (7), of `OUTPOST_BENCH_SAMPLES` samples (40). Must be able to read
//! the command lines of what its servers start. Ends with 1 where a bar is missed.

#![expect(
    clippy::print_stdout,
    reason = "the measurement's answer goes to whoever runs it"
)]

mod bare;
mod client;
mod server;
mod table;

use std::{env, path::PathBuf, process::ExitCode};

use server::{Held, Server};
use table::{Bar, Side, Table};

/// How long `true` behind walls may take, in parts of what bubblewrap alone takes.
const BARE_MOST: f64 = 1.3;

/// How much longer `true` may take behind walls than without, in parts of the reference's.
const ADDED_MOST: f64 = 0.5;

/// How long a look at a file may take behind walls that hide much, in parts of the reference's.
const LOOK_MOST: f64 = 0.05;

/// How long `true` without a policy may take, in parts of what it took before. Above 1, because a
/// small machine repeats itself to within some percent.
const FREE_MOST: f64 = 1.1;

/// The policies under which a file is looked at.
const LOOKS: [Held; 3] = [Held::Hidden, Held::Walled, Held::Free];

fn main() -> ExitCode {
    let number = |name: &str, otherwise| -> usize {
        let given = env::var(name).ok();
        given.map_or(otherwise, |text| text.parse().expect("a number"))
    };
    let rounds = number("OUTPOST_BENCH_ROUNDS", 7);
    let samples = number("OUTPOST_BENCH_SAMPLES", 40);
    let folder =
        tempfile::TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder for the run");
    let folder = folder.path().canonicalize().expect("it exists");
    let program = |name| env::var_os(name).map(PathBuf::from);
    let ours = program("OUTPOST_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_outpost").into());
    let ours = Server::start("ours", &ours, &folder);
    let reference = program("OUTPOST_CODEX_BIN").map(|path| Server::start("codex", &path, &folder));
    let before = program("OUTPOST_BEFORE_BIN").map(|path| Server::start("before", &path, &folder));
    let line = bare::line(&mut ours.connect(), &folder);

    let mut sides = vec![
        Side::new("bubblewrap alone", move || {
            let line = line.clone();
            Box::new(move || bare::run(&line))
        }),
        ours.runs(Held::Walled),
        ours.runs(Held::Free),
    ];
    sides.extend(LOOKS.map(|held| ours.looks(held)));
    if let Some(reference) = &reference {
        sides.extend([Held::Walled, Held::Free].map(|held| reference.runs(held)));
        sides.extend(LOOKS.map(|held| reference.looks(held)));
    }
    sides.extend(before.iter().map(|before| before.runs(Held::Free)));
    let table = Table::measure(&sides, rounds, samples);
    println!("{table}");
    let bars = bars(&table, reference.is_some(), before.is_some());
    for bar in &bars {
        println!("{bar}");
    }
    if bars.iter().all(Bar::is_met) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn bars(table: &Table, reference: bool, before: bool) -> Vec<Bar> {
    let mut bars = vec![Bar::new(
        "true behind walls, of bubblewrap alone",
        BARE_MOST,
        table.ratio(|row| row["true, walled, ours"] / row["bubblewrap alone"]),
    )];
    if reference {
        let added = |row: &table::Row<'_>, who: &str| {
            row[&*format!("true, walled, {who}")] - row[&*format!("true, {who}")]
        };
        bars.push(Bar::new(
            "time that walls add, of the reference's",
            ADDED_MOST,
            table.ratio(|row| added(row, "ours") / added(row, "codex")),
        ));
        bars.push(Bar::new(
            "a look at a file behind walls that hide much, of the reference's",
            LOOK_MOST,
            table.ratio(|row| row["look, hidden, ours"] / row["look, hidden, codex"]),
        ));
    }
    if before {
        bars.push(Bar::new(
            "true without a policy, of before",
            FREE_MOST,
            table.ratio(|row| row["true, ours"] / row["true, before"]),
        ));
    }
    bars
}
