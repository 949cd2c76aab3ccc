//! What is asked of the command while its output goes on, and the signals that ask for it.

use std::future::pending;

use outpost_client::{ClientError, ProcessControl, SignalName};
use tokio::{
    signal::unix::SignalKind,
    sync::mpsc::{self, Receiver, Sender},
    time::Instant,
};

use super::interrupts::{Interrupts, Reaction};
use crate::{
    signals::Signals,
    terminal::{self, Raw},
};

/// SIGCONT.
const CONTINUE: i32 = rustix::process::Signal::CONT.as_raw();

/// Requests that wait for their turn: more than anybody asks for by hand. One beyond that is
/// dropped; sizes are looked up when their turn comes, so the last one is not lost.
const WAITING: usize = 64;

/// Something asked of the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Request {
    /// It is to get a signal.
    Signal(SignalName),
    /// Its terminal is to have the size of ours.
    Resize,
    /// It is to end with all its descendants.
    End,
}

/// Turns signals to this program into requests.
#[derive(Debug)]
pub(super) struct Asker {
    signals: Signals,
    interrupts: Interrupts,
    requests: Sender<Request>,
}

// === impl Asker ===

impl Asker {
    /// Hears the signals that concern a command; its requests arrive at the receiver. To be called
    /// inside a runtime.
    pub(super) fn listen() -> std::io::Result<(Self, Receiver<Request>)> {
        let signals = Signals::listen(&[
            SignalKind::interrupt(),
            SignalKind::terminate(),
            SignalKind::hangup(),
            SignalKind::quit(),
            SignalKind::window_change(),
            SignalKind::from_raw(CONTINUE),
        ])?;
        let (requests, asked) = mpsc::channel(WAITING);
        let interrupts = Interrupts::default();
        Ok((
            Self {
                signals,
                interrupts,
                requests,
            },
            asked,
        ))
    }

    /// Waits for a signal that asks for an end, before there is a command; its number. Cancel-safe.
    pub(super) async fn told_to_end(&mut self) -> i32 {
        loop {
            let kind = self.signals.next().await;
            if name(kind).is_some() {
                return kind.as_raw_value();
            }
        }
    }

    /// Makes requests of signals, until one of them says that nobody waits any more. Cancel-safe.
    pub(super) async fn told_to_leave(&mut self, raw: Option<&Raw>) {
        loop {
            let kind = self.signals.next().await;
            let Some(signal) = name(kind) else {
                if kind.as_raw_value() == CONTINUE {
                    again(raw);
                }
                self.ask(Request::Resize);
                continue;
            };
            match self.interrupts.on(signal, Instant::now()) {
                Reaction::Ask(request) => self.ask(request),
                Reaction::Leave => return,
            }
        }
    }

    /// Asks for the end of the command because its time is over.
    pub(super) fn end(&mut self) {
        self.interrupts.ending();
        self.ask(Request::End);
    }

    fn ask(&self, request: Request) {
        if self.requests.try_send(request).is_err() {
            tracing::debug!(?request, "too many requests wait");
        }
    }
}

/// The signal for a command; nothing for a signal that concerns the terminal.
fn name(kind: SignalKind) -> Option<SignalName> {
    let names = [
        (SignalKind::interrupt(), SignalName::Interrupt),
        (SignalKind::terminate(), SignalName::Terminate),
        (SignalKind::hangup(), SignalName::Hangup),
        (SignalKind::quit(), SignalName::Quit),
    ];
    names
        .into_iter()
        .find_map(|(known, name)| (known == kind).then_some(name))
}

/// Whoever stopped us has probably changed the terminal.
fn again(raw: Option<&Raw>) {
    if let Some(Err(error)) = raw.map(Raw::again) {
        tracing::debug!(%error, "the terminal did not become raw again");
    }
}

/// Puts requests to the command, one after the other. Does not end.
pub(super) async fn answer(mut asked: Receiver<Request>, control: &ProcessControl) {
    while let Some(request) = asked.recv().await {
        if let Err(error) = put(request, control).await {
            // The command may have ended meanwhile, and a lost one is told with its output.
            tracing::debug!(?request, %error, "a request was not granted");
        }
    }
    pending::<()>().await;
}

async fn put(request: Request, control: &ProcessControl) -> Result<(), ClientError> {
    match request {
        Request::Signal(signal) => match control.signal(signal).await {
            // A server that does not know the signal knows this.
            Err(error) if error.is_unsupported() => control.terminate(None).await.map(drop),
            done => done,
        },
        Request::Resize => match terminal::size() {
            Some(size) => control.resize(size.rows, size.cols).await,
            None => Ok(()),
        },
        Request::End => control.terminate(None).await.map(drop),
    }
}
