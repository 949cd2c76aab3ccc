//! The answers of a helper, off its pipe.
//!
//! An answer is a line. A short one is taken whole; a long one is passed on while it comes, in
//! parts, so that a large file is in no memory whole. While whoever asked for a long one takes no
//! part, nothing else is read.

use std::io;

use outpost_protocol::{RequestId, RpcError, envelope};
use outpost_rpc::frame::{Frame, PieceWriter, Pieces};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Bytes that are read at once, and of a part of a long answer at most.
const PART: usize = 64 << 10;

/// Bytes of a line that is taken whole.
const WHOLE: usize = 256 << 10;

/// What stands before a result.
const HEAD: &str = "{\"id\":";
const RESULT: &str = ",\"result\":";

/// Bytes in which the head of a line ends: its id is at most 20 digits.
const HEAD_BYTES: usize = HEAD.len() + 20 + RESULT.len();

/// What a helper answered.
#[derive(Debug)]
pub(super) enum Answer {
    /// The JSON of the result.
    Result(String),
    /// The same while it comes.
    Long(Pieces),
    Refused(RpcError),
}

/// The lines of a helper.
#[derive(Debug)]
pub(super) struct Answers<R> {
    reader: R,
    /// What was read and not taken yet.
    bytes: Vec<u8>,
}

/// A long answer whose rest is still to be read.
#[derive(Debug)]
struct Rest {
    writer: Option<PieceWriter>,
    /// What may belong to the end of the line or to half a character.
    kept: Vec<u8>,
}

// === impl Answers ===

impl<R: AsyncRead + Unpin> Answers<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader,
            bytes: Vec::new(),
        }
    }

    /// Reads answers and hands them to `deliver` with the ids of their calls. Returns at the end
    /// of the pipe.
    ///
    /// # Errors
    /// The pipe fails, or a line is no answer.
    pub(super) async fn each(mut self, mut deliver: impl FnMut(i64, Answer)) -> io::Result<()> {
        let mut looked_at = 0;
        loop {
            let end = self.bytes[looked_at..]
                .iter()
                .position(|&byte| byte == b'\n');
            match end {
                Some(end) => {
                    let end = looked_at + end;
                    let line = std::str::from_utf8(&self.bytes[..end]).map_err(io::Error::other)?;
                    let (id, answer) = parse(line).ok_or_else(garbled)?;
                    deliver(id, answer);
                    self.bytes.drain(..=end);
                    looked_at = 0;
                }
                None if self.bytes.len() > WHOLE => {
                    let (id, start) = head_of(&self.bytes).ok_or_else(garbled)?;
                    self.bytes.drain(..start);
                    let (writer, frame) = Frame::in_pieces();
                    if let Frame::Pieces(pieces) = frame {
                        deliver(id, Answer::Long(pieces));
                    }
                    self.pass_on(writer).await?;
                    looked_at = 0;
                }
                None => {
                    looked_at = self.bytes.len();
                    if self.read().await? == 0 {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Passes a result on up to the end of its line.
    async fn pass_on(&mut self, writer: PieceWriter) -> io::Result<()> {
        let mut rest = Rest {
            writer: Some(writer),
            kept: Vec::new(),
        };
        loop {
            let end = self.bytes.iter().position(|&byte| byte == b'\n');
            match end {
                Some(end) => {
                    rest.pass(&self.bytes[..end]).await?;
                    self.bytes.drain(..=end);
                    return rest.end().await;
                }
                None => {
                    rest.pass(&self.bytes).await?;
                    self.bytes.clear();
                }
            }
            if self.read().await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    async fn read(&mut self) -> io::Result<usize> {
        self.bytes.reserve(PART);
        let mut part = (&mut self.reader).take(PART as u64);
        part.read_buf(&mut self.bytes).await
    }
}

// === impl Rest ===

impl Rest {
    /// Passes on what is certainly part of the result.
    async fn pass(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.kept.extend_from_slice(bytes);
        // The last byte of the line is the message's own.
        let Some(most) = self.kept.len().checked_sub(1) else {
            return Ok(());
        };
        let whole = match std::str::from_utf8(&self.kept[..most]) {
            Ok(_) => most,
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(error) => return Err(io::Error::other(error)),
        };
        let kept = self.kept.split_off(whole);
        let text = String::from_utf8(std::mem::replace(&mut self.kept, kept));
        let text = text.map_err(io::Error::other)?;
        if let Some(writer) = &self.writer
            && !text.is_empty()
            && writer.part(text).await.is_err()
        {
            // Nobody wants the rest, which has to be read all the same.
            self.writer = None;
        }
        Ok(())
    }

    async fn end(self) -> io::Result<()> {
        if self.kept != b"}" {
            return Err(garbled());
        }
        if let Some(writer) = self.writer {
            // Whoever asked may have gone.
            writer.end().await.ok();
        }
        Ok(())
    }
}

/// A whole line.
fn parse(line: &str) -> Option<(i64, Answer)> {
    if let Some((id, start)) = head_of(line.as_bytes()) {
        let result = line[start..].strip_suffix('}')?;
        return Some((id, Answer::Result(result.to_owned())));
    }
    match envelope::parse(line).ok()? {
        envelope::Incoming::Failure {
            id: RequestId::Number(id),
            error,
        } => Some((id, Answer::Refused(error))),
        _ => None,
    }
}

/// The id of a line that begins like a result, and where the result begins.
fn head_of(line: &[u8]) -> Option<(i64, usize)> {
    let head = &line[..line.len().min(HEAD_BYTES)];
    // A cut may go through a character of the result.
    let head = head.utf8_chunks().next()?.valid();
    let (id, _) = head.strip_prefix(HEAD)?.split_once(RESULT)?;
    Some((id.parse().ok()?, HEAD.len() + id.len() + RESULT.len()))
}

fn garbled() -> io::Error {
    io::Error::other("a line is no answer")
}

#[cfg(test)]
mod tests;
