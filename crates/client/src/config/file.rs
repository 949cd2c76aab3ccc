//! The file, decoded and checked. Pure.

use std::{collections::BTreeMap, path::Path, time::Duration};

use serde::Deserialize;

use super::{ConfigError, Entry, Environments, LOCAL, NONE, Target, check_address};
use crate::{ConnectOptions, Program, Secret};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    default: Option<String>,
    include_local: Option<bool>,
    #[serde(default)]
    environments: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    id: String,
    url: Option<String>,
    auth_bearer_token: Option<String>,
    program: Option<String>,
    args: Option<Vec<String>>,
    env: Option<BTreeMap<String, String>>,
    cwd: Option<std::path::PathBuf>,
    connect_timeout_sec: Option<f64>,
    initialize_timeout_sec: Option<f64>,
    /// The reference's; nothing here reads it.
    #[serde(rename = "skills")]
    _skills: Option<toml::Table>,
}

/// Bytes of an id.
const ID_BYTES: usize = 64;

/// A time limit beyond this is a mistake: a year.
const LONGEST: f64 = 365.0 * 24.0 * 3600.0;

pub(super) fn parse(text: &str, home: &Path) -> Result<Environments, ConfigError> {
    let file: File = toml::from_str(text).map_err(|error| syntax(text, &error))?;
    let include_local = file.include_local.unwrap_or(true);
    let mut entries = Vec::new();
    if include_local {
        entries.push(Entry {
            name: LOCAL.to_owned(),
            target: Target::Local,
        });
    }
    for item in file.environments {
        check_id(&item.id, &entries)?;
        let name = item.id.clone();
        let target = target(item, home).map_err(|words| ConfigError::Entry {
            id: name.clone(),
            words,
        })?;
        entries.push(Entry { name, target });
    }
    let default = match file.default.as_deref() {
        None => include_local.then_some(LOCAL),
        Some(none) if none.eq_ignore_ascii_case(NONE) => None,
        Some(name) => Some(name),
    };
    Environments::new(entries, default)
}

/// The decoder's words without the text it shows, which may be a token.
fn syntax(text: &str, error: &toml::de::Error) -> ConfigError {
    let before = error
        .span()
        .and_then(|span| text.get(..span.start))
        .unwrap_or_default();
    let line = 1 + before.matches('\n').count();
    ConfigError::Syntax {
        line,
        words: error.message().to_owned(),
    }
}

fn check_id(id: &str, entries: &[Entry]) -> Result<(), ConfigError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let words = match id {
        _ if id.is_empty() || id.len() > ID_BYTES => "must have 1 to 64 characters",
        _ if !id.bytes().all(allowed) => "may have only letters, digits, `_` and `-`",
        LOCAL | NONE => "is reserved",
        _ if entries.iter().any(|entry| entry.name == id) => "is configured twice",
        _ => return Ok(()),
    };
    Err(ConfigError::Id {
        id: id.to_owned(),
        words,
    })
}

fn target(item: Item, home: &Path) -> Result<Target, String> {
    let mut options = ConnectOptions::default();
    if let Some(seconds) = item.initialize_timeout_sec {
        options.initialize_timeout = time_limit("initialize_timeout_sec", seconds)?;
    }
    if let Some(seconds) = item.connect_timeout_sec {
        options.connect_timeout = time_limit("connect_timeout_sec", seconds)?;
    }
    match (item.url, item.program) {
        (Some(address), None) => {
            let misplaced = [
                ("args", item.args.is_some()),
                ("env", item.env.is_some()),
                ("cwd", item.cwd.is_some()),
            ];
            only_with("program", &misplaced)?;
            if let Some(token) = item.auth_bearer_token {
                if token.trim().is_empty() {
                    return Err("`auth_bearer_token` is empty".to_owned());
                }
                options.bearer_token = Some(Secret::new(token));
            }
            check_address(&address, &options).map_err(|error| error.to_string())?;
            Ok(Target::Server { address, options })
        }
        (None, Some(program)) => {
            let misplaced = [
                ("auth_bearer_token", item.auth_bearer_token.is_some()),
                ("connect_timeout_sec", item.connect_timeout_sec.is_some()),
            ];
            only_with("url", &misplaced)?;
            if program.is_empty() {
                return Err("`program` is empty".to_owned());
            }
            let args = item.args.unwrap_or_default();
            let mut program = Program::new(program, args);
            program.env = item.env.unwrap_or_default();
            program.cwd = item.cwd.map(|cwd| home.join(cwd));
            Ok(Target::Program { program, options })
        }
        (Some(_), Some(_)) | (None, None) => {
            Err("must have exactly one of `url` and `program`".to_owned())
        }
    }
}

fn only_with(key: &str, misplaced: &[(&str, bool)]) -> Result<(), String> {
    match misplaced.iter().find(|(_, given)| *given) {
        Some((name, _)) => Err(format!("`{name}` is only for environments with `{key}`")),
        None => Ok(()),
    }
}

fn time_limit(key: &str, seconds: f64) -> Result<Duration, String> {
    if seconds > 0.0 && seconds <= LONGEST {
        return Ok(Duration::from_secs_f64(seconds));
    }
    Err(format!("`{key}` must be a positive number of seconds"))
}
