//! A command on another machine, from its start to its end.

use std::{future::poll_fn, time::Duration};

use bytes::Bytes;
use outpost_client::{Exit, ExitReason as Reason, OutputStream, ProcessEvent};
use outpost_host::process::{self as host, Audience, Chunk, Event, Stream};
use outpost_protocol::RpcError;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{ENDING, RemoteCommand, errors};

/// The largest piece an audience is told at once.
const PIECE: usize = 64 << 10;

/// What is said of a command that was killed and of whose end nothing was heard.
const KILLED: i32 = 137;

/// A command whose output is being told.
struct Course<A> {
    audience: A,
    /// Output the audience has no room for yet, and since when.
    waiting: Option<(Stream, Bytes, Instant)>,
    exit: Option<Exit>,
    /// When its end is no longer waited for.
    patience: Option<Instant>,
    timed_out: bool,
    events: u64,
}

// === impl RemoteCommand ===

impl RemoteCommand {
    /// Tells an audience everything the command says, up to its end; kills it when its time is
    /// over or `full` is cancelled. Returns whether something held its output open after its end;
    /// an error when what became of the command is not known.
    pub(in crate::app) async fn run(
        mut self,
        audience: impl Audience,
        full: &CancellationToken,
    ) -> Result<bool, RpcError> {
        let mut course = Course::new(audience);
        let mut is_full = false;
        let closed = loop {
            tokio::select! {
                // Time is looked at first, so that a flood does not hide it.
                biased;
                () = until(self.deadline), if !course.timed_out => {
                    course.timed_out = true;
                    course.wait_at_most(ENDING);
                    self.leash.kill();
                }
                () = full.cancelled(), if !is_full => {
                    is_full = true;
                    course.wait_at_most(ENDING);
                    self.leash.kill();
                }
                () = until(course.patience), if course.waiting.is_none() => break false,
                // Cancel-safe: room that was taken stays with the audience.
                room = poll_fn(|cx| course.audience.poll_ready(cx)), if course.waiting.is_some() => {
                    match room {
                        Ok(()) => course.tell(),
                        Err(_) => return Err(RpcError::internal("the connection has ended")),
                    }
                }
                event = self.process.next(), if course.waiting.is_none() => match event {
                    Some(Ok(ProcessEvent::Output { stream, bytes })) => course.heard(stream, bytes),
                    Some(Ok(ProcessEvent::Exited(exit))) => {
                        course.exit = Some(exit);
                        if let Some(drain) = self.leash.drain() {
                            course.wait_at_most(drain);
                        }
                    }
                    Some(Ok(ProcessEvent::Closed)) => break true,
                    Some(Err(error)) => return Err(self.lost(&errors::words(&error))),
                    None => return Err(self.lost("its session has ended")),
                },
            }
        };
        let abandoned = !closed && course.exit.is_some();
        course.end();
        if closed {
            self.leash.release();
        }
        Ok(abandoned)
    }

    /// Nobody knows what becomes of it.
    fn lost(&self, words: &str) -> RpcError {
        RpcError::internal(format!(
            "environment `{}` was lost while the {} ran, and what became of it is not known: {words}",
            self.environment(),
            self.family.noun()
        ))
    }
}

// === impl Course ===

impl<A: Audience> Course<A> {
    fn new(audience: A) -> Self {
        Self {
            audience,
            waiting: None,
            exit: None,
            patience: None,
            timed_out: false,
            events: 0,
        }
    }

    /// The end is near: it is waited for so long, and no longer than was said before.
    fn wait_at_most(&mut self, time: Duration) {
        let until = Instant::now() + time;
        self.patience = Some(self.patience.map_or(until, |before| before.min(until)));
    }

    fn heard(&mut self, stream: OutputStream, bytes: Bytes) {
        let stream = match stream {
            OutputStream::Stdout => Stream::Stdout,
            OutputStream::Stderr => Stream::Stderr,
            OutputStream::Pty => Stream::Terminal,
        };
        self.waiting = Some((stream, bytes, Instant::now()));
    }

    /// Tells the next piece of what waits; there is room for one.
    fn tell(&mut self) {
        let Some((stream, bytes, since)) = &mut self.waiting else {
            return;
        };
        let (stream, since) = (*stream, *since);
        let data = bytes.split_to(bytes.len().min(PIECE));
        if bytes.is_empty() {
            self.waiting = None;
            // The command is not to blame for the time its client takes.
            self.patience = self.patience.map(|until| until + since.elapsed());
        }
        let seq = self.next();
        self.say(&Event::Output(Chunk { seq, stream, data }));
    }

    /// Tells the end.
    fn end(mut self) {
        let (code, timed_out) = match &self.exit {
            Some(exit) => (exit.code, exit.reason == Some(Reason::TimedOut)),
            None => (KILLED, false),
        };
        let timed_out = timed_out || self.timed_out;
        let denied = self.exit.as_ref().is_some_and(|exit| exit.sandbox_denied);
        let reason = if timed_out {
            host::ExitReason::TimedOut
        } else {
            host::ExitReason::Exited
        };
        let exit = host::Exit {
            code,
            reason,
            denied,
            exceeded: None,
        };
        let seq = self.next();
        self.say(&Event::Exited { seq, exit });
        let seq = self.next();
        self.say(&Event::Closed { seq });
    }

    fn next(&mut self) -> u64 {
        self.events += 1;
        self.events
    }

    fn say(&mut self, event: &Event) {
        self.audience.deliver("", event);
    }
}

/// Ready at this time; never without one.
async fn until(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}
