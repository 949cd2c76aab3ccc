//! Who may open a connection: a token known to both sides, or a signed one.
//!
//! Secrets are read once, at the start, and kept as a digest or a key; neither ever appears in
//! `Debug` output, an error or a log. A configuration that would be weaker than it looks is
//! refused at the start.

use std::{
    fmt,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use http::{HeaderMap, header::AUTHORIZATION};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

pub(crate) use self::throttle::{Sentence, Throttle};
pub use self::{error::AuthConfigError, jwt::Signed};

mod error;
mod jwt;
mod throttle;

/// The authentication flags of a command line, as given.
#[derive(Clone, Debug, Default)]
pub struct AuthFlags {
    /// `--ws-auth`.
    pub mode: Option<AuthMode>,
    /// `--ws-token-file`: a file with the token.
    pub token_file: Option<PathBuf>,
    /// `--ws-token-sha256`: the token's digest, 64 hexadecimal digits.
    pub token_sha256: Option<String>,
    /// `--ws-shared-secret-file`: a file with the key of signed tokens.
    pub shared_secret_file: Option<PathBuf>,
    /// `--ws-issuer`: the only `iss` accepted.
    pub issuer: Option<String>,
    /// `--ws-audience`: the `aud` that must be there.
    pub audience: Option<String>,
    /// `--ws-max-clock-skew-seconds`.
    pub max_clock_skew_seconds: Option<u64>,
}

/// What `--ws-auth` may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthMode {
    /// `capability-token`: whoever knows the token may connect.
    CapabilityToken,
    /// `signed-bearer-token`: whoever holds a token signed with the shared secret may connect.
    SignedBearerToken,
}

/// How a listener authenticates.
#[derive(Clone)]
pub enum Auth {
    /// Whoever reaches the listener may connect.
    Open,
    /// Whoever knows the token with this SHA-256 digest may connect.
    Token([u8; 32]),
    /// Whoever holds a signed token may connect.
    Signed(Signed),
}

/// Why a request is not let in; the words are the answer's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// No `Authorization` header.
    #[error("missing websocket bearer token")]
    Missing,
    /// A header that is not `Bearer` and a token.
    #[error("invalid authorization header")]
    Header,
    /// Not the token.
    #[error("invalid websocket bearer token")]
    Token,
    /// Not a token signed with the shared secret, or without what it must say.
    #[error("invalid websocket jwt")]
    Jwt,
    /// `exp` has passed.
    #[error("expired websocket jwt")]
    Expired,
    /// `nbf` has not come.
    #[error("websocket jwt is not valid yet")]
    NotYet,
    /// Another `iss`.
    #[error("websocket jwt issuer mismatch")]
    Issuer,
    /// Another `aud`.
    #[error("websocket jwt audience mismatch")]
    Audience,
}

/// How far the clocks of issuer and server may be apart, unless a flag says otherwise.
const CLOCK_SKEW: Duration = Duration::from_secs(30);

/// A shared secret must be as long as the digest it keys (RFC 7518, section 3.2).
const SECRET_BYTES: usize = 32;

// === impl AuthFlags ===

impl AuthFlags {
    /// Whether any flag was given.
    #[must_use]
    pub fn any(&self) -> bool {
        self.mode.is_some() || self.any_token() || self.any_signed()
    }

    /// Reads the secrets the flags name. Blocks for as long as reading two small files takes.
    pub fn load(&self) -> Result<Auth, AuthConfigError> {
        match self.mode {
            None if self.any() => Err(AuthConfigError::ModeMissing),
            None => Ok(Auth::Open),
            Some(AuthMode::CapabilityToken) if self.any_signed() => {
                Err(AuthConfigError::SignedFlagsWithToken)
            }
            Some(AuthMode::CapabilityToken) => self.load_token(),
            Some(AuthMode::SignedBearerToken) if self.any_token() => {
                Err(AuthConfigError::TokenFlagsWithSigned)
            }
            Some(AuthMode::SignedBearerToken) => self.load_signed(),
        }
    }

    fn any_token(&self) -> bool {
        self.token_file.is_some() || self.token_sha256.is_some()
    }

    fn any_signed(&self) -> bool {
        self.shared_secret_file.is_some()
            || self.issuer.is_some()
            || self.audience.is_some()
            || self.max_clock_skew_seconds.is_some()
    }

    fn load_token(&self) -> Result<Auth, AuthConfigError> {
        match (&self.token_file, &self.token_sha256) {
            (Some(_), Some(_)) => Err(AuthConfigError::TokenTwice),
            (None, None) => Err(AuthConfigError::TokenMissing),
            (Some(path), None) => Ok(Auth::token(&read_secret(path)?)),
            (None, Some(digest)) => digest_of_hex(digest)
                .map(Auth::Token)
                .ok_or(AuthConfigError::Digest),
        }
    }

    fn load_signed(&self) -> Result<Auth, AuthConfigError> {
        let path = self
            .shared_secret_file
            .as_ref()
            .ok_or(AuthConfigError::SecretMissing)?;
        let secret = read_secret(path)?;
        if secret.len() < SECRET_BYTES {
            return Err(AuthConfigError::SecretShort(path.clone()));
        }
        let skew = self
            .max_clock_skew_seconds
            .map_or(CLOCK_SKEW, Duration::from_secs);
        let (issuer, audience) = (self.issuer.clone(), self.audience.clone());
        Ok(Auth::Signed(Signed::new(
            secret.as_bytes(),
            issuer,
            audience,
            skew,
        )))
    }
}

/// A secret file without the white space around its content.
fn read_secret(path: &Path) -> Result<String, AuthConfigError> {
    if !path.is_absolute() {
        return Err(AuthConfigError::Relative(path.to_owned()));
    }
    let secret = std::fs::read_to_string(path).map_err(|source| AuthConfigError::Read {
        path: path.to_owned(),
        source,
    })?;
    match secret.trim() {
        "" => Err(AuthConfigError::Empty(path.to_owned())),
        secret => Ok(secret.to_owned()),
    }
}

fn digest_of_hex(text: &str) -> Option<[u8; 32]> {
    let text = text.trim();
    let mut digest = [0; 32];
    if text.len() != 2 * digest.len() || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (place, byte) in digest.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * place..2 * place + 2], 16).ok()?;
    }
    Some(digest)
}

// === impl Auth ===

impl Auth {
    /// Whoever knows this token may connect.
    #[must_use]
    pub fn token(token: &str) -> Self {
        Self::Token(Sha256::digest(token.as_bytes()).into())
    }

    /// Whether a request with these headers is let in at this time.
    pub fn check(&self, headers: &HeaderMap, now: SystemTime) -> Result<(), Denied> {
        match self {
            Self::Open => Ok(()),
            Self::Token(expected) => {
                let given: [u8; 32] = Sha256::digest(bearer(headers)?.as_bytes()).into();
                if bool::from(given.ct_eq(expected)) {
                    Ok(())
                } else {
                    Err(Denied::Token)
                }
            }
            Self::Signed(signed) => signed.check(bearer(headers)?, now),
        }
    }
}

/// The bearer token of a request. The first of several headers decides.
fn bearer(headers: &HeaderMap) -> Result<&str, Denied> {
    let header = headers.get(AUTHORIZATION).ok_or(Denied::Missing)?;
    let header = header.to_str().map_err(|_| Denied::Header)?;
    let (scheme, token) = header.split_once(' ').ok_or(Denied::Header)?;
    let token = token.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
        return Err(Denied::Header);
    }
    Ok(token)
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "Open",
            Self::Token(_) => "Token(..)",
            Self::Signed(_) => "Signed(..)",
        })
    }
}

#[cfg(test)]
mod tests;
