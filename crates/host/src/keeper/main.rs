//! The keeper's loop: one thread, one epoll, one method per event.
//!
//! It waits for its server's requests, for children that ended, for commands on their way from
//! fork to exec, for leaves that became empty and for guards. Nothing in the loop blocks but the
//! forks themselves, so a command whose program lies on a dead disk holds nobody up.
//! When the server's end of the leash closes, for whatever reason, everything is killed; the
//! keeper ends when nothing is left below it, and not before.

use std::{
    collections::HashMap,
    io,
    os::{
        fd::{AsFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    time::{Duration, Instant},
};

use rustix::{
    buffer::spare_capacity,
    event::{
        PollFd, PollFlags, Timespec,
        epoll::{self, CreateFlags, EventData, EventFlags},
        poll,
    },
    fs::{Mode, OFlags},
    io::{Errno, retry_on_intr},
    process::{Pid, WaitOptions, getpid, set_child_subreaper, waitpid},
};

use super::{
    child::Normal,
    commands::{Held, Means},
    limits::Limited,
    socket::Socket,
    spare::Spare,
    spares::Spares,
    sys,
    table::Table,
    wire::{Reply, Request, VERSION},
};
use crate::{keeper::Mode as Containment, process::cgroup::controllers::Controllers};

/// Above this many unread replies the keeper hears no further request until the server has read.
/// Each command causes three, so a healthy server never comes near.
const BACKLOG: usize = 1024;

/// How many events are taken from the kernel at once.
const EVENTS: usize = 64;

/// How soon what could not be watched for lack of descriptors is looked at again.
pub(super) const LOOK_AGAIN: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 100_000_000,
};

/// What an event is about, as it stands in the upper byte of its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    Leash,
    Signals,
    Report(u64),
    Leaf(u64),
    Guard(u64),
}

/// The keeper at work.
#[derive(Debug)]
pub(super) struct Keeper {
    pub(super) leash: Socket,
    interest: Option<EventFlags>,
    pub(super) epoll: OwnedFd,
    pub(super) signals: OwnedFd,
    pub(super) table: Table<Held>,
    pub(super) means: Means,
    /// Where commands can be bounded, once one was to be.
    pub(super) controllers: Option<Controllers>,
    /// The commands that have limits and are not gone.
    pub(super) limited: HashMap<u64, Limited>,
    /// Leaves whose events could not be opened.
    pub(super) unwatched: Vec<u64>,
    /// Walls that were raised beforehand.
    pub(super) spares: Spares<Spare>,
    /// How many spares there were.
    pub(super) last_spare: u64,
    /// Tells when what is mounted here changes, once there was a spare.
    pub(super) mounts: Option<OwnedFd>,
    /// The leaves of spares that came to nothing, until they are empty.
    pub(super) old_leaves: Vec<u64>,
    /// What the keeper has changed for itself and not for its commands.
    pub(super) normal: Normal,
    pub(super) closing: bool,
}

/// Runs the keeper in this process, which must have a single thread, until its server is gone and
/// nothing is left.
pub(super) fn run(leash: OwnedFd) -> ! {
    let code = match settle(&leash).and_then(|normal| Keeper::begin(leash, normal)) {
        Ok(Some(mut keeper)) => match keeper.serve() {
            Ok(()) => 0,
            // The loop itself failed: what was started is still ended by whoever watches.
            Err(_) => 1,
        },
        Ok(None) => 0,
        Err(_) => 1,
    };
    sys::exit_now(code)
}

/// Makes this process independent of the one that started it.
fn settle(leash: &OwnedFd) -> io::Result<Normal> {
    sys::own_signals()?;
    sys::close_all_but(&[leash.as_fd()]);
    // Fails when the keeper was started as a session leader, as it should be.
    rustix::process::setsid().ok();
    rustix::process::chdir("/")?;
    let null = rustix::fs::open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?;
    rustix::stdio::dup2_stdin(&null)?;
    rustix::stdio::dup2_stdout(&null)?;
    if rustix::io::fcntl_getfd(rustix::stdio::stderr()).is_err() {
        rustix::stdio::dup2_stderr(&null)?;
    }
    rustix::thread::set_name(c"outpost-keeper").ok();
    set_child_subreaper(Some(getpid()))?;
    Ok(Normal::depart())
}

// === impl About ===

impl About {
    pub(super) fn token(self) -> EventData {
        let (kind, id) = match self {
            Self::Leash => (0, 0),
            Self::Signals => (1, 0),
            Self::Report(id) => (2, id),
            Self::Leaf(id) => (3, id),
            Self::Guard(id) => (4, id),
        };
        EventData::new_u64(kind << 56 | id)
    }

    fn from_token(token: u64) -> Option<Self> {
        let id = token & super::table::MAX_ID;
        match token >> 56 {
            0 => Some(Self::Leash),
            1 => Some(Self::Signals),
            2 => Some(Self::Report(id)),
            3 => Some(Self::Leaf(id)),
            4 => Some(Self::Guard(id)),
            _ => None,
        }
    }
}

// === impl Keeper ===

impl Keeper {
    /// Hears how to work, says how it works. `None` when the server does not want this keeper.
    fn begin(leash: OwnedFd, normal: Normal) -> io::Result<Option<Self>> {
        let mut leash = Socket::new(leash);
        let hello = loop {
            poll(&mut [PollFd::new(&leash, PollFlags::IN)], None)?;
            let open = leash.receive()?;
            match leash.inbox.request().map_err(io::Error::other)? {
                Some(request) => break request,
                None if !open => return Ok(None),
                None => {}
            }
        };
        let Request::Hello {
            version,
            containment,
            max_processes,
        } = hello
        else {
            return Ok(None);
        };
        let means = Means::choose(Containment::from_byte(containment))?;
        let group = means
            .group()
            .map(|group| group.path().as_os_str().as_bytes().to_vec());
        let containment = means.mode().to_byte();
        let group = group.unwrap_or_default();
        leash.reply(
            &Reply::Ready {
                version: VERSION,
                containment,
                group,
            },
            Vec::new(),
        );
        leash.flush();
        if version != VERSION {
            return Ok(None);
        }
        let mut keeper = Self {
            leash,
            interest: None,
            epoll: epoll::create(CreateFlags::CLOEXEC)?,
            signals: sys::signal_fd()?,
            table: Table::new(max_processes as usize),
            means,
            controllers: None,
            limited: HashMap::new(),
            unwatched: Vec::new(),
            spares: Spares::default(),
            last_spare: 0,
            mounts: None,
            old_leaves: Vec::new(),
            normal,
            closing: false,
        };
        epoll::add(
            &keeper.epoll,
            &keeper.signals,
            About::Signals.token(),
            EventFlags::IN,
        )?;
        keeper.hear();
        Ok(Some(keeper))
    }

    fn serve(&mut self) -> io::Result<()> {
        let mut events = Vec::with_capacity(EVENTS);
        while !(self.closing && self.table.is_empty()) {
            self.leash.flush();
            self.mind_the_leash()?;
            let timeout = self.look_again();
            events.clear();
            match epoll::wait(&self.epoll, spare_capacity(&mut events), timeout.as_ref()) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            for event in &events {
                match About::from_token(event.data.u64()) {
                    Some(About::Leash) => self.hear(),
                    Some(About::Signals) => self.reap(),
                    Some(About::Report(id)) => self.finish_start(id),
                    Some(About::Leaf(id)) => self.leaf_changed(id),
                    Some(About::Guard(id)) => self.hear_guard(id),
                    None => {}
                }
            }
            for id in std::mem::take(&mut self.unwatched) {
                self.check_empty(id);
            }
            self.end_old_spares();
        }
        self.leash.flush();
        self.end_strays();
        if let Some(controllers) = &self.controllers {
            controllers.remove();
        }
        if let Some(group) = self.means.group() {
            group.remove();
        }
        Ok(())
    }

    /// How soon there is something to do without any event.
    fn look_again(&self) -> Option<Timespec> {
        if !self.unwatched.is_empty() || !self.old_leaves.is_empty() {
            return Some(LOOK_AGAIN);
        }
        let idle = self.spares.next_idle(Instant::now())?;
        // A moment later, so that it has passed then.
        Timespec::try_from(idle + Duration::from_millis(1)).ok()
    }

    /// Watches the leash for what can be done about it now.
    fn mind_the_leash(&mut self) -> io::Result<()> {
        let backlog = self.leash.backlog();
        let mut wanted = EventFlags::empty();
        wanted.set(EventFlags::OUT, backlog > 0);
        wanted.set(EventFlags::IN, !self.closing && backlog <= BACKLOG);
        let wanted = (!wanted.is_empty()).then_some(wanted);
        match (self.interest, wanted) {
            (before, now) if before == now => {}
            (None, Some(now)) => epoll::add(&self.epoll, &self.leash, About::Leash.token(), now)?,
            (_, Some(now)) => epoll::modify(&self.epoll, &self.leash, About::Leash.token(), now)?,
            (_, None) => epoll::delete(&self.epoll, &self.leash)?,
        }
        self.interest = wanted;
        Ok(())
    }

    /// Does what the server asks; its end is an order to kill everything.
    fn hear(&mut self) {
        if self.closing || self.leash.backlog() > BACKLOG {
            return;
        }
        let open = self.leash.receive().unwrap_or(false);
        let mut before = None;
        loop {
            let request = self.leash.inbox.request();
            // A signal that is sent again before it was dealt with is one signal, as always.
            if let Ok(Some(Request::Signal { id, signal, to })) = request
                && before.replace((id, signal, to)) == Some((id, signal, to))
            {
                continue;
            }
            match request {
                Ok(Some(Request::Spawn(command))) if open => self.spawn(&command),
                Ok(Some(Request::Signal { id, signal, to })) => self.signal(id, signal, to),
                Ok(Some(Request::Kill { id })) => self.kill(id),
                Ok(Some(Request::Forget { id })) => self.table.forget(id),
                Ok(Some(
                    Request::Hello { .. }
                    | Request::Spawn(_)
                    | Request::Prepare(_)
                    | Request::Use { .. },
                )) => {}
                Ok(None) if open => return,
                Ok(None) | Err(_) => break,
            }
        }
        self.closing = true;
        self.end_spares();
        if let Some(group) = self.means.group() {
            group.kill_all().ok();
        }
        for id in self.table.ids() {
            self.kill(id);
        }
    }

    /// Reaps every child that has ended: commands, guards, and orphans that came down to us.
    fn reap(&mut self) {
        let mut drained = [0; 1024];
        // Which child it was is asked of `wait`; this only makes the descriptor quiet again.
        rustix::io::read(&self.signals, &mut drained).ok();
        while let Some(pid) = sys::dead_child() {
            let id = self.table.by_pid(pid.as_raw_pid().unsigned_abs());
            if let Some(id) = id {
                self.measure(id, pid);
            }
            let Some(status) = reap_one(pid) else { break };
            let pid = pid.as_raw_pid().unsigned_abs();
            match id {
                Some(id) => self.child_ended(id, pid, status),
                None => self.spare_ended(pid),
            }
        }
    }

    /// Adds something to wait for.
    pub(super) fn watch(&self, fd: impl AsFd, about: About, flags: EventFlags) -> io::Result<()> {
        Ok(epoll::add(&self.epoll, fd, about.token(), flags)?)
    }
}

/// Takes something out that was waited for, before it is closed: a child between fork and exec
/// holds a copy, which would keep it in.
pub(super) fn unwatch(epoll: &OwnedFd, fd: impl AsFd) {
    epoll::delete(epoll, fd).ok();
}

/// Reaps a child that has ended, and says how.
fn reap_one(pid: Pid) -> Option<i32> {
    let reaped = retry_on_intr(|| waitpid(Some(pid), WaitOptions::NOHANG));
    reaped.ok().flatten().map(|(_, status)| status.as_raw())
}
