//! What the verbs that look print, on standard output.
//!
//! Names are printed as they are, with control characters replaced when standard output is a
//! terminal. A reader of the output that has gone ends the verb without a complaint.

use std::{
    io::{self, IsTerminal},
    path::{Path, PathBuf},
};

use outpost_client::ClientError;
use tokio::io::{AsyncWriteExt, Stdout, stdout};

use super::{report, status};
use crate::exit;

/// Standard output, and whether somebody still reads it.
pub(super) struct Output {
    stdout: Stdout,
    terminal: bool,
}

/// Why a verb stops in the middle.
pub(super) enum Stop {
    /// This path cannot be looked at.
    Path(anyhow::Error),
    /// Nobody reads the output any more.
    Unread,
}

// === impl Output ===

impl Output {
    fn new() -> Self {
        Self {
            stdout: stdout(),
            terminal: io::stdout().is_terminal(),
        }
    }

    pub(super) async fn bytes(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        self.stdout.write_all(bytes).await?;
        Ok(())
    }

    pub(super) async fn text(&mut self, text: &str) -> Result<(), Stop> {
        if self.terminal {
            let shown: String = text.chars().map(bearable).collect();
            return self.bytes(shown.as_bytes()).await;
        }
        self.bytes(text.as_bytes()).await
    }

    pub(super) async fn flush(&mut self) -> Result<(), Stop> {
        self.stdout.flush().await?;
        Ok(())
    }
}

/// A character as a terminal can bear it.
fn bearable(c: char) -> char {
    if c.is_control() && c != '\n' {
        '\u{fffd}'
    } else {
        c
    }
}

// === impl Stop ===

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Unread,
            _ => Self::Path(anyhow::Error::new(error).context("standard output")),
        }
    }
}

impl From<ClientError> for Stop {
    fn from(error: ClientError) -> Self {
        Self::Path(error.into())
    }
}

impl From<anyhow::Error> for Stop {
    fn from(error: anyhow::Error) -> Self {
        Self::Path(error)
    }
}

/// Does `one` for each of `paths` and returns the exit status.
pub(super) async fn each(
    paths: &[PathBuf],
    what: &str,
    one: impl AsyncFn(&mut Output, &Path) -> Result<(), Stop>,
) -> anyhow::Result<u8> {
    let (mut output, mut all_done) = (Output::new(), true);
    for path in paths {
        let done = match one(&mut output, path).await {
            Ok(()) => output.flush().await,
            stopped => stopped,
        };
        match done {
            Ok(()) => {}
            Err(Stop::Path(error)) => all_done = report(what, path, Err(error)),
            Err(Stop::Unread) => return Ok(exit::BROKEN_PIPE),
        }
    }
    Ok(status(all_done))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_do_not_reach_a_terminal() {
        let text: String = "a\x1b[31mb\n".chars().map(bearable).collect();
        assert_eq!(text, "a\u{fffd}[31mb\n");
    }
}
