//! Our standard input, to the command.

use bytes::BytesMut;
use outpost_client::{ClientError, ProcessControl};
use outpost_rpc::transport::stdio;
use tokio::io::AsyncReadExt;

use super::start::Input;
use crate::say;

/// What is read at a time. The client sends it in smaller pieces, several at once.
const BLOCK: usize = 1 << 20;

/// Passes standard input on until it ends, or the command has closed its own. Dropping the future
/// leaves open how much of the last block arrived.
pub(super) async fn carry(input: Input, control: &ProcessControl) {
    if input == Input::None {
        return;
    }
    if let Err(error) = carry_all(input, control).await {
        match error {
            // It does not want more, or has ended: how is told elsewhere.
            ClientError::StdinClosed { .. } | ClientError::UnknownProcess { .. } => {}
            // A failed write is what a pipe without a reader looks like on older servers.
            ClientError::Refused { .. } => tracing::debug!(%error, "input was refused"),
            // The output ends with the same error, and that is where it is told.
            ClientError::Gone(_) | ClientError::Closed => {}
            error => say::line(format_args!("the command does not get its input: {error}")),
        }
    }
}

async fn carry_all(input: Input, control: &ProcessControl) -> Result<(), ClientError> {
    let mut stdin = stdio::stdin();
    let mut block = BytesMut::new();
    loop {
        block.reserve(BLOCK);
        match stdin.read_buf(&mut block).await {
            Ok(0) => break,
            Ok(_) => control.write(block.split().freeze()).await?,
            Err(error) => {
                // A terminal that is gone, mostly. The command's input ends as well.
                tracing::debug!(%error, "standard input cannot be read");
                break;
            }
        }
    }
    match input {
        Input::Pipe { ends: true } => control.close_stdin().await,
        Input::Pipe { ends: false } => {
            say::line("this server cannot end a command's input; it goes on waiting for more");
            Ok(())
        }
        // The end of a terminal's input is a key, and nobody has pressed it.
        Input::Terminal | Input::None => Ok(()),
    }
}
