//! Why authentication cannot be set up. The words are for the person who starts the server; they
//! name files, never what is in them.

use std::{io, path::PathBuf};

/// What is wrong with the authentication flags.
#[derive(Debug, thiserror::Error)]
pub enum AuthConfigError {
    /// Flags without a mode.
    #[error(
        "websocket auth flags require `--ws-auth capability-token` or `--ws-auth \
         signed-bearer-token`"
    )]
    ModeMissing,
    /// The mode needs a token.
    #[error(
        "`--ws-token-file` or `--ws-token-sha256` is required when `--ws-auth capability-token` \
         is set"
    )]
    TokenMissing,
    /// Two tokens.
    #[error("`--ws-token-file` and `--ws-token-sha256` are mutually exclusive")]
    TokenTwice,
    /// Not a digest.
    #[error("--ws-token-sha256 must be a 64-character hex SHA-256 digest")]
    Digest,
    /// The mode needs a key.
    #[error("`--ws-shared-secret-file` is required when `--ws-auth signed-bearer-token` is set")]
    SecretMissing,
    /// A key that can be guessed.
    #[error("signed websocket bearer secret {} must be at least 32 bytes", .0.display())]
    SecretShort(PathBuf),
    /// Flags of the other mode.
    #[error(
        "`--ws-shared-secret-file`, `--ws-issuer`, `--ws-audience`, and \
         `--ws-max-clock-skew-seconds` require `--ws-auth signed-bearer-token`"
    )]
    SignedFlagsWithToken,
    /// Flags of the other mode.
    #[error(
        "`--ws-token-file` and `--ws-token-sha256` require `--ws-auth capability-token`, not \
         `signed-bearer-token`"
    )]
    TokenFlagsWithSigned,
    /// A path that means another file in another folder.
    #[error("websocket auth secret {} must be an absolute path", .0.display())]
    Relative(PathBuf),
    /// A file without a secret in it.
    #[error("websocket auth secret {} must not be empty", .0.display())]
    Empty(PathBuf),
    /// A file that cannot be read.
    #[error("failed to read websocket auth secret {}: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Authentication where nobody connects.
    #[error("WebSocket auth requires a WebSocket listener, not stdio")]
    Stdio,
}
