//! The loop of one WebSocket: an event, a method for it, and again.

use std::{future::poll_fn, ops::ControlFlow, pin::Pin};

use bytes::Bytes;
use futures_util::Sink;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{AcquireError, OwnedSemaphorePermit, oneshot},
    time::{Instant, Sleep},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        protocol::frame::{
            Frame as WireFrame,
            coding::{Data, OpCode},
        },
    },
};

use super::{BATCH_BYTES, HEADER_BYTES, ending::End, io::Io, probes::Probes};
use crate::{
    frame::Frame,
    limits::Limits,
    link::{Close, Link, Received},
    transport::{
        meter::Meter,
        outgoing::{Fragment, Outgoing},
        watch::{Due, Watch},
    },
};

/// The state of one connection.
pub(super) struct Pump<S> {
    socket: WebSocketStream<Meter<S>>,
    link: Link,
    outgoing: Outgoing,
    /// A message the framing had no room for, because pongs fill it.
    refused: Option<Message>,
    /// Bytes given to the framing since everything was last written.
    backlog: usize,
    /// Whether something may wait in the framing.
    dirty: bool,
    /// A frame that arrived and waits for room in the link. While it waits nothing is read.
    parked: Option<Frame>,
    /// Why the link's other end stopped sending, once all it had queued was taken.
    drained: Option<Close>,
    watch: Watch,
    probes: Probes,
    /// The counters of the stream when they were last looked at.
    read: u64,
    written: u64,
}

/// Everything that can wake the pump.
pub(super) enum Event {
    /// A message, or the end.
    Message(Option<Result<Message, Error>>),
    /// Everything given to the framing was written.
    Flushed(Result<(), Error>),
    /// Writing stopped half-way.
    Blocked,
    /// Something is queued for the peer, or the queue ended.
    Queued(Option<Received>),
    /// The next piece of a long text is here, or will never be.
    Piece(bool),
    /// There is room in the link for what is parked.
    Room(Result<OwnedSemaphorePermit, AcquireError>),
    /// A deadline passed.
    Due,
}

// === impl Pump ===

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Pump<S> {
    pub(super) fn new(socket: WebSocketStream<Meter<S>>, link: Link, limits: &Limits) -> Self {
        Self {
            socket,
            link,
            outgoing: Outgoing::new(limits.wire.fragment_bytes),
            refused: None,
            backlog: 0,
            dirty: false,
            parked: None,
            drained: None,
            watch: Watch::new(&limits.timeouts, Instant::now()),
            probes: Probes::default(),
            read: 0,
            written: 0,
        }
    }

    /// Runs until there is nothing more to do but to say goodbye.
    pub(super) async fn run(&mut self) -> End {
        let mut timer = Box::pin(tokio::time::sleep_until(self.watch.deadline()));
        loop {
            if let Err(error) = self.gather() {
                return End::of(error);
            }
            if let Some(close) = self.all_said() {
                return End::Ours(close);
            }
            if self.watch.deadline() < timer.deadline() {
                timer.as_mut().reset(self.watch.deadline());
            }
            let event = self.next(timer.as_mut()).await;
            if let ControlFlow::Break(end) = self.handle(event, timer.as_mut()) {
                return end;
            }
        }
    }

    /// Ends both queues of the link with this reason and drops what was queued.
    pub(super) fn end_link(self, close: &Close) -> WebSocketStream<Meter<S>> {
        self.link.tx.close(close.clone());
        self.link.rx.close(close.clone());
        self.socket
    }

    /// Waits for whatever comes first. Cancel-safe: each branch either takes something and
    /// returns it at once, or takes nothing.
    async fn next(&mut self, timer: Pin<&mut Sleep>) -> Event {
        let idle = self.refused.is_none() && self.backlog < BATCH_BYTES;
        let wants_frame = idle && self.outgoing.is_idle() && self.drained.is_none();
        let wants_piece = idle && self.outgoing.wants_piece();
        let room = self
            .parked
            .as_ref()
            .map(|frame| self.link.tx.cost_of(frame.bytes()));
        let Self {
            socket,
            link,
            outgoing,
            watch,
            dirty,
            written,
            ..
        } = self;
        let mut io = Io {
            socket,
            watch,
            dirty: *dirty,
            reading: room.is_none(),
            written,
        };
        tokio::select! {
            event = poll_fn(|cx| io.poll(cx)) => event,
            received = link.rx.recv(), if wants_frame => Event::Queued(received),
            piece = outgoing.piece(), if wants_piece => Event::Piece(piece.is_ok()),
            permit = link.tx.room().acquire_many_owned(room.unwrap_or(0)), if room.is_some() => {
                Event::Room(permit)
            }
            () = timer => Event::Due,
        }
    }

    fn handle(&mut self, event: Event, timer: Pin<&mut Sleep>) -> ControlFlow<End> {
        match event {
            Event::Message(message) => return self.on_message(message),
            Event::Flushed(Ok(())) => self.on_flushed(),
            Event::Flushed(Err(error)) => return ControlFlow::Break(End::of(error)),
            Event::Blocked => {}
            Event::Queued(received) => return self.on_queued(received),
            Event::Piece(true) => {}
            Event::Piece(false) => {
                let close = Close::internal("an answer could not be completed");
                return ControlFlow::Break(End::Ours(close));
            }
            Event::Room(permit) => self.on_room(permit.ok()),
            Event::Due => return self.on_due(timer),
        }
        ControlFlow::Continue(())
    }

    fn on_message(&mut self, message: Option<Result<Message, Error>>) -> ControlFlow<End> {
        self.watch.heard();
        let frame = match message {
            Some(Ok(Message::Text(text))) => Frame::Text(text.as_str().to_owned()),
            Some(Ok(Message::Binary(bytes))) => match String::from_utf8(Vec::from(bytes)) {
                Ok(text) => Frame::Text(text),
                Err(_) => Frame::Garbled("expected value at line 1 column 1"),
            },
            Some(Ok(Message::Ping(_))) => {
                // The framing has queued the pong.
                self.dirty = true;
                return ControlFlow::Continue(());
            }
            Some(Ok(Message::Pong(payload))) => {
                self.probes.answered(&payload);
                return ControlFlow::Continue(());
            }
            Some(Ok(Message::Close(frame))) => {
                return ControlFlow::Break(End::of_peer(frame.as_ref()));
            }
            // Never read: raw frames are only written.
            Some(Ok(Message::Frame(_))) => return ControlFlow::Continue(()),
            Some(Err(error)) => return ControlFlow::Break(End::of(error)),
            None => return ControlFlow::Break(End::of(Error::ConnectionClosed)),
        };
        let cost = self.link.tx.cost_of(frame.bytes());
        match self.link.tx.room().try_acquire_many_owned(cost) {
            Ok(permit) => self.deliver(frame, permit),
            // No room, or no receiver: `on_room` finds out which.
            Err(_) => {
                self.parked = Some(frame);
                self.watch.pause(Instant::now());
            }
        }
        ControlFlow::Continue(())
    }

    fn on_room(&mut self, permit: Option<OwnedSemaphorePermit>) {
        self.watch.resume();
        if let (Some(frame), Some(permit)) = (self.parked.take(), permit) {
            self.deliver(frame, permit);
        }
    }

    /// Hands a frame over. Where nobody takes frames any more it is dropped: the link's other end
    /// has said goodbye and is only flushing.
    fn deliver(&self, frame: Frame, permit: OwnedSemaphorePermit) {
        self.link.tx.send_reserved(frame, permit, None).ok();
    }

    fn on_flushed(&mut self) {
        self.dirty = false;
        self.backlog = 0;
        self.written = self.socket.get_ref().written();
        self.watch.took_all(Instant::now());
    }

    fn on_queued(&mut self, received: Option<Received>) -> ControlFlow<End> {
        match received {
            Some(Received::Frame(frame)) => self.outgoing.load(frame),
            Some(Received::Probe(answer)) => {
                if let Err(error) = self.on_probe(answer) {
                    return ControlFlow::Break(End::of(error));
                }
            }
            None => self.drained = self.link.rx.close_reason(),
        }
        ControlFlow::Continue(())
    }

    fn on_probe(&mut self, answer: oneshot::Sender<()>) -> Result<(), Error> {
        let payload = self.probes.ask(answer);
        self.feed(Message::Ping(payload), size_of::<u64>())
    }

    fn on_due(&mut self, timer: Pin<&mut Sleep>) -> ControlFlow<End> {
        let now = Instant::now();
        let read = self.socket.get_ref().read();
        if read != std::mem::replace(&mut self.read, read) {
            self.watch.heard();
        }
        let due = self.watch.due(now);
        timer.reset(self.watch.deadline());
        match due {
            Due::Nothing => ControlFlow::Continue(()),
            Due::Ping => match self.feed(Message::Ping(Bytes::new()), 0) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => ControlFlow::Break(End::of(error)),
            },
            Due::Silent => ControlFlow::Break(End::silent()),
            Due::Stuck => ControlFlow::Break(End::stuck()),
        }
    }

    /// Gives the framing what is queued, up to a batch.
    fn gather(&mut self) -> Result<(), Error> {
        while self.backlog < BATCH_BYTES {
            if let Some(message) = self.refused.take() {
                self.feed(message, 0)?;
            } else if let Some(fragment) = self.outgoing.next() {
                let bytes = fragment.payload.len();
                self.feed(wire_frame(fragment), bytes)?;
            } else if !self.outgoing.is_idle() {
                break;
            } else {
                match self.link.rx.try_recv() {
                    Some(Received::Frame(frame)) => self.outgoing.load(frame),
                    Some(Received::Probe(answer)) => self.on_probe(answer)?,
                    None => break,
                }
            }
            if self.refused.is_some() {
                break;
            }
        }
        Ok(())
    }

    fn feed(&mut self, message: Message, bytes: usize) -> Result<(), Error> {
        if self.refused.is_some() {
            // Only a ping comes here, and there are other pings.
            return Ok(());
        }
        self.dirty = true;
        self.backlog += bytes + HEADER_BYTES;
        match Pin::new(&mut self.socket).start_send(message) {
            Err(Error::WriteBufferFull(message)) => {
                self.refused = Some(*message);
                Ok(())
            }
            other => other,
        }
    }

    /// Once the link's other end has ended and everything it sent is written: its reason.
    fn all_said(&mut self) -> Option<Close> {
        let written = !self.dirty && self.refused.is_none() && self.outgoing.is_idle();
        if written { self.drained.take() } else { None }
    }
}

fn wire_frame(fragment: Fragment) -> Message {
    let data = if fragment.first {
        Data::Text
    } else {
        Data::Continue
    };
    Message::Frame(WireFrame::message(
        fragment.payload,
        OpCode::Data(data),
        fragment.last,
    ))
}
