//! The task of one process.
//!
//! It alone reads the process's output and assigns sequence numbers, so the order of the log is
//! the order of delivery. It waits for everything at once and looks at what matters most first:
//! the order to stop, the exit, the deadlines, the audience, the input, and at last the output, one
//! read a turn and both streams by turns. So neither a flood nor a stuck audience holds up an exit.
//! What the pipes hold when the exit is known is read before the exit is appended.
//! The task ends when the process is closed and its audience was told or has left; or when it is
//! stopped, which happens when nothing of the process is left alive and when it is forgotten.

use std::{
    future::{Future as _, poll_fn},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use tokio::{sync::oneshot, task::yield_now, time::Instant};
use tokio_util::sync::WaitForCancellationFutureOwned;

use super::{
    alarm::Alarm,
    audience::Audience,
    exit::ExitReason,
    input::Flushed,
    keeper::RawExit,
    limits::OnFull,
    output::{Output, Rest},
    state::Shared,
};

/// What is read before other tasks of the thread get their turn. The runtime would let a flood
/// go on for some tens of megabytes.
const TURN: usize = 512 << 10;

pub(super) struct Supervisor {
    shared: Arc<Shared>,
    /// The leader's exit; taken when it has come.
    exit: Option<oneshot::Receiver<RawExit>>,
    /// The streams that are not at their end.
    outputs: Vec<Output>,
    /// Whose turn it is to be looked at first.
    turn: usize,
    /// Bytes read since other tasks had their turn.
    taken: usize,
    /// When the process has run long enough.
    timeout: Option<Instant>,
    /// When background children have held the output open long enough.
    drained: Option<Instant>,
    timeout_alarm: Alarm,
    drained_alarm: Alarm,
    catch_up_alarm: Alarm,
    stopped: Pin<Box<WaitForCancellationFutureOwned>>,
}

/// Everything that can happen to a process.
enum Event {
    Stopped,
    Exited(RawExit),
    TimedOut,
    DrainOver,
    CatchUpOver,
    Told(Option<Box<dyn Audience>>),
    InputMoved,
    /// Some output can be read, and room for so many bytes is reserved.
    Output {
        which: usize,
        granted: usize,
    },
}

impl Supervisor {
    pub(super) fn new(
        shared: Arc<Shared>,
        exit: oneshot::Receiver<RawExit>,
        outputs: Vec<Output>,
        timeout: Option<Instant>,
    ) -> Self {
        let stopped = Box::pin(shared.stop.clone().cancelled_owned());
        Self {
            shared,
            exit: Some(exit),
            outputs,
            turn: 0,
            taken: 0,
            timeout,
            drained: None,
            timeout_alarm: Alarm::default(),
            drained_alarm: Alarm::default(),
            catch_up_alarm: Alarm::default(),
            stopped,
        }
    }

    pub(super) async fn run(mut self) {
        // Also after a panic, so that whoever waits for the end of this task is not left waiting.
        let _finished = self.shared.finished.clone().drop_guard();
        loop {
            match poll_fn(|cx| self.poll_event(cx)).await {
                Event::Stopped => {
                    self.on_stopped();
                    break;
                }
                Event::Exited(raw) => self.on_exited(raw),
                Event::TimedOut => self.on_timed_out(),
                Event::DrainOver => self.on_drain_over(),
                Event::CatchUpOver => self.shared.lock().cursor.end_catch_up(),
                Event::Told(departed) => {
                    drop(departed);
                    self.shared.trim();
                }
                Event::InputMoved => self.on_input_moved(),
                Event::Output { which, granted } => self.on_output(which, granted),
            }
            if self.is_done() {
                break;
            }
            if self.taken >= TURN {
                self.taken = 0;
                yield_now().await;
            }
        }
        if self.shared.lock().is_told() {
            self.shared.settle();
        }
    }

    /// The next event, the most important first. Cancel-safe: what is taken is returned.
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        if self.stopped.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Event::Stopped);
        }
        if let Some(exit) = &mut self.exit
            && let Poll::Ready(raw) = Pin::new(exit).poll(cx)
        {
            self.exit = None;
            return Poll::Ready(Event::Exited(raw.unwrap_or(RawExit::KeeperLost)));
        }
        let shared = self.shared.clone();
        let mut state = shared.lock();
        state.park(cx);
        if self.timeout_alarm.poll(self.timeout, cx) {
            return Poll::Ready(Event::TimedOut);
        }
        if self.drained_alarm.poll(self.drained, cx) {
            return Poll::Ready(Event::DrainOver);
        }
        if self.catch_up_alarm.poll(state.catch_up_deadline(), cx) {
            return Poll::Ready(Event::CatchUpOver);
        }
        if state.has_undelivered()
            && let Poll::Ready(departed) = state.poll_deliver(&shared.id, cx)
        {
            return Poll::Ready(Event::Told(departed));
        }
        while let Some(end) = state.input.pending()
            && let Poll::Ready(Ok(mut ready)) = end.poll_write_ready(cx)
        {
            match state.input.flush() {
                Flushed::Blocked => ready.clear_ready(),
                Flushed::Done | Flushed::More => return Poll::Ready(Event::InputMoved),
            }
        }
        drop(state);
        self.poll_output(cx)
    }

    /// Output that can be read and for which there is room.
    fn poll_output(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        for step in 0..self.outputs.len() {
            let which = (self.turn + step) % self.outputs.len();
            let output = &self.outputs[which];
            let wanted = self.shared.lock().intake(output.stream).min(output.piece());
            if wanted == 0 || output.end.poll_read_ready(cx).is_pending() {
                continue;
            }
            let granted = self.reserve(wanted, cx);
            if granted > 0 {
                self.turn = which + 1;
                return Poll::Ready(Event::Output { which, granted });
            }
        }
        Poll::Pending
    }

    /// Room in the server's budget for `wanted` bytes or fewer. What this process can spare goes
    /// first; one that has an audience, or evicts, is never refused a little. When refused, the
    /// task is woken as soon as there is room.
    fn reserve(&self, wanted: usize, cx: &Context<'_>) -> usize {
        let (budget, number) = (self.shared.host.budget(), self.shared.number);
        let granted = budget.reserve(wanted, number, cx.waker());
        if granted > 0 {
            return granted;
        }
        let (freed, insists) = {
            let mut state = self.shared.lock();
            let releasable = state.cursor.releasable();
            let evicts = self.shared.host.limits().on_full == OnFull::Evict;
            (
                state.log.evict(wanted, releasable),
                evicts || state.cursor.is_attached(),
            )
        };
        budget.release(freed);
        let granted = budget.reserve(wanted, number, cx.waker());
        if granted > 0 || !insists {
            return granted;
        }
        let little = wanted.min(self.shared.host.limits().chunk_bytes);
        budget.force(little);
        little
    }

    fn on_output(&mut self, which: usize, granted: usize) {
        let shared = self.shared.clone();
        let output = &mut self.outputs[which];
        let stream = output.stream;
        let mut taken = 0;
        let rest = output.read_ready(granted, |data| {
            taken = data.len();
            shared.append(stream, data);
        });
        self.taken += taken;
        shared.host.budget().release(granted - taken);
        if rest == Rest::End {
            self.end_stream(which);
        }
        self.close_if_due();
    }

    /// The leader is gone: what it wrote is in the pipes and comes before the exit.
    fn on_exited(&mut self, raw: RawExit) {
        self.exit = None;
        self.timeout = None;
        for which in (0..self.outputs.len()).rev() {
            if self.drain(which) == Rest::End {
                self.end_stream(which);
            }
        }
        self.shared.append_exit(raw);
        let patience = self.shared.host.limits().drain_after_exit;
        self.drained = patience.and_then(|patience| Instant::now().checked_add(patience));
        self.close_if_due();
    }

    /// Reads what a stream holds now, even beyond the bounds: at most what its pipe can hold.
    fn drain(&mut self, which: usize) -> Rest {
        let shared = self.shared.clone();
        let output = &mut self.outputs[which];
        let stream = output.stream;
        let mut total = 0;
        loop {
            let rest = output.read(usize::MAX, |data| {
                total += data.len();
                shared.host.budget().force(data.len());
                shared.append(stream, data);
            });
            // One read more than the pipe holds tells a full pipe from one that is at its end.
            if rest != Rest::More || total > output.holds {
                return rest;
            }
        }
    }

    fn on_timed_out(&mut self) {
        self.timeout = None;
        let shared = self.shared.clone();
        let end = async move { shared.end(ExitReason::TimedOut, Duration::ZERO).await };
        self.shared.host.tasks().spawn(end);
    }

    fn on_drain_over(&mut self) {
        self.drained = None;
        self.outputs.clear();
        self.shared.lock().life.abandon_streams();
        self.close_if_due();
    }

    fn on_input_moved(&self) {
        self.shared.input_moved.send_replace(());
    }

    /// Nobody waits for the process any longer: what is known becomes final, and the audience is
    /// told as much of it as it can take at once.
    fn on_stopped(&mut self) {
        let known = self.exit.take().map(|mut exit| exit.try_recv());
        if let Some(known) = known {
            self.on_exited(known.unwrap_or(RawExit::KeeperLost));
        }
        self.on_drain_over();
        let mut nobody = Context::from_waker(Waker::noop());
        let told = self
            .shared
            .lock()
            .poll_deliver(&self.shared.id, &mut nobody);
        drop(told);
    }

    fn end_stream(&mut self, which: usize) {
        self.outputs.remove(which);
        self.shared.lock().life.stream_ended();
    }

    fn close_if_due(&mut self) {
        if self.shared.append_closed() {
            self.outputs.clear();
            self.drained = None;
        }
    }

    /// Whether the process is closed and its audience knows, or is not there to be told. The first
    /// audience is waited for: it is told everything.
    fn is_done(&self) -> bool {
        let state = self.shared.lock();
        let gone = state.cursor.is_introduced() && !state.cursor.is_attached();
        state.log.is_closed() && (gone || state.is_told())
    }
}
