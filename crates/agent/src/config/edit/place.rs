//! Finding the place of a change, and changing the text there.
//!
//! A value is written where the old one stood; a new entry behind the last one of its table; a
//! new table as a section at the end. Inside a table that is itself a value (`t = { … }`) the
//! whole of that value is written anew.

use std::ops::Range;

use toml::{Table, Value};
use toml_edit::Key;

use super::EditError;
use crate::config::{
    document::{Found, Layout},
    layers::find,
};

/// Whether everything above the last key of `path` is a table, or nothing.
pub(super) fn check_way(table: &Table, path: &[String]) -> Result<(), EditError> {
    let way = (1..path.len()).filter_map(|depth| find(table, &path[..depth]));
    if way.into_iter().all(Value::is_table) {
        Ok(())
    } else {
        Err(EditError::NotATable)
    }
}

/// `text` with `value` at `path`, where `says` is what `text` says.
pub(super) fn set(
    text: &str,
    says: &Table,
    path: &[String],
    value: &Value,
) -> Result<String, EditError> {
    if find(says, path) == Some(value) {
        return Ok(text.to_owned());
    }
    let layout = parse(text)?;
    let (depth, table) = layout.descend(path);
    if depth == path.len() {
        return match value {
            Value::Table(value) => set_table(text, says, path, value),
            _ => anew(text, path, value),
        };
    }
    match layout.find(table, &path[depth]) {
        Some(Found::Value(span)) => {
            let rest = &path[depth + 1..];
            match (rest.is_empty(), value) {
                // Tables are sections, unless they were written otherwise.
                (true, Value::Table(_)) if !is_table(says, path) => anew(text, path, value),
                (true, _) => Ok(splice(text, span, &value.to_string())),
                (false, _) => set_within(text, says, &path[..=depth], span, rest, Some(value)),
            }
        }
        Some(Found::Sections) if depth + 1 == path.len() => anew(text, path, value),
        Some(_) => Err(EditError::NotATable),
        None => Ok(insert(&layout, text, table, (path, depth), value)),
    }
}

/// Takes `path` away and writes it as if it had never been there.
fn anew(text: &str, path: &[String], value: &Value) -> Result<String, EditError> {
    let text = remove(text, path)?;
    let layout = parse(&text)?;
    let (depth, table) = layout.descend(path);
    if depth == path.len() || layout.find(table, &path[depth]).is_some() {
        return Err(EditError::Unwritable);
    }
    Ok(insert(&layout, &text, table, (path, depth), value))
}

/// Makes the table at `path`, which is no value, say what `value` says.
fn set_table(
    text: &str,
    says: &Table,
    path: &[String],
    value: &Table,
) -> Result<String, EditError> {
    let old = find(says, path).and_then(Value::as_table);
    let mut text = text.to_owned();
    for key in old.into_iter().flat_map(Table::keys) {
        if !value.contains_key(key) {
            text = remove(&text, &below(path, key))?;
        }
    }
    for (key, value) in value {
        let says = text.parse().map_err(|_| EditError::Unwritable)?;
        text = set(&text, &says, &below(path, key), value)?;
    }
    // A table without a header of its own is gone when all that was in it is.
    let layout = parse(&text)?;
    let (depth, table) = layout.descend(path);
    if depth == path.len() {
        return Ok(text);
    }
    let value = Value::Table(value.clone());
    let inserted = insert(&layout, &text, table, (path, depth), &value);
    Ok(inserted)
}

/// Changes `rest` within the value at `above`, whose place is `span`.
fn set_within(
    text: &str,
    says: &Table,
    above: &[String],
    span: Range<usize>,
    rest: &[String],
    value: Option<&Value>,
) -> Result<String, EditError> {
    let mut whole = find(says, above).ok_or(EditError::Unwritable)?.clone();
    let (last, way) = rest.split_last().ok_or(EditError::Unwritable)?;
    let mut table = whole.as_table_mut().ok_or(EditError::NotATable)?;
    for key in way {
        let below = match (value, table.get_mut(key)) {
            (None, None) => return Ok(text.to_owned()),
            _ => table
                .entry(key.as_str())
                .or_insert_with(|| Value::Table(Table::new())),
        };
        table = below.as_table_mut().ok_or(EditError::NotATable)?;
    }
    match value {
        Some(value) => drop(table.insert(last.clone(), value.clone())),
        None if table.remove(last).is_none() => return Ok(text.to_owned()),
        None => {}
    }
    Ok(splice(text, span, &whole.to_string()))
}

/// `text` without what is at `path`; the same if there is nothing.
pub(super) fn remove(text: &str, path: &[String]) -> Result<String, EditError> {
    let layout = parse(text)?;
    let (last, above) = path.split_last().ok_or(EditError::Unwritable)?;
    let (depth, table) = layout.descend(above);
    if depth < above.len() {
        let Some(Found::Value(span)) = layout.find(table, &path[depth]) else {
            return Ok(text.to_owned());
        };
        let says: Table = text.parse().map_err(|_| EditError::Unwritable)?;
        return match set_within(text, &says, &path[..=depth], span, &path[depth + 1..], None) {
            Err(EditError::NotATable) => Ok(text.to_owned()),
            done => done,
        };
    }
    let mut left = text.to_owned();
    for lines in layout.lines_of(table, last).into_iter().rev() {
        left.replace_range(with_blank_line(text, lines), "");
    }
    Ok(left)
}

/// A section that goes leaves one empty line where there were two.
fn with_blank_line(text: &str, lines: Range<usize>) -> Range<usize> {
    let is_section = text[lines.clone()].trim_start().starts_with('[');
    let before = &text[..lines.start];
    let alone = before.is_empty() || before.ends_with("\n\n") || before.ends_with("\n\r\n");
    let after = &text[lines.end..];
    let blank = after
        .split_inclusive('\n')
        .next()
        .filter(|line| line.trim().is_empty() && line.ends_with('\n'));
    match blank {
        Some(line) if is_section && alone => lines.start..lines.end + line.len(),
        _ => lines,
    }
}

/// Writes `value` at `path`, of which `depth` keys are there, as `table`.
fn insert(
    layout: &Layout<'_>,
    text: &str,
    table: &toml_edit::Table,
    (path, depth): (&[String], usize),
    value: &Value,
) -> String {
    let new = &path[depth..];
    if table.is_dotted() {
        let section = (0..depth)
            .rev()
            .find(|above| !layout.descend(&path[..*above]).1.is_dotted())
            .unwrap_or(0);
        if let Some(at) = layout.end_of_entries(table) {
            return insert_line(text, at, &entry(&path[section..], value));
        }
    }
    match value {
        Value::Table(value) => append_sections(text, path, value),
        _ if new.len() > 1 => {
            let mut section = Table::new();
            section.insert(path[path.len() - 1].clone(), value.clone());
            append_sections(text, &path[..path.len() - 1], &section)
        }
        _ => match layout.end_of_entries(table) {
            Some(at) => insert_line(text, at, &entry(new, value)),
            None if depth == 0 => {
                let at = if table.is_empty() { text.len() } else { 0 };
                insert_line(text, at, &entry(new, value))
            }
            None => {
                let mut section = Table::new();
                section.insert(new[0].clone(), value.clone());
                append_sections(text, &path[..depth], &section)
            }
        },
    }
}

fn entry(path: &[String], value: &Value) -> String {
    format!("{} = {value}", dotted(path))
}

fn dotted(path: &[String]) -> String {
    let keys: Vec<_> = path
        .iter()
        .map(|key| Key::new(key.as_str()).to_string())
        .collect();
    keys.join(".")
}

fn insert_line(text: &str, at: usize, line: &str) -> String {
    let newline = newline(text);
    let lead = if at == 0 || text[..at].ends_with('\n') {
        ""
    } else {
        newline
    };
    splice(text, at..at, &format!("{lead}{line}{newline}"))
}

/// Appends `table` as a section, and the tables in it as sections below.
fn append_sections(text: &str, path: &[String], table: &Table) -> String {
    let newline = newline(text);
    let mut text = text.to_owned();
    if !text.is_empty() {
        if !text.ends_with('\n') {
            text.push_str(newline);
        }
        text.push_str(newline);
    }
    text.push_str(&format!("[{}]{newline}", dotted(path)));
    let (tables, entries): (Vec<_>, Vec<_>) = table.iter().partition(|(_, value)| value.is_table());
    for (key, value) in entries {
        text.push_str(&entry(std::slice::from_ref(key), value));
        text.push_str(newline);
    }
    for (key, value) in tables {
        if let Value::Table(value) = value {
            text = append_sections(&text, &below(path, key), value);
        }
    }
    text
}

fn newline(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

fn below(path: &[String], key: &str) -> Vec<String> {
    let mut path = path.to_vec();
    path.push(key.to_owned());
    path
}

fn is_table(says: &Table, path: &[String]) -> bool {
    find(says, path).is_some_and(Value::is_table)
}

fn splice(text: &str, span: Range<usize>, new: &str) -> String {
    let mut text = text.to_owned();
    text.replace_range(span, new);
    text
}

fn parse(text: &str) -> Result<Layout<'_>, EditError> {
    Layout::parse(text).map_err(|_| EditError::Unwritable)
}
