//! Layers of configuration, and what they come to together. Pure.
//!
//! A higher layer says the last word on each key it has. Tables are merged key by key; everything
//! else, lists too, is replaced whole.

use std::{collections::BTreeMap, path::PathBuf};

use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};
use toml::{Table, Value};

use super::json;

/// Where a layer comes from, from the lowest to the highest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The administrator's file, for everybody.
    System {
        /// The file.
        file: PathBuf,
    },
    /// The user's own file, the only one that is written.
    User {
        /// The file.
        file: PathBuf,
    },
    /// A folder of a project.
    Project {
        /// The `.codex` folder.
        folder: PathBuf,
    },
    /// The command line.
    Flags,
    /// The administrator's old file, which nobody can override.
    Managed {
        /// The file.
        file: PathBuf,
    },
}

/// Why a layer is shown but does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disabled {
    /// Nobody said whether the project is trusted.
    NotTrusted {
        /// The folder one would have to trust.
        project: PathBuf,
    },
    /// The project is marked as not to be trusted.
    Untrusted {
        /// The folder that is marked, or would be.
        project: PathBuf,
    },
}

/// One layer, as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// Where it comes from.
    pub source: Source,
    /// What its content is known by: the digest of what it says, whatever its comments and order.
    pub version: String,
    /// What it says.
    pub config: Json,
    /// Why it does not count, if it does not.
    pub disabled: Option<Disabled>,
}

/// Which layer decided a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Where the layer comes from.
    pub source: Source,
    /// Its version.
    pub version: String,
}

/// What some layers come to.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Merged {
    /// The keys of all of them.
    pub(crate) table: Table,
    /// For each value that is no table or list, by its dotted key, which layer it is of. Elements
    /// of lists have their index as key. Empty tables and lists have no origin.
    pub(crate) origins: BTreeMap<String, usize>,
}

/// Merges `tables`, of which the later are the higher.
pub(crate) fn merge(tables: &[&Table]) -> Merged {
    let mut merged = Merged::default();
    let layers: Vec<_> = tables.iter().copied().enumerate().collect();
    merged.table = merge_tables(&layers, "", &mut merged.origins);
    merged
}

fn merge_tables(
    layers: &[(usize, &Table)],
    above: &str,
    origins: &mut BTreeMap<String, usize>,
) -> Table {
    let mut table = Table::new();
    for key in layers.iter().flat_map(|(_, layer)| layer.keys()) {
        if table.contains_key(key) {
            continue;
        }
        let dotted = dotted(above, key);
        // The tables above the highest value that is none: what is below that one is replaced.
        let mut tables = Vec::new();
        let mut leaf = None;
        for (index, value) in layers
            .iter()
            .rev()
            .filter_map(|(index, layer)| Some((*index, layer.get(key)?)))
        {
            match value {
                Value::Table(below) => tables.push((index, below)),
                other => {
                    leaf = Some((index, other));
                    break;
                }
            }
        }
        let value = match (tables.is_empty(), leaf) {
            (true, Some((index, leaf))) => {
                note_origins(leaf, &dotted, index, origins);
                leaf.clone()
            }
            _ => {
                tables.reverse();
                Value::Table(merge_tables(&tables, &dotted, origins))
            }
        };
        table.insert(key.clone(), value);
    }
    table
}

fn note_origins(value: &Value, key: &str, index: usize, origins: &mut BTreeMap<String, usize>) {
    match value {
        Value::Table(table) => {
            for (below, value) in table {
                note_origins(value, &dotted(key, below), index, origins);
            }
        }
        Value::Array(items) => {
            for (at, value) in items.iter().enumerate() {
                note_origins(value, &dotted(key, &at.to_string()), index, origins);
            }
        }
        _ => {
            origins.insert(key.to_owned(), index);
        }
    }
}

fn dotted(above: &str, key: &str) -> String {
    if above.is_empty() {
        key.to_owned()
    } else {
        format!("{above}.{key}")
    }
}

/// What stands at `path` in `table`.
pub(crate) fn find<'a>(table: &'a Table, path: &[String]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    rest.iter()
        .try_fold(table.get(first)?, |value, key| value.as_table()?.get(key))
}

/// The name of a content: `sha256:` and the digest of its JSON without spaces and with sorted
/// keys. Comments and the order of keys do not count.
pub(crate) fn version(table: &Table) -> String {
    let mut text = String::new();
    json::write_sorted(&json::from_table(table), &mut text);
    format!("sha256:{:x}", Sha256::digest(text))
}

#[cfg(test)]
mod tests;
