//! The stdio pump: one JSON text per line, over any reader and writer.
//!
//! A line ends with `\n` or `\r\n`; blank lines are skipped; a last line that is cut off by the end
//! of the input counts as a line. A line above the message limit, or one that is not UTF-8, ends
//! the connection with a reason. The end of the input ends the link normally. Either way, what
//! the other end still says is written, for at most [`Limits::flush_grace`] and
//! [`Timeouts::close`](crate::limits::Timeouts::close) together.
//!
//! There is no other client to be protected from a reader that takes nothing, and its queue is
//! bounded, so writing has no deadline while the input lasts: a stopped program may be continued.
//! A probe is answered at once: lines have no ping, and the end of a pipe needs none to be noticed.

use std::{io, pin::pin};

use tokio::{
    io::{
        AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt,
        BufReader,
    },
    time::timeout,
};

pub use self::descriptor::{Input, Output, stdin, stdout};
use crate::{
    frame::{Frame, Piece, Pieces},
    limits::Limits,
    link::{Close, FrameReceiver, FrameSender, Link, Received},
};

mod descriptor;

/// What is read at once: as much as a pipe holds unless someone enlarged it.
const READ_BYTES: usize = 64 << 10;

/// Lines gathered for one write; a longer text leaves by itself, uncopied.
const BATCH_BYTES: usize = 64 << 10;

/// Moves frames between lines and the link until one of them ends; says why. The link ends with
/// the same reason.
pub async fn pump<R, W>(reader: R, writer: W, link: Link, limits: &Limits) -> Close
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let Link { tx, mut rx } = link;
    let close = converse(reader, writer, &tx, &mut rx, limits).await;
    tx.close(close.clone());
    rx.close(close.clone());
    close
}

async fn converse<R, W>(
    reader: R,
    writer: W,
    tx: &FrameSender,
    rx: &mut FrameReceiver,
    limits: &Limits,
) -> Close
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut writing = pin!(write_lines(writer, rx));
    let close = tokio::select! {
        close = read_lines(reader, tx, limits.wire.message_bytes) => close,
        close = &mut writing => return close,
    };
    tx.close(close.clone());
    let grace = limits.flush_grace + limits.timeouts.close;
    // All said, time up or peer gone: the reason stays the reader's.
    timeout(grace, writing).await.ok();
    close
}

// === reading ===

/// Reads lines into the link until the input ends; says why.
async fn read_lines<R: AsyncRead + Unpin>(reader: R, tx: &FrameSender, bound: usize) -> Close {
    let mut reader = BufReader::with_capacity(READ_BYTES, reader);
    loop {
        let text = match next_line(&mut reader, bound).await {
            Ok(Some(text)) => text,
            Ok(None) => return Close::normal(),
            Err(close) => return close,
        };
        if text.trim_ascii().is_empty() {
            continue;
        }
        // Where nobody takes frames any more the line is dropped; the end of the input is still
        // worth waiting for.
        tx.send(Frame::Text(text)).await.ok();
    }
}

/// The next line without its end; `None` at the end of the input.
async fn next_line<R>(reader: &mut R, bound: usize) -> Result<Option<String>, Close>
where
    R: AsyncBufRead + Unpin,
{
    let mut line = Vec::new();
    let most = bound as u64 + b"\r\n".len() as u64;
    let read = reader.take(most).read_until(b'\n', &mut line).await;
    if read.map_err(|error| broken("standard input", &error))? == 0 {
        return Ok(None);
    }
    if line.pop_if(|last| *last == b'\n').is_some() {
        line.pop_if(|last| *last == b'\r');
    }
    if line.len() > bound {
        return Err(Close::too_big(format!(
            "a line is over the limit of {bound} bytes"
        )));
    }
    String::from_utf8(line)
        .map(Some)
        .map_err(|_| Close::new(1007, "a line is not valid UTF-8"))
}

// === writing ===

/// Writes what the link's other end says until it has said all; says why it stopped.
async fn write_lines<W: AsyncWrite + Unpin>(mut writer: W, rx: &mut FrameReceiver) -> Close {
    match write_all(&mut writer, rx).await {
        Ok(Some(close)) => close,
        Ok(None) => rx.close_reason().unwrap_or_else(Close::lost),
        Err(error) => broken("standard output", &error),
    }
}

/// `None` when the queue has ended; a reason when a text cannot be completed.
async fn write_all<W>(writer: &mut W, rx: &mut FrameReceiver) -> io::Result<Option<Close>>
where
    W: AsyncWrite + Unpin,
{
    let mut batch = Vec::new();
    while let Some(first) = rx.recv().await {
        let mut next = Some(first);
        while let Some(received) = next {
            match received {
                Received::Probe(answer) => {
                    answer.send(()).ok();
                }
                Received::Frame(Frame::Text(text)) => write_text(writer, &mut batch, text).await?,
                Received::Frame(Frame::Pieces(pieces)) => {
                    send_batch(writer, &mut batch).await?;
                    if !write_pieces(writer, pieces).await? {
                        let reason = "an answer could not be completed";
                        return Ok(Some(Close::internal(reason)));
                    }
                }
                // Nothing that arrived garbled is ever sent on.
                Received::Frame(Frame::Garbled(_)) => {}
            }
            next = rx.try_recv();
        }
        send_batch(writer, &mut batch).await?;
        writer.flush().await?;
    }
    writer.shutdown().await?;
    Ok(None)
}

/// Adds a text to the batch, or writes it behind the batch.
async fn write_text<W>(writer: &mut W, batch: &mut Vec<u8>, mut text: String) -> io::Result<()>
where
    W: AsyncWrite + Unpin,
{
    text.push('\n');
    if batch.len() + text.len() > BATCH_BYTES {
        send_batch(writer, batch).await?;
    }
    if text.len() > BATCH_BYTES {
        return writer.write_all(text.as_bytes()).await;
    }
    batch.extend_from_slice(text.as_bytes());
    Ok(())
}

async fn send_batch<W: AsyncWrite + Unpin>(writer: &mut W, batch: &mut Vec<u8>) -> io::Result<()> {
    if !batch.is_empty() {
        writer.write_all(batch).await?;
        batch.clear();
    }
    Ok(())
}

/// Writes the pieces as one line; `false` when their writer gave up, and the line is left open.
async fn write_pieces<W>(writer: &mut W, mut pieces: Pieces) -> io::Result<bool>
where
    W: AsyncWrite + Unpin,
{
    loop {
        match pieces.next().await {
            Some(Piece::Part(text)) => writer.write_all(text.as_bytes()).await?,
            Some(Piece::End) => {
                writer.write_all(b"\n").await?;
                return Ok(true);
            }
            None => return Ok(false),
        }
    }
}

fn broken(what: &str, error: &io::Error) -> Close {
    let lost = Close::lost();
    Close {
        reason: format!("{}: {what}: {error}", lost.reason),
        ..lost
    }
}

#[cfg(test)]
mod tests;
