//! Who is signed in at the provider of models.
//!
//! Signing in is with a key. It is kept in `auth.json` in the home folder of this program, in the
//! form that other programs of this dialect read and write, or, where the configuration says so,
//! in memory only.
//!
//! The file is the truth: it is looked at on every question, so that several servers of one home
//! agree. It is old or new, whole, whenever a writer ends, and nobody but its owner can read what
//! is written here. A key is told by [`Accounts::key`] alone, and is never printed or logged. All
//! functions block on the file system.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::config::{
    files,
    save::{self, RealDisk, Turn},
};

/// The longest key, in bytes: more than any provider gives out, and it fits a request's header.
pub const MAX_KEY: usize = 64 << 10;

/// What a login with a key is called in the file.
const API_KEY: &str = "apikey";

/// The logins of a server.
pub struct Accounts {
    file: PathBuf,
    /// The key of a login that is kept until the server ends.
    in_memory: Mutex<Option<String>>,
}

/// Where a login is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeping {
    /// In the file.
    File,
    /// Until the server ends.
    Memory,
    /// In the keyring of the desktop, which this server does not use.
    Keyring,
}

/// Who is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedIn {
    /// Nobody.
    Nobody,
    /// Somebody with a key.
    ApiKey,
    /// Somebody in a way that other programs know and this server does not.
    Otherwise,
}

/// Why nobody was signed in or out.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The key is no key.
    #[error("the API key exceeds {MAX_KEY} bytes")]
    TooLong,
    /// The configuration wants the keyring.
    #[error("this server keeps keys in a file or in memory, not in a keyring")]
    Keyring,
    /// The file cannot be written.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// What the file holds. Not printable: it has the key.
#[derive(PartialEq, Eq)]
enum Login {
    Key(String),
    Otherwise,
}

/// What of the file matters here.
#[derive(Deserialize)]
struct Stored {
    auth_mode: Option<String>,
    #[serde(rename = "OPENAI_API_KEY")]
    key: Option<String>,
    tokens: Option<serde_json::Value>,
}

#[derive(Serialize)]
struct WithKey<'a> {
    auth_mode: &'a str,
    #[serde(rename = "OPENAI_API_KEY")]
    key: &'a str,
}

// === impl Accounts ===

impl Accounts {
    /// The logins kept below `home`, the home folder of this program.
    #[must_use]
    pub fn new(home: &Path) -> Self {
        Self {
            file: home.join("auth.json"),
            in_memory: Mutex::default(),
        }
    }

    /// Who is signed in. A file that cannot be read or understood is nobody's login.
    pub fn signed_in(&self, keeping: Keeping) -> SignedIn {
        match keeping {
            Keeping::Memory => match *self.in_memory.lock() {
                Some(_) => SignedIn::ApiKey,
                None => SignedIn::Nobody,
            },
            Keeping::File | Keeping::Keyring => match self.stored() {
                None => SignedIn::Nobody,
                Some(Login::Key(_)) => SignedIn::ApiKey,
                Some(Login::Otherwise) => SignedIn::Otherwise,
            },
        }
    }

    /// The key of whoever is signed in with one.
    pub fn key(&self, keeping: Keeping) -> Option<String> {
        match keeping {
            Keeping::Memory => self.in_memory.lock().clone(),
            Keeping::File | Keeping::Keyring => match self.stored()? {
                Login::Key(key) => Some(key),
                Login::Otherwise => None,
            },
        }
    }

    fn stored(&self) -> Option<Login> {
        let text = match files::read_text(&self.file) {
            Ok(file) => file?.0,
            Err(error) => {
                tracing::warn!(file = %self.file.display(), %error, "the login cannot be read");
                return None;
            }
        };
        let login = understand(&text);
        if login.is_none() {
            // What the parser says could hold a part of the key.
            tracing::warn!(file = %self.file.display(), "the login cannot be understood");
        }
        login
    }

    /// Signs in with a key, in the place of whoever was signed in. When this returns the login is
    /// on the disk, if it is kept there.
    ///
    /// # Errors
    ///
    /// The key is too long, the keyring is wanted, or the file cannot be written; then nothing has
    /// changed.
    pub fn sign_in(&self, key: &str, keeping: Keeping) -> Result<(), AccountError> {
        if key.len() > MAX_KEY {
            return Err(AccountError::TooLong);
        }
        match keeping {
            Keeping::Keyring => return Err(AccountError::Keyring),
            Keeping::Memory => *self.in_memory.lock() = Some(key.to_owned()),
            Keeping::File => {
                let login = WithKey {
                    auth_mode: API_KEY,
                    key,
                };
                let text = serde_json::to_string_pretty(&login);
                let text = text.expect("two texts are JSON");
                let target = save::follow(&self.file)?;
                let _turn = Turn::take(save::folder_of(&target))?;
                save::replace_secret(&mut RealDisk::default(), &target, text.as_bytes())?;
            }
        }
        Ok(())
    }

    /// Signs out whoever is signed in, and forgets the key wherever it is kept.
    ///
    /// # Errors
    ///
    /// The file cannot be removed.
    pub fn sign_out(&self) -> Result<(), AccountError> {
        *self.in_memory.lock() = None;
        // Links are followed: the key is where they lead.
        let target = save::follow(&self.file)?;
        if !target.exists() {
            return Ok(());
        }
        let _turn = Turn::take(save::folder_of(&target))?;
        match fs::remove_file(&target) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }
}

// === impl Keeping ===

impl Keeping {
    /// What the setting `cli_auth_credentials_store` says.
    #[must_use]
    pub fn of_setting(setting: Option<&str>) -> Self {
        match setting {
            Some("ephemeral") => Self::Memory,
            Some("keyring") => Self::Keyring,
            // With `auto` a keyring would be taken if there were one.
            _ => Self::File,
        }
    }
}

/// Whose login a file is; `None` if it is no login.
fn understand(text: &str) -> Option<Login> {
    let stored: Stored = serde_json::from_str(text).ok()?;
    match (stored.auth_mode.as_deref(), stored.key, stored.tokens) {
        (Some(API_KEY) | None, Some(key), _) => Some(Login::Key(key)),
        (None, None, None) | (Some(API_KEY), None, _) => None,
        _ => Some(Login::Otherwise),
    }
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accounts").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
