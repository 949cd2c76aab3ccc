//! The table as a document.

use std::fmt::Write as _;

use super::{Entry, NOTIFICATIONS, REQUESTS, SERVER_REQUESTS, State, Surface};

/// The text of `docs/coverage.md`.
#[must_use]
pub fn coverage() -> String {
    let mut text = String::from(
        "# What of the app protocol is here\n\n\
         Made from the table in `crates/protocol/src/app/table.rs`; after a change there, run\n\
         `OUTPOST_WRITE_COVERAGE=1 cargo test -p outpost-protocol --test it coverage`.\n\n\
         *typed*: its words are here as types, held against the reference's schema. Of the typed\n\
         requests the server answers `initialize`, `command/exec` with what steers it, and\n\
         `process/*`; the others are refused with -32601 until their part of the server is there.\n\
         *later*: it belongs to threads and turns, and is refused until they are there. *not\n\
         offered*: it belongs to a service that this server does not have; it is\n\
         refused with the reason.\n\n\
         | | typed | later | not offered | all |\n|---|---|---|---|---|\n",
    );
    let (known, legacy): (Vec<_>, Vec<_>) = REQUESTS
        .iter()
        .partition(|entry| entry.surface != Surface::Legacy);
    let lists = [
        ("requests of a client", known),
        ("older requests of a client", legacy),
        (
            "notifications of the server",
            NOTIFICATIONS.iter().collect(),
        ),
        ("requests of the server", SERVER_REQUESTS.iter().collect()),
    ];
    for (title, entries) in &lists {
        sum(&mut text, title, entries);
    }
    for (title, entries) in &lists {
        list(&mut text, title, entries);
    }
    text
}

fn sum(text: &mut String, title: &str, entries: &[&Entry]) {
    let count = |is: fn(State) -> bool| entries.iter().filter(|entry| is(entry.state)).count();
    line(
        text,
        format_args!(
            "| {title} | {} | {} | {} | {} |",
            count(|state| state == State::Implemented),
            count(|state| state == State::Later),
            count(|state| matches!(state, State::Refused { .. })),
            entries.len(),
        ),
    );
}

fn list(text: &mut String, title: &str, entries: &[&Entry]) {
    line(text, format_args!("\n## The {title}\n"));
    line(
        text,
        format_args!("| name | surface | state |\n|---|---|---|"),
    );
    for entry in entries {
        let surface = match entry.surface {
            Surface::Stable => "stable",
            Surface::Experimental => "experimental",
            Surface::Legacy => "older",
        };
        let name = entry.name;
        match entry.state {
            State::Implemented => line(text, format_args!("| `{name}` | {surface} | typed |")),
            State::Later => line(text, format_args!("| `{name}` | {surface} | later |")),
            State::Refused { why } => line(
                text,
                format_args!("| `{name}` | {surface} | not offered: {why} |"),
            ),
        }
    }
}

fn line(text: &mut String, words: std::fmt::Arguments<'_>) {
    writeln!(text, "{words}").expect("a text takes all that is written to it");
}
