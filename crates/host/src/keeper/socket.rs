//! Frames and descriptors over a Unix stream socket, without ever waiting.
//!
//! Every call here returns at once; whoever calls waits for readiness in its own loop. A peer that
//! is gone is an ordinary answer, never a signal.

use std::{
    collections::VecDeque,
    io,
    io::{IoSlice, IoSliceMut},
    mem::MaybeUninit,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use rustix::{
    io::Errno,
    net::{
        AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags,
        SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType,
    },
};

use super::wire::{Inbox, MAX_FDS, Reply, Request};

/// How much one receive takes at most.
const RECEIVE: usize = 32 << 10;

/// A connected pair of stream sockets, closed on exec.
pub(crate) fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    Ok(rustix::net::socketpair(
        AddressFamily::UNIX,
        SocketType::STREAM,
        flags,
        None,
    )?)
}

/// Receives everything that is there. `false` when the peer will send no more.
pub(crate) fn receive(socket: BorrowedFd<'_>, inbox: &mut Inbox) -> io::Result<bool> {
    let mut bytes = [0; RECEIVE];
    loop {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
        let mut slices = [IoSliceMut::new(&mut bytes)];
        let message = match rustix::net::recvmsg(socket, &mut slices, &mut control, flags) {
            Ok(message) => message,
            Err(Errno::AGAIN) => return Ok(true),
            Err(Errno::INTR) => continue,
            Err(Errno::CONNRESET) => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        // One receive takes the descriptors of one frame at most. They are cut short when this
        // process may have no more of them: that concerns this frame only.
        let mut carried = message.flags.contains(ReturnFlags::CTRUNC);
        let mut fds = Vec::new();
        for part in control.drain() {
            if let RecvAncillaryMessage::ScmRights(rights) = part {
                carried = true;
                fds.extend(rights);
            }
        }
        if carried {
            inbox.push_fds(fds);
        }
        if message.bytes == 0 {
            return Ok(false);
        }
        inbox.push(&bytes[..message.bytes]);
    }
}

/// Sends what the socket takes now and says how many bytes that were. The descriptors go with
/// the first byte.
pub(crate) fn send(
    socket: BorrowedFd<'_>,
    bytes: &[u8],
    fds: &[BorrowedFd<'_>],
) -> io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS))];
    let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
    loop {
        let mut control = SendAncillaryBuffer::new(&mut space);
        if !fds.is_empty() && !control.push(SendAncillaryMessage::ScmRights(fds)) {
            return Err(Errno::INVAL.into());
        }
        match rustix::net::sendmsg(socket, &[IoSlice::new(bytes)], &mut control, flags) {
            Ok(sent) => return Ok(sent),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// One end with what was received and what still has to be sent.
#[derive(Debug)]
pub(crate) struct Socket {
    fd: OwnedFd,
    /// What arrived and was not taken yet.
    pub(crate) inbox: Inbox,
    outbox: VecDeque<Parcel>,
}

#[derive(Debug)]
struct Parcel {
    bytes: Vec<u8>,
    sent: usize,
    fds: Vec<OwnedFd>,
}

// === impl Socket ===

impl Socket {
    /// Takes over one end.
    pub(crate) fn new(fd: OwnedFd) -> Self {
        Self {
            fd,
            inbox: Inbox::default(),
            outbox: VecDeque::new(),
        }
    }

    /// Receives everything that is there. `false` when the peer will send no more.
    pub(crate) fn receive(&mut self) -> io::Result<bool> {
        receive(self.fd.as_fd(), &mut self.inbox)
    }

    /// Queues a reply; [`Socket::flush`] sends it.
    pub(crate) fn reply(&mut self, reply: &Reply, fds: Vec<OwnedFd>) {
        let mut bytes = Vec::new();
        reply.encode(&mut bytes);
        self.outbox.push_back(Parcel {
            bytes,
            sent: 0,
            fds,
        });
    }

    /// Queues a request; [`Socket::flush`] sends it.
    pub(crate) fn request(&mut self, request: &Request, fds: Vec<OwnedFd>) {
        let mut bytes = Vec::new();
        request.encode(&mut bytes);
        self.outbox.push_back(Parcel {
            bytes,
            sent: 0,
            fds,
        });
    }

    /// How many messages wait to be sent.
    pub(crate) fn backlog(&self) -> usize {
        self.outbox.len()
    }

    /// Sends as much as the socket takes. What cannot be sent because the peer is gone is dropped.
    pub(crate) fn flush(&mut self) {
        while let Some(parcel) = self.outbox.front_mut() {
            let fds: Vec<_> = parcel.fds.iter().map(AsFd::as_fd).collect();
            match send(self.fd.as_fd(), &parcel.bytes[parcel.sent..], &fds) {
                Ok(sent) => {
                    parcel.sent += sent;
                    parcel.fds.clear();
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => {
                    self.outbox.clear();
                    return;
                }
            }
            if parcel.sent == parcel.bytes.len() {
                self.outbox.pop_front();
            }
        }
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
