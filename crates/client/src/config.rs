//! Which environments there are: `environments.toml`, or one variable.
//!
//! The file in the home folder counts before the variable. Without either there is only `local`,
//! this machine. Everything but [`Environments::load`] is pure.
//!
//! | variable | meaning |
//! |---|---|
//! | `OUTPOST_HOME`, else `CODEX_HOME` | the home folder; else `~/.outpost` |
//! | `OUTPOST_EXEC_SERVER_URL`, else `CODEX_EXEC_SERVER_URL` | the only environment, `remote`; `none` for no environment at all |

mod error;
mod file;

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

pub use self::error::ConfigError;
use crate::{AddressError, ConnectOptions, Environment, Program, dial::Dial};

/// The environments that can be named.
#[derive(Clone, Debug)]
pub struct Environments {
    entries: Vec<Entry>,
    /// One of the entries.
    default: Option<String>,
}

/// An environment that can be named.
#[derive(Clone, Debug)]
pub struct Entry {
    /// `local`, `remote`, or as in the file.
    pub name: String,
    /// How it is reached.
    pub target: Target,
}

/// How an environment is reached.
#[derive(Clone, Debug)]
pub enum Target {
    /// It is this machine, served in this process.
    Local,
    /// A server at an address.
    Server {
        /// `ws://`, `wss://` or `unix://`.
        address: String,
        /// With the token and time limits of the entry.
        options: ConnectOptions,
    },
    /// A program that is a server.
    Program {
        /// The program.
        program: Program,
        /// With the time limits of the entry.
        options: ConnectOptions,
    },
}

/// The environment's variables.
pub type Variables = BTreeMap<String, String>;

/// The file, in the home folder.
pub const FILE_NAME: &str = "environments.toml";

/// The name of this machine.
pub const LOCAL: &str = "local";

/// The name of the server that a variable names.
pub const REMOTE: &str = "remote";

/// What stands for no environment where a name or an address is expected.
pub const NONE: &str = "none";

// === impl Environments ===

impl Environments {
    /// Reads the file in the home folder; where there is none, the variables decide. Blocks for the
    /// time of reading a small file.
    pub fn load(variables: &Variables, home: Option<&Path>) -> Result<Self, ConfigError> {
        let Some(home) = home else {
            return Self::from_variables(variables);
        };
        let path = home.join(FILE_NAME);
        match fs::read_to_string(&path) {
            Ok(text) => file::parse(&text, home).map_err(|error| ConfigError::In {
                path,
                error: error.into(),
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Self::from_variables(variables)
            }
            Err(error) => Err(ConfigError::Unreadable {
                path,
                words: error.to_string(),
            }),
        }
    }

    /// What a file of this content configures; relative folders are below `home`.
    pub fn parse(text: &str, home: &Path) -> Result<Self, ConfigError> {
        file::parse(text, home)
    }

    /// What the variables configure when there is no file.
    pub fn from_variables(variables: &Variables) -> Result<Self, ConfigError> {
        let address = ["OUTPOST_EXEC_SERVER_URL", "CODEX_EXEC_SERVER_URL"]
            .iter()
            .filter_map(|name| Some((*name, variables.get(*name)?.trim())))
            .find(|(_, value)| !value.is_empty());
        match address {
            None => Ok(Self::local()),
            Some((_, none)) if none.eq_ignore_ascii_case(NONE) => Self::new(Vec::new(), None),
            Some((variable, address)) => {
                let options = ConnectOptions::default();
                check_address(address, &options)
                    .map_err(|error| ConfigError::Variable { variable, error })?;
                let target = Target::Server {
                    address: address.to_owned(),
                    options,
                };
                Self::new(
                    vec![Entry {
                        name: REMOTE.to_owned(),
                        target,
                    }],
                    Some(REMOTE),
                )
            }
        }
    }

    /// This machine and no other, whatever files and variables say.
    #[must_use]
    pub fn local() -> Self {
        Self {
            entries: vec![Entry {
                name: LOCAL.to_owned(),
                target: Target::Local,
            }],
            default: Some(LOCAL.to_owned()),
        }
    }

    fn new(entries: Vec<Entry>, default: Option<&str>) -> Result<Self, ConfigError> {
        if let Some(name) = default
            && entries.iter().all(|entry| entry.name != name)
        {
            return Err(ConfigError::UnknownDefault {
                name: name.to_owned(),
            });
        }
        Ok(Self {
            entries,
            default: default.map(str::to_owned),
        })
    }

    /// All of them, `local` first, then in the order of the file.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The one of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// The one that is used unless another is named. None: nothing is.
    #[must_use]
    pub fn default_entry(&self) -> Option<&Entry> {
        self.get(self.default.as_deref()?)
    }
}

// === impl Entry ===

impl Entry {
    /// The environment, not yet connected; `None` for this machine, which whoever embeds a server
    /// makes by [`Environment::over`].
    pub fn environment(&self) -> Result<Option<Environment>, AddressError> {
        Ok(match &self.target {
            Target::Local => None,
            Target::Server { address, options } => {
                Some(Environment::connect(address, options.clone())?)
            }
            Target::Program { program, options } => {
                Some(Environment::program(program.clone(), options.clone()))
            }
        })
    }
}

/// The home folder, by the variables; `None` where not even `HOME` is set.
#[must_use]
pub fn home(variables: &Variables) -> Option<PathBuf> {
    let set = |name: &str| variables.get(name).filter(|value| !value.is_empty());
    let named = set("OUTPOST_HOME")
        .or_else(|| set("CODEX_HOME"))
        .map(PathBuf::from);
    named.or_else(|| Some(Path::new(set("HOME")?).join(".outpost")))
}

fn check_address(address: &str, options: &ConnectOptions) -> Result<(), AddressError> {
    Dial::new(address, options).map(drop)
}

#[cfg(test)]
mod tests;
