//! Where things stand in the text of a TOML document. Pure.
//!
//! Everything here is in byte offsets of the text, and in whole lines where lines are meant.

use std::ops::Range;

use toml_edit::{Document, Item, Table, TomlError, Value};

use super::fault::Position;

/// A document and what is where in it.
#[derive(Debug)]
pub(crate) struct Layout<'a> {
    text: &'a str,
    document: Document<&'a str>,
}

/// What stands at a key.
#[derive(Debug)]
pub(crate) enum Found {
    /// A table that is written as a section, as dotted keys, or only through those below it.
    Table,
    /// Anything that is written after an equals sign, with its place.
    Value(Range<usize>),
    /// Several sections of the same name.
    Sections,
}

impl<'a> Layout<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, TomlError> {
        let document = Document::parse(text)?;
        Ok(Self { text, document })
    }

    pub(crate) fn root(&self) -> &Table {
        self.document.as_table()
    }

    /// How far down `path` there are tables that are no values: the number of keys, and the table
    /// there.
    pub(crate) fn descend(&self, path: &[String]) -> (usize, &Table) {
        let mut table = self.root();
        for (depth, key) in path.iter().enumerate() {
            match table.get(key) {
                Some(Item::Table(below)) => table = below,
                _ => return (depth, table),
            }
        }
        (path.len(), table)
    }

    /// What stands at `key` in `table`.
    pub(crate) fn find(&self, table: &Table, key: &str) -> Option<Found> {
        match table.get(key)? {
            Item::None => None,
            Item::Value(value) => Some(Found::Value(value.span()?)),
            Item::Table(_) => Some(Found::Table),
            Item::ArrayOfTables(_) => Some(Found::Sections),
        }
    }

    /// The lines that an entry takes, in order.
    pub(crate) fn lines_of(&self, table: &Table, key: &str) -> Vec<Range<usize>> {
        let mut lines = Vec::new();
        if let Some((_, item)) = table.get_key_value(key) {
            self.note_lines(item, entry_span(table, key), &mut lines);
        }
        lines.sort_by_key(|range| range.start);
        lines
    }

    fn note_lines(&self, item: &Item, span: Option<Range<usize>>, lines: &mut Vec<Range<usize>>) {
        match item {
            Item::None => {}
            Item::Value(_) => lines.extend(span.map(|span| self.whole_lines(span))),
            Item::Table(table) => self.note_table(table, lines),
            Item::ArrayOfTables(tables) => {
                for table in tables {
                    self.note_table(table, lines);
                }
            }
        }
    }

    fn note_table(&self, table: &Table, lines: &mut Vec<Range<usize>>) {
        if let Some(header) = self.header(table) {
            let end = self.entries_end(table).unwrap_or(header.end);
            lines.push(self.whole_lines(header.start..end));
        }
        for (key, item) in table {
            let written_above = self.header(table).is_some() && is_entry(item);
            if !written_above {
                self.note_lines(item, entry_span(table, key), lines);
            }
        }
    }

    /// Where the last entry of `table` ends that stands in its own section.
    fn entries_end(&self, table: &Table) -> Option<usize> {
        let end = |(key, item): (&str, &Item)| match item {
            Item::Value(_) => entry_span(table, key).map(|span| span.end),
            Item::Table(below) if below.is_dotted() => self.entries_end(below),
            _ => None,
        };
        table.iter().filter_map(end).max()
    }

    /// Where a new entry of `table` goes: behind its last one, else behind its header. None if
    /// it has neither.
    pub(crate) fn end_of_entries(&self, table: &Table) -> Option<usize> {
        let end = self
            .entries_end(table)
            .or_else(|| self.header(table).map(|header| header.end))?;
        Some(self.whole_lines(end..end).end)
    }

    /// The place of a table's header, if it has one of its own.
    fn header(&self, table: &Table) -> Option<Range<usize>> {
        let is_root = std::ptr::eq(table, self.root());
        let has_one = !is_root && !table.is_implicit() && !table.is_dotted();
        has_one.then(|| table.span()).flatten()
    }

    /// `span` from the beginning of its first line behind the end of its last.
    fn whole_lines(&self, span: Range<usize>) -> Range<usize> {
        let start = self.text[..span.start]
            .rfind('\n')
            .map_or(0, |before| before + 1);
        let end = self.text[span.end..]
            .find('\n')
            .map_or(self.text.len(), |after| span.end + after + 1);
        start..end
    }

    /// The place of what stands at `path`, whose keys may be indexes of lists.
    pub(crate) fn span(&self, path: &[String]) -> Option<Range<usize>> {
        let (first, rest) = path.split_first()?;
        let mut item = self.root().get(first)?;
        for (depth, key) in rest.iter().enumerate() {
            item = match item {
                Item::Table(table) => table.get(key)?,
                Item::ArrayOfTables(tables) => {
                    let table = tables.get(key.parse().ok()?)?;
                    match rest.get(depth + 1) {
                        None => return table.span(),
                        Some(_) => return span_in_table(table, &rest[depth + 1..]),
                    }
                }
                Item::Value(value) => return span_in_value(value, &rest[depth..]),
                Item::None => return None,
            };
        }
        item.span()
    }
}

fn span_in_table(table: &Table, path: &[String]) -> Option<Range<usize>> {
    let (first, rest) = path.split_first()?;
    match table.get(first)? {
        Item::Value(value) => span_in_value(value, rest),
        Item::Table(below) if !rest.is_empty() => span_in_table(below, rest),
        item => item.span(),
    }
}

fn span_in_value(value: &Value, path: &[String]) -> Option<Range<usize>> {
    let Some((first, rest)) = path.split_first() else {
        return value.span();
    };
    let below = match value {
        Value::Array(items) => items.get(first.parse().ok()?)?,
        Value::InlineTable(table) => table.get(first)?,
        _ => return value.span(),
    };
    span_in_value(below, rest)
}

/// Whether `item` is written with an equals sign.
fn is_entry(item: &Item) -> bool {
    match item {
        Item::Value(_) => true,
        Item::Table(table) => table.is_dotted(),
        Item::None | Item::ArrayOfTables(_) => false,
    }
}

/// From the last part of an entry's key to the end of its value.
fn entry_span(table: &Table, key: &str) -> Option<Range<usize>> {
    let (key, item) = table.get_key_value(key)?;
    Some(key.span()?.start..item.span()?.end)
}

/// The place of an offset, counted from 1, in characters.
pub(crate) fn position(text: &str, offset: usize) -> Position {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    // The mark that some files begin with is not seen.
    let line = before[line_start..].trim_start_matches('\u{feff}');
    Position {
        line: before.matches('\n').count() + 1,
        column: line.chars().count() + 1,
    }
}
