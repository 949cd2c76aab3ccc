//! The notation of `known.txt`.
//!
//! `[Name]` begins a kind of table, `[Name open]` one that takes unknown settings silently. Each
//! line below is `setting,setting KIND`, with `required` or `unsaid` after it where a setting must
//! be said or is shown only when it is, and with `= JSON` where something holds without it. The
//! setting `*` stands for every other key.
//!
//! Kinds: `bool`, `string`, `path`, `any`, `table`, `keys`, `f64`, the integer types of Rust also
//! as `nonzero-…`, `list:KIND`, `map:KIND`, `enum a|b>a|c!|d:KIND` (`b` means `a`, `c` is gone, `d`
//! has a value), `either Name KIND|KIND`, and the name of a kind of table.
//!
//! The text is ours, so a mistake in it is a mistake in the program: parsing panics, and a test
//! parses it.

use super::{Field, Form, Json, Kind, Known, Presence, Shape, Variant};

impl Known {
    pub(super) fn parse(text: &str) -> Self {
        let mut known = Self {
            shapes: std::collections::BTreeMap::new(),
        };
        let mut shape = Shape::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if let Some(head) = line.strip_prefix('[') {
                known.add(std::mem::take(&mut shape));
                let head = head.trim_end_matches(']');
                let name = head.trim_end_matches(" open");
                shape.name = name.to_owned();
                shape.open = name != head;
            } else if let Some((names, rest)) = line.split_once(' ') {
                for name in names.split(',') {
                    if name == "*" {
                        shape.rest = Some(kind(rest));
                    } else {
                        shape.fields.insert(name.to_owned(), field(rest));
                    }
                }
            }
        }
        known.add(shape);
        known
    }

    fn add(&mut self, shape: Shape) {
        if !shape.name.is_empty() {
            self.shapes.insert(shape.name.clone(), shape);
        }
    }
}

fn field(text: &str) -> Field {
    let (text, default) = match text.split_once(" = ") {
        Some((text, default)) => (
            text,
            serde_json::from_str(default).expect("defaults in known.txt are JSON"),
        ),
        None => (text, Json::Null),
    };
    let (kind_text, presence) = match text.rsplit_once(' ') {
        Some((kind, "required")) => (kind, Presence::Required),
        Some((kind, "unsaid")) => (kind, Presence::Unsaid),
        _ => (text, Presence::Shown),
    };
    Field {
        kind: kind(kind_text),
        presence,
        default,
    }
}

fn kind(text: &str) -> Kind {
    if let Some(inner) = text.strip_prefix("list:") {
        return Kind::List(Box::new(kind(inner)));
    }
    if let Some(inner) = text.strip_prefix("map:") {
        return Kind::Map(Box::new(kind(inner)));
    }
    if let Some(variants) = text.strip_prefix("enum ") {
        return Kind::Enum(variants.split('|').map(variant).collect());
    }
    if let Some(rest) = text.strip_prefix("either ") {
        let (name, kinds) = rest.split_once(' ').expect("`either` has a name");
        return Kind::Either(name.to_owned(), kinds.split('|').map(kind).collect());
    }
    match text {
        "bool" => Kind::Bool,
        "string" => Kind::Text,
        "path" => Kind::Path,
        "any" => Kind::Any,
        "table" => Kind::Table,
        "keys" => Kind::Keys,
        "f64" => Kind::Float(text.to_owned()),
        _ => integer(text).unwrap_or_else(|| Kind::Shape(text.to_owned())),
    }
}

/// TOML's own integers end at `i64::MAX`.
fn integer(text: &str) -> Option<Kind> {
    let plain = text.strip_prefix("nonzero-");
    let (min, max) = match plain.unwrap_or(text) {
        "u8" => (0, u8::MAX.into()),
        "u16" => (0, u16::MAX.into()),
        "u32" => (0, u32::MAX.into()),
        "u64" | "usize" => (0, i64::MAX),
        "i32" => (i32::MIN.into(), i32::MAX.into()),
        "i64" => (i64::MIN, i64::MAX),
        _ => return None,
    };
    Some(match plain {
        Some(plain) => Kind::Int {
            name: format!("a nonzero {plain}"),
            min: 1,
            max,
        },
        None => Kind::Int {
            name: text.to_owned(),
            min,
            max,
        },
    })
}

fn variant(text: &str) -> Variant {
    let (name, form) = if let Some((name, other)) = text.split_once('>') {
        (name, Form::Means(other.to_owned()))
    } else if let Some((name, value)) = text.split_once(':') {
        (name, Form::With(kind(value)))
    } else if let Some(name) = text.strip_suffix('!') {
        (name, Form::Gone)
    } else {
        (text, Form::Plain)
    };
    Variant {
        name: name.to_owned(),
        form,
    }
}
