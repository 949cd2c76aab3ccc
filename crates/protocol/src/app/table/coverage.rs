//! The table as a document.

use std::fmt::Write as _;

use super::{Entry, NOTIFICATIONS, REQUESTS, SERVER_REQUESTS, State, Surface};

/// The text of `docs/coverage.md`. What of the typed requests is answered, the face says.
#[must_use]
pub fn coverage(is_served: &dyn Fn(&str) -> bool) -> String {
    let mut text = String::from(
        "# What of the app protocol is here\n\n\
         Made from the table in `crates/protocol/src/app/table.rs` and that of the server in\n\
         `crates/server/src/app/methods.rs`; after a change there, run\n\
         `OUTPOST_WRITE_COVERAGE=1 cargo test -p outpost-server --lib coverage`.\n\n\
         *served*: the server answers it. *typed*: its words are here as types, held against the\n\
         reference's schema; a request that is only that is refused with -32601. *later*: it belongs\n\
         to what is not there yet, and is refused with -32601 until it is. *not offered*: it\n\
         belongs to a service that this server does not have, and is refused with -32601 and this\n\
         reason.\n\n\
         | | served | typed | later | not offered | all |\n|---|---|---|---|---|---|\n",
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
        sum(&mut text, title, entries, is_served);
    }
    for (title, entries) in &lists {
        list(&mut text, title, entries, is_served);
    }
    text
}

fn sum(text: &mut String, title: &str, entries: &[&Entry], is_served: &dyn Fn(&str) -> bool) {
    let count = |is: fn(State) -> bool| entries.iter().filter(|entry| is(entry.state)).count();
    let served = entries.iter().filter(|entry| is_served(entry.name)).count();
    line(
        text,
        format_args!(
            "| {title} | {served} | {} | {} | {} | {} |",
            count(|state| state == State::Implemented).saturating_sub(served),
            count(|state| state == State::Later),
            count(|state| matches!(state, State::Refused { .. })),
            entries.len(),
        ),
    );
}

fn list(text: &mut String, title: &str, entries: &[&Entry], is_served: &dyn Fn(&str) -> bool) {
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
        let (state, why) = match entry.state {
            _ if is_served(name) => ("served", ""),
            State::Implemented => ("typed", ""),
            State::Later => ("later", ""),
            State::Refused { why } => ("not offered: ", why),
        };
        line(
            text,
            format_args!("| `{name}` | {surface} | {state}{why} |"),
        );
    }
}

fn line(text: &mut String, words: std::fmt::Arguments<'_>) {
    writeln!(text, "{words}").expect("a text takes all that is written to it");
}
