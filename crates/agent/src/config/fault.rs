//! What is wrong with a file, and where.

use std::{fmt, ops::Range, path::PathBuf};

use super::document::position;

/// A place in a text, counted from 1, the columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// What is wrong with a file. Shown as `file:line:column: what is wrong`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The file.
    pub file: PathBuf,
    /// The first and the last character that is wrong; none if it is the file as such.
    pub range: Option<(Position, Position)>,
    /// What is wrong, as a lower-case fragment.
    pub words: String,
}

impl Fault {
    /// What is wrong at `span` in `text`, the content of `file`.
    pub(crate) fn at(file: PathBuf, text: &str, span: Option<Range<usize>>, words: String) -> Self {
        let range = span.map(|span| {
            let last = text[..span.end.min(text.len())]
                .char_indices()
                .next_back()
                .map_or(0, |(index, _)| index);
            (
                position(text, span.start),
                position(text, last.max(span.start)),
            )
        });
        Self { file, range, words }
    }

    /// What is wrong with `file` as such.
    pub(crate) fn of_file(file: PathBuf, words: String) -> Self {
        Self {
            file,
            range: None,
            words,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.display();
        match self.range {
            Some((start, _)) => write!(f, "{file}:{}:{}: {}", start.line, start.column, self.words),
            None => write!(f, "Failed to read config file {file}: {}", self.words),
        }
    }
}
