//! Whether a configuration says what it may say.

use std::{fmt, path::Path};

use toml::{Table, Value};

use super::{
    Form, Kind, Known, Presence, Shape, Variant,
    words::{expected, unexpected, unknown_variant},
};

/// The first thing in a configuration that is not as it may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Misfit {
    /// Where it stands: keys, and the indexes of lists.
    pub(crate) path: Vec<String>,
    /// What is wrong, without the place.
    pub(crate) words: String,
    /// The place as it is told to people: without indexes, and where a table takes any key, only
    /// that table. None where the words name it.
    shown: Option<String>,
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)?;
        match &self.shown {
            Some(shown) => write!(f, "\nin `{shown}`\n"),
            None => Ok(()),
        }
    }
}

/// Where one is while checking.
struct Place<'a> {
    path: Vec<String>,
    /// How much of the path is told, once it is no longer all of it.
    told: Option<usize>,
    /// The folder that relative paths are relative to. None: they are refused.
    base: Option<&'a Path>,
}

impl Known {
    /// Checks `table`, which must be of the kind `shape`. Relative paths are fine if there is a
    /// `base` for them.
    pub(crate) fn check(
        &self,
        shape: &str,
        table: &Table,
        base: Option<&Path>,
    ) -> Result<(), Misfit> {
        let mut place = Place {
            path: Vec::new(),
            told: None,
            base,
        };
        self.check_table(self.shape(shape), table, &mut place)
    }

    pub(super) fn shape(&self, name: &str) -> &Shape {
        self.shapes
            .get(name)
            .expect("every kind that known.txt names is in it")
    }

    fn check_table(
        &self,
        shape: &Shape,
        table: &Table,
        place: &mut Place<'_>,
    ) -> Result<(), Misfit> {
        for (key, value) in table {
            let (kind, told) = match (shape.fields.get(key), &shape.rest) {
                (Some(field), _) => (&field.kind, place.told),
                (None, Some(rest)) => (rest, place.told.or(Some(place.path.len()))),
                (None, None) => continue,
            };
            place.within(key, told, |place| self.check_value(kind, value, place))?;
        }
        let missing = shape.fields.iter().find(|(key, field)| {
            field.presence == Presence::Required && !table.contains_key(key.as_str())
        });
        match missing {
            Some((key, _)) => Err(place.misfit(format!("missing field `{key}`"))),
            None => check_transport(shape, table, place),
        }
    }

    fn check_value(&self, kind: &Kind, value: &Value, place: &mut Place<'_>) -> Result<(), Misfit> {
        match (kind, value) {
            (Kind::Any, _)
            | (Kind::Bool, Value::Boolean(_))
            | (Kind::Text, Value::String(_))
            | (Kind::Table, Value::Table(_))
            | (Kind::Keys, Value::String(_))
            | (Kind::Float(_), Value::Float(_) | Value::Integer(_)) => Ok(()),
            (Kind::Keys, Value::Array(items)) => items
                .iter()
                .try_for_each(|item| self.check_value(&Kind::Text, item, place)),
            (Kind::Path, Value::String(path)) => {
                if place.base.is_none() && !Path::new(path).is_absolute() {
                    let words = "AbsolutePathBuf deserialized without a base path";
                    return Err(place.misfit(words.to_owned()));
                }
                Ok(())
            }
            (Kind::Int { name, min, max }, Value::Integer(number)) => {
                if (*min..=*max).contains(number) {
                    return Ok(());
                }
                let words = format!("invalid value: integer `{number}`, expected {name}");
                Err(place.misfit(words))
            }
            (Kind::Enum(variants), value) => self.check_enum(variants, value, place),
            (Kind::Either(name, kinds), value) => {
                if kinds
                    .iter()
                    .any(|kind| self.check_value(kind, value, place).is_ok())
                {
                    return Ok(());
                }
                let words = format!("data did not match any variant of untagged enum {name}");
                Err(place.misfit(words))
            }
            (Kind::List(inner), Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    place.within_list(index, |place| self.check_value(inner, item, place))?;
                }
                Ok(())
            }
            (Kind::Map(inner), Value::Table(table)) => {
                for (key, value) in table {
                    let told = place.told;
                    place.within(key, told, |place| self.check_value(inner, value, place))?;
                }
                Ok(())
            }
            (Kind::Shape(name), Value::Table(table)) => {
                self.check_table(self.shape(name), table, place)
            }
            (kind, value) => Err(place.misfit(format!(
                "invalid type: {}, expected {}",
                unexpected(value),
                expected(kind)
            ))),
        }
    }

    fn check_enum(
        &self,
        variants: &[Variant],
        value: &Value,
        place: &mut Place<'_>,
    ) -> Result<(), Misfit> {
        let (name, payload) = match value {
            Value::String(name) => (name, None),
            Value::Table(table) => match (table.len(), table.iter().next()) {
                (1, Some((name, payload))) => (name, Some(payload)),
                (found, _) => {
                    let words = format!("wanted exactly 1 element, found {found} elements");
                    return Err(place.misfit(words));
                }
            },
            _ => {
                let words = "invalid type: unit variant, expected string only";
                return Err(place.misfit(words.to_owned()));
            }
        };
        let Some(variant) = variants.iter().find(|variant| variant.name == *name) else {
            return Err(place.misfit(unknown_variant(name, variants)));
        };
        match (&variant.form, payload) {
            (Form::Gone, None) => Err(Misfit {
                words: format!(
                    "{} = \"{name}\" is no longer supported; remove this setting",
                    place.path.join(".")
                ),
                path: place.path.clone(),
                shown: None,
            }),
            (Form::Plain | Form::Means(_), None) => Ok(()),
            (Form::With(_), None) => {
                let words = "invalid type: unit variant, expected newtype variant";
                Err(place.misfit(words.to_owned()))
            }
            (Form::With(kind), Some(payload)) => {
                let told = place.told.or(Some(place.path.len()));
                place.within(name, told, |place| self.check_value(kind, payload, place))
            }
            (_, Some(_)) => {
                let words = "invalid type: newtype variant, expected unit variant";
                Err(place.misfit(words.to_owned()))
            }
        }
    }
}

impl Place<'_> {
    fn within<T>(
        &mut self,
        key: &str,
        told: Option<usize>,
        check: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let before = std::mem::replace(&mut self.told, told);
        self.path.push(key.to_owned());
        let result = check(self);
        self.path.pop();
        self.told = before;
        result
    }

    /// Indexes are not told; what is below an element is.
    fn within_list<T>(&mut self, index: usize, check: impl FnOnce(&mut Self) -> T) -> T {
        let told = self.told.or(Some(self.path.len()));
        self.within(&index.to_string(), told, check)
    }

    fn misfit(&self, words: String) -> Misfit {
        let told = self.told.unwrap_or(self.path.len());
        let shown = self.path[..told].join(".");
        Misfit {
            path: self.path.clone(),
            words,
            shown: (!shown.is_empty()).then_some(shown),
        }
    }
}

/// A server of tools is either a program or an address, and takes only what belongs to it.
fn check_transport(shape: &Shape, table: &Table, place: &Place<'_>) -> Result<(), Misfit> {
    let Some((foreign, transport)) = transport(shape, table) else {
        return Ok(());
    };
    if foreign.is_empty() {
        return Err(place.misfit("invalid transport".to_owned()));
    }
    match foreign.iter().find(|key| table.contains_key(**key)) {
        Some(key) => Err(place.misfit(format!("{key} is not supported for {transport}"))),
        None => Ok(()),
    }
}

/// If `shape` is that of a server of tools: the settings that are foreign to how `table` says it
/// is reached, and the name of that; none are if it is not reached at all.
fn transport(shape: &Shape, table: &Table) -> Option<(&'static [&'static str], &'static str)> {
    if shape.name != "RawMcpServerConfig" {
        return None;
    }
    let has = |key: &str| table.contains_key(key);
    Some(match (has("command"), has("url")) {
        (true, _) => (&OF_ADDRESS, "stdio"),
        (false, true) => (&OF_PROGRAM, "streamable_http"),
        (false, false) => (&[], ""),
    })
}

/// What `table` cannot say, as it is.
pub(super) fn foreign(shape: &Shape, table: &Table) -> &'static [&'static str] {
    transport(shape, table).map_or(&[], |(foreign, _)| foreign)
}

/// What belongs to a server of tools that is a program.
const OF_PROGRAM: [&str; 4] = ["args", "env", "env_vars", "cwd"];

/// What belongs to one that is an address.
const OF_ADDRESS: [&str; 8] = [
    "url",
    "bearer_token_env_var",
    "bearer_token",
    "http_headers",
    "env_http_headers",
    "oauth",
    "oauth_resource",
    "auth",
];
