//! Which settings of a configuration nothing knows.

use toml::{Table, Value};

use super::{Kind, Known, Shape};

impl Known {
    /// The settings of `table` that mean nothing, as dotted keys in order.
    pub(crate) fn unknown(&self, shape: &str, table: &Table) -> Vec<String> {
        let mut found = Vec::new();
        self.note_unknown(self.shape(shape), table, "", &mut found);
        found.sort();
        found
    }

    fn note_unknown(&self, shape: &Shape, table: &Table, above: &str, found: &mut Vec<String>) {
        for (key, value) in table {
            let dotted = match above {
                "" => key.clone(),
                above => format!("{above}.{key}"),
            };
            match (shape.fields.get(key), &shape.rest) {
                (Some(field), _) => self.note_unknown_in(&field.kind, value, &dotted, found),
                (None, Some(rest)) => self.note_unknown_in(rest, value, &dotted, found),
                (None, None) if shape.open => {}
                (None, None) => found.push(dotted),
            }
        }
    }

    fn note_unknown_in(&self, kind: &Kind, value: &Value, dotted: &str, found: &mut Vec<String>) {
        match (kind, value) {
            (Kind::Shape(name), Value::Table(table)) => {
                self.note_unknown(self.shape(name), table, dotted, found);
            }
            (Kind::Map(inner), Value::Table(table)) => {
                for (key, value) in table {
                    self.note_unknown_in(inner, value, &format!("{dotted}.{key}"), found);
                }
            }
            (Kind::List(inner), Value::Array(items)) => {
                for (index, value) in items.iter().enumerate() {
                    self.note_unknown_in(inner, value, &format!("{dotted}.{index}"), found);
                }
            }
            _ => {}
        }
    }
}
