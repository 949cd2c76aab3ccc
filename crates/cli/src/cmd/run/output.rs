//! What the command writes, on our standard output and error.

use std::io;

use bytes::Bytes;
use outpost_client::{ClientError, Exit, Process, ProcessEvent};
use outpost_protocol::exec::process::OutputStream;
use outpost_rpc::transport::stdio::{self, Output};
use tokio::io::{AsyncWrite, AsyncWriteExt, Stderr};

use crate::say;

/// Our two streams.
pub(super) struct Streams {
    stdout: Output,
    /// Nothing once nobody reads it; what would go there is dropped, as the command goes on.
    stderr: Option<Stderr>,
}

/// How a command's output ends.
#[derive(Debug)]
pub(super) enum End {
    /// The command has ended and its output is complete.
    Closed(Exit),
    /// Our standard output cannot be written any more.
    Unwritable(io::Error),
    /// The command is out of reach.
    Lost(ClientError),
}

// === impl Streams ===

impl Streams {
    /// The streams of this program. To be called inside a runtime.
    pub(super) fn of_this_program() -> Self {
        Self {
            stdout: stdio::stdout(),
            stderr: Some(tokio::io::stderr()),
        }
    }

    /// Passes on what `process` writes, until it ends or cannot go on.
    pub(super) async fn carry(&mut self, process: &mut Process) -> End {
        let mut exit = None;
        loop {
            match process.next().await {
                Some(Ok(ProcessEvent::Output { stream, bytes })) => {
                    if let Err(error) = self.write(stream, bytes).await {
                        return End::Unwritable(error);
                    }
                }
                Some(Ok(ProcessEvent::Exited(how))) => exit = Some(how),
                Some(Ok(ProcessEvent::Closed)) | None => {
                    let unknown = || ClientError::Protocol {
                        words: "the server did not say how the command ended".to_owned(),
                    };
                    return exit.map_or_else(|| End::Lost(unknown()), End::Closed);
                }
                Some(Err(lost @ ClientError::OutputLost { .. })) => say::line(lost),
                Some(Err(error)) => return End::Lost(error),
            }
        }
    }

    /// Writes `bytes` where they belong, at once: a prompt has no line end.
    async fn write(&mut self, stream: OutputStream, bytes: Bytes) -> io::Result<()> {
        match stream {
            OutputStream::Stdout | OutputStream::Pty => all(&mut self.stdout, &bytes).await,
            OutputStream::Stderr => {
                if let Some(stderr) = &mut self.stderr
                    && all(stderr, &bytes).await.is_err()
                {
                    self.stderr = None;
                }
                Ok(())
            }
        }
    }
}

async fn all(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes).await?;
    stream.flush().await
}
