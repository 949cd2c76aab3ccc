//! `outpost app-server proxy`: standard input and output as a connection of the running server.
//!
//! Two kinds of clients are carried, told apart by their first byte. One that speaks WebSocket
//! begins with the line of an HTTP request, and its bytes pass unchanged both ways, as through the
//! reference's proxy. One that speaks lines of JSON gets a WebSocket made of them.
//!
//! Neither side is read while the other takes nothing. Either side's end ends the program, after
//! what was read of it has been handed on.

use std::{
    io::{self, Cursor},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, bail};
use outpost_rpc::{
    dial::{DialOptions, Target, dial},
    limits::{Limits, WireLimits},
    link::Close,
    transport::stdio,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, copy_buf},
    net::UnixStream,
    time::timeout,
};

use super::app_server;
use crate::{args::Proxy, exit, say};

/// What is moved at once: as much as a pipe holds unless someone enlarged it.
const PIECE_BYTES: usize = 64 << 10;

/// How long the server may still speak after its client has ended: as long as for lines.
const LAST_WORDS: Duration = Duration::from_secs(4);

/// The largest message of a server. The answer to a whole file is the largest there is: 512 MiB,
/// in base64.
const MESSAGE_BYTES: usize = 1 << 30;

/// How a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speech {
    /// A JSON text in each line.
    Lines,
    /// WebSocket, from its handshake on.
    Bytes,
}

// === impl Speech ===

impl Speech {
    /// JSON-RPC begins with a brace, HTTP with the name of a method.
    fn of(first: u8) -> Self {
        if first.is_ascii_uppercase() {
            Self::Bytes
        } else {
            Self::Lines
        }
    }
}

/// Carries until one side ends, and returns the exit status.
pub(crate) async fn run(arguments: Proxy) -> anyhow::Result<u8> {
    let socket = match arguments.sock {
        Some(path) => std::path::absolute(path),
        None => app_server::usual_socket(),
    };
    let socket = socket.context("failed to tell where the socket is")?;
    // Whoever starts a proxy to nothing is told at once. The connection for the client is made
    // when the client speaks, because a server does not wait for that for long.
    drop(connect(&socket).await?);
    let mut input = stdio::stdin();
    let mut begin = vec![0; PIECE_BYTES];
    let read = input.read(&mut begin).await;
    begin.truncate(read.context("cannot read standard input")?);
    let Some(first) = begin.first() else {
        return Ok(exit::DONE);
    };
    let speech = Speech::of(*first);
    let input = Cursor::new(begin).chain(input);
    match speech {
        Speech::Bytes => carry_bytes(input, connect(&socket).await?).await,
        Speech::Lines => carry_lines(input, socket).await,
    }
}

async fn connect(socket: &Path) -> anyhow::Result<UnixStream> {
    let stream = UnixStream::connect(socket).await;
    stream.map_err(|error| {
        let words = format!(
            "failed to connect to socket at {}: {error}; `outpost app-server --listen unix://` \
             starts a server that listens there, and --sock names the socket of another one",
            socket.display()
        );
        anyhow::Error::msg(words)
    })
}

async fn carry_lines(input: impl AsyncRead + Unpin, socket: PathBuf) -> anyhow::Result<u8> {
    let limits = Limits {
        wire: WireLimits {
            frame_bytes: MESSAGE_BYTES,
            message_bytes: MESSAGE_BYTES,
            ..WireLimits::default()
        },
        ..Limits::default()
    };
    let options = DialOptions {
        limits: limits.clone(),
        ..DialOptions::default()
    };
    let dialed = dial(&Target::Unix(socket), &options).await?;
    let lines = stdio::pump(input, stdio::stdout(), dialed.link, &limits);
    let (close, _) = tokio::join!(lines, dialed.pump);
    status(&close)
}

/// What the end of a connection is to whoever started the proxy.
fn status(close: &Close) -> anyhow::Result<u8> {
    match close.code {
        1000 => Ok(exit::DONE),
        1001 => {
            say::line(format_args!("the server has ended: {close}"));
            Ok(exit::DONE)
        }
        _ => bail!("{close}"),
    }
}

async fn carry_bytes(input: impl AsyncRead + Unpin, server: UnixStream) -> anyhow::Result<u8> {
    let (from_server, to_server) = server.into_split();
    let heard = copy_all(from_server, stdio::stdout());
    tokio::pin!(heard);
    let answered = tokio::select! {
        heard = &mut heard => return done(heard),
        said = copy_all(input, to_server) => said,
    };
    // A server that has gone away takes nothing, but what it said before is still to be read.
    match timeout(LAST_WORDS, heard).await {
        Ok(heard) => done(heard),
        Err(_) => done(answered),
    }
}

/// Moves bytes to their end, then ends the writer.
async fn copy_all(
    reader: impl AsyncRead + Unpin,
    mut writer: impl AsyncWrite + Unpin,
) -> io::Result<()> {
    let mut reader = BufReader::with_capacity(PIECE_BYTES, reader);
    copy_buf(&mut reader, &mut writer).await?;
    writer.shutdown().await
}

/// A side that has gone away has ended.
fn done(moved: io::Result<()>) -> anyhow::Result<u8> {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, NotConnected};
    match moved {
        Err(error) if !matches!(error.kind(), BrokenPipe | ConnectionReset | NotConnected) => {
            Err(error).context("the connection failed")
        }
        Ok(()) | Err(_) => Ok(exit::DONE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_known_by_its_first_byte() {
        for (text, speech) in [
            ("GET / HTTP/1.1\r\n", Speech::Bytes),
            (r#"{"id":1}"#, Speech::Lines),
            ("\n{}", Speech::Lines),
            ("nonsense", Speech::Lines),
        ] {
            assert_eq!(Speech::of(text.as_bytes()[0]), speech, "{text}");
        }
    }

    #[test]
    fn an_orderly_end_is_no_failure() {
        assert_eq!(status(&Close::normal()).unwrap(), exit::DONE);
        assert_eq!(status(&Close::going_away("x")).unwrap(), exit::DONE);
        for close in [
            Close::lost(),
            Close::new(1013, "too slow"),
            Close::internal(""),
        ] {
            assert_eq!(status(&close).unwrap_err().to_string(), close.to_string());
        }
    }
}
