//! What a configuration comes to: what it says, and what holds where it says nothing.

use std::path::Path;

use serde_json::Map;
use toml::{Table, Value};

use super::{Form, Json, Kind, Known, Presence, Shape, check::foreign, json};
use crate::config::absolute;

impl Known {
    /// `table` with what it does not say, and without what means nothing. Values that may not be
    /// as they are stay as they are.
    pub(crate) fn complete(&self, shape: &str, table: &Table) -> Json {
        Json::Object(self.complete_table(self.shape(shape), table))
    }

    fn complete_table(&self, shape: &Shape, table: &Table) -> Map<String, Json> {
        let mut members = Map::new();
        let foreign = foreign(shape, table);
        for (key, field) in &shape.fields {
            if foreign.contains(&key.as_str()) {
                continue;
            }
            let value = match (table.get(key), field.presence) {
                (Some(value), _) => self.complete_value(&field.kind, value),
                (None, Presence::Shown) => self.default_of(&field.kind, &field.default),
                (None, Presence::Unsaid | Presence::Required) => continue,
            };
            members.insert(key.clone(), value);
        }
        if let Some(rest) = &shape.rest {
            for (key, value) in table {
                if !shape.fields.contains_key(key) {
                    members.insert(key.clone(), self.complete_value(rest, value));
                }
            }
        }
        members
    }

    /// The default of a table is written as what it says itself.
    fn default_of(&self, kind: &Kind, default: &Json) -> Json {
        match (kind, default) {
            (Kind::Shape(name), Json::Object(_)) => {
                Json::Object(self.complete_table(self.shape(name), &Table::new()))
            }
            _ => default.clone(),
        }
    }

    fn complete_value(&self, kind: &Kind, value: &Value) -> Json {
        match (kind, value) {
            (Kind::Shape(name), Value::Table(table)) => {
                Json::Object(self.complete_table(self.shape(name), table))
            }
            (Kind::Map(inner), Value::Table(table)) => table
                .iter()
                .map(|(key, value)| (key.clone(), self.complete_value(inner, value)))
                .collect::<Map<_, _>>()
                .into(),
            (Kind::List(inner), Value::Array(items)) => items
                .iter()
                .map(|item| self.complete_value(inner, item))
                .collect(),
            (Kind::Enum(variants), value) => {
                let named = |name: &str| variants.iter().find(|variant| variant.name == name);
                match value {
                    Value::String(name) => match named(name).map(|variant| &variant.form) {
                        Some(Form::Means(other)) => other.clone().into(),
                        _ => name.clone().into(),
                    },
                    Value::Table(table) => table
                        .iter()
                        .map(|(name, value)| {
                            let value = match named(name).map(|variant| &variant.form) {
                                Some(Form::With(kind)) => self.complete_value(kind, value),
                                _ => json::from_toml(value),
                            };
                            (name.clone(), value)
                        })
                        .collect::<Map<_, _>>()
                        .into(),
                    other => json::from_toml(other),
                }
            }
            (_, value) => json::from_toml(value),
        }
    }

    /// Makes the relative paths in `table` absolute, below `base`.
    pub(crate) fn resolve(&self, shape: &str, table: &mut Table, base: &Path) {
        let shape = self.shape(shape);
        for (key, value) in table {
            let field = shape.fields.get(key).map(|field| &field.kind);
            if let Some(kind) = field.or(shape.rest.as_ref()) {
                self.resolve_value(kind, value, base);
            }
        }
    }

    fn resolve_value(&self, kind: &Kind, value: &mut Value, base: &Path) {
        match (kind, value) {
            (Kind::Path, Value::String(path)) => {
                // What is no text cannot come out: the path is one, and so is `base` here.
                if let Some(absolute) = absolute(base, Path::new(path)).to_str() {
                    *path = absolute.to_owned();
                }
            }
            (Kind::Shape(name), Value::Table(table)) => self.resolve(name, table, base),
            (Kind::Map(inner), Value::Table(table)) => {
                for (_, value) in table {
                    self.resolve_value(inner, value, base);
                }
            }
            (Kind::List(inner), Value::Array(items)) => {
                for item in items {
                    self.resolve_value(inner, item, base);
                }
            }
            _ => {}
        }
    }
}
