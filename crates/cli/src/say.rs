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
