//! Answers the calls that the filter of [`super::notify`] reports, from a thread of the first
//! process, which no wall but the mounts stands around and which has no capability.
//!
//! **What is always true.** A guarded name does not come into being: Landlock refuses it to the
//! task, and the supervisor does not make it. A call that takes its course is one Landlock decides
//! about; a call that is made here is made with our own copy of the path, in a directory that is
//! held open, below what may be written, on a mount that may be. So it does not matter what the
//! task's other threads do to the path meanwhile.
//!
//! **What is told.** Refused names, refused calls of the network, and changes of what the mounts
//! or Landlock, and nothing else, keep from being changed.
//!
//! **Liveness.** One thread answers one call after the other; nothing it does waits for a task.
//! Every call is answered; those that wait too long in the queue were interrupted by a signal that
//! kills. When this thread ends by a fault, so does the whole process: nothing goes on unwatched
//! or waits for ever.

mod call;
mod decide;
mod perform;
mod places;
mod spot;
mod sys;
mod task;
mod tasks;

use std::{
    cell::RefCell,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    sync::{Arc, atomic::AtomicBool},
};

use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
};

use self::{
    call::Call,
    decide::{Answer, Decider},
    places::Places,
    task::Task,
    tasks::Tasks,
};
pub(super) use self::{
    call::{CHANGING, CREATING},
    sys::install,
};
use super::landlock::Grants;
use crate::{keeper::sys::exit_now, sandbox::seal::Seal};

/// How the process ends when the supervisor cannot go on.
const FAULT: i32 = 70;

/// Answers what the command's processes want to make.
#[derive(Debug)]
pub(crate) struct Supervisor {
    decider: Decider,
}

/// Ends the process when it is dropped while the thread panics.
struct Fatal;

// === impl Supervisor ===

impl Supervisor {
    /// Knows from `seal` what may not come into being, and from `grants`, which are those of the
    /// Landlock domain the command is in, what it makes by itself. Sets `denied` once something
    /// was refused.
    pub(crate) fn new(seal: &Seal, grants: &Grants, denied: Arc<AtomicBool>) -> Self {
        Self {
            decider: Decider {
                places: Places::new(seal, grants),
                denied,
            },
        }
    }

    /// Answers until the last process within the filter has ended. It is the body of a thread of
    /// its own, which gets its own umask and current directory.
    pub(crate) fn run(self, listener: OwnedFd) {
        let _fatal = Fatal;
        if sys::own_umask().is_err() {
            exit_now(FAULT);
        }
        sys::wake_here(listener.as_fd());
        let tasks = RefCell::<Tasks>::default();
        while wait(listener.as_fd()) {
            match sys::receive(listener.as_fd()) {
                Ok(notice) => {
                    let task = Task::new(listener.as_fd(), &notice, &tasks);
                    let answer = self.decider.decide(&task, Call::of(&notice));
                    send(listener.as_fd(), notice.id, answer);
                }
                // Its task died before we came to it.
                Err(Errno::NOENT | Errno::INTR) => {}
                Err(_) => exit_now(FAULT),
            }
        }
        drop(listener);
    }
}

/// Waits for a call. `false` when there is nobody left to make one.
fn wait(listener: BorrowedFd<'_>) -> bool {
    loop {
        let mut fds = [PollFd::from_borrowed_fd(listener, PollFlags::IN)];
        match poll(&mut fds, None) {
            Ok(_) if fds[0].revents().contains(PollFlags::IN) => return true,
            Ok(_) => return false,
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(_) => exit_now(FAULT),
        }
    }
}

fn send(listener: BorrowedFd<'_>, id: u64, answer: Answer) {
    match answer {
        Answer::GoOn => sys::go_on(listener, id),
        Answer::Done => sys::answer(listener, id, Ok(())),
        Answer::Refuse(error) => sys::answer(listener, id, Err(error)),
        Answer::File(file, close_on_exec) => {
            // Fails when the task is gone, or has no number left.
            if let Err(error) = sys::answer_with(listener, id, file.as_fd(), close_on_exec) {
                sys::answer(listener, id, Err(error));
            }
        }
    }
}

// === impl Fatal ===

impl Drop for Fatal {
    fn drop(&mut self) {
        if std::thread::panicking() {
            exit_now(FAULT);
        }
    }
}

#[cfg(test)]
mod tests;
