//! Values that a schema allows, made from a seed, and values with one name that it does not allow.

use serde_json::{Map, Value, json};

/// Levels below which only what is required is made.
const DEEP: usize = 6;

/// A name that is in no schema.
pub(crate) const BOGUS: &str = "no-such-name";

/// Makes values of one schema.
pub(crate) struct Maker<'s> {
    root: &'s Value,
    seed: u64,
    /// Whether members that are not required are made: never, always, or now and then.
    optional: Optional,
    /// Counts the names that are one of a list; the one of this number becomes [`BOGUS`].
    names: usize,
    spoilt: Option<usize>,
    /// The list from which the spoilt name would have been.
    pub(crate) allowed: Vec<String>,
}

/// Which members that are not required are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Optional {
    None,
    All,
    Some,
}

impl<'s> Maker<'s> {
    pub(crate) fn new(root: &'s Value, seed: u64, optional: Optional) -> Self {
        Self {
            root,
            seed,
            optional,
            names: 0,
            spoilt: None,
            allowed: Vec::new(),
        }
    }

    /// A value.
    pub(crate) fn value(&mut self) -> Value {
        self.make(self.root, "", 0)
    }

    /// The same value with the nth of its names spoilt; `None` when it has fewer.
    pub(crate) fn spoilt(root: &'s Value, seed: u64, nth: usize) -> Option<(Value, Vec<String>)> {
        let mut maker = Self::new(root, seed, Optional::Some);
        maker.spoilt = Some(nth);
        let value = maker.value();
        (maker.names > nth).then_some((value, maker.allowed))
    }

    /// The next number, by splitmix64.
    fn next(&mut self) -> u64 {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        let count = u64::try_from(all.len()).unwrap();
        &all[usize::try_from(self.next() % count).unwrap()]
    }

    fn make(&mut self, schema: &'s Value, name: &str, depth: usize) -> Value {
        if schema.is_boolean() || schema.as_object().is_some_and(Map::is_empty) {
            return self
                .one_of(&[
                    json!(null),
                    json!(true),
                    json!(7),
                    json!("any"),
                    json!([1, "a"]),
                    json!({"k": {"l": 1}}),
                ])
                .clone();
        }
        if let Some(reference) = schema["$ref"].as_str() {
            let name = reference.rsplit('/').next().unwrap();
            return self.make(&self.root["definitions"][name], name, depth + 1);
        }
        let mut parts = Vec::new();
        if let Some(all) = schema["allOf"].as_array() {
            parts.extend(all.iter().map(|part| self.make(part, name, depth)));
        }
        for key in ["oneOf", "anyOf"] {
            if let Some(branches) = schema[key].as_array() {
                parts.push(self.branch(branches, name, depth));
            }
        }
        if parts.is_empty() || schema.get("properties").is_some() {
            parts.push(self.plain(schema, name, depth));
        }
        merged(parts)
    }

    fn branch(&mut self, branches: &'s [Value], name: &str, depth: usize) -> Value {
        let tags = tags(branches);
        let chosen = if depth > DEEP {
            let null = branches.iter().find(|branch| branch["type"] == "null");
            null.unwrap_or(&branches[0])
        } else {
            self.one_of(branches)
        };
        if chosen["type"] == "null" {
            return Value::Null;
        }
        let Some((tag, names)) = tags else {
            return self.make(chosen, name, depth);
        };
        if let Some(values) = chosen["enum"].as_array() {
            return self.name(values, &names);
        }
        let mut value = self.make(chosen, name, depth);
        if let Some(tag) = tag {
            value[tag] = self.name(&[value[tag].clone()], &names);
        }
        value
    }

    /// One of the values, unless it is this name's turn to be spoilt.
    fn name(&mut self, values: &[Value], allowed: &[String]) -> Value {
        let value = self.one_of(values).clone();
        let number = self.names;
        self.names += 1;
        if self.spoilt == Some(number) {
            self.allowed = allowed.to_vec();
            return BOGUS.into();
        }
        value
    }

    fn plain(&mut self, schema: &'s Value, name: &str, depth: usize) -> Value {
        if let Some(values) = schema["enum"].as_array() {
            // A single name is the tag of a variant, which the branch looks after.
            if values.len() == 1 {
                return values[0].clone();
            }
            let names: Vec<_> = values
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect();
            return self.name(values, &names);
        }
        let kinds: Vec<&str> = match &schema["type"] {
            Value::String(kind) => vec![kind],
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
            _ => vec!["object"],
        };
        let kind = if depth > DEEP && kinds.contains(&"null") || self.optional == Optional::None {
            kinds[kinds.len() - 1]
        } else {
            self.one_of(&kinds)
        };
        match kind {
            "null" => Value::Null,
            "boolean" => (self.next().is_multiple_of(2)).into(),
            "integer" => self.integer(schema),
            "number" => json!(1.5),
            "string" if schema["minLength"].is_u64() => json!("text"),
            "string" => self.text(name),
            "array" => {
                let length = if depth > DEEP { 0 } else { self.next() % 3 };
                (0..length)
                    .map(|_| self.make(&schema["items"], name, depth + 1))
                    .collect()
            }
            "object" => self.object(schema, depth),
            other => panic!("a schema of type {other}"),
        }
    }

    fn object(&mut self, schema: &'s Value, depth: usize) -> Value {
        let mut members = Map::new();
        let required = schema["required"].as_array();
        let required = |name: &str| required.is_some_and(|all| all.iter().any(|one| one == name));
        for (name, of) in schema["properties"].as_object().into_iter().flatten() {
            let wanted = match self.optional {
                Optional::None => false,
                Optional::All => depth <= DEEP,
                Optional::Some => depth <= DEEP && self.next().is_multiple_of(2),
            };
            if wanted || required(name) {
                members.insert(name.clone(), self.make(of, name, depth + 1));
            }
        }
        if schema["additionalProperties"].is_object() && depth <= DEEP {
            for key in ["key.one", "two"] {
                if self.next().is_multiple_of(2) {
                    members.insert(
                        key.to_owned(),
                        self.make(&schema["additionalProperties"], "", depth + 1),
                    );
                }
            }
        }
        Value::Object(members)
    }

    fn integer(&mut self, schema: &Value) -> Value {
        let choices = match schema["format"].as_str() {
            Some("uint8") => vec![json!(0), json!(7), json!(u8::MAX)],
            Some("uint16") => vec![json!(0), json!(7), json!(u16::MAX)],
            Some("uint32") => vec![json!(0), json!(7), json!(u32::MAX)],
            Some("uint64" | "uint") => vec![json!(0), json!(7), json!(u64::MAX)],
            Some("int32") => vec![json!(i32::MIN), json!(0), json!(i32::MAX)],
            Some("int64") => vec![json!(i64::MIN), json!(0), json!(i64::MAX)],
            other => panic!("an integer of format {other:?}"),
        };
        self.one_of(&choices).clone()
    }

    /// A text; some have a form that their schema does not tell.
    fn text(&mut self, name: &str) -> Value {
        match name {
            "AbsolutePathBuf" => json!("/a/b c"),
            "PathUri" => json!("file:///a/b"),
            "UuidText" => json!("01a1f96f-fe6b-79b0-8452-adc1f0a52acf"),
            name if name.contains("Base64") => json!("aGkK"),
            _ => self
                .one_of(&[json!(""), json!("text"), json!("\u{fc} \"\\\n")])
                .clone(),
        }
    }
}

/// The names that tell branches apart, and the member they are in; `None` for the member where a
/// name stands for itself.
fn tags(branches: &[Value]) -> Option<(Option<&str>, Vec<String>)> {
    let single = |schema: &Value| Some(schema["enum"].as_array()?.first()?.as_str()?.to_owned());
    let first = branches[0]["properties"].as_object();
    let tag = first.and_then(|members| {
        let mut tags = members.iter().filter(|(_, of)| single(of).is_some());
        tags.next().map(|(name, _)| name.as_str())
    });
    if let Some(tag) = tag {
        let names = branches
            .iter()
            .map(|branch| single(&branch["properties"][tag]));
        return Some((Some(tag), names.collect::<Option<_>>()?));
    }
    let names = branches
        .iter()
        .map(|branch| match branch["enum"].as_array() {
            Some(names) => names
                .iter()
                .map(|name| Some(name.as_str()?.to_owned()))
                .collect(),
            None => Some(vec![
                branch["required"].as_array()?.first()?.as_str()?.to_owned(),
            ]),
        });
    let names: Vec<Vec<String>> = names.collect::<Option<_>>()?;
    Some((None, names.concat()))
}

fn merged(mut parts: Vec<Value>) -> Value {
    let mut whole = parts.remove(0);
    for part in parts {
        match (&mut whole, part) {
            (Value::Object(whole), Value::Object(part)) => whole.extend(part),
            (whole, part) => panic!("{whole} and {part} are not parts of one object"),
        }
    }
    whole
}
