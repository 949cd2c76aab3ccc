//! A terminal with a program on it, whose screen can be read.
//!
//! What the program writes is drawn as a terminal would draw it, and what it asks of the terminal
//! (where the cursor is, which colours there are, what the terminal can do) is answered. Whoever
//! waits, waits for what is on the screen, not for a time. Dropping it ends the program.

use std::{
    fs::File,
    io::{Read, Write},
    num::NonZero,
    os::fd::OwnedFd,
    process::{Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, sync_channel},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    fs::{Mode, OFlags},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};
use vt100::{Callbacks, Parser, Screen};

use crate::program::Program;

/// Rows and columns: room for what clients show at their start.
const SIZE: (u16, u16) = (40, 120);

/// Pieces of output that wait to be drawn.
const HELD: usize = 4096;

/// See the module.
#[derive(Debug)]
pub struct Terminal {
    /// Drawn to, and read from.
    screen: Drawing,
    keys: File,
    pieces: Receiver<Vec<u8>>,
    program: Program,
    /// Holds the terminal open, so that what was written last can be read.
    _slave: OwnedFd,
}

struct Drawing(Parser<Answers>);

/// What the program is still to be answered.
#[derive(Debug, Default)]
struct Answers(Vec<u8>);

// === impl Terminal ===

impl Terminal {
    /// Starts a program on a terminal of 40 rows and 120 columns.
    ///
    /// # Panics
    /// When there are no terminals, or the program cannot be started.
    pub fn start(command: &mut Command) -> Self {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags).expect("a terminal");
        grantpt(&master).expect("ours");
        unlockpt(&master).expect("ours");
        let name = ptsname(&master, Vec::new()).expect("a name");
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let slave = rustix::fs::open(name, flags, Mode::empty()).expect("the other side");
        let size = Winsize {
            ws_row: SIZE.0,
            ws_col: SIZE.1,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&slave, size).expect("a terminal has a size");
        let end = || Stdio::from(slave.try_clone().expect("a descriptor"));
        command.env("TERM", "xterm-256color");
        let program = Program::start(command.stdin(end()).stdout(end()).stderr(end()));
        let keys = File::from(master);
        let mut output = keys.try_clone().expect("a descriptor");
        let (tx, pieces) = sync_channel(HELD);
        thread::spawn(move || {
            let mut piece = [0; 4096];
            // The end of a terminal is an error, and so is the end of the test.
            while let Ok(length @ 1..) = output.read(&mut piece) {
                if tx.send(piece[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            screen: Drawing::blank(SIZE),
            keys,
            pieces,
            program,
            _slave: slave,
        }
    }

    /// Presses keys.
    ///
    /// # Panics
    /// When the terminal takes none.
    pub fn press(&mut self, keys: &str) {
        let pressed = self.keys.write_all(keys.as_bytes());
        pressed.expect("a terminal takes keys");
    }

    /// Waits until the screen is as it is wanted, and returns it. `what` says that in words.
    ///
    /// # Panics
    /// When it is not within `patience`.
    #[track_caller]
    pub fn wait_for(
        &mut self,
        what: &str,
        patience: Duration,
        wanted: impl Fn(&str) -> bool,
    ) -> String {
        let deadline = Instant::now() + patience;
        loop {
            let shown = self.screen.text();
            if wanted(&shown) {
                return shown;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match self.pieces.recv_timeout(left) {
                Ok(piece) => self.draw(&piece),
                Err(error) => panic!("{what} did not come ({error}); the screen is\n{shown}"),
            }
        }
    }

    /// Waits for the program to end; `None` when `patience` is over.
    pub fn finish(mut self, patience: Duration) -> Option<ExitStatus> {
        self.program.wait(patience)
    }

    fn draw(&mut self, piece: &[u8]) {
        let answers = self.screen.draw(piece);
        // A program that has ended waits for no answer.
        drop(self.keys.write_all(&answers));
    }
}

// === impl Drawing ===

impl Drawing {
    fn blank((rows, columns): (u16, u16)) -> Self {
        let side = |length| NonZero::new(length).expect("a terminal has rows and columns");
        let answers = Answers::default();
        Self(Parser::new_with_callbacks(
            side(rows),
            side(columns),
            0,
            answers,
        ))
    }

    /// Draws, and says what is to be answered.
    fn draw(&mut self, piece: &[u8]) -> Vec<u8> {
        self.0.process(piece);
        std::mem::take(&mut self.0.callbacks_mut().0)
    }

    fn text(&self) -> String {
        self.0.screen().contents()
    }
}

impl std::fmt::Debug for Drawing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text())
    }
}

impl Callbacks for Answers {
    fn unhandled_csi(
        &mut self,
        screen: &mut Screen,
        mark: Option<u8>,
        _: Option<u8>,
        params: &[&[u16]],
        letter: char,
    ) {
        let first = params.first().and_then(|param| param.first()).copied();
        match (mark, letter, first) {
            (None, 'n', Some(5)) => self.0.extend(b"\x1b[0n"),
            (None, 'n', Some(6)) => {
                let (row, column) = screen.cursor_position();
                let answer = format!("\x1b[{};{}R", row + 1, column + 1);
                self.0.extend(answer.as_bytes());
            }
            // A VT100 with colours; none of the newer ways to say a key.
            (None, 'c', _) => self.0.extend(b"\x1b[?1;2c"),
            (Some(b'?'), 'u', _) => self.0.extend(b"\x1b[?0u"),
            _ => {}
        }
    }

    fn unhandled_osc(&mut self, _: &mut Screen, params: &[&[u8]]) {
        match params {
            [b"10", b"?"] => self.0.extend(b"\x1b]10;rgb:ffff/ffff/ffff\x1b\\"),
            [b"11", b"?"] => self.0.extend(b"\x1b]11;rgb:0000/0000/0000\x1b\\"),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::command;

    const PATIENCE: Duration = Duration::from_secs(60);

    #[test]
    fn what_is_drawn_is_read_and_keys_are_taken() {
        let script = "printf 'first\\033[2;3Hsecond\\033[1;1HFIRST'; read line; echo \"got $line\"";
        let mut terminal = Terminal::start(command("sh").args(["-c", script]));
        let shown = terminal.wait_for("text", PATIENCE, |shown| shown.contains("second"));
        assert!(shown.starts_with("FIRST\n  second"), "{shown:?}");
        terminal.press("keys\r");
        terminal.wait_for("the keys", PATIENCE, |shown| shown.contains("got keys"));
        assert!(
            terminal
                .finish(PATIENCE)
                .is_some_and(|status| status.success())
        );
    }

    #[test]
    fn what_a_program_asks_of_its_terminal_is_answered() {
        let mut drawing = Drawing::blank((4, 20));
        assert_eq!(drawing.draw(b"ab\r\ncd\x1b[6n"), b"\x1b[2;3R");
        assert_eq!(
            drawing.draw(b"\x1b[c\x1b[?u\x1b[5n"),
            b"\x1b[?1;2c\x1b[?0u\x1b[0n"
        );
        assert_eq!(
            drawing.draw(b"\x1b]11;?\x07"),
            b"\x1b]11;rgb:0000/0000/0000\x1b\\"
        );
        assert_eq!(drawing.draw(b"\x1b[1m\x1b]0;title\x07"), b"");
    }
}
