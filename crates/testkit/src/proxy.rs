//! A TCP proxy on the loopback with faults, which records what passes.
//!
//! One thread with one Tokio runtime owns the listener and all connections, so
//! the proxy serves plain tests and asynchronous ones alike: every control is a
//! plain call that returns at once. Dropping the [`Proxy`] resets its
//! connections and ends the thread.
//!
//! Faults:
//!
//! | fault | a new connection | one that is open |
//! |---|---|---|
//! | [`Fault::None`] | is passed on | moves |
//! | [`Fault::Pause`] | is accepted, nothing moves | nothing moves, nothing is lost |
//! | [`Fault::Blackhole`] | is accepted, all is swallowed | all is swallowed; it is reset when the fault ends |
//! | [`Fault::Refuse`] | is refused | moves |
//!
//! [`Proxy::cut`] resets every open connection, in any of these.

mod record;
mod run;

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::sync::watch;

pub use record::{Entry, Recording, Side, What};

/// What the proxy does to connections at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fault {
    /// Bytes move.
    #[default]
    None,
    /// Bytes wait.
    Pause,
    /// Bytes vanish.
    Blackhole,
    /// Nobody listens.
    Refuse,
}

#[derive(Debug, Clone, Copy, Default)]
struct Control {
    fault: Fault,
    /// How often connections were cut; one that began before the last cut ends.
    cuts: u64,
    /// Counts the faults, so that a timer ends its own fault only.
    epoch: u64,
    /// When set, the fault ends by itself after this time.
    lasts: Option<Duration>,
    stop: bool,
}

/// A running proxy.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    control: watch::Sender<Control>,
    recording: Recording,
    thread: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Starts a proxy in front of `upstream` on a free port.
    pub fn start(upstream: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free loopback port");
        let address = listener
            .local_addr()
            .expect("a bound listener has an address");
        let control = watch::Sender::new(Control::default());
        let recording = Recording::default();
        let world = run::World {
            upstream,
            control: control.clone(),
            recording: recording.clone(),
        };
        let thread = thread::spawn(move || run::run(listener, world));
        Self {
            address,
            control,
            recording,
            thread: Some(thread),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What has passed.
    pub fn recording(&self) -> &Recording {
        &self.recording
    }

    /// Begins a fault, or ends one with [`Fault::None`].
    pub fn set(&self, fault: Fault) {
        self.control
            .send_modify(|control| control.begin(fault, None));
    }

    /// Begins a fault that ends by itself after `time`.
    pub fn set_for(&self, fault: Fault, time: Duration) {
        self.control
            .send_modify(|control| control.begin(fault, Some(time)));
    }

    /// Resets every open connection.
    pub fn cut(&self) {
        self.control.send_modify(|control| control.cuts += 1);
    }

    /// Resets every open connection and refuses new ones for `time`.
    pub fn outage(&self, time: Duration) {
        self.control.send_modify(|control| {
            control.cuts += 1;
            control.begin(Fault::Refuse, Some(time));
        });
    }
}

impl Control {
    fn begin(&mut self, fault: Fault, lasts: Option<Duration>) {
        (self.fault, self.lasts) = (fault, lasts);
        self.epoch += 1;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.control.send_modify(|control| control.stop = true);
        if self
            .thread
            .take()
            .is_some_and(|thread| thread.join().is_err())
            && !thread::panicking()
        {
            panic!("the proxy panicked");
        }
    }
}

#[cfg(test)]
mod tests;
