//! Lines for the user, on standard error.
//!
//! One line is one write, so that lines of programs that share a terminal do not mix. A standard
//! error that is closed is nobody's reason to fail.

use std::{
    fmt::Display,
    io::{self, Write},
};

use crate::terminal;

/// Says one line under the program's name.
pub(crate) fn line(text: impl Display) {
    raw(format_args!("outpost: {text}"));
}

/// Says one line as it is.
pub(crate) fn raw(text: impl Display) {
    let end = if terminal::is_raw() { "\r\n" } else { "\n" };
    let line = format!("{text}{end}");
    // There is no third place to complain to.
    let _unsaid = io::stderr().write_all(line.as_bytes());
}

/// An error and what led to it, each thing said once: some errors tell their cause themselves.
pub(crate) fn causes(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use anyhow::{Context as _, anyhow};

    use super::causes;

    #[test]
    fn what_an_error_says_of_its_cause_is_not_said_again() {
        let refused = || anyhow!("refused");
        assert_eq!(causes(&refused()), "refused");
        assert_eq!(causes(&refused().context("connect")), "connect: refused");
        let told: anyhow::Result<()> = Err(refused()).context("connect: refused");
        assert_eq!(causes(&told.unwrap_err()), "connect: refused");
    }
}
