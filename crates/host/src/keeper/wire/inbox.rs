//! From received bytes and descriptors to whole messages.

use std::{collections::VecDeque, os::fd::OwnedFd};

use super::{MAX_FRAME, Reply, Request, WireError};

/// Collects what a socket delivers and hands out whole frames with their descriptors.
/// Holds at most one frame of [`MAX_FRAME`] and what one receive added behind it.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    bytes: Vec<u8>,
    taken: usize,
    fds: VecDeque<Vec<OwnedFd>>,
}

impl Inbox {
    /// Room that is kept when nothing is waiting.
    const KEPT: usize = 64 << 10;

    /// Adds received bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Adds the descriptors of one frame; fewer than were sent where this process had no room for
    /// them.
    pub(crate) fn push_fds(&mut self, fds: Vec<OwnedFd>) {
        self.fds.push_back(fds);
    }

    /// The descriptors of the next frame that has any; none where this process had no room for
    /// them.
    pub(crate) fn descriptors(&mut self) -> Option<Vec<OwnedFd>> {
        self.fds.pop_front()
    }

    /// The next whole request, if it is here. Its descriptors are taken apart.
    pub(crate) fn request(&mut self) -> Result<Option<Request>, WireError> {
        let Some((start, end)) = self.frame()? else {
            return Ok(None);
        };
        let request = Request::decode(&self.bytes[start..end])?;
        self.take(end);
        Ok(Some(request))
    }

    /// The next whole reply and its descriptors, if it is here. They are fewer than
    /// [`Reply::fds`] where this process had no room for them.
    pub(crate) fn reply(&mut self) -> Result<Option<(Reply, Vec<OwnedFd>)>, WireError> {
        let Some((start, end)) = self.frame()? else {
            return Ok(None);
        };
        let reply = Reply::decode(&self.bytes[start..end])?;
        let fds = match reply.fds() {
            0 => Vec::new(),
            _ => self.fds.pop_front().ok_or(WireError::MissingFds)?,
        };
        self.take(end);
        Ok(Some((reply, fds)))
    }

    fn frame(&self) -> Result<Option<(usize, usize)>, WireError> {
        let rest = &self.bytes[self.taken..];
        let Some(prefix) = rest.first_chunk::<4>() else {
            return Ok(None);
        };
        let length = u32::from_le_bytes(*prefix) as usize;
        if length > MAX_FRAME {
            return Err(WireError::TooLong(length));
        }
        let start = self.taken + 4;
        Ok((rest.len() >= 4 + length).then_some((start, start + length)))
    }

    fn take(&mut self, end: usize) {
        self.taken = end;
        if self.taken == self.bytes.len() {
            self.bytes.clear();
            self.bytes.shrink_to(Self::KEPT);
            self.taken = 0;
        } else if self.taken > Self::KEPT {
            self.bytes.drain(..self.taken);
            self.taken = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Command, Stdio},
        *,
    };

    #[test]
    fn a_large_frame_leaves_no_large_buffer() {
        let mut stream = Vec::new();
        let argv = vec![vec![b'x'; 1 << 20]];
        let stdio = Stdio::Pipes { stdin: false };
        let command = Command {
            id: 1,
            argv,
            arg0: None,
            cwd: Vec::new(),
            env: Vec::new(),
            stdio,
            limits: crate::process::ResourceLimits::default(),
            walls: None,
        };
        Request::Spawn(Box::new(command)).encode(&mut stream);
        let mut inbox = Inbox::default();
        inbox.push(&stream);
        assert!(inbox.request().unwrap().is_some());
        assert!(inbox.bytes.capacity() <= Inbox::KEPT);
    }
}
