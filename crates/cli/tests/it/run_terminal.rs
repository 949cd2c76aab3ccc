//! `outpost run -t`, under a terminal of our own.

use std::{
    fs::File,
    io::{Read, Write},
    os::fd::OwnedFd,
    process::Stdio,
    sync::mpsc::{Receiver, sync_channel},
    thread,
    time::Instant,
};

use outpost_testkit::program::Program;
use rustix::{
    fs::{Mode, OFlags},
    process::Signal,
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{LocalModes, OptionalActions, Termios, Winsize, tcgetattr, tcsetattr, tcsetwinsize},
};

use crate::support::{Home, PATIENCE};

/// Pieces of output that wait to be looked at.
const HELD: usize = 4096;

/// A terminal with a program on it.
struct Screen {
    keys: File,
    slave: OwnedFd,
    pieces: Receiver<Vec<u8>>,
    seen: String,
    program: Program,
}

// === impl Screen ===

impl Screen {
    /// Starts the program on a terminal of 30 rows and 100 columns.
    fn start(home: &Home, arguments: &[&str]) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC);
        let master = master.expect("a terminal");
        grantpt(&master).expect("ours");
        unlockpt(&master).expect("ours");
        let name = ptsname(&master, Vec::new()).expect("a name");
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let slave = rustix::fs::open(name, flags, Mode::empty()).expect("the other side");
        resize(&slave, 30, 100);
        let end = || Stdio::from(slave.try_clone().expect("a descriptor"));
        let mut command = home.outpost(arguments);
        command
            .env("TERM", "xterm")
            .stdin(end())
            .stdout(end())
            .stderr(end());
        let program = Program::start(&mut command);
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
            keys,
            slave,
            pieces,
            seen: String::new(),
            program,
        }
    }

    fn mode(&self) -> Termios {
        tcgetattr(&self.slave).expect("a terminal")
    }

    fn is_raw(&self) -> bool {
        !self.mode().local_modes.contains(LocalModes::ICANON)
    }

    fn type_keys(&mut self, keys: &str) {
        self.keys
            .write_all(keys.as_bytes())
            .expect("a terminal takes keys");
    }

    /// Waits until `text` has been shown, and forgets what came up to its end.
    #[track_caller]
    fn wait_for(&mut self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.seen.find(text) {
                let rest = self.seen.split_off(at + text.len());
                return std::mem::replace(&mut self.seen, rest);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match self.pieces.recv_timeout(left) {
                Ok(piece) => self.seen.push_str(&String::from_utf8_lossy(&piece)),
                Err(error) => panic!("no `{text}` in {:?}: {error}", self.seen),
            }
        }
    }

    fn finish(mut self) -> Option<i32> {
        let status = self
            .program
            .wait(PATIENCE)
            .expect("the program ends in time");
        assert!(!self.is_raw(), "the terminal was left in raw mode");
        status.code()
    }
}

fn resize(terminal: &OwnedFd, rows: u16, cols: u16) {
    let size = Winsize {
        ws_row: rows,
        ws_col: cols,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(terminal, size).expect("a terminal has a size");
}

#[test]
fn p17_keys_output_and_status_pass_through_a_raw_terminal() {
    let home = Home::new();
    let script =
        "test -t 0 && test -t 1 && test -t 2 && echo ready $TERM; read x; echo \"<$x>\"; exit 5";
    let mut screen = Screen::start(&home, &["run", "-t", "--", "sh", "-c", script]);
    screen.wait_for("ready xterm\r\n");
    assert!(screen.is_raw());
    screen.type_keys("hello\r");
    screen.wait_for("<hello>\r\n");
    assert_eq!(screen.finish(), Some(5));
    home.assert_nothing_left();
}

#[test]
fn p17_ctrl_c_is_a_key_of_the_far_terminal() {
    let home = Home::new();
    let script = "trap 'echo caught; exit 4' INT; echo ready; while :; do read x; done";
    let mut screen = Screen::start(&home, &["run", "-t", "--", "sh", "-c", script]);
    screen.wait_for("ready");
    screen.type_keys("\x03");
    screen.wait_for("caught");
    assert_eq!(screen.finish(), Some(4));
    home.assert_nothing_left();
}

#[test]
fn p17_ctrl_d_is_the_end_of_input() {
    let home = Home::new();
    let script = "echo ready; cat; echo over";
    let mut screen = Screen::start(&home, &["run", "-t", "--", "sh", "-c", script]);
    screen.wait_for("ready");
    screen.type_keys("\x04");
    screen.wait_for("over");
    assert_eq!(screen.finish(), Some(0));
}

#[test]
fn the_size_is_ours_at_the_start_and_follows_ours() {
    let home = Home::new();
    let script = "trap 'stty size; kill $!; exit 3' WINCH; stty size; sleep 600 & echo ready; wait";
    let mut screen = Screen::start(&home, &["run", "-t", "--", "sh", "-c", script]);
    screen.wait_for("30 100");
    screen.wait_for("ready");
    resize(&screen.slave, 41, 123);
    screen.program.signal(Signal::WINCH);
    screen.wait_for("41 123");
    assert_eq!(screen.finish(), Some(3));
    home.assert_nothing_left();
}

#[test]
fn a_program_that_was_stopped_makes_the_terminal_raw_again() {
    let home = Home::new();
    let mut screen = Screen::start(
        &home,
        &["run", "-t", "--", "sh", "-c", "echo ready; read x"],
    );
    screen.wait_for("ready");
    screen.program.signal(Signal::STOP);
    let mut cooked = screen.mode();
    cooked.local_modes |= LocalModes::ICANON | LocalModes::ECHO;
    tcsetattr(&screen.slave, OptionalActions::Now, &cooked).unwrap();
    screen.program.signal(Signal::CONT);
    let deadline = Instant::now() + PATIENCE;
    while !screen.is_raw() {
        assert!(Instant::now() < deadline, "the terminal stayed as it was");
        thread::yield_now();
    }
    screen.type_keys("\r");
    assert_eq!(screen.finish(), Some(0));
}

#[test]
fn a_failed_start_gives_the_terminal_back() {
    let home = Home::new();
    let mut screen = Screen::start(&home, &["run", "-t", "--", "no-such-program"]);
    screen.wait_for("no-such-program");
    assert_eq!(screen.finish(), Some(127));
}

#[test]
fn a_request_to_end_gives_the_terminal_back() {
    let home = Home::new();
    let mut screen = Screen::start(&home, &["run", "-t", "--", "sh", "-c", "echo ready; cat"]);
    screen.wait_for("ready");
    assert!(screen.is_raw());
    screen.program.signal(Signal::TERM);
    assert_eq!(screen.finish(), Some(143));
    home.assert_nothing_left();
}

#[test]
fn p17_a_terminal_that_is_gone_hangs_the_command_up() {
    let home = Home::new();
    let mut screen = Screen::start(&home, &["run", "-t", "--", "sh", "-c", "echo ready; cat"]);
    screen.wait_for("ready");
    screen.program.signal(Signal::HUP);
    assert_eq!(screen.finish(), Some(129));
    home.assert_nothing_left();
}

#[test]
fn what_goes_wrong_is_said_from_the_start_of_a_line() {
    let home = Home::new();
    let server = home.server(&[]);
    let proxy = outpost_testkit::proxy::Proxy::start(server.address());
    let url = format!("ws://{}", proxy.address());
    let arguments = [
        "run",
        "--on",
        &url,
        "-t",
        "--",
        "sh",
        "-c",
        "echo ready; read x; echo \"<$x>\"",
    ];
    let mut screen = Screen::start(&home, &arguments);
    screen.wait_for("ready\r\n");
    proxy.cut();
    let line = screen.wait_for("\r\n");
    assert!(line.starts_with("outpost: "), "{line:?}");
    screen.type_keys("on\r");
    screen.wait_for("<on>");
    assert_eq!(screen.finish(), Some(0));
    server.stop();
}
