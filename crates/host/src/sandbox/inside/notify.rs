//! The filter that reports calls to the supervisor instead of deciding about them.
//!
//! It reports what may bring a name into being or change a file by its path, and what reaches for
//! the network where that is restricted. Everything else goes through it untouched; the kernel
//! remembers which calls those are and asks the filter no more.
//!
//! **Order.** After Landlock (which sets `no_new_privs`), before the filter that refuses: the
//! kernel lets the sterner of two filters decide, so their order changes nothing about calls, but
//! the other may refuse to install any more. The listener is handed over by [`send_listener`]
//! right after; the first process must be ready to answer from then on.

use std::{
    io::{self, IoSlice, IoSliceMut},
    mem::MaybeUninit,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::Path,
};

use rustix::{
    io::Errno,
    net::{
        RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
        SendAncillaryMessage, SendFlags,
    },
};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};

use super::{
    seccomp::{self, Rules},
    supervisor::{self, CHANGING, CREATING},
};
use crate::sandbox::seal::Seal;

/// Stands for the action that the compiler of filters does not know.
const STAND_IN: u32 = 0x5355;

/// `BPF_RET | BPF_K`: the instruction that ends a filter with a fixed action.
const RETURN: u16 = 0x06;

/// `SECCOMP_RET_ACTION_FULL`: the part of an action that is not its data.
const ACTION: u32 = 0xffff_0000;

/// The filter, ready to be installed.
#[derive(Debug)]
pub(crate) struct Filter {
    program: BpfProgram,
}

// === impl Filter ===

impl Filter {
    /// Compiles what is to be reported; `None` when nothing is.
    ///
    /// # Errors
    ///
    /// On an architecture that the compiler does not know.
    pub(crate) fn compile(seal: &Seal) -> io::Result<Option<Self>> {
        let mut rules = seccomp::network_rules(seal)?;
        if watches_files(seal) {
            rules.extend(file_rules().map_err(io::Error::other)?);
        }
        if rules.is_empty() {
            return Ok(None);
        }
        let stand_in = SeccompAction::Trace(STAND_IN);
        let arch = std::env::consts::ARCH.try_into();
        let program = SeccompFilter::new(
            rules,
            SeccompAction::Allow,
            stand_in,
            arch.map_err(io::Error::other)?,
        );
        let program = program.and_then(TryInto::try_into);
        let program = report(program.map_err(io::Error::other)?);
        Ok(Some(Self {
            program: program.ok_or(io::ErrorKind::InvalidData)?,
        }))
    }

    /// Puts the filter around this thread and whatever it starts, for good; what is returned
    /// hears of the calls. `no_new_privs` must be set.
    ///
    /// # Errors
    ///
    /// When the kernel does not take it. Then nothing may be run.
    pub(crate) fn install(&self) -> io::Result<OwnedFd> {
        supervisor::install(&self.program)
    }
}

/// Hands the listener to the first process over a socket they share.
///
/// # Errors
///
/// When the other end is gone.
pub(crate) fn send_listener(socket: BorrowedFd<'_>, listener: &OwnedFd) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let fds = [listener.as_fd()];
    loop {
        let mut control = SendAncillaryBuffer::new(&mut space);
        control.push(SendAncillaryMessage::ScmRights(&fds));
        let bytes = [IoSlice::new(&[0])];
        match rustix::net::sendmsg(socket, &bytes, &mut control, SendFlags::NOSIGNAL) {
            Ok(_) => return Ok(()),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Waits for the listener. The other end of `socket` must be open in the sender only, so that its
/// death is noticed.
///
/// # Errors
///
/// When the sender ended without having sent it.
pub(crate) fn receive_listener(socket: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    let mut byte = [0];
    loop {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let mut bytes = [IoSliceMut::new(&mut byte)];
        let flags = RecvFlags::CMSG_CLOEXEC;
        match rustix::net::recvmsg(socket, &mut bytes, &mut control, flags) {
            Ok(_) => {}
            Err(Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        let fds = control.drain().filter_map(|message| match message {
            RecvAncillaryMessage::ScmRights(fds) => Some(fds),
            _ => None,
        });
        let listener = fds.flatten().next();
        return listener.ok_or_else(|| io::ErrorKind::UnexpectedEof.into());
    }
}

/// Whether there is something about files to refuse or to tell: not where all may be changed.
fn watches_files(seal: &Seal) -> bool {
    let whole = seal.write.iter().any(|path| path == Path::new("/"));
    !whole || !seal.guarded.is_empty()
}

fn file_rules() -> Result<Rules, seccompiler::BackendError> {
    let always = CREATING.iter().chain(CHANGING);
    let mut rules: Rules = always.map(|call| (*call, Vec::new())).collect();
    rules.insert(libc::SYS_openat, writing_opens(2)?);
    #[cfg(target_arch = "x86_64")]
    rules.insert(libc::SYS_open, writing_opens(1)?);
    Ok(rules)
}

/// Opens that make a file or may write to one, by the argument that has the flags.
fn writing_opens(argument: u8) -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
    [libc::O_CREAT, libc::O_WRONLY, libc::O_RDWR, libc::O_TRUNC]
        .into_iter()
        .map(|flag| {
            let flag = u64::from(flag.unsigned_abs());
            let compared = SeccompCmpOp::MaskedEq(flag);
            let length = SeccompCmpArgLen::Dword;
            SeccompRule::new(vec![SeccompCondition::new(
                argument, length, compared, flag,
            )?])
        })
        .collect()
}

/// Puts the action that reports a call where its stand-in is. `None` if there was no stand-in, or
/// something else that hands calls to a tracer.
fn report(mut program: BpfProgram) -> Option<BpfProgram> {
    let stand_in = libc::SECCOMP_RET_TRACE | STAND_IN;
    let mut reports = false;
    for instruction in &mut program {
        if instruction.code == RETURN && instruction.k == stand_in {
            instruction.k = libc::SECCOMP_RET_USER_NOTIF;
            reports = true;
        } else if instruction.code == RETURN && instruction.k & ACTION == libc::SECCOMP_RET_TRACE {
            return None;
        }
    }
    reports.then_some(program)
}

#[cfg(test)]
mod tests;
