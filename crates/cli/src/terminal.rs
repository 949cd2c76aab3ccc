//! The user's terminal: its size, and raw mode that is always given back.
//!
//! While a [`Raw`] lives, standard input is a terminal in raw mode: keys arrive as they are typed,
//! and Ctrl-C is a byte. The former mode is back when it is dropped, and before the text of a panic
//! is printed, in whichever thread it happens. A program that is stopped and continued finds the
//! terminal in the mode the shell left it in, hence [`Raw::again`].

use std::{
    io::{self, IsTerminal},
    panic,
    sync::Once,
};

use parking_lot::Mutex;
use rustix::{
    stdio::stdin,
    termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr},
};

/// The mode to go back to; there is one while the terminal is raw.
static FORMER: Mutex<Option<Termios>> = Mutex::new(None);

/// Rows and columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    /// Rows.
    pub(crate) rows: u16,
    /// Columns.
    pub(crate) cols: u16,
}

/// Whether standard input is a terminal.
pub(crate) fn is_there() -> bool {
    io::stdin().is_terminal()
}

/// Whether a [`Raw`] lives.
pub(crate) fn is_raw() -> bool {
    FORMER.lock().is_some()
}

/// The size of the terminal at standard input; nothing where there is none or it has no size.
pub(crate) fn size() -> Option<Size> {
    let size = tcgetwinsize(stdin()).ok()?;
    let (rows, cols) = (size.ws_row, size.ws_col);
    (rows > 0 && cols > 0).then_some(Size { rows, cols })
}

/// Raw mode, until it is dropped. There is one at a time.
#[derive(Debug)]
#[must_use]
pub(crate) struct Raw(());

// === impl Raw ===

impl Raw {
    /// Puts the terminal at standard input into raw mode.
    pub(crate) fn enter() -> io::Result<Self> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let print = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                restore();
                print(info);
            }));
        });
        let former = tcgetattr(stdin())?;
        // Before the mode is changed, so that whatever happens next finds the way back.
        *FORMER.lock() = Some(former);
        let raw = Self(());
        raw.again()?;
        Ok(raw)
    }

    /// Makes the mode raw once more, after somebody else may have changed it.
    pub(crate) fn again(&self) -> io::Result<()> {
        let mut mode = match &*FORMER.lock() {
            Some(former) => former.clone(),
            // A panic elsewhere has given it back for good.
            None => return Ok(()),
        };
        mode.make_raw();
        tcsetattr(stdin(), OptionalActions::Drain, &mode)?;
        Ok(())
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        restore();
    }
}

/// Gives the former mode back, once.
fn restore() {
    if let Some(former) = FORMER.lock().take() {
        // A terminal that is gone needs no mode.
        let _gone = tcsetattr(stdin(), OptionalActions::Drain, &former);
    }
}
