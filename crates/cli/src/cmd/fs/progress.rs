//! How far a transfer is, on standard error when that is a terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar for one file of known size.
const OF_FILE: &str =
    "{wide_msg} {bytes:>11} / {total_bytes:<11} {binary_bytes_per_sec:>13} {eta:>4} [{bar:20}]";

/// A counter for what has no known size.
const OF_MANY: &str = "{wide_msg} {bytes:>11} {binary_bytes_per_sec:>13} {elapsed:>4} {spinner}";

/// How far a transfer is. Dropped, it leaves no trace on the screen.
#[derive(Debug, Clone)]
pub(super) struct Progress(ProgressBar);

// === impl Progress ===

impl Progress {
    /// Of one file with `bytes`.
    pub(super) fn of_file(bytes: u64) -> Self {
        Self(ProgressBar::new(bytes).with_style(style(OF_FILE)))
    }

    /// Of any number of files.
    pub(super) fn of_many() -> Self {
        Self(ProgressBar::no_length().with_style(style(OF_MANY)))
    }

    /// Names the file that is being moved.
    pub(super) fn at(&self, name: String) {
        self.0.set_message(name);
    }

    /// Counts bytes that have been moved.
    pub(super) fn moved(&self, bytes: usize) {
        self.0.inc(bytes as u64);
    }

    /// Says a line without disturbing the bar.
    pub(super) fn line(&self, text: impl std::fmt::Display) {
        self.0.suspend(|| crate::say::line(text));
    }

    /// Takes the bar off the screen.
    pub(super) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the template is a constant of this file")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_templates() {
        for template in [OF_FILE, OF_MANY] {
            assert!(ProgressStyle::with_template(template).is_ok());
        }
    }
}
