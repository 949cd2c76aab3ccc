//! `outpost ps` and `outpost kill`: the processes of a session that nobody is attached to.
//!
//! Joining a session is resuming it, so its processes count as attended to meanwhile, and as left
//! again when the command ends.

use std::{collections::HashSet, fmt::Write as _, io::Write as _, time::Duration};

use anyhow::Context;
use outpost_client::{ClientError, ProcessSummary};

use crate::{
    args::{Kill, Ps},
    exit, machine, say, time,
};

/// Lists the processes.
pub(crate) async fn ps(arguments: Ps) -> anyhow::Result<u8> {
    let machine = machine::reach(&arguments.target, Some(arguments.session.id))?;
    let list = machine.environment().processes().list().await;
    machine.close().await;
    let table = table(&list?);
    match std::io::stdout().write_all(table.as_bytes()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(exit::BROKEN_PIPE),
        written => written
            .map(|()| exit::DONE)
            .context("cannot write standard output"),
    }
}

/// Ends or signals each of the processes.
pub(crate) async fn kill(arguments: Kill) -> anyhow::Result<u8> {
    let machine = machine::reach(&arguments.target, Some(arguments.session.id))?;
    let processes = machine.environment().processes();
    let known = match processes.list().await {
        Ok(list) => Some(list.into_iter().map(|process| process.process_id).collect()),
        // A server that cannot list them does not mind an id it does not know.
        Err(ClientError::Unsupported { .. }) => None,
        Err(error) => {
            machine.close().await;
            return Err(error.into());
        }
    };
    let mut status = exit::DONE;
    for id in arguments.ids {
        let known: Option<&HashSet<String>> = known.as_ref();
        let done = match arguments.signal {
            _ if known.is_some_and(|known| !known.contains(&id)) => {
                Err(ClientError::UnknownProcess { id: id.clone() })
            }
            Some(signal) => processes.signal(id.as_str(), signal).await,
            None => processes
                .terminate(id.as_str(), arguments.grace)
                .await
                .map(drop),
        };
        if let Err(error) = done {
            let verb = if arguments.signal.is_some() {
                "signal"
            } else {
                "end"
            };
            say::line(format_args!("cannot {verb} {id}: {error}"));
            status = exit::FAILED;
        }
    }
    machine.close().await;
    Ok(status)
}

/// A row for each process under a row of names; columns as wide as they need to be.
fn table(processes: &[ProcessSummary]) -> String {
    let heads = ["ID", "PID", "STATE", "AGE"].map(str::to_owned);
    let mut rows = vec![(heads, "COMMAND".to_owned())];
    rows.extend(processes.iter().map(row));
    let mut widths = [0; 4];
    for (cells, _) in &rows {
        for (width, cell) in widths.iter_mut().zip(cells) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut table = String::new();
    for (cells, command) in rows {
        for (width, cell) in widths.into_iter().zip(cells) {
            write!(table, "{cell:<width$}  ").expect("a string takes every text");
        }
        table.push_str(&command);
        table.push('\n');
    }
    table
}

/// What a row says.
fn row(process: &ProcessSummary) -> ([String; 4], String) {
    let state = match (process.exit_code, process.exited, process.closed) {
        (Some(code), true, true) => format!("exited {code}"),
        (Some(code), true, false) => format!("exited {code}, output open"),
        (None, true, _) => "exited".to_owned(),
        (_, false, _) => "running".to_owned(),
    };
    let age = time::span(Duration::from_millis(process.age_ms));
    let cells = [
        process.process_id.clone(),
        process.pid.to_string(),
        state,
        age,
    ];
    (
        cells.map(|cell| visible(&cell)),
        visible(&process.argv.join(" ")),
    )
}

/// A text in one line and without what could move a terminal's cursor.
fn visible(text: &str) -> String {
    let shown = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    text.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use outpost_protocol::PathUri;

    use super::*;

    #[test]
    fn columns_are_as_wide_as_they_need_to_be() {
        let process = |id: &str, code: Option<i32>, age_ms| ProcessSummary {
            process_id: id.to_owned(),
            pid: 4711,
            argv: vec!["sh".to_owned(), "-c".to_owned(), "a\nb".to_owned()],
            cwd: PathUri::from_path("/"),
            tty: false,
            age_ms,
            exited: code.is_some(),
            exit_code: code,
            closed: code.is_some(),
            next_seq: 1,
            limit_exceeded: None,
        };
        let table = table(&[
            process("a-long-name", None, 187_000),
            process("b", Some(137), 0),
        ]);
        assert_eq!(
            table,
            "ID           PID   STATE       AGE    COMMAND\n\
             a-long-name  4711  running     3m07s  sh -c a\u{fffd}b\n\
             b            4711  exited 137  0s     sh -c a\u{fffd}b\n"
        );
    }

    #[test]
    fn no_processes_are_a_row_of_names() {
        assert_eq!(table(&[]), "ID  PID  STATE  AGE  COMMAND\n");
    }
}
